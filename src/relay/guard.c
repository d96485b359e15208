/* SPDX-License-Identifier: MIT
 *
 * Guards of an exchange. Between the rules and the dispatch its guards are asked;
 * one that wants the model out of the body has it held until it ends, or is larger
 * than may be held. What was held leaves behind the head in one go, byte for byte,
 * and the rest streams on.
 */
#include "internal.h"

void hg_guard_release(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;

    HG_ASSERT(r->held >= x->held_charged);
    r->held -= x->held_charged;
    x->held_charged = 0;
    HG_COUNT_SET(r->counters, guard_held_bytes, r->held);
}

void hg_guard_drop(struct hg_exchange *x)
{
    x->holding = false;
    hg_model_reader_free(x->reader);
    x->reader = NULL;
    hg_buf_free(&x->held);
    hg_guard_release(x);
}

static void busy(struct hg_exchange *x, const char *what)
{
    x->retry_after = 1;
    hg_reply_error(x, 503, "no_resources", HG_CLOSE_REFUSED, "%s", what);
}

/* What was held goes into up_out, where the head will be put in front of it. */
static bool move_held(struct hg_exchange *x)
{
    struct hg_slice data = hg_buf_data(&x->held);
    bool ok = true;

    x->up_framing = x->req_framing.kind;
    hg_buf_limit(&x->up_out, x->up_out.ceiling + data.n + HG_BODY_OVERHEAD);
    if (data.n > 0)
        ok = hg_body_encode(&x->up_out, x->up_framing, data);
    hg_buf_free(&x->held);
    return ok;
}

/* whole: the request has been read to its end. */
static void admit(struct hg_exchange *x, const struct hg_model_reading *body, bool whole)
{
    struct hg_answer a;
    enum hg_route_step step = hg_route_admit(&x->route, x->session->generation->guard, body, &x->guards, &a);

    x->holding = false;
    if (step != HG_ROUTE_GO) {
        HG_COUNT_ADD(x->session->relay->counters, guard_denied_total, 1);
        x->req_done = x->req_done || whole;
        hg_route_answer(x, &a);
    } else if (!move_held(x)) {
        busy(x, "no memory is left");
    } else {
        hg_dispatch(x);
    }
}

/* The body has been seen as far as it will be. */
static void finish(struct hg_exchange *x, bool whole)
{
    struct hg_model_reader *reader = x->reader;
    struct hg_model_reading reading;

    x->reader = NULL;
    hg_model_reader_end(reader, whole, &reading);
    admit(x, &reading, whole);
    hg_model_reader_free(reader);
}

void hg_guard_begin(struct hg_exchange *x)
{
    const struct hg_model_reading large = {.found = HG_MODEL_UNCLEAR,
                                           .why = "it is larger than the guard's buffer"};
    size_t buffer = hg_route_guard_buffer(&x->route);

    HG_ASSERT(!x->holding && x->reader == NULL && x->head_len == 0);
    if (buffer == 0 || x->req_done) {
        admit(x, NULL, x->req_done);
        return;
    }
    if (x->req_framing.kind == HG_FRAMING_LENGTH && x->req_framing.length > buffer) {
        admit(x, &large, false);
        return;
    }
    x->reader = hg_route_guard_reader(&x->route, &x->session->relay->usage_budget);
    if (x->reader == NULL) {
        busy(x, "no memory is left");
        return;
    }
    if (hg_model_reader_hopeless(x->reader)) {
        finish(x, false);
        return;
    }
    x->holding = true;
    hg_buf_init(&x->held, buffer + HG_LIMIT_IO_CHUNK, true);
    hg_request_open_body(x);
}

/* False: the exchange went another way. */
static bool hold(struct hg_exchange *x, struct hg_slice span)
{
    struct hg_relay *r = x->session->relay;

    if (r->held + span.n > HG_LIMIT_HELD_TOTAL || !hg_buf_append(&x->held, span)) {
        busy(x, "as many bytes of requests are held as may be");
        return false;
    }
    r->held += span.n;
    x->held_charged += span.n;
    HG_COUNT_SET(r->counters, guard_held_bytes, r->held);
    hg_model_reader_feed(x->reader, span);
    /* Also one that is hopeless is held no longer than it must be. */
    if (hg_model_reader_hopeless(x->reader)) {
        finish(x, false);
        return false;
    }
    return true;
}

bool hg_guard_pump(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    bool progress = false;

    while (s->exchange == x && x->holding) {
        struct hg_slice data = hg_buf_data(&s->in), span;
        size_t used = 0;
        enum hg_body_step step;

        if (data.n == 0 && !hg_body_decoder_done(&x->req_body))
            break;
        if (data.n > HG_LIMIT_IO_CHUNK)
            data.n = HG_LIMIT_IO_CHUNK;
        step = hg_body_decode(&x->req_body, data, &used, &span);
        /* span points into what is consumed, which stays where it is until something else is read. */
        s->moved += used != 0;
        progress |= used != 0 || step != HG_BODY_MORE;
        if (step == HG_BODY_DATA && !hold(x, span)) {
            if (s->exchange == x)
                hg_buf_consume(&s->in, used);
            return true;
        }
        hg_buf_consume(&s->in, used);
        if (step == HG_BODY_BAD)
            hg_request_bad(x, x->req_body.error);
        else if (step == HG_BODY_DONE)
            finish(x, true);
        else if (used == 0)
            break;
    }
    return progress;
}

/* A close frame (RFC 6455, 5.5.1) as a server writes it: 1008, and the type of the failure. */
static bool say_closed(struct hg_exchange *x, const char *type)
{
    struct hg_slice reason = hg_slice(type, strlen(type) < 123 ? strlen(type) : 123);
    const char head[] = {(char)0x88, (char)(2 + reason.n), (char)(1008 >> 8), (char)(1008 & 0xff)};

    return hg_buf_append(&x->session->out, hg_slice(head, sizeof(head))) &&
           hg_buf_append(&x->session->out, reason);
}

bool hg_guard_cut(struct hg_exchange *x)
{
    const struct hg_guard_hold *hold = x->cut;
    const char *type = hold->guard->answer.type;
    enum hg_tap_place place = x->usage.tap != NULL ? hg_tap_place(x->usage.tap) : HG_TAP_LOST;

    if (place == HG_TAP_CLOSING) /* it ends by itself */
        x->cut = NULL;
    if (place == HG_TAP_CLOSING || place == HG_TAP_IN_FRAME)
        return false;
    /* Without its tap nobody knows where a frame ends: then the connection ends without a word. */
    if (place == HG_TAP_BETWEEN)
        (void)say_closed(x, type);
    HG_COUNT_ADD(x->session->relay->counters, guard_denied_total, 1);
    hg_route_guard_cut(&x->route, hold);
    x->access.error = type;
    x->access.where = hold->mark.where;
    x->session->keep = false;
    hg_exchange_end(x, HG_CLOSE_DENIED);
    return true;
}

void hg_guard_answered(struct hg_exchange *x)
{
    x->up_status = x->resp.status;
    hg_guards_answered(&x->guards, x->up_status);
}

void hg_guard_end(struct hg_exchange *x, enum hg_close why)
{
    bool left = why == HG_CLOSE_CLIENT_LEFT || why == HG_CLOSE_CLIENT_STALLED || why == HG_CLOSE_SHUTDOWN;
    enum hg_guards_end how = x->up_status != 0      ? HG_GUARDS_ANSWERED
                             : left && x->wrote_any ? HG_GUARDS_SENT
                                                    : HG_GUARDS_FAILED;

    hg_guards_end(&x->guards, how, x->up_status);
}
