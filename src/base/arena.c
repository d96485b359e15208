/* SPDX-License-Identifier: MIT
 *
 * The request arena: a chain of blocks that only grows, until the reset wipes
 * and frees it. With AddressSanitizer each object gets a block of its own, so
 * that running over its end is found.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define BLOCK_FIRST 2048u
#define BLOCK_LAST (64u * 1024u)

struct hg_arena_block {
    struct hg_arena_block *next;
    size_t used, cap;
    _Alignas(max_align_t) char bytes[];
};

static void check(const struct hg_arena *a)
{
    HG_ASSERT(a->used <= a->ceiling);
    HG_ASSERT(!a->blocks || a->blocks->used <= a->blocks->cap);
}

void hg_arena_init(struct hg_arena *a, size_t ceiling)
{
    a->blocks = NULL;
    a->used = 0;
    a->ceiling = ceiling;
}

static size_t block_size(const struct hg_arena *a, size_t n)
{
    if (HG_ASAN)
        return n;
    /* Half as much again as there is: thousands of streams wait with theirs, and most need 3 to 5 KiB. */
    size_t size = a->used / 2 > BLOCK_FIRST ? a->used / 2 : BLOCK_FIRST;
    if (size > BLOCK_LAST)
        size = BLOCK_LAST;
    return size > n ? size : n;
}

static bool add_block(struct hg_arena *a, size_t n)
{
    size_t cap = block_size(a, n);
    if (cap > SIZE_MAX - sizeof(struct hg_arena_block))
        return false;
    struct hg_arena_block *b = malloc(sizeof(*b) + cap);
    if (!b)
        return false;
    b->next = a->blocks;
    b->used = 0;
    b->cap = cap;
    a->blocks = b;
    return true;
}

/* Sizes are rounded up so that the next object is aligned; not when it has a block of its own. */
static size_t rounded(size_t n)
{
    const size_t align = _Alignof(max_align_t);
    return HG_ASAN ? n : (n + align - 1) / align * align;
}

void *hg_arena_alloc(struct hg_arena *a, size_t n)
{
    check(a);
    if (n == 0)
        n = 1;
    if (n > a->ceiling)
        return NULL;
    size_t want = rounded(n);
    if (want > a->ceiling - a->used)
        return NULL;
    if (HG_ASAN || !a->blocks || a->blocks->cap - a->blocks->used < want) {
        if (!add_block(a, want))
            return NULL;
    }
    struct hg_arena_block *b = a->blocks;
    void *p = b->bytes + b->used;
    b->used += want;
    a->used += want;
    check(a);
    return p;
}

struct hg_slice hg_arena_copy(struct hg_arena *a, struct hg_slice s)
{
    return hg_arena_join(a, s, hg_slice(NULL, 0));
}

struct hg_slice hg_arena_join(struct hg_arena *a, struct hg_slice x, struct hg_slice y)
{
    if (x.n > SIZE_MAX - y.n)
        return hg_slice(NULL, 0);
    char *p = hg_arena_alloc(a, x.n + y.n);
    if (!p)
        return hg_slice(NULL, 0);
    if (x.n > 0)
        memcpy(p, x.p, x.n);
    if (y.n > 0)
        memcpy(p + x.n, y.p, y.n);
    return hg_slice(p, x.n + y.n);
}

struct hg_slice hg_arena_printf(struct hg_arena *a, const char *fmt, ...)
{
    struct hg_slice out = hg_slice(NULL, 0);
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n >= 0) {
        char *p = hg_arena_alloc(a, (size_t)n + 1);
        if (p) {
            vsnprintf(p, (size_t)n + 1, fmt, again);
            out = hg_slice(p, (size_t)n);
        }
    }
    va_end(again);
    va_end(args);
    return out;
}

void hg_arena_reset(struct hg_arena *a)
{
    check(a);
    while (a->blocks) {
        struct hg_arena_block *b = a->blocks;
        a->blocks = b->next;
        explicit_bzero(b->bytes, b->used);
        free(b);
    }
    a->used = 0;
}
