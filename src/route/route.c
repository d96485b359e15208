/* SPDX-License-Identifier: MIT
 *
 * From a request to where it goes. Whatever cannot be evaluated ends here with
 * an answer of our own; nothing leaves.
 */
#include "route/route.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "http/target.h"
#include "http/write.h"
#include "placeholder.h"

__attribute__((format(printf, 6, 7))) static void refuse(const struct hg_route *r, struct hg_answer *a,
                                                         enum hg_answer_kind kind, unsigned status,
                                                         const char *type, const char *fmt, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    hg_route_error(r, a, kind, status, type, message);
}

/* A secret that has no value just now, or whose values all rest. */
static void no_credential(const struct hg_route *r, const struct hg_secret_slot *slot, struct hg_answer *a)
{
    const struct hg_secret_uses *uses = r->vars.uses;
    uint64_t wait = uses != NULL && uses->resting_until > uses->now ? uses->resting_until - uses->now : 0;
    struct hg_slice seconds;

    if (wait != 0)
        refuse(r, a, HG_ANSWER_REFUSED, 503, "credential_resting",
               "all credentials of secret %s (%s) rest after the upstream refused them",
               hg_secret_slot_name(slot), hg_secret_slot_source(slot));
    else
        refuse(r, a, HG_ANSWER_REFUSED, 503, "credential_unavailable", "secret %s has no value now: %s",
               hg_secret_slot_name(slot), hg_secret_slot_source(slot));
    seconds =
        hg_arena_printf(r->arena, "%llu", (unsigned long long)(wait == 0 ? 1 : (wait + 999999) / 1000000));
    if (seconds.p != NULL && hg_headers_find(&a->headers, HG_LIT("Retry-After")) == NULL)
        (void)hg_headers_add(&a->headers, HG_LIT("Retry-After"), seconds);
    a->secret = slot;
}

static void rule_failed(const struct hg_route *r, const struct hg_outcome *o, struct hg_answer *a)
{
    bool unset = o->fail == HG_RULE_FAIL_SECRET || o->fail == HG_RULE_FAIL_UNSET;
    enum hg_answer_kind kind = unset ? HG_ANSWER_NOT_CONFIGURED : HG_ANSWER_RULE_FAILED;

    if (o->secret != NULL &&
        (hg_secret_slot_passing(o->secret) || (r->vars.uses != NULL && r->vars.uses->resting_until != 0))) {
        no_credential(r, o->secret, a);
        return;
    }
    refuse(r, a, kind, hg_rule_fail_status(o->fail), hg_rule_fail_name(o->fail), "%s%s%s",
           hg_rule_fail_text(o->fail), o->name[0] != '\0' ? ": " : "", o->name);
}

/* They replace those of the standard answer that have their names. */
static void put_headers(struct hg_answer *a, const struct hg_headers *own)
{
    for (size_t i = 0; i < own->n; i++)
        (void)hg_headers_remove(&a->headers, own->v[i].name);
    for (size_t i = 0; i < own->n; i++)
        (void)hg_headers_add(&a->headers, own->v[i].name, own->v[i].value);
}

static void limited(const struct hg_route *r, const struct hg_outcome *o, struct hg_answer *a)
{
    if (o->body.p == NULL) {
        refuse(r, a, HG_ANSWER_LIMITED, o->status, "rate_limit_error", "%.*s", HG_FMT(o->message));
        put_headers(a, &o->headers);
        return;
    }
    a->kind = HG_ANSWER_LIMITED;
    a->status = o->status;
    a->type = "rate_limit_error";
    a->headers = o->headers;
    a->body = o->body;
    if (hg_headers_find(&a->headers, HG_LIT("Content-Type")) == NULL)
        (void)hg_headers_add(&a->headers, HG_LIT("Content-Type"), hg_content_type(o->body));
}

static void rule_replied(const struct hg_route *r, const struct hg_outcome *o, struct hg_answer *a)
{
    if (o->serve != NULL) {
        a->kind = HG_ANSWER_SERVED;
        a->serve = o->serve;
        return;
    }
    if (o->limited) {
        limited(r, o, a);
        return;
    }
    if (o->denied && o->body.p == NULL) {
        refuse(r, a, HG_ANSWER_DENIED, o->status, "denied",
               "this request is denied by a rule of the gateway");
        put_headers(a, &o->headers);
        return;
    }
    a->kind = o->denied ? HG_ANSWER_DENIED : HG_ANSWER_RULE;
    a->status = o->status;
    a->type = NULL;
    a->headers = o->headers;
    a->body = o->body;
}

struct hg_rules_run hg_route_run(struct hg_route *r, struct hg_request *request)
{
    r->vars.request = request;
    return (struct hg_rules_run){
        .arena = r->arena,
        .scratch = r->scratch,
        .vars = &r->vars,
        .request = request,
        .arrived = &r->arrived,
        .client = r->client,
        .hooks = r->hooks,
        .limiter = r->limiter,
    };
}

