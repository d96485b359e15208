/* SPDX-License-Identifier: MIT
 *
 * The life of an exchange: from a head to one line in the access log.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* Most of an exchange would be room for guards and limits; it has as much as this plan can need. */
struct room {
    size_t marks, guards, holds; /* bytes */
};

static struct room room_of(const struct hg_plan *p)
{
    return (struct room){
        .marks = p->guards * sizeof(struct hg_guard_mark),
        .guards = p->guards * sizeof(struct hg_guard_hold),
        .holds = p->limits > 0 ? HG_LIMIT_HOLDS * sizeof(struct hg_hold) : 0,
    };
}

static void give_room(struct hg_exchange *x, const struct room *r)
{
    char *at = (char *)(x + 1);

    _Static_assert(_Alignof(struct hg_hold) <= _Alignof(struct hg_exchange) &&
                       _Alignof(struct hg_guard_hold) <= _Alignof(struct hg_exchange) &&
                       _Alignof(struct hg_guard_mark) <= _Alignof(struct hg_exchange),
                   "they stand behind each other");
    x->route.marks.v = (void *)at;
    x->route.marks.cap = r->marks / sizeof(struct hg_guard_mark);
    x->guards.v = (void *)(at + r->marks);
    x->guards.cap = r->guards / sizeof(struct hg_guard_hold);
    x->holds.v = (void *)(at + r->marks + r->guards);
    x->holds.cap = r->holds / sizeof(struct hg_hold);
}

static struct hg_exchange *exchange_new(struct hg_session *s)
{
    const struct room room = room_of(s->generation->plan);
    struct hg_exchange *x = calloc(1, sizeof(*x) + room.marks + room.guards + room.holds);
    const struct hg_framing none = {.kind = HG_FRAMING_NONE};

    if (x == NULL) {
        /* Nothing can be said without memory; the client sees the connection end. */
        s->keep = false;
        hg_session_die(s);
        return NULL;
    }
    give_room(x, &room);
    x->magic = HG_EXCHANGE_MAGIC;
    x->session = s;
    x->began = s->head_since;
    hg_arena_init(&x->arena, HG_LIMIT_ARENA + 4 * s->frontend->limit_head);
    hg_buf_init(&x->up_out, HG_LIMIT_HEAD_MAX + s->frontend->limit_head * 2, true);
    hg_buf_init(&x->up_in, HG_LIMIT_HEAD_DEFAULT + 2 * HG_LIMIT_IO_CHUNK, false);
    hg_body_decoder_init(&x->req_body, &none, UINT64_MAX);
    hg_body_decoder_init(&x->resp_body, &none, UINT64_MAX);
    hg_list_init(&x->usage.node);
    hg_headers_init(&x->req.headers, &x->arena);
    hg_headers_init(&x->resp.headers, &x->arena);
    x->traffic = s->generation->traffic.frontend[s->frontend->index];
    hg_traffic_begin(x->traffic, s->relay->thread);
    s->exchange = x;
    s->state = HG_SESSION_EXCHANGE;
    s->requests++;
    hg_session_spend(s, HG_LIMIT_TURN / HG_LIMIT_TURN_REQUESTS);
    HG_COUNT_ADD(s->relay->counters, active_requests, 1);
    HG_COUNT_ADD(s->relay->counters, requests_total, 1);
    return x;
}

static void exchange_free(struct hg_exchange *x)
{
    struct hg_session *s = x->session;

    HG_ASSERT(x->link == NULL && x->dialing == NULL && x->wait == NULL && !x->reserved);
    hg_upstream_stop_keeping(x);
    hg_exchange_usage_free(x);
    hg_guard_drop(x);
    hg_body_decoder_free(&x->req_body);
    hg_body_decoder_free(&x->resp_body);
    hg_buf_free(&x->up_out);
    hg_buf_free(&x->up_in);
    hg_arena_reset(&x->arena);
    s->exchange = NULL;
    HG_COUNT_SUB(s->relay->counters, active_requests, 1);
    x->magic = 0;
    free(x);
}

static void set_vars(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    char now[HG_TEXT_TIME_LEN];

    hg_text_time(hg_loop_wall(s->relay->loop), now);
    x->route.vars.time = hg_arena_copy(&x->arena, hg_slice_str(now));
    x->client = s->peer;
    x->route.vars.client_ip = x->client.ip;
    x->route.vars.frontend = hg_slice_str(s->frontend->name);
    x->route.vars.request = &x->req;
    x->route.frontend = s->frontend;
    x->route.client = &x->client;
    hg_hooks_set(x);
    hg_limits_set(x);
    x->route.arena = &x->arena;
    x->route.vars.uses = &x->uses;
    x->route.scratch = s->relay->scratch;
    x->route.request = &x->req;
    x->route.framing = &x->req_framing;
    x->route.hop = &x->hop;
}

