/* SPDX-License-Identifier: MIT
 *
 * The byte queue. Data moves to the front only when at least half of the memory
 * is consumed or when the ceiling leaves no other way, so that many small
 * consumes do not cost a move each.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define FIRST_CAP 1024u

static void sane(const struct hg_buf *b)
{
    HG_ASSERT(b->head <= b->tail && b->tail <= b->cap && b->cap <= b->ceiling);
    HG_ASSERT((b->mem == NULL) == (b->cap == 0));
}

void hg_buf_init(struct hg_buf *b, size_t ceiling, bool wipe)
{
    *b = (struct hg_buf){.ceiling = ceiling, .wipe = wipe};
}

void hg_buf_limit(struct hg_buf *b, size_t ceiling)
{
    hg_buf_trim(b);
    b->ceiling = ceiling > b->cap ? ceiling : b->cap;
    sane(b);
}

static void move_to_front(struct hg_buf *b)
{
    size_t len = hg_buf_len(b);
    memmove(b->mem, b->mem + b->head, len);
    if (b->wipe)
        explicit_bzero(b->mem + len, b->tail - len);
    b->head = 0;
    b->tail = len;
}

static void release(struct hg_buf *b)
{
    if (b->mem && b->wipe)
        explicit_bzero(b->mem, b->cap);
    free(b->mem);
}

static bool grow(struct hg_buf *b, size_t need)
{
    size_t len = hg_buf_len(b);
    size_t cap = b->cap > b->ceiling / 2 ? b->ceiling : b->cap * 2;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP < b->ceiling ? FIRST_CAP : b->ceiling;
    if (cap < need)
        cap = need;
    HG_ASSERT(cap <= b->ceiling);
    /* Not realloc: it would leave an unwiped copy behind, and copy consumed bytes. */
    char *mem = malloc(cap);
    if (!mem)
        return false;
    if (len > 0)
        memcpy(mem, b->mem + b->head, len);
    release(b);
    b->mem = mem;
    b->cap = cap;
    b->head = 0;
    b->tail = len;
    return true;
}

char *hg_buf_reserve(struct hg_buf *b, size_t n, size_t *room)
{
    sane(b);
    if (n == 0)
        n = 1;
    size_t len = hg_buf_len(b);
    if (n > b->ceiling - len)
        return NULL;
    if (b->cap - b->tail < n) {
        bool fits = b->cap >= len + n;
        if (fits && (len <= b->cap / 2 || b->cap == b->ceiling))
            move_to_front(b);
        else if (!grow(b, len + n))
            return NULL;
    }
    sane(b);
    HG_ASSERT(b->cap - b->tail >= n);
    if (room)
        *room = b->cap - b->tail;
    return b->mem + b->tail;
}

void hg_buf_commit(struct hg_buf *b, size_t n)
{
    sane(b);
    HG_ASSERT(n <= b->cap - b->tail);
    b->tail += n;
}

bool hg_buf_append(struct hg_buf *b, struct hg_slice s)
{
    if (s.n == 0)
        return true;
    char *to = hg_buf_reserve(b, s.n, NULL);
    if (!to)
        return false;
    memcpy(to, s.p, s.n);
    hg_buf_commit(b, s.n);
    return true;
}

bool hg_buf_printf(struct hg_buf *b, const char *fmt, ...)
{
    bool ok = false;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    /* By way of a copy: vsnprintf needs a byte for its NUL, which the ceiling may not have. */
    char *copy = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (copy) {
        vsnprintf(copy, (size_t)n + 1, fmt, again);
        ok = hg_buf_append(b, hg_slice(copy, (size_t)n));
        if (b->wipe)
            explicit_bzero(copy, (size_t)n);
        free(copy);
    }
    va_end(again);
    va_end(args);
    return ok;
}

void hg_buf_consume(struct hg_buf *b, size_t n)
{
    sane(b);
    HG_ASSERT(n <= hg_buf_len(b));
    if (b->wipe && n > 0)
        explicit_bzero(b->mem + b->head, n);
    b->head += n;
    if (b->head == b->tail)
        b->head = b->tail = 0;
}

void hg_buf_trim(struct hg_buf *b)
{
    sane(b);
    if (hg_buf_len(b) == 0)
        hg_buf_free(b);
}

void hg_buf_free(struct hg_buf *b)
{
    sane(b);
    release(b);
    b->mem = NULL;
    b->head = b->tail = b->cap = 0;
}