static enum hg_route_step run_rules(struct hg_route *r, const struct hg_ruleset *rules,
                                    struct hg_request *request, bool serve_only, struct hg_answer *a)
{
    struct hg_outcome outcome = {0};
    struct hg_rules_run run = hg_route_run(r, request);

    run.serve_only = serve_only;
    run.marks = rules == r->frontend->request ? &r->marks : NULL;
    switch (hg_ruleset_run(rules, &run, &outcome)) {
    case HG_VERDICT_PASS:
        return HG_ROUTE_GO;
    case HG_VERDICT_REPLY:
        rule_replied(r, &outcome, a);
        break;
    case HG_VERDICT_FAIL:
        rule_failed(r, &outcome, a);
        break;
    }
    a->where = outcome.where;
    return HG_ROUTE_ANSWER;
}

/* what: the backend that was chosen, or NULL: the frontend. */
static void not_configured(const struct hg_route *r, const struct hg_backend *backend, struct hg_answer *a)
{
    const struct hg_missing *m = &r->frontend->missing;

    if (m->body.p != NULL) { /* what it says of itself counts more than errors */
        hg_answer_error(a, HG_ANSWER_NOT_CONFIGURED, r->arena, m->status, "not_configured", "",
                        r->vars.request_id);
        a->body = m->body;
        (void)hg_headers_set(&a->headers, HG_LIT("Content-Type"), hg_content_type(m->body));
        return;
    }
    refuse(r, a, HG_ANSWER_NOT_CONFIGURED, m->status, "not_configured", "%s %s is not configured: %s",
           backend != NULL ? "backend" : "frontend", backend != NULL ? backend->name : r->frontend->name,
           backend != NULL ? backend->missing : m->what);
}

static void considered(const struct hg_route *r, const struct hg_use_backend *u, enum hg_considered what,
                       const struct hg_map_taken *taken)
{
    char why[400] = "map ";

    if (r->hooks == NULL || r->hooks->considered == NULL)
        return;
    if (u->map == NULL)
        snprintf(why, sizeof(why), "backend %s", u->backend->name);
    else if (taken == NULL)
        snprintf(why, sizeof(why), "map %s", hg_map_name(u->map));
    else
        hg_map_say(taken, r->backend != NULL ? r->backend->name : "", why + 4, sizeof(why) - 4);
    r->hooks->considered(r->hooks->ctx, u->where, 0, "use-backend", what, why);
}

/* The backend that the map has for this request. */
static enum hg_rule_fail ask_map(struct hg_route *r, const struct hg_use_backend *u)
{
    struct hg_vars vars = r->vars;
    struct hg_map_taken taken;

    vars.request = r->request;
    vars.arrived = &r->arrived;
    vars.client = r->client;
    vars.scratch = r->scratch;
    switch (hg_map_find(u->map, &vars, r->arena, &taken)) {
    case HG_MAP_FOUND:
        r->backend = taken.target;
        considered(r, u, HG_CONSIDERED_APPLIED, &taken);
        return HG_RULE_FAIL_NONE;
    case HG_MAP_NONE:
        considered(r, u, HG_CONSIDERED_FAILED, &taken);
        return HG_RULE_FAIL_MAP;
    case HG_MAP_LIMIT:
        considered(r, u, HG_CONSIDERED_FAILED, NULL);
        return HG_RULE_FAIL_PATTERN;
    case HG_MAP_NO_MEMORY:
        break;
    }
    return HG_RULE_FAIL_MEMORY;
}

/* The first entry of use-backend that holds, else the frontend's backend. */
static enum hg_route_step choose_backend(struct hg_route *r, struct hg_answer *a)
{
    const struct hg_frontend *f = r->frontend;
    const struct hg_rules_run run = hg_route_run(r, r->request);

    r->backend = f->backend;
    for (size_t i = 0; i < f->use_backends; i++) {
        const struct hg_use_backend *u = &f->use_backend[i];
        struct hg_outcome o = {0};
        struct hg_captures captures;
        enum hg_match m = hg_condition_holds(u->when, &run, &captures, &o.fail);

        if (m != HG_MATCH_YES || u->map == NULL)
            considered(r, u,
                       m == HG_MATCH_YES  ? HG_CONSIDERED_APPLIED
                       : m == HG_MATCH_NO ? HG_CONSIDERED_NOT_MET
                                          : HG_CONSIDERED_FAILED,
                       NULL);
        if (m == HG_MATCH_YES && u->map != NULL) {
            o.fail = ask_map(r, u);
            snprintf(o.name, sizeof(o.name), "%s", hg_map_name(u->map));
        }
        if (m == HG_MATCH_YES && o.fail == HG_RULE_FAIL_NONE) {
            r->backend = u->map != NULL ? r->backend : u->backend;
            break;
        }
        if (m != HG_MATCH_NO) {
            rule_failed(r, &o, a);
            a->where = u->where;
            return HG_ROUTE_ANSWER;
        }
    }
    if (r->backend == NULL) {
        refuse(r, a, HG_ANSWER_REFUSED, 404, "no_backend", "no rule of frontend %s answers this request",
               f->name);
        return HG_ROUTE_ANSWER;
    }
    if (r->backend->missing == NULL)
        return HG_ROUTE_GO;
    not_configured(r, r->backend, a);
    return HG_ROUTE_ANSWER;
}

