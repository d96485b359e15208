/* SPDX-License-Identifier: MIT
 *
 * A new generation arrives in this thread. An exchange ends on the generation it
 * began with; a session changes over between two of them, so that an old
 * generation goes as soon as its last exchange has ended, however long clients
 * keep their connections.
 */
#include "internal.h"

bool hg_session_last(const struct hg_session *s)
{
    return s->relay->draining || s->leave_at != 0;
}

static const struct hg_entry *find_entry(const struct hg_entries *all, uint64_t listener)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->entry[i].listener == listener)
            return &all->entry[i];
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_networks(const struct hg_networks *a, const struct hg_networks *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->net[i].bits != b->net[i].bits || memcmp(a->net[i].addr, b->net[i].addr, 16) != 0)
            return false;
    return true;
}

/* Who was let in without TLS, by other authorities, or on the word of other proxies, must not come to rules
 * that count on it. */
static bool same_door(const struct hg_bind *was, const struct hg_bind *is)
{
    return (was->tls.cert == NULL) == (is->tls.cert == NULL) && same(was->tls.client_ca, is->tls.client_ca) &&
           was->proxy_protocol == is->proxy_protocol && same_networks(&was->trusted, &is->trusted);
}

static void set_leave_timer(struct hg_relay *r)
{
    uint64_t now = hg_loop_now(r->loop), first = UINT64_MAX;

    for (struct hg_list *n = r->sessions.next; n != &r->sessions; n = n->next) {
        const struct hg_session *s = HG_CONTAINER_OF(n, struct hg_session, node);

        if (s->leave_at != 0 && s->leave_at < first && s->state != HG_SESSION_DEAD)
            first = s->leave_at;
    }
    if (first != UINT64_MAX)
        hg_timer_set(&r->leave, first > now ? (first - now) / 1000 + 1 : 1);
}

static void leave(struct hg_session *s)
{
    if (s->leave_at != 0)
        return;
    s->leave_at = hg_loop_now(s->relay->loop) + s->frontend->timeout.drain * UINT64_C(1000);
    if (s->relay->leave.due == 0 || s->relay->leave.due > s->leave_at)
        hg_timer_set(&s->relay->leave, s->frontend->timeout.drain);
}

void hg_relay_leave_expired(struct hg_timer *t)
{
    struct hg_relay *r = HG_CONTAINER_OF(t, struct hg_relay, leave);
    uint64_t now = hg_loop_now(r->loop);

    for (struct hg_list *n = r->sessions.next, *next; n != &r->sessions; n = next) {
        struct hg_session *s = HG_CONTAINER_OF(n, struct hg_session, node);

        next = n->next;
        if (s->leave_at != 0 && s->leave_at <= now && s->state != HG_SESSION_DEAD)
            hg_session_cut(s);
    }
    set_leave_timer(r);
}

void hg_session_move(struct hg_session *s)
{
    const struct hg_entries *all = s->relay->entries;
    const struct hg_entry *e;

    HG_ASSERT(s->exchange == NULL);
    if (s->generation == all->generation || s->leave_at != 0)
        return;
    e = find_entry(all, s->listener);
    if (e == NULL || !same_door(&s->frontend->bind[s->bind], &e->frontend->bind[e->bind])) {
        leave(s);
        return;
    }
    hg_generation_unref(&s->generation);
    s->generation = hg_generation_ref(all->generation);
    s->frontend = e->frontend;
    s->bind = e->bind;
    /* A head that has begun is held against the limit it began with. */
    if (s->head_since == 0)
        hg_session_await_head(s);
}

static void meet(struct hg_session *s)
{
    switch (s->state) {
    case HG_SESSION_HEAD:
        hg_session_move(s);
        if (s->leave_at != 0)
            hg_session_last_look(s);
        return;
    case HG_SESSION_EXCHANGE:
        if (find_entry(s->relay->entries, s->listener) == NULL)
            leave(s);
        return;
    case HG_SESSION_CUT:
    case HG_SESSION_LINGER:
    case HG_SESSION_DEAD:
        return;
    }
}

void hg_relay_switch(struct hg_relay *r, const struct hg_entries *entries)
{
    HG_ASSERT(entries != NULL && entries->generation != NULL);
    r->entries = entries;
    for (struct hg_list *n = r->sessions.next, *next; n != &r->sessions; n = next) {
        next = n->next;
        meet(HG_CONTAINER_OF(n, struct hg_session, node));
    }
}
