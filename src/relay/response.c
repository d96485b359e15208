/* SPDX-License-Identifier: MIT
 *
 * The upstream's answer on its way to the client: interim answers, the final
 * head with the response rules on it, the body framed for this client. The
 * upstream is as hostile as the client: what is not plainly right is an error.
 */
#include "internal.h"

static void lost(struct hg_exchange *x)
{
    struct hg_failure f = {0};
    const char *why = hg_stream_error(hg_link_stream(x->link));

    if (x->up_error || x->up_broken)
        hg_failure_set(&f, HG_FAILURE_RESET, "%s", why != NULL ? why : "");
    else
        hg_failure_set(&f, HG_FAILURE_CLOSED_EARLY, "%s",
                       x->resp_started ? "in the middle of the response head" : "no byte of a response came");
    hg_dispatch_failed(x, HG_RETRY_EMPTY, &f);
}

static void bad_response(struct hg_exchange *x, const char *why)
{
    struct hg_failure f = {0};

    hg_failure_set(&f, HG_FAILURE_BAD_RESPONSE, "%s", why);
    hg_dispatch_failed(x, HG_RETRY_JUNK, &f);
}

static bool run_rules(struct hg_exchange *x)
{
    struct hg_answer a;

    if (hg_route_return(&x->route, &x->resp, &a) == HG_ROUTE_GO)
        return true;
    hg_route_answer(x, &a);
    return false;
}

static void choose_framing(struct hg_exchange *x)
{
    struct hg_session *s = x->session;

    x->out_framing = x->resp_framing.kind;
    if (x->out_framing == HG_FRAMING_CHUNKED || x->out_framing == HG_FRAMING_CLOSE)
        x->out_framing = x->req.minor >= 1 ? HG_FRAMING_CHUNKED : HG_FRAMING_CLOSE;
    /* An answer before the request is whole: the rest is read and thrown away after it, so it is the last. */
    if (x->out_framing == HG_FRAMING_CLOSE || !x->req_done || hg_session_last(s))
        s->keep = false;
}

static bool write_head(struct hg_exchange *x, bool final)
{
    const struct hg_write_response w = {
        .status = x->resp.status,
        .reason = x->resp.reason,
        .minor = x->req.minor,
        .headers = &x->resp.headers,
        .framing = final ? x->out_framing : HG_FRAMING_NONE,
        .length = final ? x->resp_framing.length : 0,
        .upgrade_websocket = x->resp.status == 101,
        .close = final && !x->session->keep && x->resp.status != 101,
    };

    return hg_write_response(&x->session->out, &w);
}

static void upgrade(struct hg_exchange *x)
{
    struct hg_framing raw = {.kind = HG_FRAMING_CLOSE};

    x->upgraded = true;
    hg_dispatch_succeeded(x);
    x->resp_head = true;
    x->access.status = 101;
    x->session->keep = false;
    hg_upstream_stop_keeping(x);
    hg_body_decoder_free(&x->req_body);
    hg_body_decoder_free(&x->resp_body);
    hg_body_decoder_init(&x->req_body, &raw, UINT64_MAX);
    hg_body_decoder_init(&x->resp_body, &raw, UINT64_MAX);
    hg_exchange_usage_begin(x, true);
    x->up_framing = x->out_framing = HG_FRAMING_CLOSE;
    x->req_done = false;
    x->body_open = true;
}

/* 1xx: 100 ends here (we say our own), 101 only if asked for, the others go on to clients that know them. */
static void interim(struct hg_exchange *x)
{
    x->session->moved++;
    if (++x->interims > HG_LIMIT_INTERIM) {
        bad_response(x, "too many interim answers");
        return;
    }
    if (x->resp.status == 101) {
        if (!x->hop.upgrade_websocket) {
            bad_response(x, "it switched protocols without being asked");
            return;
        }
        hg_guard_answered(x);
        if (!run_rules(x))
            return;
        if (!hg_reply_ids(x, &x->resp.headers) || !write_head(x, true)) {
            bad_response(x, "its head cannot be passed on");
            return;
        }
        upgrade(x);
        return;
    }
    if (x->resp.status == 100 || x->req.minor == 0)
        return;
    /* The client's id of this exchange comes with the final answer. */
    hg_headers_remove_id(&x->resp.headers, HG_FIELD_X_REQUEST_ID);
    if (!run_rules(x))
        return;
    if (!write_head(x, false))
        bad_response(x, "its interim head cannot be passed on");
}

void hg_response_final(struct hg_exchange *x)
{
    if (hg_dispatch_status(x))
        return;
    hg_say_refused(x);
    hg_guard_answered(x);
    if (!run_rules(x))
        return;
    choose_framing(x);
    if (!hg_reply_ids(x, &x->resp.headers) || !hg_reply_date(x, &x->resp.headers) || !write_head(x, true)) {
        bad_response(x, "its head cannot be passed on");
        return;
    }
    x->resp_head = true;
    x->access.status = x->resp.status;
    hg_upstream_stop_keeping(x);
    hg_body_decoder_free(&x->resp_body);
    hg_body_decoder_init(&x->resp_body, &x->resp_framing, UINT64_MAX);
    hg_exchange_usage_begin(x, x->resp_framing.kind != HG_FRAMING_NONE);
}

