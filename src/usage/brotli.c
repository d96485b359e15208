/* SPDX-License-Identifier: MIT
 *
 * br (RFC 7932), by brotlidec: windows of up to 16 MiB, which grow as they are
 * used; "large window" streams are no content coding and are refused.
 */
#include <brotli/decode.h>

#include "base/check.h"
#include "coder.h"

struct brotli {
    struct hg_coder coder;
    BrotliDecoderState *state;
    bool begun;
};

static void *brotli_alloc(void *opaque, size_t n)
{
    return hg_budget_alloc(opaque, n);
}

static void brotli_free(void *opaque, void *p)
{
    hg_budget_free(opaque, p);
}

/* Errors of memory stand together (brotli/decode.h). */
static bool without_memory(const struct brotli *b)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(b->state);

    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
           code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

static enum hg_coder_step step(struct hg_coder *c, struct hg_slice *in, char *out, size_t room, size_t *made)
{
    struct brotli *b = HG_CONTAINER_OF(c, struct brotli, coder);
    const uint8_t *next = (const uint8_t *)in->p;
    uint8_t *to = (uint8_t *)out;
    size_t left = in->n, room_left = room;
    BrotliDecoderResult result;

    b->begun = b->begun || in->n > 0;
    result = BrotliDecoderDecompressStream(b->state, &left, &next, &room_left, &to, NULL);
    *made = room - room_left;
    *in = hg_slice_from(*in, in->n - left);
    switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return CODER_END;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return CODER_MORE;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return CODER_AGAIN;
    default:
        return without_memory(b) ? CODER_NO_MEMORY : CODER_BAD;
    }
}

static bool whole(const struct hg_coder *c)
{
    const struct brotli *b = (const struct brotli *)(const void *)c;

    return !b->begun || BrotliDecoderIsFinished(b->state);
}

static void release(struct hg_coder *c)
{
    struct brotli *b = HG_CONTAINER_OF(c, struct brotli, coder);

    BrotliDecoderDestroyInstance(b->state);
    hg_budget_free(c->budget, b);
}

static const struct hg_coder_ops ops = {.step = step, .whole = whole, .free = release};

struct hg_coder *hg_brotli_new(struct hg_budget *budget)
{
    struct brotli *b = hg_budget_alloc(budget, sizeof(*b));

    if (b == NULL)
        return NULL;
    b->coder = (struct hg_coder){.ops = &ops, .budget = budget};
    b->state = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, budget);
    if (b->state != NULL)
        return &b->coder;
    hg_budget_free(budget, b);
    return NULL;
}
