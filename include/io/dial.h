/* SPDX-License-Identifier: MIT
 *
 * The dialer: one road to an upstream, taken by every outbound connection.
 *   resolve (the proxy's name, or the upstream's when direct) -> TCP, all addresses
 *   -> CONNECT host:port through the proxy -> TLS, verified against the upstream's name
 * With a proxy the upstream's name is never resolved here.
 */
#ifndef HG_IO_DIAL_H
#define HG_IO_DIAL_H

#include "base/buf.h"
#include "http/header.h"
#include "io/stream.h"

struct hg_dns; /* c-ares, one per loop */
struct hg_dns *hg_dns_new(struct hg_loop *loop);
/* All dials that use it have ended or been cancelled. */
void hg_dns_free(struct hg_dns *r);

struct hg_dial_target {
    const char *host; /* name or address literal, no brackets */
    uint16_t port;
    const char *proxy_host; /* NULL: direct */
    uint16_t proxy_port;
    const struct hg_headers *connect_headers; /* with Proxy-Authorization; values may be credentials. NULL:
                                                 none. Copied by hg_dial_start. */
    struct hg_tls *tls;                       /* NULL: plain */
    const char *sni;                          /* name sent (if not an address) and verified; NULL: host */
    struct hg_tls_session *resume; /* offered if not NULL; stays the caller's, and can be offered many times.
                                      The dial takes a reference. */
    uint64_t connect_ms, tunnel_ms,
        tls_ms; /* 0: no limit; connect_ms limits resolving and connecting, each */
};

struct hg_dial_times { /* microseconds, 0 for steps not taken */
    uint64_t resolve, connect, tunnel, tls;
};

struct hg_dial;

struct hg_dial_hooks {
    /* Exactly one call, never from inside hg_dial_start; the dial is gone then. stream is the receiver's, or
     * NULL with *failure. */
    void (*done)(void *ctx, struct hg_stream *stream, const struct hg_failure *failure,
                 const struct hg_dial_times *times);
    /* A new session to resume, any time while a stream of this dial lives (TLS 1.3 sends them late); the
     * receiver owns it. session_ctx must live as long as the streams. It may be called inside a read of the
     * stream, and must not touch the stream or the dial. May be NULL. */
    void (*session)(void *session_ctx, struct hg_tls_session *session);
    void *session_ctx;
};

/* The target's strings and its TLS context must live until done. NULL: no memory (done is not called). */
struct hg_dial *hg_dial_start(struct hg_loop *loop, struct hg_dns *dns, const struct hg_dial_target *target,
                              const struct hg_dial_hooks *hooks, void *ctx);
/* done is not called any more. */
void hg_dial_cancel(struct hg_dial *d);

#endif
