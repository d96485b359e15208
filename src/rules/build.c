/* SPDX-License-Identifier: MIT
 *
 * From the words of a config to an action. Everything that can be known to be
 * wrong is found here, so that running has little left that can fail; and what
 * has no value stays in the list as an action that fails who meets it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "build.h"

enum hg_append hg_build_bad(struct hg_rule_note *note, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(note->text, sizeof(note->text), fmt, ap);
    va_end(ap);
    return HG_APPEND_BAD;
}

enum hg_append hg_build_from(enum hg_template_result r, const char *what, const struct hg_template_note *text,
                             struct hg_rule_note *note)
{
    switch (r) {
    case HG_TEMPLATE_OK:
        return HG_APPEND_OK;
    case HG_TEMPLATE_VANISH:
        return HG_APPEND_VANISHED;
    case HG_TEMPLATE_UNSET:
        snprintf(note->name, sizeof(note->name), "%s", text->name);
        return HG_APPEND_UNSET;
    case HG_TEMPLATE_BAD:
        note->said = text->said;
        note->offset = text->offset;
        return hg_build_bad(note, "%s%s%s", what ? what : "", what ? ": " : "", text->text);
    }
    HG_ASSERT(false);
    return HG_APPEND_BAD;
}

enum hg_append hg_build_pattern(struct hg_slice text, unsigned flags, const char *what,
                                const struct hg_resolver *resolver, struct hg_pattern **out,
                                struct hg_rule_note *note)
{
    struct hg_pattern_problem problem = {0};
    struct hg_template_note expanding;
    enum hg_append r;
    char *expanded;
    size_t n;

    r = hg_build_from(hg_template_pattern(text, resolver, &expanded, &n, &expanding), what, &expanding, note);
    if (r != HG_APPEND_OK)
        return r;
    *out = hg_pattern_new(hg_slice(expanded, n), flags, &problem);
    free(expanded);
    if (*out != NULL)
        return HG_APPEND_OK;
    note->offset = problem.offset;
    return hg_build_bad(note, "%s%s%s (at offset %zu)", what ? what : "", what ? ": " : "", problem.text,
                        problem.offset);
}

enum hg_append hg_build_template(struct hg_builder *b, struct hg_slice text, unsigned allow, const char *what,
                                 struct hg_template **out)
{
    struct hg_template_note note;
    enum hg_append r;
    unsigned used;

    allow |= b->groups > 0 ? HG_TEMPLATE_CAPTURES : 0;
    r = hg_build_from(hg_template_compile(text, allow, b->resolver, out, &note), what, &note, b->note);
    b->note->in_value = r == HG_APPEND_BAD;
    if (r != HG_APPEND_OK)
        return r;
    used = hg_template_captures(*out);
    if (used <= b->groups)
        return HG_APPEND_OK;
    b->note->in_value = true;
    return hg_build_bad(b->note, "$%u is used, but the regex captures only %u group%s", used, b->groups,
                        b->groups == 1 ? "" : "s");
}

enum hg_append hg_build_value(struct hg_builder *b, struct hg_slice text, unsigned allow,
                              struct hg_template **out)
{
    enum hg_append r = hg_build_template(b, text, allow, NULL, out);
    struct hg_slice plain;

    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(*out);
    if (plain.p == NULL || hg_header_value_ok(plain))
        return HG_APPEND_OK;
    b->note->in_value = true;
    return hg_build_bad(b->note, "the value has a character that is not allowed in a header");
}

enum hg_append hg_build_echo(struct hg_builder *b, bool echoes)
{
    if (!echoes)
        return HG_APPEND_OK;
    if (b->rs->all.n > 0)
        return hg_build_bad(b->note,
                            "%%{headers} would show the client the credential that an action before it sets");
    b->rs->echoes = true;
    return HG_APPEND_OK;
}

static enum hg_append build_use(struct hg_builder *b)
{
    struct hg_ruleset *child = b->spec->child;
    enum hg_append r;

    HG_ASSERT(child != NULL && child != b->rs && child->direction == b->rs->direction);
    if (child->depth + 1 > HG_LIMIT_USE_DEPTH)
        return hg_build_bad(b->note, "rules use rules more than %u deep", HG_LIMIT_USE_DEPTH);
    r = hg_build_echo(b, child->echoes);
    if (r == HG_APPEND_OK)
        r = hg_build_takes(b, child->takes);
    if (r != HG_APPEND_OK)
        return r;
    b->a->name = hg_slice_dup(b->spec->name); /* for people */
    if (b->a->name == NULL)
        return hg_build_bad(b->note, "no memory");
    b->a->child = child;
    if (b->rs->depth < child->depth + 1)
        b->rs->depth = child->depth + 1;
    return r;
}

