/* SPDX-License-Identifier: MIT
 *
 * Private to the upstream room: what is known about servers at run time.
 */
#ifndef HG_UPSTREAM_STATE_H
#define HG_UPSTREAM_STATE_H

#include <pthread.h>

#include "upstream/balance.h"

struct hg_server_state {
    atomic_uint refs;
    char *name, *address;         /* what a later plan's server must have to be the same */
    atomic_int admin;             /* enum hg_admin */
    atomic_bool up;               /* what active checks say; true without them */
    _Atomic uint64_t aside_until; /* by live requests; monotonic, us; 0: not */
    _Atomic uint64_t up_since;    /* for slow start; 0: since ever */
    atomic_uint active;
    atomic_uint in_a_row; /* failures of live requests */
    _Atomic uint64_t requests, failures;
    /* Under the backend's lock */
    bool config_disabled;
    int64_t current; /* smooth weighted round robin */
    char reason[192];
    /* The checker's alone */
    unsigned good, bad;
    bool known;       /* a check has ended since it was enabled */
    uint64_t checked; /* when the last check that ended began; monotonic, us; 0: none has */
};

struct hg_backend_state {
    atomic_uint refs;
    char *name;
    pthread_mutex_t lock;
    struct hg_list waiting; /* hg_wait, who came first stands first */
    atomic_size_t n_waiting;
    size_t last;            /* leastconn: the place of the server taken last */
    _Atomic int64_t tokens; /* of the retry budget, in thousandths */
    uint64_t refilled;      /* when the reserve grew last, us */
};

struct hg_balance {
    struct hg_backend_state **backend; /* [backend] */
    struct hg_server_state **server;   /* [server.index] */
};

/* Shares what previous (may be NULL) knows. NULL without memory. */
struct hg_balance *hg_balance_new(const struct hg_plan *plan, const struct hg_generation *previous);
void hg_balance_free(struct hg_balance *b, const struct hg_plan *plan);

static inline struct hg_server_state *hg_state_of(const struct hg_generation *g, const struct hg_server *s)
{
    HG_ASSERT(s->index < g->plan->servers);
    return g->balance->server[s->index];
}

static inline struct hg_backend_state *hg_backend_state_of(const struct hg_generation *g,
                                                           const struct hg_backend *b)
{
    HG_ASSERT(b >= g->plan->backend && b < g->plan->backend + g->plan->backends);
    return g->balance->backend[b - g->plan->backend];
}

/* Put aside by live requests at this time. */
static inline bool hg_state_aside(const struct hg_server_state *st, uint64_t now)
{
    return now < atomic_load_explicit(&st->aside_until, memory_order_relaxed);
}

/* Thousandths of its weight and limit that a server has now: less than 1000 in its slow start. */
unsigned hg_state_share(const struct hg_server *s, const struct hg_server_state *st, uint64_t now);
/* Servers have more room than before: gives it to those who wait. */
void hg_balance_kick(struct hg_backend_state *bs, uint64_t now);
/* Writes the event and keeps the reason. */
void hg_state_tell(struct hg_generation *g, const struct hg_server *s, struct hg_log *log, bool up,
                   const char *reason);

#endif
