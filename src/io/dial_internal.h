/* SPDX-License-Identifier: MIT
 *
 * One dial, shared by the files of its steps:
 *   dial.c          life, resolve, timeouts, TLS, the end
 *   dial_connect.c  TCP to one address after the other
 *   dial_tunnel.c   CONNECT and its answer
 */
#ifndef HG_IO_DIAL_INTERNAL_H
#define HG_IO_DIAL_INTERNAL_H

#include "dns.h"
#include "io/dial.h"
#include "tunnel_answer.h"

#define HG_DIAL_MAGIC 0x4469616cu

enum hg_dial_step { HG_DIAL_RESOLVE, HG_DIAL_CONNECT, HG_DIAL_TUNNEL, HG_DIAL_TLS, HG_DIAL_OVER };

struct hg_dial {
    uint32_t magic;
    enum hg_dial_step step;
    struct hg_loop *loop;
    struct hg_dial_target target;
    struct hg_dial_hooks hooks;
    void *ctx;
    struct hg_timer timer;
    struct hg_deferred go; /* begins (an address needs no resolving), and ends */

    struct hg_dns_query *query;
    struct hg_addresses to;
    size_t next;       /* address to try */
    uint64_t deadline; /* of all attempts together; 0: none */

    int fd; /* -1: none, or the stream has it */
    struct hg_io io;
    struct hg_buf out, in; /* CONNECT, with credentials, and what came back */
    struct hg_tunnel_answer answer;

    struct hg_stream *stream;
    struct hg_failure failure;
    struct hg_dial_times times;
    uint64_t began; /* this step */
};

static inline void hg_dial_check(const struct hg_dial *d)
{
    HG_ASSERT(d != NULL && d->magic == HG_DIAL_MAGIC);
    HG_ASSERT(d->step <= HG_DIAL_OVER);
    HG_ASSERT(d->fd < 0 || d->stream == NULL);
    HG_ASSERT(d->next <= d->to.n);
}

/* Ends with d->failure. */
void hg_dial_fail(struct hg_dial *d);
/* Microseconds since the step began, at least 1; the next step begins now. */
uint64_t hg_dial_took(struct hg_dial *d);
void hg_dial_close_fd(struct hg_dial *d);
/* 0: no limit. */
void hg_dial_limit(struct hg_dial *d, uint64_t ms);

/* dial_connect.c */
void hg_dial_connect(struct hg_dial *d);
void hg_dial_connect_ready(struct hg_dial *d);
void hg_dial_connect_timeout(struct hg_dial *d);

/* dial_tunnel.c. Writes CONNECT into d->out; false: no memory. */
bool hg_dial_tunnel_prepare(struct hg_dial *d);
void hg_dial_tunnel(struct hg_dial *d);
void hg_dial_tunnel_ready(struct hg_dial *d, unsigned events);

/* dial.c: TCP stands, and the tunnel if one was wanted. */
void hg_dial_tls(struct hg_dial *d);

#endif
