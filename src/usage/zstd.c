/* SPDX-License-Identifier: MIT
 *
 * zstd (RFC 8878), by libzstd: windows of up to 8 MiB, as RFC 9659 bounds them
 * for a content coding. The library's stable interface takes no allocator, so
 * what it holds is asked for behind each step.
 */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/check.h"
#include "base/limits.h"
#include "coder.h"

struct zstd {
    struct hg_coder coder;
    ZSTD_DCtx *context;
    size_t counted; /* of the budget */
    bool open;      /* in a frame */
    unsigned head;  /* bytes taken of its header; more than it has are no matter */
};

/* Magic and header (RFC 8878, 3.1.1). They are given byte by byte: a frame that stands whole in the input
 * would be judged more strictly than one that comes in pieces, and four bytes that look like the magic of an
 * old format would wake decoders which are no part of the content coding. */
#define HEAD_MAX 18u

static bool count(struct zstd *z)
{
    size_t now = ZSTD_sizeof_DCtx(z->context);

    if (!hg_budget_move(z->coder.budget, z->counted, now))
        return false;
    z->counted = now;
    return true;
}

static enum hg_coder_step failed(size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        return CODER_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return CODER_TOO_LARGE;
    default:
        return CODER_BAD;
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through the struct */
static enum hg_coder_step step(struct hg_coder *c, struct hg_slice *in, char *out, size_t room, size_t *made)
{
    struct zstd *z = HG_CONTAINER_OF(c, struct zstd, coder);
    ZSTD_inBuffer from = {.src = in->p, .size = in->n};
    ZSTD_outBuffer to = {.dst = out, .size = room};
    bool full;
    size_t result;

    *made = 0;
    if (in->n == 0 && !z->open)
        return CODER_MORE;
    if (!z->open)
        z->head = 0;
    if (z->head < HEAD_MAX) {
        from.size = in->n > 0 ? 1 : 0;
        z->head++;
    }
    result = ZSTD_decompressStream(z->context, &to, &from);
    if (ZSTD_isError(result))
        return failed(result);
    *made = to.pos;
    *in = hg_slice_from(*in, from.pos);
    z->open = result != 0;
    full = to.pos == to.size && z->open;
    if (!count(z))
        return CODER_NO_MEMORY;
    return full || in->n > 0 ? CODER_AGAIN : CODER_MORE;
}

static bool whole(const struct hg_coder *c)
{
    return !((const struct zstd *)(const void *)c)->open;
}

static void release(struct hg_coder *c)
{
    struct zstd *z = HG_CONTAINER_OF(c, struct zstd, coder);

    (void)ZSTD_freeDCtx(z->context);
    (void)hg_budget_move(c->budget, z->counted, 0);
    hg_budget_free(c->budget, z);
}

static const struct hg_coder_ops ops = {.step = step, .whole = whole, .free = release};

struct hg_coder *hg_zstd_new(struct hg_budget *budget)
{
    struct zstd *z = hg_budget_alloc(budget, sizeof(*z));

    if (z == NULL)
        return NULL;
    z->coder = (struct hg_coder){.ops = &ops, .budget = budget};
    z->context = ZSTD_createDCtx();
    if (z->context != NULL && count(z) &&
        !ZSTD_isError(ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax, HG_LIMIT_ZSTD_WINDOW_BITS)))
        return &z->coder;
    release(&z->coder);
    return NULL;
}
