/* SPDX-License-Identifier: MIT
 *
 * Whose URLs map-origin rewrites, and to what: the origins (RFC 6454) of a
 * backend's servers, and the one under which the client knows the gateway.
 */
#ifndef HG_RULES_ORIGIN_H
#define HG_RULES_ORIGIN_H

#include "base/slice.h"

struct hg_origin {
    bool tls;
    struct hg_slice host; /* without brackets */
    uint16_t port;        /* never 0 */
    struct hg_slice base; /* what the gateway puts in front of paths there; may be empty */
};

struct hg_origins {
    const struct hg_origin *upstream; /* the one that answered first */
    size_t n;
    struct hg_slice client; /* "https://gate.example:8443"; empty: the client sent no Host */
};

#endif
