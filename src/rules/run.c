/* SPDX-License-Identifier: MIT
 *
 * Running a ruleset on a message: edits the header array and the query, decides
 * on an answer, or fails. Nothing of the ruleset changes.
 */
#include <stdio.h>

#include "action.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/target.h"

struct runner {
    const struct hg_rules_run *run;
    struct hg_headers *headers; /* of the message acted on */
    struct hg_outcome *out;
    struct hg_vars vars; /* the run's, with the captures of the action at hand */
    struct hg_captures captures;
};

static enum hg_verdict fail(struct runner *r, const char *where, enum hg_rule_fail why, const char *name)
{
    HG_ASSERT(why != HG_RULE_FAIL_NONE);
    r->out->where = where;
    r->out->fail = why;
    hg_text_printable(hg_slice_str(name), r->out->name, sizeof(r->out->name));
    return HG_VERDICT_FAIL;
}

static enum hg_verdict expand(struct runner *r, const struct hg_action *a, const struct hg_template *t,
                              struct hg_slice *out)
{
    const struct hg_secret_slot *missing = NULL;

    switch (hg_template_expand(t, &r->vars, r->run->arena, out, &missing)) {
    case HG_EXPAND_OK:
        return HG_VERDICT_PASS;
    case HG_EXPAND_NO_SECRET:
        r->out->secret = missing;
        return fail(r, a->where, HG_RULE_FAIL_SECRET, hg_secret_slot_source(missing));
    case HG_EXPAND_NO_MEMORY:
        return fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    }
    HG_ASSERT(false);
    return HG_VERDICT_FAIL;
}

/* A value that may become a header's: one line, whatever the request brought. */
static enum hg_verdict expand_value(struct runner *r, const struct hg_action *a, const struct hg_template *t,
                                    const char *name, struct hg_slice *out)
{
    enum hg_verdict v = expand(r, a, t, out);

    if (v != HG_VERDICT_PASS)
        return v;
    if (!hg_header_value_ok(*out))
        return fail(r, a->where, HG_RULE_FAIL_VALUE, name);
    *out = hg_slice_trim(*out);
    return HG_VERDICT_PASS;
}

static enum hg_verdict drop_headers(struct runner *r, const struct hg_action *a)
{
    const struct hg_drop *failed = NULL;
    struct hg_headers *h = r->headers;
    size_t kept = 0;

    for (size_t i = 0; i < h->n; i++) {
        enum hg_match m = HG_MATCH_NO;

        if (failed == NULL && !(hg_field_flags(h->v[i].id) & HG_FIELD_P))
            m = hg_drop_match_name(a, r->run->scratch, h->v[i].name, &failed);
        if (m != HG_MATCH_YES)
            h->v[kept++] = h->v[i];
    }
    h->n = kept;
    if (failed != NULL)
        return fail(r, failed->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(failed->pattern));
    return HG_VERDICT_PASS;
}

/* The first header the action names, with the others of the name taken out; NULL when there is none. */
static struct hg_header *collapse(struct hg_headers *h, const struct hg_action *a)
{
    size_t kept = 0, first = SIZE_MAX;

    for (size_t i = 0; i < h->n; i++) {
        if (hg_action_targets(a, h->v[i].name)) {
            if (first != SIZE_MAX)
                continue;
            first = kept;
        }
        h->v[kept++] = h->v[i];
    }
    h->n = kept;
    return first != SIZE_MAX ? &h->v[first] : NULL;
}

static enum hg_verdict set_header(struct runner *r, const struct hg_action *a)
{
    struct hg_slice name = hg_slice(a->name, a->name_n), value;
    struct hg_header *there;
    enum hg_verdict v;

    HG_ASSERT(!(hg_field_flags(a->field) & HG_FIELD_P));
    there = a->kind == HG_ACTION_ADD_HEADER ? NULL : collapse(r->headers, a);
    if (a->kind == HG_ACTION_DEFAULT_HEADER && there != NULL && there->value.n > 0)
        return HG_VERDICT_PASS;
    v = expand_value(r, a, a->value, a->name, &value);
    if (v != HG_VERDICT_PASS)
        return v;
    if (there != NULL) {
        there->name = name;
        there->id = a->field;
        there->value = value;
    } else if (!hg_headers_add(r->headers, name, value)) {
        return fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    }
    return HG_VERDICT_PASS;
}

/* Appends a part as it was written to the query that is kept. */
static void keep_part(char *text, size_t *n, size_t parts, struct hg_slice whole)
{
    if (parts > 0)
        text[(*n)++] = '&';
    if (whole.n > 0)
        memcpy(text + *n, whole.p, whole.n);
    *n += whole.n;
}