typedef enum hg_append build_fn(struct hg_builder *b);

static build_fn *const builders[HG_ACTION_KINDS] = {
    [HG_ACTION_USE] = build_use,
    [HG_ACTION_DROP_HEADER] = hg_build_drop,
    [HG_ACTION_KEEP_HEADER] = hg_build_keep,
    [HG_ACTION_DROP_HEADER_VALUE] = hg_build_by_value,
    [HG_ACTION_SET_HEADER] = hg_build_set,
    [HG_ACTION_ADD_HEADER] = hg_build_set,
    [HG_ACTION_DEFAULT_HEADER] = hg_build_set,
    [HG_ACTION_REPLACE_HEADER] = hg_build_replace,
    [HG_ACTION_ADD_TO_LIST] = hg_build_add_to_list,
    [HG_ACTION_DROP_FROM_LIST] = hg_build_by_value,
    [HG_ACTION_DROP_QUERY] = hg_build_drop,
    [HG_ACTION_SET_QUERY] = hg_build_set_query,
    [HG_ACTION_SET_PATH] = hg_build_path,
    [HG_ACTION_REPLACE_PATH] = hg_build_path,
    [HG_ACTION_BASE_PATH] = hg_build_base_path,
    [HG_ACTION_SET_HOST] = hg_build_set_host,
    [HG_ACTION_DENY] = hg_build_answer,
    [HG_ACTION_RESPOND] = hg_build_answer,
    [HG_ACTION_REDIRECT] = hg_build_redirect,
    [HG_ACTION_SERVE] = hg_build_serve,
    [HG_ACTION_RATE_LIMIT] = hg_build_rate_limit,
    [HG_ACTION_GUARD] = hg_build_guard,
    [HG_ACTION_SET_STATUS] = hg_build_set_status,
    [HG_ACTION_MAP_ORIGIN] = hg_build_map_origin,
    [HG_ACTION_LOG] = hg_build_log,
    [HG_ACTION_USAGE] = hg_build_usage,
};

static const unsigned char directions[] = {
#define X(id, name, in) in,
    HG_ACTIONS(X)
#undef X
};

bool hg_action_once(enum hg_action_kind kind)
{
    HG_ASSERT((size_t)kind < HG_ACTION_KINDS);
    return (directions[kind] & HG_ACTION_ONCE) != 0;
}

static enum hg_append build_kind(struct hg_builder *b)
{
    HG_ASSERT((size_t)b->spec->kind < HG_ACTION_KINDS && builders[b->spec->kind] != NULL);
    if (!(directions[b->spec->kind] & b->rs->direction))
        return hg_build_bad(b->note, "this action is not for %s",
                            b->rs->direction == HG_REQUEST_RULES ? "requests" : "responses");
    b->a->aliases = b->spec->aliases;
    b->a->observe = b->spec->observe;
    b->groups = hg_condition_groups(b->a->when);
    return builders[b->spec->kind](b);
}

