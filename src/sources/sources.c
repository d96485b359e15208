/* SPDX-License-Identifier: MIT
 *
 * Which sources are at work. A reload is a comparison of keys: what stays keeps
 * its value and its timers, what goes is stopped.
 */
#include <signal.h>
#include <stdlib.h>

#include "internal.h"

static void file_changed(void *ctx)
{
    (void)hg_live_read_file(ctx);
}

static void next_due(struct hg_timer *t)
{
    struct hg_live *l = HG_CONTAINER_OF(t, struct hg_live, next);

    if (l->command == NULL)
        hg_live_run(l);
}

static void value_ends(struct hg_timer *t)
{
    struct hg_live *l = HG_CONTAINER_OF(t, struct hg_live, end);
    struct hg_sources *s = l->sources;

    HG_COUNT_ADD(s->o.counters, secrets_expired_total, 1);
    hg_log_event(
        s->o.log, HG_LOG_ERROR, HG_EVENT_SECRET_EXPIRED,
        "secret %s: the value from %s has run out and there is no new one; requests that need it get 503",
        l->spec->name, hg_secret_slot_source(l->spec->slot));
    hg_live_drop_value(l);
}

static void child_ended(void *ctx, int signum)
{
    struct hg_sources *s = HG_CAST(struct hg_sources, HG_SOURCES_MAGIC, ctx);

    (void)signum;
    hg_commands_reap(&s->running);
}

struct hg_sources *hg_sources_new(const struct hg_sources_options *o)
{
    struct hg_sources *s = calloc(1, sizeof(*s));

    HG_ASSERT(o->loop != NULL && o->counters != NULL);
    if (s == NULL)
        return NULL;
    s->magic = HG_SOURCES_MAGIC;
    s->o = *o;
    hg_list_init(&s->live);
    hg_list_init(&s->running);
    s->watcher = hg_watcher_new(o->loop);
    if (s->watcher != NULL)
        return s;
    free(s);
    return NULL;
}

static void live_free(struct hg_live *l)
{
    hg_live_answer(l);
    hg_live_stop_command(l);
    hg_watch_remove(l->watch);
    hg_timer_stop(&l->next);
    hg_timer_stop(&l->end);
    for (size_t i = 0; i < l->slots; i++)
        hg_secret_slot_free(l->slot[i]);
    free(l->slot);
    hg_secret_release(&l->value);
    hg_list_remove(&l->node);
    free(l);
}

void hg_sources_stop(struct hg_sources *s)
{
    s->stopped = true;
    for (struct hg_list *n = s->live.next; n != &s->live; n = n->next) {
        struct hg_live *l = HG_CONTAINER_OF(n, struct hg_live, node);

        hg_live_stop_command(l);
        hg_timer_clear(&l->next);
        hg_live_answer(l);
    }
}

void hg_sources_free(struct hg_sources *s)
{
    if (s == NULL)
        return;
    while (!hg_list_empty(&s->live))
        live_free(HG_LIST_FIRST(&s->live, struct hg_live, node));
    hg_commands_kill(&s->running);
    hg_watcher_free(s->watcher);
    hg_plan_unref(&s->plan);
    s->magic = 0;
    free(s);
}

struct hg_watcher *hg_sources_watcher(struct hg_sources *s)
{
    return s->watcher;
}

static struct hg_live *find_key(struct hg_sources *s, const char *key)
{
    for (struct hg_list *n = s->live.next; n != &s->live; n = n->next) {
        struct hg_live *l = HG_CONTAINER_OF(n, struct hg_live, node);

        if (strcmp(l->spec->key, key) == 0)
            return l;
    }
    return NULL;
}

static struct hg_live *live_new(struct hg_sources *s, const struct hg_source *spec)
{
    struct hg_live *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return NULL;
    l->sources = s;
    l->spec = spec;
    hg_list_init(&l->node);
    hg_list_init(&l->asks);
    hg_timer_init(&l->next, s->o.loop, next_due);
    hg_timer_init(&l->end, s->o.loop, value_ends);
    hg_list_push_back(&s->live, &l->node);
    return l;
}

/* The plan has read files anew; what it found there is newer than ours, nothing is not. */
static bool adopt(struct hg_live *l)
{
    struct hg_secret *read = hg_secret_slot_take(l->spec->slot);

    if (read != NULL && l->spec->kind == HG_SOURCE_FILE) {
        hg_secret_release(&l->value);
        l->value = hg_secret_ref(read);
        l->bad = false;
    } else if (l->value != NULL) {
        hg_secret_slot_set(l->spec->slot, hg_secret_ref(l->value));
    }
    hg_secret_release(&read);
    return hg_live_add_slot(l, l->spec->slot);
}

static bool begin(struct hg_live *l)
{
    struct hg_sources *s = l->sources;

    if (!adopt(l))
        return false;
    if (l->spec->kind == HG_SOURCE_FILE) {
        l->watch = hg_watch_add(s->watcher, l->spec->path, file_changed, l);
        /* It may have changed since the plan was built, and what is wrong with it belongs into the log. */
        (void)hg_live_read_file(l);
        return l->watch != NULL;
    }
    if (!s->child_signal)
        s->child_signal = hg_loop_signal(s->o.loop, SIGCHLD, child_ended, s);
    if (s->child_signal)
        hg_live_run(l);
    return s->child_signal;
}

static bool set_up(struct hg_sources *s, const struct hg_source *spec)
{
    struct hg_live *l = find_key(s, spec->key);

    if (l == NULL) {
        l = live_new(s, spec);
        if (l != NULL)
            l->in_plan = true;
        return l != NULL && begin(l);
    }
    l->spec = spec;
    l->in_plan = true;
    return adopt(l);
}

/* Those of a plan before that this one does not have. Their asks are answered. */
static void drop_others(struct hg_sources *s)
{
    for (struct hg_list *n = s->live.next, *next; n != &s->live; n = next) {
        struct hg_live *l = HG_CONTAINER_OF(n, struct hg_live, node);

        next = n->next;
        if (!l->in_plan)
            live_free(l);
    }
}

bool hg_sources_load(struct hg_sources *s, struct hg_plan *plan)
{
    struct hg_plan *before = s->plan;
    bool ok = true;

    HG_ASSERT(s->magic == HG_SOURCES_MAGIC && !s->loading);
    s->loading = true;
    s->plan = hg_plan_ref(plan);
    for (struct hg_list *n = s->live.next; n != &s->live; n = n->next)
        HG_CONTAINER_OF(n, struct hg_live, node)->in_plan = false;
    for (size_t i = 0; i < plan->sources; i++) {
        const struct hg_source *spec = &plan->source[i];

        if ((spec->kind == HG_SOURCE_FILE || spec->kind == HG_SOURCE_EXEC) && spec->usable)
            ok = set_up(s, spec) && ok;
    }
    drop_others(s);
    hg_plan_unref(&before);
    s->loading = false;
    hg_sources_check_settled(s);
    return ok;
}
