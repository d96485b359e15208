/* SPDX-License-Identifier: MIT
 *
 * A tap reads along what an answer says of tokens and model. It is fed copies of
 * the bytes that pass and can do nothing to them; whatever is wrong with them,
 * only the tap gives up. Its rules are built with the plan, immutable, and
 * shared; the tap belongs to one exchange and one thread.
 */
#ifndef HG_USAGE_TAP_H
#define HG_USAGE_TAP_H

#include "base/slice.h"
#include "usage/decode.h"

/* What is looked for: counts of tokens, and the model. */
enum hg_tap_field {
    HG_TAP_INPUT,
    HG_TAP_OUTPUT,
    HG_TAP_CACHE_READ,
    HG_TAP_CACHE_WRITE,
    HG_TAP_REASONING,
    HG_TAP_COUNTS, /* how many counts there are */
    HG_TAP_MODEL = HG_TAP_COUNTS,
    HG_TAP_FIELDS,
};
/* "input", "output", "cache-read", "cache-write", "reasoning", "model": as in the config. */
const char *hg_tap_field_name(enum hg_tap_field field);

/* ---- rules ---- */

struct hg_tap_rules;

/* NULL without memory. sum: counts of several documents of one answer (events, messages, lines) add up;
 * otherwise the last one counts. */
struct hg_tap_rules *hg_tap_rules_new(bool sum);
/* NULL is fine. */
void hg_tap_rules_free(struct hg_tap_rules *rules);

/* One more place where the field may stand (usage/path.h), after those given before: of all that are found in
 * an answer the first one given counts. NULL, or what is wrong with the path and where in it. At most
 * HG_LIMIT_TAP_PATHS for all fields together. Only before a tap uses the rules. */
const char *hg_tap_rules_add(struct hg_tap_rules *rules, enum hg_tap_field field, struct hg_slice path,
                             size_t *offset);

/* ---- one answer ---- */

struct hg_tap;

/* What the head of an answer says about how its body is to be read; .p NULL: there is no such field. Several
 * fields of one name are to be joined by commas. */
struct hg_tap_head {
    unsigned status; /* 101: a WebSocket */
    struct hg_slice content_type, content_encoding;
    struct hg_slice extensions; /* Sec-WebSocket-Extensions */
    struct hg_budget *budget;   /* decoders' memory of all taps of a thread counts here too; NULL: no such
                                 * bound.   Must outlive the tap */
};

/* The rules must outlive the tap; nothing of the head is kept. limit: most bytes, after decoding, of a body
 * or of one event, line or message (0: HG_LIMIT_TAP_DEFAULT). NULL without memory. A tap that cannot measure
 * such an answer is one too: it says why, holds next to nothing and takes what it is fed. */
struct hg_tap *hg_tap_new(const struct hg_tap_rules *rules, const struct hg_tap_head *head, uint64_t limit);
/* NULL is fine. */
void hg_tap_free(struct hg_tap *tap);

/* The next bytes of the body (without transfer coding), or of the server's side of a WebSocket. */
void hg_tap_feed(struct hg_tap *tap, struct hg_slice span);

/* Of a WebSocket: where what it was fed ends. */
enum hg_tap_place {
    HG_TAP_IN_FRAME,
    HG_TAP_BETWEEN, /* frames */
    HG_TAP_CLOSING, /* a close frame has begun */
    HG_TAP_LOST,    /* the tap has given up, or it is no WebSocket */
};
enum hg_tap_place hg_tap_place(const struct hg_tap *tap);

/* No more comes. whole: as the sender meant it, not broken off. What was found until a break counts. */
void hg_tap_end(struct hg_tap *tap, bool whole);

enum hg_tap_state {
    HG_TAP_MEASURED,     /* at least one count was found */
    HG_TAP_NOTHING,      /* read, but there was no count (there may be a model) */
    HG_TAP_NOT_MEASURED, /* it could not be read, or not to its end; what was found before is there */
};

enum hg_tap_why {
    HG_TAP_FINE,
    HG_TAP_UNKNOWN_TYPE, /* neither JSON nor events nor a WebSocket */
    HG_TAP_TOO_LARGE,    /* over the limit, or nested too deep */
    HG_TAP_BAD_ENCODING, /* a coding that is not known, or bytes that are not in it */
    HG_TAP_BAD_JSON,
    HG_TAP_BAD_FRAME,  /* of a WebSocket */
    HG_TAP_INCOMPLETE, /* it broke off before a count came */
    HG_TAP_NO_MEMORY,
};
/* "", "unknown_type", "too_large", "bad_encoding", "bad_json", "bad_frame", "incomplete", "memory". */
const char *hg_tap_why_word(enum hg_tap_why why);

/* What is known so far; may be asked at any time. */
struct hg_tap_usage {
    enum hg_tap_state state;
    enum hg_tap_why why;
    unsigned found;                 /* bit (1u << field): there was one */
    uint64_t tokens[HG_TAP_COUNTS]; /* 0 when not found; stays at UINT64_MAX when a sum passes it */
    struct hg_slice model;          /* empty when not found; UTF-8 without control characters, cut to
                                     * HG_LIMIT_TAP_MODEL bytes. Valid until the tap is fed, ended or freed. */
    uint64_t documents;             /* JSON texts that were read: events, messages, lines; without [DONE] */
    uint64_t bad;                   /* events or messages that were passed over because they were no JSON */
    uint64_t bytes;                 /* read, after decoding */
};
void hg_tap_usage(const struct hg_tap *tap, struct hg_tap_usage *out);

/* Bytes of memory that it holds now, with what decoders hold. At most HG_LIMIT_TAP_MEMORY. */
size_t hg_tap_memory(const struct hg_tap *tap);

#endif
