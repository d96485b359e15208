/* SPDX-License-Identifier: MIT
 *
 * Weighted sums, wide enough that only their result can be too large.
 */
#include "policy/tokens.h"

__extension__ typedef unsigned __int128 wide;

static wide add(wide a, wide b)
{
    return a + b < a ? ~(wide)0 : a + b;
}

static wide multiply(wide a, wide b)
{
    wide product;

    return __builtin_mul_overflow(a, b, &product) ? ~(wide)0 : product;
}

uint64_t hg_tokens_weighted(const uint64_t tokens[HG_TOKEN_KIND_COUNT],
                            const uint64_t weight[HG_TOKEN_KIND_COUNT], uint64_t multiplier)
{
    wide sum = 0;

    for (size_t i = 0; i < HG_TOKEN_KIND_COUNT; i++)
        sum = add(sum, multiply(tokens[i], weight[i]));
    sum = multiply(sum, multiplier) / HG_TOKEN_UNIT;
    return sum > HG_TOKENS_MOST ? HG_TOKENS_MOST : (uint64_t)sum;
}
