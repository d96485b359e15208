/* SPDX-License-Identifier: MIT
 *
 * A sliding window: what was taken in the last period, in 60 slots. Time is a
 * parameter (microseconds of a monotonic clock); nothing is locked.
 *
 * What is taken stands in the slot of that moment and leaves with it, 60 slots
 * later: after no less than 59/60 of the period and no more than the whole one.
 * So `amount` holds for every 59/60 of a period.
 *
 * burst lends: when the window is full, so much more may be taken at once. What
 * is lent is a debt, paid from the first room that comes up, before anybody gets
 * it. So at most amount + burst is taken in one period, and amount a period in the
 * long run.
 */
#ifndef HG_POLICY_WINDOW_H
#define HG_POLICY_WINDOW_H

#include <stdbool.h>

#include "base/rate.h"

#define HG_WINDOW_SLOTS 60u

/* Zeroed: empty. */
struct hg_window {
    uint64_t slot;                   /* number of the newest one, since the clock began */
    uint64_t sum;                    /* of count */
    uint64_t debt;                   /* lent and not paid yet; then sum is at least amount */
    uint64_t count[HG_WINDOW_SLOTS]; /* of slot number i at i % 60 */
};

/* What one call took, to give back. */
struct hg_taken {
    uint64_t slot, n; /* n stands in this slot */
    uint64_t owed;    /* and so much was lent */
};

/* Takes n when there is room for `need` (at least n; more than n when it is not known yet how much it will
 * be). False: nothing was taken. */
bool hg_window_take(struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t need, uint64_t now,
                    struct hg_taken *taken);
/* Takes n even when there is no room: it has passed already. Any n: a window stays full above 2^62. */
void hg_window_add(struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t now);
/* Gives n of what was taken back, and notes that in *taken. What has left the window meanwhile is gone. */
void hg_window_give_back(struct hg_window *w, const struct hg_rate *r, uint64_t n, uint64_t now,
                         struct hg_taken *taken);

/* How much can be taken now. */
uint64_t hg_window_room(struct hg_window *w, const struct hg_rate *r, uint64_t now);
/* Microseconds until there is room for `need` if nobody takes anything; 0: there is. UINT64_MAX: never. */
uint64_t hg_window_wait(struct hg_window *w, const struct hg_rate *r, uint64_t need, uint64_t now);
bool hg_window_empty(struct hg_window *w, const struct hg_rate *r, uint64_t now);

#endif
