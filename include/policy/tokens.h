/* SPDX-License-Identifier: MIT
 *
 * Weighted tokens, in whole millionths of one: the decimal numbers of a config
 * are exact, and so are sums of them.
 */
#ifndef HG_POLICY_TOKENS_H
#define HG_POLICY_TOKENS_H

#include "base/slice.h"

#define HG_TOKEN_UNIT 1000000u

/* Kinds of tokens that an answer tells apart, as keys of a config */
#define HG_TOKEN_KINDS(X)         \
    X(INPUT, "input")             \
    X(OUTPUT, "output")           \
    X(CACHE_READ, "cache-read")   \
    X(CACHE_WRITE, "cache-write") \
    X(REASONING, "reasoning")

enum hg_token_kind {
#define X(id, name) HG_TOKEN_##id,
    HG_TOKEN_KINDS(X)
#undef X
        HG_TOKEN_KIND_COUNT
};

/* Sum of tokens x weight (millionths), times the multiplier (millionths): in millionths of tokens. Stays at
 * HG_TOKENS_MOST when it passes that. */
#define HG_TOKENS_MOST (UINT64_MAX / 16u)
uint64_t hg_tokens_weighted(const uint64_t tokens[HG_TOKEN_KIND_COUNT],
                            const uint64_t weight[HG_TOKEN_KIND_COUNT], uint64_t multiplier);

#endif
