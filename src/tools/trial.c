/* SPDX-License-Identifier: MIT
 *
 * Trials: a request is put together, goes through the head scanner like one
 * from the wire, and then through the route room.
 */
#include "tools/trial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "observe/document.h"
#include "route/guard.h"

/* Stand-ins for what differs from request to request, so that two trials are alike. */
#define REQUEST_ID "00000000-0000-4000-8000-000000000000"
#define TIME "2026-01-01T00:00:00.000Z"
#define WALL (UINT64_C(1767225600) * 1000000u) /* the same */

bool hg_trial_init(struct hg_trial *t, const struct hg_plan *plan)
{
    HG_ASSERT(plan != NULL);
    memset(t, 0, sizeof(*t));
    t->plan = plan;
    t->route.marks = (struct hg_guard_marks){.v = t->mark, .cap = HG_LIMIT_GUARDS};
    hg_arena_init(&t->arena, HG_LIMIT_ARENA + 4 * HG_LIMIT_HEAD_MAX);
    hg_buf_init(&t->head, 2 * HG_LIMIT_HEAD_MAX, true);
    hg_headers_init(&t->request.headers, &t->arena);
    hg_headers_init(&t->response.headers, &t->arena);
    t->scratch = hg_scratch_new();
    return t->scratch != NULL;
}

void hg_trial_free(struct hg_trial *t)
{
    hg_buf_free(&t->head);
    hg_arena_reset(&t->arena);
    if (t->scratch != NULL)
        hg_scratch_free(t->scratch);
    t->scratch = NULL;
}

__attribute__((format(printf, 2, 3))) static enum hg_trial_end undecided(struct hg_trial *t, const char *fmt,
                                                                         ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(t->problem, sizeof(t->problem), fmt, ap);
    va_end(ap);
    return HG_TRIAL_UNDECIDED;
}

static bool read_id(const char **text, uint32_t *id)
{
    char *end;
    unsigned long n;

    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    n = strtoul(*text, &end, 10);
    *text = end;
    *id = (uint32_t)n;
    return errno == 0 && n <= UINT32_MAX;
}

/* ":UID:GID" to its end. */
static bool read_peer(const char *text, struct hg_client *c)
{
    return *text++ == ':' && read_id(&text, &c->uid) && *text++ == ':' && read_id(&text, &c->gid) &&
           *text == '\0';
}

/* "unix", "unix:UID:GID" or an address. */
static bool read_from(struct hg_trial *t, const char *from)
{
    struct hg_client *c = &t->client;

    snprintf(t->from, sizeof(t->from), "%s", from);
    c->ip = hg_slice_str(t->from);
    if (strncmp(from, "unix", 4) == 0) {
        c->ip = HG_LIT("unix");
        if (from[4] == '\0')
            return true;
        c->has_peer = read_peer(from + 4, c);
        return c->has_peer;
    }
    c->has_addr = true;
    if (inet_pton(AF_INET6, from, c->addr) == 1)
        return true;
    memset(c->addr, 0, 10);
    memset(c->addr + 10, 0xff, 2);
    return inet_pton(AF_INET, from, c->addr + 12) == 1;
}

/* Takes "http://host:port" off the front of the URL; *authority .p NULL: there was none. */
static bool split_url(struct hg_slice url, struct hg_slice *authority, struct hg_slice *target)
{
    size_t at = 0;

    *authority = hg_slice(NULL, 0);
    *target = url;
    if (hg_slice_istarts(url, HG_LIT("http://")))
        at = 7;
    else if (hg_slice_istarts(url, HG_LIT("https://")))
        at = 8;
    if (at == 0)
        return url.n > 0;
    url = hg_slice_from(url, at);
    for (at = 0; at < url.n && strchr("/?#", url.p[at]) == NULL;)
        at++;
    *authority = hg_slice(url.p, at);
    *target = at < url.n ? hg_slice_from(url, at) : HG_LIT("/");
    return at > 0;
}

