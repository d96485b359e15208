/* SPDX-License-Identifier: MIT
 *
 * Building the actions on headers (and drop-query, which is a drop like the
 * others). What is framing or routing is no target of any of them.
 */
#include <stdlib.h>

#include "base/check.h"
#include "build.h"
#include "cache.h"
#include "member.h"

enum hg_append hg_build_name(struct hg_builder *b, struct hg_slice text, char **out, size_t *n)
{
    struct hg_template_note note;
    enum hg_append r;

    r = hg_build_from(hg_template_string(text, b->resolver, out, n, &note), NULL, &note, b->note);
    if (r != HG_APPEND_OK)
        return r;
    if (!hg_header_name_ok(hg_slice(*out, *n)))
        return hg_build_bad(b->note, "a header's name is empty or has a character that is not allowed");
    for (int id = 1; id < HG_FIELD_COUNT; id++) {
        const char *name = hg_field_name((enum hg_field)id);
        /* Transfer_Encoding too: some servers read it as the real one. */
        struct hg_action probe = {.name = *out, .name_n = *n, .aliases = true};

        if ((hg_field_flags((enum hg_field)id) & HG_FIELD_P) && hg_action_targets(&probe, hg_slice_str(name)))
            return hg_build_bad(b->note, "%s is a framing or routing header: rules cannot set it", name);
    }
    return HG_APPEND_OK;
}

static enum hg_append take_name(struct hg_builder *b)
{
    enum hg_append r = hg_build_name(b, b->spec->name, &b->a->name, &b->a->name_n);

    if (r == HG_APPEND_OK)
        b->a->field = hg_field_id(hg_slice(b->a->name, b->a->name_n));
    return r;
}

static unsigned value_flags(const struct hg_builder *b)
{
    /* In an answer a secret would go to the client. */
    return HG_TEMPLATE_VARS | (b->rs->direction == HG_REQUEST_RULES ? HG_TEMPLATE_SECRETS : 0);
}

enum hg_append hg_build_set(struct hg_builder *b)
{
    enum hg_append r = take_name(b);

    return r == HG_APPEND_OK ? hg_build_value(b, b->spec->value, value_flags(b), &b->a->value) : r;
}

/* One more pattern of names in the action. */
static enum hg_append add_pattern(struct hg_builder *b, struct hg_slice text)
{
    unsigned flags = HG_PATTERN_CASELESS | (b->spec->aliases ? HG_PATTERN_ALIASES : 0);
    struct hg_drop *d = &b->a->drop[b->a->drops];
    struct hg_slice exact;
    enum hg_append r;

    if (text.n == 0)
        return hg_build_bad(b->note, "the name is empty");
    r = hg_build_pattern(text, flags, NULL, b->resolver, &d->pattern, b->note);
    if (r != HG_APPEND_OK)
        return r;
    b->a->drops++;
    if (b->a->kind != HG_ACTION_DROP_QUERY && hg_pattern_is_exact(d->pattern, &exact) &&
        !hg_header_name_ok(exact))
        return hg_build_bad(b->note, "a header's name is empty or has a character that is not allowed");
    return HG_APPEND_OK;
}

enum hg_append hg_build_drop(struct hg_builder *b)
{
    enum hg_append r;

    b->a->drop = calloc(1, sizeof(*b->a->drop));
    if (b->a->drop == NULL)
        return hg_build_bad(b->note, "no memory");
    r = add_pattern(b, b->spec->name);
    if (r != HG_APPEND_OK)
        return r;
    b->a->id = hg_cache_id();
    b->a->drop->where = strdup(b->a->where);
    return b->a->drop->where != NULL ? HG_APPEND_OK : hg_build_bad(b->note, "no memory");
}

enum hg_append hg_build_keep(struct hg_builder *b)
{
    if (b->spec->n_names == 0)
        return hg_build_bad(b->note, "the list is empty (it would drop every header)");
    b->a->drop = calloc(b->spec->n_names, sizeof(*b->a->drop));
    if (b->a->drop == NULL)
        return hg_build_bad(b->note, "no memory");
    b->a->id = hg_cache_id();
    for (size_t i = 0; i < b->spec->n_names; i++) {
        enum hg_append r = add_pattern(b, b->spec->names[i]);

        /* A name that may be missing leaves the others. */
        if (r != HG_APPEND_OK && r != HG_APPEND_VANISHED)
            return r;
    }
    return b->a->drops > 0 ? HG_APPEND_OK : HG_APPEND_VANISHED;
}

enum hg_append hg_build_value_pattern(struct hg_builder *b, unsigned flags)
{
    enum hg_append r = hg_build_pattern(b->spec->pattern, flags, NULL, b->resolver, &b->a->pattern, b->note);

    b->note->in_pattern = r == HG_APPEND_BAD;
    return r;
}

/* Its dates have commas, and its fields cannot be joined (RFC 9110, 5.3). */
static enum hg_append check_list(struct hg_builder *b)
{
    if (b->a->field != HG_FIELD_SET_COOKIE)
        return HG_APPEND_OK;
    return hg_build_bad(b->note, "Set-Cookie is not a list of members with commas between them");
}

enum hg_append hg_build_by_value(struct hg_builder *b)
{
    bool list = b->a->kind == HG_ACTION_DROP_FROM_LIST;
    enum hg_append r = take_name(b);

    if (r == HG_APPEND_OK && list)
        r = check_list(b);
    return r == HG_APPEND_OK ? hg_build_value_pattern(b, list ? HG_PATTERN_CASELESS : 0) : r;
}

enum hg_append hg_build_replace(struct hg_builder *b)
{
    enum hg_append r = take_name(b);

    if (r == HG_APPEND_OK)
        r = hg_build_value_pattern(b, 0);
    if (r != HG_APPEND_OK)
        return r;
    if (hg_pattern_groups(b->a->pattern) > 0) /* else $1 is the condition's */
        b->groups = hg_pattern_groups(b->a->pattern);
    return hg_build_value(b, b->spec->value, value_flags(b), &b->a->value);
}

enum hg_append hg_build_add_to_list(struct hg_builder *b)
{
    enum hg_append r = take_name(b);
    struct hg_slice plain;

    if (r == HG_APPEND_OK)
        r = check_list(b);
    if (r == HG_APPEND_OK)
        r = hg_build_value(b, b->spec->value, value_flags(b), &b->a->value);
    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(b->a->value);
    if (plain.p == NULL || hg_member_ok(hg_slice_trim(plain)))
        return HG_APPEND_OK;
    b->note->in_value = true;
    return hg_build_bad(b->note, "is not one member of a list (one entry for each member)");
}
