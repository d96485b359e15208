/* SPDX-License-Identifier: MIT
 *
 * The pool proper: buckets by key, links idle in them, the sweep that lets go
 * of what nobody used for a while. Opening links is in dial.c.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define SWEEP_MS 5000u

static size_t bucket_hash(const char *key)
{
    size_t h = 14695981039346656037u;

    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * 1099511628211u;
    return h % HG_POOL_BUCKETS;
}

struct hg_bucket *hg_bucket_find(struct hg_pool *pool, const char *key)
{
    for (struct hg_bucket *b = pool->bucket[bucket_hash(key)]; b != NULL; b = b->next)
        if (strcmp(b->key, key) == 0)
            return b;
    return NULL;
}

struct hg_bucket *hg_bucket_get(struct hg_pool *pool, const char *key)
{
    struct hg_bucket **slot = &pool->bucket[bucket_hash(key)];
    struct hg_bucket *b = hg_bucket_find(pool, key);

    if (b != NULL)
        return b;
    b = calloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    b->key = strdup(key);
    if (b->key == NULL) {
        free(b);
        return NULL;
    }
    hg_list_init(&b->idle);
    b->pool = pool;
    b->next = *slot;
    *slot = b;
    return b;
}

static void bucket_free(struct hg_bucket *b)
{
    HG_ASSERT(b->users == 0);
    HG_ASSERT(hg_list_empty(&b->idle));
    hg_tls_session_free(b->session);
    free(b->key);
    free(b);
}

/* Off the idle list: from here on it is lent out, or dying. */
static void unlist(struct hg_link *l)
{
    HG_ASSERT(!hg_list_empty(&l->node));
    HG_ASSERT(l->bucket->idles > 0 && l->bucket->pool->idle > 0);
    hg_list_remove(&l->node);
    l->bucket->idles--;
    l->bucket->pool->idle--;
}

/* The idle link used last, off its list. */
static struct hg_link *pop(struct hg_bucket *b)
{
    struct hg_link *l = HG_LIST_FIRST(&b->idle, struct hg_link, node);

    unlist(l);
    return l;
}

static void link_free(struct hg_link *l, bool abort)
{
    struct hg_pool *pool = l->bucket->pool;

    HG_ASSERT(hg_list_empty(&l->node));
    if (abort)
        hg_stream_abort(&l->stream);
    else
        hg_stream_close(&l->stream);
    HG_ASSERT(l->bucket->users > 0 && pool->open > 0);
    l->bucket->users--;
    pool->open--;
    l->magic = 0;
    free(l);
}

static void link_bury(struct hg_deferred *d)
{
    struct hg_link *l = HG_CONTAINER_OF(d, struct hg_link, death);

    hg_list_remove(&l->node);
    link_free(l, l->abort);
}

/* Closed at the end of the turn: this may run inside the stream's own callback. */
static void link_die(struct hg_link *l, bool abort)
{
    struct hg_pool *pool = l->bucket->pool;

    l->abort = abort;
    hg_stream_on_ready(l->stream, NULL, NULL);
    hg_stream_want(l->stream, 0);
    hg_list_push_back(&pool->dying, &l->node);
    hg_loop_defer(pool->loop, &l->death);
}

static void idle_ready(void *ctx, unsigned events)
{
    struct hg_link *l = HG_CAST(struct hg_link, HG_LINK_MAGIC, ctx);

    (void)events;
    if (hg_stream_idle_ok(l->stream)) {
        hg_stream_want(l->stream, HG_IO_READ);
        return;
    }
    unlist(l);
    link_die(l, false);
}

static void sweep_bucket(struct hg_bucket *b, uint64_t now)
{
    for (struct hg_list *n = b->idle.next, *next; n != &b->idle; n = next) {
        struct hg_link *l = HG_CONTAINER_OF(n, struct hg_link, node);

        next = n->next;
        if (now < l->idle_until)
            continue;
        unlist(l);
        link_die(l, false);
    }
}

/* A bucket without links keeps its TLS session for a while; the table must not grow with every reload. */
static void sweep(struct hg_timer *t)
{
    struct hg_pool *pool = HG_CONTAINER_OF(t, struct hg_pool, sweep);
    uint64_t now = hg_loop_now(pool->loop);
    bool any = false;

    for (size_t i = 0; i < HG_POOL_BUCKETS; i++) {
        struct hg_bucket **slot = &pool->bucket[i];

        while (*slot != NULL) {
            struct hg_bucket *b = *slot;

            sweep_bucket(b, now);
            if (b->users == 0 && now > b->last_used + HG_POOL_FORGET_US) {
                *slot = b->next;
                bucket_free(b);
                continue;
            }
            any = true;
            slot = &b->next;
        }
    }
    if (any)
        hg_timer_set(&pool->sweep, SWEEP_MS);
}

