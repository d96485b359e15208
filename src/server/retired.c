/* SPDX-License-Identifier: MIT
 *
 * Generations before the present one, until the last exchange has left them.
 * They are freed by the main thread: a plan is large, and what is tied to it may
 * live in this thread's loop.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"

struct hg_retired {
    struct hg_list node;
    struct hg_generation *generation;
};

size_t hg_retired_count(const struct hg_service *s)
{
    const struct hg_list *all = &s->reload.retired;
    size_t n = 0;

    for (const struct hg_list *i = all->next; i != all; i = i->next)
        n++;
    return n;
}

/* A session takes its reference from one it has, or from the entries in force: when only ours is left, nobody
 * can get another. */
static void look(struct hg_timer *t)
{
    struct hg_service *s = HG_CONTAINER_OF(t, struct hg_service, reload.look);
    struct hg_reload *r = &s->reload;
    size_t freed = 0;

    for (struct hg_list *n = r->retired.next, *next; n != &r->retired; n = next) {
        struct hg_retired *old = HG_CONTAINER_OF(n, struct hg_retired, node);

        next = n->next;
        if (atomic_load_explicit(&old->generation->refs, memory_order_acquire) != 1)
            continue;
        hg_list_remove(n);
        hg_generation_unref(&old->generation);
        free(old);
        freed++;
    }
    /* A plan and its TLS contexts are many small pieces: the system gets its pages back only when told to. */
    if (freed != 0)
        (void)malloc_trim(0);
    if (hg_list_empty(&r->retired))
        return;
    r->look_ms = freed != 0 ? HG_TIME_RETIRED_LOOK : r->look_ms * 2;
    if (r->look_ms > HG_TIME_RETIRED_LOOK_MAX)
        r->look_ms = HG_TIME_RETIRED_LOOK_MAX;
    hg_timer_set(&r->look, r->look_ms);
}

void hg_retired_add(struct hg_service *s, struct hg_generation *g)
{
    struct hg_reload *r = &s->reload;

    HG_ASSERT(r->retiring != NULL);
    r->retiring->generation = g;
    hg_list_push_back(&r->retired, &r->retiring->node);
    r->retiring = NULL;
    r->look_ms = HG_TIME_RETIRED_LOOK;
    hg_timer_set(&r->look, r->look_ms);
}

struct hg_retired *hg_retired_new(void)
{
    struct hg_retired *r = calloc(1, sizeof(*r));

    if (r != NULL)
        hg_list_init(&r->node);
    return r;
}

void hg_retired_init(struct hg_service *s)
{
    hg_list_init(&s->reload.retired);
    hg_timer_init(&s->reload.look, s->loop, look);
}

void hg_retired_free(struct hg_service *s)
{
    struct hg_reload *r = &s->reload;

    while (!hg_list_empty(&r->retired)) {
        struct hg_retired *old = HG_LIST_POP(&r->retired, struct hg_retired, node);

        hg_generation_unref(&old->generation);
        free(old);
    }
    free(r->retiring);
    r->retiring = NULL;
    hg_timer_stop(&r->look);
}
