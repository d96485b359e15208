/* SPDX-License-Identifier: MIT
 *
 * Tables: a hash of keys, and for each series its windows in the order in which
 * they were asked last.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

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
        free(HG_LIST_POP(&t->free, struct hg_entry, node));
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

static struct hg_entry **bucket_of(const struct hg_table *t, const struct hg_key *key)
{
    HG_ASSERT(t->buckets > 0 && (t->buckets & (t->buckets - 1)) == 0);
    return &t->bucket[key->v[0] & (t->buckets - 1)];
}

static void link_entry(struct hg_table *t, struct hg_entry *e)
{
    struct hg_entry **bucket = bucket_of(t, &e->key);

    e->next = *bucket;
    *bucket = e;
}

/* Doubles with the entries. Without memory chains grow instead. */
static void grow(struct hg_table *t)
{
    size_t n = t->buckets > 0 ? t->buckets * 2 : 16;
    struct hg_entry **bigger = t->used < t->buckets ? NULL : calloc(n, sizeof(struct hg_entry *));

    if (bigger == NULL)
        return;
    free(t->bucket);
    t->bucket = bigger;
    t->buckets = n;
    for (struct hg_list *l = t->series.next; l != &t->series; l = l->next) {
        struct hg_series *s = HG_CONTAINER_OF(l, struct hg_series, node);

        for (struct hg_list *k = s->entries.next; k != &s->entries; k = k->next)
            link_entry(t, HG_CONTAINER_OF(k, struct hg_entry, node));
    }
}

struct hg_entry *hg_table_find(const struct hg_table *t, const struct hg_series *s, const struct hg_key *key)
{
    if (t->buckets == 0)
        return NULL;
    for (struct hg_entry *e = *bucket_of(t, key); e != NULL; e = e->next)
        if (e->series == s && hg_key_same(&e->key, key))
            return e;
    return NULL;
}

void hg_table_drop(struct hg_table *t, struct hg_entry *e)
{
    struct hg_entry **at = bucket_of(t, &e->key);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->serial = 0;
    hg_list_remove(&e->node);
    hg_list_push_front(&t->free, &e->node);
    HG_ASSERT(t->used > 0);
    t->used--;
}

/* For an entry more; NULL: no memory. */
static struct hg_entry *take_memory(struct hg_table *t)
{
    struct hg_entry *e;

    grow(t);
    if (t->buckets == 0)
        return NULL;
    if (!hg_list_empty(&t->free))
        return HG_LIST_POP(&t->free, struct hg_entry, node);
    e = malloc(sizeof(*e));
    if (e != NULL)
        hg_list_init(&e->node);
    return e;
}

struct hg_entry *hg_table_add(struct hg_table *t, struct hg_series *s, const struct hg_key *key)
{
    struct hg_entry *e = take_memory(t);

    if (e == NULL)
        return NULL;
    *e = (struct hg_entry){.key = *key, .serial = ++t->serial, .series = s};
    hg_list_init(&e->node);
    link_entry(t, e);
    t->used++;
    return e;
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
        hg_table_drop(t, HG_LIST_FIRST(&s->entries, struct hg_entry, node));
    if (last)
        hg_list_remove(&s->node);
    pthread_mutex_unlock(&t->lock);
    if (!last)
        return;
    free(s->name);
    free(s);
}
