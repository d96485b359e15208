/* SPDX-License-Identifier: MIT
 *
 * Head writer: gathers a head into a buffer in one go. The caller has taken the
 * hop-by-hop fields out; framing and Connection are written here, and only here.
 */
#ifndef HG_HTTP_WRITE_H
#define HG_HTTP_WRITE_H

#include "base/buf.h"
#include "http/framing.h"

struct hg_write_request {
    struct hg_slice method, path, query; /* query.p NULL: no '?' */
    struct hg_slice host;                /* the Host field, written first; headers' own Host is skipped */
    const struct hg_headers *headers;
    enum hg_framing_kind framing; /* NONE, LENGTH or CHUNKED */
    uint64_t length;
    bool upgrade_websocket; /* writes Connection: Upgrade and Upgrade: websocket */
    bool te_trailers;       /* writes TE: trailers, Connection: TE */
    bool close;             /* writes Connection: close */
};

struct hg_write_response {
    unsigned status;
    struct hg_slice reason; /* empty: the standard phrase */
    unsigned minor;         /* always written as HTTP/1.1; minor 0 is the client's version, and decides
                               whether Connection: keep-alive must be said */
    const struct hg_headers *headers;
    enum hg_framing_kind framing;
    uint64_t length;
    bool upgrade_websocket; /* a 101 */
    bool close;
};

/* False: the buffer's ceiling or memory was reached, or a name or value holds a CR, LF or NUL (which is our
 * bug or a hostile value that passed the rules: the message does not leave); nothing was added. */
bool hg_write_request(struct hg_buf *out, const struct hg_write_request *w);
bool hg_write_response(struct hg_buf *out, const struct hg_write_response *w);

#endif
