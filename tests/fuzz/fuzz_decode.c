/* SPDX-License-Identifier: MIT
 *
 * Fuzz: bytes that claim to be coded, whole and cut anywhere, within a budget.
 * The first byte chooses the coding; HDRGATE_FUZZ_CODING (gzip, deflate, br, zstd,
 * "gzip, br" ...) holds to one.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "usage/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CEILING (24u * 1024u * 1024u)

struct result {
    uint64_t hash, made;
    enum hg_decode_result result;
    bool whole;
};

static bool take(void *ctx, struct hg_slice piece)
{
    struct result *r = ctx;

    HG_ASSERT(piece.n > 0);
    for (size_t i = 0; i < piece.n; i++)
        r->hash = (r->hash ^ (unsigned char)piece.p[i]) * 1099511628211u;
    r->made += piece.n;
    return true;
}

static struct result decode(const struct hg_codings *codings, struct hg_slice in, struct hg_slice cuts)
{
    struct hg_budget budget = {.ceiling = CEILING};
    struct result r = {.result = HG_DECODE_FINE};
    struct hg_decode *d = hg_decode_new(codings, &budget, take, &r);
    uint64_t all = in.n;

    HG_ASSERT(d != NULL);
    for (size_t i = 0; in.n > 0 && r.result == HG_DECODE_FINE; i++) {
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] : in.n;
        char *copy;
        n = n < in.n ? n : in.n;
        copy = malloc(n);
        HG_ASSERT(copy != NULL);
        memcpy(copy, in.p, n);
        r.result = hg_decode_feed(d, hg_slice(copy, n));
        free(copy);
        in = hg_slice_from(in, n);
        HG_ASSERT(budget.used <= CEILING);
    }
    HG_ASSERT(r.made <= HG_LIMIT_TAP_FREE + HG_LIMIT_TAP_RATIO * (all + 1));
    r.whole = hg_decode_whole(d);
    hg_decode_free(d);
    HG_ASSERT(budget.used == 0);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"gzip",     "deflate",       "br",      "zstd",
                                        "gzip, br", "zstd, deflate", "br, zstd"};
    const char *name = getenv("HDRGATE_FUZZ_CODING");
    struct hg_codings codings;

    if (size < 5)
        return 0;
    if (name == NULL)
        name = names[bytes[4] % (sizeof(names) / sizeof(*names))];
    HG_ASSERT(hg_codings_parse(hg_slice_str(name), &codings));
    struct hg_slice cuts = hg_slice((const char *)bytes, 4), in = hg_slice((const char *)bytes + 5, size - 5);
    struct result whole = decode(&codings, in, hg_slice(NULL, 0)), cut = decode(&codings, in, cuts);

    /* How much a span may become depends on how long it is; all else does not. */
    if (whole.result == HG_DECODE_TOO_MUCH || cut.result == HG_DECODE_TOO_MUCH)
        return 0;
    HG_ASSERT(whole.result == cut.result);
    if (whole.result == HG_DECODE_FINE)
        HG_ASSERT(whole.hash == cut.hash && whole.made == cut.made && whole.whole == cut.whole);
    return 0;
}
