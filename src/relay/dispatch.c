/* SPDX-License-Identifier: MIT
 *
 * Which server an exchange goes to, waiting for one, and what happens when it
 * fails: again, to another server or on another connection, or an answer.
 *
 * What is safe to send again: a request of which nothing was sent; one whose
 * end had not left us; and an idempotent one. More only where the config says
 * so (retry.non-idempotent).
 */
#include "internal.h"

#include <stdio.h>

static void connect_to(struct hg_exchange *x, const struct hg_server *server, bool fresh);

static uint64_t now(const struct hg_exchange *x)
{
    return hg_loop_now(x->session->relay->loop);
}

static void wait_over(struct hg_exchange *x)
{
    x->access.queue_us += now(x) - x->wait_since;
    HG_COUNT_SUB(x->session->relay->counters, queue_waiting, 1);
}

void hg_dispatch_release(struct hg_exchange *x)
{
    if (x->wait != NULL) {
        hg_balance_cancel(&x->wait);
        wait_over(x);
    }
    if (!x->reserved)
        return;
    x->reserved = false;
    hg_balance_release(x->session->generation, x->server, now(x));
}

/* ---- a server ---- */

static void granted(void *ctx, const struct hg_server *server)
{
    struct hg_exchange *x = HG_CAST(struct hg_exchange, HG_EXCHANGE_MAGIC, ctx);
    struct hg_session *s = x->session;

    x->wait = NULL;
    wait_over(x);
    connect_to(x, server, hg_tried_has(&x->tried, server));
    hg_session_turn(s);
}

static void busy(struct hg_exchange *x, const char *type, const char *what)
{
    x->retry_after = 1;
    hg_reply_error(x, 503, type, HG_CLOSE_REFUSED, "backend %s: %s", x->route.backend->name, what);
}

static void no_server(struct hg_exchange *x)
{
    const struct hg_backend *b = x->route.backend;

    HG_COUNT_ADD(x->session->relay->counters, no_server_total, 1);
    if (x->failure.kind != HG_FAILURE_NONE) {
        hg_reply_failure(x, &x->failure);
        return;
    }
    x->retry_after = b->health.how != HG_HEALTH_OFF ? (unsigned)((b->health.interval + 999) / 1000) : 1;
    hg_reply_error(x, 503, "no_server", HG_CLOSE_UPSTREAM_FAILED, "no server of backend %s is up and enabled",
                   b->name);
}

static void pick(struct hg_exchange *x)
{
    struct hg_relay *r = x->session->relay;
    const struct hg_server *server = NULL;
    const struct hg_pick_for f = {
        .generation = x->session->generation,
        .backend = x->route.backend,
        .tried = &x->tried,
        .loop = r->loop,
        .granted = granted,
        .ctx = x,
    };

    HG_ASSERT(!x->reserved && x->wait == NULL && x->link == NULL && x->dialing == NULL);
    switch (hg_balance_pick(&f, &server, &x->wait)) {
    case HG_PICK_SERVER:
        connect_to(x, server, hg_tried_has(&x->tried, server));
        break;
    case HG_PICK_WAIT:
        x->wait_since = now(x);
        HG_COUNT_ADD(r->counters, queue_waiting, 1);
        HG_COUNT_ADD(r->counters, queue_waited_total, 1);
        break;
    case HG_PICK_FULL:
        HG_COUNT_ADD(r->counters, queue_full_total, 1);
        busy(x, "queue_full", "all servers are at their limit, and as many requests wait as may");
        break;
    case HG_PICK_NONE:
        no_server(x);
        break;
    case HG_PICK_NO_MEMORY:
        busy(x, "no_resources", "no memory is left");
        break;
    }
}

void hg_dispatch_expired(struct hg_exchange *x)
{
    HG_ASSERT(x->wait != NULL);
    HG_COUNT_ADD(x->session->relay->counters, queue_timeout_total, 1);
    busy(x, "queue_timeout", "no server had room within queue.timeout");
}

