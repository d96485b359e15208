/* SPDX-License-Identifier: MIT
 *
 * Who asks: what the listener knows of the other end of a client connection,
 * for conditions and for %{client-ip}. Filled once a connection.
 */
#ifndef HG_RULES_CLIENT_H
#define HG_RULES_CLIENT_H

#include "base/slice.h"

struct hg_client {
    struct hg_slice ip;     /* as text; "unix" for a unix socket */
    unsigned char addr[16]; /* IPv6, or IPv4 mapped into it (::ffff:a.b.c.d) */
    bool has_addr;          /* false: a unix socket */
    bool has_peer;          /* a unix socket: SO_PEERCRED */
    uint32_t uid, gid;
    bool tls; /* it speaks TLS to us */
};

#endif
