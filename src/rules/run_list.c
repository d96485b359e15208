/* SPDX-License-Identifier: MIT
 *
 * Actions on members of comma-separated fields. A field that nothing is taken
 * from stays as it was written.
 */
#include "base/check.h"
#include "member.h"
#include "run.h"

/* The last field that may get one more member; *there: one of them has the token already. */
static struct hg_header *find_list(struct hg_runner *r, const struct hg_action *a, struct hg_slice token,
                                   bool *there)
{
    struct hg_header *last = NULL;

    *there = false;
    for (size_t i = 0; i < r->headers->n; i++) {
        struct hg_header *h = &r->headers->v[i];
        struct hg_slice rest = h->value;
        struct hg_member m;

        if (!hg_action_targets(a, h->name))
            continue;
        last = h;
        while (hg_member_next(&rest, &m))
            *there = *there || hg_slice_ieq(m.token, token);
    }
    return last;
}

enum hg_verdict hg_run_add_to_list(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice value, rest;
    struct hg_header *last;
    struct hg_member m;
    enum hg_verdict v = hg_run_value(r, a, a->value, a->name, &value);
    bool there;

    if (v != HG_VERDICT_PASS || value.n == 0)
        return v;
    if (!hg_member_ok(value))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMBER, a->name);
    rest = value;
    if (!hg_member_next(&rest, &m))
        HG_ASSERT(false);
    last = find_list(r, a, m.token, &there);
    if (there) {
        hg_run_note(r, "%s has it", a->name);
        return HG_VERDICT_PASS;
    }
    hg_run_did_set(r, a, value);
    if (last == NULL) {
        if (!hg_headers_add(r->headers, hg_slice(a->name, a->name_n), value))
            return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
        last = &r->headers->v[r->headers->n - 1];
    } else if (last->value.n > 0) {
        value = hg_arena_printf(r->run->arena, "%.*s, %.*s", HG_FMT(last->value), HG_FMT(value));
        if (value.p == NULL)
            return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    }
    last->value = value;
    last->secret = last->secret || r->shows;
    return HG_VERDICT_PASS;
}

static void put(char *text, size_t *n, struct hg_slice s)
{
    if (s.n > 0)
        memcpy(text + *n, s.p, s.n);
    *n += s.n;
}

/* Into *value what is left of it; *dropped counts. */
static enum hg_verdict drop_members(struct hg_runner *r, const struct hg_action *a, struct hg_slice *value,
                                    size_t *dropped)
{
    struct hg_slice rest = *value;
    struct hg_member m;
    size_t n = 0, cap = value->n;
    /* A member and its ", " take no more than it had, but for a list written without blanks. */
    char *text = cap < SIZE_MAX / 2 ? hg_arena_alloc(r->run->arena, cap * 2 + 1) : NULL;

    if (text == NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    while (hg_member_next(&rest, &m)) {
        switch (hg_pattern_match(a->pattern, r->run->scratch, m.token, NULL)) {
        case HG_MATCH_ERROR:
            return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(a->pattern));
        case HG_MATCH_YES:
            (*dropped)++;
            break;
        case HG_MATCH_NO:
            put(text, &n, n > 0 ? HG_LIT(", ") : HG_LIT(""));
            put(text, &n, m.whole);
            break;
        }
        HG_ASSERT(n <= cap * 2);
    }
    *value = hg_slice(text, n);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_drop_from_list(struct hg_runner *r, const struct hg_action *a)
{
    size_t kept = 0, all = 0;

    for (size_t i = 0; i < r->headers->n; i++) {
        struct hg_header h = r->headers->v[i];
        struct hg_slice left = h.value;
        size_t dropped = 0;

        if (hg_action_targets(a, h.name)) {
            enum hg_verdict v = drop_members(r, a, &left, &dropped);

            if (v != HG_VERDICT_PASS)
                return v; /* the message does not leave */
        }
        if (dropped > 0)
            h.value = left;
        if (dropped == 0 || left.n > 0)
            r->headers->v[kept++] = h;
        all += dropped;
    }
    r->headers->n = kept;
    if (all > 0)
        hg_run_did(r, "took %zu member%s from %s", all, all == 1 ? "" : "s", a->name);
    return HG_VERDICT_PASS;
}
