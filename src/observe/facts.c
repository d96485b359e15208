/* SPDX-License-Identifier: MIT
 *
 * Questions that several documents ask of the facts.
 */
#include <string.h>

#include "base/check.h"
#include "write.h"

static const struct hg_frontend *by_name(const struct hg_plan *p, const char *name)
{
    for (size_t i = 0; i < p->frontends; i++)
        if (strcmp(p->frontend[i].name, name) == 0)
            return &p->frontend[i];
    HG_ASSERT(false); /* the plan has checked it */
    return NULL;
}

const struct hg_frontend *hg_facts_frontend(const struct hg_facts *f, const struct hg_serve *s, size_t i)
{
    if (s->frontends > 0)
        return i < s->frontends ? by_name(f->plan, s->frontend[i]) : NULL;
    return i < f->plan->frontends ? &f->plan->frontend[i] : NULL;
}

void hg_facts_traffic(const struct hg_facts *f, const struct hg_frontend *one, struct hg_traffic_numbers *out)
{
    memset(out, 0, sizeof(*out));
    if (f->traffic == NULL)
        return;
    HG_ASSERT(one->index < f->traffic->n);
    hg_traffic_sum(f->traffic->frontend[one->index], out);
}

const struct hg_tallies *hg_facts_refusals(const struct hg_facts *f, const struct hg_frontend *one,
                                           enum hg_refuser by)
{
    return f->traffic != NULL ? hg_traffic_refusals(f->traffic->frontend[one->index], by) : NULL;
}

void hg_facts_guard(const struct hg_facts *f, const struct hg_guard *g, struct hg_guard_reading *out)
{
    *out = (struct hg_guard_reading){0};
    if (f->guard != NULL)
        hg_guard_read(f->guard[g->index], out);
}

static uint64_t left_of(const struct hg_guard *g, const struct hg_guard_reading *r)
{
    uint64_t used = r->count + r->reserved;

    return used < g->limit ? g->limit - used : 0;
}

const struct hg_guard *hg_facts_bound(const struct hg_facts *f, enum hg_guard_kind kind,
                                      struct hg_guard_reading *out)
{
    const struct hg_guard *best = NULL;

    for (size_t i = 0; i < f->plan->guards; i++) {
        const struct hg_guard *g = &f->plan->guard[i];
        struct hg_guard_reading now;

        if (g->kind != kind || g->off || !g->refuses)
            continue;
        hg_facts_guard(f, g, &now);
        if (best != NULL && left_of(g, &now) >= left_of(best, out))
            continue;
        best = g;
        *out = now;
    }
    return best;
}

void hg_facts_server(const struct hg_facts *f, const struct hg_server *s, struct hg_server_facts *out)
{
    *out = (struct hg_server_facts){.state = s->disabled ? "disabled" : "up"};
    if (f->server != NULL)
        f->server(f->ctx, s, out);
}

uint16_t hg_facts_port(const struct hg_facts *f, const struct hg_frontend *one)
{
    if (f->port != NULL)
        return f->port(f->ctx, one);
    for (size_t i = 0; i < one->binds; i++)
        if (one->bind[i].kind == HG_BIND_TCP)
            return one->bind[i].port;
    return 0;
}

/* The i-th that it names: its own, those of use-backend, those that maps give. */
static const struct hg_backend *named(const struct hg_frontend *one, size_t i)
{
    if (one->backend != NULL && i-- == 0)
        return one->backend;
    for (size_t u = 0; u < one->use_backends; u++) {
        const struct hg_map *map = one->use_backend[u].map;
        const void *target;

        if (map == NULL && i-- == 0)
            return one->use_backend[u].backend;
        for (size_t k = 0; map != NULL && (target = hg_map_target(map, k)) != NULL; k++)
            if (i-- == 0)
                return target;
    }
    return NULL;
}

const struct hg_backend *hg_facts_backend(const struct hg_frontend *one, size_t i)
{
    const struct hg_backend *b;

    for (size_t k = 0; (b = named(one, k)) != NULL; k++) {
        size_t first = 0;

        while (named(one, first) != b)
            first++;
        if (first == k && i-- == 0)
            return b;
    }
    return NULL;
}