static enum hg_verdict drop_query(struct runner *r, const struct hg_action *a)
{
    struct hg_request *q = r->run->request;
    struct hg_slice rest = q->query, name, value, whole;
    const struct hg_drop *failed = NULL;
    size_t n = 0, kept = 0, dropped = 0;
    char *text;

    if (q->query.p == NULL)
        return HG_VERDICT_PASS;
    text = hg_arena_alloc(r->run->arena, q->query.n + 1);
    while (text != NULL && hg_query_next(&rest, &name, &value, &whole)) {
        enum hg_match m;

        name = hg_query_decode(r->run->arena, name);
        if (name.p == NULL)
            return fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
        m = hg_drop_match(a, r->run->scratch, name, &failed);
        if (m == HG_MATCH_ERROR)
            return fail(r, failed->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(failed->pattern));
        if (m == HG_MATCH_YES)
            dropped++;
        else
            keep_part(text, &n, kept++, whole);
        HG_ASSERT(n <= q->query.n);
    }
    if (text == NULL)
        return fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    if (dropped > 0)
        q->query = n > 0 ? hg_slice(text, n) : hg_slice(NULL, 0);
    return HG_VERDICT_PASS;
}

static enum hg_verdict answer(struct runner *r, const struct hg_action *a)
{
    struct hg_outcome *out = r->out;
    enum hg_verdict v;

    out->where = a->where;
    out->denied = a->kind == HG_ACTION_DENY;
    out->status = a->status;
    for (size_t i = 0; i < a->headers; i++) {
        struct hg_slice value;

        v = expand_value(r, a, a->header[i].value, a->header[i].name, &value);
        if (v != HG_VERDICT_PASS)
            return v;
        if (!hg_headers_add(&out->headers, hg_slice_str(a->header[i].name), value))
            return fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    }
    if (a->body == NULL) {
        out->body = out->denied ? hg_slice(NULL, 0) : HG_LIT("");
        return HG_VERDICT_REPLY;
    }
    v = expand(r, a, a->body, &out->body);
    if (v != HG_VERDICT_PASS)
        return v;
    if (out->body.n > HG_LIMIT_ECHO)
        return fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    return HG_VERDICT_REPLY;
}

static enum hg_verdict run_list(struct runner *r, const struct hg_ruleset *rs, unsigned depth);

static enum hg_verdict act(struct runner *r, const struct hg_action *a, unsigned depth)
{
    if (a->unset != NULL)
        return fail(r, a->where, HG_RULE_FAIL_UNSET, a->unset);
    switch (a->kind) {
    case HG_ACTION_USE:
        return run_list(r, a->child, depth + 1);
    case HG_ACTION_DROP_HEADER:
        return drop_headers(r, a);
    case HG_ACTION_SET_HEADER:
    case HG_ACTION_ADD_HEADER:
    case HG_ACTION_DEFAULT_HEADER:
        return set_header(r, a);
    case HG_ACTION_DROP_QUERY:
        return drop_query(r, a);
    case HG_ACTION_DENY:
    case HG_ACTION_RESPOND:
        return answer(r, a);
    }
    HG_ASSERT(false);
    return HG_VERDICT_FAIL;
}

static enum hg_verdict run_list(struct runner *r, const struct hg_ruleset *rs, unsigned depth)
{
    HG_ASSERT(depth <= HG_LIMIT_USE_DEPTH);
    for (size_t i = 0; i < rs->n; i++) {
        const struct hg_action *a = &rs->v[i];
        enum hg_rule_fail why = HG_RULE_FAIL_NONE;
        enum hg_match met = hg_condition_holds(a->when, r->run, &r->captures, &why);
        enum hg_verdict v;

        if (met == HG_MATCH_ERROR)
            return fail(r, a->where, why, "");
        if (met == HG_MATCH_NO)
            continue;
        v = act(r, a, depth);
        if (v != HG_VERDICT_PASS)
            return v;
    }
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_ruleset_run(const struct hg_ruleset *rs, const struct hg_rules_run *run,
                               struct hg_outcome *out)
{
    struct runner r = {.run = run, .out = out, .vars = *run->vars};

    HG_ASSERT(run->request != NULL && run->arena != NULL && run->scratch != NULL);
    HG_ASSERT((rs->direction == HG_RESPONSE_RULES) == (run->response != NULL));
    r.headers = run->response != NULL ? &run->response->headers : &run->request->headers;
    r.vars.captures = &r.captures;
    memset(out, 0, sizeof(*out));
    out->where = "";
    hg_headers_init(&out->headers, run->arena);
    return run_list(&r, rs, 1);
}
