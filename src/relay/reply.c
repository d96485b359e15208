/* SPDX-License-Identifier: MIT
 *
 * Answers of our own: errors as JSON, and what deny and respond say.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"

/* A request body that nobody will read: up to this much is read anyway, so that the connection can live on.
 */
#define DISCARD_MAX (1024u * 1024u)

bool hg_reply_date(struct hg_exchange *x, struct hg_headers *headers)
{
    struct hg_relay *r = x->session->relay;
    uint64_t wall = hg_loop_wall(r->loop);

    if (hg_headers_find_id(headers, HG_FIELD_DATE, 0) != NULL)
        return true;
    if (wall / 1000000 != r->date_second) {
        r->date_second = wall / 1000000;
        hg_text_http_date(wall, r->date);
    }
    return hg_headers_add(headers, HG_LIT("Date"), hg_slice_str(r->date));
}

bool hg_reply_ids(struct hg_exchange *x, struct hg_headers *headers)
{
    struct hg_header *theirs = hg_headers_find_id(headers, HG_FIELD_X_REQUEST_ID, 0);

    if (theirs != NULL) {
        struct hg_slice value = theirs->value;

        x->access.upstream_request_id = value;
        hg_headers_remove_id(headers, HG_FIELD_X_REQUEST_ID);
        if (!hg_headers_set(headers, HG_LIT("x-upstream-request-id"), value))
            return false;
    }
    return hg_headers_add(headers, HG_LIT("x-request-id"), x->route.vars.request_id);
}

/* Can the rest of the request be read away behind the answer? */
static bool can_discard(const struct hg_exchange *x)
{
    if (x->req_done)
        return true;
    if (!x->body_open)
        return false; /* it waits for a 100 that will not come: whether it sends the body is its choice */
    return x->req_framing.kind == HG_FRAMING_LENGTH && x->req_body.left <= DISCARD_MAX;
}

static bool write_answer(struct hg_exchange *x, unsigned status, struct hg_headers *headers,
                         struct hg_slice body)
{
    struct hg_session *s = x->session;
    bool head = x->req.method_id == HG_METHOD_HEAD;
    bool bodiless = status == 204 || status == 304;
    const struct hg_write_response w = {
        .status = status,
        .minor = x->req.minor,
        .headers = headers,
        .framing = head || bodiless ? HG_FRAMING_NONE : HG_FRAMING_LENGTH,
        .length = body.n,
        .close = !s->keep,
    };

    if (head && !bodiless) {
        struct hg_slice n = hg_arena_printf(&x->arena, "%zu", body.n);

        if (n.p == NULL || !hg_headers_add(headers, HG_LIT("Content-Length"), n))
            return false;
    }
    if (!hg_write_response(&s->out, &w))
        return false;
    if (w.framing == HG_FRAMING_NONE)
        return true;
    x->access.bytes_out = body.n;
    return hg_buf_append(&s->out, body);
}

void hg_reply_send(struct hg_exchange *x, unsigned status, const struct hg_headers *headers,
                   struct hg_slice body, enum hg_close why)
{
    struct hg_session *s = x->session;
    struct hg_headers own;
    bool ok = true;

    HG_ASSERT(!x->resp_head && s->exchange == x);
    hg_upstream_release(x);
    hg_upstream_stop_keeping(x);
    /* Before the client can have the answer: it may ask again at once. */
    hg_limits_answered(x);
    hg_guard_end(x, why);
    hg_guard_drop(x);
    hg_headers_init(&own, &x->arena);
    for (size_t i = 0; headers != NULL && i < headers->n; i++)
        ok = ok && hg_headers_add(&own, headers->v[i].name, headers->v[i].value);
    ok = ok && hg_headers_add(&own, HG_LIT("x-request-id"), x->route.vars.request_id) &&
         hg_reply_date(x, &own);
    s->keep = s->keep && can_discard(x) && !hg_session_last(s);
    x->discard = !x->req_done;
    x->body_open = true;
    x->local = x->resp_head = x->resp_done = true;
    x->access.status = status;
    x->access.close = why;
    if (status >= 400)
        HG_COUNT_ADD(s->relay->counters, requests_refused_total, 1);
    if (!ok || !write_answer(x, status, &own, body)) {
        s->keep = false;
        s->abort_at_end = true;
        hg_exchange_end(x, why);
        hg_session_die(s);
    }
}

void hg_reply_error(struct hg_exchange *x, unsigned status, const char *type, enum hg_close why,
                    const char *fmt, ...)
{
    char message[512];
    struct hg_answer a = {0};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    hg_route_error(&x->route, &a, HG_ANSWER_REFUSED, status, type, message);
    x->access.error = type;
    if (x->retry_after != 0 && hg_headers_find(&a.headers, HG_LIT("Retry-After")) == NULL)
        (void)hg_headers_add(&a.headers, HG_LIT("Retry-After"),
                             hg_arena_printf(&x->arena, "%u", x->retry_after));
    hg_reply_send(x, a.status, &a.headers, a.body, why);
}

void hg_reply_http_error(struct hg_exchange *x, enum hg_http_error e, enum hg_close why)
{
    const struct hg_frontend *f = x->session->frontend;
    const char *name = hg_http_error_name(e), *text = hg_http_error_text(e);
    unsigned status = hg_http_error_status(e);

    if (e == HG_HTTP_HEAD_TOO_LARGE)
        hg_reply_error(x, status, name, why, "%s (%zu bytes)", text, f->limit_head);
    else if (e == HG_HTTP_BODY_TOO_LARGE && x->req_framing.kind == HG_FRAMING_LENGTH)
        hg_reply_error(x, status, name, why, "%s: %llu bytes declared, %llu allowed", text,
                       (unsigned long long)x->req_framing.length, (unsigned long long)f->limit_body);
    else if (e == HG_HTTP_BODY_TOO_LARGE)
        hg_reply_error(x, status, name, why, "%s (%llu bytes)", text, (unsigned long long)f->limit_body);
    else
        hg_reply_error(x, status, name, why, "%s", text);
}

void hg_reply_failure(struct hg_exchange *x, const struct hg_failure *f)
{
    const char *host = x->server != NULL ? x->server->host_field : "";

    HG_COUNT_ADD(x->session->relay->counters, upstream_failures_total, 1);
    snprintf(x->error_detail, sizeof(x->error_detail), "%s: %s", host, f->detail);
    x->access.error_detail = x->error_detail;
    hg_reply_error(x, hg_failure_status(f->kind), hg_failure_name(f->kind), HG_CLOSE_UPSTREAM_FAILED,
                   "%s: %s%s%s%s", host, hg_failure_text(f->kind), f->detail[0] != '\0' ? " (" : "",
                   f->detail, f->detail[0] != '\0' ? ")" : "");
}
