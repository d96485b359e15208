/* SPDX-License-Identifier: MIT
 *
 * Tables: keys apart, full ones, holds that outlive their window, plans that
 * follow each other, and threads.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "policy/policy.h"
#include "support/unit.h"

#define SECOND UINT64_C(1000000)
#define MINUTE (60 * SECOND)

/* Holds h with room for one. */
#define HOLDS(h)             \
    struct hg_hold h##_room; \
    struct hg_holds h = {.v = &h##_room, .cap = 1}

static enum hg_take ask_for(const struct hg_take_ask *ask, struct hg_holds *h, struct hg_refusal *why)
{
    struct hg_hold hold = {0};
    enum hg_take taken = hg_series_take(ask, &hold, why);

    if (taken == HG_TAKE_OK)
        hg_holds_add(h, &hold);
    return taken;
}

static enum hg_take take(struct hg_series *s, const char *key, uint64_t amount, uint64_t now,
                         struct hg_holds *h, struct hg_refusal *why)
{
    const struct hg_take_ask ask = {.series = s,
                                    .rate = {amount, 0, MINUTE},
                                    .key = hg_slice_str(key),
                                    .measure = HG_MEASURE_REQUESTS,
                                    .n = 1,
                                    .need = 1,
                                    .now = now};

    return ask_for(&ask, h, why);
}

/* Takes and lets go, as a request that left does. */
static bool pass(struct hg_series *s, const char *key, uint64_t amount, uint64_t now)
{
    HOLDS(h);
    struct hg_refusal why;

    if (take(s, key, amount, now, &h, &why) != HG_TAKE_OK)
        return false;
    hg_holds_settle(&h, now);
    return true;
}

HG_TEST(keys_and_limits_count_apart)
{
    struct hg_table *t = hg_table_new("t", 10, false);
    struct hg_series *a, *b, *again;

    HG_NEED(t != NULL);
    a = hg_table_series(t, "a", MINUTE);
    b = hg_table_series(t, "b", MINUTE);
    again = hg_table_series(t, "a", MINUTE);
    HG_CHECK(a == again && a != b);
    HG_CHECK(pass(a, "x", 1, 0) && !pass(a, "x", 1, 0));
    HG_CHECK(pass(a, "y", 1, 0) && pass(b, "x", 1, 0) && pass(a, "", 1, 0));
    HG_CHECK_U64(hg_table_used(t), 4);
    hg_series_release(&again);
    HG_CHECK(!pass(a, "x", 1, 0));
    hg_series_release(&a);
    HG_CHECK_U64(hg_table_used(t), 1);
    hg_series_release(&b);
    hg_table_unref(&t);
    HG_CHECK(t == NULL);
}

HG_TEST(a_full_table_refuses_new_keys_until_one_is_empty)
{
    struct hg_table *t = hg_table_new("t", 2, false);
    struct hg_series *s = hg_table_series(t, "s", MINUTE);
    struct hg_refusal why = {0};
    HOLDS(h);

    HG_CHECK(pass(s, "x", 5, 10 * SECOND) && pass(s, "y", 5, 20 * SECOND));
    HG_CHECK(take(s, "z", 5, 25 * SECOND, &h, &why) == HG_TAKE_FULL);
    HG_CHECK_U64(why.room, 0);
    HG_CHECK_U64(why.wait, 45 * SECOND);
    HG_CHECK(pass(s, "x", 5, 26 * SECOND)); /* who is in it goes on */
    HG_CHECK(pass(s, "z", 5, 80 * SECOND)); /* y has left its window */
    HG_CHECK(take(s, "y", 5, 80 * SECOND, &h, &why) == HG_TAKE_FULL);
    HG_CHECK_U64(hg_table_used(t), 2);
    hg_series_release(&s);
    hg_table_unref(&t);
}

HG_TEST(a_full_table_may_forget_who_came_longest_ago)
{
    struct hg_table *t = hg_table_new("t", 2, true);
    struct hg_series *s = hg_table_series(t, "s", MINUTE), *other = hg_table_series(t, "o", MINUTE);

    HG_CHECK(pass(s, "x", 1, 1) && pass(other, "y", 1, 2));
    HG_CHECK(!pass(s, "x", 1, 3)); /* asked again: y is the oldest now */
    HG_CHECK(pass(s, "z", 1, 4));
    HG_CHECK(!pass(s, "x", 1, 5));
    HG_CHECK(pass(other, "y", 1, 6)); /* forgotten, and z goes for it */
    HG_CHECK(!pass(s, "x", 1, 7));
    HG_CHECK_U64(hg_table_used(t), 2);
    hg_series_release(&s);
    hg_series_release(&other);
    hg_table_unref(&t);
}

HG_TEST(many_keys_are_all_found_again)
{
    struct hg_table *t = hg_table_new("t", 5000, false);
    struct hg_series *s = hg_table_series(t, "s", MINUTE);
    char key[16];

    for (unsigned i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "k%u", i);
        HG_CHECK(pass(s, key, 1, 1));
    }
    for (unsigned i = 0; i < 5001; i++) {
        snprintf(key, sizeof(key), "k%u", i);
        HG_CHECK(!pass(s, key, 1, 1));
    }
    HG_CHECK_U64(hg_table_used(t), 5000);
    hg_series_release(&s);
    hg_table_unref(&t);
}

