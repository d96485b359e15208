/* SPDX-License-Identifier: MIT
 *
 * Histograms. The buckets are fixed: that of a time is found without looking at
 * anything that another thread writes.
 */
#include "observe/histogram.h"

#include "base/check.h"
#include "word.h"

const struct hg_time_bucket hg_time_bucket[HG_BUCKET_COUNT] = {
#define X(ms, awf) {ms, awf},
    HG_BUCKETS(X)
#undef X
};

size_t hg_bucket_of(uint64_t us)
{
    size_t i = 0;

    while (i < HG_BUCKET_COUNT && us > hg_time_bucket[i].ms * UINT64_C(1000))
        i++;
    return i;
}

void hg_histogram_add(struct hg_histogram *h, uint64_t us)
{
    hg_word_add(&h->in[hg_bucket_of(us)], 1);
    hg_word_add(&h->sum_us, us);
}

uint64_t hg_histogram_upto(const struct hg_histogram *h, size_t bucket)
{
    uint64_t n = 0;

    HG_ASSERT(bucket <= HG_BUCKET_COUNT);
    for (size_t i = 0; i <= bucket; i++)
        n += h->in[i];
    return n;
}

uint64_t hg_histogram_count(const struct hg_histogram *h)
{
    return hg_histogram_upto(h, HG_BUCKET_COUNT);
}

uint64_t hg_histogram_percentile(const struct hg_histogram *h, unsigned percent)
{
    uint64_t count = hg_histogram_count(h), below = 0, from = 0;
    double target = (double)count * percent / 100.0;

    HG_ASSERT(percent >= 1 && percent <= 100);
    if (count == 0)
        return 0;
    for (size_t i = 0; i < HG_BUCKET_COUNT; i++) {
        uint64_t upto;

        if (!hg_time_bucket[i].awf)
            continue;
        upto = hg_histogram_upto(h, i);
        if ((double)upto >= target && upto > below) {
            double part = (target - (double)below) / (double)(upto - below);

            return from + (uint64_t)(part * (double)(hg_time_bucket[i].ms - from) + 0.5);
        }
        from = hg_time_bucket[i].ms;
        below = upto;
    }
    return from;
}
