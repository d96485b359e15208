/* SPDX-License-Identifier: MIT
 *
 * Building the actions that change the request target.
 */
#include "base/check.h"
#include "build.h"
#include "http/target.h"

#define REQUEST_VALUE (HG_TEMPLATE_VARS | HG_TEMPLATE_SECRETS)

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
    return hg_build_value(b, b->spec->value, REQUEST_VALUE, &b->a->value);
}

/* Can it be a path? note says why not. */
static enum hg_append check_plain(struct hg_builder *b, struct hg_slice path)
{
    b->note->in_value = true;
    if (path.n == 0)
        return hg_build_bad(b->note, "the path is empty");
    if (!hg_path_ok(path))
        return hg_build_bad(b->note,
                            "the path is not valid (expected one / at its start, and no space, ?, # or "
                            "control character)");
    if (hg_path_is_ambiguous(path))
        return hg_build_bad(b->note,
                            "the path has a dot segment, a backslash or an encoded control character");
    b->note->in_value = false;
    return HG_APPEND_OK;
}

/* What is known of it now is checked now: all of it, or how it begins. */
static enum hg_append check_path(struct hg_builder *b)
{
    const struct hg_template *t = b->a->value;
    struct hg_slice plain = hg_template_static(t);

    if (plain.p != NULL)
        return check_plain(b, plain);
    HG_ASSERT(t->n > 0);
    if (t->v[0].kind != HG_SEGMENT_LITERAL || t->v[0].text[0] == '/')
        return HG_APPEND_OK;
    b->note->in_value = true;
    return hg_build_bad(b->note, "the path does not begin with /");
}

enum hg_append hg_build_path(struct hg_builder *b)
{
    enum hg_append r = HG_APPEND_OK;

    HG_ASSERT(b->a->kind == HG_ACTION_SET_PATH || b->a->kind == HG_ACTION_REPLACE_PATH);
    if (b->a->kind == HG_ACTION_REPLACE_PATH) {
        r = hg_build_pattern(b->spec->pattern, 0, NULL, b->resolver, &b->a->pattern, b->note);
        b->note->in_pattern = r == HG_APPEND_BAD;
        if (r == HG_APPEND_OK && hg_pattern_groups(b->a->pattern) > 0) /* else $1 is the condition's */
            b->groups = hg_pattern_groups(b->a->pattern);
    }
    if (r == HG_APPEND_OK)
        r = hg_build_template(b, b->spec->value, REQUEST_VALUE, NULL, &b->a->value);
    return r == HG_APPEND_OK ? check_path(b) : r;
}

enum hg_append hg_build_base_path(struct hg_builder *b)
{
    struct hg_template_note note;
    struct hg_slice path;
    enum hg_append r;

    r = hg_build_from(hg_template_string(b->spec->value, b->resolver, &b->a->name, &b->a->name_n, &note),
                      NULL, &note, b->note);
    b->note->in_value = r == HG_APPEND_BAD;
    if (r != HG_APPEND_OK)
        return r;
    path = hg_slice(b->a->name, b->a->name_n);
    r = check_plain(b, path);
    while (r == HG_APPEND_OK && b->a->name_n > 0 && b->a->name[b->a->name_n - 1] == '/')
        b->a->name[--b->a->name_n] = '\0';
    return r;
}

enum hg_append hg_build_set_host(struct hg_builder *b)
{
    enum hg_append r = hg_build_template(b, b->spec->value, HG_TEMPLATE_VARS, NULL, &b->a->value);
    struct hg_slice plain;

    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(b->a->value);
    if (plain.p == NULL || hg_authority_ok(plain))
        return HG_APPEND_OK;
    b->note->in_value = true;
    return hg_build_bad(b->note, "is not a host with an optional port");
}
