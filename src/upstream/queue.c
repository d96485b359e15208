/* SPDX-License-Identifier: MIT
 *
 * Requests that wait for a server: one queue a backend, for all threads. Who
 * gives a place back hands it to the first in the queue, whose thread learns it
 * by a post.
 */
#include <stdlib.h>

#include "choose.h"
#include "state.h"

#define WAIT_MAGIC 0x77616974u

struct hg_wait {
    uint32_t magic;
    struct hg_list node; /* in the queue; nowhere once it was granted */
    struct hg_post post;
    struct hg_pick_for f;
    struct hg_tried tried;
    const struct hg_server *server; /* granted, by whoever held the lock; the post is under way */
    bool cancelled;                 /* its own thread's */
};

static void wait_free(struct hg_wait *w)
{
    HG_ASSERT(w->magic == WAIT_MAGIC && hg_list_empty(&w->node));
    hg_generation_unref(&w->f.generation);
    w->magic = 0;
    free(w);
}

static void arrived(struct hg_post *p)
{
    struct hg_wait *w = HG_CONTAINER_OF(p, struct hg_wait, post);

    HG_ASSERT(w->magic == WAIT_MAGIC && w->server != NULL);
    if (w->cancelled)
        hg_balance_release(w->f.generation, w->server, hg_loop_now(w->f.loop));
    else
        w->f.granted(w->f.ctx, w->server);
    wait_free(w);
}

static void dequeue(struct hg_backend_state *bs, struct hg_wait *w)
{
    HG_ASSERT(!hg_list_empty(&w->node) && atomic_load(&bs->n_waiting) > 0);
    hg_list_remove(&w->node);
    atomic_fetch_sub(&bs->n_waiting, 1);
}

/* Under the lock. The post is sent under it too: then a wait that is cancelled knows that its post runs. */
static void grant(struct hg_backend_state *bs, uint64_t now)
{
    while (!hg_list_empty(&bs->waiting)) {
        struct hg_wait *w = HG_LIST_FIRST(&bs->waiting, struct hg_wait, node);
        const struct hg_server *server;

        if (hg_choose(w->f.generation, w->f.backend, &w->tried, now, &server) != HG_PICK_SERVER)
            break;
        dequeue(bs, w);
        w->server = server;
        hg_loop_post(w->f.loop, &w->post);
    }
}

void hg_balance_kick(struct hg_backend_state *bs, uint64_t now)
{
    if (atomic_load(&bs->n_waiting) == 0)
        return;
    pthread_mutex_lock(&bs->lock);
    grant(bs, now);
    pthread_mutex_unlock(&bs->lock);
}

static struct hg_wait *wait_new(const struct hg_pick_for *f)
{
    struct hg_wait *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->magic = WAIT_MAGIC;
    hg_list_init(&w->node);
    w->f = *f;
    w->f.generation = hg_generation_ref(f->generation);
    if (f->tried != NULL)
        w->tried = *f->tried;
    w->f.tried = NULL;
    w->post.run = arrived;
    return w;
}

static enum hg_pick enqueue(struct hg_backend_state *bs, const struct hg_pick_for *f, struct hg_wait **wait)
{
    struct hg_wait *w;

    if (atomic_load(&bs->n_waiting) >= f->backend->queue.size)
        return HG_PICK_FULL;
    w = wait_new(f);
    if (w == NULL)
        return HG_PICK_NO_MEMORY;
    hg_list_push_back(&bs->waiting, &w->node);
    atomic_fetch_add(&bs->n_waiting, 1);
    /* Who gave a place back just now may not have seen us. */
    grant(bs, hg_loop_now(f->loop));
    *wait = w;
    return HG_PICK_WAIT;
}

enum hg_pick hg_balance_pick(const struct hg_pick_for *f, const struct hg_server **server,
                             struct hg_wait **wait)
{
    const struct hg_backend *b = f->backend;
    struct hg_backend_state *bs = hg_backend_state_of(f->generation, b);
    uint64_t now = hg_loop_now(f->loop);
    enum hg_pick r = HG_PICK_FULL;

    HG_ASSERT(b->servers > 0 && f->granted != NULL);
    if (b->servers == 1 && !b->limited) {
        if (!hg_choose_alone(f->generation, b, now))
            return HG_PICK_NONE;
        *server = &b->server[0];
        hg_take(f->generation, *server);
        return HG_PICK_SERVER;
    }
    pthread_mutex_lock(&bs->lock);
    /* Nobody overtakes those who wait. */
    if (!b->limited || hg_list_empty(&bs->waiting))
        r = hg_choose(f->generation, b, f->tried, now, server);
    if (r == HG_PICK_FULL)
        r = enqueue(bs, f, wait);
    pthread_mutex_unlock(&bs->lock);
    return r;
}

void hg_balance_cancel(struct hg_wait **wp)
{
    struct hg_wait *w = *wp;
    struct hg_backend_state *bs = hg_backend_state_of(w->f.generation, w->f.backend);
    bool granted;

    *wp = NULL;
    HG_ASSERT(w->magic == WAIT_MAGIC && !w->cancelled);
    pthread_mutex_lock(&bs->lock);
    granted = w->server != NULL;
    if (granted)
        w->cancelled = true;
    else
        dequeue(bs, w);
    pthread_mutex_unlock(&bs->lock);
    if (!granted)
        wait_free(w);
}

void hg_balance_release(struct hg_generation *g, const struct hg_server *s, uint64_t now_us)
{
    struct hg_server_state *st = hg_state_of(g, s);

    HG_ASSERT(atomic_load(&st->active) > 0);
    atomic_fetch_sub(&st->active, 1);
    hg_balance_kick(hg_backend_state_of(g, s->backend), now_us);
}
