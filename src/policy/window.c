/* SPDX-License-Identifier: MIT
 *
 * The arithmetic of sliding windows. Time only moves slots on: all that happens
 * then is that counts leave, and that debts are paid from the room they leave.
 */
#include "policy/window.h"

#include <string.h>

#include "base/check.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number of the slot at a time, exact also where the period is no multiple of 60. */
static uint64_t slot_at(uint64_t period, uint64_t now)
{
    return now / period * HG_WINDOW_SLOTS + now % period * HG_WINDOW_SLOTS / period;
}

/* When a slot begins: the first moment at which slot_at gives it. */
static uint64_t begin_of(uint64_t period, uint64_t slot)
{
    return slot / HG_WINDOW_SLOTS * period +
           (slot % HG_WINDOW_SLOTS * period + HG_WINDOW_SLOTS - 1) / HG_WINDOW_SLOTS;
}

/* What is added passed already, and may be any number that somebody else said: sums stay far from their end.
 */
#define MOST (UINT64_MAX / 4)

static void put(struct hg_window *w, uint64_t n)
{
    n = w->sum < MOST ? least(n, MOST - w->sum) : 0;
    w->count[w->slot % HG_WINDOW_SLOTS] += n;
    w->sum += n;
}

static void pay(struct hg_window *w, uint64_t amount)
{
    uint64_t n = w->sum < amount ? least(w->debt, amount - w->sum) : 0;

    w->debt -= n;
    put(w, n);
}

static void step(struct hg_window *w, uint64_t amount)
{
    uint64_t *oldest = &w->count[++w->slot % HG_WINDOW_SLOTS];

    HG_ASSERT(w->sum >= *oldest);
    w->sum -= *oldest;
    *oldest = 0;
    pay(w, amount);
}

/* While there is debt, each slot that leaves is paid into its place again: whole rounds only lower the debt.
 */
static uint64_t skip_rounds(struct hg_window *w, uint64_t amount, uint64_t most)
{
    uint64_t rounds = w->sum == amount ? least(most, w->debt / amount) : 0;

    w->debt -= rounds * amount;
    w->slot += rounds * HG_WINDOW_SLOTS;
    return rounds;
}

static bool is_empty(const struct hg_window *w)
{
    return w->sum == 0 && w->debt == 0;
}

/* Threads read the clock one after the other: one that is a little behind counts in the newest slot. */
static void advance(struct hg_window *w, const struct hg_rate *r, uint64_t now)
{
    uint64_t slot;

    HG_ASSERT(r->amount > 0 && r->period > 0);
    slot = slot_at(r->period, now);
    while (w->slot < slot) {
        if (is_empty(w))
            w->slot = slot;
        else if (skip_rounds(w, r->amount, (slot - w->slot) / HG_WINDOW_SLOTS) == 0)
            step(w, r->amount);
    }
}

static uint64_t room(const struct hg_window *w, const struct hg_rate *r)
{
    uint64_t all = r->amount + r->burst, used = w->sum + w->debt;

    return used < all ? all - used : 0;
}

static bool fits(const struct hg_window *w, const struct hg_rate *r, uint64_t need)
{
    return need <= r->amount + r->burst && w->sum + w->debt <= r->amount + r->burst - need;
}

uint64_t hg_window_room(struct hg_window *w, const struct hg_rate *r, uint64_t now)
{
    advance(w, r, now);
    return room(w, r);
}

bool hg_window_empty(struct hg_window *w, const struct hg_rate *r, uint64_t now)
{
    advance(w, r, now);
    return is_empty(w);
}

bool hg_window_take(struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t need, uint64_t now,
                    struct hg_taken *taken)
{
    HG_ASSERT(need >= n);
    advance(w, r, now);
    *taken = (struct hg_taken){.slot = w->slot};
    if (!fits(w, r, need))
        return false;
    taken->n = w->sum < r->amount ? least(n, r->amount - w->sum) : 0;
    taken->owed = n - taken->n;
    put(w, taken->n);
    w->debt += taken->owed;
    return true;
}

void hg_window_add(struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t now)
{
    advance(w, r, now);
    put(w, n);
}

static void take_out(struct hg_window *w, uint64_t slot, uint64_t n)
{
    uint64_t *count = &w->count[slot % HG_WINDOW_SLOTS];

    HG_ASSERT(slot <= w->slot && w->slot - slot < HG_WINDOW_SLOTS && n <= *count && n <= w->sum);
    *count -= n;
    w->sum -= n;
}

/* A debt that was paid meanwhile stands in the newest slots. */
static void forgive(struct hg_window *w, uint64_t since, uint64_t n)
{
    uint64_t owed = least(n, w->debt);

    w->debt -= owed;
    n -= owed;
    for (uint64_t slot = w->slot; n > 0 && slot >= since && w->slot - slot < HG_WINDOW_SLOTS; slot--) {
        uint64_t here = least(n, w->count[slot % HG_WINDOW_SLOTS]);

        take_out(w, slot, here);
        n -= here;
        if (slot == 0)
            break;
    }
}

void hg_window_give_back(struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t now,
                         struct hg_taken *taken)
{
    uint64_t owed = least(n, taken->owed), own = n - owed;

    HG_ASSERT(own <= taken->n);
    advance(w, r, now);
    taken->owed -= owed;
    taken->n -= own;
    forgive(w, taken->slot, owed);
    if (w->slot - taken->slot < HG_WINDOW_SLOTS)
        take_out(w, taken->slot, least(own, w->count[taken->slot % HG_WINDOW_SLOTS]));
    pay(w, r->amount);
}

uint64_t hg_window_wait(struct hg_window *w, const struct hg_rate *r, uint64_t need, uint64_t now)
{
    struct hg_window later;
    uint64_t begin;

    advance(w, r, now);
    if (need > r->amount + r->burst)
        return UINT64_MAX;
    later = *w;
    while (!fits(&later, r, need)) {
        uint64_t over = later.sum + later.debt - (r->amount + r->burst - need);

        /* Not the last round: it ends somewhere inside. */
        if (skip_rounds(&later, r->amount, (over - 1) / r->amount) == 0)
            step(&later, r->amount);
    }
    begin = begin_of(r->period, later.slot);
    return later.slot != w->slot && begin > now ? begin - now : 0;
}
