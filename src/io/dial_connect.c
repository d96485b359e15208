/* SPDX-License-Identifier: MIT
 *
 * TCP: every address in the order of the resolver, sharing one time limit.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "dial_internal.h"

#define KEEP_IDLE_S 60
#define KEEP_INTERVAL_S 15
#define KEEP_COUNT 4
#define USER_TIMEOUT_MS 120000u
#define LEAST_SHARE_MS 1000u /* an attempt gets so much even when many wait behind it */

static void set_option(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value); /* a connection without it still works */
}

/* Tunnels idle for minutes; a peer that vanished must be noticed. */
static void set_options(int fd)
{
    const unsigned user_timeout = USER_TIMEOUT_MS;

    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);
}

static bool out_of_resources(int e)
{
    return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

static void remember(struct hg_dial *d, const union hg_address *a, bool timeout, const char *text)
{
    bool proxy = d->target.proxy_host != NULL;
    enum hg_failure_kind kind = proxy ? HG_FAILURE_PROXY_CONNECT : HG_FAILURE_CONNECT;
    char where[HG_ADDRESS_TEXT_LEN];

    if (timeout)
        kind = proxy ? HG_FAILURE_PROXY_CONNECT_TIMEOUT : HG_FAILURE_CONNECT_TIMEOUT;
    hg_address_text(a, where);
    hg_failure_set(&d->failure, kind, "%s: %s", where, text);
}

/* False: no other address can do better. */
static bool remember_errno(struct hg_dial *d, const union hg_address *a, int e)
{
    const char *text = strerrordesc_np(e);

    if (text == NULL)
        text = "unknown error";
    if (out_of_resources(e)) {
        hg_failure_set(&d->failure, HG_FAILURE_NO_RESOURCES, "%s", text);
        return false;
    }
    remember(d, a, false, text);
    return true;
}

static uint64_t share_ms(const struct hg_dial *d)
{
    uint64_t now = hg_loop_now(d->loop);
    uint64_t left = d->deadline > now ? (d->deadline - now) / 1000u : 0;
    uint64_t share = left / (d->to.n - d->next + 1);

    if (share < LEAST_SHARE_MS)
        share = LEAST_SHARE_MS;
    return share < left ? share : left;
}

static void connected(struct hg_dial *d)
{
    hg_io_want(&d->io, 0);
    memset(&d->failure, 0, sizeof d->failure); /* of the addresses before */
    d->times.connect = hg_dial_took(d);
    if (d->target.proxy_host != NULL)
        hg_dial_tunnel(d);
    else
        hg_dial_tls(d);
}

enum attempt { ATTEMPT_DONE, ATTEMPT_WAITS, ATTEMPT_FAILED, ATTEMPT_HOPELESS };

static void on_io(struct hg_io *io, unsigned events)
{
    struct hg_dial *d = HG_CONTAINER_OF(io, struct hg_dial, io);

    hg_dial_check(d);
    if (d->step == HG_DIAL_CONNECT)
        hg_dial_connect_ready(d);
    else if (d->step == HG_DIAL_TUNNEL)
        hg_dial_tunnel_ready(d, events);
}

static enum attempt attempt(struct hg_dial *d, const union hg_address *a)
{
    int rc;

    HG_ASSERT(d->fd < 0);
    d->fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd < 0)
        return remember_errno(d, a, errno) ? ATTEMPT_FAILED : ATTEMPT_HOPELESS;
    set_options(d->fd);
    hg_io_init(&d->io, d->loop, d->fd, on_io);
    rc = connect(d->fd, &a->sa, hg_address_len(a));
    if (rc == 0)
        return ATTEMPT_DONE;
    if (errno == EINPROGRESS || errno == EINTR)
        return ATTEMPT_WAITS;
    rc = errno;
    hg_dial_close_fd(d);
    return remember_errno(d, a, rc) ? ATTEMPT_FAILED : ATTEMPT_HOPELESS;
}

static void try_next(struct hg_dial *d)
{
    while (d->next < d->to.n) {
        switch (attempt(d, &d->to.v[d->next++])) {
        case ATTEMPT_DONE:
            connected(d);
            return;
        case ATTEMPT_WAITS:
            if (d->deadline != 0)
                hg_timer_set(&d->timer, share_ms(d));
            hg_io_want(&d->io, HG_IO_WRITE);
            return;
        case ATTEMPT_HOPELESS:
            hg_dial_fail(d);
            return;
        case ATTEMPT_FAILED:
            break;
        }
    }
    hg_dial_fail(d);
}

void hg_dial_connect(struct hg_dial *d)
{
    hg_dial_check(d);
    HG_ASSERT(d->to.n > 0 && d->next == 0);
    d->step = HG_DIAL_CONNECT;
    hg_dial_limit(d, d->target.connect_ms);
    d->deadline = d->timer.due;
    try_next(d);
}

void hg_dial_connect_ready(struct hg_dial *d)
{
    int e = 0;
    socklen_t len = sizeof e;
    bool go_on;

    HG_ASSERT(d->fd >= 0 && d->next > 0);
    if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
        e = errno;
    if (e == 0) {
        connected(d);
        return;
    }
    hg_dial_close_fd(d);
    go_on = remember_errno(d, &d->to.v[d->next - 1], e);
    if (go_on)
        try_next(d);
    else
        hg_dial_fail(d);
}

/* This attempt's share is used up. */
void hg_dial_connect_timeout(struct hg_dial *d)
{
    HG_ASSERT(d->next > 0);
    remember(d, &d->to.v[d->next - 1], true, "no answer in time");
    hg_dial_close_fd(d);
    if (hg_loop_now(d->loop) + 1000 >= d->deadline)
        hg_dial_fail(d);
    else
        try_next(d);
}
