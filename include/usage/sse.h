/* SPDX-License-Identifier: MIT
 *
 * Server-sent events (HTML, 9.2): lines that end in LF, CR or CRLF, fields,
 * events that end with an empty line. Data is handed on in pieces as it comes,
 * several data lines joined by LF; nothing of it is kept here.
 */
#ifndef HG_USAGE_SSE_H
#define HG_USAGE_SSE_H

#include "base/slice.h"

#define HG_SSE_TYPE 64u /* bytes kept of an event's type */

struct hg_sse_events {
    /* The next piece of the data of the event that is under way. Its type may still come. */
    void (*data)(void *ctx, struct hg_slice piece);
    /* The event is complete; it had at least one data line. type: cut to HG_SSE_TYPE, empty when it has
     * none. */
    void (*event)(void *ctx, struct hg_slice type);
};

struct hg_sse {
    const struct hg_sse_events *events;
    void *ctx;
    unsigned char state, field, n, bom, type_n;
    bool after_cr; /* a LF now belongs to the line end before */
    bool has_data; /* a data line came since the last event */
    char name[8];
    char type[HG_SSE_TYPE];
};

/* events and ctx must outlive it. */
void hg_sse_init(struct hg_sse *s, const struct hg_sse_events *events, void *ctx);
void hg_sse_feed(struct hg_sse *s, struct hg_slice span);
/* No more comes. An event that no empty line ended is told nevertheless: clients of APIs do take it. */
void hg_sse_end(struct hg_sse *s);

#endif
