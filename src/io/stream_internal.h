/* SPDX-License-Identifier: MIT
 *
 * What the files of a stream share: stream.c (sockets and interest), tls_stream.c
 * (TLS on them) and dial.c (which makes the client's side).
 */
#ifndef HG_IO_STREAM_INTERNAL_H
#define HG_IO_STREAM_INTERNAL_H

#include "io/stream.h"

struct ssl_st;

struct hg_stream {
    uint32_t magic;
    unsigned owed; /* bytes of a TLS record that is sealed but not yet taken by the kernel, at most */
    struct hg_io io;
    struct ssl_st *ssl; /* NULL: plain */
    void (*ready)(void *ctx, unsigned events);
    void *ctx;
    void (*session)(void *ctx, struct hg_tls_session *session);
    void *session_ctx;
    char *error;               /* text of the last failure, or of why a certificate does not verify */
    unsigned char want;        /* the owner's interest */
    unsigned char read_needs;  /* what the socket must become for a read, */
    unsigned char write_needs; /* and for a write, to go on (inside TLS they may be crossed) */
    bool starved;              /* TLS holds at most a part of a record: only the socket can help */
    bool failed;
    bool write_failed; /* what the peer said before it left can still be read */
    bool shut_pending; /* close_notify waits for the socket */
    bool bad_certificate;
};

#define HG_STREAM_MAGIC 0x5374726du

static inline void hg_stream_check(const struct hg_stream *s)
{
    HG_ASSERT(s != NULL && s->magic == HG_STREAM_MAGIC);
    HG_ASSERT(s->read_needs == HG_IO_READ || s->read_needs == HG_IO_WRITE);
    HG_ASSERT(s->write_needs == HG_IO_READ || s->write_needs == HG_IO_WRITE);
    HG_ASSERT(s->ssl != NULL || (s->owed == 0 && !s->shut_pending));
}

/* Remembers why; a later call replaces. Returns HG_STREAM_ERROR and makes the stream fail from now on. */
int hg_stream_fail(struct hg_stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for writes only. */
int hg_stream_fail_write(struct hg_stream *s, int e);
/* Only remembers. */
void hg_stream_note(struct hg_stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets the socket's watcher from want and what TLS needs. */
void hg_stream_arm(struct hg_stream *s);

/* ---- the client's side, for the dialer ---- */

struct hg_stream_client {
    struct hg_tls *tls; /* NULL: plain */
    const char *name;   /* for SNI and verification */
    struct hg_tls_session *resume;
    void (*session)(void *ctx, struct hg_tls_session *session);
    void *session_ctx;
};

/* Takes fd over, also on failure (NULL: no memory). */
struct hg_stream *hg_stream_connected(struct hg_loop *loop, int fd, const struct hg_stream_client *o);
/* 1 when the handshake is over, HG_STREAM_AGAIN (want HG_IO_READ), or HG_STREAM_ERROR with *f. */
int hg_stream_handshake(struct hg_stream *s, struct hg_failure *f);

/* ---- tls_stream.c: the same verbs with TLS ---- */

bool hg_tls_attach_server(struct hg_stream *s, struct hg_tls *tls);
bool hg_tls_attach_client(struct hg_stream *s, const struct hg_stream_client *o);
ssize_t hg_tls_read(struct hg_stream *s, char *p, size_t n);
ssize_t hg_tls_write(struct hg_stream *s, const char *p, size_t n);
bool hg_tls_pending(const struct hg_stream *s);
/* True: close_notify is sent, or never can be. False: the socket is full. */
bool hg_tls_shutdown(struct hg_stream *s);
/* polite: with close_notify if it can be sent at once. */
void hg_tls_detach(struct hg_stream *s, bool polite);

#endif
