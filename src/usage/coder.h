/* SPDX-License-Identifier: MIT
 *
 * One coding being undone. Each library is seen by one file only: zlib by
 * inflate.c, brotli by brotli.c, zstd by zstd.c. What they allocate is counted
 * against a budget, so that a window that a sender chose has a bound.
 */
#ifndef HG_USAGE_CODER_H
#define HG_USAGE_CODER_H

#include "base/slice.h"
#include "usage/decode.h"

enum hg_coder_step {
    CODER_MORE,  /* all input was taken, nothing more comes of it */
    CODER_AGAIN, /* the room is full: there may be more */
    CODER_END,   /* the coding is complete; input behind it is left */
    CODER_BAD,
    CODER_TOO_LARGE, /* a window larger than is held */
    CODER_NO_MEMORY,
};

struct hg_coder;

struct hg_coder_ops {
    /* Takes from *in, writes *made bytes. */
    enum hg_coder_step (*step)(struct hg_coder *c, struct hg_slice *in, char *out, size_t room, size_t *made);
    /* Could the input end here? Also true when there was none. */
    bool (*whole)(const struct hg_coder *c);
    void (*free)(struct hg_coder *c);
};

struct hg_coder {
    const struct hg_coder_ops *ops;
    struct hg_budget *budget;
};

enum hg_inflate_form { INFLATE_GZIP, INFLATE_DEFLATE, INFLATE_RAW };

/* NULL without memory; freed with ops->free. DEFLATE: with or without a zlib header. */
struct hg_coder *hg_inflate_new(enum hg_inflate_form form, struct hg_budget *budget);
/* RAW: what comes is a stream of its own. */
void hg_inflate_reset(struct hg_coder *c);
struct hg_coder *hg_brotli_new(struct hg_budget *budget);
struct hg_coder *hg_zstd_new(struct hg_budget *budget);

/* Zeroed; NULL when the budget or memory does not give it. */
void *hg_budget_alloc(struct hg_budget *b, size_t n);
/* NULL is fine. */
void hg_budget_free(struct hg_budget *b, void *p);
/* For memory that somebody else allocates: from before to now bytes. False: not within the budget (then
 * nothing was counted). */
bool hg_budget_move(struct hg_budget *b, size_t before, size_t now);

/* Is so much output of so little input more than an honest sender makes? */
bool hg_is_bomb(uint64_t in, uint64_t out);

#endif
