/* SPDX-License-Identifier: MIT
 *
 * CONNECT through a proxy, on the bare socket: once the tunnel stands, nothing of
 * it is left but the socket.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "dial_internal.h"

#define READ_STEP 2048u

static bool append_headers(struct hg_buf *out, const struct hg_headers *headers)
{
    for (size_t i = 0; headers != NULL && i < headers->n; i++) {
        const struct hg_header *h = &headers->v[i];
        if (h->id == HG_FIELD_HOST)
            continue;
        if (!hg_buf_append(out, h->name) || !hg_buf_append(out, HG_LIT(": ")) ||
            !hg_buf_append(out, h->value) || !hg_buf_append(out, HG_LIT("\r\n")))
            return false;
    }
    return true;
}

bool hg_dial_tunnel_prepare(struct hg_dial *d)
{
    const char *host = d->target.host;
    bool six = strchr(host, ':') != NULL;
    const char *open = six ? "[" : "", *close = six ? "]" : "";
    unsigned port = d->target.port;

    HG_ASSERT(hg_buf_len(&d->out) == 0);
    return hg_buf_printf(&d->out, "CONNECT %s%s%s:%u HTTP/1.1\r\nHost: %s%s%s:%u\r\n", open, host, close,
                         port, open, host, close, port) &&
           append_headers(&d->out, d->target.connect_headers) && hg_buf_append(&d->out, HG_LIT("\r\n"));
}

static void fail_errno(struct hg_dial *d, int e)
{
    const char *text = strerrordesc_np(e);

    hg_failure_set(&d->failure, HG_FAILURE_TUNNEL_FAILED, "%s", text != NULL ? text : "unknown error");
    hg_dial_fail(d);
}

/* False: the dial has ended. */
static bool send_some(struct hg_dial *d)
{
    while (hg_buf_len(&d->out) > 0) {
        struct hg_slice data = hg_buf_data(&d->out);
        ssize_t n = send(d->fd, data.p, data.n, MSG_NOSIGNAL);
        if (n >= 0) {
            hg_buf_consume(&d->out, (size_t)n);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return true;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            /* It may have answered before it closed: the read says what. */
            hg_buf_free(&d->out);
            return true;
        } else if (errno != EINTR) {
            fail_errno(d, errno);
            return false;
        }
    }
    hg_buf_free(&d->out); /* and the credentials are wiped */
    return true;
}

static void opened(struct hg_dial *d)
{
    if (hg_buf_len(&d->out) > 0) {
        hg_failure_set(&d->failure, HG_FAILURE_TUNNEL_BAD, "the answer came before the request was sent");
        hg_dial_fail(d);
        return;
    }
    hg_buf_free(&d->in);
    hg_io_stop(&d->io);
    d->times.tunnel = hg_dial_took(d);
    hg_dial_tls(d);
}

static void closed(struct hg_dial *d)
{
    if (hg_buf_len(&d->in) > 0)
        hg_failure_set(&d->failure, HG_FAILURE_TUNNEL_BAD, "closed inside the head of the answer");
    else
        hg_failure_set(&d->failure, HG_FAILURE_TUNNEL_FAILED, "closed without an answer");
    hg_dial_fail(d);
}

/* True: read on. */
static bool judge(struct hg_dial *d)
{
    size_t used = 0;

    switch (hg_tunnel_answer_feed(&d->answer, hg_buf_data(&d->in), &used, &d->failure)) {
    case HG_TUNNEL_MORE:
        hg_buf_consume(&d->in, used);
        return true;
    case HG_TUNNEL_OPEN:
        opened(d);
        return false;
    case HG_TUNNEL_REFUSED:
        break;
    }
    hg_dial_fail(d);
    return false;
}

/* One read: true when there may be more. */
static bool read_some(struct hg_dial *d)
{
    size_t room = 0;
    char *to = hg_buf_reserve(&d->in, READ_STEP, &room);
    ssize_t n;

    if (to == NULL) {
        hg_failure_set(&d->failure, HG_FAILURE_NO_RESOURCES, "no memory for the answer of the proxy");
        hg_dial_fail(d);
        return false;
    }
    do
        n = recv(d->fd, to, room, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        hg_buf_commit(&d->in, (size_t)n);
        return judge(d);
    }
    if (n == 0)
        closed(d);
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        fail_errno(d, errno);
    return false;
}

static void want(struct hg_dial *d)
{
    if (d->step == HG_DIAL_TUNNEL)
        hg_io_want(&d->io, HG_IO_READ | (hg_buf_len(&d->out) > 0 ? HG_IO_WRITE : 0));
}

void hg_dial_tunnel(struct hg_dial *d)
{
    hg_dial_check(d);
    HG_ASSERT(d->fd >= 0 && hg_buf_len(&d->out) > 0);
    d->step = HG_DIAL_TUNNEL;
    hg_dial_limit(d, d->target.tunnel_ms);
    hg_tunnel_answer_init(&d->answer);
    /* Room for a whole head and one read behind it: the scan refuses before this is full. */
    hg_buf_init(&d->in, HG_LIMIT_CONNECT_HEAD + 2 * READ_STEP, false);
    if (send_some(d))
        want(d);
}

void hg_dial_tunnel_ready(struct hg_dial *d, unsigned events)
{
    HG_ASSERT(d->fd >= 0);
    if ((events & HG_IO_WRITE) && !send_some(d))
        return;
    if (events & HG_IO_READ)
        while (read_some(d))
            ;
    want(d);
}
