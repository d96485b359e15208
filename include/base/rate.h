/* SPDX-License-Identifier: MIT
 *
 * How a limit is written down: so much of something in a time. What it means is
 * in policy/window.h.
 */
#ifndef HG_BASE_RATE_H
#define HG_BASE_RATE_H

#include <stdint.h>

/* What is counted: id, key in the config, one of it */
#define HG_MEASURES(X)                 \
    X(REQUESTS, "requests", "request") \
    X(BYTES, "bytes", "byte")          \
    X(TOKENS, "tokens", "token")

enum hg_measure {
#define X(id, key, one) HG_MEASURE_##id,
    HG_MEASURES(X)
#undef X
};

struct hg_rate {
    uint64_t amount; /* at least 1 */
    uint64_t burst;
    uint64_t period; /* microseconds */
};

#endif
