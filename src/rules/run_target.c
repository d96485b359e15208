/* SPDX-License-Identifier: MIT
 *
 * Actions on the request target. What is not named stays byte for byte.
 */
#include "base/check.h"
#include "http/target.h"
#include "run.h"

/* Appends a part as it was written to the query that is kept. */
static void keep_part(char *text, size_t *n, size_t parts, struct hg_slice whole)
{
    if (parts > 0)
        text[(*n)++] = '&';
    if (whole.n > 0)
        memcpy(text + *n, whole.p, whole.n);
    *n += whole.n;
}

enum hg_verdict hg_run_drop_query(struct hg_runner *r, const struct hg_action *a)
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
            return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
        m = hg_drop_match(a, r->run->scratch, name, &failed);
        if (m == HG_MATCH_ERROR)
            return hg_run_fail(r, failed->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(failed->pattern));
        if (m == HG_MATCH_YES)
            hg_run_drop_note(r, dropped++, name);
        else
            keep_part(text, &n, kept++, whole);
        HG_ASSERT(n <= q->query.n);
    }
    if (text == NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    if (dropped > 0)
        q->query = n > 0 ? hg_slice(text, n) : hg_slice(NULL, 0);
    return HG_VERDICT_PASS;
}
