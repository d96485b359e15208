/* SPDX-License-Identifier: MIT
 *
 * The life of a client connection: accepted, a head, an exchange, the next
 * head, and an end that lets the client read our last answer.
 */
#include "internal.h"

#include <stdlib.h>

#include "base/text.h"

struct hg_relay *hg_relay_new(const struct hg_relay_options *o)
{
    struct hg_relay *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->loop = o->loop;
    r->dns = o->dns;
    r->log = o->log;
    r->stats = o->stats;
    r->thread = o->thread;
    r->counters = hg_stats_counters(o->stats, o->thread);
    r->retry_total = o->retry_total;
    r->sources = o->sources;
    r->usage_log = o->usage_log;
    hg_list_init(&r->sessions);
    hg_list_init(&r->prefaces);
    hg_timer_init(&r->leave, o->loop, hg_relay_leave_expired);
    hg_relay_usage_init(r);
    r->pool = hg_pool_new(o->loop, o->dns);
    r->scratch = hg_scratch_new();
    if (r->pool != NULL && r->scratch != NULL)
        return r;
    hg_relay_free(r);
    return NULL;
}

static void session_free(struct hg_session *s)
{
    HG_ASSERT(s->exchange == NULL);
    hg_list_remove(&s->node);
    hg_timer_stop(&s->timer);
    hg_timer_stop(&s->probe);
    hg_buf_free(&s->in);
    hg_buf_free(&s->out);
    hg_generation_unref(&s->generation);
    HG_ASSERT(s->relay->count > 0);
    s->relay->count--;
    HG_COUNT_SUB(s->relay->counters, sessions, 1);
    s->magic = 0;
    free(s);
}

static void bury(struct hg_deferred *d)
{
    struct hg_session *s = HG_CONTAINER_OF(d, struct hg_session, death);

    if (s->abort_at_end)
        hg_stream_abort(&s->client);
    else
        hg_stream_close(&s->client);
    session_free(s);
}

void hg_session_die(struct hg_session *s)
{
    HG_ASSERT(s->exchange == NULL);
    if (s->state == HG_SESSION_DEAD)
        return;
    s->state = HG_SESSION_DEAD;
    hg_stream_want(s->client, 0);
    hg_timer_clear(&s->timer);
    hg_timer_clear(&s->probe);
    hg_loop_defer(s->relay->loop, &s->death);
}

static void client_ready(void *ctx, unsigned events)
{
    struct hg_session *s = HG_CAST(struct hg_session, HG_SESSION_MAGIC, ctx);

    if (events & HG_IO_READ)
        s->can_read = true;
    if (events & HG_IO_WRITE)
        s->can_write = true;
    hg_session_turn(s);
}

static struct hg_session *session_new(struct hg_relay *r, struct hg_generation *g, const struct hg_entry *e)
{
    struct hg_session *s = calloc(1, sizeof(*s));
    const struct hg_frontend *f = e->frontend;

    if (s == NULL)
        return NULL;
    s->magic = HG_SESSION_MAGIC;
    s->relay = r;
    s->generation = hg_generation_ref(g);
    s->frontend = f;
    s->bind = e->bind;
    s->listener = e->listener;
    s->death.run = bury;
    s->can_write = true;
    hg_list_init(&s->node);
    hg_list_init(&s->death.node);
    hg_buf_init(&s->in, 0, true);
    hg_buf_init(&s->out, HG_SESSION_OUT, false);
    hg_session_await_head(s);
    hg_timer_init(&s->timer, r->loop, hg_session_expired);
    hg_timer_init(&s->probe, r->loop, hg_session_probe);
    return s;
}

void hg_relay_accept(struct hg_relay *r, const struct hg_entry *e, int fd, const struct hg_client *client)
{
    HG_ASSERT(e >= r->entries->entry && e < r->entries->entry + r->entries->n);
    HG_ASSERT(e->bind < e->frontend->binds && fd >= 0);
    if (hg_preface_wanted(&e->frontend->bind[e->bind], client))
        hg_preface_begin(r, e, fd, client);
    else
        hg_session_begin(r, r->entries->generation, e, fd, client);
}

void hg_session_begin(struct hg_relay *r, struct hg_generation *g, const struct hg_entry *e, int fd,
                      const struct hg_client *client)
{
    struct hg_stream *stream = hg_stream_accepted(r->loop, fd, g->bind_tls[e->frontend->index][e->bind]);
    struct hg_session *s = stream != NULL ? session_new(r, g, e) : NULL;

    if (s == NULL) {
        if (stream != NULL)
            hg_stream_close(&stream);
        hg_log_event(r->log, HG_LOG_ERROR, HG_EVENT_ACCEPT_FAILED, "no memory for a client connection");
        return;
    }
    s->client = stream;
    s->peer = *client;
    s->peer.tls = g->bind_tls[e->frontend->index][e->bind] != NULL;
    if (client->has_addr)
        hg_ip_text(client->addr, s->client_text);
    else
        memcpy(s->client_text, "unix", sizeof("unix"));
    s->peer.ip = hg_slice_str(s->client_text);
    hg_list_push_back(&r->sessions, &s->node);
    r->count++;
    HG_COUNT_ADD(r->counters, sessions, 1);
    HG_COUNT_ADD(r->counters, sessions_total, 1);
    hg_stream_on_ready(stream, client_ready, s);
    hg_session_move(s); /* what it said of itself may have taken longer than a reload */
    /* The first bytes are often there already: one read now saves a round through the kernel's queue. */
    s->can_read = true;
    hg_session_turn(s);
}

