/* SPDX-License-Identifier: MIT
 *
 * From one plan to the next. Everything that can fail happens first, beside the
 * running plan; then each worker changes over in its own thread; then what is
 * not needed any more is closed. The old generation is kept in a list until the
 * last exchange has left it, and is freed by this thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"

static void say(struct hg_service *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line of what the command prints; what does not fit is left out. */
static void say(struct hg_service *s, const char *fmt, ...)
{
    char line[2048];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    (void)hg_buf_printf(&s->reload.report, "%s\n", line);
}

static void start(struct hg_service *s);

static void tell_waiters(struct hg_service *s, bool ok)
{
    struct hg_reload *r = &s->reload;

    while (!hg_list_empty(&r->waiting)) {
        struct hg_waiter *w = HG_LIST_FIRST(&r->waiting, struct hg_waiter, node);

        hg_list_remove(&w->node);
        w->done(w, ok, hg_buf_data(&r->report));
    }
}

static void end(struct hg_service *s, bool ok)
{
    struct hg_reload *r = &s->reload;

    r->ended = hg_loop_wall(s->loop);
    r->succeeded = ok;
    r->failures += ok ? 0 : 1;
    hg_stats_reloaded(s->stats, ok, s->number, r->ended);
    r->under_way = false;
    if (!s->draining)
        hg_notify(s->o->notify_socket, "READY=1\nSTATUS=%s, generation %llu",
                  ok ? "Serving" : "Reload failed", (unsigned long long)s->number);
    hg_log_flush(s->o->log);
    tell_waiters(s, ok);
    hg_buf_free(&r->report);
    if (r->again)
        start(s);
}

static void fail(struct hg_service *s, const char *why)
{
    say(s, "%s; nothing was changed", why);
    hg_log_event(s->o->log, HG_LOG_ERROR, HG_EVENT_RELOAD_FAILED, "%s; generation %llu goes on", why,
                 (unsigned long long)s->number);
    end(s, false);
}

/* ---- what can fail ---- */

static void report_diagnostics(struct hg_service *s, const struct hg_diag *d)
{
    enum hg_severity severity;
    const char *line;

    for (size_t i = 0; (line = hg_diag_line(d, i, &severity)) != NULL; i++) {
        bool bad = severity == HG_SEVERITY_ERROR;

        say(s, "%s", line);
        hg_log_event(s->o->log, bad ? HG_LOG_ERROR : HG_LOG_WARN,
                     bad ? HG_EVENT_CONFIG_ERROR : HG_EVENT_CONFIG_WARNING, "%s", line);
    }
}

static struct hg_plan *read_plan(struct hg_service *s)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *plan = d != NULL ? s->o->read(s->o->ctx, d) : NULL;

    if (d == NULL)
        return NULL;
    report_diagnostics(s, d);
    hg_diag_free(d);
    return plan;
}

static bool differ(const char *a, const char *b)
{
    return a != b && (a == NULL || b == NULL || strcmp(a, b) != 0);
}

static void note_start_only(struct hg_service *s, const char *key, bool changed)
{
    if (!changed)
        return;
    say(s, "warning: %s: the change takes effect at the next start", key);
    hg_log_event(s->o->log, HG_LOG_WARN, HG_EVENT_CONFIG_WARNING,
                 "%s: the change takes effect at the next start", key);
}

static void compare_globals(struct hg_service *s, const struct hg_global *is)
{
    note_start_only(s, "global.threads", is->threads != s->workers);
    note_start_only(s, "global.user", differ(s->fixed.user, is->user));
    note_start_only(s, "global.group", differ(s->fixed.group, is->group));
    note_start_only(s, "global.control",
                    differ(s->fixed.control, is->control) || s->fixed.control_mode != is->control_mode);
}

/* Reads, compiles, binds. Nothing of what is in force is touched. */
static bool build(struct hg_service *s)
{
    struct hg_reload *r = &s->reload;
    struct hg_plan *plan = read_plan(s);

    if (plan == NULL) {
        snprintf(s->err, sizeof(s->err), "the configuration has errors");
        return false;
    }
    compare_globals(s, &plan->global);
    r->generation = hg_generation_new(plan, s->generation, s->err, sizeof(s->err));
    if (r->generation == NULL)
        return false;
    r->bindings = hg_bindings_open(s, r->generation, s->bindings, s->err, sizeof(s->err));
    return r->bindings != NULL;
}

static void unbuild(struct hg_service *s)
{
    struct hg_reload *r = &s->reload;

    hg_bindings_free(&r->bindings, s->bindings);
    hg_generation_unref(&r->generation);
}

/* ---- what cannot ---- */

static void set_modes(struct hg_service *s, const struct hg_bindings *b)
{
    for (size_t i = 0; i < b->entries.n; i++) {
        const struct hg_entry *e = &b->entries.entry[i];

        if (hg_bindings_has(s->bindings, b->listener[i]) &&
            !hg_listener_mode(b->listener[i], &e->frontend->bind[e->bind]))
            say(s, "warning: %s: its mode cannot be changed", b->listener[i]->address);
    }
}

static void write_ready(struct hg_service *s)
{
    const char *path = s->o->ready_file != NULL ? s->o->ready_file : s->generation->plan->global.ready_file;

    if (path == NULL || hg_ready_write(path, s->bindings, s->err, sizeof(s->err)))
        return;
    say(s, "warning: %s", s->err);
    hg_log_event(s->o->log, HG_LOG_WARN, HG_EVENT_READY_FILE, "%s", s->err);
}

