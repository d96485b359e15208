/* SPDX-License-Identifier: MIT
 *
 * Memory of decoders, counted. A block knows its size, because the libraries
 * that free it do not.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "coder.h"

struct block {
    _Alignas(max_align_t) size_t n;
};

static bool take(struct hg_budget *b, size_t n)
{
    if (b == NULL)
        return true;
    if (n > b->ceiling - b->used || !take(b->parent, n))
        return false;
    b->used += n;
    return true;
}

static void give_back(struct hg_budget *b, size_t n)
{
    for (; b != NULL; b = b->parent) {
        HG_ASSERT(b->used >= n);
        b->used -= n;
    }
}

bool hg_budget_move(struct hg_budget *b, size_t before, size_t now)
{
    if (now > before)
        return take(b, now - before);
    give_back(b, before - now);
    return true;
}

void *hg_budget_alloc(struct hg_budget *b, size_t n)
{
    size_t all = n + sizeof(struct block);
    struct block *block;

    if (all < n || !take(b, all))
        return NULL;
    block = calloc(1, all);
    if (block == NULL) {
        give_back(b, all);
        return NULL;
    }
    block->n = all;
    return block + 1;
}

void hg_budget_free(struct hg_budget *b, void *p)
{
    struct block *block;

    if (p == NULL)
        return;
    block = (struct block *)p - 1;
    give_back(b, block->n);
    free(block);
}

bool hg_is_bomb(uint64_t in, uint64_t out)
{
    return out > HG_LIMIT_TAP_FREE && (out - HG_LIMIT_TAP_FREE) / HG_LIMIT_TAP_RATIO > in;
}
