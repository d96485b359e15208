/* SPDX-License-Identifier: MIT
 *
 * Builds the TLS contexts of a plan, so that an unreadable certificate is an
 * error at start and not at the first request.
 */
#include "upstream/generation.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

static struct hg_tls *backend_tls(const struct hg_backend *b, char *err, size_t errlen)
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

/* One context serves all servers of a backend; the first server's slot owns it. */
static bool build_servers(struct hg_generation *g, char *err, size_t errlen)
{
    const struct hg_plan *p = g->plan;

    for (size_t i = 0; i < p->backends; i++) {
        const struct hg_backend *b = &p->backend[i];
        struct hg_tls *shared = NULL;

        for (size_t j = 0; j < b->servers; j++) {
            const struct hg_server *s = &b->server[j];

            HG_ASSERT(s->index < p->servers);
            if (!s->tls)
                continue;
            if (shared == NULL && (shared = backend_tls(b, err, errlen)) == NULL)
                return false;
            g->server_tls[s->index] = shared;
        }
    }
    return true;
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

    for (size_t i = 0; g->server_tls != NULL && i < p->backends; i++) {
        struct hg_tls *shared = NULL;

        for (size_t j = 0; j < p->backend[i].servers; j++)
            if (g->server_tls[p->backend[i].server[j].index] != NULL)
                shared = g->server_tls[p->backend[i].server[j].index];
        if (shared != NULL)
            hg_tls_free(&shared);
    }
    for (size_t i = 0; g->bind_tls != NULL && i < p->frontends; i++) {
        for (size_t j = 0; g->bind_tls[i] != NULL && j < p->frontend[i].binds; j++)
            if (g->bind_tls[i][j] != NULL)
                hg_tls_free(&g->bind_tls[i][j]);
        free(g->bind_tls[i]);
    }
    free(g->server_tls);
    free(g->bind_tls);
}

struct hg_generation *hg_generation_new(struct hg_plan *plan, char *err, size_t errlen)
{
    struct hg_generation *g = calloc(1, sizeof(*g));

    HG_ASSERT(plan != NULL);
    if (g == NULL) {
        snprintf(err, errlen, "out of memory");
        hg_plan_unref(&plan);
        return NULL;
    }
    atomic_init(&g->refs, 1);
    g->plan = plan;
    g->server_tls = calloc(plan->servers + 1, sizeof(struct hg_tls *));
    g->bind_tls = calloc(plan->frontends + 1, sizeof(struct hg_tls **));
    if (g->server_tls == NULL || g->bind_tls == NULL)
        snprintf(err, errlen, "out of memory");
    else if (build_servers(g, err, errlen) && build_binds(g, err, errlen))
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
    hg_plan_unref(&g->plan);
    free(g);
}
