/* SPDX-License-Identifier: MIT
 *
 * Running a ruleset on a message: one action after the other, until one answers
 * or fails. Nothing of the ruleset changes.
 */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "segment.h"

enum hg_verdict hg_run_fail(struct hg_runner *r, const char *where, enum hg_rule_fail why, const char *name)
{
    HG_ASSERT(why != HG_RULE_FAIL_NONE);
    r->out->where = where;
    r->out->fail = why;
    hg_text_printable(hg_slice_str(name), r->out->name, sizeof(r->out->name));
    return HG_VERDICT_FAIL;
}

__attribute__((format(printf, 2, 0))) static void note(struct hg_runner *r, const char *fmt, va_list ap)
{
    int n;

    HG_ASSERT(r->why_n < sizeof(r->why));
    if (!r->listening)
        return;
    n = vsnprintf(r->why + r->why_n, sizeof(r->why) - r->why_n, fmt, ap);
    if (n > 0)
        r->why_n = r->why_n + (size_t)n < sizeof(r->why) ? r->why_n + (size_t)n : sizeof(r->why) - 1;
}

void hg_run_note(struct hg_runner *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    note(r, fmt, ap);
    va_end(ap);
}

void hg_run_did(struct hg_runner *r, const char *fmt, ...)
{
    va_list ap;

    r->did = true;
    va_start(ap, fmt);
    note(r, fmt, ap);
    va_end(ap);
}

void hg_run_drop_note(struct hg_runner *r, size_t n, struct hg_slice name)
{
    char text[80];

    r->did = true;
    if (!r->listening)
        return;
    hg_text_printable(name, text, sizeof(text));
    hg_run_did(r, "%s%s", n == 0 ? "dropped " : ", ", text);
}

void hg_run_did_set(struct hg_runner *r, const struct hg_action *a, struct hg_slice value)
{
    const struct hg_secret_slot *slot =
        r->taken.map != NULL ? r->taken.target : hg_template_secret(a->value, 0);
    const char *comma = r->did ? ", " : "";
    const char *name = a->name != NULL ? a->name : a->kind == HG_ACTION_SET_HOST ? "Host" : "path";
    char text[200];

    r->did = true;
    if (!r->listening)
        return;
    if (slot != NULL) {
        hg_run_did(r, "%s%s set from secret %s (%s)", comma, name, hg_secret_slot_name(slot),
                   hg_secret_slot_source(slot));
        return;
    }
    if (r->shows) {
        hg_run_did(r, "%s%s set, with a credential", comma, name);
        return;
    }
    hg_text_printable(value, text, sizeof(text));
    hg_run_did(r, "%s%s: %s%s", comma, name, text, value.n >= sizeof(text) ? " ..." : "");
}

void hg_run_report(struct hg_runner *r, const char *where, enum hg_action_kind kind, enum hg_considered what,
                   const char *why)
{
    const struct hg_rule_hooks *hooks = r->run->hooks;

    if (r->listening)
        hooks->considered(hooks->ctx, where, r->depth, hg_action_name(kind), what, why);
}

/* For explain: which entry was taken. */
static void note_map(struct hg_runner *r, const char *where)
{
    const struct hg_rule_hooks *hooks = r->run->hooks;
    const struct hg_secret_slot *slot = r->taken.target;
    char why[400];

    if (r->taken.map == NULL || !r->listening)
        return;
    hg_map_say(&r->taken, slot != NULL ? hg_secret_slot_name(slot) : "", why, sizeof(why));
    hooks->considered(hooks->ctx, where, r->depth, "map",
                      slot != NULL ? HG_CONSIDERED_APPLIED : HG_CONSIDERED_FAILED, why);
}

enum hg_verdict hg_run_expand(struct hg_runner *r, const struct hg_action *a, const struct hg_template *t,
                              struct hg_slice *out)
{
    const struct hg_secret_slot *missing = NULL;
    enum hg_expand how;

