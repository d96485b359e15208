/* SPDX-License-Identifier: MIT
 *
 * Actions on the request target. What is not named stays byte for byte.
 */
#include "base/check.h"
#include "http/target.h"
#include "run.h"
#include "segment.h"

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

/* Where the first parameter of the name stood is where it stands; the others go. */
enum hg_verdict hg_run_set_query(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_request *q = r->run->request;
    struct hg_slice rest = q->query, name, value, whole, plain = {0}, made;
    struct hg_slice key = hg_slice(a->name, a->name_n);
    size_t n = 0, kept = 0;
    bool there = false;
    enum hg_verdict v;
    char *text;

    if (hg_slice_eq(q->path, HG_LIT("*"))) { /* RFC 9112, 3.2.4 */
        hg_run_note(r, "the target is *, which has no query");
        return HG_VERDICT_PASS;
    }
    v = hg_run_expand(r, a, a->value, &plain);
    if (v != HG_VERDICT_PASS)
        return v;
    r->shows = hg_template_shows(a->value, &r->vars);
    name = hg_query_encode(r->run->arena, key);
    value = hg_query_encode(r->run->arena, plain);
    made = name.p != NULL && value.p != NULL
               ? hg_arena_printf(r->run->arena, "%.*s=%.*s", HG_FMT(name), HG_FMT(value))
               : hg_slice(NULL, 0);
    text = made.p != NULL ? hg_arena_alloc(r->run->arena, q->query.n + made.n + 2) : NULL;
    while (text != NULL && hg_query_next(&rest, &name, &value, &whole)) {
        name = hg_query_decode(r->run->arena, name);
        if (name.p == NULL)
            return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
        if (!hg_slice_ieq(name, key))
            keep_part(text, &n, kept++, whole);
        else if (!there)
            keep_part(text, &n, kept++, made);
        there = there || hg_slice_ieq(name, key);
    }
    if (text == NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    if (!there)
        keep_part(text, &n, kept, made);
    HG_ASSERT(n <= q->query.n + made.n + 1);
    q->query = hg_slice(text, n);
    q->secret = q->secret || r->shows;
    hg_run_did_set(r, a, plain);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_path(struct hg_runner *r, const struct hg_action *a)
{
    bool own = a->pattern != NULL && hg_pattern_groups(a->pattern) > 0;
    struct hg_request *q = r->run->request;
    enum hg_match m = HG_MATCH_YES;
    struct hg_slice path;
    enum hg_verdict v;

    if (a->pattern != NULL)
        m = hg_pattern_match(a->pattern, r->run->scratch, q->path, own ? &r->captures : NULL);
    if (m == HG_MATCH_ERROR)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(a->pattern));
    if (m == HG_MATCH_NO)
        return HG_VERDICT_PASS;
    v = hg_run_expand(r, a, a->value, &path);
    if (v != HG_VERDICT_PASS)
        return v;
    r->shows = hg_template_shows(a->value, &r->vars);
    if (!hg_path_ok(path))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_PATH, "");
    q->path = path;
    q->secret = q->secret || r->shows;
    hg_run_did_set(r, a, path);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_base_path(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_request *q = r->run->request;
    struct hg_slice path = hg_path_join(r->run->arena, hg_slice(a->name, a->name_n), q->path);

    if (path.p == NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    if (path.p == q->path.p)
        return HG_VERDICT_PASS;
    q->path = path;
    hg_run_did(r, "%.*s in front of the path", (int)a->name_n, a->name);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_set_host(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice host;
    enum hg_verdict v = hg_run_value(r, a, a->value, "Host", &host);

    if (v != HG_VERDICT_PASS)
        return v;
    if (!hg_authority_ok(host))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_HOST, "");
    r->run->request->host = host;
    hg_run_did_set(r, a, host);
    return HG_VERDICT_PASS;
}