static bool listens_on(const struct hg_bind *b, struct hg_slice host, uint16_t port)
{
    if (b->kind != HG_BIND_TCP || b->port != port)
        return false;
    return !hg_text_is_ip(host) || strcmp(b->host, "*") == 0 || strcmp(b->host, "::") == 0 ||
           strcmp(b->host, "0.0.0.0") == 0 || hg_slice_eq(host, hg_slice_str(b->host));
}

/* The one whose bind the authority names; NULL: none, or more than one. */
static const struct hg_frontend *by_authority(const struct hg_plan *p, struct hg_slice authority)
{
    const struct hg_frontend *found = NULL;
    struct hg_slice host;
    uint16_t port;

    if (authority.p == NULL || !hg_text_host_port(authority, &host, &port))
        return NULL;
    for (size_t i = 0; i < p->frontends; i++) {
        const struct hg_frontend *f = &p->frontend[i];

        for (size_t k = 0; k < f->binds; k++) {
            if (!listens_on(&f->bind[k], host, port != 0 ? port : 80))
                continue;
            if (found != NULL && found != f)
                return NULL;
            found = f;
        }
    }
    return found;
}

static const struct hg_frontend *choose(struct hg_trial *t, const struct hg_trial_ask *ask,
                                        struct hg_slice authority)
{
    const struct hg_plan *p = t->plan;
    const struct hg_frontend *f = NULL;
    char names[160] = "";
    size_t len = 0;

    HG_ASSERT(p->frontends == 0 || p->frontend != NULL);
    for (size_t i = 0; ask->frontend != NULL && i < p->frontends; i++)
        if (strcmp(p->frontend[i].name, ask->frontend) == 0)
            f = &p->frontend[i];
    if (ask->frontend == NULL)
        f = by_authority(p, authority);
    if (f == NULL && ask->frontend == NULL && p->frontends == 1)
        f = &p->frontend[0];
    if (f != NULL)
        return f;
    for (size_t i = 0; i < p->frontends && len < sizeof(names); i++)
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "",
                                p->frontend[i].name);
    if (ask->frontend != NULL)
        (void)undecided(t, "there is no frontend \"%s\" (there are: %s)", ask->frontend, names);
    else
        (void)undecided(t, "which frontend is meant is not clear (there are: %s)", names);
    return NULL;
}

static bool put_fields(struct hg_buf *out, const struct hg_pair *field, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!hg_buf_append(out, field[i].name) || !hg_buf_append(out, HG_LIT(": ")) ||
            !hg_buf_append(out, field[i].value) || !hg_buf_append(out, HG_LIT("\r\n")))
            return false;
    return hg_buf_append(out, HG_LIT("\r\n"));
}

static bool has_field(const struct hg_trial_ask *ask, struct hg_slice name)
{
    for (size_t i = 0; i < ask->fields; i++)
        if (hg_slice_ieq(ask->field[i].name, name))
            return true;
    return false;
}

static bool put_request(struct hg_buf *out, const struct hg_trial_ask *ask, struct hg_slice authority,
                        struct hg_slice target)
{
    if (!hg_buf_append(out, ask->method) || !hg_buf_append(out, HG_LIT(" ")) || !hg_buf_append(out, target) ||
        !hg_buf_append(out, HG_LIT(" HTTP/1.1\r\n")))
        return false;
    if (!has_field(ask, HG_LIT("Host")) &&
        (!hg_buf_append(out, HG_LIT("Host: ")) ||
         !hg_buf_append(out, authority.p != NULL ? authority : HG_LIT("localhost")) ||
         !hg_buf_append(out, HG_LIT("\r\n"))))
        return false;
    if (ask->body.p != NULL && !has_field(ask, HG_LIT("Content-Length")) &&
        !has_field(ask, HG_LIT("Transfer-Encoding")) &&
        !hg_buf_printf(out, "Content-Length: %zu\r\n", ask->body.n))
        return false;
    return put_fields(out, ask->field, ask->fields);
}

/* The head as the scanner would have found it on the wire; .p NULL: *why. */
static struct hg_slice scan(struct hg_trial *t, const struct hg_buf *text, size_t limit, bool request,
                            enum hg_http_error *why)
{
    struct hg_slice data = hg_buf_data(text), head = {NULL, 0};
    struct hg_head_scan s;
    size_t n = 0;