/* The head for this server; what is kept of the body goes behind it. */
static bool write_head(struct hg_exchange *x)
{
    struct hg_buf before = x->up_out;
    struct hg_answer a;
    bool ok;

    x->uses.now = now(x);
    hg_buf_init(&x->up_out, before.ceiling, true);
    if (hg_route_leave(&x->route, x->server, &x->up_out, &a) != HG_ROUTE_GO) {
        hg_buf_free(&x->up_out);
        x->up_out = before;
        if (!hg_credential_wait(x, &a, HG_ASK_LEAVE))
            hg_route_answer(x, &a);
        return false;
    }
    HG_ASSERT(x->head_len <= hg_buf_len(&before) && x->sent == 0);
    ok = hg_buf_append(&x->up_out, hg_slice_from(hg_buf_data(&before), x->head_len));
    x->head_len = hg_buf_len(&x->up_out) - (hg_buf_len(&before) - x->head_len);
    hg_buf_free(&before);
    if (!ok)
        busy(x, "no_resources", "no memory is left");
    return ok;
}

static void connect_to(struct hg_exchange *x, const struct hg_server *server, bool fresh)
{
    HG_ASSERT(!x->reserved);
    x->server = server;
    x->reserved = true;
    x->attempts++;
    if (write_head(x))
        hg_upstream_connect(x, fresh);
}

void hg_dispatch(struct hg_exchange *x)
{
    const struct hg_backend *b = x->route.backend;

    HG_ASSERT(x->attempts == 0 && x->head_len == 0);
    x->up_framing = x->req_framing.kind;
    x->keep = b->retry.buffer != 0 && (b->retry.attempts > 1 || hg_credential_may_repeat(x));
    x->up_out.ceiling += b->retry.buffer + HG_LIMIT_RELAY_BUFFER;
    hg_balance_deposit(x->session->generation, b);
    pick(x);
}

void hg_dispatch_resume(struct hg_exchange *x)
{
    HG_ASSERT(x->reserved && x->link == NULL && x->dialing == NULL);
    if (write_head(x))
        hg_upstream_connect(x, false);
}

/* ---- again ---- */

static bool idempotent(const struct hg_exchange *x)
{
    return hg_method_idempotent(x->req.method_id) || x->route.backend->retry.non_idempotent;
}

bool hg_dispatch_only_once(const struct hg_exchange *x)
{
    const struct hg_retry *r = &x->route.backend->retry;

    return !x->keep || !idempotent(x) || (r->on & HG_RETRY_EMPTY) == 0 ||
           (x->req_framing.kind == HG_FRAMING_LENGTH && x->req_framing.length > r->buffer);
}

/* The end of the request never left us, so nobody can have read it whole and acted on it. With a tunnel in
 * between there is no other proof: the proxy's kernel acknowledges bytes that the upstream never sees. */
static bool ended_before_read(const struct hg_exchange *x)
{
    return !x->wrote || !x->req_done || x->sent < hg_buf_len(&x->up_out);
}

/* It was idle, and the upstream had enough of it: that says nothing about the server. */
static bool pooled_death(const struct hg_exchange *x, unsigned how)
{
    return how == HG_RETRY_EMPTY && x->reused && !x->resp_started;
}

/* how: HG_RETRY_*, or 0 for a status that is in retry.on. */
static bool may_again(const struct hg_exchange *x, unsigned how)
{
    const struct hg_retry *r = &x->route.backend->retry;

    if (x->resp_head || (how & r->on) != how)
        return false;
    if (how == HG_RETRY_CONNECT)
        return x->attempts < r->attempts && (x->keep || !x->wrote_any) &&
               hg_balance_has_other(x->session->generation, x->route.backend, &x->tried, now(x));
    if (!x->keep || (how == HG_RETRY_EMPTY && x->resp_started))
        return false;
    if (!idempotent(x) && !(how == HG_RETRY_EMPTY && ended_before_read(x)))
        return false;
    return x->attempts < r->attempts || pooled_death(x, how);
}

