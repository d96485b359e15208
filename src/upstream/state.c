/* SPDX-License-Identifier: MIT
 *
 * The state of backends and servers: made, shared with the generation before,
 * changed by commands.
 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void server_unref(struct hg_server_state *st)
{
    if (st == NULL || atomic_fetch_sub_explicit(&st->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(st->name);
    free(st->address);
    free(st);
}

static void backend_unref(struct hg_backend_state *bs)
{
    if (bs == NULL || atomic_fetch_sub_explicit(&bs->refs, 1, memory_order_acq_rel) != 1)
        return;
    HG_ASSERT(hg_list_empty(&bs->waiting));
    pthread_mutex_destroy(&bs->lock);
    free(bs->name);
    free(bs);
}

/* Another address under the same name is another server. */
static char *address_of(const struct hg_server *s)
{
    char *out = NULL;

    return asprintf(&out, "%s://%s:%u", s->tls ? "https" : "http", s->host, s->port) >= 0 ? out : NULL;
}

static struct hg_server_state *server_new(const struct hg_server *s)
{
    struct hg_server_state *st = calloc(1, sizeof(*st));

    if (st == NULL)
        return NULL;
    atomic_init(&st->refs, 1);
    atomic_init(&st->up, true);
    st->config_disabled = s->disabled;
    atomic_init(&st->admin, s->disabled ? HG_ADMIN_DISABLED : HG_ADMIN_READY);
    st->name = strdup(s->name);
    st->address = address_of(s);
    if (st->name != NULL && st->address != NULL)
        return st;
    server_unref(st);
    return NULL;
}

static struct hg_backend_state *backend_new(const struct hg_backend *b)
{
    struct hg_backend_state *bs = calloc(1, sizeof(*bs));

    if (bs == NULL)
        return NULL;
    bs->name = strdup(b->name);
    if (bs->name == NULL || pthread_mutex_init(&bs->lock, NULL) != 0) {
        free(bs->name);
        free(bs);
        return NULL;
    }
    atomic_init(&bs->refs, 1);
    atomic_init(&bs->tokens, (int64_t)b->retry.reserve * 1000);
    hg_list_init(&bs->waiting);
    return bs;
}

static struct hg_backend_state *old_backend(const struct hg_generation *previous, const struct hg_backend *b,
                                            const struct hg_backend **was)
{
    for (size_t i = 0; previous != NULL && i < previous->plan->backends; i++) {
        *was = &previous->plan->backend[i];
        if (strcmp((*was)->name, b->name) == 0)
            return previous->balance->backend[i];
    }
    *was = NULL;
    return NULL;
}

/* What an operator did holds, unless the config itself has changed its mind since. */
static void readopt(struct hg_backend_state *bs, struct hg_server_state *st, const struct hg_server *s)
{
    atomic_fetch_add_explicit(&st->refs, 1, memory_order_relaxed);
    pthread_mutex_lock(&bs->lock);
    if (st->config_disabled != s->disabled) {
        st->config_disabled = s->disabled;
        atomic_store(&st->admin, s->disabled ? HG_ADMIN_DISABLED : HG_ADMIN_READY);
    }
    pthread_mutex_unlock(&bs->lock);
}

static struct hg_server_state *server_state(const struct hg_generation *previous,
                                            const struct hg_backend *was, struct hg_backend_state *bs,
                                            const struct hg_server *s)
{
    char *address = was != NULL ? address_of(s) : NULL;
    struct hg_server_state *found = NULL;

    for (size_t i = 0; address != NULL && i < was->servers && found == NULL; i++) {
        struct hg_server_state *st = previous->balance->server[was->server[i].index];

        if (strcmp(st->name, s->name) == 0 && strcmp(st->address, address) == 0)
            found = st;
    }
    free(address);
    if (found == NULL)
        return server_new(s);
    readopt(bs, found, s);
    return found;
}

static bool adopt_backend(struct hg_balance *bal, const struct hg_plan *plan, size_t i,
                          const struct hg_generation *previous)
{
    const struct hg_backend *b = &plan->backend[i], *was;
    struct hg_backend_state *bs = old_backend(previous, b, &was);

    if (bs != NULL)
        atomic_fetch_add_explicit(&bs->refs, 1, memory_order_relaxed);
    else
        bs = backend_new(b);
    bal->backend[i] = bs;
    for (size_t j = 0; bs != NULL && j < b->servers; j++) {
        HG_ASSERT(b->server[j].index < plan->servers);
        bal->server[b->server[j].index] = server_state(previous, was, bs, &b->server[j]);
        if (bal->server[b->server[j].index] == NULL)
            return false;
    }
    return bs != NULL;
}

struct hg_balance *hg_balance_new(const struct hg_plan *plan, const struct hg_generation *previous)
{
    struct hg_balance *bal = calloc(1, sizeof(*bal));
    bool ok;

    if (bal == NULL)
        return NULL;
    bal->backend = calloc(plan->backends + 1, sizeof(struct hg_backend_state *));
    bal->server = calloc(plan->servers + 1, sizeof(struct hg_server_state *));
    ok = bal->backend != NULL && bal->server != NULL;
    for (size_t i = 0; ok && i < plan->backends; i++)
        ok = adopt_backend(bal, plan, i, previous);
    if (ok)
        return bal;
    hg_balance_free(bal, plan);
    return NULL;
}

