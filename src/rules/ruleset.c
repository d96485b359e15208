/* SPDX-License-Identifier: MIT
 *
 * A ruleset as an object: its life, and the questions that others ask about it
 * without running it (which secrets, which headers, what to warn about).
 */
#include <stdio.h>
#include <stdlib.h>

#include "action.h"
#include "base/check.h"
#include "cache.h"
#include "segment.h"

const char *hg_action_name(enum hg_action_kind kind)
{
    static const char *const names[] = {
#define X(id, name, directions) name,
        HG_ACTIONS(X)
#undef X
    };

    HG_ASSERT((size_t)kind < HG_ACTION_KINDS);
    return names[kind];
}

const char *hg_serve_word(enum hg_serve_what what)
{
    static const char *const words[] = {
#define X(id, word) word,
        HG_SERVES(X)
#undef X
    };

    HG_ASSERT((size_t)what < HG_SERVE_WHATS);
    return words[what];
}

struct hg_ruleset *hg_ruleset_new(enum hg_direction direction)
{
    struct hg_ruleset *rs = calloc(1, sizeof(*rs));

    HG_ASSERT(direction == HG_REQUEST_RULES || direction == HG_RESPONSE_RULES);
    if (rs == NULL)
        return NULL;
    rs->direction = direction;
    rs->depth = 1;
    return rs;
}

void hg_action_clear(struct hg_action *a)
{
    free(a->where);
    hg_condition_free(a->when);
    free(a->unset);
    for (size_t i = 0; i < a->drops; i++) {
        hg_pattern_free(a->drop[i].pattern);
        free(a->drop[i].where);
    }
    free(a->drop);
    free(a->name);
    hg_pattern_free(a->pattern);
    hg_template_free(a->value);
    hg_ruleset_free(a->child);
    hg_template_free(a->body);
    for (size_t i = 0; i < a->headers; i++) {
        free(a->header[i].name);
        hg_template_free(a->header[i].value);
    }
    free(a->header);
    memset(a, 0, sizeof(*a));
}

void hg_ruleset_free(struct hg_ruleset *rs)
{
    if (rs == NULL)
        return;
    for (size_t i = 0; i < rs->n; i++)
        hg_action_clear(&rs->v[i]);
    free(rs->v);
    free(rs->all.v);
    free(rs->always.v);
    free(rs);
}

bool hg_slots_add(struct hg_slots *s, struct hg_secret_slot *slot)
{
    HG_ASSERT(slot != NULL);
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i] == slot)
            return true;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 4;
        struct hg_secret_slot **bigger = reallocarray(s->v, cap, sizeof(struct hg_secret_slot *));

        if (bigger == NULL)
            return false;
        s->v = bigger;
        s->cap = cap;
    }
    s->v[s->n++] = slot;
    return true;
}

struct hg_secret_slot *hg_ruleset_secret(const struct hg_ruleset *rs, size_t i, bool unconditional)
{
    const struct hg_slots *s = unconditional ? &rs->always : &rs->all;

    return i < s->n ? s->v[i] : NULL;
}

unsigned hg_ruleset_asks(const struct hg_ruleset *rs)
{
    return rs->asks;
}

bool hg_ruleset_maps_origin(const struct hg_ruleset *rs)
{
    return rs->maps_origin;
}

bool hg_ruleset_taps(const struct hg_ruleset *rs)
{
    return rs->taps;
}

const char *hg_ruleset_open_host(const struct hg_ruleset *rs)
{
    return rs->open_host;
}

enum hg_match hg_drop_match(const struct hg_action *a, struct hg_scratch *scratch, struct hg_slice name,
                            const struct hg_drop **failed)
{
    enum hg_match answer = HG_MATCH_NO;

    for (size_t i = 0; i < a->drops; i++) {
        enum hg_match m = hg_pattern_match(a->drop[i].pattern, scratch, name, NULL);

        if (m == HG_MATCH_YES)
            return m;
        if (m == HG_MATCH_ERROR) {
            answer = m;
            *failed = &a->drop[i];
        }
    }
    return answer;
}

enum hg_match hg_drop_match_name(const struct hg_action *a, struct hg_scratch *scratch, struct hg_slice name,
                                 const struct hg_drop **failed)
{
    struct hg_cache *cache = hg_scratch_cache(scratch);
    enum hg_match m;
    bool yes;

    HG_ASSERT((a->kind == HG_ACTION_DROP_HEADER || a->kind == HG_ACTION_KEEP_HEADER) && a->id != 0);
    if (hg_cache_get(cache, a->id, name, &yes))
        return yes ? HG_MATCH_YES : HG_MATCH_NO;
    m = hg_drop_match(a, scratch, name, failed);
    if (m != HG_MATCH_ERROR)
        hg_cache_put(cache, a->id, name, m == HG_MATCH_YES);
    return m;
}

bool hg_keep_spares(struct hg_slice name)
{
    static const char *const handshake[] = {"Sec-WebSocket-Key", "Sec-WebSocket-Version",
                                            "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions"};

    if (hg_slice_istarts(name, HG_LIT("content-")) || (hg_field_flags(hg_field_id(name)) & HG_FIELD_P))
        return true;
    for (size_t i = 0; i < sizeof(handshake) / sizeof(*handshake); i++)
        if (hg_slice_ieq(name, hg_slice_str(handshake[i])))
            return true;
    return false;
}

static char fold_name(char c)
{
    return c == '_' ? '-' : hg_lower(c);
}