static size_t fresh(const struct hg_bindings *b, const struct hg_bindings *than)
{
    size_t n = 0;

    for (size_t i = 0; i < b->entries.n; i++)
        n += !hg_bindings_has(than, b->listener[i]);
    return n;
}

/* Closes what goes before it says so: who reads that will not be let in there any more. */
static void announce(struct hg_service *s, struct hg_bindings **old)
{
    const struct hg_plan *p = s->generation->plan;
    char text[256];

    snprintf(
        text, sizeof(text),
        "generation %llu is in force: %zu frontends, %zu backends, %zu listeners (%zu opened, %zu closed)",
        (unsigned long long)s->number, p->frontends, p->backends, s->bindings->entries.n,
        fresh(s->bindings, *old), fresh(*old, s->bindings));
    hg_bindings_announce(s->o->log, s->bindings, *old);
    hg_bindings_free(old, s->bindings);
    say(s, "%s", text);
    hg_log_event(s->o->log, HG_LOG_INFO, HG_EVENT_RELOAD, "%s", text);
}

/* All workers have changed over: nobody looks at the old bindings any more. */
static void finish(struct hg_service *s)
{
    struct hg_reload *r = &s->reload;
    struct hg_bindings *old = s->bindings;
    struct hg_generation *was = s->generation;

    hg_guard_files_write(s->guard_files); /* those that the new one does not have any more */
    s->bindings = r->bindings;
    s->generation = r->generation;
    s->number++;
    hg_log_set_level(s->o->log, s->generation->plan->global.log_level);
    hg_log_set_format(s->o->log, s->generation->plan->global.log.format);
    if (!hg_service_reopen_log(s))
        say(s, "warning: %s; the log goes on where it was", s->err);
    r->bindings = NULL;
    r->generation = NULL;
    if (s->health != NULL && !hg_health_use(s->health, s->generation))
        hg_log_event(s->o->log, HG_LOG_ERROR, HG_EVENT_HEALTH_OFF,
                     "no memory for health checks: there are none");
    hg_credentials_watch(s);
    hg_guard_files_use(s->guard_files);
    write_ready(s);
    announce(s, &old);
    hg_retired_add(s, was);
    end(s, true);
}

static void worker_has_switched(struct hg_post *p)
{
    struct hg_service *s = HG_CONTAINER_OF(p, struct hg_ack, post)->service;

    HG_ASSERT(s->reload.pending > 0);
    if (--s->reload.pending == 0)
        finish(s);
}

static void switched(void *ctx)
{
    struct hg_ack *a = ctx;

    hg_loop_post(a->service->loop, &a->post);
}

static bool prepare_switches(struct hg_service *s, struct hg_switch **all)
{
    struct hg_reload *r = &s->reload;

    if (r->retiring == NULL)
        r->retiring = hg_retired_new();
    for (size_t i = 0; i < s->workers; i++) {
        s->ack[i] = (struct hg_ack){.post.run = worker_has_switched, .service = s};
        all[i] = hg_switch_new(s->worker[i], r->bindings, switched, &s->ack[i]);
    }
    for (size_t i = 0; i < s->workers; i++)
        if (all[i] == NULL || r->retiring == NULL) {
            for (size_t j = 0; j < s->workers; j++)
                hg_switch_free(all[j]);
            snprintf(s->err, sizeof(s->err), "out of memory");
            return false;
        }
    return true;
}

static void change_over(struct hg_service *s)
{
    struct hg_switch **all = calloc(s->workers, sizeof(struct hg_switch *));

    if (all == NULL || !prepare_switches(s, all)) {
        unbuild(s);
        fail(s, "out of memory");
    } else {
        hg_credentials_load(s, s->reload.generation->plan);
        set_modes(s, s->reload.bindings);
        s->reload.pending = s->workers;
        for (size_t i = 0; i < s->workers; i++)
            hg_worker_switch(all[i]);
    }
    free(all);
}

static void start(struct hg_service *s)
{
    struct hg_reload *r = &s->reload;
    struct timespec now = {0};
    char why[sizeof(s->err)];

    HG_ASSERT(!r->under_way && hg_list_empty(&r->waiting));
    r->under_way = true;
    r->again = false;
    while (!hg_list_empty(&r->later)) {
        struct hg_list *n = r->later.next;

        hg_list_remove(n);
        hg_list_push_back(&r->waiting, n);
    }
    hg_buf_init(&r->report, HG_LIMIT_CONTROL_ANSWER, false);
    if (s->draining) {
        fail(s, "hdrgate is shutting down");
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    hg_notify(s->o->notify_socket, "RELOADING=1\nMONOTONIC_USEC=%llu",
              (unsigned long long)now.tv_sec * 1000000u + (unsigned long long)now.tv_nsec / 1000u);
    if (build(s)) {
        change_over(s);
        return;
    }
    snprintf(why, sizeof(why), "%s", s->err);
    unbuild(s);
    fail(s, why);
}

/* ---- who asks ---- */

void hg_reload_ask(struct hg_service *s, struct hg_waiter *w)
{
    struct hg_reload *r = &s->reload;

    if (w != NULL) {
        hg_list_init(&w->node);
        hg_list_push_back(&r->later, &w->node);
    }
    if (r->under_way)
        r->again = true;
    else
        start(s);
}

void hg_reload_forget(struct hg_waiter *w)
{
    hg_list_remove(&w->node);
}

void hg_reload_init(struct hg_service *s)
{
    hg_list_init(&s->reload.waiting);
    hg_list_init(&s->reload.later);
    hg_retired_init(s);
}