static bool collect_secrets(struct hg_ruleset *rs, const struct hg_action *a)
{
    struct hg_secret_slot *slot;
    bool ok = true;

    rs->asks |= hg_condition_asks(a->when) | (a->child != NULL ? a->child->asks : 0);
    if (a->value != NULL)
        rs->asks |= hg_template_asks(a->value);
    for (size_t i = 0; ok && a->value != NULL && (slot = hg_template_secret(a->value, i)) != NULL; i++)
        ok = hg_slots_add(&rs->all, slot);
    for (size_t i = 0; ok && a->value != NULL && a->when == NULL; i++) {
        slot = hg_template_needs(a->value, i);
        if (slot == NULL)
            break;
        ok = hg_slots_add(&rs->always, slot);
    }
    if (a->child == NULL)
        return ok;
    rs->maps_origin = rs->maps_origin || a->child->maps_origin;
    rs->taps = rs->taps || a->child->taps;
    rs->open_host = rs->open_host != NULL ? rs->open_host : a->child->open_host;
    for (size_t i = 0; ok && i < a->child->all.n; i++)
        ok = hg_slots_add(&rs->all, a->child->all.v[i]);
    for (size_t i = 0; ok && a->when == NULL && i < a->child->always.n; i++)
        ok = hg_slots_add(&rs->always, a->child->always.v[i]);
    return ok;
}

static bool is_mergeable(const struct hg_action *a)
{
    return a->kind == HG_ACTION_DROP_HEADER && a->when == NULL && a->unset == NULL && a->drops > 0;
}

/* Joins a drop with the one before: nothing can happen between them, and they cost one look-up. */
static bool merge(struct hg_ruleset *rs, struct hg_action *a)
{
    struct hg_action *last = rs->n > 0 ? &rs->v[rs->n - 1] : NULL;
    struct hg_drop *bigger;

    if (last == NULL || !is_mergeable(last) || !is_mergeable(a))
        return false;
    HG_ASSERT(a->drops == 1);
    bigger = reallocarray(last->drop, last->drops + 1, sizeof(*bigger));
    if (bigger == NULL)
        return false;
    last->drop = bigger;
    last->drop[last->drops++] = a->drop[0];
    last->id = a->id; /* what was remembered of the smaller set no longer holds */
    a->drops = 0;
    hg_action_clear(a);
    return true;
}

static bool store(struct hg_ruleset *rs, struct hg_action *a)
{
    if (!collect_secrets(rs, a))
        return false;
    if (merge(rs, a))
        return true;
    if (rs->n == rs->cap) {
        size_t cap = rs->cap ? rs->cap * 2 : 8;
        struct hg_action *bigger = reallocarray(rs->v, cap, sizeof(*bigger));

        if (bigger == NULL)
            return false;
        rs->v = bigger;
        rs->cap = cap;
    }
    rs->v[rs->n++] = *a;
    memset(a, 0, sizeof(*a));
    return true;
}

/* What has no value becomes an action that fails. When not even its condition is known, every request meets
 * it. */
static enum hg_append keep_unset(struct hg_builder *b, bool conditional)
{
    b->a->unset = strdup(b->note->name);
    if (b->a->unset == NULL || !store(b->rs, b->a))
        return hg_build_bad(b->note, "no memory");
    return conditional ? HG_APPEND_OK : HG_APPEND_UNSET;
}

enum hg_append hg_ruleset_append(struct hg_ruleset *rs, const struct hg_action_spec *spec,
                                 const struct hg_resolver *resolver, struct hg_rule_note *note)
{
    struct hg_action a = {.kind = spec->kind};
    struct hg_builder b = {rs, spec, resolver, note, &a, 0};
    const struct hg_condition_spec when = {rs->direction, spec->no_server, spec->when, spec->if_,
                                           spec->unless};
    bool conditional;
    enum hg_append r;

    HG_ASSERT(rs != NULL && resolver != NULL && note != NULL);
    memset(note, 0, sizeof(*note));
    a.where = strdup(spec->where ? spec->where : "");
    if (a.where == NULL)
        return hg_build_bad(note, "no memory");
    r = hg_condition_build(&when, resolver, &a.when, note);
    conditional = a.when != NULL;
    if (r == HG_APPEND_OK)
        r = build_kind(&b);
    if (r == HG_APPEND_UNSET)
        r = keep_unset(&b, conditional);
    else if (r == HG_APPEND_OK && !store(rs, &a))
        r = hg_build_bad(note, "no memory");
    if (r == HG_APPEND_BAD)
        a.child = NULL; /* still the caller's */
    hg_action_clear(&a);
    return r;
}
