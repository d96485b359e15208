/* SPDX-License-Identifier: MIT
 *
 * What one answer has used, as logs say it: fields of the access log, the event
 * "token_usage", a line of the usage log.
 */
#ifndef HG_OBSERVE_USAGE_H
#define HG_OBSERVE_USAGE_H

#include "base/event.h"
#include "observe/usage_log.h"
#include "usage/tap.h"

struct hg_usage_record {
    struct hg_slice request_id, provider, backend; /* provider: the frontend */
    struct hg_slice path;                          /* as received, without its query */
    unsigned status;
    bool streaming; /* events, or a WebSocket */
    bool websocket;
    struct hg_tap_usage found;
    const char *broken; /* why the answer is not whole, one word; NULL: it is */
    uint64_t duration_us, response_bytes;
};

/* A count was found. */
bool hg_usage_counted(const struct hg_tap_usage *found);
/* One word: why the record is not all of the usage; NULL: it is, or there is none. */
const char *hg_usage_partial(const struct hg_usage_record *r);

/* What the access log says of it: "measured", "partial" or "not_measured:<why>", and what was found. word
 * lives until the event is written. */
#define HG_USAGE_WORD 64u
void hg_usage_access_values(struct hg_event *e, const struct hg_usage_record *r, char word[HG_USAGE_WORD]);
/* What the event "token_usage" says; a count was found. */
void hg_usage_event_values(struct hg_event *e, const struct hg_usage_record *r);
/* Only a good answer with at least one figure has a line. */
bool hg_usage_has_line(const struct hg_usage_record *r);
/* The line, without its end, in out. wall: now, microseconds since 1970. */
struct hg_slice hg_usage_line(const struct hg_usage_record *r, uint64_t wall,
                              char out[HG_USAGE_LINE_MAX + 1]);

#endif
