/* SPDX-License-Identifier: MIT
 *
 * Taking from a window, room for new keys, and what requests hold. The windows of
 * one series run empty in about the order in which they were asked last, so that
 * looking at a few at its end finds one to use again.
 */
#include "internal.h"

#define LOOKS 8u /* windows of a series that are asked whether they are empty */

/* ---- room in a full table ---- */

/* One that is empty and that nobody holds. */
static struct hg_entry *find_empty(struct hg_series *s, uint64_t now)
{
    struct hg_list *n = s->entries.prev;

    for (unsigned i = 0; i < LOOKS && n != &s->entries; i++, n = n->prev) {
        struct hg_entry *e = HG_CONTAINER_OF(n, struct hg_entry, node);

        if (e->held == 0 && hg_window_empty(&e->window, &s->rate, now))
            return e;
    }
    return NULL;
}

static struct hg_entry *find_oldest(struct hg_table *t)
{
    struct hg_entry *oldest = NULL;
    uint64_t since = UINT64_MAX;

    for (struct hg_list *n = t->series.next; n != &t->series; n = n->next) {
        struct hg_series *s = HG_CONTAINER_OF(n, struct hg_series, node);
        struct hg_entry *e;

        if (hg_list_empty(&s->entries))
            continue;
        e = HG_LIST_LAST(&s->entries, struct hg_entry, node);
        if (e->used_at < since) {
            since = e->used_at;
            oldest = e;
        }
    }
    return oldest;
}

static bool make_room(struct hg_table *t, uint64_t now)
{
    struct hg_entry *found = NULL;

    for (struct hg_list *n = t->series.next; n != &t->series && found == NULL; n = n->next)
        found = find_empty(HG_CONTAINER_OF(n, struct hg_series, node), now);
    if (found == NULL && t->evict)
        found = find_oldest(t);
    if (found != NULL)
        hg_table_drop(t, found);
    return found != NULL;
}

/* When the first of those that would be asked for room runs empty. */
static uint64_t wait_for_room(const struct hg_table *t, uint64_t now)
{
    uint64_t first = UINT64_MAX;

    for (struct hg_list *n = t->series.next; n != &t->series; n = n->next) {
        struct hg_series *s = HG_CONTAINER_OF(n, struct hg_series, node);

        if (!hg_list_empty(&s->entries)) {
            struct hg_entry *e = HG_LIST_LAST(&s->entries, struct hg_entry, node);
            uint64_t wait = hg_window_wait(&e->window, &s->rate, s->rate.amount + s->rate.burst, now);

            first = wait < first ? wait : first;
        }
    }
    return first;
}

/* ---- holds ---- */

/* NULL: the window was given to another key, or is gone with its limit. */
static struct hg_entry *held_entry(const struct hg_hold *h)
{
    struct hg_entry *e = h->what;

    return e->serial == h->serial ? e : NULL;
}

static void let_go(struct hg_hold *h, struct hg_entry *e)
{
    HG_ASSERT(e->held > 0);
    e->held--;
    h->what = NULL;
}

static void give_back(struct hg_hold *h, uint64_t now)
{
    struct hg_table *t = h->owner;
    struct hg_entry *e;

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
    struct hg_entry *e;

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

/* For a key more; in a full table one goes for it. */
static bool has_room(struct hg_table *t, uint64_t now)
{
    while (t->used >= t->size)
        if (!make_room(t, now))
            return false;
    return true;
}

static enum hg_take refuse(struct hg_table *t, const struct hg_take_ask *ask, struct hg_entry *e,
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

static void fill_hold(struct hg_hold *hold, struct hg_table *t, const struct hg_take_ask *ask,
                      struct hg_entry *e)
{
    hold->kind = &window_hold;
    hold->measure = ask->measure;
    hold->n = ask->n;
    hold->owner = t;
    hold->what = e;
    hold->serial = e != NULL ? e->serial : 0;
    hold->rate = ask->rate;
}

static enum hg_take take(struct hg_table *t, const struct hg_take_ask *ask, struct hg_hold *hold,
                         struct hg_refusal *why)
{
    struct hg_series *s = ask->series;
    const struct hg_key key = hg_key_of(&t->seed, ask->key);
    struct hg_entry *e = hg_table_find(t, s, &key);

    HG_ASSERT(ask->rate.period == s->rate.period);
    s->rate = ask->rate;
    if (e == NULL && ask->need == 0) { /* nothing was counted, and nothing is */
        fill_hold(hold, t, ask, NULL);
        return HG_TAKE_OK;
    }
    if (e == NULL && has_room(t, ask->now))
        e = hg_table_add(t, s, &key);
    if (e == NULL)
        return refuse(t, ask, NULL, why);
    e->used_at = ask->now;
    hg_list_remove(&e->node);
    hg_list_push_front(&s->entries, &e->node);
    if (!hg_window_take(&e->window, &ask->rate, ask->n, ask->need, ask->now, &hold->taken))
        return refuse(t, ask, e, why);
    e->held++;
    fill_hold(hold, t, ask, e);
    return HG_TAKE_OK;
}

bool hg_series_look(struct hg_series *s, const struct hg_rate *rate, struct hg_slice key, uint64_t now,
                    struct hg_refusal *out)
{
    struct hg_table *t = s->table;
    const struct hg_key hash = hg_key_of(&t->seed, key);
    struct hg_entry *e;

    pthread_mutex_lock(&t->lock);
    e = hg_table_find(t, s, &hash);
    if (e != NULL) {
        out->room = hg_window_room(&e->window, rate, now);
        out->wait = hg_window_wait(&e->window, rate, 1, now);
    }
    pthread_mutex_unlock(&t->lock);
    return e != NULL;
}

enum hg_take hg_series_take(const struct hg_take_ask *ask, struct hg_hold *hold, struct hg_refusal *why)
{
    struct hg_table *t = ask->series->table;
    enum hg_take taken;

    HG_ASSERT(ask->need >= ask->n);
    pthread_mutex_lock(&t->lock);
    taken = take(t, ask, hold, why);
    pthread_mutex_unlock(&t->lock);
    return taken;
}
