/* SPDX-License-Identifier: MIT
 *
 * Byte queue with a ceiling.
 *
 *   mem            head          tail           cap
 *    |  consumed    |    data     |   room       |
 *   invariant: head <= tail <= cap <= ceiling; mem == NULL iff cap == 0.
 *
 * An empty buffer can give its memory back (hg_buf_trim), so that an idle
 * connection holds none. Slices of the data are valid until the next call that
 * is not const.
 */
#ifndef HG_BASE_BUF_H
#define HG_BASE_BUF_H

#include "base/slice.h"

struct hg_buf {
    char *mem;
    size_t head, tail, cap, ceiling;
    bool wipe; /* overwrite consumed and freed bytes: credentials pass here */
};

void hg_buf_init(struct hg_buf *b, size_t ceiling, bool wipe);

static inline size_t hg_buf_len(const struct hg_buf *b)
{
    return b->tail - b->head;
}

static inline struct hg_slice hg_buf_data(const struct hg_buf *b)
{
    return hg_slice(b->mem ? b->mem + b->head : NULL, b->tail - b->head);
}

/* How much could still be appended before the ceiling. */
static inline size_t hg_buf_space(const struct hg_buf *b)
{
    return b->ceiling - (b->tail - b->head);
}

/* Makes room for at least n bytes behind the data (moving or growing) and returns
 * where to write; NULL when the ceiling or memory is reached. *room is what fits. */
char *hg_buf_reserve(struct hg_buf *b, size_t n, size_t *room);

/* n bytes were written to the reserved room. */
void hg_buf_commit(struct hg_buf *b, size_t n);

/* All or nothing; false when the ceiling or memory is reached. */
bool hg_buf_append(struct hg_buf *b, struct hg_slice s);
bool hg_buf_printf(struct hg_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Another ceiling; what is in it stays, even if that is more. */
void hg_buf_limit(struct hg_buf *b, size_t ceiling);

/* Drops n bytes from the front (n <= len). */
void hg_buf_consume(struct hg_buf *b, size_t n);

/* Gives the memory back if there is no data. */
void hg_buf_trim(struct hg_buf *b);

/* Drops everything; the buffer can be used again. */
void hg_buf_free(struct hg_buf *b);

#endif
