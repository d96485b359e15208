/* SPDX-License-Identifier: MIT
 *
 * Arena: allocate freely while one request lives, free once. It has a ceiling,
 * so that no request can make it grow without end, and its bytes are wiped on
 * reset because rendered credentials pass through it.
 */
#ifndef HG_BASE_ARENA_H
#define HG_BASE_ARENA_H

#include "base/slice.h"

struct hg_arena_block;

struct hg_arena {
    struct hg_arena_block *blocks; /* newest first */
    size_t used;                   /* bytes handed out since the last reset */
    size_t ceiling;
};

/* Holds no memory until the first allocation. */
void hg_arena_init(struct hg_arena *a, size_t ceiling);

/* Aligned for any type, not zeroed. NULL when the ceiling or memory is reached:
 * the caller answers 500 (or 431 where the client's size is the reason). */
void *hg_arena_alloc(struct hg_arena *a, size_t n);

/* A copy of s; .p is NULL on failure (also for an empty s it is not NULL). */
struct hg_slice hg_arena_copy(struct hg_arena *a, struct hg_slice s);

/* a followed by b, in one slice; .p NULL on failure. */
struct hg_slice hg_arena_join(struct hg_arena *a, struct hg_slice x, struct hg_slice y);

struct hg_slice hg_arena_printf(struct hg_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Wipes and frees everything. The arena can be used again. */
void hg_arena_reset(struct hg_arena *a);

#endif