HG_TEST(a_hold_on_a_window_that_is_gone_touches_nobody)
{
    struct hg_table *t = hg_table_new("t", 1, true);
    struct hg_series *s = hg_table_series(t, "s", MINUTE);
    HOLDS(h);
    struct hg_refusal why;

    HG_CHECK(take(s, "x", 1, 1, &h, &why) == HG_TAKE_OK);
    HG_CHECK(pass(s, "y", 1, 2)); /* in the memory of x */
    hg_holds_give_back(&h, 3);
    HG_CHECK(!pass(s, "y", 1, 4));
    HG_CHECK(take(s, "x", 1, 5, &h, &why) == HG_TAKE_OK);
    hg_series_release(&s);
    hg_holds_settle(&h, 6);
    hg_table_unref(&t);
}

HG_TEST(held_windows_are_not_taken_for_empty)
{
    struct hg_table *t = hg_table_new("t", 1, false);
    struct hg_series *s = hg_table_series(t, "s", MINUTE);
    HOLDS(h);
    struct hg_refusal why;
    const struct hg_take_ask ask = {
        .series = s, .rate = {10, 0, MINUTE}, .key = HG_LIT("x"), .measure = HG_MEASURE_BYTES, .need = 1};

    HG_CHECK(ask_for(&ask, &h, &why) == HG_TAKE_OK);
    HG_CHECK(!pass(s, "y", 1, 1)); /* x has sent nothing yet, but is about to */
    hg_holds_correct(&h, HG_MEASURE_BYTES, 0, true, 2);
    HG_CHECK(pass(s, "y", 1, 3));
    hg_series_release(&s);
    hg_table_unref(&t);
}

HG_TEST(holds_are_corrected_by_what_passed)
{
    struct hg_table *t = hg_table_new("t", 10, false);
    struct hg_series *s = hg_table_series(t, "s", MINUTE);
    HOLDS(h);
    struct hg_refusal why;
    struct hg_take_ask ask = {.series = s,
                              .rate = {100, 0, MINUTE},
                              .key = HG_LIT("x"),
                              .measure = HG_MEASURE_BYTES,
                              .n = 40,
                              .need = 40};

    HG_CHECK(ask_for(&ask, &h, &why) == HG_TAKE_OK);
    HG_CHECK(hg_holds_have(&h, HG_MEASURE_BYTES) && !hg_holds_have(&h, HG_MEASURE_TOKENS));
    hg_holds_correct(&h, HG_MEASURE_BYTES, 10, false, 1); /* 40 are on the way */
    hg_holds_correct(&h, HG_MEASURE_TOKENS, 99, true, 1); /* not of this hold */
    ask.n = ask.need = 61;
    HG_CHECK(ask_for(&ask, &(struct hg_holds){0}, &why) == HG_TAKE_OVER);
    HG_CHECK_U64(why.room, 60);
    hg_holds_correct(&h, HG_MEASURE_BYTES, 70, false, 2);
    HG_CHECK(ask_for(&ask, &(struct hg_holds){0}, &why) == HG_TAKE_OVER);
    HG_CHECK_U64(why.room, 30);
    hg_holds_correct(&h, HG_MEASURE_BYTES, 39, true, 3);
    hg_holds_correct(&h, HG_MEASURE_BYTES, 90, true, 3); /* it was final */
    hg_holds_settle(&h, 4);
    ask.n = ask.need = 62;
    HG_CHECK(ask_for(&ask, &(struct hg_holds){0}, &why) == HG_TAKE_OVER);
    HG_CHECK_U64(why.room, 61);
    hg_series_release(&s);
    hg_table_unref(&t);
}

