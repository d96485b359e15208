/* SPDX-License-Identifier: MIT
 *
 * The exchange's side towards the upstream: getting a link, writing, reading,
 * giving it back. What comes after a failure is in dispatch.c.
 */
#include "internal.h"

static void upstream_ready(void *ctx, unsigned events)
{
    struct hg_exchange *x = HG_CAST(struct hg_exchange, HG_EXCHANGE_MAGIC, ctx);

    if (events & HG_IO_READ)
        x->up_can_read = true;
    if (events & HG_IO_WRITE)
        x->up_can_write = true;
    hg_session_turn(x->session);
}

static void adopt(struct hg_exchange *x, struct hg_link *link, bool reused)
{
    struct hg_counters *c = x->session->relay->counters;
    struct hg_stream *stream = hg_link_stream(link);

    HG_ASSERT(x->link == NULL && x->dialing == NULL);
    x->link = link;
    x->reused = reused;
    x->sent = 0;
    x->wrote = false;
    x->up_can_write = true;
    x->up_can_read = false;
    x->up_eof = x->up_error = x->up_broken = x->up_shut = false;
    x->access.connection = reused ? "reused" : "new";
    x->access.tls = hg_stream_tls_version(stream);
    if (reused)
        HG_COUNT_ADD(c, upstream_reused_total, 1);
    else if (hg_stream_tls_resumed(stream))
        HG_COUNT_ADD(c, tls_resumed_total, 1);
    hg_head_scan_init(&x->up_scan, HG_LIMIT_HEAD_DEFAULT, false);
    hg_stream_on_ready(stream, upstream_ready, x);
    hg_request_open_body(x);
}

static void dialed(void *ctx, struct hg_link *link, const struct hg_failure *failure,
                   const struct hg_dial_times *times)
{
    struct hg_exchange *x = HG_CAST(struct hg_exchange, HG_EXCHANGE_MAGIC, ctx);
    struct hg_session *s = x->session;

    x->dialing = NULL;
    x->access.connect_us += times->resolve + times->connect + times->tunnel + times->tls;
    if (link != NULL)
        adopt(x, link, false);
    else
        hg_dispatch_failed(x, HG_RETRY_CONNECT, failure);
    hg_session_turn(s);
}

void hg_upstream_connect(struct hg_exchange *x, bool fresh)
{
    struct hg_relay *r = x->session->relay;
    struct hg_link *link = fresh ? NULL : hg_pool_take(r->pool, x->server, hg_dispatch_only_once(x));
    struct hg_failure f = {0};

    HG_ASSERT(x->link == NULL && x->dialing == NULL && x->reserved);
    hg_say_start(x);
    hg_limits_leave(x);
    if (link != NULL) {
        adopt(x, link, true);
        return;
    }
    HG_COUNT_ADD(r->counters, upstream_connects_total, 1);
    x->dialing = hg_pool_dial(r->pool, x->session->generation, x->server, dialed, x, &f);
    if (x->dialing == NULL)
        hg_reply_failure(x, &f);
}

/* What stays in up_out for sending again counts against the thread's ceiling. */
static void charge(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;
    size_t now = x->keep ? hg_buf_len(&x->up_out) : 0;

    HG_ASSERT(r->retry_kept >= x->charged);
    r->retry_kept = r->retry_kept - x->charged + now;
    x->charged = now;
}

void hg_upstream_stop_keeping(struct hg_exchange *x)
{
    x->keep = false;
    charge(x);
    hg_buf_consume(&x->up_out, x->sent);
    x->sent = 0;
}

size_t hg_upstream_room(struct hg_exchange *x)
{
    size_t unsent;

    charge(x);
    if (x->keep && (hg_buf_len(&x->up_out) + HG_LIMIT_IO_CHUNK > x->route.backend->retry.buffer ||
                    x->session->relay->retry_kept > x->session->relay->retry_total))
        hg_upstream_stop_keeping(x);
    unsent = hg_buf_len(&x->up_out) - x->sent;
    return unsent < HG_LIMIT_RELAY_BUFFER ? HG_LIMIT_RELAY_BUFFER - unsent : 0;
}

bool hg_upstream_write(struct hg_exchange *x)
{
    bool progress = false;

    while (x->link != NULL && x->up_can_write && !x->up_broken) {
        struct hg_slice data = hg_slice_from(hg_buf_data(&x->up_out), x->sent);
        ssize_t n;

        if (data.n == 0)
            break;
        n = hg_stream_write(hg_link_stream(x->link), data.p, data.n);
        if (n > 0) {
            x->wrote = x->wrote_any = true;
            x->sent += (size_t)n;
            x->session->moved++;
            if (!x->keep)
                hg_upstream_stop_keeping(x);
            progress = true;
            continue;
        }
        x->up_can_write = false;
        if (n != HG_STREAM_AGAIN) {
            /* It may have answered before it closed: read what is there first. */
            x->up_broken = true;
            x->up_can_read = true;
            progress = true;
        }
    }
    if (x->held_charged > 0 && hg_buf_len(&x->up_out) == x->sent)
        hg_guard_release(x);
    return progress;
}

bool hg_upstream_wants_read(const struct hg_exchange *x)
{
    return x->link != NULL && !x->up_eof && !x->resp_done &&
           hg_buf_len(&x->up_in) < HG_LIMIT_IO_CHUNK + HG_LIMIT_HEAD_DEFAULT &&
           hg_buf_len(&x->session->out) < HG_LIMIT_RELAY_BUFFER;
}

bool hg_upstream_read(struct hg_exchange *x)
{
    struct hg_stream *stream;
    size_t room, space = hg_buf_space(&x->up_in);
    ssize_t n;
    char *p;

    if (!x->up_can_read || x->session->budget == 0 || !hg_upstream_wants_read(x))
        return false;
    stream = hg_link_stream(x->link);
    p = hg_buf_reserve(&x->up_in, space < HG_LIMIT_IO_CHUNK ? space : HG_LIMIT_IO_CHUNK, &room);
    if (p == NULL) {
        x->up_eof = x->up_error = true;
        return true;
    }
    n = hg_stream_read(stream, p, room);
    if (n > 0) {
        hg_buf_commit(&x->up_in, (size_t)n);
        hg_session_spend(x->session, (size_t)n);
        /* A head that drips in has the time of a head; whole interim ones are counted where they are read. */
        if (x->resp_head)
            x->session->moved++;
        x->resp_started = true;
        if ((size_t)n < room && !hg_stream_pending(stream))
            x->up_can_read = false;
        return true;
    }
    x->up_can_read = false;
    if (n == HG_STREAM_AGAIN)
        return false;
    x->up_eof = true;
    x->up_error = n == HG_STREAM_ERROR;
    return true;
}

static bool clean(const struct hg_exchange *x)
{
    return x->resp_done && x->req_done && !x->local && !x->upgraded && !x->up_eof && !x->up_broken &&
           hg_buf_len(&x->up_out) == x->sent && hg_buf_len(&x->up_in) == 0 && x->resp_framing.keep_alive &&
           x->resp_framing.kind != HG_FRAMING_CLOSE;
}

void hg_upstream_release(struct hg_exchange *x)
{
    hg_credential_cancel(x);
    if (x->dialing != NULL) {
        hg_pool_dial_cancel(x->dialing);
        x->dialing = NULL;
    }
    if (x->link != NULL) {
        if (clean(x))
            hg_link_give_back(&x->link);
        else
            hg_link_abort(&x->link);
        if (!x->req_done)
            x->discard = true;
    }
    hg_dispatch_release(x);
}