    r->taken.map = NULL;
    how = hg_template_expand(t, &r->vars, r->run->arena, out, &missing);
    note_map(r, a->where);
    switch (how) {
    case HG_EXPAND_OK:
        return HG_VERDICT_PASS;
    case HG_EXPAND_NO_MATCH:
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MAP, hg_map_name(r->taken.map));
    case HG_EXPAND_LIMIT:
        return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_map_name(r->taken.map));
    case HG_EXPAND_NO_SECRET:
        r->out->secret = missing;
        return hg_run_fail(r, a->where, HG_RULE_FAIL_SECRET, hg_secret_slot_source(missing));
    case HG_EXPAND_NO_MEMORY:
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    }
    HG_ASSERT(false);
    return HG_VERDICT_FAIL;
}

enum hg_verdict hg_run_value(struct hg_runner *r, const struct hg_action *a, const struct hg_template *t,
                             const char *name, struct hg_slice *out)
{
    enum hg_verdict v = hg_run_expand(r, a, t, out);

    if (v != HG_VERDICT_PASS)
        return v;
    r->shows = hg_template_shows(t, &r->vars);
    if (r->shows &&
        (a->kind == HG_ACTION_DENY || a->kind == HG_ACTION_RESPOND || a->kind == HG_ACTION_REDIRECT ||
         a->kind == HG_ACTION_RATE_LIMIT || r->run->response != NULL))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_SHOWS, name);
    if (!hg_header_value_ok(*out))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_VALUE, name);
    *out = hg_slice_trim(*out);
    return HG_VERDICT_PASS;
}

static enum hg_verdict run_list(struct hg_runner *r, const struct hg_ruleset *rs);

static enum hg_verdict run_use(struct hg_runner *r, const struct hg_action *a)
{
    enum hg_verdict v;

    hg_run_report(r, a->where, a->kind, HG_CONSIDERED_APPLIED, a->name != NULL ? a->name : "");
    r->depth++;
    v = run_list(r, a->child);
    r->depth--;
    r->reported = true; /* what failed or answered in it too */
    return v;
}

static hg_run_fn *const runners[HG_ACTION_KINDS] = {
    [HG_ACTION_USE] = run_use,
    [HG_ACTION_DROP_HEADER] = hg_run_drop,
    [HG_ACTION_KEEP_HEADER] = hg_run_keep,
    [HG_ACTION_DROP_HEADER_VALUE] = hg_run_drop_value,
    [HG_ACTION_SET_HEADER] = hg_run_set,
    [HG_ACTION_ADD_HEADER] = hg_run_set,
    [HG_ACTION_DEFAULT_HEADER] = hg_run_set,
    [HG_ACTION_REPLACE_HEADER] = hg_run_replace,
    [HG_ACTION_ADD_TO_LIST] = hg_run_add_to_list,
    [HG_ACTION_DROP_FROM_LIST] = hg_run_drop_from_list,
    [HG_ACTION_DROP_QUERY] = hg_run_drop_query,
    [HG_ACTION_SET_QUERY] = hg_run_set_query,
    [HG_ACTION_SET_PATH] = hg_run_path,
    [HG_ACTION_REPLACE_PATH] = hg_run_path,
    [HG_ACTION_BASE_PATH] = hg_run_base_path,
    [HG_ACTION_SET_HOST] = hg_run_set_host,
    [HG_ACTION_DENY] = hg_run_answer,
    [HG_ACTION_RESPOND] = hg_run_answer,
    [HG_ACTION_REDIRECT] = hg_run_redirect,
    [HG_ACTION_SERVE] = hg_run_serve,
    [HG_ACTION_RATE_LIMIT] = hg_run_rate_limit,
    [HG_ACTION_GUARD] = hg_run_guard,
    [HG_ACTION_SET_STATUS] = hg_run_set_status,
    [HG_ACTION_MAP_ORIGIN] = hg_run_map_origin,
    [HG_ACTION_LOG] = hg_run_log,
    [HG_ACTION_USAGE] = hg_run_usage,
};

static void report_failure(struct hg_runner *r, const struct hg_action *a)
{
    char text[300];

    snprintf(text, sizeof(text), "%s%s%s", hg_rule_fail_text(r->out->fail),
             r->out->name[0] != '\0' ? ": " : "", r->out->name);
    hg_run_report(r, r->out->where, a->kind, HG_CONSIDERED_FAILED, text);
}

