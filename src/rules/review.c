/* SPDX-License-Identifier: MIT
 *
 * What is pointless in a sequence of lists, for `check`: a credential that is
 * set and then always taken away or replaced, and an action behind one that
 * answers every request. Only what is certain: nothing that depends on a
 * condition is blamed, and a pattern that hits its limit is no finding.
 */
#include <stdarg.h>
#include <stdio.h>

#include "action.h"
#include "base/check.h"
#include "segment.h"

#define MAX_INJECTIONS 64 /* remembered at once */

struct injection {
    const struct hg_action *by;
    struct hg_secret_slot *slot;
};

struct review {
    struct hg_scratch *scratch;
    void (*warn)(void *ctx, const char *where, const char *text);
    void *ctx;
    struct injection v[MAX_INJECTIONS];
    size_t n;
    const struct hg_action *end; /* answers every request */
    bool end_said;
};

/* What an action sets. */
enum place { IN_HEADER, IN_QUERY, IN_PATH };

static enum place place_of(const struct hg_action *a)
{
    switch (a->kind) {
    case HG_ACTION_SET_QUERY:
    case HG_ACTION_DROP_QUERY:
        return IN_QUERY;
    case HG_ACTION_SET_PATH:
    case HG_ACTION_REPLACE_PATH:
        return IN_PATH;
    default:
        return IN_HEADER;
    }
}

static struct hg_slice name_of(const struct hg_action *a)
{
    HG_ASSERT(a->name != NULL);
    return hg_slice(a->name, a->name_n);
}

__attribute__((format(printf, 3, 4))) static void say(const struct review *r, const char *where,
                                                      const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    r->warn(r->ctx, where, text);
}

/* It is said once. */
static void forget(struct review *r, size_t i)
{
    HG_ASSERT(i < r->n);
    r->v[i] = r->v[--r->n];
}

static void undone(struct review *r, size_t i, const char *where, const char *does)
{
    const struct injection *in = &r->v[i];

    say(r, where, "%s %s, which the action at %s sets from secret %s", does,
        in->by->name != NULL ? in->by->name : "the path", in->by->where, hg_secret_slot_name(in->slot));
    forget(r, i);
}

static void look_at_drop(struct review *r, const struct hg_action *a)
{
    for (size_t d = 0; d < a->drops; d++)
        for (size_t i = r->n; i > 0; i--)
            if (place_of(r->v[i - 1].by) == place_of(a) &&
                hg_pattern_match(a->drop[d].pattern, r->scratch, name_of(r->v[i - 1].by), NULL) ==
                    HG_MATCH_YES)
                undone(r, i - 1, a->drop[d].where, "drops");
}

/* What no pattern of it names is dropped. */
static void look_at_keep(struct review *r, const struct hg_action *a)
{
    for (size_t i = r->n; i > 0; i--) {
        bool header = place_of(r->v[i - 1].by) == IN_HEADER;
        struct hg_slice name = header ? name_of(r->v[i - 1].by) : HG_LIT("");
        bool kept = !header || hg_keep_spares(name);

        for (size_t d = 0; d < a->drops && !kept; d++)
            kept = hg_pattern_match(a->drop[d].pattern, r->scratch, name, NULL) != HG_MATCH_NO;
        if (!kept)
            undone(r, i - 1, a->where, "drops");
    }
}

static void look_at_set(struct review *r, const struct hg_action *a)
{
    for (size_t i = r->n; i > 0; i--)
        if (place_of(r->v[i - 1].by) == place_of(a) && hg_action_targets(a, name_of(r->v[i - 1].by)))
            undone(r, i - 1, a->where, "sets again");
}

/* A path that is made of the one before may still hold it. */
static void look_at_path(struct review *r, const struct hg_action *a)
{
    if (a->value == NULL || a->value->path || hg_template_captures(a->value) > 0)
        return;
    for (size_t i = r->n; i > 0; i--)
        if (place_of(r->v[i - 1].by) == IN_PATH)
            undone(r, i - 1, a->where, "sets again");
}

static void remember(struct review *r, const struct hg_action *a)
{
    struct hg_secret_slot *slot = a->value != NULL ? hg_template_secret(a->value, 0) : NULL;

    if (slot != NULL && r->n < MAX_INJECTIONS)
        r->v[r->n++] = (struct injection){a, slot};
}

static void look_at_list(struct review *r, const struct hg_ruleset *rs, bool always);

static void look_at(struct review *r, const struct hg_action *a, bool always)
{
    switch (a->kind) {
    case HG_ACTION_USE:
        if (a->child != NULL)
            look_at_list(r, a->child, always);
        break;
    case HG_ACTION_DROP_HEADER:
    case HG_ACTION_DROP_QUERY:
        if (always)
            look_at_drop(r, a);
        break;
    case HG_ACTION_KEEP_HEADER:
        if (always)
            look_at_keep(r, a);
        break;
    case HG_ACTION_SET_HEADER:
    case HG_ACTION_SET_QUERY:
        if (always)
            look_at_set(r, a);
        remember(r, a);
        break;
    case HG_ACTION_SET_PATH:
        if (always)
            look_at_path(r, a);
        remember(r, a);
        break;
    case HG_ACTION_ADD_HEADER:
    case HG_ACTION_DEFAULT_HEADER:
    case HG_ACTION_REPLACE_HEADER:
    case HG_ACTION_ADD_TO_LIST:
    case HG_ACTION_REPLACE_PATH:
        remember(r, a);
        break;
    case HG_ACTION_DENY:
    case HG_ACTION_RESPOND:
    case HG_ACTION_REDIRECT:
        if (always && !a->observe)
            r->end = a;
        break;
    default:
        break;
    }
}

/* always: every request comes to this list. */
static void look_at_list(struct review *r, const struct hg_ruleset *rs, bool always)
{
    for (size_t i = 0; i < rs->n; i++) {
        const struct hg_action *a = &rs->v[i];

        if (r->end != NULL) {
            if (!r->end_said)
                say(r, a->where, "is never reached: the action at %s answers every request", r->end->where);
            r->end_said = true;
            return;
        }
        if (a->unset == NULL) /* else it is not known what it would do */
            look_at(r, a, always && a->when == NULL);
    }
}

const char *hg_ruleset_review(const struct hg_ruleset *const *lists, size_t n,
                              void (*warn)(void *ctx, const char *where, const char *text), void *ctx)
{
    struct review r = {.scratch = hg_scratch_new(), .warn = warn, .ctx = ctx};

    HG_ASSERT(lists != NULL && warn != NULL);
    if (r.scratch == NULL)
        return NULL; /* nothing is certain */
    for (size_t i = 0; i < n; i++)
        look_at_list(&r, lists[i], true);
    hg_scratch_free(r.scratch);
    return r.end != NULL ? r.end->where : NULL;
}