struct hg_pool *hg_pool_new(struct hg_loop *loop, struct hg_dns *dns)
{
    struct hg_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pool->loop = loop;
    pool->dns = dns;
    hg_list_init(&pool->dying);
    hg_timer_init(&pool->sweep, loop, sweep);
    return pool;
}

static void close_idle(struct hg_pool *pool)
{
    for (size_t i = 0; i < HG_POOL_BUCKETS; i++)
        for (struct hg_bucket *b = pool->bucket[i]; b != NULL; b = b->next)
            while (!hg_list_empty(&b->idle))
                link_die(pop(b), false);
}

void hg_pool_free(struct hg_pool *pool)
{
    if (pool == NULL)
        return;
    close_idle(pool);
    for (struct hg_list *n = pool->dying.next, *next; n != &pool->dying; n = next) {
        struct hg_link *l = HG_CONTAINER_OF(n, struct hg_link, node);

        next = n->next;
        hg_list_remove(&l->death.node);
        link_bury(&l->death);
    }
    HG_ASSERT(pool->open == 0);
    hg_timer_stop(&pool->sweep);
    for (size_t i = 0; i < HG_POOL_BUCKETS; i++) {
        while (pool->bucket[i] != NULL) {
            struct hg_bucket *b = pool->bucket[i];

            pool->bucket[i] = b->next;
            bucket_free(b);
        }
    }
    free(pool);
}

void hg_pool_drain(struct hg_pool *pool)
{
    pool->draining = true;
    close_idle(pool);
}

/* The one used last has been idle for so long that its end may be on the way. */
static bool too_idle(const struct hg_bucket *b, const struct hg_server *server)
{
    const struct hg_link *l = HG_LIST_FIRST(&b->idle, struct hg_link, node);

    return hg_loop_now(b->pool->loop) - l->idle_since >= server->backend->pool.idle_unsafe_ms * 1000;
}

struct hg_link *hg_pool_take(struct hg_pool *pool, const struct hg_server *server, bool once)
{
    struct hg_bucket *b = hg_bucket_find(pool, server->key);

    while (b != NULL && !hg_list_empty(&b->idle) && !(once && too_idle(b, server))) {
        struct hg_link *l = pop(b);

        if (hg_loop_now(pool->loop) >= l->idle_until || !hg_stream_idle_ok(l->stream)) {
            link_die(l, false);
            continue;
        }
        b->last_used = hg_loop_now(pool->loop);
        l->uses++;
        return l;
    }
    return NULL;
}

void hg_link_give_back(struct hg_link **lp)
{
    struct hg_link *l = *lp;
    struct hg_bucket *b = l->bucket;
    struct hg_pool *pool = b->pool;
    uint64_t now = hg_loop_now(pool->loop);

    *lp = NULL;
    HG_ASSERT(hg_list_empty(&l->node));
    if (pool->draining || b->idles >= l->idle_max || now >= l->born + l->age_us) {
        link_die(l, false);
        return;
    }
    hg_stream_on_ready(l->stream, idle_ready, l);
    l->idle_since = now;
    l->idle_until = now + l->idle_us;
    if (l->idle_until > l->born + l->age_us)
        l->idle_until = l->born + l->age_us;
    b->last_used = now;
    hg_list_push_front(&b->idle, &l->node);
    b->idles++;
    pool->idle++;
    hg_stream_want(l->stream, HG_IO_READ);
    if (pool->sweep.due == 0)
        hg_timer_set(&pool->sweep, SWEEP_MS);
}

void hg_link_abort(struct hg_link **lp)
{
    struct hg_link *l = *lp;

    *lp = NULL;
    HG_ASSERT(hg_list_empty(&l->node));
    link_die(l, true);
}

struct hg_stream *hg_link_stream(const struct hg_link *link)
{
    return link->stream;
}

unsigned hg_link_uses(const struct hg_link *link)
{
    return link->uses;
}

size_t hg_pool_idle(const struct hg_pool *pool)
{
    return pool->idle;
}

size_t hg_pool_open(const struct hg_pool *pool)
{
    return pool->open;
}

struct hg_link *hg_link_new(struct hg_bucket *b, const struct hg_backend *backend, struct hg_stream *stream)
{
    struct hg_link *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return NULL;
    l->magic = HG_LINK_MAGIC;
    l->stream = stream;
    l->bucket = b;
    l->born = hg_loop_now(b->pool->loop);
    l->uses = 1;
    l->idle_max = backend->pool.idle_max;
    l->idle_us = backend->pool.idle_ms * 1000;
    l->age_us = backend->pool.age_ms * 1000;
    l->death.run = link_bury;
    hg_list_init(&l->node);
    hg_list_init(&l->death.node);
    b->users++;
    b->pool->open++;
    b->last_used = l->born;
    return l;
}
