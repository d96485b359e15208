/* SPDX-License-Identifier: MIT
 *
 * Tables: a hash of keys, and for each series its windows in the order in which
 * they were asked last. Those of one series run empty in about that order, so
 * that looking at a few at its end finds one to use again.
 */
#include "policy/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "key.h"

#define LOOKS 8u /* windows of a series that are asked whether they are empty */

struct entry {
    struct hg_key key;
    uint64_t serial; /* of this use of the memory; 0: none */
    struct hg_series *series;
    struct hg_list node; /* of the series, or of the table's free ones */
    struct entry *next;  /* in the bucket */
    unsigned held;       /* by requests under way */
    uint64_t used_at;    /* when it was asked last */
    struct hg_window window;
};

struct hg_series {
    struct hg_table *table;
    struct hg_list node;
    char *name;
    unsigned refs;
    struct hg_rate rate;    /* as it was asked for last */
    struct hg_list entries; /* asked last: first */
};

struct hg_table {
    atomic_uint refs;
    char *name;
    struct hg_key seed;
    pthread_mutex_t lock;
    /* Under the lock */
    size_t size, used, buckets;
    bool evict;
    struct entry **bucket;
    struct hg_list series;
    struct hg_list free; /* kept until the table goes: holds may still point to them */
    uint64_t serial;
};

struct hg_table *hg_table_new(const char *name, size_t size, bool evict)
{
    struct hg_table *t = calloc(1, sizeof(*t));

    HG_ASSERT(size >= 1);
    if (t == NULL)
        return NULL;
    t->name = strdup(name);
    if (t->name == NULL || !hg_key_seed(&t->seed) || pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t->name);
        free(t);
        return NULL;
    }
    atomic_init(&t->refs, 1);
    t->size = size;
    t->evict = evict;
    hg_list_init(&t->series);
    hg_list_init(&t->free);
    return t;
}

