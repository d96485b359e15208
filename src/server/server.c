/* SPDX-License-Identifier: MIT
 *
 * Brings the parts up in an order in which every failure is an exit with one
 * sentence, runs the main thread's loop (signals only), and takes them down.
 */
#include "server/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"
#include "server/worker.h"
#include "upstream/health.h"

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};

struct server {
    const struct hg_server_options *o;
    const struct hg_plan *plan;
    struct hg_loop *loop;
    struct hg_listener *listener;
    size_t listeners;
    struct hg_worker **worker;
    size_t workers, running;
    struct hg_timer grace;
    struct hg_dns *dns; /* of the health checks */
    struct hg_health_checks *health;
    bool draining, cutting;
    char err[1024];
};

static void count(const struct server *s, struct hg_counts *sum)
{
    *sum = (struct hg_counts){0};
    for (size_t i = 0; i < s->workers; i++)
        hg_counts_add(sum, hg_worker_counters(s->worker[i]));
}

static void log_counts(const struct server *s, const char *event, const char *message)
{
    char line[HG_LOG_LINE_MAX];
    struct hg_counts sum;
    struct hg_json j;

    count(s, &sum);
    hg_log_begin(&j, line, HG_LOG_INFO, event);
    hg_json_str(&j, "message", hg_slice_str(message));
    hg_counts_json(&sum, &j);
    hg_log_emit(s->o->log, &j);
    hg_log_flush(s->o->log);
}

/* A worker's post can be under way only once, so later signals find nothing left to do. */
static void cut_all(struct server *s)
{
    if (s->cutting)
        return;
    s->cutting = true;
    for (size_t i = 0; i < s->workers; i++)
        hg_worker_cut(s->worker[i]);
}

static void grace_over(struct hg_timer *t)
{
    struct server *s = HG_CONTAINER_OF(t, struct server, grace);

    log_counts(s, "drain_timeout", "the grace time (global.drain) is over; ending what is left");
    cut_all(s);
}

static void on_signal(void *ctx, int signum)
{
    struct server *s = ctx;

    if (signum == SIGUSR1) {
        log_counts(s, "status", "counters");
        return;
    }
    if (signum == SIGHUP) {
        hg_log_event(s->o->log, HG_LOG_WARN, "reload",
                     "reloading is not available in this version; restart instead");
        hg_log_flush(s->o->log);
        return;
    }
    if (s->draining) {
        cut_all(s);
        return;
    }
    s->draining = true;
    hg_health_free(s->health);
    s->health = NULL;
    log_counts(s, "shutdown", "no new connections; waiting for running exchanges");
    for (size_t i = 0; i < s->workers; i++)
        hg_worker_drain(s->worker[i]);
    hg_timer_set(&s->grace, s->plan->global.drain != 0 ? s->plan->global.drain : 1);
}

/* One post a worker: which one ended does not matter. */
struct ended_post {
    struct hg_post post;
    struct server *server;
};

static void worker_gone(struct hg_post *p)
{
    struct ended_post *e = HG_CONTAINER_OF(p, struct ended_post, post);
    struct server *s = e->server;

    free(e);
    HG_ASSERT(s->running > 0);
    if (--s->running == 0)
        hg_loop_stop(s->loop);
}

static void worker_ended(void *ctx)
{
    struct ended_post *e = ctx;

    hg_loop_post(e->server->loop, &e->post);
}

static bool open_listeners(struct server *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->plan->frontends; i++)
        n += s->plan->frontend[i].binds;
    s->listener = calloc(n + 1, sizeof(*s->listener));
    if (s->listener == NULL) {
        snprintf(s->err, sizeof(s->err), "out of memory");
        return false;
    }
    for (size_t i = 0; i < s->plan->frontends; i++) {
        const struct hg_frontend *f = &s->plan->frontend[i];

        for (size_t j = 0; j < f->binds; j++) {
            if (!hg_listener_open(&s->listener[s->listeners], f, j, s->plan->global.threads, s->err,
                                  sizeof(s->err)))
                return false;
            s->listeners++;
        }
    }
    return true;
}

static bool start_worker(struct server *s, size_t i)
{
    struct ended_post *e = calloc(1, sizeof(*e));
    const struct hg_worker_options wo = {
        .index = i,
        .generation = s->o->generation,
        .listeners = s->listener,
        .n_listeners = s->listeners,
        .retry_total = HG_LIMIT_RETRY_TOTAL / s->plan->global.threads,
        .log = s->o->log,
        .ended = worker_ended,
        .ctx = e,
    };

    if (e == NULL) {
        snprintf(s->err, sizeof(s->err), "out of memory");
        return false;
    }
    e->post.run = worker_gone;
    e->server = s;
    s->worker[i] = hg_worker_new(&wo, s->err, sizeof(s->err));
    if (s->worker[i] == NULL) {
        free(e);
        return false;
    }
    s->workers++;
    if (!hg_worker_start(s->worker[i])) {
        snprintf(s->err, sizeof(s->err), "worker %zu: the system gives us no thread", i);
        free(e);
        return false;
    }
    s->running++;
    return true;
}

