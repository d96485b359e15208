/* SPDX-License-Identifier: MIT
 *
 * A generation from a config's text, with a clock that the test moves.
 */
#ifndef HG_TESTS_UPSTREAM_WORLD_H
#define HG_TESTS_UPSTREAM_WORLD_H

#include <stdio.h>
#include <unistd.h>

#include "choose.h"
#include "plan/fixture.h"
#include "state.h"
#include "support/unit.h"
#include "verdict.h"

#define SECOND UINT64_C(1000000)

/* servers: what stands in server = ( ... ); more: other keys of the backend. */
static inline struct hg_generation *generation_of(const char *servers, const char *more,
                                                  const struct hg_generation *previous)
{
    struct fixture_env e = {{NULL}};
    struct hg_diag *d = hg_diag_new();
    char text[4000], err[256];
    (void)snprintf(text, sizeof(text),
                   "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; }; };\n"
                   "backend: { b: { via = \"direct\"; server = ( %s ); %s }; };",
                   servers, more);
    struct hg_plan *p = fixture_plan(text, &e, false, d);
    if (p == NULL)
        hg_diag_print(d, stderr);
    hg_diag_free(d);
    return p != NULL ? hg_generation_new(p, previous, err, sizeof(err)) : NULL;
}

static inline const struct hg_backend *backend_of(const struct hg_generation *g)
{
    return &g->plan->backend[0];
}

/* The place of the server that a request gets now, which it then keeps; -1: all full, -2: none. */
static inline int choose_at(struct hg_generation *g, const struct hg_tried *tried, uint64_t now)
{
    struct hg_backend_state *bs = hg_backend_state_of(g, backend_of(g));
    const struct hg_server *s = NULL;
    pthread_mutex_lock(&bs->lock);
    enum hg_pick r = hg_choose(g, backend_of(g), tried, now, &s);
    pthread_mutex_unlock(&bs->lock);
    return r == HG_PICK_SERVER ? (int)(s - backend_of(g)->server) : r == HG_PICK_FULL ? -1 : -2;
}

static inline void leave(struct hg_generation *g, int place)
{
    HG_CHECK(place >= 0);
    if (place >= 0)
        hg_balance_release(g, &backend_of(g)->server[place], 1);
}

#endif