HG_TEST(several_limits_are_given_back_together)
{
    struct hg_table *t = hg_table_new("t", 10, false);
    struct hg_series *a = hg_table_series(t, "a", MINUTE), *b = hg_table_series(t, "b", MINUTE);
    HOLDS(h);
    struct hg_refusal why;

    HG_CHECK(pass(b, "x", 1, 0));
    for (unsigned i = 0; i < 3; i++) {
        HG_CHECK(take(a, "x", 1, 1, &h, &why) == HG_TAKE_OK);
        HG_CHECK(take(b, "x", 1, 1, &(struct hg_holds){0}, &why) == HG_TAKE_OVER);
        hg_holds_give_back(&h, 1);
        HG_CHECK_U64(h.n, 0);
    }
    hg_series_release(&a);
    hg_series_release(&b);
    hg_table_unref(&t);
}

/* ---- plans that follow each other ---- */

static struct hg_policy *plan(const char *table, const char *limit, uint64_t period,
                              const struct hg_policy *previous)
{
    const struct hg_policy_table tables[] = {{table, 10, false}};
    const struct hg_policy_limit limits[] = {{limit, 0, period}};
    const struct hg_policy_spec spec = {tables, 1, limits, 1};

    return hg_policy_new(&spec, previous);
}

HG_TEST(a_new_plan_forgets_nothing_that_it_names)
{
    struct hg_policy *one = plan("t", "a", MINUTE, NULL), *two, *three;

    HG_NEED(one != NULL);
    HG_CHECK(pass(hg_policy_series(one, 0), "x", 2, 0));
    two = plan("t", "a", MINUTE, one);
    HG_CHECK(hg_policy_series(two, 0) == hg_policy_series(one, 0));
    HG_CHECK(pass(hg_policy_series(two, 0), "x", 2, 0) && !pass(hg_policy_series(one, 0), "x", 2, 0));
    hg_policy_free(one);
    HG_CHECK(!pass(hg_policy_series(two, 0), "x", 2, 0));
    three = plan("t", "a", 60 * MINUTE, two); /* another period is another window */
    HG_CHECK(hg_policy_series(two, 0) != hg_policy_series(three, 0));
    HG_CHECK(hg_policy_table_of(two, 0) == hg_policy_table_of(three, 0));
    HG_CHECK_U64(hg_table_used(hg_policy_table_of(three, 0)), 1);
    hg_policy_free(two);
    HG_CHECK_U64(hg_table_used(hg_policy_table_of(three, 0)), 0);
    hg_policy_free(three);
}

/* ---- threads ---- */

#define THREADS 8u
#define EACH 20000u

struct crowd {
    struct hg_series *series;
    atomic_uint passed, given_back;
    bool gives_back;
};

static void *crowd_member(void *ctx)
{
    struct crowd *c = ctx;

    for (unsigned i = 0; i < EACH; i++) {
        HOLDS(h);
        struct hg_refusal why;

        if (take(c->series, "one", 1000, SECOND, &h, &why) != HG_TAKE_OK)
            continue;
        if (c->gives_back && i % 2 == 0) {
            hg_holds_give_back(&h, SECOND);
            atomic_fetch_add(&c->given_back, 1);
        } else {
            hg_holds_settle(&h, SECOND);
            atomic_fetch_add(&c->passed, 1);
        }
    }
    return NULL;
}

static void run_crowd(struct crowd *c)
{
    pthread_t thread[THREADS];

    for (unsigned i = 0; i < THREADS; i++)
        HG_NEED(pthread_create(&thread[i], NULL, crowd_member, c) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

HG_TEST(exactly_the_amount_passes_whichever_thread)
{
    for (unsigned i = 0; i < 2; i++) {
        struct hg_table *t = hg_table_new("t", 10, false);
        struct crowd c = {.series = hg_table_series(t, "s", MINUTE), .gives_back = i == 1};

        run_crowd(&c);
        HG_CHECK_U64(atomic_load(&c.passed), 1000);
        HG_CHECK(!c.gives_back || atomic_load(&c.given_back) > 0);
        hg_series_release(&c.series);
        hg_table_unref(&t);
    }
}
