/* SPDX-License-Identifier: MIT
 *
 * Sliding windows against a model that knows no rings and no short cuts: a count
 * for every slot there ever was, walked one by one.
 */
#include "policy/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "support/unit.h"

#define SECOND UINT64_C(1000000)
#define SLOTS 20000u

struct model {
    uint64_t count[SLOTS]; /* by number of the slot */
    uint64_t slot, debt;
};

static uint64_t in_window(const struct model *m)
{
    uint64_t n = 0;

    for (uint64_t i = m->slot >= 59 ? m->slot - 59 : 0; i <= m->slot; i++)
        n += m->count[i];
    return n;
}

static void model_pay(struct model *m, const struct hg_rate *r)
{
    uint64_t used = in_window(m), n = used < r->amount ? r->amount - used : 0;

    n = n < m->debt ? n : m->debt;
    m->count[m->slot] += n;
    m->debt -= n;
}

static void model_go(struct model *m, const struct hg_rate *r, uint64_t now)
{
    /* now is a multiple of the slot in these tests: no rounding to repeat here */
    uint64_t slot = now / (r->period / 60);

    HG_NEED(slot < SLOTS);
    while (m->slot < slot) {
        m->slot++;
        model_pay(m, r);
    }
}

static bool model_take(struct model *m, const struct hg_rate *r, uint64_t n)
{
    uint64_t used = in_window(m), own;

    if (used + m->debt + n > r->amount + r->burst)
        return false;
    own = used < r->amount ? r->amount - used : 0;
    own = own < n ? own : n;
    m->count[m->slot] += own;
    m->debt += n - own;
    return true;
}

static unsigned next(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

/* Right to the microsecond: so long it does not fit, and then it does. */
static void check_wait(const struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t now)
{
    struct hg_window before = *w, after = *w, asked = *w;
    struct hg_taken taken;
    uint64_t wait = hg_window_wait(&asked, r, n, now);

    if (n > r->amount + r->burst) {
        HG_CHECK_U64(wait, UINT64_MAX);
        return;
    }
    HG_CHECK(wait > 0);
    HG_CHECK(!hg_window_take(&before, r, n, n, now + wait - 1, &taken));
    HG_CHECK(hg_window_take(&after, r, n, n, now + wait, &taken));
}

static void random_walk(unsigned seed, const struct hg_rate *r, unsigned most, unsigned stride)
{
    struct model *m = calloc(1, sizeof(*m));
    struct hg_window w = {0};
    uint64_t now = 0;

    HG_NEED(m != NULL);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t n = next(&seed, most) + 1;
        struct hg_taken taken;
        bool expected, got;

        if (next(&seed, 3) == 0)
            now += r->period / 60 * next(&seed, stride);
        if (now / (r->period / 60) >= SLOTS)
            break;
        model_go(m, r, now);
        expected = model_take(m, r, n);
        got = hg_window_take(&w, r, n, n, now, &taken);
        HG_CHECK(expected == got);
        HG_CHECK_U64(w.sum, in_window(m));
        HG_CHECK_U64(w.debt, m->debt);
        if (!got)
            check_wait(&w, r, n, now);
    }
    free(m);
}

HG_TEST(agrees_with_the_model)
{
    static const struct hg_rate rates[] = {
        {10, 0, 60 * SECOND}, {1, 0, 60 * SECOND},    {7, 3, 60 * SECOND},   {5, 40, 60 * SECOND},
        {1, 9, 60 * SECOND},  {100, 17, 60 * SECOND}, {3, 0, 3600 * SECOND}, {9, 31, 3600 * SECOND}};

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        for (unsigned seed = 1; seed <= hg_unit_scaled(12); seed++)
            random_walk(seed * 77, &rates[i], seed % 3 == 0 ? 12 : 2, seed % 4 == 0 ? 150 : 9);
}

