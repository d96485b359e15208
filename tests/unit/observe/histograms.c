/* SPDX-License-Identifier: MIT
 *
 * Histograms: which bucket, sums, and percentiles as AWF makes them.
 */
#include "observe/histogram.h"

#include "support/unit.h"

#define MS UINT64_C(1000)

HG_TEST(a_time_that_is_equal_to_a_bound_is_in_its_bucket)
{
    HG_CHECK_U64(hg_bucket_of(0), 0);
    for (size_t i = 0; i < HG_BUCKET_COUNT; i++) {
        HG_CHECK_U64(hg_bucket_of(hg_time_bucket[i].ms * MS), i);
        HG_CHECK_U64(hg_bucket_of(hg_time_bucket[i].ms * MS + 1), i + 1);
        HG_CHECK(i == 0 || hg_time_bucket[i - 1].ms < hg_time_bucket[i].ms);
    }
    HG_CHECK_U64(hg_bucket_of(UINT64_MAX), HG_BUCKET_COUNT);
}

HG_TEST(awf_has_its_ten_bounds)
{
    static const unsigned awf[] = {10, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};
    size_t n = 0;
    for (size_t i = 0; i < HG_BUCKET_COUNT; i++)
        if (hg_time_bucket[i].awf) {
            HG_NEED(n < sizeof(awf) / sizeof(awf[0]));
            HG_CHECK_U64(hg_time_bucket[i].ms, awf[n++]);
        }
    HG_CHECK_U64(n, 10);
}

HG_TEST(counts_and_sums_add_up)
{
    struct hg_histogram h = {0};
    HG_CHECK_U64(hg_histogram_count(&h), 0);
    hg_histogram_add(&h, 500);
    hg_histogram_add(&h, 10 * MS);
    hg_histogram_add(&h, 10 * MS + 1);
    hg_histogram_add(&h, 400000 * MS);
    HG_CHECK_U64(hg_histogram_count(&h), 4);
    HG_CHECK_U64(h.sum_us, 500 + 20 * MS + 1 + 400000 * MS);
    HG_CHECK_U64(hg_histogram_upto(&h, 0), 1);
    HG_CHECK_U64(hg_histogram_upto(&h, 2), 2);
    HG_CHECK_U64(hg_histogram_upto(&h, 3), 3);
    HG_CHECK_U64(hg_histogram_upto(&h, HG_BUCKET_COUNT - 1), 3);
    HG_CHECK_U64(hg_histogram_upto(&h, HG_BUCKET_COUNT), 4);
}

HG_TEST(percentiles_are_straight_lines_between_awfs_bounds)
{
    struct hg_histogram h = {0};
    HG_CHECK_U64(hg_histogram_percentile(&h, 50), 0);
    hg_histogram_add(&h, 20 * MS); /* in (10, 50] for AWF: half of the way is 30 */
    HG_CHECK_U64(hg_histogram_percentile(&h, 50), 30);
    HG_CHECK_U64(hg_histogram_percentile(&h, 100), 50);
    for (int i = 0; i < 9; i++)
        hg_histogram_add(&h, 3 * MS); /* nine of ten below 10 */
    HG_CHECK_U64(hg_histogram_percentile(&h, 90), 10);
    HG_CHECK_U64(hg_histogram_percentile(&h, 45), 5);
    HG_CHECK_U64(hg_histogram_percentile(&h, 95), 30);
}

HG_TEST(above_the_last_bound_of_awf_is_that_bound)
{
    struct hg_histogram h = {0};
    hg_histogram_add(&h, 45000 * MS);
    hg_histogram_add(&h, 1000000 * MS);
    HG_CHECK_U64(hg_histogram_percentile(&h, 50), 30000);
    HG_CHECK_U64(hg_histogram_percentile(&h, 99), 30000);
}
