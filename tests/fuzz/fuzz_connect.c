/* SPDX-License-Identifier: MIT
 *
 * A proxy's answer to CONNECT, whole and in pieces: both must come to the same
 * verdict, as long as no piece ends where a tunnel opens.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "tunnel_answer.h"

/* Feeds data in pieces of `piece` bytes. *at: how many bytes the verdict took. */
static enum hg_tunnel_verdict feed(struct hg_slice data, size_t piece, struct hg_failure *f, size_t *at)
{
    struct hg_tunnel_answer a;
    enum hg_tunnel_verdict v = HG_TUNNEL_MORE;
    size_t start = 0, n = 0;

    f->kind = HG_FAILURE_NONE;
    hg_tunnel_answer_init(&a);
    while (v == HG_TUNNEL_MORE && n < data.n) {
        size_t used = 0;
        n = data.n - n < piece ? data.n : n + piece;
        v = hg_tunnel_answer_feed(&a, hg_slice(data.p + start, n - start), &used, f);
        HG_ASSERT(used <= n - start);
        start += used;
    }
    *at = n;
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hg_slice bytes = hg_slice((const char *)data, size);
    struct hg_failure whole, pieces;
    size_t at = 0;
    enum hg_tunnel_verdict v = feed(bytes, size > 0 ? size : 1, &whole, &at);
    enum hg_tunnel_verdict w = feed(bytes, 1, &pieces, &at);

    HG_ASSERT((v == HG_TUNNEL_REFUSED) == (whole.kind != HG_FAILURE_NONE));
    HG_ASSERT((w == HG_TUNNEL_REFUSED) == (pieces.kind != HG_FAILURE_NONE));
    if (w == HG_TUNNEL_OPEN && at < size)
        HG_ASSERT(v == HG_TUNNEL_REFUSED && whole.kind == HG_FAILURE_TUNNEL_BAD);
    else
        HG_ASSERT(v == w && whole.kind == pieces.kind);
    for (const char *p = whole.detail; v == HG_TUNNEL_REFUSED && *p != '\0'; p++)
        HG_ASSERT(*p >= 0x20 && *p < 0x7f);
    return 0;
}
