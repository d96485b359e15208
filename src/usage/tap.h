/* SPDX-License-Identifier: MIT
 *
 * Private to the files of the tap: tap.c (one answer), tap_rules.c (what is looked
 * for), tap_count.c (what was found in a document), tap_format.c (documents in
 * bodies, events and messages).
 */
#ifndef HG_USAGE_TAP_PRIVATE_H
#define HG_USAGE_TAP_PRIVATE_H

#include "usage/decode.h"
#include "usage/frames.h"
#include "usage/json.h"
#include "usage/path.h"
#include "usage/sse.h"
#include "usage/tap.h"

struct hg_tap_rules {
    struct hg_paths *paths;
    bool sum;
    unsigned char field[HG_LIMIT_TAP_PATHS]; /* enum hg_tap_field of each path */
    uint64_t of_field[HG_TAP_FIELDS];        /* bits of the paths of each field, the first given lowest */
};

/* What the paths led to: in one document, or in all that are complete. */
struct hg_tap_found {
    uint64_t seen; /* bit of each path */
    uint64_t value[HG_LIMIT_TAP_PATHS];
    unsigned model_path; /* whose model this is; only when its bit is set */
    size_t model_n;
    char model[HG_LIMIT_TAP_MODEL];
};

enum hg_tap_format { HG_TAP_NO_FORMAT, HG_TAP_JSON, HG_TAP_LINES, HG_TAP_EVENTS, HG_TAP_MESSAGES };

struct hg_tap {
    const struct hg_tap_rules *rules;
    enum hg_tap_format format;
    enum hg_tap_why why; /* not FINE: it gave up */
    bool ended;
    uint64_t limit, bytes, documents, bad;
    uint64_t mark; /* of streams: bytes when the last event or message was complete */
    struct hg_budget budget;
    struct hg_decode *decode; /* NULL: not coded */
    struct hg_frames frames;  /* MESSAGES */
    struct hg_tap_found all, document;
    struct hg_jscan scan;
    struct hg_paths_walk walk;
    /* The event under way */
    struct hg_sse sse;
    bool event_begun;       /* data of it came */
    unsigned char sentinel; /* its first bytes are so many of "[DONE]" */
};

/* ---- tap_count.c ---- */

void hg_tap_count_init(struct hg_tap *tap, bool many);
/* A document, event or message begins; what was found in one that was not taken is forgotten. */
void hg_tap_count_begin(struct hg_tap *tap);
/* The document is sound: what was found in it counts. */
void hg_tap_count_take(struct hg_tap *tap);
/* The path of the field that counts, of those in seen; HG_LIMIT_TAP_PATHS: none. */
unsigned hg_tap_first(const struct hg_tap_rules *rules, enum hg_tap_field field, uint64_t seen);

/* ---- tap_format.c ---- */

/* Events of an SSE stream, and of a WebSocket: more data of the one under way, its end. */
void hg_tap_event_data(struct hg_tap *tap, struct hg_slice piece);
void hg_tap_event_end(struct hg_tap *tap);

enum hg_tap_format hg_tap_format_of(struct hg_slice content_type);
void hg_tap_format_init(struct hg_tap *tap);
/* Decoded bytes. */
void hg_tap_format_feed(struct hg_tap *tap, struct hg_slice span);
void hg_tap_format_end(struct hg_tap *tap, bool whole);

#endif