struct hg_table *hg_table_ref(struct hg_table *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void hg_table_unref(struct hg_table **tp)
{
    struct hg_table *t = *tp;

    *tp = NULL;
    if (t == NULL || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    HG_ASSERT(hg_list_empty(&t->series) && t->used == 0);
    while (!hg_list_empty(&t->free))
        free(HG_LIST_POP(&t->free, struct entry, node));
    pthread_mutex_destroy(&t->lock);
    free(t->bucket);
    free(t->name);
    free(t);
}

void hg_table_set(struct hg_table *t, size_t size, bool evict)
{
    HG_ASSERT(size >= 1);
    pthread_mutex_lock(&t->lock);
    t->size = size;
    t->evict = evict;
    pthread_mutex_unlock(&t->lock);
}

const char *hg_table_name(const struct hg_table *t)
{
    return t->name;
}

size_t hg_table_used(struct hg_table *t)
{
    size_t n;

    pthread_mutex_lock(&t->lock);
    n = t->used;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* ---- series ---- */

static struct hg_series *find_series(const struct hg_table *t, const char *name, uint64_t period)
{
    for (struct hg_list *n = t->series.next; n != &t->series; n = n->next) {
        struct hg_series *s = HG_CONTAINER_OF(n, struct hg_series, node);

        if (s->rate.period == period && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static struct hg_series *new_series(struct hg_table *t, const char *name, uint64_t period)
{
    struct hg_series *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->name = strdup(name);
    if (s->name == NULL) {
        free(s);
        return NULL;
    }
    s->table = t;
    s->rate = (struct hg_rate){1, 0, period};
    hg_list_init(&s->node);
    hg_list_init(&s->entries);
    hg_list_push_back(&t->series, &s->node);
    return s;
}

struct hg_series *hg_table_series(struct hg_table *t, const char *name, uint64_t period)
{
    struct hg_series *s;

    pthread_mutex_lock(&t->lock);
    s = find_series(t, name, period);
    if (s == NULL)
        s = new_series(t, name, period);
    if (s != NULL)
        s->refs++;
    pthread_mutex_unlock(&t->lock);
    return s;
}

/* ---- entries ---- */

static struct entry **bucket_of(const struct hg_table *t, const struct hg_key *key)
{
    HG_ASSERT(t->buckets > 0 && (t->buckets & (t->buckets - 1)) == 0);
    return &t->bucket[key->v[0] & (t->buckets - 1)];
}

static void link_entry(struct hg_table *t, struct entry *e)
{
    struct entry **bucket = bucket_of(t, &e->key);

    e->next = *bucket;
    *bucket = e;
}

/* Doubles with the entries. Without memory chains grow instead. */
static void grow(struct hg_table *t)
{
    size_t n = t->buckets > 0 ? t->buckets * 2 : 16;
    struct entry **bigger = t->used < t->buckets ? NULL : calloc(n, sizeof(struct entry *));

    if (bigger == NULL)
        return;
    free(t->bucket);
    t->bucket = bigger;
    t->buckets = n;
    for (struct hg_list *l = t->series.next; l != &t->series; l = l->next) {
        struct hg_series *s = HG_CONTAINER_OF(l, struct hg_series, node);

        for (struct hg_list *k = s->entries.next; k != &s->entries; k = k->next)
            link_entry(t, HG_CONTAINER_OF(k, struct entry, node));
    }
}

static struct entry *find_entry(const struct hg_table *t, const struct hg_series *s, const struct hg_key *key)
{
    if (t->buckets == 0)
        return NULL;
    for (struct entry *e = *bucket_of(t, key); e != NULL; e = e->next)
        if (e->series == s && hg_key_same(&e->key, key))
            return e;
    return NULL;
}

static void drop_entry(struct hg_table *t, struct entry *e)
{
    struct entry **at = bucket_of(t, &e->key);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->serial = 0;
    hg_list_remove(&e->node);
    hg_list_push_front(&t->free, &e->node);
    HG_ASSERT(t->used > 0);
    t->used--;
}

void hg_series_release(struct hg_series **sp)
{
    struct hg_series *s = *sp;
    struct hg_table *t;
    bool last;

    *sp = NULL;
    if (s == NULL)
        return;
    t = s->table;
    pthread_mutex_lock(&t->lock);
    HG_ASSERT(s->refs > 0);
    last = --s->refs == 0;
    while (last && !hg_list_empty(&s->entries))
        drop_entry(t, HG_LIST_FIRST(&s->entries, struct entry, node));
    if (last)
        hg_list_remove(&s->node);
    pthread_mutex_unlock(&t->lock);
    if (!last)
        return;
    free(s->name);
    free(s);
}

/* ---- room in a full table ---- */

/* One that is empty and that nobody holds. */
static struct entry *find_empty(struct hg_series *s, uint64_t now)
{
    struct hg_list *n = s->entries.prev;

    for (unsigned i = 0; i < LOOKS && n != &s->entries; i++, n = n->prev) {
        struct entry *e = HG_CONTAINER_OF(n, struct entry, node);

        if (e->held == 0 && hg_window_empty(&e->window, &s->rate, now))
            return e;
    }
    return NULL;
}

static struct entry *find_oldest(struct hg_table *t)
{
    struct entry *oldest = NULL;
    uint64_t since = UINT64_MAX;

    for (struct hg_list *n = t->series.next; n != &t->series; n = n->next) {
        struct hg_series *s = HG_CONTAINER_OF(n, struct hg_series, node);
        struct entry *e;

        if (hg_list_empty(&s->entries))
            continue;
        e = HG_LIST_LAST(&s->entries, struct entry, node);
        if (e->used_at < since) {
            since = e->used_at;
            oldest = e;
        }
    }
    return oldest;
}

static bool make_room(struct hg_table *t, uint64_t now)
{
    struct entry *found = NULL;

    for (struct hg_list *n = t->series.next; n != &t->series && found == NULL; n = n->next)
        found = find_empty(HG_CONTAINER_OF(n, struct hg_series, node), now);
    if (found == NULL && t->evict)
        found = find_oldest(t);
    if (found != NULL)
        drop_entry(t, found);
    return found != NULL;
}

/* When the first of those that would be asked for room runs empty. */
static uint64_t wait_for_room(const struct hg_table *t, uint64_t now)
{
    uint64_t first = UINT64_MAX;

    for (struct hg_list *n = t->series.next; n != &t->series; n = n->next) {
        struct hg_series *s = HG_CONTAINER_OF(n, struct hg_series, node);

        if (!hg_list_empty(&s->entries)) {
            struct entry *e = HG_LIST_LAST(&s->entries, struct entry, node);
            uint64_t wait = hg_window_wait(&e->window, &s->rate, s->rate.amount + s->rate.burst, now);

            first = wait < first ? wait : first;
        }
    }
    return first;
}

static struct entry *take_memory(struct hg_table *t, uint64_t now)
{
    struct entry *e;

    while (t->used >= t->size)
        if (!make_room(t, now))
            return NULL;
    grow(t);
    if (t->buckets == 0)
        return NULL;
    if (!hg_list_empty(&t->free))
        return HG_LIST_POP(&t->free, struct entry, node);
    e = malloc(sizeof(*e));
    if (e != NULL)
        hg_list_init(&e->node);
    return e;
}

static struct entry *add_entry(struct hg_table *t, struct hg_series *s, const struct hg_key *key,
                               uint64_t now)
{
    struct entry *e = take_memory(t, now);

    if (e == NULL)
        return NULL;
    *e = (struct entry){.key = *key, .serial = ++t->serial, .series = s};
    hg_list_init(&e->node);
    link_entry(t, e);
    t->used++;
    return e;
}

/* ---- holds ---- */

/* NULL: the window was given to another key, or is gone with its limit. */
static struct entry *held_entry(const struct hg_hold *h)
{
    struct entry *e = h->what;

    return e->serial == h->serial ? e : NULL;
}

static void let_go(struct hg_hold *h, struct entry *e)
{
    HG_ASSERT(e->held > 0);
    e->held--;
    h->what = NULL;
}

static void give_back(struct hg_hold *h, uint64_t now)
{
    struct hg_table *t = h->owner;
    struct entry *e;

    if (h->what == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    e = held_entry(h);
    if (e != NULL) {
        hg_window_give_back(&e->window, &h->rate, h->n, now, &h->taken);
        let_go(h, e);
    }
    pthread_mutex_unlock(&t->lock);
}

static void correct(struct hg_hold *h, uint64_t real, bool final, uint64_t now)
{
    struct hg_table *t = h->owner;
    struct entry *e;

    /* What was reserved comes to pass, as far as is known. */
    if (h->what == NULL || (!final && real <= h->n))
        return;
    pthread_mutex_lock(&t->lock);
    e = held_entry(h);
    if (e != NULL && real > h->n)
        hg_window_add(&e->window, &h->rate, real - h->n, now);
    else if (e != NULL && real < h->n)
        hg_window_give_back(&e->window, &h->rate, h->n - real, now, &h->taken);
    h->n = real;
    if (e != NULL && final)
        let_go(h, e);
    pthread_mutex_unlock(&t->lock);
}

static const struct hg_hold_kind window_hold = {give_back, correct};

static enum hg_take refuse(struct hg_table *t, const struct hg_take_ask *ask, struct entry *e,
                           struct hg_refusal *why)
{
    if (e == NULL) {
        why->room = 0;
        why->wait = wait_for_room(t, ask->now);
        return HG_TAKE_FULL;
    }
    why->room = hg_window_room(&e->window, &ask->rate, ask->now);
    why->wait = hg_window_wait(&e->window, &ask->rate, ask->need, ask->now);
    return HG_TAKE_OVER;
}

static enum hg_take take(struct hg_table *t, const struct hg_take_ask *ask, struct hg_hold *hold,
                         struct hg_refusal *why)
{
    struct hg_series *s = ask->series;
    const struct hg_key key = hg_key_of(&t->seed, ask->key);
    struct entry *e = find_entry(t, s, &key);

    s->rate = ask->rate;
    if (e == NULL)
        e = add_entry(t, s, &key, ask->now);
    if (e == NULL)
        return refuse(t, ask, NULL, why);
    e->used_at = ask->now;
    hg_list_remove(&e->node);
    hg_list_push_front(&s->entries, &e->node);
    if (!hg_window_take(&e->window, &ask->rate, ask->n, ask->need, ask->now, &hold->taken))
        return refuse(t, ask, e, why);
    e->held++;
    hold->kind = &window_hold;
    hold->measure = ask->measure;
    hold->n = ask->n;
    hold->owner = t;
    hold->what = e;
    hold->serial = e->serial;
    hold->rate = ask->rate;
    return HG_TAKE_OK;
}

enum hg_take hg_series_take(const struct hg_take_ask *ask, struct hg_hold *hold, struct hg_refusal *why)
{
    struct hg_table *t = ask->series->table;
    enum hg_take taken;

    HG_ASSERT(ask->rate.period == ask->series->rate.period && ask->need >= ask->n);
    pthread_mutex_lock(&t->lock);
    taken = take(t, ask, hold, why);
    pthread_mutex_unlock(&t->lock);
    return taken;
}