enum hg_route_step hg_route_enter(struct hg_route *r, struct hg_answer *a)
{
    const struct hg_frontend *f = r->frontend;

    HG_ASSERT(f != NULL && r->arena != NULL && r->request != NULL);
    *a = (struct hg_answer){0};
    if (r->vars.uses != NULL)
        r->vars.uses->n = 0;
    r->marks.n = 0;
    r->arrived = *r->request;
    if (!hg_headers_copy(&r->arrived.headers, &r->request->headers, r->arena)) {
        refuse(r, a, HG_ANSWER_RULE_FAILED, 500, "no_memory", "a ceiling on memory was reached");
        return HG_ROUTE_ANSWER;
    }
    if (run_rules(r, f->request, r->request, f->missing.what != NULL, a) != HG_ROUTE_GO)
        return HG_ROUTE_ANSWER;
    if (f->missing.what != NULL) {
        not_configured(r, NULL, a);
        return HG_ROUTE_ANSWER;
    }
    r->entered = r->vars.uses != NULL ? r->vars.uses->n : 0;
    return choose_backend(r, a);
}

static bool write_head(const struct hg_route *r, struct hg_buf *out)
{
    const struct hg_write_request w = {
        .method = r->leaving.method,
        .path = r->leaving.path,
        .query = r->leaving.query,
        .host = r->leaving.host.p != NULL ? r->leaving.host : hg_slice_str(r->server->host_field),
        .headers = &r->leaving.headers,
        .framing = r->framing->kind,
        .length = r->framing->length,
        .upgrade_websocket = r->hop->upgrade_websocket,
        .te_trailers = r->hop->te_trailers,
    };

    return hg_write_request(out, &w);
}

static bool leaks(struct hg_route *r, struct hg_buf *out, struct hg_answer *a)
{
    const char *secret;

    if (!hg_placeholder_leaks(r->frontend->plan, &r->leaving, hg_buf_data(out), r->arena, &secret))
        return false;
    hg_buf_consume(out, hg_buf_len(out));
    refuse(r, a, HG_ANSWER_REFUSED, 400, "placeholder_leak",
           "the placeholder of secret %s would leave with this request: no rule has replaced it", secret);
    return true;
}

/* What the server's base path makes of the path. False: no memory. */
static bool put_base(struct hg_route *r)
{
    const struct hg_backend *k = r->backend;
    struct hg_slice path = hg_path_join(r->arena, r->server->base, r->leaving.path);
    char where[512], why[300];

    if (path.p == NULL)
        return false;
    if (path.p != r->leaving.path.p && r->hooks != NULL && r->hooks->considered != NULL) {
        snprintf(where, sizeof(where), "%s:%u", k->file, k->line);
        snprintf(why, sizeof(why), "%.*s in front of the path", HG_FMT(r->server->base));
        r->hooks->considered(r->hooks->ctx, where, 0, "base-path", HG_CONSIDERED_APPLIED, why);
    }
    r->leaving.path = path;
    return true;
}

enum hg_route_step hg_route_leave(struct hg_route *r, const struct hg_server *server, struct hg_buf *out,
                                  struct hg_answer *a)
{
    HG_ASSERT(r->backend != NULL && server->backend == r->backend && hg_buf_len(out) == 0);
    *a = (struct hg_answer){0};
    r->server = server;
    r->vars.server_host = hg_slice_str(server->host);
    if (r->vars.uses != NULL) {
        r->vars.uses->n = r->entered;
        r->vars.uses->resting_until = 0;
    }
    r->leaving = *r->request;
    if (!hg_headers_copy(&r->leaving.headers, &r->request->headers, r->arena)) {
        refuse(r, a, HG_ANSWER_RULE_FAILED, 500, "no_memory", "a ceiling on memory was reached");
        return HG_ROUTE_ANSWER;
    }
    if (run_rules(r, r->backend->request, &r->leaving, false, a) != HG_ROUTE_GO)
        return HG_ROUTE_ANSWER;
    if (!put_base(r)) {
        refuse(r, a, HG_ANSWER_RULE_FAILED, 500, "no_memory", "a ceiling on memory was reached");
        return HG_ROUTE_ANSWER;
    }
    if (write_head(r, out))
        return leaks(r, out, a) ? HG_ROUTE_ANSWER : HG_ROUTE_GO;
    refuse(r, a, HG_ANSWER_REFUSED, 431, hg_http_error_name(HG_HTTP_HEAD_TOO_LARGE),
           "the head is too large with what the rules add to it");
    return HG_ROUTE_ANSWER;
}

