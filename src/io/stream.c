/* SPDX-License-Identifier: MIT
 *
 * Streams: connected sockets, and the one place where the owner's interest is
 * turned into what the socket must do (TLS may have to write in order to read).
 */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "stream_internal.h"

#define ERROR_TEXT_LEN 224

/* ---- why it failed ---- */

__attribute__((format(printf, 2, 0))) static void set_error(struct hg_stream *s, const char *fmt, va_list ap)
{
    char raw[ERROR_TEXT_LEN];

    if (vsnprintf(raw, sizeof raw, fmt, ap) < 0)
        return;
    if (s->error == NULL)
        s->error = malloc(ERROR_TEXT_LEN);
    if (s->error != NULL)
        hg_text_printable(hg_slice_str(raw), s->error, ERROR_TEXT_LEN);
}

int hg_stream_fail(struct hg_stream *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_error(s, fmt, ap);
    va_end(ap);
    s->failed = true;
    return HG_STREAM_ERROR;
}

void hg_stream_note(struct hg_stream *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_error(s, fmt, ap);
    va_end(ap);
}

const char *hg_stream_error(const struct hg_stream *s)
{
    hg_stream_check(s);
    if (!s->failed && !s->write_failed)
        return "no error";
    return s->error != NULL ? s->error : "no memory for the reason";
}

static int fail_errno(struct hg_stream *s, int e)
{
    const char *text = strerrordesc_np(e);

    return hg_stream_fail(s, "%s", text != NULL ? text : "unknown error");
}

int hg_stream_fail_write(struct hg_stream *s, int e)
{
    const char *text = strerrordesc_np(e);

    hg_stream_note(s, "%s", text != NULL ? text : "unknown error");
    s->write_failed = true;
    return HG_STREAM_ERROR;
}

/* ---- interest ---- */

void hg_stream_arm(struct hg_stream *s)
{
    unsigned mask = 0;

    if (s->want & HG_IO_READ)
        mask |= s->read_needs;
    if (s->want & HG_IO_WRITE)
        mask |= s->write_needs;
    if (s->shut_pending)
        mask |= HG_IO_WRITE;
    hg_io_want(&s->io, mask);
}

static void on_ready(struct hg_io *io, unsigned events)
{
    struct hg_stream *s = HG_CONTAINER_OF(io, struct hg_stream, io);
    unsigned owners = 0;

    hg_stream_check(s);
    if (events & HG_IO_READ)
        s->starved = false;
    if (s->shut_pending && (events & HG_IO_WRITE))
        hg_stream_shutdown(s);
    if ((s->want & HG_IO_READ) && (events & s->read_needs))
        owners |= HG_IO_READ;
    if ((s->want & HG_IO_WRITE) && (events & s->write_needs))
        owners |= HG_IO_WRITE;
    if (owners != 0 && s->ready != NULL)
        s->ready(s->ctx, owners);
}

void hg_stream_on_ready(struct hg_stream *s, void (*ready)(void *ctx, unsigned events), void *ctx)
{
    hg_stream_check(s);
    s->ready = ready;
    s->ctx = ctx;
}

void hg_stream_want(struct hg_stream *s, unsigned events)
{
    hg_stream_check(s);
    HG_ASSERT((events & ~(HG_IO_READ | HG_IO_WRITE)) == 0);
    s->want = (unsigned char)events;
    hg_stream_arm(s);
    if ((events & HG_IO_READ) && hg_stream_pending(s))
        hg_io_feed(&s->io, HG_IO_READ);
}

void hg_stream_again(struct hg_stream *s)
{
    hg_stream_check(s);
    HG_ASSERT(s->want & HG_IO_READ);
    hg_io_feed(&s->io, s->read_needs);
}

/* ---- life ---- */

