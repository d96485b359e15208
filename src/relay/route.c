/* SPDX-License-Identifier: MIT
 *
 * From a request to where it goes: the frontend's rules, the backend, the
 * backend's rules, and the head that leaves. Whatever cannot be evaluated ends
 * here with an answer of our own; nothing leaves.
 */
#include "internal.h"

static void rule_failed(struct hg_exchange *x, const struct hg_outcome *o)
{
    bool unset = o->fail == HG_RULE_FAIL_SECRET || o->fail == HG_RULE_FAIL_UNSET;
    enum hg_close why = unset ? HG_CLOSE_NOT_CONFIGURED : HG_CLOSE_RULE_FAILED;

    x->access.where = o->where;
    if (o->name[0] != '\0')
        hg_reply_error(x, hg_rule_fail_status(o->fail), hg_rule_fail_name(o->fail), why, "%s: %s",
                       hg_rule_fail_text(o->fail), o->name);
    else
        hg_reply_error(x, hg_rule_fail_status(o->fail), hg_rule_fail_name(o->fail), why, "%s",
                       hg_rule_fail_text(o->fail));
}

static void rule_replied(struct hg_exchange *x, const struct hg_outcome *o)
{
    x->access.where = o->where;
    if (o->denied && o->body.p == NULL)
        hg_reply_error(x, o->status, "denied", HG_CLOSE_DENIED,
                       "this request is denied by a rule of the gateway");
    else
        hg_reply_send(x, o->status, &o->headers, o->body, o->denied ? HG_CLOSE_DENIED : HG_CLOSE_OK);
}

/* False: the exchange has its answer. */
static bool run_rules(struct hg_exchange *x, const struct hg_ruleset *rules)
{
    const struct hg_rules_run run = {
        .arena = &x->arena,
        .scratch = x->session->relay->scratch,
        .vars = &x->vars,
        .request = &x->req,
    };
    struct hg_outcome outcome = {0};

    switch (hg_ruleset_run(rules, &run, &outcome)) {
    case HG_VERDICT_PASS:
        return true;
    case HG_VERDICT_REPLY:
        rule_replied(x, &outcome);
        break;
    case HG_VERDICT_FAIL:
        rule_failed(x, &outcome);
        break;
    }
    return false;
}

static void not_configured(struct hg_exchange *x)
{
    const struct hg_missing *m = &x->session->frontend->missing;
    struct hg_headers headers;

    if (m->body.p == NULL) {
        hg_reply_error(x, m->status, "not_configured", HG_CLOSE_NOT_CONFIGURED,
                       "frontend %s is not configured: %s", x->session->frontend->name, m->what);
        return;
    }
    x->access.error = "not_configured";
    hg_headers_init(&headers, &x->arena);
    hg_headers_add(&headers, HG_LIT("Content-Type"), HG_LIT("application/json"));
    hg_reply_send(x, m->status, &headers, m->body, HG_CLOSE_NOT_CONFIGURED);
}

static bool write_head(struct hg_exchange *x)
{
    const struct hg_write_request w = {
        .method = x->req.method,
        .path = x->req.path,
        .query = x->req.query,
        .host = hg_slice_str(x->server->host_field),
        .headers = &x->req.headers,
        .framing = x->req_framing.kind,
        .length = x->req_framing.length,
        .upgrade_websocket = x->hop.upgrade_websocket,
        .te_trailers = x->hop.te_trailers,
    };

    x->up_framing = x->req_framing.kind;
    return hg_write_request(&x->up_out, &w);
}

void hg_exchange_route(struct hg_exchange *x)
{
    const struct hg_frontend *f = x->session->frontend;

    if (f->missing.what != NULL) {
        not_configured(x);
        return;
    }
    if (!run_rules(x, f->request))
        return;
    if (f->backend == NULL) {
        hg_reply_error(x, 404, "no_backend", HG_CLOSE_REFUSED, "no rule of frontend %s answers this request",
                       f->name);
        return;
    }
    x->backend = f->backend;
    x->server = &x->backend->server[0];
    x->vars.server_host = hg_slice_str(x->server->host);
    if (!run_rules(x, x->backend->request))
        return;
    if (!write_head(x)) {
        hg_reply_http_error(x, HG_HTTP_HEAD_TOO_LARGE, HG_CLOSE_REFUSED);
        return;
    }
    x->keep = x->backend->retry_buffer != 0;
    x->up_out.ceiling += x->backend->retry_buffer + HG_LIMIT_RELAY_BUFFER;
    hg_upstream_connect(x, false);
}

bool hg_route_trailers_ok(const struct hg_exchange *x, const struct hg_headers *trailers)
{
    struct hg_scratch *scratch = x->session->relay->scratch;

    for (size_t i = 0; i < trailers->n; i++) {
        struct hg_slice name = trailers->v[i].name;

        if (hg_ruleset_names(x->session->frontend->request, scratch, name) != HG_MATCH_NO)
            return false;
        if (x->backend != NULL && hg_ruleset_names(x->backend->request, scratch, name) != HG_MATCH_NO)
            return false;
    }
    return true;
}
