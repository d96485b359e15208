/* SPDX-License-Identifier: MIT
 *
 * What a tap would say of an answer: the body that a fixture gives goes through
 * the tap that measures real ones.
 */
#include "base/check.h"
#include "tools/trial.h"

static struct hg_slice add(struct hg_trial *t, struct hg_slice text, struct hg_slice more)
{
    return text.p != NULL ? hg_arena_join(&t->arena, text, more) : text;
}

static struct hg_slice say(struct hg_trial *t, const struct hg_tap_usage *u)
{
    struct hg_slice text = hg_arena_printf(&t->arena, "%s", t->route.usage->name);

    for (int i = 0; i < HG_TAP_COUNTS; i++)
        if ((u->found & (1u << i)) != 0)
            text = add(t, text,
                       hg_arena_printf(&t->arena, " %s=%llu", hg_tap_field_name((enum hg_tap_field)i),
                                       (unsigned long long)u->tokens[i]));
    if (u->model.n != 0)
        text = add(t, text, hg_arena_printf(&t->arena, " model=%.*s", HG_FMT(u->model)));
    if (u->state == HG_TAP_NOT_MEASURED)
        text = add(t, text, hg_arena_printf(&t->arena, " not-measured %s", hg_tap_why_word(u->why)));
    return text;
}

struct hg_slice hg_trial_usage(struct hg_trial *t, struct hg_slice body)
{
    const struct hg_usage *u = t->route.usage;
    struct hg_tap_usage found;
    struct hg_slice text;
    struct hg_tap *tap;

    HG_ASSERT(t->stage == HG_TRIAL_RETURNING);
    if (u == NULL)
        return HG_LIT("none");
    tap = hg_tap_new(u->rules, &t->route.tap_head, u->limit);
    if (tap == NULL)
        return hg_slice(NULL, 0);
    hg_tap_feed(tap, body);
    hg_tap_end(tap, true);
    hg_tap_usage(tap, &found);
    text = say(t, &found);
    hg_tap_free(tap);
    return text;
}
