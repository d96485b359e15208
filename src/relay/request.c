/* SPDX-License-Identifier: MIT
 *
 * The request's body on its way to the upstream: decoded from the client's
 * framing, framed anew, out in the turn in which it came. A body that turns out
 * to be wrong must never look complete to the upstream.
 */
#include "internal.h"

/* 100 is said only when somebody is about to read, and not to a client that sends already. */
void hg_request_open_body(struct hg_exchange *x)
{
    struct hg_session *s = x->session;

    if (x->body_open)
        return;
    x->body_open = true;
    if (x->req_done || hg_buf_len(&s->in) != 0)
        return;
    if (!hg_buf_append(&s->out, HG_LIT("HTTP/1.1 100 Continue\r\n\r\n")))
        hg_exchange_client_left(x);
}

void hg_request_bad(struct hg_exchange *x, enum hg_http_error e)
{
    struct hg_session *s = x->session;

    s->keep = false;
    if (x->discard || (x->resp_head && x->resp_done)) {
        /* The answer is on its way; only the connection's future is lost. */
        x->req_done = true;
        return;
    }
    if (x->resp_head) {
        hg_exchange_break_off(x, HG_CLOSE_BAD_REQUEST_BODY, hg_http_error_text(e));
        return;
    }
    hg_reply_http_error(x, e, HG_CLOSE_BAD_REQUEST_BODY);
}

static void body_done(struct hg_exchange *x)
{
    struct hg_headers trailers;
    enum hg_http_error e;

    hg_headers_init(&trailers, &x->arena);
    if (x->up_framing == HG_FRAMING_CHUNKED && !x->discard) {
        e = hg_body_trailers(&x->req_body, &x->arena, &trailers);
        if (e == HG_HTTP_OK && !hg_route_trailers_ok(x, &trailers))
            e = HG_HTTP_BAD_TRAILER;
        if (e == HG_HTTP_OK && !hg_body_encode_end(&x->up_out, x->up_framing, &trailers))
            e = HG_HTTP_NO_MEMORY;
        if (e != HG_HTTP_OK) {
            hg_request_bad(x, e);
            return;
        }
    }
    x->req_done = true;
}

/* How much may be decoded now. */
static size_t room(struct hg_exchange *x)
{
    size_t n;

    if (x->discard)
        return SIZE_MAX;
    if (x->up_broken)
        return 0;
    n = hg_upstream_room(x);
    return n > HG_BODY_OVERHEAD ? n - HG_BODY_OVERHEAD : 0;
}

bool hg_request_pump(struct hg_exchange *x)
{
    struct hg_session *s = x->session;
    bool progress = false;

    if (x->holding)
        return hg_guard_pump(x);
    if (x->cut != NULL) /* it ends as soon as it can: nothing more is asked */
        return false;
    /* The head goes first, and a request that waits for a server has none yet. */
    if (x->head_len == 0 && !x->discard)
        return false;
    while (s->exchange == x && !x->req_done && x->body_open) {
        struct hg_slice data = hg_buf_data(&s->in), span;
        size_t space = room(x), used = 0;
        enum hg_body_step step;

        /* That the body is whole is noticed without room: else a request that was sent to its last byte would
         * look unfinished, and might be sent again. */
        if ((space == 0 || data.n == 0) && !hg_body_decoder_done(&x->req_body))
            break;
        if (data.n > space)
            data.n = space;
        step = hg_body_decode(&x->req_body, data, &used, &span);
        HG_ASSERT(used <= data.n);
        if (step == HG_BODY_DATA && !x->discard && !hg_body_encode(&x->up_out, x->up_framing, span)) {
            hg_request_bad(x, HG_HTTP_NO_MEMORY);
            return true;
        }
        hg_buf_consume(&s->in, used);
        progress |= used != 0;
        s->moved += used != 0;
        if (step == HG_BODY_BAD)
            hg_request_bad(x, x->req_body.error);
        else if (step == HG_BODY_DONE)
            body_done(x);
        else if (used == 0)
            break;
    }
    if (progress && s->exchange == x)
        hg_limits_body(x);
    return progress;
}
