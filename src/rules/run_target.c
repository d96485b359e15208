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

/* name=value, percent-encoded. .p NULL: the arena is full. */
static struct hg_slice make_part(struct hg_arena *arena, struct hg_slice name, struct hg_slice value)
{
    struct hg_slice n = hg_query_encode(arena, name), v = hg_query_encode(arena, value);

    if (n.p == NULL || v.p == NULL)
        return hg_slice(NULL, 0);
    return hg_arena_printf(arena, "%.*s=%.*s", HG_FMT(n), HG_FMT(v));
}

/* The parameter stands where the first of its name was, else at the end; the others of the name go. */
static struct hg_slice set_part(struct hg_arena *arena, struct hg_slice query, struct hg_slice wanted,
                                struct hg_slice part)
{
    size_t cap = query.n + part.n + 2, n = 0, kept = 0;
    struct hg_slice rest = query, name, value, whole;
    char *text = hg_arena_alloc(arena, cap);
    bool done = false;

    while (text != NULL && query.n > 0 && hg_query_next(&rest, &name, &value, &whole)) {
        name = hg_query_decode(arena, name);
        if (name.p == NULL)
            return name;
        if (!hg_slice_ieq(name, wanted))
            keep_part(text, &n, kept++, whole);
        else if (!done)
            keep_part(text, &n, kept++, part);
        done = done || hg_slice_ieq(name, wanted);
        HG_ASSERT(n <= cap);
    }
    if (text != NULL && !done)
        keep_part(text, &n, kept, part);
    HG_ASSERT(n <= cap);
    return hg_slice(text, n);
}

enum hg_verdict hg_run_set_query(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice name = hg_slice(a->name, a->name_n), value, part, query;
    struct hg_request *q = r->run->request;
    enum hg_verdict v;

    if (hg_slice_eq(q->path, HG_LIT("*"))) { /* RFC 9112, 3.2.4 */
        hg_run_note(r, "the target is *, which has no query");
        return HG_VERDICT_PASS;
    }
    v = hg_run_value(r, a, a->value, a->name, &value);
    if (v != HG_VERDICT_PASS)
        return v;
    part = make_part(r->run->arena, name, value);
    query = part.p != NULL ? set_part(r->run->arena, q->query, name, part) : part;
    if (query.p == NULL)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    q->query = query;
    q->secret = q->secret || r->shows;
    hg_run_did_set(r, a, value);
    return HG_VERDICT_PASS;
}

/* May a rule make this of the path that was there? What is odd in it must have been before. */
static bool path_may_be(struct hg_slice path, struct hg_slice before)
{
    return hg_path_ok(path) && hg_path_ambiguities(path) <= hg_path_ambiguities(before);
}

enum hg_verdict hg_run_path(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_request *q = r->run->request;
    struct hg_slice path;
    enum hg_verdict v;

    if (a->pattern != NULL) {
        bool own = hg_pattern_groups(a->pattern) > 0;
        enum hg_match m = hg_pattern_match(a->pattern, r->run->scratch, q->path, own ? &r->captures : NULL);

        if (m == HG_MATCH_ERROR)
            return hg_run_fail(r, a->where, HG_RULE_FAIL_PATTERN, hg_pattern_text(a->pattern));
        if (m == HG_MATCH_NO)
            return HG_VERDICT_PASS;
    }
    v = hg_run_expand(r, a, a->value, &path);
    if (v != HG_VERDICT_PASS)
        return v;
    r->shows = hg_template_shows(a->value, &r->vars);
    if (!path_may_be(path, q->path))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_PATH, "");
    q->path = path;
    q->secret = q->secret || r->shows;
    hg_run_did_set(r, a, path);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_base_path(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice base = hg_slice(a->name, a->name_n);
    bool added;

    if (!hg_request_add_base(r->run->request, base, r->run->arena, &added))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    if (added)
        hg_run_did(r, "%.*s in front of the path", HG_FMT(base));
    else
        hg_run_note(r, "the path is below it already");
    return HG_VERDICT_PASS;
}

/* Only the field: where the request goes to, and whose certificate is asked for, stays. */
enum hg_verdict hg_run_set_host(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice host;
    enum hg_verdict v = hg_run_expand(r, a, a->value, &host);

    if (v != HG_VERDICT_PASS)
        return v;
    if (!hg_authority_ok(host))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_HOST, "");
    r->run->request->host = host;
    r->shows = hg_template_shows(a->value, &r->vars);
    hg_run_did_set(r, a, host);
    return HG_VERDICT_PASS;
}
