/* SPDX-License-Identifier: MIT
 *
 * An exchange and its tap. The tap is fed what passes and can do nothing to it;
 * what it has found is read once, when the answer is whole or has broken off,
 * and handed on. The last bytes of a whole answer wait for its line in the usage
 * log, for a short time and without holding up anything else.
 */
#include "internal.h"

#include "base/check.h"
#include "plan/usage.h"

static void forget_tap(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;

    if (x->usage.tap == NULL)
        return;
    hg_tap_free(x->usage.tap);
    x->usage.tap = NULL;
    HG_ASSERT(r->usage_bytes >= x->usage.bytes);
    r->usage_bytes -= x->usage.bytes;
    x->usage.bytes = 0;
    HG_COUNT_SUB(r->counters, usage_taps, 1);
}

/* Its memory counts for the thread. False: there is too much, and the tap is gone. */
static bool charge(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;
    size_t now = hg_tap_memory(x->usage.tap);

    r->usage_bytes = r->usage_bytes - x->usage.bytes + now;
    x->usage.bytes = now;
    if (r->usage_bytes <= HG_LIMIT_USAGE_MEMORY)
        return true;
    forget_tap(x);
    x->usage.record.found = (struct hg_tap_usage){.state = HG_TAP_NOT_MEASURED, .why = HG_TAP_NO_MEMORY};
    return false;
}

void hg_exchange_usage_begin(struct hg_exchange *x, bool body)
{
    const struct hg_usage *u = x->route.usage;
    struct hg_relay *r = x->session->relay;

    HG_ASSERT(x->usage.tap == NULL && !x->usage.on);
    if (u == NULL || !body)
        return;
    x->usage.on = true;
    x->usage.of = u;
    x->usage.record.streaming =
        x->upgraded || hg_slice_istarts(x->route.tap_head.content_type, HG_LIT("text/event-stream"));
    x->route.tap_head.budget = &r->usage_budget;
    x->usage.tap = hg_tap_new(u->rules, &x->route.tap_head, u->limit);
    if (x->usage.tap == NULL) {
        x->usage.record.found = (struct hg_tap_usage){.state = HG_TAP_NOT_MEASURED, .why = HG_TAP_NO_MEMORY};
        return;
    }
    HG_COUNT_ADD(r->counters, usage_taps, 1);
    (void)charge(x);
}

/* What is new since the last time goes to whoever counts. */
static void report(struct hg_exchange *x, const struct hg_tap_usage *now, bool last)
{
    struct hg_usage_more more = {.model = now->model, .last = last, .record = &x->usage.record};
    bool any = false;

    for (int i = 0; i < HG_TAP_COUNTS; i++) {
        if (now->tokens[i] <= x->usage.told[i])
            continue;
        more.tokens[i] = now->tokens[i] - x->usage.told[i];
        x->usage.told[i] = now->tokens[i];
        any = true;
    }
    if (any || last)
        hg_exchange_usage_settled(x, &more);
}

void hg_exchange_usage_feed(struct hg_exchange *x, struct hg_slice span)
{
    struct hg_tap_usage now;

    if (x->usage.tap == NULL)
        return;
    hg_tap_feed(x->usage.tap, span);
    if (!charge(x) || !x->usage.of->sum)
        return;
    /* A connection that lives for hours: its figures are known as they come. */
    hg_tap_usage(x->usage.tap, &now);
    report(x, &now, false);
}

static void fill_record(struct hg_exchange *x, const char *broken)
{
    struct hg_usage_record *r = &x->usage.record;

    r->request_id = x->route.vars.request_id;
    r->provider = x->route.vars.frontend;
    if (x->route.backend != NULL)
        r->backend = hg_slice_str(x->route.backend->name);
    r->path = x->log_path;
    r->status = x->access.status;
    r->websocket = x->upgraded;
    r->broken = broken;
    r->response_bytes = x->access.bytes_out;
    r->duration_us = hg_loop_now(x->session->relay->loop) - x->began;
}

static void count(struct hg_exchange *x)
{
    struct hg_counters *c = x->session->relay->counters;
    const struct hg_usage_record *r = &x->usage.record;

    if (r->found.why == HG_TAP_NO_MEMORY) /* for the tap, or for a decoder of it */
        HG_COUNT_ADD(c, usage_tap_refused_total, 1);
    if (!hg_usage_counted(&r->found))
        HG_COUNT_ADD(c, usage_not_measured_total, 1);
    else if (hg_usage_partial(r) != NULL)
        HG_COUNT_ADD(c, usage_partial_total, 1);
    else
        HG_COUNT_ADD(c, usage_measured_total, 1);
}

/* The number of its line; 0: there is none to wait for. */
static uint64_t write_line(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;
    char room[HG_USAGE_LINE_MAX + 1];

    if (!hg_usage_log_on(r->usage_log) || !hg_usage_has_line(&x->usage.record))
        return 0;
    return hg_usage_log_put(r->usage_log, &r->usage_waiter,
                            hg_usage_line(&x->usage.record, hg_loop_wall(r->loop), room));
}

