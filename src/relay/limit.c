/* SPDX-License-Identifier: MIT
 *
 * Rate limits of an exchange: what its rules take, what is given back when it
 * does not leave, and what is put right when it is known what really passed.
 */
#include "internal.h"

static uint64_t now(const struct hg_exchange *x)
{
    return hg_loop_now(x->session->relay->loop);
}

/* How much it takes, and how much room must be there for it. */
static void measure(const struct hg_exchange *x, const struct hg_rate_limit *l, struct hg_take_ask *ask)
{
    switch (l->measure) {
    case HG_MEASURE_REQUESTS:
        ask->n = ask->need = 1;
        return;
    case HG_MEASURE_TOKENS:
        ask->n = ask->need = l->estimate;
        return;
    case HG_MEASURE_BYTES:
        if (x->req_framing.kind == HG_FRAMING_LENGTH)
            ask->n = ask->need = x->req_framing.length;
        else if (x->req_framing.kind != HG_FRAMING_NONE || x->hop.upgrade_websocket)
            ask->need = 1; /* nobody knows yet how much comes */
        return;
    }
    HG_ASSERT(false);
}

static void tell(struct hg_exchange *x, const struct hg_limit_ask *ask, const struct hg_limited *why)
{
    const struct hg_rate_limit *l = ask->limit;
    struct hg_event e;

    if (!hg_say_begin(x, HG_EVENT_RATE_LIMITED, HG_LOG_WARN, &e))
        return;
    hg_event_word(&e, HG_EV_WHERE, ask->where);
    hg_event_word(&e, HG_EV_LIMIT_NAME, l->name);
    hg_event_word(&e, HG_EV_LIMIT_COUNTS, hg_measure_name(l->measure));
    hg_event_number(&e, HG_EV_LIMIT, l->rate.amount);
    hg_event_word(&e, HG_EV_LIMIT_PER, hg_rate_word(l->rate.period));
    hg_event_number(&e, HG_EV_RETRY_AFTER, why->retry_after);
    if (why->full)
        hg_event_truth(&e, HG_EV_TABLE_FULL, true);
    if (ask->observe)
        hg_event_truth(&e, HG_EV_OBSERVED, true);
    hg_say_end(x, &e);
}

static bool take(void *ctx, const struct hg_limit_ask *of, struct hg_limited *out)
{
    struct hg_exchange *x = HG_CAST(struct hg_exchange, HG_EXCHANGE_MAGIC, ctx);
    struct hg_session *s = x->session;
    const struct hg_rate_limit *l = of->limit;
    struct hg_take_ask ask = {.series = hg_policy_series(s->generation->policy, l->index),
                              .rate = l->rate,
                              .key = of->key,
                              .measure = l->measure,
                              .now = now(x)};
    struct hg_refusal why = {0};
    struct hg_hold hold = {0};
    enum hg_take taken;

    if (x->holds.left) /* rules run again for a credential: it is counted */
        return true;
    measure(x, l, &ask);
    taken = hg_series_take(&ask, &hold, &why);
    if (taken == HG_TAKE_OK) {
        hg_holds_add(&x->holds, &hold);
        return true;
    }
    if (why.wait == UINT64_MAX)
        why.wait = 0;
    out->full = taken == HG_TAKE_FULL;
    out->remaining = why.room;
    out->retry_after = (why.wait + 999999) / 1000000;
    out->reset = (hg_loop_wall(s->relay->loop) + why.wait + 999999) / 1000000;
    tell(x, of, out);
    if (of->observe) {
        HG_COUNT_ADD(s->relay->counters, rate_limit_observed_total, 1);
    } else {
        HG_COUNT_ADD(s->relay->counters, rate_limited_total, 1);
        hg_traffic_refused(x->traffic, HG_REFUSER_LIMIT, l->name);
    }
    return false;
}

void hg_limits_set(struct hg_exchange *x)
{
    x->limiter = (struct hg_limiter){.ctx = x, .take = take};
    x->route.limiter = &x->limiter;
}

void hg_limits_again(struct hg_exchange *x)
{
    if (!x->holds.left)
        hg_holds_give_back(&x->holds, now(x));
}

void hg_limits_leave(struct hg_exchange *x)
{
    x->holds.left = true;
}

void hg_limits_body(struct hg_exchange *x)
{
    if (hg_holds_have(&x->holds, HG_MEASURE_BYTES))
        hg_holds_correct(&x->holds, HG_MEASURE_BYTES, x->req_body.total, false, now(x));
}

void hg_limits_tokens(struct hg_exchange *x, uint64_t n, bool final)
{
    hg_holds_correct(&x->holds, HG_MEASURE_TOKENS, n, final, now(x));
}

void hg_limits_answered(struct hg_exchange *x)
{
    if (x->holds.left)
        hg_holds_correct(&x->holds, HG_MEASURE_BYTES, x->req_body.total, true, now(x));
    else
        hg_holds_give_back(&x->holds, now(x));
}

void hg_limits_end(struct hg_exchange *x)
{
    hg_limits_answered(x);
    hg_holds_settle(&x->holds, now(x));
}
