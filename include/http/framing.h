/* SPDX-License-Identifier: MIT
 *
 * How a body is delimited (RFC 9112, 6), decided once per message, strict when
 * ambiguous; and what is hop-by-hop (RFC 9110, 7.6.1).
 */
#ifndef HG_HTTP_FRAMING_H
#define HG_HTTP_FRAMING_H

#include "http/head.h"

enum hg_framing_kind {
    HG_FRAMING_NONE,   /* no body */
    HG_FRAMING_LENGTH, /* exactly `length` bytes */
    HG_FRAMING_CHUNKED,
    HG_FRAMING_CLOSE, /* until the connection ends (responses only) */
};

struct hg_framing {
    enum hg_framing_kind kind;
    uint64_t length; /* for LENGTH (0 stays LENGTH 0); otherwise 0 */
    bool keep_alive; /* the sender lets the connection live on */
};

enum hg_http_error hg_framing_request(const struct hg_request *r, struct hg_framing *f);

/* method: of the request that is answered. 1xx, 204, 304 and answers to HEAD have no body
 * (their Content-Length, if any, stays in the headers as information). A response with both
 * Content-Length and Transfer-Encoding, or differing lengths, is an error, not a guess. */
enum hg_http_error hg_framing_response(const struct hg_response *r, enum hg_method method,
                                       struct hg_framing *f);

struct hg_hop {
    bool
        upgrade_websocket; /* a valid wish: GET, HTTP/1.1, no body, Connection: upgrade, Upgrade: websocket */
    bool expect_continue;
    bool te_trailers;
};

/* Takes out of a request everything that ends at this hop: Connection and what it names (names with
 * HG_FIELD_N: BAD_CONNECTION), Keep-Alive, Proxy-Connection, TE, Transfer-Encoding, Upgrade, Expect,
 * Proxy-Authorization, Trailer is kept. Content-Length is taken out too: the writer puts the framing in. */
enum hg_http_error hg_hop_request(struct hg_request *r, const struct hg_framing *f, struct hg_hop *hop);

/* The same for a response (Connection, what it names, Keep-Alive, Proxy-Connection, Transfer-Encoding,
 * Upgrade, Proxy-Authenticate, TE). Content-Length is kept only when the message has no body because of
 * HEAD or 304. */
enum hg_http_error hg_hop_response(struct hg_response *r, const struct hg_framing *f);

#endif
