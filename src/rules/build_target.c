/* SPDX-License-Identifier: MIT
 *
 * Building the actions on the target and the Host of a request, and those that
 * concern where an answer leads. What a request brings may fill a place in them
 * that is meant for it, and never choose another host, or another level of the
 * path than the one that is written.
 */
#include <stdlib.h>

#include "base/check.h"
#include "build.h"
#include "http/target.h"

static enum hg_append bad_value(struct hg_builder *b, const char *why)
{
    b->note->in_value = true;
    return hg_build_bad(b->note, "%s", why);
}

/* The text that is known at the front; empty: none. */
static struct hg_slice begin_of(const struct hg_template *t)
{
    if (t->n == 0 || t->v[0].kind != HG_SEGMENT_LITERAL)
        return HG_LIT("");
    return hg_slice(t->v[0].text, t->v[0].n);
}

/* Does the request decide a part of it? */
static bool is_open(const struct hg_template *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].kind != HG_SEGMENT_LITERAL && t->v[i].kind != HG_SEGMENT_SERVER_HOST &&
            t->v[i].kind != HG_SEGMENT_FRONTEND && t->v[i].kind != HG_SEGMENT_TIME)
            return true;
    return false;
}

/* Paths that rules make and paths that they look at need the same care: no second reading. */
static void asks_path(struct hg_builder *b)
{
    b->rs->asks |= HG_WHEN_BIT(HG_WHEN_PATH);
}

enum hg_append hg_build_set_query(struct hg_builder *b)
{
    struct hg_template_note note;
    enum hg_append r;

    r = hg_build_from(hg_template_string(b->spec->name, b->resolver, &b->a->name, &b->a->name_n, &note), NULL,
                      &note, b->note);
    if (r != HG_APPEND_OK)
        return r;
    if (b->a->name_n == 0)
        return hg_build_bad(b->note, "the name is empty");
    return hg_build_template(b, b->spec->value, HG_TEMPLATE_VARS | HG_TEMPLATE_SECRETS, NULL, &b->a->value);
}

enum hg_append hg_build_path(struct hg_builder *b)
{
    enum hg_append r = HG_APPEND_OK;
    struct hg_slice plain, begin;

    asks_path(b);
    if (b->a->kind == HG_ACTION_REPLACE_PATH) {
        r = hg_build_value_pattern(b, 0);
        if (r == HG_APPEND_OK && hg_pattern_groups(b->a->pattern) > 0) /* else $1 is the condition's */
            b->groups = hg_pattern_groups(b->a->pattern);
    }
    if (r == HG_APPEND_OK)
        r = hg_build_template(b, b->spec->value, HG_TEMPLATE_VARS | HG_TEMPLATE_SECRETS, NULL, &b->a->value);
    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(b->a->value);
    begin = begin_of(b->a->value);
    if (plain.p != NULL ? hg_path_ok(plain) : begin.n == 0 || begin.p[0] == '/')
        return HG_APPEND_OK;
    return bad_value(b,
                     "is no path (expected one / at the front, no ?, #, space or backslash, and no . or .. "
                     "between slashes)");
}

enum hg_append hg_build_base_path(struct hg_builder *b)
{
    struct hg_template_note note;
    struct hg_slice base;
    enum hg_append r;

    asks_path(b);
    r = hg_build_from(hg_template_string(b->spec->name, b->resolver, &b->a->name, &b->a->name_n, &note), NULL,
                      &note, b->note);
    if (r != HG_APPEND_OK)
        return r;
    base = hg_slice(b->a->name, b->a->name_n);
    if (base.n == 0 || !hg_base_path_ok(&base))
        return hg_build_bad(b->note, "is no path (expected something like \"/v1\")");
    b->a->name_n = base.n;
    return HG_APPEND_OK;
}

enum hg_append hg_build_set_host(struct hg_builder *b)
{
    enum hg_append r = hg_build_value(b, b->spec->value, HG_TEMPLATE_VARS, &b->a->value);
    struct hg_slice plain;

    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(b->a->value);
    if (plain.p != NULL && !hg_authority_ok(hg_slice_trim(plain)))
        return bad_value(b, "is no host (expected a name or an address, with an optional port)");
    if (is_open(b->a->value) && b->rs->open_host == NULL)
        b->rs->open_host = b->a->where;
    return HG_APPEND_OK;
}

/* A redirect whose origin is not written leads to a path, or back to the host that was asked for. */
static bool may_lead(struct hg_slice begin, bool whole)
{
    static const char *const schemes[] = {"https://", "http://"};
    struct hg_slice authority;
    bool tls;

    if (begin.n == 0)
        return !whole;
    if (begin.p[0] == '/')
        return begin.n == 1 || (begin.p[1] != '/' && begin.p[1] != '\\');
    if (hg_url_origin(begin, &tls, &authority) > 0)
        return authority.n > 0 ? hg_authority_ok(authority) : !whole;
    for (size_t i = 0; i < 2 && !whole; i++)
        if (hg_slice_istarts(hg_slice_str(schemes[i]), begin))
            return true;
    return false;
}

enum hg_append hg_build_redirect(struct hg_builder *b)
{
    static const unsigned known[] = {301, 302, 303, 307, 308};
    struct hg_slice plain, begin, authority;
    bool tls, good = false;
    enum hg_append r;

    b->a->status = b->spec->status != 0 ? b->spec->status : 302;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        good = good || b->a->status == known[i];
    if (!good)
        return hg_build_bad(b->note, "the status must be 301, 302, 303, 307 or 308");
    r = hg_build_value(b, b->spec->value, HG_TEMPLATE_VARS, &b->a->value);
    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(b->a->value);
    begin = plain.p != NULL ? hg_slice_trim(plain) : begin_of(b->a->value);
    if (!may_lead(begin, plain.p != NULL))
        return bad_value(b, "is no place to lead to (expected https://host/..., http://host/... or /path)");
    b->a->origin_n = hg_url_origin(begin, &tls, &authority);
    if (b->a->origin_n > 0 && authority.n == 0)
        b->a->origin_n = 0;
    return HG_APPEND_OK;
}

enum hg_append hg_build_set_status(struct hg_builder *b)
{
    unsigned status = b->spec->status;

    if (status < 200 || status > 599 || status == 204 || status == 205 || status == 304)
        return hg_build_bad(b->note, "the status must be one with a body: 200 to 599, not 204, 205 or 304");
    b->a->status = status;
    return HG_APPEND_OK;
}

enum hg_append hg_build_map_origin(struct hg_builder *b)
{
    b->rs->maps_origin = true;
    return HG_APPEND_OK;
}
