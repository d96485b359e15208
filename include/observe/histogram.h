/* SPDX-License-Identifier: MIT
 *
 * Times counted into fixed buckets. One writer; any thread may read at any time
 * (relaxed atomics), and readers sum over writers.
 */
#ifndef HG_OBSERVE_HISTOGRAM_H
#define HG_OBSERVE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* upper bound in milliseconds (a time that is equal is in it), is one of AWF's too */
#define HG_BUCKETS(X) \
    X(1, 0)           \
    X(5, 0)           \
    X(10, 1)          \
    X(25, 0)          \
    X(50, 1)          \
    X(100, 1)         \
    X(250, 1)         \
    X(500, 1)         \
    X(1000, 1)        \
    X(2500, 1)        \
    X(5000, 1)        \
    X(10000, 1)       \
    X(30000, 1)       \
    X(60000, 0)       \
    X(300000, 0)

enum {
#define X(ms, awf) HG_BUCKET_##ms,
    HG_BUCKETS(X)
#undef X
        HG_BUCKET_COUNT
};

struct hg_time_bucket {
    uint32_t ms;
    bool awf;
};
extern const struct hg_time_bucket hg_time_bucket[HG_BUCKET_COUNT];

/* Only uint64_t in here: it is summed as an array of them. */
struct hg_histogram {
    uint64_t in[HG_BUCKET_COUNT + 1]; /* the last: longer than all bounds. Not cumulative */
    uint64_t sum_us;
};

/* The bucket of a time. */
size_t hg_bucket_of(uint64_t us);
/* The writer's thread only. */
void hg_histogram_add(struct hg_histogram *h, uint64_t us);

/* Of a sum: how many in all / up to and with this bucket (0 to HG_BUCKET_COUNT). */
uint64_t hg_histogram_count(const struct hg_histogram *h);
uint64_t hg_histogram_upto(const struct hg_histogram *h, size_t bucket);
/* As AWF makes them: between AWF's bounds in a straight line from 0, whole milliseconds; above the last bound
 * that bound. Empty: 0. percent: 1 to 100. */
uint64_t hg_histogram_percentile(const struct hg_histogram *h, unsigned percent);

#endif
