/* SPDX-License-Identifier: MIT
 *
 * The listeners of a generation: whoever has the address already keeps it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "internal.h"

bool hg_bindings_has(const struct hg_bindings *b, const struct hg_listener *l)
{
    for (size_t i = 0; b != NULL && i < b->entries.n; i++)
        if (b->listener[i] == l)
            return true;
    return false;
}

static struct hg_listener *find_listener(const struct hg_bindings *b, const char *key)
{
    for (size_t i = 0; b != NULL && i < b->entries.n; i++)
        if (b->listener[i] != NULL && strcmp(b->listener[i]->key, key) == 0)
            return b->listener[i];
    return NULL;
}

static bool no_memory(char *err, size_t errlen)
{
    snprintf(err, errlen, "out of memory");
    return false;
}

static struct hg_bindings *bindings_new(struct hg_generation *g)
{
    struct hg_bindings *b = calloc(1, sizeof(*b));
    size_t n = 0;

    for (size_t i = 0; i < g->plan->frontends; i++)
        n += g->plan->frontend[i].binds;
    if (b == NULL)
        return NULL;
    b->entries.generation = g;
    b->entries.entry = calloc(n + 1, sizeof(*b->entries.entry));
    b->listener = calloc(n + 1, sizeof(struct hg_listener *));
    if (b->entries.entry != NULL && b->listener != NULL)
        return b;
    hg_bindings_free(&b, NULL);
    return NULL;
}

/* The listeners that stay, first: what is left of the old ones is about to close. */
static bool adopt(struct hg_bindings *b, const struct hg_bindings *old, char *err, size_t errlen)
{
    const struct hg_plan *p = b->entries.generation->plan;

    for (size_t i = 0; i < p->frontends; i++) {
        for (size_t j = 0; j < p->frontend[i].binds; j++) {
            char *key = hg_listener_key(&p->frontend[i], j);
            struct hg_listener *l = key != NULL ? find_listener(old, key) : NULL;

            if (key == NULL)
                return no_memory(err, errlen);
            free(key);
            if (l != NULL && hg_listener_usable(l) && !hg_bindings_has(b, l))
                b->listener[b->entries.n] = l;
            b->entries.entry[b->entries.n] =
                (struct hg_entry){.frontend = &p->frontend[i], .bind = j, .listener = l != NULL ? l->id : 0};
            b->entries.entry[b->entries.n].port = l != NULL ? l->bound : 0;
            b->entries.n++;
        }
    }
    return true;
}

/* The port is that of one of ours that goes. */
static bool beside(const struct hg_bindings *b, const struct hg_bindings *old, const struct hg_bind *bind)
{
    for (size_t i = 0; old != NULL && i < old->entries.n; i++)
        if (bind->port != 0 && old->listener[i]->port == bind->port && !hg_bindings_has(b, old->listener[i]))
            return true;
    return false;
}

static bool open_rest(struct hg_service *s, struct hg_bindings *b, const struct hg_bindings *old, char *err,
                      size_t errlen)
{
    for (size_t i = 0; i < b->entries.n; i++) {
        struct hg_entry *e = &b->entries.entry[i];
        const struct hg_bind *bind = &e->frontend->bind[e->bind];

        if (b->listener[i] != NULL)
            continue;
        b->listener[i] =
            hg_listener_open(e->frontend, e->bind, s->workers, beside(b, old, bind), err, errlen);
        if (b->listener[i] == NULL)
            return false;
        b->listener[i]->id = e->listener = ++s->listener_ids;
        e->port = b->listener[i]->bound;
    }
    return true;
}

struct hg_bindings *hg_bindings_open(struct hg_service *s, struct hg_generation *g,
                                     const struct hg_bindings *old, char *err, size_t errlen)
{
    struct hg_bindings *b = bindings_new(g);

    HG_ASSERT(s->workers > 0);
    if (b == NULL) {
        (void)no_memory(err, errlen);
        return NULL;
    }
    if (adopt(b, old, err, errlen) && open_rest(s, b, old, err, errlen))
        return b;
    hg_bindings_free(&b, old);
    return NULL;
}

void hg_bindings_free(struct hg_bindings **bp, const struct hg_bindings *keep)
{
    struct hg_bindings *b = *bp;

    *bp = NULL;
    if (b == NULL)
        return;
    for (size_t i = 0; b->listener != NULL && i < b->entries.n; i++)
        if (!hg_bindings_has(keep, b->listener[i]))
            hg_listener_close(&b->listener[i]);
    free(b->entries.entry);
    free(b->listener);
    free(b);
}

static void log_bind(struct hg_log *log, const char *frontend, const char *address, bool tls)
{
    char message[512];
    struct hg_event e;

    snprintf(message, sizeof(message), "frontend %s on %s%s", frontend, address, tls ? " (TLS)" : "");
    hg_event_begin(&e, HG_EVENT_LISTENING, HG_LOG_INFO);
    hg_event_word(&e, HG_EV_MESSAGE, message);
    hg_event_word(&e, HG_EV_FRONTEND, frontend);
    hg_event_word(&e, HG_EV_BIND, address);
    hg_log_put(log, NULL, &e);
}

void hg_bindings_announce(struct hg_log *log, const struct hg_bindings *b, const struct hg_bindings *before)
{
    const struct hg_plan *p = b->entries.generation->plan;

    for (size_t i = 0; i < b->entries.n; i++) {
        const struct hg_entry *e = &b->entries.entry[i];

        if (!hg_bindings_has(before, b->listener[i]))
            log_bind(log, e->frontend->name, b->listener[i]->address,
                     e->frontend->bind[e->bind].tls.cert != NULL);
    }
    for (size_t i = 0; before != NULL && i < before->entries.n; i++)
        if (!hg_bindings_has(b, before->listener[i]))
            hg_log_event(log, HG_LOG_INFO, HG_EVENT_LISTENER_CLOSED, "no new connections on %s",
                         before->listener[i]->address);
    for (size_t i = 0; i < p->frontends; i++)
        if (p->frontend[i].missing.what != NULL)
            hg_log_event(log, HG_LOG_WARN, HG_EVENT_NOT_CONFIGURED,
                         "frontend %s answers %u to everything: %s", p->frontend[i].name,
                         p->frontend[i].missing.status, p->frontend[i].missing.what);
}
