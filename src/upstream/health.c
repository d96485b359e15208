/* SPDX-License-Identifier: MIT
 *
 * Active health checks: for each server a timer, a dial with a time limit, and,
 * for HTTP, a request whose status counts. What the results do to a server's
 * state is in verdict.c.
 */
#include "upstream/health.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/head.h"
#include "pool.h"
#include "state.h"
#include "verdict.h"

#define CHECK_MAGIC 0x6368656bu
/* Servers that were never checked are asked within this, and within a tenth of their interval. */
#define FIRST_MAX_MS 2000u

struct check {
    uint32_t magic;
    struct hg_health_checks *owner;
    const struct hg_server *server;
    struct hg_timer next, limit;
    uint64_t began;
    struct hg_dial *dial;
    struct hg_stream *stream;
    struct hg_buf out, in;
    struct hg_head_scan scan;
    struct hg_deferred end; /* a stream is not closed inside its own call */
    bool running, good;
    char why[160];
};

struct hg_health_checks {
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_log *log;
    struct hg_generation *generation;
    struct check *check;
    size_t checks;
    uint64_t random;
};

/* xorshift: nobody is harmed who guesses when a check comes. */
static uint64_t pick_random(struct hg_health_checks *h, uint64_t below)
{
    h->random ^= h->random << 13;
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return below != 0 ? h->random % below : 0;
}

static void let_go(struct check *c)
{
    hg_timer_clear(&c->limit);
    hg_list_remove(&c->end.node);
    if (c->dial != NULL)
        hg_dial_cancel(c->dial);
    c->dial = NULL;
    if (c->stream != NULL && c->good)
        hg_stream_close(&c->stream);
    else if (c->stream != NULL)
        hg_stream_abort(&c->stream);
    hg_buf_free(&c->out);
    hg_buf_free(&c->in);
    c->running = false;
}

/* The next one, counted from the begin of this one and a little early, so that servers are not all asked at
 * once. */
static void plan_next(struct check *c)
{
    struct hg_health_checks *h = c->owner;
    uint64_t now = hg_loop_now(h->loop), period = hg_verdict_period(h->generation, c->server, now);
    uint64_t gone = (now - c->began) / 1000;

    period -= pick_random(h, period / 10 + 1);
    hg_timer_set(&c->next, period > gone ? period - gone : 1);
}

static void over(struct check *c)
{
    struct hg_health_checks *h = c->owner;

    let_go(c);
    hg_state_of(h->generation, c->server)->checked = c->began;
    hg_verdict(h->generation, c->server, c->good, c->why, c->began, hg_loop_now(h->loop), h->log);
    plan_next(c);
}

static void end_of_turn(struct hg_deferred *d)
{
    over(HG_CONTAINER_OF(d, struct check, end));
}

/* From inside the stream's call. */
static void decide(struct check *c, bool good, const char *why)
{
    c->good = good;
    snprintf(c->why, sizeof(c->why), "%s", why);
    hg_stream_want(c->stream, 0);
    hg_stream_on_ready(c->stream, NULL, NULL);
    hg_loop_defer(c->owner->loop, &c->end);
}

static void read_answer(struct check *c, struct hg_slice head)
{
    struct hg_response r;
    struct hg_arena arena;
    enum hg_http_error e;
    char why[80];

    hg_arena_init(&arena, HG_LIMIT_HEAD_DEFAULT * 4);
    hg_headers_init(&r.headers, &arena);
    e = hg_response_parse(&r, head, &arena);
    snprintf(why, sizeof(why), "it answered %u", r.status);
    if (e != HG_HTTP_OK)
        decide(c, false, hg_http_answer_error_text(e));
    else if (r.status >= 200)
        decide(c, hg_status_in(&c->server->backend->health.status, r.status), why);
    hg_arena_reset(&arena);
}

/* Interim answers are passed over. */
static void scan_answer(struct check *c)
{
    enum hg_http_error e = HG_HTTP_OK;
    size_t n = 0;

    while (hg_list_empty(&c->end.node) && hg_buf_len(&c->in) != 0) {
        struct hg_slice data = hg_buf_data(&c->in);

        switch (hg_head_scan(&c->scan, data, &n, &e)) {
        case HG_SCAN_MORE:
            return;
        case HG_SCAN_BAD:
            decide(c, false, hg_http_answer_error_text(e));
            return;
        case HG_SCAN_DONE:
            read_answer(c, hg_slice(data.p, n));
            hg_buf_consume(&c->in, n);
            hg_head_scan_init(&c->scan, HG_LIMIT_HEAD_DEFAULT, false);
            break;
        }
    }
}

static void lost(struct check *c, ssize_t n)
{
    const char *why = n == HG_STREAM_ERROR ? hg_stream_error(c->stream) : NULL;

    decide(c, false, why != NULL ? why : "it closed the connection before it answered");
}

static void ready(void *ctx, unsigned events)
{
    struct check *c = HG_CAST(struct check, CHECK_MAGIC, ctx);
    struct hg_slice data = hg_buf_data(&c->out);
    ssize_t n = 0;
    size_t room;
    char *p;

    (void)events;
    if (data.n != 0) {
        n = hg_stream_write(c->stream, data.p, data.n);
        if (n > 0)
            hg_buf_consume(&c->out, (size_t)n);
        else if (n != HG_STREAM_AGAIN)
            lost(c, n);
    }
    p = hg_buf_reserve(&c->in, 1, &room);
    n = p != NULL ? hg_stream_read(c->stream, p, room) : HG_STREAM_ERROR;
    if (n > 0) {
        hg_buf_commit(&c->in, (size_t)n);
        scan_answer(c);
    } else if (n != HG_STREAM_AGAIN && hg_list_empty(&c->end.node)) {
        lost(c, n);
    }
    if (hg_list_empty(&c->end.node))
        hg_stream_want(c->stream, HG_IO_READ | (hg_buf_len(&c->out) != 0 ? HG_IO_WRITE : 0));
}

