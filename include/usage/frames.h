/* SPDX-License-Identifier: MIT
 *
 * One direction of a WebSocket (RFC 6455) read along: text messages, put together
 * from their fragments, with permessage-deflate (RFC 7692) undone. Control frames
 * and binary messages are passed over.
 */
#ifndef HG_USAGE_FRAMES_H
#define HG_USAGE_FRAMES_H

#include "usage/decode.h"

/* What was agreed for the server's messages. */
struct hg_frames_deflate {
    bool on;
    bool fresh; /* server_no_context_takeover: each message stands by itself */
};

/* The value of Sec-WebSocket-Extensions in the 101 (.p may be NULL: none). False: another extension, or
 * parameters that permessage-deflate does not have: the frames cannot be understood. A smaller window than
 * the usual one needs no care: 32 KiB hold it too. */
bool hg_frames_extensions(struct hg_slice value, struct hg_frames_deflate *out);

struct hg_frames_events {
    /* The next piece of a text message; false: no more are wanted. */
    bool (*text)(void *ctx, struct hg_slice piece);
    /* The text message is complete. */
    void (*message)(void *ctx);
};

enum hg_frames_result {
    HG_FRAMES_FINE,
    HG_FRAMES_BAD,         /* no WebSocket frame, or none that may come here */
    HG_FRAMES_BAD_DEFLATE, /* what is in it is not deflated */
    HG_FRAMES_TOO_MUCH,    /* a bomb, as in usage/decode.h */
    HG_FRAMES_NO_MEMORY,
    HG_FRAMES_STOPPED, /* by the taker */
};

struct hg_frames {
    const struct hg_frames_events *events;
    void *ctx;
    struct hg_budget *budget;
    struct hg_frames_deflate deflate;
    struct hg_coder *coder; /* NULL until a message needs it */
    uint64_t packed, made;  /* bytes that went into and came out of the coder */
    uint64_t left;          /* of the payload of this frame */
    unsigned char head[14];
    unsigned char head_n, head_need;
    unsigned char mask[4], mask_at;
    unsigned char message; /* opcode of the message under way; 0: none */
    bool in_payload, masked, control, last, compressed, closed;
};

/* budget and events must outlive it. Holds no memory until a compressed message comes. */
void hg_frames_init(struct hg_frames *f, const struct hg_frames_deflate *deflate, struct hg_budget *budget,
                    const struct hg_frames_events *events, void *ctx);
void hg_frames_free(struct hg_frames *f);

/* After another result than FINE it must not be fed on. What comes behind a close frame is passed over. */
enum hg_frames_result hg_frames_feed(struct hg_frames *f, struct hg_slice span);

/* Is no frame and no message begun that is not complete? */
bool hg_frames_between(const struct hg_frames *f);

#endif
