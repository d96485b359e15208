/* SPDX-License-Identifier: MIT
 *
 * JSON (RFC 8259) read as it passes: bytes come in spans of any size, nothing is
 * kept but a key or scalar that somebody wants, and of that HG_JSCAN_TEXT bytes.
 * It is strict: what is not JSON is refused, also where nobody looks (structure,
 * numbers, escapes, UTF-8), and depth has a ceiling. A scanner holds no memory
 * of its own and may be copied as a struct or dropped at any time.
 *
 *     struct hg_jscan scan;
 *     hg_jscan_init(&scan, &events, ctx, false);
 *     while (... span ...)
 *         if (!hg_jscan_feed(&scan, span))
 *             ... not JSON: scan.error says why, scan.offset where
 *     if (!hg_jscan_end(&scan))
 *         ... it broke off, or there was nothing
 *
 * For one member of the outermost object there is a ready reader: usage/member.h.
 */
#ifndef HG_USAGE_JSON_H
#define HG_USAGE_JSON_H

#include "base/limits.h"
#include "base/slice.h"

#define HG_JSCAN_TEXT 256u /* kept of a key, string or number, decoded */

enum hg_jscan_kind {
    HG_JSCAN_OBJECT,
    HG_JSCAN_ARRAY,
    HG_JSCAN_STRING,
    HG_JSCAN_NUMBER,
    HG_JSCAN_TRUE,
    HG_JSCAN_FALSE,
    HG_JSCAN_NULL,
};

/* A key, string or number. Valid during the call. */
struct hg_jscan_text {
    struct hg_slice bytes; /* UTF-8, escapes decoded; a number as written */
    bool escaped;          /* it was written with an escape */
    bool cut;              /* longer than HG_JSCAN_TEXT: these are the first bytes (maybe half a character) */
    bool lone;             /* had half a surrogate pair, which stands here as U+FFFD */
};

/* What the scanner tells. Calls come in the order of the text. depth is the number of objects and arrays
 * around: a document has 0, members of the outermost object have 1. */
struct hg_jscan_events {
    /* A member (its name) or element (NULL) comes. False: its value, and all that is in it, is passed over
     * without another call. */
    bool (*member)(void *ctx, unsigned depth, const struct hg_jscan_text *name);
    /* A value: a scalar that is complete (text is NULL for true, false and null), or the begin of an object
     * or array (text NULL), of which nothing more is told when this returns false. */
    bool (*value)(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text);
    /* A document is complete and sound. May be NULL. */
    void (*document)(void *ctx);
};

struct hg_jscan {
    const struct hg_jscan_events *events;
    void *ctx;
    const char *error;  /* NULL, or why this is no JSON; a part of a sentence */
    uint64_t offset;    /* bytes read so far; after an error: of the byte that was wrong */
    uint64_t documents; /* complete ones */
    const char *literal, *wrong;
    unsigned depth;
    unsigned skip_depth; /* while skipping: the depth of the value that is passed over */
    uint32_t code, high; /* of \u: digits so far, the first half of a pair (0: none) */
    unsigned char state, number, digits, utf8_left, utf8_low, utf8_high, matched;
    bool many, skipping, keep, is_key, escaped, cut, lone, too_deep;
    uint16_t n;
    uint64_t in_object[HG_LIMIT_JSON_DEPTH / 64u]; /* bit d: what is open at depth d is an object */
    char text[HG_JSCAN_TEXT];
};

/* many: documents may follow each other (NDJSON; white space between them is not required). Otherwise
 * anything but white space behind the first one is an error. events and ctx must outlive the scanner. */
void hg_jscan_init(struct hg_jscan *s, const struct hg_jscan_events *events, void *ctx, bool many);

/* To the state after init; costs little. */
void hg_jscan_reset(struct hg_jscan *s);

/* False: what came until now is not JSON, or nests deeper than HG_LIMIT_JSON_DEPTH (too_deep); it stays so.
 */
bool hg_jscan_feed(struct hg_jscan *s, struct hg_slice span);

/* No more comes (a number at the outermost level ends only so). True: it was one document at least, and
 * nothing is open. */
bool hg_jscan_end(struct hg_jscan *s);

/* Has a document been begun that is not complete yet? */
bool hg_jscan_open(const struct hg_jscan *s);

#endif