static void ask(struct check *c)
{
    const struct hg_health *k = &c->server->backend->health;

    hg_head_scan_init(&c->scan, HG_LIMIT_HEAD_DEFAULT, false);
    if (!hg_buf_printf(&c->out,
                       "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hdrgate/" HG_VERSION
                       "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                       k->method, k->path, k->host != NULL ? k->host : c->server->host_field)) {
        decide(c, false, "no memory for the check");
        return;
    }
    hg_stream_on_ready(c->stream, ready, c);
    hg_stream_want(c->stream, HG_IO_READ | HG_IO_WRITE);
}

static void dialed(void *ctx, struct hg_stream *stream, const struct hg_failure *failure,
                   const struct hg_dial_times *times)
{
    struct check *c = HG_CAST(struct check, CHECK_MAGIC, ctx);

    (void)times;
    c->dial = NULL;
    c->stream = stream;
    if (stream != NULL && c->server->backend->health.how == HG_HEALTH_HTTP) {
        ask(c);
        return;
    }
    c->good = stream != NULL;
    if (stream == NULL)
        snprintf(c->why, sizeof(c->why), "%s%s%.60s", hg_failure_text(failure->kind),
                 failure->detail[0] != '\0' ? ": " : "", failure->detail);
    else
        snprintf(c->why, sizeof(c->why), "a connection was made");
    over(c);
}

static void limit_over(struct hg_timer *t)
{
    struct check *c = HG_CONTAINER_OF(t, struct check, limit);

    c->good = false;
    snprintf(c->why, sizeof(c->why), "the check was not over within health.timeout (%llu ms)",
             (unsigned long long)c->server->backend->health.timeout);
    over(c);
}

static void begin(struct hg_timer *t)
{
    struct check *c = HG_CONTAINER_OF(t, struct check, next);
    struct hg_health_checks *h = c->owner;
    const struct hg_health *k = &c->server->backend->health;
    const struct hg_dial_hooks hooks = {.done = dialed};
    struct hg_failure f = {0};

    HG_ASSERT(!c->running);
    c->began = hg_loop_now(h->loop);
    if (!hg_verdict_wanted(h->generation, c->server)) {
        plan_next(c);
        return;
    }
    c->running = true;
    hg_timer_set(&c->limit, k->timeout);
    c->dial = hg_server_dial(h->loop, h->dns, h->generation, c->server, k->how != HG_HEALTH_TCP, NULL, &hooks,
                             c, &f);
    if (c->dial != NULL)
        return;
    c->good = false;
    snprintf(c->why, sizeof(c->why), "%s: %.80s", hg_failure_text(f.kind), f.detail);
    over(c);
}

static void stop_all(struct hg_health_checks *h)
{
    for (size_t i = 0; i < h->checks; i++) {
        struct check *c = &h->check[i];

        let_go(c);
        hg_timer_stop(&c->next);
        hg_timer_stop(&c->limit);
        c->magic = 0;
    }
    free(h->check);
    h->check = NULL;
    h->checks = 0;
    hg_generation_unref(&h->generation);
}

/* A check that the last plan began and did not end is made anew; else they go on in their time, so that many
 * reloads do not make many checks, or none. */
static void add(struct hg_health_checks *h, const struct hg_server *s)
{
    struct check *c = &h->check[h->checks++];
    uint64_t spread = s->backend->health.interval / 10;

    c->magic = CHECK_MAGIC;
    c->owner = h;
    c->server = s;
    c->end.run = end_of_turn;
    hg_list_init(&c->end.node);
    hg_buf_init(&c->out, HG_LIMIT_HEAD_DEFAULT, false);
    hg_buf_init(&c->in, HG_LIMIT_HEAD_DEFAULT + HG_LIMIT_IO_CHUNK, false);
    hg_timer_init(&c->next, h->loop, begin);
    hg_timer_init(&c->limit, h->loop, limit_over);
    c->began = hg_state_of(h->generation, s)->checked;
    if (c->began != 0)
        plan_next(c);
    else
        hg_timer_set(&c->next, 1 + pick_random(h, (spread < FIRST_MAX_MS ? spread : FIRST_MAX_MS) + 1));
}

bool hg_health_use(struct hg_health_checks *h, struct hg_generation *g)
{
    const struct hg_plan *p = g->plan;
    struct check *check = calloc(p->servers + 1, sizeof(*check));

    if (check == NULL)
        return false;
    stop_all(h);
    h->check = check;
    h->generation = hg_generation_ref(g);
    for (size_t i = 0; i < p->backends; i++) {
        const struct hg_backend *b = &p->backend[i];

        for (size_t j = 0; j < b->servers; j++) {
            if (b->health.how != HG_HEALTH_OFF)
                add(h, &b->server[j]);
            else
                hg_verdict_unchecked(g, &b->server[j]);
        }
        /* The new plan may have more room for those who wait. */
        hg_balance_kick(hg_backend_state_of(g, b), hg_loop_now(h->loop));
    }
    HG_ASSERT(h->checks <= p->servers);
    return true;
}

struct hg_health_checks *hg_health_new(struct hg_loop *loop, struct hg_dns *dns, struct hg_log *log)
{
    struct hg_health_checks *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->loop = loop;
    h->dns = dns;
    h->log = log;
    h->random = hg_loop_wall(loop) | 1;
    return h;
}

void hg_health_free(struct hg_health_checks *h)
{
    if (h == NULL)
        return;
    stop_all(h);
    free(h);
}
