/* SPDX-License-Identifier: MIT
 *
 * The turn of a session: moves bytes until nothing moves or its share is used
 * up, then computes interest and deadline from the state. This is the only
 * place that does either.
 */
#include "internal.h"

#include <poll.h>

#define PROBE_MS 500u

static bool wants_client_read(const struct hg_session *s)
{
    if (s->client_eof)
        return false;
    switch (s->state) {
    case HG_SESSION_HEAD:
        return hg_buf_space(&s->in) != 0;
    case HG_SESSION_EXCHANGE:
        /* Also when the request is whole: to see the client leave, and for what it pipelines. */
        return hg_buf_len(&s->in) < HG_LIMIT_IO_CHUNK;
    case HG_SESSION_LINGER:
        return true;
    case HG_SESSION_CUT:
    case HG_SESSION_DEAD:
        break;
    }
    return false;
}

void hg_session_spend(struct hg_session *s, size_t n)
{
    s->budget -= n < s->budget ? n : s->budget;
}

static void client_lost(struct hg_session *s)
{
    if (s->exchange != NULL) {
        hg_exchange_client_left(s->exchange);
        return;
    }
    if (!hg_stream_established(s->client))
        hg_log_event(s->relay->log, HG_LOG_INFO, HG_EVENT_CLIENT_TLS_FAILED, "frontend %s, client %s: %s",
                     s->frontend->name, s->client_text, hg_stream_error(s->client));
    hg_session_die(s);
}

static bool read_client(struct hg_session *s)
{
    size_t room, want = hg_buf_space(&s->in);
    ssize_t n;
    char *p;

    if (!s->can_read || s->budget == 0 || !wants_client_read(s))
        return false;
    p = hg_buf_reserve(&s->in, want < HG_LIMIT_IO_CHUNK ? want : HG_LIMIT_IO_CHUNK, &room);
    if (p == NULL) {
        client_lost(s);
        return false;
    }
    n = hg_stream_read(s->client, p, room);
    if (n > 0) {
        hg_buf_commit(&s->in, (size_t)n);
        hg_session_spend(s, (size_t)n);
        /* A short read emptied the socket; asking again would only cost a call. */
        if ((size_t)n < room && !hg_stream_pending(s->client))
            s->can_read = false;
        return true;
    }
    s->can_read = false;
    if (n == HG_STREAM_EOF) {
        s->client_eof = true;
        return true;
    }
    if (n == HG_STREAM_ERROR)
        client_lost(s);
    return false;
}

static bool write_client(struct hg_session *s)
{
    bool progress = false;

    while (s->state != HG_SESSION_DEAD && s->can_write && hg_buf_len(&s->out) > s->held) {
        struct hg_slice data = hg_buf_data(&s->out);
        ssize_t n = hg_stream_write(s->client, data.p, data.n - s->held);

        if (n > 0) {
            hg_buf_consume(&s->out, (size_t)n);
            s->moved++;
            progress = true;
            continue;
        }
        s->can_write = false;
        if (n != HG_STREAM_AGAIN)
            client_lost(s);
    }
    return progress;
}

static bool step(struct hg_session *s)
{
    switch (s->state) {
    case HG_SESSION_HEAD:
        return hg_session_head_step(s);
    case HG_SESSION_EXCHANGE:
        return hg_exchange_step(s->exchange);
    case HG_SESSION_LINGER:
        return hg_session_linger_step(s);
    case HG_SESSION_CUT:
        if (hg_buf_len(&s->out) == 0)
            hg_session_die(s);
        return false;
    case HG_SESSION_DEAD:
        break;
    }
    return false;
}

enum phase {
    PHASE_NONE,
    PHASE_QUEUE,
    PHASE_HEAD,
    PHASE_CLIENT_BODY,
    PHASE_CLIENT_STALLED,
    PHASE_ANSWER,
    PHASE_STREAM,
    PHASE_LINGER
};

/* What an exchange waits for; dials have deadlines of their own. */
static enum phase exchange_phase(const struct hg_exchange *x)
{
    if (x->upgraded)
        return x->session->client_eof || x->up_eof ? PHASE_LINGER : PHASE_STREAM;
    if (x->ask != NULL)
        return PHASE_NONE; /* sources answer in their own time, which has an end */
    if (x->wait != NULL)
        return PHASE_QUEUE;
    if (x->holding && hg_buf_len(&x->session->out) == 0)
        return PHASE_CLIENT_BODY;
    if (hg_buf_len(&x->session->out) != 0)
        return PHASE_CLIENT_STALLED;
    if (x->dialing != NULL)
        return PHASE_NONE;
    if (!x->req_done && x->body_open && hg_buf_len(&x->up_out) - x->sent == 0 && !x->resp_head)
        return PHASE_CLIENT_BODY;
    if (!x->req_done && x->discard)
        return PHASE_CLIENT_BODY;
    return x->resp_head ? PHASE_STREAM : PHASE_ANSWER;
}