void hg_exchange_begin_bad(struct hg_session *s, enum hg_http_error why)
{
    struct hg_exchange *x = exchange_new(s);

    if (x == NULL)
        return;
    set_vars(x);
    hg_route_request_id(&x->route);
    s->keep = false;
    if (why == HG_HTTP_OK)
        hg_reply_error(x, 408, "request_timeout", HG_CLOSE_CLIENT_TIMEOUT,
                       "the request head did not arrive in time (timeout.request-head)");
    else
        hg_reply_http_error(x, why, HG_CLOSE_REFUSED);
}

static enum hg_http_error read_head(struct hg_exchange *x, struct hg_slice head)
{
    struct hg_slice copy = hg_arena_copy(&x->arena, head);
    enum hg_http_error e = HG_HTTP_NO_MEMORY;

    if (copy.p != NULL)
        e = hg_route_receive(&x->route, copy, &x->client, &x->req_framing, &x->hop);
    x->log_method = x->req.method;
    x->log_path = x->req.path;
    return e;
}

void hg_exchange_begin(struct hg_session *s, struct hg_slice head)
{
    struct hg_exchange *x = exchange_new(s);
    enum hg_http_error e;

    if (x == NULL)
        return;
    set_vars(x);
    e = read_head(x, head);
    hg_buf_consume(&s->in, head.n);
    if (e != HG_HTTP_OK) {
        s->keep = false;
        hg_reply_http_error(x, e, HG_CLOSE_REFUSED);
        return;
    }
    s->keep = x->req_framing.keep_alive;
    hg_body_decoder_init(&x->req_body, &x->req_framing, s->frontend->limit_body);
    x->req_done = hg_body_decoder_done(&x->req_body);
    x->body_open = !x->hop.expect_continue;
    hg_exchange_route(x);
}

void hg_exchange_end(struct hg_exchange *x, enum hg_close why)
{
    struct hg_session *s = x->session;

    HG_ASSERT(s->exchange == x);
    hg_upstream_release(x);
    hg_exchange_usage_broken(x, why);
    hg_limits_end(x);
    hg_guard_end(x, why);
    hg_say_over(x, why);
    exchange_free(x);
    if (s->state == HG_SESSION_EXCHANGE)
        hg_session_next(s);
}

void hg_exchange_client_left(struct hg_exchange *x)
{
    struct hg_session *s = x->session;

    s->keep = false;
    if (!x->resp_head)
        x->access.status = 499;
    HG_COUNT_ADD(s->relay->counters, client_left_total, 1);
    hg_exchange_end(x, x->upgraded ? HG_CLOSE_TUNNEL_CLOSED : HG_CLOSE_CLIENT_LEFT);
    hg_session_die(s);
}

void hg_exchange_break_off(struct hg_exchange *x, enum hg_close why, const char *detail)
{
    struct hg_session *s = x->session;

    HG_ASSERT(x->resp_head && !x->resp_done);
    snprintf(x->error_detail, sizeof(x->error_detail), "%s", detail != NULL ? detail : "");
    x->access.error_detail = x->error_detail;
    /* Length and chunks show the client that bytes are missing; without them only a reset can. */
    s->abort_at_end = x->out_framing == HG_FRAMING_CLOSE;
    s->keep = false;
    s->state = HG_SESSION_CUT;
    hg_exchange_end(x, why);
}

/* Both directions of an upgraded connection, and its end: each side's end is passed on to the other. */
static bool tunnel_finish(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    bool to_up_flushed = hg_buf_len(&s->in) == 0 && hg_buf_len(&x->up_out) == 0;
    bool to_client_flushed = hg_buf_len(&x->up_in) == 0 && hg_buf_len(&s->out) == 0;

    /* After a failed read or write what came before it is still the client's. */
    if (x->up_eof && to_client_flushed && (s->client_eof || x->up_error || x->up_broken)) {
        s->keep = false;
        hg_exchange_end(x, HG_CLOSE_TUNNEL_CLOSED);
        return true;
    }
    if (s->client_eof && to_up_flushed && !x->up_shut) {
        hg_stream_shutdown(hg_link_stream(x->link));
        x->up_shut = true;
    }
    if (x->up_eof && to_client_flushed && !s->shut) {
        hg_stream_shutdown(s->client);
        s->shut = true;
    }
    return false;
}

static bool finish(struct hg_exchange *x)
{
    struct hg_session *s = x->session;

    if (x->upgraded)
        return tunnel_finish(x);
    if (!x->resp_done)
        return false;
    hg_upstream_release(x);
    if (hg_buf_len(&s->out) != 0 || hg_exchange_usage_waits(x) || (!x->req_done && s->keep))
        return false;
    hg_exchange_end(x, x->access.close);
    return true;
}

bool hg_exchange_step(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    bool progress = false;

    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC && s->exchange == x);
    if (s->client_eof && !x->upgraded) {
        hg_exchange_client_left(x);
        return false;
    }
    /* Each of these may end the exchange; then the session has moved on. */
    progress |= hg_request_pump(x);
    if (s->exchange == x)
        progress |= hg_upstream_write(x);
    if (s->exchange == x)
        progress |= hg_upstream_read(x);
    if (s->exchange == x)
        progress |= hg_response_pump(x);
    if (s->exchange == x)
        progress |= finish(x);
    else
        progress = true;
    return progress;
}