static void report_not_met(struct hg_runner *r, const struct hg_action *a)
{
    const enum hg_method method = r->run->request->method_id;
    char text[400] = "it answers GET and HEAD";

    if (a->kind != HG_ACTION_SERVE || method == HG_METHOD_GET || method == HG_METHOD_HEAD)
        hg_condition_why(a->when, r->run, text, sizeof(text));
    hg_run_report(r, a->where, a->kind, HG_CONSIDERED_NOT_MET, text);
}

static void report(struct hg_runner *r, const struct hg_action *a, enum hg_verdict v)
{
    enum hg_considered what = r->observed ? HG_CONSIDERED_OBSERVED
                              : r->did    ? HG_CONSIDERED_APPLIED
                                          : HG_CONSIDERED_NO_EFFECT;

    if (!r->listening || r->reported)
        return;
    if (v == HG_VERDICT_FAIL)
        report_failure(r, a);
    else
        hg_run_report(r, a->where, a->kind, v == HG_VERDICT_REPLY ? HG_CONSIDERED_DECIDED : what, r->why);
}

/* serve answers GET, and HEAD as if it were one: its condition takes it for one. */
static enum hg_match serve_holds(struct hg_runner *r, const struct hg_action *a, enum hg_rule_fail *why)
{
    struct hg_request get = *r->run->request;
    struct hg_rules_run run = *r->run;

    if (get.method_id != HG_METHOD_GET && get.method_id != HG_METHOD_HEAD)
        return HG_MATCH_NO;
    get.method = HG_LIT("GET");
    get.method_id = HG_METHOD_GET;
    run.request = &get;
    return hg_condition_holds(a->when, &run, &r->captures, why);
}

static enum hg_match holds(struct hg_runner *r, const struct hg_action *a, enum hg_rule_fail *why)
{
    if (a->kind == HG_ACTION_SERVE)
        return serve_holds(r, a, why);
    return hg_condition_holds(a->when, r->run, &r->captures, why);
}

static enum hg_verdict act(struct hg_runner *r, const struct hg_action *a)
{
    enum hg_rule_fail why = HG_RULE_FAIL_NONE;

    r->did = r->reported = r->observed = false;
    r->why[0] = '\0';
    r->why_n = 0;
    if (r->run->serve_only && a->kind != HG_ACTION_SERVE && a->kind != HG_ACTION_USE) {
        r->reported = true;
        return HG_VERDICT_PASS;
    }
    switch (holds(r, a, &why)) {
    case HG_MATCH_ERROR:
        return hg_run_fail(r, a->where, why, "");
    case HG_MATCH_NO:
        if (r->listening)
            report_not_met(r, a);
        r->reported = true;
        return HG_VERDICT_PASS;
    case HG_MATCH_YES:
        break;
    }
    if (a->unset != NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_UNSET, a->unset);
    HG_ASSERT(runners[a->kind] != NULL);
    return runners[a->kind](r, a);
}

static enum hg_verdict run_list(struct hg_runner *r, const struct hg_ruleset *rs)
{
    HG_ASSERT(r->depth < HG_LIMIT_USE_DEPTH);
    for (size_t i = 0; i < rs->n; i++) {
        enum hg_verdict v = act(r, &rs->v[i]);

        report(r, &rs->v[i], v);
        if (v != HG_VERDICT_PASS)
            return v;
    }
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_ruleset_run(const struct hg_ruleset *rs, const struct hg_rules_run *run,
                               struct hg_outcome *out)
{
    struct hg_runner r = {.run = run, .out = out, .vars = *run->vars};

    HG_ASSERT(run->request != NULL && run->arena != NULL && run->scratch != NULL);
    HG_ASSERT((rs->direction == HG_RESPONSE_RULES) == (run->response != NULL));
    r.headers = run->response != NULL ? &run->response->headers : &run->request->headers;
    r.vars.captures = &r.captures;
    r.listening = run->hooks != NULL && run->hooks->considered != NULL;
    r.vars.arrived = run->arrived;
    r.vars.client = run->client;
    r.vars.scratch = run->scratch;
    r.vars.taken = &r.taken;
    memset(out, 0, sizeof(*out));
    out->where = "";
    hg_headers_init(&out->headers, run->arena);
    return run_list(&r, rs);
}
