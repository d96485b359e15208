/* SPDX-License-Identifier: MIT
 *
 * The choice of a server, and what live requests say about it.
 */
#include "state.h"

#include <limits.h>
#include <stdio.h>

#include "choose.h"

static size_t place(const struct hg_server *s)
{
    HG_ASSERT(s >= s->backend->server && s < s->backend->server + s->backend->servers);
    return (size_t)(s - s->backend->server);
}

void hg_tried_add(struct hg_tried *t, const struct hg_server *s)
{
    size_t i = place(s);

    t->bit[i / 64] |= UINT64_C(1) << (i % 64);
}

bool hg_tried_has(const struct hg_tried *t, const struct hg_server *s)
{
    size_t i = place(s);

    return (t->bit[i / 64] >> (i % 64) & 1) != 0;
}

/* Whole ones first, backups behind them, and those put aside last. */
enum { TIER_UP, TIER_BACKUP, TIER_ASIDE, TIER_ASIDE_BACKUP, TIERS, TIER_NONE = TIERS };

static unsigned tier_of(const struct hg_server *s, const struct hg_server_state *st, uint64_t now)
{
    if (s->weight == 0 || !atomic_load_explicit(&st->up, memory_order_relaxed) ||
        atomic_load_explicit(&st->admin, memory_order_relaxed) != HG_ADMIN_READY)
        return TIER_NONE;
    if (hg_state_aside(st, now))
        return s->backup ? TIER_ASIDE_BACKUP : TIER_ASIDE;
    return s->backup ? TIER_BACKUP : TIER_UP;
}

static bool has_room(const struct hg_server *s, const struct hg_server_state *st, uint64_t now)
{
    uint64_t limit;

    if (s->limit == 0)
        return true;
    limit = (uint64_t)s->limit * hg_state_share(s, st, now) / 1000;
    return atomic_load(&st->active) < (limit > 0 ? limit : 1);
}

/* Those that could be taken now. */
struct candidates {
    const struct hg_generation *g;
    const struct hg_backend *b;
    uint64_t now;
    size_t v[HG_LIMIT_SERVERS], n;
};

static struct hg_server_state *state_at(const struct candidates *c, size_t i)
{
    return hg_state_of(c->g, &c->b->server[i]);
}

static int64_t weight_at(const struct candidates *c, size_t i)
{
    const struct hg_server *s = &c->b->server[i];

    return (int64_t)s->weight * hg_state_share(s, state_at(c, i), c->now);
}

/* Smooth weighted round robin, as in nginx: exact over a whole round, and spread evenly inside it. */
static size_t roundrobin(const struct candidates *c)
{
    int64_t total = 0;
    size_t found = c->v[0];

    HG_ASSERT(c->n > 0);
    for (size_t k = 0; k < c->n; k++) {
        struct hg_server_state *st = state_at(c, c->v[k]);
        int64_t weight = weight_at(c, c->v[k]);

        st->current += weight;
        total += weight;
        if (st->current > state_at(c, found)->current)
            found = c->v[k];
    }
    state_at(c, found)->current -= total;
    return found;
}

/* The fewest requests for its weight; of equals the next in turn. */
static size_t leastconn(const struct candidates *c, struct hg_backend_state *bs)
{
    size_t found = c->v[0], from = 0;
    bool any = false;

    while (from < c->n && c->v[from] <= bs->last)
        from++;
    for (size_t k = 0; k < c->n; k++) {
        size_t i = c->v[(from + k) % c->n];
        /* a/wa < b/wb without a division */
        uint64_t mine = atomic_load(&state_at(c, i)->active), its = atomic_load(&state_at(c, found)->active);

        if (!any || mine * (uint64_t)weight_at(c, found) < its * (uint64_t)weight_at(c, i))
            found = i;
        any = true;
    }
    bs->last = found;
    return found;
}

/* Fills c with a tier's servers that have room. True when the tier has any, with room or without. */
static bool gather(struct candidates *c, const struct hg_tried *tried, bool again, unsigned tier)
{
    bool any = false;

    c->n = 0;
    for (size_t i = 0; i < c->b->servers; i++) {
        const struct hg_server *s = &c->b->server[i];

        if (tier_of(s, state_at(c, i), c->now) != tier)
            continue;
        if ((tried != NULL && hg_tried_has(tried, s)) != again)
            continue;
        any = true;
        if (has_room(s, state_at(c, i), c->now))
            c->v[c->n++] = i;
    }
    return any;
}

enum hg_pick hg_choose(const struct hg_generation *g, const struct hg_backend *b,
                       const struct hg_tried *tried, uint64_t now, const struct hg_server **server)
{
    struct hg_backend_state *bs = hg_backend_state_of(g, b);
    struct candidates c = {.g = g, .b = b, .now = now};
    bool any = false;
    size_t i;

    for (unsigned pass = 0; pass < 2 && !any; pass++)
        for (unsigned tier = 0; tier < TIERS && !any; tier++)
            any = gather(&c, tried, pass == 1, tier);
    if (!any)
        return HG_PICK_NONE;
    if (c.n == 0)
        return HG_PICK_FULL;
    i = b->balance == HG_BALANCE_FIRST       ? c.v[0]
        : b->balance == HG_BALANCE_LEASTCONN ? leastconn(&c, bs)
                                             : roundrobin(&c);
    *server = &b->server[i];
    hg_take(g, *server);
    return HG_PICK_SERVER;
}

