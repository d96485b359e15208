/* SPDX-License-Identifier: MIT
 *
 * Fuzz: WebSocket frames, whole and cut anywhere, plain and deflated.
 */
#include "usage/frames.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    uint64_t hash, bytes, messages;
};

static bool on_text(void *ctx, struct hg_slice piece)
{
    struct told *t = ctx;

    HG_ASSERT(piece.n > 0);
    for (size_t i = 0; i < piece.n; i++)
        t->hash = (t->hash ^ (unsigned char)piece.p[i]) * 1099511628211u;
    t->bytes += piece.n;
    return true;
}

static void on_message(void *ctx)
{
    struct told *t = ctx;

    t->hash *= 31;
    t->messages++;
}

static const struct hg_frames_events events = {.text = on_text, .message = on_message};

struct result {
    struct told told;
    enum hg_frames_result result;
    bool between;
};

static struct result read_frames(const struct hg_frames_deflate *how, struct hg_slice in,
                                 struct hg_slice cuts)
{
    struct hg_budget budget = {.ceiling = 64u * 1024u};
    struct result r = {.result = HG_FRAMES_FINE};
    struct hg_frames f;

    hg_frames_init(&f, how, &budget, &events, &r.told);
    for (size_t i = 0; in.n > 0 && r.result == HG_FRAMES_FINE; i++) {
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] % 64 : in.n;
        char *copy;
        n = n < in.n ? n : in.n;
        copy = malloc(n);
        HG_ASSERT(copy != NULL);
        memcpy(copy, in.p, n);
        r.result = hg_frames_feed(&f, hg_slice(copy, n));
        free(copy);
        in = hg_slice_from(in, n);
    }
    r.between = hg_frames_between(&f);
    hg_frames_free(&f);
    HG_ASSERT(budget.used == 0);
    return r;
}

/* The header's own parser is fed the same bytes. */
static void extensions(struct hg_slice in)
{
    struct hg_frames_deflate out;

    if (hg_frames_extensions(in, &out))
        HG_ASSERT(out.on || !out.fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 5)
        return 0;
    struct hg_slice cuts = hg_slice((const char *)bytes, 4), in = hg_slice((const char *)bytes + 5, size - 5);
    const struct hg_frames_deflate how = {.on = (bytes[4] & 1) != 0, .fresh = (bytes[4] & 2) != 0};
    struct result whole = read_frames(&how, in, hg_slice(NULL, 0)), cut = read_frames(&how, in, cuts);

    extensions(in);
    HG_ASSERT(whole.told.bytes <= HG_LIMIT_TAP_FREE + HG_LIMIT_TAP_RATIO * (size + 4));
    if (whole.result == HG_FRAMES_TOO_MUCH || cut.result == HG_FRAMES_TOO_MUCH)
        return 0;
    HG_ASSERT(whole.result == cut.result);
    if (whole.result == HG_FRAMES_FINE)
        HG_ASSERT(whole.told.hash == cut.told.hash && whole.told.bytes == cut.told.bytes &&
                  whole.told.messages == cut.told.messages && whole.between == cut.between);
    return 0;
}
