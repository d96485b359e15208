/* SPDX-License-Identifier: MIT
 *
 * Content codings (RFC 9110, 8.4) undone on a copy of what passes: gzip, deflate
 * (with a zlib header or, as some senders mean it, without), br, zstd. Memory is
 * bounded whatever the sender chose, and so is what a little input may become.
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

/* Memory that decoders may hold. Not for several threads. */
struct hg_budget {
    size_t used, ceiling;
    struct hg_budget *parent; /* counts too; NULL: none */
};

enum hg_decode_result {
    HG_DECODE_FINE,
    HG_DECODE_BAD,      /* the bytes are not in that coding */
    HG_DECODE_TOO_MUCH, /* HG_LIMIT_TAP_RATIO times the input, and more than HG_LIMIT_TAP_FREE; or a larger
                           window */
    HG_DECODE_NO_MEMORY,
    HG_DECODE_STOPPED, /* by the taker */
};

/* Decoded bytes, valid during the call. False: no more are wanted. */
typedef bool hg_decode_take(void *ctx, struct hg_slice piece);

struct hg_decode;

/* codings->n is not 0; budget must outlive it. NULL without memory. */
struct hg_decode *hg_decode_new(const struct hg_codings *codings, struct hg_budget *budget,
                                hg_decode_take *take, void *ctx);
/* NULL is fine. */
void hg_decode_free(struct hg_decode *d);

/* All that can be decoded by now is handed on before it returns. After another result than FINE it must not
 * be fed on. Bytes behind the end of a coding are passed over, as clients do; gzip and zstd may begin anew
 * there, and behind zstd nothing else is taken. */
enum hg_decode_result hg_decode_feed(struct hg_decode *d, struct hg_slice span);

/* Could the input end here? */
bool hg_decode_whole(const struct hg_decode *d);

#endif