void hg_balance_free(struct hg_balance *bal, const struct hg_plan *plan)
{
    if (bal == NULL)
        return;
    for (size_t i = 0; bal->server != NULL && i < plan->servers; i++)
        server_unref(bal->server[i]);
    for (size_t i = 0; bal->backend != NULL && i < plan->backends; i++)
        backend_unref(bal->backend[i]);
    free(bal->server);
    free(bal->backend);
    free(bal);
}

unsigned hg_state_share(const struct hg_server *s, const struct hg_server_state *st, uint64_t now)
{
    uint64_t since = atomic_load_explicit(&st->up_since, memory_order_relaxed);
    uint64_t aside = atomic_load_explicit(&st->aside_until, memory_order_relaxed);
    uint64_t whole = s->slow_start * 1000, part;

    if (aside > since && aside <= now)
        since = aside;
    if (whole == 0 || since == 0 || now >= since + whole)
        return 1000;
    part = now > since ? (now - since) * 1000 / whole : 0;
    return part < 10 ? 10 : (unsigned)part;
}

void hg_state_tell(struct hg_generation *g, const struct hg_server *s, struct hg_log *log, bool up,
                   const char *reason)
{
    struct hg_backend_state *bs = hg_backend_state_of(g, s->backend);
    struct hg_server_state *st = hg_state_of(g, s);
    enum hg_log_level level = up ? HG_LOG_INFO : HG_LOG_WARN;
    struct hg_event e;

    pthread_mutex_lock(&bs->lock);
    snprintf(st->reason, sizeof(st->reason), "%s", reason);
    pthread_mutex_unlock(&bs->lock);
    hg_event_begin(&e, up ? HG_EVENT_SERVER_UP : HG_EVENT_SERVER_DOWN, level);
    hg_event_word(&e, HG_EV_BACKEND, s->backend->name);
    hg_event_word(&e, HG_EV_SERVER, s->name);
    hg_event_word(&e, HG_EV_REASON, reason);
    hg_log_put(log, NULL, &e);
}

static const struct hg_server *find(const struct hg_generation *g, const char *backend, const char *server,
                                    char *err, size_t errlen)
{
    for (size_t i = 0; i < g->plan->backends; i++) {
        const struct hg_backend *b = &g->plan->backend[i];

        if (strcmp(b->name, backend) != 0)
            continue;
        for (size_t j = 0; j < b->servers; j++)
            if (strcmp(b->server[j].name, server) == 0)
                return &b->server[j];
        snprintf(err, errlen, "backend %s has no server %s (its first is %s)", backend, server,
                 b->server[0].name);
        return NULL;
    }
    snprintf(err, errlen, "there is no backend %s", backend);
    return NULL;
}

bool hg_server_set_admin(struct hg_generation *g, const char *backend, const char *server, enum hg_admin to,
                         uint64_t now_us, char *err, size_t errlen)
{
    const struct hg_server *s = find(g, backend, server, err, errlen);
    struct hg_server_state *st;
    int was;

    if (s == NULL)
        return false;
    st = hg_state_of(g, s);
    was = atomic_exchange(&st->admin, to);
    /* It was not checked and had no traffic: what was known about it is old. */
    if (was == HG_ADMIN_DISABLED && to != HG_ADMIN_DISABLED) {
        atomic_store(&st->up, true);
        atomic_store(&st->aside_until, 0);
        atomic_store(&st->in_a_row, 0);
        atomic_store(&st->up_since, now_us);
    }
    if (to == HG_ADMIN_READY)
        hg_balance_kick(hg_backend_state_of(g, s->backend), now_us);
    return true;
}

void hg_server_get_figures(const struct hg_generation *g, const struct hg_server *s, uint64_t now_us,
                           struct hg_server_status *out)
{
    const struct hg_server_state *st = hg_state_of(g, s);
    int admin = atomic_load(&st->admin);

    *out = (struct hg_server_status){
        .backend = s->backend->name,
        .server = s->name,
        .address = s->host_field,
        .state = admin == HG_ADMIN_DISABLED   ? "disabled"
                 : admin == HG_ADMIN_DRAIN    ? "drain"
                 : !atomic_load(&st->up)      ? "down"
                 : hg_state_aside(st, now_us) ? "cooling"
                                              : "up",
        .weight = s->weight,
        .active = atomic_load(&st->active),
        .limit = s->limit,
        .backup = s->backup,
        .checked = s->backend->health.how != HG_HEALTH_OFF,
        .requests = atomic_load(&st->requests),
        .failures = atomic_load(&st->failures),
    };
}

void hg_server_get_status(const struct hg_generation *g, const struct hg_server *s, uint64_t now_us,
                          struct hg_server_status *out)
{
    struct hg_backend_state *bs = hg_backend_state_of(g, s->backend);
    const struct hg_server_state *st = hg_state_of(g, s);

    hg_server_get_figures(g, s, now_us, out);
    pthread_mutex_lock(&bs->lock);
    memcpy(out->reason, st->reason, sizeof(out->reason));
    pthread_mutex_unlock(&bs->lock);
}

size_t hg_backend_waiting(const struct hg_generation *g, const struct hg_backend *b)
{
    return atomic_load(&hg_backend_state_of(g, b)->n_waiting);
}
