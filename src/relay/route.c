/* SPDX-License-Identifier: MIT
 *
 * The exchange's side of routing: asks the route room, and turns what it says
 * into an answer, or hands on to dispatch.c.
 */
#include "internal.h"

void hg_route_answer(struct hg_exchange *x, const struct hg_answer *a)
{
    static const enum hg_close closes[] = {
        [HG_ANSWER_RULE] = HG_CLOSE_OK,
        [HG_ANSWER_DENIED] = HG_CLOSE_DENIED,
        [HG_ANSWER_LIMITED] = HG_CLOSE_LIMITED,
        [HG_ANSWER_REFUSED] = HG_CLOSE_REFUSED,
        [HG_ANSWER_NOT_CONFIGURED] = HG_CLOSE_NOT_CONFIGURED,
        [HG_ANSWER_RULE_FAILED] = HG_CLOSE_RULE_FAILED,
    };

    x->access.where = a->where;
    if (a->kind == HG_ANSWER_SERVED) {
        hg_exchange_serve(x, a->serve);
        return;
    }
    HG_ASSERT((size_t)a->kind < sizeof(closes) / sizeof(closes[0]));
    x->access.error = a->type;
    hg_reply_send(x, a->status, &a->headers, a->body, closes[a->kind]);
}

void hg_exchange_route(struct hg_exchange *x)
{
    struct hg_answer a;

    x->uses.now = hg_loop_now(x->session->relay->loop);
    hg_limits_again(x);
    if (hg_route_enter(&x->route, &a) != HG_ROUTE_GO) {
        if (!hg_credential_wait(x, &a, HG_ASK_ENTER))
            hg_route_answer(x, &a);
        return;
    }
    hg_guard_begin(x);
}

bool hg_route_trailers_ok(const struct hg_exchange *x, const struct hg_headers *trailers)
{
    for (size_t i = 0; i < trailers->n; i++)
        if (!hg_route_trailer_ok(&x->route, true, trailers->v[i].name))
            return false;
    return true;
}