static void say(struct hg_exchange *x)
{
    struct hg_event e;

    if (!hg_usage_counted(&x->usage.record.found) || !hg_say_begin(x, HG_EVENT_TOKEN_USAGE, HG_LOG_INFO, &e))
        return;
    hg_usage_event_values(&e, &x->usage.record);
    hg_say_end(x, &e);
}

/* Reads the tap for the last time. The number of its line in the usage log, or 0. */
static uint64_t settle(struct hg_exchange *x, const char *broken)
{
    struct hg_tap_usage *found = &x->usage.record.found;

    x->usage.on = false;
    x->usage.read = true;
    hg_loop_refresh(x->session->relay->loop);
    fill_record(x, broken);
    if (x->usage.tap != NULL) {
        hg_tap_end(x->usage.tap, broken == NULL);
        hg_tap_usage(x->usage.tap, found);
        found->model = hg_arena_copy(&x->arena, found->model);
        forget_tap(x);
    }
    x->access.usage = &x->usage.record;
    count(x);
    report(x, found, true);
    say(x);
    return write_line(x);
}

void hg_exchange_usage_whole(struct hg_exchange *x, size_t tail)
{
    struct hg_session *s = x->session;
    struct hg_relay *r = s->relay;
    uint64_t line;

    if (x->usage.on) {
        line = settle(x, NULL);
        if (line == 0 || line <= hg_usage_log_done(r->usage_log))
            return;
        x->usage.line = line;
        x->usage.wait_until = hg_loop_now(r->loop) + HG_TIME_USAGE_WAIT * UINT64_C(1000);
        hg_list_push_back(&r->usage_waits, &x->usage.node);
        if (r->usage_timer.due == 0)
            hg_timer_set(&r->usage_timer, HG_TIME_USAGE_WAIT);
    }
    if (hg_exchange_usage_waits(x))
        s->held += tail;
}

void hg_exchange_usage_broken(struct hg_exchange *x, enum hg_close why)
{
    bool closed = why == HG_CLOSE_TUNNEL_CLOSED && !x->up_error && !x->up_broken;
    bool whole = x->upgraded && (closed || why == HG_CLOSE_DENIED); /* that is between two frames */

    if (x->usage.on)
        (void)settle(x, whole ? NULL : hg_close_word(why));
}

bool hg_exchange_usage_waits(const struct hg_exchange *x)
{
    return x->usage.line != 0;
}

void hg_exchange_usage_free(struct hg_exchange *x)
{
    forget_tap(x);
    hg_list_remove(&x->usage.node);
    x->usage.line = 0;
    x->session->held = 0;
}

/* ---- waiting for lines ---- */

/* Those whose line is written, or that have waited long enough. A turn may end an exchange, but none of the
 * others, so they can stand in a list of their own meanwhile. */
static void let_go(struct hg_relay *r, bool late)
{
    uint64_t done = hg_usage_log_done(r->usage_log), now = hg_loop_now(r->loop);
    struct hg_list ready;

    hg_list_init(&ready);
    for (struct hg_list *n = r->usage_waits.next, *next; n != &r->usage_waits; n = next) {
        struct hg_exchange *x = HG_CONTAINER_OF(n, struct hg_exchange, usage.node);

        next = n->next;
        if (x->usage.line > done && (!late || x->usage.wait_until > now))
            continue;
        if (x->usage.line > done)
            hg_usage_log_late(r->usage_log);
        hg_list_remove(n);
        hg_list_push_back(&ready, n);
    }
    while (!hg_list_empty(&ready)) {
        struct hg_exchange *x = HG_LIST_POP(&ready, struct hg_exchange, usage.node);

        x->usage.line = 0;
        x->session->held = 0;
        hg_session_turn(x->session);
    }
}

static void lines_written(struct hg_post *p)
{
    struct hg_relay *r = HG_CONTAINER_OF(p, struct hg_relay, usage_post);

    atomic_store(&r->usage_posted, false); /* before the look at how far the writer is */
    let_go(r, false);
}

static void waited_long(struct hg_timer *t)
{
    struct hg_relay *r = HG_CONTAINER_OF(t, struct hg_relay, usage_timer);

    let_go(r, true);
    if (!hg_list_empty(&r->usage_waits))
        hg_timer_set(&r->usage_timer, 1);
}

/* On the writer's thread. */
static void tell(void *ctx)
{
    struct hg_relay *r = ctx;

    if (!atomic_exchange(&r->usage_posted, true))
        hg_loop_post(r->loop, &r->usage_post);
}

void hg_relay_usage_init(struct hg_relay *r)
{
    r->usage_budget.ceiling = HG_LIMIT_USAGE_MEMORY;
    hg_list_init(&r->usage_waits);
    hg_timer_init(&r->usage_timer, r->loop, waited_long);
    r->usage_post.run = lines_written;
    r->usage_waiter.written = tell;
    r->usage_waiter.ctx = r;
    hg_usage_log_attach(r->usage_log, &r->usage_waiter);
}

/* A post may be under way still: the loop has ended, and nobody runs it. */
void hg_relay_usage_free(struct hg_relay *r)
{
    hg_usage_log_detach(r->usage_log, &r->usage_waiter);
    hg_timer_stop(&r->usage_timer);
}
