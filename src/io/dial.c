/* SPDX-License-Identifier: MIT
 *
 * The dialer: the order of the steps, each with its own time limit and its own
 * kind of failure, and one answer at the end of a turn.
 */
#include "io/dial.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "dial_internal.h"
#include "stream_internal.h"

#define NAME_MAX_LEN 253u

/* ---- the end ---- */

static void dial_free(struct hg_dial *d)
{
    hg_dial_close_fd(d);
    hg_timer_stop(&d->timer);
    hg_list_remove(&d->go.node);
    hg_buf_free(&d->out);
    hg_buf_free(&d->in);
    hg_tls_session_free(d->target.resume);
    d->magic = 0;
    free(d);
}

static void deliver(struct hg_dial *d)
{
    struct hg_dial_hooks hooks = d->hooks;
    struct hg_dial_times times = d->times;
    struct hg_failure failure = d->failure;
    struct hg_stream *stream = d->stream;
    void *ctx = d->ctx;

    HG_ASSERT((stream == NULL) == (failure.kind != HG_FAILURE_NONE));
    dial_free(d);
    hooks.done(ctx, stream, stream != NULL ? NULL : &failure, &times);
}

static void finish(struct hg_dial *d)
{
    HG_ASSERT(d->step != HG_DIAL_OVER);
    d->step = HG_DIAL_OVER;
    hg_timer_clear(&d->timer);
    hg_loop_defer(d->loop, &d->go);
}

void hg_dial_fail(struct hg_dial *d)
{
    hg_dial_check(d);
    HG_ASSERT(d->failure.kind != HG_FAILURE_NONE);
    hg_dial_close_fd(d);
    if (d->stream != NULL)
        hg_stream_want(d->stream, 0);
    if (d->query != NULL)
        hg_dns_cancel(d->query);
    d->query = NULL;
    finish(d);
}

void hg_dial_close_fd(struct hg_dial *d)
{
    if (d->fd < 0)
        return;
    hg_io_stop(&d->io);
    close(d->fd);
    d->fd = -1;
}

void hg_dial_cancel(struct hg_dial *d)
{
    hg_dial_check(d);
    if (d->query != NULL)
        hg_dns_cancel(d->query);
    hg_stream_abort(&d->stream);
    dial_free(d);
}

/* ---- time ---- */

uint64_t hg_dial_took(struct hg_dial *d)
{
    uint64_t now = hg_loop_now(d->loop);
    uint64_t took = now > d->began ? now - d->began : 1;

    d->began = now;
    return took;
}

void hg_dial_limit(struct hg_dial *d, uint64_t ms)
{
    if (ms == 0)
        hg_timer_clear(&d->timer);
    else
        hg_timer_set(&d->timer, ms);
}

static void on_timeout(struct hg_timer *t)
{
    struct hg_dial *d = HG_CONTAINER_OF(t, struct hg_dial, timer);

    hg_dial_check(d);
    switch (d->step) {
    case HG_DIAL_RESOLVE:
        hg_failure_set(&d->failure, HG_FAILURE_DNS_TIMEOUT, "%s%s",
                       d->target.proxy_host != NULL ? "the proxy " : "",
                       d->target.proxy_host != NULL ? d->target.proxy_host : d->target.host);
        break;
    case HG_DIAL_CONNECT:
        hg_dial_connect_timeout(d);
        return;
    case HG_DIAL_TUNNEL:
        hg_failure_set(&d->failure, HG_FAILURE_TUNNEL_TIMEOUT, "no answer in time");
        break;
    case HG_DIAL_TLS:
        hg_failure_set(&d->failure, HG_FAILURE_TLS_TIMEOUT, "no answer in time");
        break;
    case HG_DIAL_OVER:
        return;
    }
    hg_dial_fail(d);
}

/* ---- TLS, the last step ---- */

static void handshake(struct hg_dial *d)
{
    int r = hg_stream_handshake(d->stream, &d->failure);

    if (r == HG_STREAM_AGAIN) {
        hg_stream_want(d->stream, HG_IO_READ);
    } else if (r == HG_STREAM_ERROR) {
        hg_dial_fail(d);
    } else {
        d->times.tls = hg_dial_took(d);
        hg_stream_want(d->stream, 0);
        hg_stream_on_ready(d->stream, NULL, NULL);
        finish(d);
    }
}

static void tls_ready(void *ctx, unsigned events)
{
    struct hg_dial *d = HG_CAST(struct hg_dial, HG_DIAL_MAGIC, ctx);

    (void)events;
    if (d->step == HG_DIAL_TLS)
        handshake(d);
}

void hg_dial_tls(struct hg_dial *d)
{
    struct hg_stream_client o = {.tls = d->target.tls,
                                 .name = d->target.sni != NULL ? d->target.sni : d->target.host,
                                 .resume = d->target.resume,
                                 .session = d->hooks.session,
                                 .session_ctx = d->hooks.session_ctx};
    int fd = d->fd;

    hg_dial_check(d);
    HG_ASSERT(fd >= 0);
    hg_io_stop(&d->io);
    d->step = HG_DIAL_TLS;
    d->fd = -1;
    d->stream = hg_stream_connected(d->loop, fd, &o);
    if (d->stream == NULL) {
        hg_failure_set(&d->failure, HG_FAILURE_NO_RESOURCES, "no memory for a stream");
        hg_dial_fail(d);
    } else if (d->target.tls == NULL) {
        finish(d);
    } else {
        hg_dial_limit(d, d->target.tls_ms);
        hg_stream_on_ready(d->stream, tls_ready, d);
        handshake(d);
    }
}

