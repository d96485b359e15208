/* SPDX-License-Identifier: MIT
 *
 * The header of the PROXY protocol, versions 1 and 2 (haproxy.org,
 * proxy-protocol.txt): what a load balancer says of a client before the
 * client's first byte. Nothing of it is believed unless the configuration
 * names who may say it.
 */
#ifndef HG_HTTP_PROXY_HEADER_H
#define HG_HTTP_PROXY_HEADER_H

#include "base/slice.h"

struct hg_proxy_header {
    unsigned version;
    bool known;             /* false (LOCAL, UNKNOWN, UNSPEC): the connection's own addresses count */
    bool has_addr;          /* false although known: the client came over a unix socket */
    unsigned char addr[16]; /* the client's, as base/ip.h keeps it */
    uint16_t port;
};

enum hg_proxy_read { HG_PROXY_MORE, HG_PROXY_DONE, HG_PROXY_BAD };

/* data: all that came so far, at least one byte. DONE: the header is the first *length bytes. MORE: all of
 * data belongs to the header. BAD: *why is a sentence. How the bytes were cut does not change the verdict. */
enum hg_proxy_read hg_proxy_header_read(struct hg_slice data, struct hg_proxy_header *out, size_t *length,
                                        const char **why);

#endif
