/* SPDX-License-Identifier: MIT
 *
 * Weighted tokens: exact to the millionth, and never smaller because they were too large.
 */
#include "policy/tokens.h"

#include "support/unit.h"

#define M HG_TOKEN_UNIT

static const uint64_t weight[HG_TOKEN_KIND_COUNT] = {
    [HG_TOKEN_INPUT] = M,
    [HG_TOKEN_OUTPUT] = 4 * M,
    [HG_TOKEN_CACHE_READ] = M / 10,
    [HG_TOKEN_REASONING] = 4 * M,
};

HG_TEST(the_sum_of_all_kinds)
{
    const uint64_t tokens[HG_TOKEN_KIND_COUNT] = {100, 10, 7, 1000, 3};

    HG_CHECK_U64(hg_tokens_weighted(tokens, weight, M), 152700000u); /* 100 + 40 + 0.7 + 0 + 12 */
    HG_CHECK_U64(hg_tokens_weighted(tokens, weight, M / 2), 76350000u);
    HG_CHECK_U64(hg_tokens_weighted(tokens, weight, 0), 0);
}

HG_TEST(ten_tenths_are_one)
{
    uint64_t tokens[HG_TOKEN_KIND_COUNT] = {0}, sum = 0;

    tokens[HG_TOKEN_CACHE_READ] = 1;
    for (unsigned i = 0; i < 10; i++)
        sum += hg_tokens_weighted(tokens, weight, M);
    HG_CHECK_U64(sum, M);
}

HG_TEST(what_is_too_large_stays_large)
{
    const uint64_t tokens[HG_TOKEN_KIND_COUNT] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, 0};
    const uint64_t much[HG_TOKEN_KIND_COUNT] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, 0};

    HG_CHECK_U64(hg_tokens_weighted(tokens, weight, M), HG_TOKENS_MOST);
    HG_CHECK_U64(hg_tokens_weighted(tokens, much, UINT64_MAX), HG_TOKENS_MOST);
}