static bool make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return false;
    return (flags & O_NONBLOCK) || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static struct hg_stream *stream_new(struct hg_loop *loop, int fd)
{
    const int on = 1;
    struct hg_stream *s;

    HG_ASSERT(fd >= 0);
    s = make_nonblocking(fd) ? calloc(1, sizeof *s) : NULL;
    if (s == NULL) {
        close(fd);
        return NULL;
    }
    s->magic = HG_STREAM_MAGIC;
    s->read_needs = HG_IO_READ;
    s->write_needs = HG_IO_WRITE;
    hg_io_init(&s->io, loop, fd, on_ready);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no TCP, no need */
    return s;
}

static void stream_free(struct hg_stream **sp, bool polite)
{
    struct hg_stream *s = *sp;

    if (s == NULL)
        return;
    hg_stream_check(s);
    *sp = NULL;
    hg_io_stop(&s->io);
    if (s->ssl != NULL)
        hg_tls_detach(s, polite);
    close(s->io.fd);
    free(s->error);
    s->magic = 0;
    free(s);
}

struct hg_stream *hg_stream_accepted(struct hg_loop *loop, int fd, struct hg_tls *tls)
{
    struct hg_stream *s = stream_new(loop, fd);

    if (s != NULL && tls != NULL && !hg_tls_attach_server(s, tls))
        stream_free(&s, false);
    return s;
}

struct hg_stream *hg_stream_connected(struct hg_loop *loop, int fd, const struct hg_stream_client *o)
{
    struct hg_stream *s = stream_new(loop, fd);

    if (s != NULL && o->tls != NULL && !hg_tls_attach_client(s, o))
        stream_free(&s, false);
    return s;
}

void hg_stream_close(struct hg_stream **s)
{
    stream_free(s, true);
}

void hg_stream_abort(struct hg_stream **s)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (*s == NULL)
        return;
    hg_stream_check(*s);
    (void)setsockopt((*s)->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    stream_free(s, false);
}

/* ---- bytes ---- */

ssize_t hg_stream_read(struct hg_stream *s, char *p, size_t n)
{
    ssize_t got;

    hg_stream_check(s);
    HG_ASSERT(n > 0);
    if (s->failed)
        return HG_STREAM_ERROR;
    if (s->ssl != NULL)
        return hg_tls_read(s, p, n);
    do
        got = recv(s->io.fd, p, n, 0);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        return got; /* 0 is HG_STREAM_EOF */
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return HG_STREAM_AGAIN;
    return fail_errno(s, errno);
}

ssize_t hg_stream_write(struct hg_stream *s, const char *p, size_t n)
{
    ssize_t put;

    hg_stream_check(s);
    HG_ASSERT(n > 0);
    if (s->failed || s->write_failed)
        return HG_STREAM_ERROR;
    if (s->ssl != NULL)
        return hg_tls_write(s, p, n);
    do
        put = send(s->io.fd, p, n, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    if (put >= 0)
        return put > 0 ? put : HG_STREAM_AGAIN;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return HG_STREAM_AGAIN;
    return hg_stream_fail_write(s, errno);
}

bool hg_stream_pending(const struct hg_stream *s)
{
    hg_stream_check(s);
    return s->ssl != NULL && !s->failed && hg_tls_pending(s);
}

void hg_stream_shutdown(struct hg_stream *s)
{
    hg_stream_check(s);
    if (s->ssl != NULL && !s->failed && !s->write_failed && !hg_tls_shutdown(s)) {
        s->shut_pending = true;
        hg_stream_arm(s);
        return;
    }
    s->shut_pending = false;
    (void)shutdown(s->io.fd, SHUT_WR); /* when it fails the connection is gone, and the next read says so */
    hg_stream_arm(s);
}

bool hg_stream_idle_ok(struct hg_stream *s)
{
    char byte;
    ssize_t got;

    hg_stream_check(s);
    if (s->failed || s->write_failed)
        return false;
    if (!hg_stream_pending(s)) {
        do
            got = recv(s->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        if (got == 0 || s->ssl == NULL)
            return false;
    }
    /* Inside TLS it may be a session ticket; those are no data. */
    return hg_tls_read(s, &byte, 1) == HG_STREAM_AGAIN;
}

int hg_stream_fd(const struct hg_stream *s)
{
    hg_stream_check(s);
    return s->io.fd;
}