/* ---- the beginning ---- */

static void resolved(void *ctx, const struct hg_addresses *found, const struct hg_failure *failure)
{
    struct hg_dial *d = HG_CAST(struct hg_dial, HG_DIAL_MAGIC, ctx);

    HG_ASSERT(d->step == HG_DIAL_RESOLVE);
    d->query = NULL;
    d->times.resolve = hg_dial_took(d);
    if (failure == NULL) {
        d->to = *found;
        hg_dial_connect(d);
        return;
    }
    if (d->target.proxy_host != NULL)
        hg_failure_set(&d->failure, failure->kind, "the proxy %s: %s", d->target.proxy_host, failure->detail);
    else
        hg_failure_set(&d->failure, failure->kind, "%s: %s", d->target.host, failure->detail);
    hg_dial_fail(d);
}

static void go(struct hg_deferred *deferred)
{
    struct hg_dial *d = HG_CONTAINER_OF(deferred, struct hg_dial, go);

    hg_dial_check(d);
    if (d->step != HG_DIAL_OVER) {
        hg_dial_connect(d);
        return;
    }
    if (d->failure.kind != HG_FAILURE_NONE)
        hg_stream_close(&d->stream);
    deliver(d);
}

/* Names come from a config, but what is written into a request line is checked where it is written. */
static bool name_ok(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] <= 0x20 || (unsigned char)name[i] >= 0x7f || name[i] == '/')
            return false;
    return n > 0 && n <= NAME_MAX_LEN;
}

static bool headers_ok(const struct hg_headers *headers)
{
    for (size_t i = 0; headers != NULL && i < headers->n; i++)
        if (!hg_header_name_ok(headers->v[i].name) || !hg_header_value_ok(headers->v[i].value))
            return false;
    return true;
}

static void check_target(struct hg_dial *d)
{
    const struct hg_dial_target *t = &d->target;

    if (!name_ok(t->host) || (t->sni != NULL && !name_ok(t->sni)) ||
        (t->proxy_host != NULL && !name_ok(t->proxy_host)))
        hg_failure_set(&d->failure, HG_FAILURE_DNS,
                       "a name has a character that no name has, or a bad length");
    else if (t->proxy_host != NULL && !headers_ok(t->connect_headers))
        hg_failure_set(&d->failure, HG_FAILURE_TUNNEL_FAILED,
                       "a header for the proxy has a line break or a control character");
}

static struct hg_dial *dial_new(struct hg_loop *loop, const struct hg_dial_target *target,
                                const struct hg_dial_hooks *hooks, void *ctx)
{
    struct hg_dial *d = calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    d->magic = HG_DIAL_MAGIC;
    d->loop = loop;
    d->target = *target;
    d->target.resume = target->resume != NULL ? hg_tls_session_ref(target->resume) : NULL;
    d->hooks = *hooks;
    d->ctx = ctx;
    d->fd = -1;
    d->began = hg_loop_now(loop);
    hg_timer_init(&d->timer, loop, on_timeout);
    hg_list_init(&d->go.node);
    d->go.run = go;
    hg_buf_init(&d->out, HG_LIMIT_HEAD_MAX, true);
    hg_buf_init(&d->in, 0, false);
    return d;
}

/* False: no memory. */
static bool begin(struct hg_dial *d, struct hg_dns *dns)
{
    const struct hg_dial_target *t = &d->target;
    const char *host = t->proxy_host != NULL ? t->proxy_host : t->host;
    uint16_t port = t->proxy_host != NULL ? t->proxy_port : t->port;

    if (t->proxy_host != NULL && !hg_dial_tunnel_prepare(d))
        return false;
    d->target.connect_headers = NULL; /* the caller's may go now */
    if (hg_address_parse(host, port, &d->to.v[0])) {
        d->to.n = 1;
        hg_loop_defer(d->loop, &d->go);
        return true;
    }
    hg_dial_limit(d, t->connect_ms);
    d->query = hg_dns_resolve(dns, host, port, resolved, d);
    return d->query != NULL;
}

struct hg_dial *hg_dial_start(struct hg_loop *loop, struct hg_dns *dns, const struct hg_dial_target *target,
                              const struct hg_dial_hooks *hooks, void *ctx)
{
    struct hg_dial *d = dial_new(loop, target, hooks, ctx);

    HG_ASSERT(target->host != NULL && hooks->done != NULL);
    if (d == NULL)
        return NULL;
    check_target(d);
    if (d->failure.kind != HG_FAILURE_NONE) {
        finish(d);
        return d;
    }
    if (!begin(d, dns)) {
        dial_free(d);
        return NULL;
    }
    return d;
}