HG_TEST(a_burst_waits_for_its_own_slot)
{
    const struct hg_rate r = {2, 0, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;
    uint64_t now = 1000 * SECOND + 250000;

    HG_CHECK(hg_window_take(&w, &r, 1, 1, now, &t) && hg_window_take(&w, &r, 1, 1, now, &t));
    HG_CHECK(!hg_window_take(&w, &r, 1, 1, now, &t));
    HG_CHECK_U64(hg_window_wait(&w, &r, 1, now), 60 * SECOND - 250000);
    HG_CHECK_U64(hg_window_wait(&w, &r, 1, now + 20 * SECOND), 40 * SECOND - 250000);
}

HG_TEST(steady_load_waits_for_the_oldest)
{
    const struct hg_rate r = {60, 0, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;

    for (uint64_t i = 0; i < 60; i++)
        HG_CHECK(hg_window_take(&w, &r, 1, 1, i * SECOND, &t));
    HG_CHECK_U64(hg_window_wait(&w, &r, 1, 59 * SECOND + 1), SECOND - 1);
    HG_CHECK_U64(hg_window_wait(&w, &r, 3, 59 * SECOND), 3 * SECOND);
    HG_CHECK(hg_window_take(&w, &r, 1, 1, 60 * SECOND, &t));
    HG_CHECK(!hg_window_take(&w, &r, 1, 1, 60 * SECOND, &t));
}

/* 60 slots in a second: none is a whole number of microseconds. */
HG_TEST(slots_of_a_second_are_exact)
{
    const struct hg_rate r = {1, 0, SECOND};

    for (uint64_t now = 0; now < SECOND; now += 997) {
        struct hg_window w = {0};
        struct hg_taken t;

        HG_NEED(hg_window_take(&w, &r, 1, 1, now, &t));
        check_wait(&w, &r, 1, now);
        HG_CHECK(hg_window_wait(&w, &r, 1, now) > SECOND * 59 / 60 - 1 &&
                 hg_window_wait(&w, &r, 1, now) <= SECOND);
    }
}

HG_TEST(a_burst_is_paid_back_before_others_get_room)
{
    const struct hg_rate r = {2, 3, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;

    for (unsigned i = 0; i < 5; i++)
        HG_CHECK(hg_window_take(&w, &r, 1, 1, 0, &t));
    HG_CHECK(!hg_window_take(&w, &r, 1, 1, 0, &t));
    /* two leave and pay two of three: two may be lent again */
    HG_CHECK_U64(hg_window_room(&w, &r, 60 * SECOND), 2);
    HG_CHECK_U64(hg_window_room(&w, &r, 120 * SECOND), 4);
    HG_CHECK_U64(hg_window_room(&w, &r, 180 * SECOND), 5);
    HG_CHECK(hg_window_empty(&w, &r, 180 * SECOND));
}

/* Whatever the burst, the long run has the rate. */
HG_TEST(in_the_long_run_only_the_amount_passes)
{
    const struct hg_rate r = {6, 4, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;
    uint64_t passed = 0;

    for (uint64_t now = 0; now < 100 * 60 * SECOND; now += SECOND / 4)
        passed += hg_window_take(&w, &r, 1, 1, now, &t);
    HG_CHECK_U64(passed, 100 * r.amount + r.burst);
}

/* A debt of millions of rounds, and a sleep of years. */
HG_TEST(long_sleeps_cost_nothing)
{
    const struct hg_rate r = {3, 1000000000, SECOND};
    const uint64_t year = 365ull * 86400 * SECOND;
    struct hg_window w = {0};
    struct hg_taken t;

    HG_CHECK(hg_window_take(&w, &r, 1000000003, 1000000003, 5, &t));
    HG_CHECK_U64(hg_window_room(&w, &r, 1000 * SECOND), 3000);
    HG_CHECK_U64(hg_window_room(&w, &r, 20 * year), 1000000003);
    HG_CHECK(hg_window_empty(&w, &r, 20 * year));
    HG_CHECK(hg_window_take(&w, &r, 1000000003, 1000000003, 20 * year, &t));
    HG_CHECK(hg_window_wait(&w, &r, 1000000003, 20 * year) > 10 * year);
}

HG_TEST(what_is_given_back_can_be_taken_by_others)
{
    const struct hg_rate r = {5, 0, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken a, b, c;

    HG_CHECK(hg_window_take(&w, &r, 3, 3, 0, &a) && hg_window_take(&w, &r, 2, 2, 30 * SECOND, &b));
    HG_CHECK(!hg_window_take(&w, &r, 1, 1, 31 * SECOND, &c));
    hg_window_give_back(&w, &r, 1, 31 * SECOND, &a);
    HG_CHECK(hg_window_take(&w, &r, 1, 1, 31 * SECOND, &c));
    /* the rest of a left the window by itself: giving it back takes nothing from b and c */
    hg_window_give_back(&w, &r, 2, 70 * SECOND, &a);
    HG_CHECK_U64(w.sum, 3);
}

HG_TEST(what_was_lent_is_given_back_where_it_stands_now)
{
    const struct hg_rate r = {2, 2, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken a, b;

    HG_CHECK(hg_window_take(&w, &r, 2, 2, 0, &a) && hg_window_take(&w, &r, 2, 2, 10 * SECOND, &b));
    HG_CHECK_U64(b.owed, 2);
    HG_CHECK_U64(hg_window_room(&w, &r, 60 * SECOND), 2); /* paid: b stands in slot 60 */
    hg_window_give_back(&w, &r, 2, 61 * SECOND, &b);
    HG_CHECK(hg_window_empty(&w, &r, 61 * SECOND));
}

HG_TEST(giving_back_pays_the_debts_of_others)
{
    const struct hg_rate r = {2, 2, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken a, b;

    HG_CHECK(hg_window_take(&w, &r, 2, 2, 0, &a) && hg_window_take(&w, &r, 1, 1, 10 * SECOND, &b));
    hg_window_give_back(&w, &r, 2, 20 * SECOND, &a);
    HG_CHECK_U64(w.debt, 0);
    HG_CHECK_U64(w.sum, 1);
    HG_CHECK_U64(hg_window_room(&w, &r, 20 * SECOND), 3);
}

/* A body that turns out larger than there was room for. */
HG_TEST(an_overshoot_refuses_who_comes_next)
{
    const struct hg_rate r = {100, 0, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;

    HG_CHECK(hg_window_take(&w, &r, 0, 1, 0, &t));
    hg_window_add(&w, &r, 150, SECOND);
    HG_CHECK(!hg_window_take(&w, &r, 0, 0, SECOND, &t));
    HG_CHECK_U64(hg_window_wait(&w, &r, 0, SECOND), 60 * SECOND);
    HG_CHECK(hg_window_take(&w, &r, 0, 0, 61 * SECOND, &t));
}

HG_TEST(a_full_window_has_no_room_for_an_unknown_length)
{
    const struct hg_rate r = {100, 0, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;

    HG_CHECK(hg_window_take(&w, &r, 100, 100, 0, &t));
    HG_CHECK(hg_window_take(&w, &r, 0, 0, 0, &t));
    HG_CHECK(!hg_window_take(&w, &r, 0, 1, 0, &t));
}

HG_TEST(a_clock_a_little_behind_counts_in_the_newest_slot)
{
    const struct hg_rate r = {2, 0, 60 * SECOND};
    struct hg_window w = {0};
    struct hg_taken t;

    HG_CHECK(hg_window_take(&w, &r, 1, 1, 100 * SECOND, &t));
    HG_CHECK(hg_window_take(&w, &r, 1, 1, 99 * SECOND, &t));
    HG_CHECK(!hg_window_take(&w, &r, 1, 1, 98 * SECOND, &t));
    HG_CHECK_U64(hg_window_wait(&w, &r, 1, 98 * SECOND), 62 * SECOND);
}

/* A number that an upstream made up fills the window, and leaves it like any other. */
HG_TEST(numbers_without_sense_do_not_wrap)
{
    const struct hg_rate r = {1000, 0, 60 * SECOND};
    struct hg_window w = {0};

    for (uint64_t s = 0; s < 4; s++)
        hg_window_add(&w, &r, UINT64_MAX - 599, s * SECOND);
    HG_CHECK_U64(hg_window_room(&w, &r, 3 * SECOND), 0);
    HG_CHECK_U64(hg_window_room(&w, &r, 60 * SECOND), 1000);
    HG_CHECK(hg_window_empty(&w, &r, 63 * SECOND));
}