static enum phase session_phase(const struct hg_session *s)
{
    if (s->state == HG_SESSION_HEAD)
        return PHASE_HEAD;
    return s->state == HG_SESSION_EXCHANGE ? exchange_phase(s->exchange) : PHASE_LINGER;
}

/* A head has one deadline from its first byte on, so that no drip can hold a connection. */
static uint64_t head_time(const struct hg_session *s)
{
    const struct hg_timeouts *t = &s->frontend->timeout;
    uint64_t gone;

    if (s->head_since == 0)
        return s->requests == 0 ? t->request_head : t->keep_alive;
    gone = (hg_loop_now(s->relay->loop) - s->head_since) / 1000;
    return gone < t->request_head ? t->request_head - gone : 1;
}

static uint64_t queue_time(const struct hg_exchange *x)
{
    HG_ASSERT(x != NULL && x->route.backend != NULL);
    uint64_t all = x->route.backend->queue.timeout;
    uint64_t gone = (hg_loop_now(x->session->relay->loop) - x->wait_since) / 1000;

    return gone < all ? all - gone : 1;
}

/* The whole time of the phase. */
static uint64_t phase_time(const struct hg_session *s)
{
    const struct hg_timeouts *front = &s->frontend->timeout;
    const struct hg_timeouts *back = s->exchange != NULL && s->exchange->route.backend != NULL
                                         ? &s->exchange->route.backend->timeout
                                         : front;

    switch (session_phase(s)) {
    case PHASE_NONE:
        break;
    case PHASE_QUEUE:
        return queue_time(s->exchange);
    case PHASE_HEAD:
        return head_time(s);
    case PHASE_CLIENT_BODY:
        return front->request_body;
    case PHASE_CLIENT_STALLED:
        return front->idle;
    case PHASE_ANSWER:
        return back->response_head;
    case PHASE_STREAM:
        return back->idle;
    case PHASE_LINGER:
        return HG_TIME_LINGER;
    }
    return 0;
}

/* What is left of it, at least 1; 0: no deadline. */
static uint64_t time_left(struct hg_session *s)
{
    int phase = (int)session_phase(s);
    uint64_t all = phase_time(s), gone;

    if (phase != s->phase || s->moved != s->phase_moved) {
        s->phase = phase;
        s->phase_moved = s->moved;
        s->phase_since = hg_loop_now(s->relay->loop);
    }
    if (all == 0 || phase == PHASE_QUEUE || (phase == PHASE_HEAD && s->head_since != 0))
        return all; /* these count by themselves */
    gone = (hg_loop_now(s->relay->loop) - s->phase_since) / 1000;
    return gone < all ? all - gone : 1;
}

static void want_upstream(const struct hg_exchange *x)
{
    unsigned mask = 0;

    if (x->link == NULL)
        return;
    if (hg_upstream_wants_read(x))
        mask |= HG_IO_READ;
    if (!x->up_broken && hg_buf_len(&x->up_out) > x->sent)
        mask |= HG_IO_WRITE;
    hg_stream_want(hg_link_stream(x->link), mask);
}

/* Whose bytes nobody reads cannot be seen leaving: its end stands behind them. */
static bool wants_probe(const struct hg_session *s)
{
    return s->exchange != NULL && !s->client_eof && !wants_client_read(s);
}

/* A tunnel may be half-closed: only a reset is its end. */
static bool has_left(const struct hg_session *s)
{
    bool tunnel = s->exchange->upgraded;
    struct pollfd p = {.fd = hg_stream_fd(s->client), .events = tunnel ? 0 : POLLRDHUP};

    return poll(&p, 1, 0) > 0 && (!tunnel || (p.revents & POLLERR));
}

void hg_session_probe(struct hg_timer *t)
{
    struct hg_session *s = HG_CONTAINER_OF(t, struct hg_session, probe);

    HG_ASSERT(s->magic == HG_SESSION_MAGIC && !s->in_turn);
    if (s->state == HG_SESSION_DEAD || !wants_probe(s))
        return;
    if (has_left(s))
        client_lost(s);
    else
        hg_timer_set(&s->probe, PROBE_MS);
}