bool hg_action_targets(const struct hg_action *a, struct hg_slice name)
{
    if (a->name == NULL || name.n != a->name_n)
        return false;
    if (!a->aliases)
        return hg_slice_ieq(name, hg_slice(a->name, a->name_n));
    for (size_t i = 0; i < name.n; i++)
        if (fold_name(name.p[i]) != fold_name(a->name[i]))
            return false;
    return true;
}

static enum hg_match action_names(const struct hg_action *a, struct hg_scratch *scratch, struct hg_slice name)
{
    const struct hg_drop *failed = NULL;
    enum hg_match m = HG_MATCH_NO;

    switch (a->kind) {
    case HG_ACTION_USE:
        return a->child != NULL ? hg_ruleset_names(a->child, scratch, name) : HG_MATCH_NO;
    case HG_ACTION_DROP_HEADER:
        return a->drops > 0 ? hg_drop_match_name(a, scratch, name, &failed) : HG_MATCH_NO;
    case HG_ACTION_KEEP_HEADER:
        if (a->drops > 0 && !hg_keep_spares(name))
            m = hg_drop_match_name(a, scratch, name, &failed);
        else
            return HG_MATCH_NO;
        return m == HG_MATCH_ERROR ? m : m == HG_MATCH_YES ? HG_MATCH_NO : HG_MATCH_YES;
    case HG_ACTION_SET_QUERY:
    case HG_ACTION_BASE_PATH:
    case HG_ACTION_USAGE:
    case HG_ACTION_GUARD:
        return HG_MATCH_NO;
    default: /* of the others a name is that of a header */
        return a->name != NULL && hg_action_targets(a, name) ? HG_MATCH_YES : HG_MATCH_NO;
    }
}

enum hg_match hg_ruleset_names(const struct hg_ruleset *rs, struct hg_scratch *scratch, struct hg_slice name)
{
    enum hg_match answer = HG_MATCH_NO;

    for (size_t i = 0; i < rs->n; i++) {
        enum hg_match m = action_names(&rs->v[i], scratch, name);

        if (m == HG_MATCH_YES)
            return m;
        if (m == HG_MATCH_ERROR)
            answer = m;
    }
    return answer;
}

typedef void warn_fn(void *ctx, const char *where, const char *text);

/* Proxy-Authorization is left out: it ends here whatever the rules say, and strip rules name it. */
static void warn_drop(const struct hg_drop *d, struct hg_scratch *scratch, warn_fn *warn, void *ctx)
{
    const char *first = NULL;
    char text[256];
    unsigned n = 0;

    for (int id = 1; id < HG_FIELD_COUNT; id++) {
        const char *name = hg_field_name((enum hg_field)id);

        if (!(hg_field_flags((enum hg_field)id) & HG_FIELD_P) || id == HG_FIELD_PROXY_AUTHORIZATION ||
            hg_pattern_match(d->pattern, scratch, hg_slice_str(name), NULL) != HG_MATCH_YES)
            continue;
        if (n++ == 0)
            first = name;
    }
    if (n == 1)
        snprintf(text, sizeof(text), "drop-header matches %s, which rules never touch", first);
    else if (n > 1)
        snprintf(text, sizeof(text), "drop-header matches %s and %u more headers that rules never touch",
                 first, n - 1);
    if (n > 0)
        warn(ctx, d->where, text);
}

static void warn_action(const struct hg_action *a, struct hg_scratch *scratch, warn_fn *warn, void *ctx)
{
    char text[256];

    if (a->kind == HG_ACTION_DROP_HEADER) {
        for (size_t i = 0; i < a->drops; i++)
            warn_drop(&a->drop[i], scratch, warn, ctx);
    } else if (a->kind == HG_ACTION_USE && a->child != NULL) {
        hg_ruleset_warnings(a->child, warn, ctx);
    } else if (a->value != NULL && (hg_field_flags(a->field) & HG_FIELD_C) &&
               hg_template_uses_env(a->value) && hg_template_secret(a->value, 0) == NULL) {
        snprintf(text, sizeof(text),
                 "%s carries a credential: its value should come from a secret, not from a plain variable",
                 a->name);
        warn(ctx, a->where, text);
    }
}

void hg_ruleset_warnings(const struct hg_ruleset *rs,
                         void (*warn)(void *ctx, const char *where, const char *text), void *ctx)
{
    struct hg_scratch *scratch = hg_scratch_new();

    if (scratch == NULL)
        return;
    for (size_t i = 0; i < rs->n; i++)
        warn_action(&rs->v[i], scratch, warn, ctx);
    hg_scratch_free(scratch);
}

#define X(id, name, status, text) [HG_RULE_FAIL_##id] = {name, status, text},
static const struct {
    const char *name;
    unsigned status;
    const char *text;
} fails[] = {HG_RULE_FAILS(X)};
#undef X

const char *hg_rule_fail_name(enum hg_rule_fail f)
{
    HG_ASSERT((size_t)f < sizeof(fails) / sizeof(*fails));
    return fails[f].name;
}

unsigned hg_rule_fail_status(enum hg_rule_fail f)
{
    HG_ASSERT((size_t)f < sizeof(fails) / sizeof(*fails));
    return fails[f].status;
}

const char *hg_rule_fail_text(enum hg_rule_fail f)
{
    HG_ASSERT((size_t)f < sizeof(fails) / sizeof(*fails));
    return fails[f].text;
}
