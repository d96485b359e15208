/* SPDX-License-Identifier: MIT
 *
 * Actions on headers: they edit the array, and leave order and spelling of what
 * they do not name. Framing and routing headers are never touched.
 */
#include "base/check.h"
#include "run.h"

static bool is_protected(const struct hg_header *h)
{
    return (hg_field_flags(h->id) & HG_FIELD_P) != 0;
}

/* Which of the merged drops took what: each is asked for what was there before. */
static void report_drops(struct hg_runner *r, const struct hg_action *a, const struct hg_headers *before)
{
    for (size_t d = 0; d < a->drops; d++) {
        size_t dropped = 0;

        r->why_n = 0;
        r->why[0] = '\0';
        for (size_t i = 0; i < before->n; i++) {
            const struct hg_header *h = &before->v[i];
            size_t first = 0;

            while (first < a->drops &&
                   hg_pattern_match(a->drop[first].pattern, r->run->scratch, h->name, NULL) != HG_MATCH_YES)
                first++;
            if (first == d && !is_protected(h))
                hg_run_drop_note(r, dropped++, h->name);
        }
        hg_run_report(r, a->drop[d].where, a->kind,
                      dropped > 0 ? HG_CONSIDERED_APPLIED : HG_CONSIDERED_NO_EFFECT, r->why);
    }
    r->reported = true;
}

enum hg_verdict hg_run_drop(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_headers *h = r->headers, before = {0};
    const struct hg_drop *failed = NULL;
    size_t kept = 0;

    if (r->listening && !hg_headers_copy(&before, h, r->run->arena))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    for (size_t i = 0; i < h->n; i++) {
        enum hg_match m = HG_MATCH_NO;

        if (failed == NULL && !is_protected(&h->v[i]))
            m = hg_drop_match_name(a, r->run->scratch, h->v[i].name, &failed);
        if (m != HG_MATCH_YES)
            h->v[kept++] = h->v[i];
    }
    h->n = kept;
    if (failed != NULL)
        return hg_run_fail(r, failed->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(failed->pattern));
    if (r->listening)
        report_drops(r, a, &before);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_keep(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_headers *h = r->headers;
    const struct hg_drop *failed = NULL;
    size_t kept = 0, dropped = 0;

    for (size_t i = 0; i < h->n; i++) {
        enum hg_match m = HG_MATCH_YES;

        if (failed == NULL && !hg_keep_spares(h->v[i].name))
            m = hg_drop_match_name(a, r->run->scratch, h->v[i].name, &failed);
        if (m == HG_MATCH_NO)
            hg_run_drop_note(r, dropped++, h->v[i].name);
        else
            h->v[kept++] = h->v[i];
    }
    h->n = kept;
    if (failed != NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(failed->pattern));
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_drop_value(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_headers *h = r->headers;
    enum hg_match m = HG_MATCH_NO;
    size_t kept = 0, dropped = 0;

    for (size_t i = 0; i < h->n; i++) {
        if (m != HG_MATCH_ERROR)
            m = hg_action_targets(a, h->v[i].name)
                    ? hg_pattern_match(a->pattern, r->run->scratch, h->v[i].value, NULL)
                    : HG_MATCH_NO;
        if (m == HG_MATCH_YES)
            hg_run_drop_note(r, dropped++, h->v[i].name);
        else
            h->v[kept++] = h->v[i];
    }
    h->n = kept;
    if (m == HG_MATCH_ERROR)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(a->pattern));
    return HG_VERDICT_PASS;
}

/* The first header the action names, one with a value before empty ones, with the others of the name taken
 * out; NULL when there is none. */
static struct hg_header *collapse(struct hg_headers *h, const struct hg_action *a)
{
    size_t kept = 0, first = SIZE_MAX;

    for (size_t i = 0; i < h->n; i++) {
        if (hg_action_targets(a, h->v[i].name)) {
            if (first != SIZE_MAX) {
                if (h->v[first].value.n == 0)
                    h->v[first] = h->v[i];
                continue;
            }
            first = kept;
        }
        h->v[kept++] = h->v[i];
    }
    h->n = kept;
    return first != SIZE_MAX ? &h->v[first] : NULL;
}

enum hg_verdict hg_run_set(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice name = hg_slice(a->name, a->name_n), value;
    struct hg_header *there;
    enum hg_verdict v;

    HG_ASSERT(!(hg_field_flags(a->field) & HG_FIELD_P));
    there = a->kind == HG_ACTION_ADD_HEADER ? NULL : collapse(r->headers, a);
    if (a->kind == HG_ACTION_DEFAULT_HEADER && there != NULL && there->value.n > 0) {
        hg_run_note(r, "%s is there", a->name);
        return HG_VERDICT_PASS;
    }
    v = hg_run_value(r, a, a->value, a->name, &value);
    if (v != HG_VERDICT_PASS)
        return v;
    if (there == NULL) {
        if (!hg_headers_add(r->headers, name, value))
            return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
        there = &r->headers->v[r->headers->n - 1];
    }
    *there = (struct hg_header){.name = name, .value = value, .id = a->field, .secret = r->shows};
    hg_run_did_set(r, a, value);
    return HG_VERDICT_PASS;
}

/* A value that matches is replaced whole; $1..$9 are what its pattern captured. */
enum hg_verdict hg_run_replace(struct hg_runner *r, const struct hg_action *a)
{
    bool own = hg_pattern_groups(a->pattern) > 0;

    for (size_t i = 0; i < r->headers->n; i++) {
        struct hg_header *h = &r->headers->v[i];
        struct hg_slice value;
        enum hg_verdict v;
        enum hg_match m;

        if (!hg_action_targets(a, h->name))
            continue;
        HG_ASSERT(!is_protected(h));
        m = hg_pattern_match(a->pattern, r->run->scratch, h->value, own ? &r->captures : NULL);
        if (m == HG_MATCH_ERROR)
            return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(a->pattern));
        if (m == HG_MATCH_NO)
            continue;
        v = hg_run_value(r, a, a->value, a->name, &value);
        if (v != HG_VERDICT_PASS)
            return v;
        h->value = value;
        h->secret = r->shows;
        hg_run_did_set(r, a, value);
    }
    return HG_VERDICT_PASS;
}
