/* SPDX-License-Identifier: MIT
 *
 * Asking from other threads: a post to the loop of the sources, and a post back.
 * Whether anybody still wants the answer is the asking thread's business alone.
 */
#include <stdlib.h>

#include "internal.h"

#define MAGIC_ASK 0x61736b21u

struct hg_source_ask {
    uint32_t magic;
    struct hg_post post; /* first there, then back */
    struct hg_list node; /* of a source's asks */
    struct hg_sources *sources;
    struct hg_loop *from;
    struct hg_secret_slot *slot; /* a reference */
    uint64_t version;
    void (*done)(void *ctx); /* NULL: cancelled */
    void *ctx;
    size_t *open;
};

static void home(struct hg_post *p)
{
    struct hg_source_ask *a = HG_CONTAINER_OF(p, struct hg_source_ask, post);
    void (*fn)(void *ctx) = a->done;
    void *ctx = a->ctx;

    HG_ASSERT(a->magic == MAGIC_ASK && *a->open > 0);
    (*a->open)--;
    hg_secret_slot_free(a->slot);
    a->magic = 0;
    free(a);
    if (fn != NULL)
        fn(ctx);
}

static void send_home(struct hg_source_ask *a)
{
    hg_list_remove(&a->node);
    a->post.run = home;
    hg_loop_post(a->from, &a->post);
}

static struct hg_live *find(struct hg_sources *s, const struct hg_secret_slot *slot)
{
    for (struct hg_list *n = s->live.next; n != &s->live; n = n->next) {
        struct hg_live *l = HG_CONTAINER_OF(n, struct hg_live, node);

        for (size_t i = 0; i < l->slots; i++)
            if (l->slot[i] == slot)
                return l;
    }
    return NULL;
}

static void arrived(struct hg_post *p)
{
    struct hg_source_ask *a = HG_CONTAINER_OF(p, struct hg_source_ask, post);
    struct hg_sources *s = HG_CAST(struct hg_sources, HG_SOURCES_MAGIC, a->sources);
    struct hg_live *l = s->stopped ? NULL : find(s, a->slot);

    if (l == NULL || !l->spec->usable || hg_secret_slot_version(a->slot) != a->version) {
        send_home(a);
        return;
    }
    if (l->spec->kind == HG_SOURCE_FILE) {
        (void)hg_live_read_file(l);
        send_home(a);
        return;
    }
    if (l->command == NULL && hg_loop_now(s->o.loop) < l->hold_until) {
        send_home(a);
        return;
    }
    l->asked = true;
    hg_list_push_back(&l->asks, &a->node);
    if (l->command == NULL)
        hg_live_run(l);
}

struct hg_source_ask *hg_sources_ask(struct hg_sources *s, struct hg_loop *from, struct hg_secret_slot *slot,
                                     uint64_t version, void (*done)(void *ctx), void *ctx, size_t *open)
{
    struct hg_source_ask *a = calloc(1, sizeof(*a));

    HG_ASSERT(s->magic == HG_SOURCES_MAGIC && done != NULL && open != NULL);
    if (a == NULL)
        return NULL;
    a->magic = MAGIC_ASK;
    a->sources = s;
    a->from = from;
    a->slot = hg_secret_slot_ref(slot);
    a->version = version;
    a->done = done;
    a->ctx = ctx;
    a->open = open;
    a->post.run = arrived;
    hg_list_init(&a->node);
    (*open)++;
    hg_loop_post(s->o.loop, &a->post);
    return a;
}

void hg_source_ask_cancel(struct hg_source_ask *a)
{
    HG_ASSERT(a->magic == MAGIC_ASK && a->done != NULL);
    a->done = NULL;
}

void hg_live_answer(struct hg_live *l)
{
    while (!hg_list_empty(&l->asks))
        send_home(HG_LIST_FIRST(&l->asks, struct hg_source_ask, node));
}