    hg_head_scan_init(&s, limit, request);
    *why = HG_HTTP_HEAD_TOO_LARGE;
    if (hg_head_scan(&s, data, &n, why) == HG_SCAN_DONE) {
        head = hg_arena_copy(&t->arena, hg_slice(data.p, n));
        *why = head.p != NULL ? HG_HTTP_OK : HG_HTTP_NO_MEMORY;
    }
    return head;
}

static enum hg_trial_end refuse(struct hg_trial *t, enum hg_http_error e)
{
    hg_route_error(&t->route, &t->answer, HG_ANSWER_REFUSED, hg_http_error_status(e), hg_http_error_name(e),
                   hg_http_error_text(e));
    return HG_TRIAL_ANSWERED;
}

/* The limit that was named has no room until its whole period is over. */
static bool take(void *ctx, const struct hg_limit_ask *ask, struct hg_limited *out)
{
    const struct hg_trial *t = ctx;
    const struct hg_rate_limit *limit = ask->limit;

    if (strcmp(t->exceeded, limit->name) != 0)
        return true;
    *out = (struct hg_limited){.retry_after = limit->rate.period / 1000000};
    out->reset = WALL / 1000000u + out->retry_after;
    return false;
}

static void prepare(struct hg_trial *t, const struct hg_frontend *f, const struct hg_rule_hooks *hooks)
{
    struct hg_route *r = &t->route;

    r->frontend = f;
    r->client = &t->client;
    r->hooks = hooks;
    r->arena = &t->arena;
    r->scratch = t->scratch;
    r->request = &t->request;
    r->framing = &t->framing;
    r->hop = &t->hop;
    r->vars.request_id = HG_LIT(REQUEST_ID);
    r->vars.client_ip = t->client.ip;
    r->vars.frontend = hg_slice_str(f->name);
    r->vars.time = HG_LIT(TIME);
    r->vars.request = &t->request;
}

/* A document as it is before anything was counted. */
static enum hg_trial_end serve(struct hg_trial *t)
{
    const struct hg_facts facts = {
        .plan = t->plan, .frontend = t->route.frontend, .request = &t->route.arrived, .wall = WALL};
    struct hg_answer *a = &t->answer;
    struct hg_document d;
    bool ok = hg_document_make(a->serve, &facts, &d);

    if (ok) {
        a->status = d.status;
        a->body = hg_arena_copy(&t->arena, hg_buf_data(&d.body));
        hg_headers_init(&a->headers, &t->arena);
        ok = a->body.p != NULL &&
             hg_headers_add(&a->headers, HG_LIT("Content-Type"), hg_slice_str(d.content_type));
    }
    hg_buf_free(&d.body);
    return ok ? HG_TRIAL_ANSWERED : undecided(t, "the document is too large to be shown");
}

/* The guards, with the body as far as it is given. */
static bool admitted(struct hg_trial *t, const struct hg_trial_ask *ask)
{
    struct hg_model_reading reading = {.found = HG_MODEL_UNSEEN}, *body = NULL;
    struct hg_model_reader *reader = NULL;
    struct hg_guard_hold room[HG_LIMIT_GUARDS];
    struct hg_guard_holds holds = {.v = room, .cap = HG_LIMIT_GUARDS};
    enum hg_route_step step;

    if (ask->body.p != NULL && hg_route_guard_buffer(&t->route) > 0 &&
        (reader = hg_route_guard_reader(&t->route, NULL)) != NULL) {
        hg_model_reader_feed(reader, ask->body);
        hg_model_reader_end(reader, true, &reading);
    }
    if (t->framing.kind != HG_FRAMING_NONE)
        body = &reading;
    step = hg_route_admit(&t->route, NULL, body, &holds, &t->answer);
    hg_guards_end(&holds, HG_GUARDS_FAILED, 0);
    hg_model_reader_free(reader);
    return step == HG_ROUTE_GO;
}

