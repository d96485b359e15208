/* SPDX-License-Identifier: MIT
 *
 * Taps as the config declares them: where an answer says how many tokens it
 * took. Part of a plan, immutable, shared by all threads.
 */
#ifndef HG_PLAN_USAGE_H
#define HG_PLAN_USAGE_H

#include "usage/tap.h"

struct hg_usage {
    const char *name;
    struct hg_tap_rules *rules;
    uint64_t limit; /* bytes of an answer, decoded */
    bool sum;       /* counts of events add up, so that they are known before the end */
};

#endif