void hg_take(const struct hg_generation *g, const struct hg_server *s)
{
    struct hg_server_state *st = hg_state_of(g, s);

    atomic_fetch_add(&st->active, 1);
    atomic_fetch_add_explicit(&st->requests, 1, memory_order_relaxed);
}

bool hg_choose_alone(const struct hg_generation *g, const struct hg_backend *b, uint64_t now)
{
    return tier_of(&b->server[0], hg_state_of(g, &b->server[0]), now) != TIER_NONE;
}

bool hg_balance_has_other(const struct hg_generation *g, const struct hg_backend *b,
                          const struct hg_tried *tried, uint64_t now_us)
{
    for (size_t i = 0; i < b->servers; i++) {
        const struct hg_server *s = &b->server[i];

        if (!hg_tried_has(tried, s) && tier_of(s, hg_state_of(g, s), now_us) != TIER_NONE)
            return true;
    }
    return false;
}

/* ---- the retry budget ---- */

void hg_balance_deposit(struct hg_generation *g, const struct hg_backend *b)
{
    struct hg_backend_state *bs = hg_backend_state_of(g, b);

    /* Full most of the time: then nothing is written that other threads would have to fetch. */
    if (atomic_load_explicit(&bs->tokens, memory_order_relaxed) < (int64_t)HG_LIMIT_RETRY_SAVED * 1000)
        atomic_fetch_add_explicit(&bs->tokens, (int64_t)b->retry.budget * 10, memory_order_relaxed);
}

/* The reserve comes back within ten seconds. */
static void refill(struct hg_backend_state *bs, unsigned reserve, uint64_t now)
{
    int64_t most = (int64_t)reserve * 1000, have = atomic_load(&bs->tokens);
    uint64_t gone = bs->refilled != 0 && now > bs->refilled ? now - bs->refilled : 0;
    int64_t more = (int64_t)((gone < 10000000 ? gone : 10000000) * reserve / 10000);

    bs->refilled = now;
    if (have < most)
        atomic_fetch_add(&bs->tokens, have + more < most ? more : most - have);
}

bool hg_balance_withdraw(struct hg_generation *g, const struct hg_backend *b, uint64_t now_us)
{
    struct hg_backend_state *bs = hg_backend_state_of(g, b);
    bool ok;

    pthread_mutex_lock(&bs->lock);
    refill(bs, b->retry.reserve, now_us);
    ok = atomic_load(&bs->tokens) >= 1000;
    if (ok)
        atomic_fetch_sub(&bs->tokens, 1000);
    pthread_mutex_unlock(&bs->lock);
    return ok;
}

/* ---- what live requests say ---- */

void hg_balance_success(struct hg_generation *g, const struct hg_server *s, uint64_t now_us,
                        struct hg_log *log)
{
    struct hg_server_state *st = hg_state_of(g, s);
    uint64_t until = atomic_load_explicit(&st->aside_until, memory_order_relaxed);

    if (until != 0 && now_us >= until && atomic_compare_exchange_strong(&st->aside_until, &until, 0)) {
        atomic_store(&st->up_since, until);
        hg_state_tell(g, s, log, true, "it answers again after its cool-down");
    }
    if (!hg_state_aside(st, now_us) && atomic_load_explicit(&st->in_a_row, memory_order_relaxed) != 0)
        atomic_store_explicit(&st->in_a_row, 0, memory_order_relaxed);
}

void hg_balance_failure(struct hg_generation *g, const struct hg_server *s, const char *why, uint64_t now_us,
                        struct hg_log *log)
{
    const struct hg_backend *b = s->backend;
    struct hg_server_state *st = hg_state_of(g, s);
    unsigned most = b->health.passive.errors;
    uint64_t until = atomic_load(&st->aside_until);
    char reason[192];

    atomic_fetch_add_explicit(&st->failures, 1, memory_order_relaxed);
    /* The only server is asked anyway. */
    if (most == 0 || b->servers < 2 || now_us < until)
        return;
    if (atomic_fetch_add(&st->in_a_row, 1) + 1 < most)
        return;
    /* One thread says it. After the cool-down a single failure is enough. */
    if (!atomic_compare_exchange_strong(&st->aside_until, &until, now_us + b->health.passive.cooldown * 1000))
        return;
    atomic_store(&st->in_a_row, most - 1);
    snprintf(reason, sizeof(reason), "%u failed requests in a row, the last: %.120s", most, why);
    hg_state_tell(g, s, log, false, reason);
}
