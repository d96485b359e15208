/* SPDX-License-Identifier: MIT
 *
 * Codings by name, and one undone after the other: what one makes is fed to the
 * next in pieces.
 */
#include "usage/decode.h"

#include "base/check.h"
#include "coder.h"

#define PIECE (8u * 1024u)

struct hg_decode {
    struct hg_budget *budget;
    hg_decode_take *take;
    void *ctx;
    uint64_t in; /* bytes fed */
    unsigned n;
    struct stage {
        struct hg_coder *coder;
        uint64_t made;
        bool ended;
        char piece[PIECE];
    } stage[HG_CODINGS]; /* the one that was applied last is the first to be undone */
};

static bool coding_of(struct hg_slice name, enum hg_coding *out)
{
    static const struct {
        struct hg_slice name;
        enum hg_coding coding;
    } known[] = {
        {HG_LIT_INIT("gzip"), HG_CODING_GZIP},       {HG_LIT_INIT("x-gzip"), HG_CODING_GZIP},
        {HG_LIT_INIT("deflate"), HG_CODING_DEFLATE}, {HG_LIT_INIT("br"), HG_CODING_BR},
        {HG_LIT_INIT("zstd"), HG_CODING_ZSTD},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (hg_slice_ieq(name, known[i].name)) {
            *out = known[i].coding;
            return true;
        }
    return false;
}

bool hg_codings_parse(struct hg_slice value, struct hg_codings *out)
{
    struct hg_slice item;
    enum hg_coding coding;

    out->n = 0;
    while (hg_slice_next_item(&value, &item)) {
        if (hg_slice_ieq(item, HG_LIT("identity")))
            continue;
        if (out->n == HG_CODINGS || !coding_of(item, &coding))
            return false;
        out->v[out->n++] = coding;
    }
    return true;
}

static struct hg_coder *coder_new(enum hg_coding coding, struct hg_budget *budget)
{
    switch (coding) {
    case HG_CODING_GZIP:
        return hg_inflate_new(INFLATE_GZIP, budget);
    case HG_CODING_DEFLATE:
        return hg_inflate_new(INFLATE_DEFLATE, budget);
    case HG_CODING_BR:
        return hg_brotli_new(budget);
    case HG_CODING_ZSTD:
        return hg_zstd_new(budget);
    }
    return NULL;
}

struct hg_decode *hg_decode_new(const struct hg_codings *codings, struct hg_budget *budget,
                                hg_decode_take *take, void *ctx)
{
    struct hg_decode *d = hg_budget_alloc(budget, sizeof(*d));

    HG_ASSERT(codings->n > 0 && codings->n <= HG_CODINGS);
    if (d == NULL)
        return NULL;
    d->budget = budget;
    d->take = take;
    d->ctx = ctx;
    for (; d->n < codings->n; d->n++) {
        struct hg_coder *coder = coder_new(codings->v[codings->n - 1 - d->n], budget);
        if (coder == NULL) {
            hg_decode_free(d);
            return NULL;
        }
        d->stage[d->n].coder = coder;
    }
    return d;
}

void hg_decode_free(struct hg_decode *d)
{
    if (d == NULL)
        return;
    for (unsigned i = 0; i < d->n; i++)
        d->stage[i].coder->ops->free(d->stage[i].coder);
    hg_budget_free(d->budget, d);
}

static enum hg_decode_result run(struct hg_decode *d, unsigned n, struct hg_slice in);

/* What stage n made goes on. */
static enum hg_decode_result hand_on(struct hg_decode *d, unsigned n, size_t made)
{
    struct stage *stage = &d->stage[n];
    struct hg_slice piece = hg_slice(stage->piece, made);

    stage->made += made;
    if (hg_is_bomb(d->in, stage->made))
        return HG_DECODE_TOO_MUCH;
    if (n + 1 < d->n)
        return run(d, n + 1, piece);
    return d->take(d->ctx, piece) ? HG_DECODE_FINE : HG_DECODE_STOPPED;
}

static enum hg_decode_result result_of(enum hg_coder_step step)
{
    switch (step) {
    case CODER_BAD:
        return HG_DECODE_BAD;
    case CODER_TOO_LARGE:
        return HG_DECODE_TOO_MUCH;
    case CODER_NO_MEMORY:
        return HG_DECODE_NO_MEMORY;
    default:
        return HG_DECODE_FINE;
    }
}

static enum hg_decode_result run(struct hg_decode *d, unsigned n, struct hg_slice in)
{
    struct stage *stage = &d->stage[n];
    enum hg_coder_step step = CODER_AGAIN;
    enum hg_decode_result result = HG_DECODE_FINE;
    size_t made;

    while (step == CODER_AGAIN && result == HG_DECODE_FINE && !stage->ended) {
        step = stage->coder->ops->step(stage->coder, &in, stage->piece, PIECE, &made);
        stage->ended = step == CODER_END;
        if (made > 0)
            result = hand_on(d, n, made);
    }
    return result != HG_DECODE_FINE ? result : result_of(step);
}

enum hg_decode_result hg_decode_feed(struct hg_decode *d, struct hg_slice span)
{
    d->in += span.n;
    return span.n > 0 ? run(d, 0, span) : HG_DECODE_FINE;
}

bool hg_decode_whole(const struct hg_decode *d)
{
    for (unsigned i = 0; i < d->n; i++)
        if (!d->stage[i].coder->ops->whole(d->stage[i].coder))
            return false;
    return true;
}
