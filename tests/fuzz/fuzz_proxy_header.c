/* SPDX-License-Identifier: MIT
 *
 * PROXY protocol headers, whole and in every prefix: the verdict is the same,
 * and what belongs to the client is never taken for the header's.
 */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "http/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hg_slice all = hg_slice((const char *)data, size);
    struct hg_proxy_header whole, piece;
    enum hg_proxy_read v, w = HG_PROXY_MORE;
    size_t length, at = 0, n = 0;
    const char *why, *ignored;

    if (size == 0)
        return 0;
    v = hg_proxy_header_read(all, &whole, &length, &why);
    while (w == HG_PROXY_MORE && n < size)
        w = hg_proxy_header_read(hg_slice(all.p, ++n), &piece, &at, &ignored);
    HG_ASSERT(v == w && (v == HG_PROXY_BAD) == (why != NULL));
    HG_ASSERT(v != HG_PROXY_MORE || size < HG_LIMIT_PROXY_HEADER);
    if (v != HG_PROXY_DONE)
        return 0;
    HG_ASSERT(n == length && at == length && length <= HG_LIMIT_PROXY_HEADER);
    HG_ASSERT(memcmp(&whole, &piece, sizeof(whole)) == 0);
    HG_ASSERT(whole.known || !whole.has_addr);
    return 0;
}
