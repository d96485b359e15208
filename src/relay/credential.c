/* SPDX-License-Identifier: MIT
 *
 * Credentials that are missing for the moment, refused, or used up: the exchange
 * waits for their source, or goes out once more with another one. The answer that
 * refused it is held until then, and is the client's when there is nothing newer.
 */
#include "internal.h"

static uint64_t now(const struct hg_exchange *x)
{
    return hg_loop_now(x->session->relay->loop);
}

static const struct hg_source *source_of(const struct hg_exchange *x, const struct hg_secret_slot *slot)
{
    return hg_plan_source(x->session->generation->plan, slot);
}

static void answered(void *ctx);

static bool ask(struct hg_exchange *x, struct hg_secret_slot *slot, uint64_t version, enum hg_ask_for what)
{
    struct hg_relay *r = x->session->relay;

    HG_ASSERT(x->ask == NULL);
    if (r->sources == NULL)
        return false;
    x->ask = hg_sources_ask(r->sources, r->loop, slot, version, answered, x, &r->asks);
    x->ask_for = what;
    return x->ask != NULL;
}

void hg_credential_cancel(struct hg_exchange *x)
{
    if (x->ask == NULL)
        return;
    hg_source_ask_cancel(x->ask);
    x->ask = NULL;
}

bool hg_credential_may_repeat(const struct hg_exchange *x)
{
    const struct hg_plan *p = x->session->generation->plan;

    if (x->route.backend->refresh_ons > 0)
        return true;
    for (size_t i = 0; i < p->sources; i++)
        if (p->source[i].kind == HG_SOURCE_ANY && p->source[i].resend)
            return true;
    return false;
}

/* ---- missing ---- */

/* Whose source could give the value that is missing: the slot's own, or a member's. */
static struct hg_secret_slot *can_give(const struct hg_source *s)
{
    for (size_t i = 0; i < s->members; i++)
        if (s->member[i]->kind == HG_SOURCE_EXEC)
            return s->member[i]->slot;
    return s->kind == HG_SOURCE_EXEC ? s->slot : NULL;
}

bool hg_credential_wait(struct hg_exchange *x, const struct hg_answer *a, enum hg_ask_for what)
{
    const struct hg_source *s = a->secret != NULL ? source_of(x, a->secret) : NULL;
    struct hg_secret_slot *slot = s != NULL && x->uses.resting_until == 0 ? can_give(s) : NULL;

    /* Once for each: what has given nothing now is an answer. */
    if (slot == NULL || slot == x->asked_for)
        return false;
    x->asked_for = slot;
    return ask(x, slot, hg_secret_slot_version(slot), what);
}

/* ---- refused ---- */

/* The request as it arrived through the frontend's rules again: they took secrets too. */
static bool enter_again(struct hg_exchange *x)
{
    const struct hg_backend *was = x->route.backend;
    struct hg_answer a;

    if (x->route.entered == 0)
        return true;
    x->req = x->route.arrived;
    if (hg_route_enter(&x->route, &a) != HG_ROUTE_GO) {
        hg_route_answer(x, &a);
        return false;
    }
    if (x->route.backend == was)
        return true;
    x->route.backend = was;
    hg_reply_error(x, 503, "credential_unavailable", HG_CLOSE_REFUSED,
                   "with the new credential the request goes to another backend");
    return false;
}

static void repeat(struct hg_exchange *x)
{
    HG_COUNT_ADD(x->session->relay->counters, secret_resends_total, 1);
    x->uses.now = now(x);
    if (enter_again(x))
        hg_dispatch_repeat(x);
}

static bool can_repeat(const struct hg_exchange *x)
{
    return x->keep && x->reserved && !x->resp_head;
}

static bool among(const unsigned *v, size_t n, unsigned status)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == status)
            return true;
    return false;
}

static uint64_t rest_ms(const struct hg_exchange *x, const struct hg_source *group)
{
    const struct hg_header *h = hg_headers_find(&x->resp.headers, HG_LIT("Retry-After"));
    uint64_t seconds;

    if (h == NULL || !hg_slice_u64(h->value, &seconds))
        return group->cool_down;
    return seconds < HG_TIME_COOL_DOWN_MAX / 1000 ? seconds * 1000 : HG_TIME_COOL_DOWN_MAX;
}

/* Puts to rest what was refused; true: the request may go with another. */
static bool put_to_rest(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;
    bool another = false;

    for (size_t i = 0; i < x->uses.n; i++) {
        const struct hg_secret_use *u = &x->uses.v[i];
        const struct hg_source *s = source_of(x, u->slot);
        uint64_t ms;

        if (s == NULL || s->kind != HG_SOURCE_ANY ||
            !among(s->cool_down_on, s->cool_down_ons, x->resp.status))
            continue;
        /* What was rotated meanwhile is not what was refused. */
        ms = hg_secret_slot_version(u->member) == u->version ? rest_ms(x, s) : 0;
        if (ms != 0) {
            hg_secret_slot_rest(u->member, now(x) + ms * 1000);
            HG_COUNT_ADD(r->counters, secret_rests_total, 1);
            hg_log_event(r->log, HG_LOG_INFO, HG_EVENT_SECRET_RESTING,
                         "secret %s of %s rests for %llu ms: %s answered %u", hg_secret_slot_name(u->member),
                         s->name, (unsigned long long)ms, x->server->host_field, x->resp.status);
        }
        another |= s->resend && hg_secret_slot_group_ready(u->slot, now(x));
    }
    return another;
}

/* Has one of the secrets changed since the head was written? */
static bool is_newer(const struct hg_exchange *x)
{
    for (size_t i = 0; i < x->uses.n; i++)
        if (hg_secret_slot_version(x->uses.v[i].member) != x->uses.v[i].version)
            return true;
    return false;
}

/* Asks the next source of those that were used; false: there is none. */
static bool ask_next(struct hg_exchange *x)
{
    while (x->asked < x->uses.n) {
        const struct hg_secret_use *u = &x->uses.v[x->asked++];
        const struct hg_source *s = source_of(x, u->member);

        if (s != NULL && (s->kind == HG_SOURCE_FILE || s->kind == HG_SOURCE_EXEC))
            return ask(x, u->member, u->version, HG_ASK_REFUSED);
    }
    return false;
}

bool hg_credential_refused(struct hg_exchange *x)
{
    const struct hg_backend *b = x->route.backend;
    bool another;

    if (x->resp.status < 400 || x->uses.n == 0)
        return false;
    another = put_to_rest(x);
    if (!can_repeat(x))
        return false;
    if (another && x->resends < HG_SECRET_USES) {
        x->resends++;
        repeat(x);
        return true;
    }
    if (x->refreshed || !among(b->refresh_on, b->refresh_ons, x->resp.status))
        return false;
    x->refreshed = true;
    x->asked = 0;
    if (!is_newer(x))
        return ask_next(x);
    repeat(x);
    return true;
}

static void answered(void *ctx)
{
    struct hg_exchange *x = HG_CAST(struct hg_exchange, HG_EXCHANGE_MAGIC, ctx);
    struct hg_session *s = x->session;

    x->ask = NULL;
    switch (x->ask_for) {
    case HG_ASK_ENTER:
        x->req = x->route.arrived;
        hg_exchange_route(x);
        break;
    case HG_ASK_LEAVE:
        hg_dispatch_resume(x);
        break;
    case HG_ASK_REFUSED:
        if (can_repeat(x) && is_newer(x))
            repeat(x);
        else if (!ask_next(x))
            hg_response_final(x);
        break;
    }
    hg_session_turn(s);
}
