/* SPDX-License-Identifier: MIT
 *
 * Rate limits as rules name them. Counting is somebody else's: whoever runs rules
 * gives them a limiter, and without one (a trial) they say what they would count.
 */
#ifndef HG_RULES_LIMIT_H
#define HG_RULES_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rate.h"
#include "base/slice.h"

/* Lives as long as the ruleset that names it. */
struct hg_rate_limit {
    const char *name;
    const char *where;    /* file:line */
    const char *declared; /* the table it is in by its name; NULL: it has one of its own */
    size_t table;         /* over all tables of the plan */
    size_t index;         /* over all limits of the plan */
    enum hg_measure measure;
    struct hg_rate rate;
    uint64_t estimate; /* TOKENS: reserved until it is known how many it was */
};

/* "requests", "request"; "minute" */
const char *hg_measure_name(enum hg_measure m);
const char *hg_measure_one(enum hg_measure m);
const char *hg_rate_word(uint64_t period);

/* A request that must not pass. */
struct hg_limited {
    bool full;            /* there is no place for its key */
    uint64_t remaining;   /* of the limit's measure */
    uint64_t retry_after; /* seconds until it would pass; 0: it never would, it is larger than the limit */
    uint64_t reset;       /* that moment, in seconds since 1970 */
};

/* A rate-limit that a request has come to. */
struct hg_limit_ask {
    const struct hg_rate_limit *limit;
    struct hg_slice key; /* not for logs */
    const char *where;   /* file:line of the action */
    unsigned status;     /* of its answer */
    bool observe;        /* the request passes in any case */
};

struct hg_limiter {
    void *ctx;
    /* Counts the request, and true; or false and *out. */
    bool (*take)(void *ctx, const struct hg_limit_ask *ask, struct hg_limited *out);
};

/* What %{limit} and its neighbours stand for. */
struct hg_limit_vars {
    struct hg_slice limit, name, window, remaining, reset, retry_after;
};

#endif