static struct hg_origin origin_of(const struct hg_server *s)
{
    return (struct hg_origin){.tls = s->tls, .host = hg_slice_str(s->host), .port = s->port, .base = s->base};
}

/* The servers' origins, and that of a Host that a rule has set. False: no memory. */
static bool find_origins(struct hg_route *r, struct hg_origins *to)
{
    const struct hg_backend *k = r->backend;
    struct hg_origin *o = hg_arena_alloc(r->arena, (k->servers + 1) * sizeof(*o));
    struct hg_slice host;
    uint16_t port;

    if (o == NULL)
        return false;
    o[to->n++] = origin_of(r->server);
    for (size_t i = 0; i < k->servers; i++)
        if (&k->server[i] != r->server)
            o[to->n++] = origin_of(&k->server[i]);
    HG_ASSERT(to->n == k->servers);
    if (r->leaving.host.p != NULL && hg_text_host_port(r->leaving.host, &host, &port)) {
        o[to->n] = o[0];
        o[to->n].host = host;
        o[to->n++].port = port != 0 ? port : o[0].tls ? 443 : 80;
    }
    to->upstream = o;
    if (r->arrived.authority.n > 0)
        to->client =
            hg_arena_printf(r->arena, "%s://%.*s", r->client != NULL && r->client->tls ? "https" : "http",
                            HG_FMT(r->arrived.authority));
    return r->arrived.authority.n == 0 || to->client.p != NULL;
}

/* Before a rule changes what a tap has to go by. */
static void note_body(struct hg_route *r, const struct hg_response *p)
{
    r->tap_head.status = p->status;
    r->tap_head.content_type = hg_headers_joined(&p->headers, HG_LIT("Content-Type"), r->arena);
    r->tap_head.content_encoding = hg_headers_joined(&p->headers, HG_LIT("Content-Encoding"), r->arena);
    r->tap_head.extensions = hg_headers_joined(&p->headers, HG_LIT("Sec-WebSocket-Extensions"), r->arena);
}

enum hg_route_step hg_route_return(struct hg_route *r, struct hg_response *response, struct hg_answer *a)
{
    struct hg_outcome o = {0};
    struct hg_origins origins = {0};
    bool maps = hg_ruleset_maps_origin(r->backend->response) || hg_ruleset_maps_origin(r->frontend->response);
    const struct hg_rules_run run = {
        .origins = maps ? &origins : NULL,
        .arena = r->arena,
        .scratch = r->scratch,
        .vars = &r->vars,
        .request = &r->leaving,
        .response = response,
        .arrived = &r->arrived,
        .client = r->client,
        .hooks = r->hooks,
        .usage = &r->usage,
    };

    HG_ASSERT(r->backend != NULL && r->server != NULL);
    *a = (struct hg_answer){0};
    r->usage = NULL;
    if (!hg_route_hide(r, &response->headers)) {
        refuse(r, a, HG_ANSWER_RULE_FAILED, 502, "no_memory", "a ceiling on memory was reached");
        return HG_ROUTE_ANSWER;
    }
    if (hg_ruleset_taps(r->backend->response) || hg_ruleset_taps(r->frontend->response))
        note_body(r, response);
    if (maps && !find_origins(r, &origins)) {
        refuse(r, a, HG_ANSWER_RULE_FAILED, 502, "no_memory", "a ceiling on memory was reached");
        return HG_ROUTE_ANSWER;
    }
    if (hg_ruleset_run(r->backend->response, &run, &o) == HG_VERDICT_PASS &&
        hg_ruleset_run(r->frontend->response, &run, &o) == HG_VERDICT_PASS)
        return HG_ROUTE_GO;
    refuse(r, a, HG_ANSWER_RULE_FAILED, 502, hg_rule_fail_name(o.fail), "a response rule failed: %s",
           hg_rule_fail_text(o.fail));
    a->where = o.where;
    return HG_ROUTE_ANSWER;
}

bool hg_route_trailer_ok(const struct hg_route *r, bool request, struct hg_slice name)
{
    const struct hg_frontend *f = r->frontend;
    const struct hg_backend *b = r->backend;

    if (hg_ruleset_names(request ? f->request : f->response, r->scratch, name) != HG_MATCH_NO)
        return false;
    return b == NULL || hg_ruleset_names(request ? b->request : b->response, r->scratch, name) == HG_MATCH_NO;
}