void hg_session_await_head(struct hg_session *s)
{
    size_t limit = s->frontend->limit_head, room = limit + 2 * HG_LIMIT_IO_CHUNK;

    hg_head_scan_init(&s->scan, limit, true);
    if (s->in.ceiling != room) /* a reload came in between */
        hg_buf_limit(&s->in, room);
}

void hg_session_next(struct hg_session *s)
{
    HG_ASSERT(s->exchange == NULL);
    s->head_since = 0;
    if (s->keep)
        hg_session_move(s);
    if (s->keep && !hg_session_last(s)) {
        s->state = HG_SESSION_HEAD;
        hg_session_await_head(s);
        return;
    }
    s->state = HG_SESSION_LINGER;
    s->linger_since = hg_loop_now(s->relay->loop);
}

bool hg_session_head_step(struct hg_session *s)
{
    struct hg_slice data = hg_buf_data(&s->in);
    enum hg_scan seen = HG_SCAN_MORE;
    enum hg_http_error why;
    size_t n;

    if (data.n != 0 && s->budget == 0)
        return false; /* others first: hg_session_turn comes back to it */
    if (data.n != 0)
        seen = hg_head_scan(&s->scan, data, &n, &why);
    if (s->head_since == 0 && (seen != HG_SCAN_MORE || hg_head_scan_begun(&s->scan)))
        s->head_since = hg_loop_now(s->relay->loop);
    switch (seen) {
    case HG_SCAN_MORE:
        /* A connection that ends without a whole head is nobody's error: health checks do that. */
        if (s->client_eof || (hg_session_last(s) && s->head_since == 0))
            hg_session_die(s);
        return false;
    case HG_SCAN_BAD:
        hg_exchange_begin_bad(s, why);
        return true;
    case HG_SCAN_DONE:
        break;
    }
    HG_ASSERT(n <= data.n);
    hg_exchange_begin(s, hg_slice(data.p, n));
    return true;
}

void hg_session_last_look(struct hg_session *s)
{
    HG_ASSERT(s->state == HG_SESSION_HEAD && hg_session_last(s));
    s->can_read = true;
    hg_session_turn(s);
}

bool hg_session_linger_step(struct hg_session *s)
{
    if (hg_buf_len(&s->out) != 0)
        return false;
    if (!s->shut) {
        hg_stream_shutdown(s->client);
        s->shut = true;
    }
    s->lingered += hg_buf_len(&s->in);
    s->moved += hg_buf_len(&s->in) != 0;
    hg_buf_consume(&s->in, hg_buf_len(&s->in));
    if (s->client_eof || s->lingered > HG_LIMIT_LINGER ||
        hg_loop_now(s->relay->loop) - s->linger_since > HG_TIME_LINGER_MAX * UINT64_C(1000))
        hg_session_die(s);
    return false;
}

void hg_session_cut(struct hg_session *s)
{
    if (s->exchange != NULL) {
        s->abort_at_end = s->exchange->resp_head && (!s->exchange->resp_done || hg_buf_len(&s->out) != 0);
        s->keep = false;
        hg_exchange_end(s->exchange, HG_CLOSE_SHUTDOWN);
    }
    hg_session_die(s);
}

void hg_relay_cut(struct hg_relay *r)
{
    r->draining = true;
    hg_preface_drop_all(r);
    for (struct hg_list *n = r->sessions.next, *next; n != &r->sessions; n = next) {
        next = n->next;
        hg_session_cut(HG_CONTAINER_OF(n, struct hg_session, node));
    }
}

void hg_relay_drain(struct hg_relay *r)
{
    r->draining = true;
    hg_preface_drop_all(r);
    hg_pool_drain(r->pool);
    for (struct hg_list *n = r->sessions.next, *next; n != &r->sessions; n = next) {
        struct hg_session *s = HG_CONTAINER_OF(n, struct hg_session, node);

        next = n->next;
        if (s->state == HG_SESSION_HEAD)
            hg_session_last_look(s);
    }
}

void hg_relay_free(struct hg_relay *r)
{
    if (r == NULL)
        return;
    hg_relay_cut(r);
    hg_preface_free_all(r);
    while (!hg_list_empty(&r->sessions)) {
        struct hg_session *s = HG_LIST_POP(&r->sessions, struct hg_session, node);

        hg_list_remove(&s->death.node);
        bury(&s->death);
    }
    hg_timer_stop(&r->leave);
    hg_relay_usage_free(r);
    hg_pool_free(r->pool);
    hg_scratch_free(r->scratch);
    free(r);
}

size_t hg_relay_sessions(const struct hg_relay *r)
{
    return r->count + r->asks;
}

void hg_relay_gauges(struct hg_relay *r)
{
    HG_COUNT_SET(r->counters, upstream_open, hg_pool_open(r->pool));
    HG_COUNT_SET(r->counters, upstream_idle, hg_pool_idle(r->pool));
    HG_COUNT_SET(r->counters, retry_kept_bytes, r->retry_kept);
    HG_COUNT_SET(r->counters, usage_tap_bytes, r->usage_bytes);
}
