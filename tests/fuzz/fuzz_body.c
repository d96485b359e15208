/* SPDX-License-Identifier: MIT
 *
 * Fuzz: a chunked body, whole and cut at arbitrary points, must give the same
 * data and verdict; and what was decoded must survive the encoder.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "http/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1u << 20)

struct result {
    struct hg_buf data;
    enum hg_body_step last;
    enum hg_http_error error;
    size_t used;
};

static void feed(struct hg_body_decoder *d, struct hg_slice in, struct result *r)
{
    char *copy = malloc(in.n ? in.n : 1);
    HG_ASSERT(copy);
    if (in.n > 0)
        memcpy(copy, in.p, in.n);
    struct hg_slice rest = hg_slice(copy, in.n), data;
    do {
        size_t used;
        r->last = hg_body_decode(d, rest, &used, &data);
        HG_ASSERT(used <= rest.n);
        HG_ASSERT(r->last != HG_BODY_MORE || used == rest.n);
        HG_ASSERT((r->last == HG_BODY_DATA) == (data.n > 0));
        HG_ASSERT(hg_buf_append(&r->data, data));
        r->used += used;
        rest = hg_slice_from(rest, used);
    } while (r->last == HG_BODY_DATA);
    free(copy);
}

/* cuts: sizes of the pieces, used in turn; none: all at once. */
static void decode(struct result *r, const struct hg_framing *f, uint64_t limit, struct hg_slice in,
                   struct hg_slice cuts)
{
    struct hg_body_decoder d;
    struct hg_arena arena;
    struct hg_headers trailers;
    *r = (struct result){.last = HG_BODY_MORE};
    hg_buf_init(&r->data, MOST, false);
    hg_body_decoder_init(&d, f, limit);
    hg_arena_init(&arena, 1u << 20);
    for (size_t at = 0, i = 0; r->last == HG_BODY_MORE; i++) {
        size_t left = in.n - at;
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] : left;
        n = n < left ? n : left;
        feed(&d, hg_slice(in.p + at, n), r);
        at += n;
        if (at == in.n)
            break;
    }
    r->error = d.error;
    HG_ASSERT(d.total == hg_buf_len(&r->data) && d.total <= limit);
    if (r->last == HG_BODY_DONE && hg_body_trailers(&d, &arena, &trailers) == HG_HTTP_OK) {
        for (size_t i = 0; i < trailers.n; i++)
            HG_ASSERT((hg_field_flags(trailers.v[i].id) & HG_FIELD_T) == 0);
    }
    hg_arena_reset(&arena);
    hg_body_decoder_free(&d);
}

static void round_trip(struct hg_slice data, struct hg_slice cuts)
{
    const struct hg_framing chunked = {.kind = HG_FRAMING_CHUNKED};
    struct hg_buf wire;
    struct result r;
    hg_buf_init(&wire, 64 * MOST, false);
    for (size_t at = 0, i = 0; at < data.n; i++) {
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] : data.n;
        n = n < data.n - at ? n : data.n - at;
        HG_ASSERT(hg_body_encode(&wire, HG_FRAMING_CHUNKED, hg_slice(data.p + at, n)));
        at += n;
    }
    HG_ASSERT(hg_body_encode_end(&wire, HG_FRAMING_CHUNKED, NULL));
    decode(&r, &chunked, UINT64_MAX, hg_buf_data(&wire), cuts);
    HG_ASSERT(r.last == HG_BODY_DONE && r.used == hg_buf_len(&wire));
    HG_ASSERT(hg_slice_eq(hg_buf_data(&r.data), data));
    hg_buf_free(&r.data);
    hg_buf_free(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 8 || size > MOST / 2)
        return 0;
    const char *p = (const char *)bytes;
    struct hg_slice cuts = hg_slice(p, 5), in = hg_slice(p + 8, size - 8);
    struct hg_framing f = {.kind = (enum hg_framing_kind)(bytes[5] % 4)};
    uint64_t limit = bytes[6] == 255 ? UINT64_MAX : (uint64_t)bytes[6] * 16;
    struct result whole, cut;
    if (bytes[7] < 192)
        f.kind = HG_FRAMING_CHUNKED;
    if (f.kind == HG_FRAMING_LENGTH)
        f.length = bytes[7];
    decode(&whole, &f, limit, in, hg_slice(NULL, 0));
    decode(&cut, &f, limit, in, cuts);
    HG_ASSERT(whole.last == cut.last && whole.error == cut.error && whole.used == cut.used);
    HG_ASSERT(hg_slice_eq(hg_buf_data(&whole.data), hg_buf_data(&cut.data)));
    round_trip(in, cuts);
    hg_buf_free(&whole.data);
    hg_buf_free(&cut.data);
    return 0;
}