static bool in_budget(struct hg_exchange *x, unsigned how)
{
    struct hg_relay *r = x->session->relay;

    /* These put no more work on anybody: no server has seen the request. */
    if (how == HG_RETRY_CONNECT || pooled_death(x, how))
        return true;
    if (hg_balance_withdraw(x->session->generation, x->route.backend, now(x)))
        return true;
    HG_COUNT_ADD(r->counters, retry_budget_empty_total, 1);
    return false;
}

/* Back to where the request was before it met a server. */
static void rewind_exchange(struct hg_exchange *x)
{
    if (x->link != NULL)
        hg_link_abort(&x->link);
    x->sent = 0;
    x->resp_started = false;
    x->interims = 0;
    x->first_byte = 0;
    hg_buf_free(&x->up_in);
    hg_headers_init(&x->resp.headers, &x->arena);
}

static void again(struct hg_exchange *x, unsigned how)
{
    struct hg_session *s = x->session;
    struct hg_counters *c = s->relay->counters;
    bool same = pooled_death(x, how);
    const struct hg_server *was = x->server;

    HG_COUNT_ADD(c, upstream_retries_total, 1);
    x->access.retries++;
    rewind_exchange(x);
    if (same) {
        /* Others of the pool may have died with it. */
        hg_upstream_connect(x, true);
        return;
    }
    hg_dispatch_release(x);
    pick(x);
    if (s->exchange == x && x->reserved && x->server != was)
        HG_COUNT_ADD(c, upstream_redispatches_total, 1);
}

void hg_dispatch_repeat(struct hg_exchange *x)
{
    HG_ASSERT(x->keep && !x->resp_head && x->reserved);
    HG_COUNT_ADD(x->session->relay->counters, upstream_retries_total, 1);
    x->access.retries++;
    rewind_exchange(x);
    if (write_head(x))
        hg_upstream_connect(x, false);
}

/* Not the proxy's, and not ours. */
static bool servers_fault(const struct hg_exchange *x, enum hg_failure_kind kind)
{
    switch (kind) {
    case HG_FAILURE_PROXY_CONNECT:
    case HG_FAILURE_PROXY_CONNECT_TIMEOUT:
    case HG_FAILURE_TUNNEL_AUTH:
    case HG_FAILURE_TUNNEL_BAD:
    case HG_FAILURE_NO_RESOURCES:
        return false;
    case HG_FAILURE_DNS:
    case HG_FAILURE_DNS_TIMEOUT:
        return x->route.backend->proxy == NULL;
    default:
        return true;
    }
}

void hg_dispatch_blame(struct hg_exchange *x, const char *why)
{
    struct hg_session *s = x->session;

    HG_ASSERT(x->reserved);
    hg_balance_failure(s->generation, x->server, why, now(x), s->relay->log);
}

void hg_dispatch_succeeded(struct hg_exchange *x)
{
    struct hg_session *s = x->session;

    HG_ASSERT(x->reserved);
    if (!hg_status_in(&x->route.backend->health.passive.status, x->resp.status))
        hg_balance_success(s->generation, x->server, now(x), s->relay->log);
}

void hg_dispatch_failed(struct hg_exchange *x, unsigned how, const struct hg_failure *f)
{
    bool its = servers_fault(x, f->kind);

    HG_ASSERT(!x->resp_head && x->reserved);
    if (its && !pooled_death(x, how)) {
        hg_tried_add(&x->tried, x->server);
        hg_dispatch_blame(x, hg_failure_text(f->kind));
    }
    x->failure = *f;
    if (its && may_again(x, how) && in_budget(x, how))
        again(x, how);
    else
        hg_reply_failure(x, f);
}

bool hg_dispatch_status(struct hg_exchange *x)
{
    const struct hg_backend *b = x->route.backend;
    char why[32];

    if (hg_status_in(&b->health.passive.status, x->resp.status)) {
        snprintf(why, sizeof(why), "it answered %u", x->resp.status);
        hg_dispatch_blame(x, why);
    }
    if (!hg_status_in(&b->retry.status, x->resp.status) || !may_again(x, 0) || !in_budget(x, 0))
        return false;
    hg_tried_add(&x->tried, x->server);
    again(x, 0);
    return true;
}