static void read_head(struct hg_exchange *x, struct hg_slice head)
{
    struct hg_slice copy = hg_arena_copy(&x->arena, head);
    enum hg_http_error e = HG_HTTP_NO_MEMORY;
    bool websocket;

    if (copy.p != NULL)
        e = hg_response_parse(&x->resp, copy, &x->arena);
    if (e == HG_HTTP_OK)
        e = hg_framing_response(&x->resp, x->req.method_id, &x->resp_framing);
    websocket =
        e == HG_HTTP_OK && hg_headers_has_token(&x->resp.headers, HG_FIELD_UPGRADE, HG_LIT("websocket"));
    if (e == HG_HTTP_OK)
        e = hg_hop_response(&x->resp, &x->resp_framing);
    hg_buf_consume(&x->up_in, head.n);
    hg_head_scan_init(&x->up_scan, HG_LIMIT_HEAD_DEFAULT, false);
    if (e != HG_HTTP_OK)
        bad_response(x, hg_http_answer_error_text(e));
    else if (x->resp.status == 101 && !websocket)
        bad_response(x, "it switched to a protocol that was not asked for");
    else if (x->resp.status < 200)
        interim(x);
    else if (!hg_credential_refused(x))
        hg_response_final(x);
}

static bool head_step(struct hg_exchange *x)
{
    struct hg_slice data = hg_buf_data(&x->up_in);
    enum hg_http_error why;
    size_t n;

    if (data.n != 0 && x->first_byte == 0) {
        hg_loop_refresh(x->session->relay->loop);
        x->first_byte = hg_loop_now(x->session->relay->loop);
    }
    switch (data.n == 0 ? HG_SCAN_MORE : hg_head_scan(&x->up_scan, data, &n, &why)) {
    case HG_SCAN_MORE:
        if (x->up_eof) {
            lost(x);
            return true;
        }
        return false;
    case HG_SCAN_BAD:
        bad_response(x, hg_http_answer_error_text(why));
        return true;
    case HG_SCAN_DONE:
        break;
    }
    read_head(x, hg_slice(data.p, n));
    return true;
}

/* Fields of a trailer section that a response rule drops do not come in through the back. */
static bool trailers(struct hg_exchange *x, struct hg_headers *out)
{
    hg_headers_init(out, &x->arena);
    if (x->resp_framing.kind != HG_FRAMING_CHUNKED)
        return true;
    if (hg_body_trailers(&x->resp_body, &x->arena, out) != HG_HTTP_OK)
        return false;
    for (size_t i = out->n; i-- > 0;)
        if (!hg_route_trailer_ok(&x->route, false, out->v[i].name))
            hg_headers_remove_at(out, i);
    return hg_route_hide(&x->route, out);
}

static void body_done(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    size_t before = hg_buf_len(&s->out);
    struct hg_headers fields;

    if (!trailers(x, &fields)) {
        hg_exchange_break_off(x, HG_CLOSE_UPSTREAM_BAD, "a trailer that is malformed or not allowed");
        return;
    }
    if (!hg_body_encode_end(&s->out, x->out_framing, &fields)) {
        hg_exchange_break_off(x, HG_CLOSE_UPSTREAM_BAD, "no memory");
        return;
    }
    hg_exchange_usage_whole(x, hg_buf_len(&s->out) - before);
    hg_guard_end(x, HG_CLOSE_OK); /* before the client has the last byte: it may ask again at once */
    hg_dispatch_succeeded(x);
    x->resp_done = true;
}

static void broke_off(struct hg_exchange *x)
{
    const char *why = x->up_error || x->up_broken ? hg_stream_error(hg_link_stream(x->link)) : NULL;

    if (why == NULL)
        why = "closed before the end of the body";
    hg_dispatch_blame(x, why);
    hg_exchange_break_off(x, HG_CLOSE_UPSTREAM_RESET, why);
}

static bool body_ended(struct hg_exchange *x)
{
    if (x->upgraded)
        return false;
    /* After a failed write the end may be that of a reset: no proof that a body until the close is whole. */
    if (!x->up_error && !x->up_broken && hg_body_decoder_eof_is_end(&x->resp_body))
        body_done(x);
    else
        broke_off(x);
    return true;
}

static bool body_step(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    struct hg_slice data = hg_buf_data(&x->up_in), span;
    size_t used = 0, waiting = hg_buf_len(&s->out);
    enum hg_body_step step;

    if (data.n == 0 && !hg_body_decoder_done(&x->resp_body))
        return x->up_eof ? body_ended(x) : false;
    if (waiting >= HG_LIMIT_RELAY_BUFFER)
        return false;
    if (data.n > HG_LIMIT_RELAY_BUFFER - waiting)
        data.n = HG_LIMIT_RELAY_BUFFER - waiting;
    step = hg_body_decode(&x->resp_body, data, &used, &span);
    HG_ASSERT(used <= data.n);
    if (step == HG_BODY_DATA) {
        if (!hg_body_encode(&s->out, x->out_framing, span)) {
            hg_exchange_break_off(x, HG_CLOSE_UPSTREAM_BAD, "no memory");
            return true;
        }
        x->access.bytes_out += span.n;
        hg_exchange_usage_feed(x, span);
        if (hg_body_decoder_done(&x->resp_body)) /* the span is the last, and known to be */
            hg_exchange_usage_whole(x, hg_buf_len(&s->out) - waiting);
    }
    hg_buf_consume(&x->up_in, used);
    if (step == HG_BODY_BAD)
        hg_exchange_break_off(x, HG_CLOSE_UPSTREAM_BAD, hg_http_error_text(x->resp_body.error));
    else if (step == HG_BODY_DONE)
        body_done(x);
    else if (x->cut != NULL && hg_guard_cut(x))
        return true;
    return used != 0 || step == HG_BODY_BAD || step == HG_BODY_DONE;
}

bool hg_response_pump(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    bool progress = false, more = true;

    while (more && s->exchange == x && x->link != NULL && x->ask == NULL && !x->resp_done) {
        more = x->resp_head ? body_step(x) : head_step(x);
        progress |= more;
    }
    return progress;
}