/* More requests have come than one turn takes. */
static bool wants_turn(const struct hg_session *s)
{
    return s->state == HG_SESSION_HEAD && s->budget == 0 && hg_buf_len(&s->in) != 0;
}

static void want_client(struct hg_session *s)
{
    unsigned mask = 0;

    if (wants_client_read(s) || wants_turn(s))
        mask |= HG_IO_READ;
    if (hg_buf_len(&s->out) > s->held)
        mask |= HG_IO_WRITE;
    hg_stream_want(s->client, mask);
    if (wants_turn(s))
        hg_stream_again(s->client);
}

static void rearm(struct hg_session *s)
{
    uint64_t ms = time_left(s);

    want_client(s);
    if (s->exchange != NULL) {
        want_upstream(s->exchange);
        hg_buf_trim(&s->exchange->up_in);
        hg_buf_trim(&s->exchange->up_out);
    }
    hg_buf_trim(&s->in);
    hg_buf_trim(&s->out);
    if (ms != 0)
        hg_timer_set(&s->timer, ms);
    else
        hg_timer_clear(&s->timer);
    if (!wants_probe(s))
        hg_timer_clear(&s->probe);
    else if (s->probe.due == 0)
        hg_timer_set(&s->probe, PROBE_MS);
}

void hg_session_turn(struct hg_session *s)
{
    bool progress;

    if (s->state == HG_SESSION_DEAD)
        return;
    HG_ASSERT(!s->in_turn);
    s->in_turn = true;
    s->budget = HG_LIMIT_TURN;
    do {
        progress = read_client(s);
        progress |= step(s);
        progress |= write_client(s);
    } while (progress && s->state != HG_SESSION_DEAD);
    s->in_turn = false;
    if (s->state != HG_SESSION_DEAD)
        rearm(s);
}

static void body_expired(struct hg_exchange *x)
{
    x->session->keep = false;
    if (x->resp_head) {
        hg_exchange_end(x, HG_CLOSE_CLIENT_TIMEOUT);
        return;
    }
    hg_reply_error(x, 408, "request_timeout", HG_CLOSE_CLIENT_TIMEOUT,
                   "the request body did not arrive in time (timeout.request-body)");
}

/* Timers come before what arrived in the same turn: who has asked by now is not sent away. */
static bool has_asked(struct hg_session *s)
{
    s->can_read = true;
    s->budget = HG_LIMIT_TURN;
    return read_client(s);
}

static void head_expired(struct hg_session *s)
{
    if (s->head_since != 0)
        hg_exchange_begin_bad(s, HG_HTTP_OK); /* nothing is wrong with it but that it does not end */
    else if (!has_asked(s))
        hg_session_die(s);
}

static void answer_expired(struct hg_exchange *x)
{
    struct hg_failure f = {0};

    hg_failure_set(&f, HG_FAILURE_RESPONSE_TIMEOUT, "timeout.response-head is %llu ms",
                   (unsigned long long)x->route.backend->timeout.response_head);
    hg_dispatch_failed(x, HG_RETRY_TIMEOUT, &f);
}

static void stream_expired(struct hg_exchange *x)
{
    if (x->upgraded) {
        x->session->keep = false;
        hg_exchange_end(x, HG_CLOSE_UPSTREAM_IDLE);
    } else {
        hg_exchange_break_off(x, HG_CLOSE_UPSTREAM_IDLE, "no byte for timeout.idle");
    }
}

void hg_session_expired(struct hg_timer *t)
{
    struct hg_session *s = HG_CONTAINER_OF(t, struct hg_session, timer);

    HG_ASSERT(s->magic == HG_SESSION_MAGIC && !s->in_turn);
    switch (s->state == HG_SESSION_DEAD ? PHASE_NONE : session_phase(s)) {
    case PHASE_NONE:
        return;
    case PHASE_QUEUE:
        hg_dispatch_expired(s->exchange);
        break;
    case PHASE_HEAD:
        head_expired(s);
        break;
    case PHASE_CLIENT_BODY:
        body_expired(s->exchange);
        break;
    case PHASE_CLIENT_STALLED:
        s->keep = false;
        s->abort_at_end = true;
        hg_exchange_end(s->exchange, HG_CLOSE_CLIENT_STALLED);
        hg_session_die(s);
        return;
    case PHASE_ANSWER:
        answer_expired(s->exchange);
        break;
    case PHASE_STREAM:
        stream_expired(s->exchange);
        break;
    case PHASE_LINGER:
        if (s->exchange != NULL)
            hg_exchange_end(s->exchange, HG_CLOSE_TUNNEL_CLOSED);
        hg_session_die(s);
        return;
    }
    hg_session_turn(s);
}
