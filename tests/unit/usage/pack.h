/* SPDX-License-Identifier: MIT
 *
 * The senders' side: bodies coded, messages put into frames.
 */
#ifndef HG_TESTS_USAGE_PACK_H
#define HG_TESTS_USAGE_PACK_H

#include "base/slice.h"

/* name: "gzip", "deflate" (with a zlib header), "raw" (without), "br", "zstd". The caller frees .p. */
struct hg_slice pack(const char *name, struct hg_slice body);

/* The same with a flush behind each empty line, as a sender of events does: *at has the number of packed
 * bytes behind each, *n of them (most at most). */
struct hg_slice pack_events(const char *name, struct hg_slice body, size_t *at, size_t most, size_t *n);

/* How frames are to be written. */
struct pack_frames {
    size_t fragment; /* payload bytes of a frame; 0: a message is one frame */
    bool masked;
    bool deflate, fresh; /* permessage-deflate, server_no_context_takeover */
    bool pings;          /* a ping between the fragments, and a binary message between the messages */
};

/* One text message for each line. The caller frees .p. */
struct hg_slice pack_messages(const struct pack_frames *how, struct hg_slice lines);

#endif