static bool start_workers(struct server *s)
{
    size_t n = s->plan->global.threads;

    s->worker = calloc(n + 1, sizeof(struct hg_worker *));
    if (s->worker == NULL) {
        snprintf(s->err, sizeof(s->err), "out of memory");
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!start_worker(s, i))
            return false;
    return true;
}

static bool open_loop(struct server *s)
{
    s->loop = hg_loop_new();
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (s->loop == NULL || !hg_loop_signal(s->loop, signals[i], on_signal, s)) {
            snprintf(s->err, sizeof(s->err), "the main loop cannot start: out of memory or descriptors");
            return false;
        }
    }
    hg_timer_init(&s->grace, s->loop, grace_over);
    s->dns = hg_dns_new(s->loop);
    s->health = s->dns != NULL ? hg_health_new(s->loop, s->dns, s->o->log) : NULL;
    if (s->health == NULL || !hg_health_use(s->health, s->o->generation)) {
        snprintf(s->err, sizeof(s->err), "health checks cannot start: out of memory or descriptors");
        return false;
    }
    signal(SIGPIPE, SIG_IGN);
    return true;
}

static void announce(const struct server *s)
{
    struct hg_log *log = s->o->log;

    for (size_t i = 0; i < s->listeners; i++) {
        const struct hg_frontend *f = s->listener[i].frontend;

        hg_log_event(log, HG_LOG_INFO, "listening", "frontend %s on %s%s", f->name, s->listener[i].address,
                     f->bind[s->listener[i].bind].tls.cert != NULL ? " (TLS)" : "");
    }
    for (size_t i = 0; i < s->plan->frontends; i++)
        if (s->plan->frontend[i].missing.what != NULL)
            hg_log_event(log, HG_LOG_WARN, "not_configured", "frontend %s answers %u to everything: %s",
                         s->plan->frontend[i].name, s->plan->frontend[i].missing.status,
                         s->plan->frontend[i].missing.what);
    hg_log_event(log, HG_LOG_INFO, "startup", "hdrgate " HG_VERSION " is ready: %u threads, %zu listeners",
                 s->plan->global.threads, s->listeners);
    hg_log_flush(log);
}

/* As many descriptors as the system lets us have: each exchange takes two. */
static void raise_descriptors(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == r.rlim_max)
        return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static bool bring_up(struct server *s)
{
    const struct hg_global *g = &s->plan->global;

    raise_descriptors();
    return open_loop(s) && open_listeners(s) &&
           hg_privilege_drop(g->user, g->group, s->err, sizeof(s->err)) && start_workers(s);
}

/* With the loop the signals' handlers go; a second SIGTERM must not kill us while we write the last lines. */
static void hold_signals(void)
{
    sigset_t ours;

    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&ours, signals[i]);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
}

static void take_down(struct server *s)
{
    hold_signals();
    for (size_t i = 0; i < s->workers; i++)
        hg_worker_free(s->worker[i]);
    for (size_t i = 0; i < s->listeners; i++)
        hg_listener_close(&s->listener[i]);
    free(s->worker);
    free(s->listener);
    hg_health_free(s->health);
    if (s->dns != NULL)
        hg_dns_free(s->dns);
    if (s->loop != NULL) {
        hg_timer_stop(&s->grace);
        hg_loop_free(s->loop);
    }
}

int hg_server_run(const struct hg_server_options *o)
{
    struct server s = {.o = o, .plan = o->generation->plan};
    struct hg_generation *g = o->generation;
    bool ok = bring_up(&s);

    if (ok && o->ready_file != NULL)
        ok = hg_ready_write(o->ready_file, s.listener, s.listeners, s.err, sizeof(s.err));
    if (ok) {
        announce(&s);
    } else {
        fprintf(stderr, "hdrgate: %s\n", s.err);
        hg_log_event(o->log, HG_LOG_ERROR, "start_failed", "%s", s.err);
        cut_all(&s);
    }
    if (s.running != 0)
        hg_loop_run(s.loop);
    if (ok)
        log_counts(&s, "stopped", "all workers have ended");
    take_down(&s);
    hg_generation_unref(&g);
    return ok ? 0 : 1;
}
