/* SPDX-License-Identifier: MIT
 *
 * What a request holds of limits and guards while it is under way: taken when the
 * rules run, given back when the request does not leave, and corrected by what
 * really passed. The array belongs to the exchange; nothing is allocated.
 */
#ifndef HG_POLICY_HOLD_H
#define HG_POLICY_HOLD_H

#include <stddef.h>

#include "base/limits.h"
#include "policy/window.h"

struct hg_hold;

/* A kind of thing that can be held. Both are called on any thread; now: microseconds of the monotonic clock.
 */
struct hg_hold_kind {
    void (*give_back)(struct hg_hold *h, uint64_t now);
    /* It is known now that it is `real` (in all, not since the last call); `final`: and stays so. */
    void (*correct)(struct hg_hold *h, uint64_t real, bool final, uint64_t now);
};

struct hg_hold {
    const struct hg_hold_kind *kind;
    enum hg_measure measure; /* correct is called with real numbers of this */
    uint64_t n;              /* what it stands for now */
    /* The kind's own */
    void *owner, *what;
    uint64_t serial;
    struct hg_rate rate;
    struct hg_taken taken;
};

/* Zeroed: none, and no room for any. */
struct hg_holds {
    struct hg_hold *v; /* room for cap, the owner's */
    size_t n, cap;
    bool left; /* the request is on its way: nothing is given back any more, and nothing new is taken */
};

/* One more, for which there is room: how many a request can need is known when its lists are built, at most
 * HG_LIMIT_HOLDS. */
void hg_holds_add(struct hg_holds *h, const struct hg_hold *hold);
/* All of it, and it is as if nothing had been taken. */
void hg_holds_give_back(struct hg_holds *h, uint64_t now);
/* So much of this measure has passed up to now; final: no more comes. */
void hg_holds_correct(struct hg_holds *h, enum hg_measure measure, uint64_t real, bool final, uint64_t now);
/* Is there one of this measure? */
bool hg_holds_have(const struct hg_holds *h, enum hg_measure measure);
/* The end: what was not corrected stays as it was reserved. */
void hg_holds_settle(struct hg_holds *h, uint64_t now);

#endif
