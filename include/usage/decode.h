/* SPDX-License-Identifier: MIT
 *
 * Content codings (RFC 9110, 8.4) undone on a copy of what passes.
 */
#ifndef HG_USAGE_DECODE_H
#define HG_USAGE_DECODE_H

#include "base/slice.h"

#define HG_CODINGS 2u /* one in the other */

enum hg_coding { HG_CODING_GZIP, HG_CODING_DEFLATE, HG_CODING_BR, HG_CODING_ZSTD };

/* In the order in which they were applied; n 0: the bytes are as they are. */
struct hg_codings {
    unsigned n;
    enum hg_coding v[HG_CODINGS];
};

/* The value of Content-Encoding (.p may be NULL: none). False: one that is not known, or too many. */
bool hg_codings_parse(struct hg_slice value, struct hg_codings *out);

#endif
