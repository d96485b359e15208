/* SPDX-License-Identifier: MIT
 *
 * Builds the TLS contexts of a plan, so that an unreadable certificate is an
 * error at start and not at the first request.
 */
#include "upstream/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guards.h"
#include "state.h"

static struct hg_tls *client_tls(const struct hg_backend *b, char *err, size_t errlen)
{
    char why[256];
    const struct hg_tls_client_options o = {
        .ca = b->tls.ca,
        .extra_ca = b->tls.extra_ca,
        .cert = b->tls.cert,
        .key = b->tls.key,
        .verify = b->tls.verify,
    };
    struct hg_tls *t = hg_tls_client_new(&o, why, sizeof(why));

    if (t == NULL)
        snprintf(err, errlen, "%s:%u: backend.%s.tls: %s", b->file, b->line, b->name, why);
    return t;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A context holds a CA bundle, which is large: backends with the same settings share one. */
static struct hg_tls *shared_tls(const struct hg_generation *g, size_t upto)
{
    const struct hg_client_tls *t = &g->plan->backend[upto].tls;

    for (size_t i = 0; i < upto; i++) {
        const struct hg_client_tls *o = &g->plan->backend[i].tls;

        if (g->backend_tls[i] != NULL && same(t->ca, o->ca) && same(t->extra_ca, o->extra_ca) &&
            same(t->cert, o->cert) && same(t->key, o->key) && t->verify == o->verify)
            return g->backend_tls[i];
    }
    return NULL;
}

static bool build_backends(struct hg_generation *g, char *err, size_t errlen)
{
    const struct hg_plan *p = g->plan;

    for (size_t i = 0; i < p->backends; i++) {
        const struct hg_backend *b = &p->backend[i];
        bool wanted = false;

        for (size_t j = 0; j < b->servers; j++)
            wanted |= b->server[j].tls;
        if (!wanted)
            continue;
        g->backend_tls[i] = shared_tls(g, i);
        if (g->backend_tls[i] == NULL && (g->backend_tls[i] = client_tls(b, err, errlen)) == NULL)
            return false;
    }
    return true;
}

struct hg_tls *hg_generation_tls(const struct hg_generation *g, const struct hg_server *s)
{
    HG_ASSERT(s->backend >= g->plan->backend && s->backend < g->plan->backend + g->plan->backends);
    return s->tls ? g->backend_tls[s->backend - g->plan->backend] : NULL;
}

static struct hg_tls *bind_tls(const struct hg_frontend *f, const struct hg_bind *b, char *err, size_t errlen)
{
    char why[256];
    const struct hg_tls_server_options o = {
        .cert = b->tls.cert, .key = b->tls.key, .client_ca = b->tls.client_ca};
    struct hg_tls *t = hg_tls_server_new(&o, why, sizeof(why));

    if (t == NULL)
        snprintf(err, errlen, "%s:%u: frontend.%s.bind %s: tls: %s", b->file, b->line, f->name, b->text, why);
    return t;
}

static bool build_binds(struct hg_generation *g, char *err, size_t errlen)
{
    const struct hg_plan *p = g->plan;

    for (size_t i = 0; i < p->frontends; i++) {
        const struct hg_frontend *f = &p->frontend[i];

        g->bind_tls[i] = calloc(f->binds + 1, sizeof(struct hg_tls *));
        if (g->bind_tls[i] == NULL) {
            snprintf(err, errlen, "out of memory");
            return false;
        }
        for (size_t j = 0; j < f->binds; j++) {
            if (f->bind[j].tls.cert == NULL)
                continue;
            g->bind_tls[i][j] = bind_tls(f, &f->bind[j], err, errlen);
            if (g->bind_tls[i][j] == NULL)
                return false;
        }
    }
    return true;
}

static void free_tls(struct hg_generation *g)
{
    const struct hg_plan *p = g->plan;

    for (size_t i = p->backends; g->backend_tls != NULL && i-- > 0;)
        if (g->backend_tls[i] != NULL && shared_tls(g, i) == NULL)
            hg_tls_free(&g->backend_tls[i]);
    for (size_t i = 0; g->bind_tls != NULL && i < p->frontends; i++) {
        for (size_t j = 0; g->bind_tls[i] != NULL && j < p->frontend[i].binds; j++)
            if (g->bind_tls[i][j] != NULL)
                hg_tls_free(&g->bind_tls[i][j]);
        free(g->bind_tls[i]);
    }
    free(g->backend_tls);
    free(g->bind_tls);
}

static struct hg_policy *policy_of(const struct hg_plan *p, const struct hg_generation *previous)
{
    struct hg_policy_table *table = calloc(p->tables + 1, sizeof(*table));
    struct hg_policy_limit *limit = calloc(p->limits + 1, sizeof(*limit));
    const struct hg_policy_spec spec = {table, p->tables, limit, p->limits};
    struct hg_policy *made = NULL;

    for (size_t i = 0; table != NULL && i < p->tables; i++)
        table[i] = (struct hg_policy_table){p->table[i].name, p->table[i].size, p->table[i].evict};
    for (size_t i = 0; limit != NULL && i < p->limits; i++)
        limit[i] = (struct hg_policy_limit){p->limit[i]->name, p->limit[i]->table, p->limit[i]->rate.period};
    if (table != NULL && limit != NULL)
        made = hg_policy_new(&spec, previous != NULL ? previous->policy : NULL);
    free(table);
    free(limit);
    return made;
}

struct hg_generation *hg_generation_new(struct hg_plan *plan, const struct hg_generation *previous, char *err,
                                        size_t errlen)
{
    struct hg_generation *g = calloc(1, sizeof(*g));

    HG_ASSERT(plan != NULL);
    HG_ASSERT(previous == NULL || previous->plan != plan);
    if (g == NULL) {
        snprintf(err, errlen, "out of memory");
        hg_plan_unref(&plan);
        return NULL;
    }
    atomic_init(&g->refs, 1);
    g->plan = plan;
    g->backend_tls = calloc(plan->backends + 1, sizeof(struct hg_tls *));
    g->bind_tls = calloc(plan->frontends + 1, sizeof(struct hg_tls **));
    g->balance = hg_balance_new(plan, previous);
    g->policy = policy_of(plan, previous);
    if (g->backend_tls == NULL || g->bind_tls == NULL || g->balance == NULL || g->policy == NULL ||
        !hg_traffics_init(&g->traffic, plan, previous != NULL ? &previous->traffic : NULL))
        snprintf(err, errlen, "out of memory");
    else if ((g->guard = hg_guard_states_new(plan, previous, err, errlen)) == NULL)
        HG_ASSERT(err[0] != '\0');
    else if (build_backends(g, err, errlen) && build_binds(g, err, errlen))
        return g;
    hg_generation_unref(&g);
    return NULL;
}

struct hg_generation *hg_generation_ref(struct hg_generation *g)
{
    atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
    return g;
}

void hg_generation_unref(struct hg_generation **gp)
{
    struct hg_generation *g = *gp;

    *gp = NULL;
    if (g == NULL || atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
        return;
    free_tls(g);
    hg_balance_free(g->balance, g->plan);
    hg_traffics_free(&g->traffic);
    hg_policy_free(g->policy);
    hg_guard_states_free(g->guard, g->plan);
    hg_plan_unref(&g->plan);
    free(g);
}
