/* SPDX-License-Identifier: MIT
 *
 * Rotates certificates. A certificate and its key are two files and may be
 * renamed one after the other: a moment's wait, and when they do not belong
 * together the ones from before stay until the second comes.
 */
#include "rotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

#define FILES 5u

struct rotating {
    struct hg_list node;
    struct hg_rotation *rotation;
    struct hg_tls *tls; /* the generation's */
    struct hg_watch *watch[FILES];
    struct hg_timer settle;
    bool bad; /* and that was said */
};

struct hg_rotation {
    struct hg_loop *loop;
    struct hg_watcher *watcher;
    struct hg_log *log;
    struct hg_counters *counters;
    struct hg_generation *generation;
    struct hg_list rotating;
};

static void changed(void *ctx)
{
    struct rotating *t = ctx;

    hg_timer_set(&t->settle, HG_TIME_CERT_SETTLE);
}

static void settled(struct hg_timer *timer)
{
    struct rotating *t = HG_CONTAINER_OF(timer, struct rotating, settle);
    struct hg_rotation *r = t->rotation;
    const char *first = hg_tls_file(t->tls, 0);
    char why[512];

    if (hg_tls_reload(t->tls, why, sizeof(why))) {
        t->bad = false;
        HG_COUNT_ADD(r->counters, tls_rotated_total, 1);
        hg_log_event(r->log, HG_LOG_INFO, HG_EVENT_TLS_ROTATED,
                     "new connections use what %s and the files with it hold now", first);
        return;
    }
    if (!t->bad)
        hg_log_event(r->log, HG_LOG_WARN, HG_EVENT_TLS_KEPT, "%s; what was there before is used", why);
    t->bad = true;
}

/* True when a change was seen that nothing was read for yet. */
static bool forget(struct hg_rotation *r)
{
    bool unread = false;

    while (!hg_list_empty(&r->rotating)) {
        struct rotating *t = HG_LIST_FIRST(&r->rotating, struct rotating, node);

        for (size_t i = 0; i < FILES; i++)
            hg_watch_remove(t->watch[i]);
        unread = unread || t->settle.due != 0;
        hg_timer_stop(&t->settle);
        hg_list_remove(&t->node);
        free(t);
    }
    hg_generation_unref(&r->generation);
    return unread;
}

struct hg_rotation *hg_rotation_new(struct hg_loop *loop, struct hg_watcher *watcher, struct hg_log *log,
                                    struct hg_counters *counters)
{
    struct hg_rotation *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->loop = loop;
    r->watcher = watcher;
    r->log = log;
    r->counters = counters;
    hg_list_init(&r->rotating);
    return r;
}

void hg_rotation_free(struct hg_rotation *r)
{
    if (r == NULL)
        return;
    (void)forget(r);
    free(r);
}

static bool is_known(const struct hg_rotation *r, const struct hg_tls *tls)
{
    for (const struct hg_list *n = r->rotating.next; n != &r->rotating; n = n->next)
        if (HG_CONTAINER_OF(n, struct rotating, node)->tls == tls)
            return true;
    return false;
}

static bool add(struct hg_rotation *r, struct hg_tls *tls)
{
    struct rotating *t;
    bool ok = true;

    if (tls == NULL || hg_tls_file(tls, 0) == NULL || is_known(r, tls))
        return true;
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return false;
    t->rotation = r;
    t->tls = tls;
    hg_list_init(&t->node);
    hg_timer_init(&t->settle, r->loop, settled);
    hg_list_push_back(&r->rotating, &t->node);
    for (size_t i = 0; i < FILES && hg_tls_file(tls, i) != NULL; i++) {
        t->watch[i] = hg_watch_add(r->watcher, hg_tls_file(tls, i), changed, t);
        ok = ok && t->watch[i] != NULL;
    }
    return ok;
}

bool hg_rotation_use(struct hg_rotation *r, struct hg_generation *g)
{
    const struct hg_plan *p = g->plan;
    bool ok = true, unread = forget(r);

    r->generation = hg_generation_ref(g);
    for (size_t i = 0; i < p->backends; i++)
        ok = add(r, g->backend_tls[i]) && ok;
    for (size_t i = 0; i < p->frontends; i++)
        for (size_t j = 0; j < p->frontend[i].binds; j++)
            ok = add(r, g->bind_tls[i][j]) && ok;
    /* It may have come after the new generation had read its files. */
    for (struct hg_list *n = r->rotating.next; unread && n != &r->rotating; n = n->next)
        changed(HG_CONTAINER_OF(n, struct rotating, node));
    return ok;
}