enum hg_trial_end hg_trial_run(struct hg_trial *t, const struct hg_trial_ask *ask,
                               const struct hg_rule_hooks *hooks)
{
    struct hg_slice authority, target, head;
    const struct hg_frontend *f;
    enum hg_http_error why;
    bool built;

    HG_ASSERT(t->route.frontend == NULL && t->scratch != NULL);
    if (!split_url(ask->url, &authority, &target))
        return undecided(t, "the URL has no path or no host");
    if (!read_from(t, ask->from != NULL ? ask->from : "127.0.0.1"))
        return undecided(t, "\"%s\" is not an address (expected an IP address, unix or unix:UID:GID)",
                         ask->from);
    t->exceeded = ask->exceeded;
    t->limiter = (struct hg_limiter){t, take};
    if (t->exceeded != NULL)
        t->route.limiter = &t->limiter;
    f = choose(t, ask, authority);
    if (f == NULL)
        return HG_TRIAL_UNDECIDED;
    prepare(t, f, hooks);
    built = put_request(&t->head, ask, authority, target);
    head = scan(t, &t->head, f->limit_head, true, &why);
    hg_buf_consume(&t->head, hg_buf_len(&t->head));
    if (!built)
        why = HG_HTTP_HEAD_TOO_LARGE;
    if (why == HG_HTTP_OK)
        why = hg_route_receive(&t->route, head, &t->client, &t->framing, &t->hop);
    if (why != HG_HTTP_OK)
        return refuse(t, why);
    t->stage = HG_TRIAL_ENTERING;
    if (hg_route_enter(&t->route, &t->answer) != HG_ROUTE_GO)
        return t->answer.kind == HG_ANSWER_SERVED ? serve(t) : HG_TRIAL_ANSWERED;
    if (!admitted(t, ask))
        return HG_TRIAL_ANSWERED;
    HG_ASSERT(t->route.backend != NULL && t->route.backend->servers > 0);
    t->stage = HG_TRIAL_LEAVING;
    if (hg_route_leave(&t->route, &t->route.backend->server[0], &t->head, &t->answer) != HG_ROUTE_GO)
        return HG_TRIAL_ANSWERED;
    return HG_TRIAL_PASSED;
}

enum hg_trial_end hg_trial_return(struct hg_trial *t, unsigned status, const struct hg_pair *field, size_t n)
{
    struct hg_framing framing;
    struct hg_slice head = {NULL, 0};
    struct hg_buf text;
    enum hg_http_error why = HG_HTTP_HEAD_TOO_LARGE;

    HG_ASSERT(t->route.server != NULL);
    hg_buf_init(&text, HG_LIMIT_HEAD_MAX, false);
    if (hg_buf_printf(&text, "HTTP/1.1 %u %s\r\n", status, hg_http_reason(status)) &&
        put_fields(&text, field, n))
        head = scan(t, &text, HG_LIMIT_HEAD_DEFAULT, false, &why);
    hg_buf_free(&text);
    if (head.p != NULL)
        why = hg_response_parse(&t->response, head, &t->arena);
    if (why == HG_HTTP_OK)
        why = hg_framing_response(&t->response, t->request.method_id, &framing);
    if (why == HG_HTTP_OK)
        why = hg_hop_response(&t->response, &framing);
    if (why != HG_HTTP_OK) {
        hg_route_error(&t->route, &t->answer, HG_ANSWER_REFUSED, 502, "upstream_bad_response",
                       hg_http_error_text(why));
        return HG_TRIAL_ANSWERED;
    }
    t->stage = HG_TRIAL_RETURNING;
    return hg_route_return(&t->route, &t->response, &t->answer) == HG_ROUTE_GO ? HG_TRIAL_PASSED
                                                                               : HG_TRIAL_ANSWERED;
}

void hg_trial_origin(const struct hg_server *s, char *out, size_t cap)
{
    snprintf(out, cap, "%s://%s", s->tls ? "https" : "http", s->host_field);
}

const char *hg_trial_word(const struct hg_answer *a)
{
    if (a->type != NULL)
        return a->type;
    return a->kind == HG_ANSWER_DENIED ? "denied" : "answered";
}
