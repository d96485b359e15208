/* SPDX-License-Identifier: MIT
 *
 * Brings the parts up in an order in which every failure is an exit with one
 * sentence, runs the main thread's loop (signals, reload, health checks), and
 * takes them down.
 */
#include "server/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};

void hg_service_counts(const struct hg_service *s, struct hg_counts *sum)
{
    hg_stats_sum(s->stats, sum);
}

static void put_counts(const void *ctx, struct hg_json *j)
{
    hg_counts_json(ctx, j);
}

/* With the counters, which formats leave out. cause: NULL, or what asked for it. */
static void log_counts(const struct hg_service *s, enum hg_event_id event, const char *message,
                       const char *cause)
{
    struct hg_counts sum;
    struct hg_event e;

    hg_service_counts(s, &sum);
    hg_event_begin(&e, event, HG_LOG_INFO);
    hg_event_word(&e, HG_EV_MESSAGE, message);
    hg_event_word(&e, HG_EV_CAUSE, cause);
    e.ctx = &sum;
    e.more = put_counts;
    hg_log_put(s->o->log, NULL, &e);
    hg_log_flush(s->o->log);
}

/* A worker's post can be under way only once, so later signals find nothing left to do. */
static void cut_all(struct hg_service *s)
{
    if (s->cutting)
        return;
    s->cutting = true;
    hg_credentials_stop(s);
    for (size_t i = 0; i < s->workers && s->worker != NULL; i++)
        if (s->worker[i] != NULL)
            hg_worker_cut(s->worker[i]);
}

static void grace_over(struct hg_timer *t)
{
    struct hg_service *s = HG_CONTAINER_OF(t, struct hg_service, grace);

    log_counts(s, HG_EVENT_DRAIN_TIMEOUT, "the grace time (global.drain) is over; ending what is left", NULL);
    cut_all(s);
}

void hg_service_drain(struct hg_service *s, const char *cause)
{
    uint64_t grace = s->generation->plan->global.drain;

    if (s->draining)
        return;
    s->draining = true;
    hg_notify(s->o->notify_socket, "STOPPING=1\nSTATUS=Waiting for running exchanges");
    hg_health_free(s->health);
    s->health = NULL;
    log_counts(s, HG_EVENT_SHUTDOWN, "no new connections; waiting for running exchanges", cause);
    for (size_t i = 0; i < s->workers; i++)
        hg_worker_drain(s->worker[i]);
    hg_timer_set(&s->grace, grace != 0 ? grace : 1);
}

static bool use_usage_log(struct hg_service *s)
{
    const struct hg_global *g = &s->generation->plan->global;
    const struct hg_usage_target to = {g->usage_log.to, g->usage_log.mode, (size_t)g->usage_log.queue};

    return hg_usage_log_use(s->usage_log, &to, s->err, sizeof(s->err));
}

static bool reopen_failed(struct hg_service *s, enum hg_event_id event)
{
    hg_log_event(s->o->log, HG_LOG_ERROR, event, "%s; it goes on where it was", s->err);
    hg_log_flush(s->o->log);
    return false;
}

bool hg_service_reopen_log(struct hg_service *s)
{
    const struct hg_log_target *to = &s->generation->plan->global.log_target;
    bool ok = use_usage_log(s) || reopen_failed(s, HG_EVENT_TOKEN_LOG_INIT_ERROR);

    return (hg_log_reopen(s->o->log, to, s->err, sizeof(s->err)) ||
            reopen_failed(s, HG_EVENT_LOG_REOPEN_FAILED)) &&
           ok;
}

static void on_signal(void *ctx, int signum)
{
    struct hg_service *s = ctx;

    switch (signum) {
    case SIGUSR1:
        log_counts(s, HG_EVENT_STATUS, "counters", NULL);
        break;
    case SIGUSR2:
        if (hg_service_reopen_log(s))
            hg_log_event(s->o->log, HG_LOG_INFO, HG_EVENT_LOG_REOPENED, "the log was opened anew");
        hg_log_flush(s->o->log);
        break;
    case SIGHUP:
        hg_reload_ask(s, NULL);
        break;
    default:
        if (s->draining)
            cut_all(s);
        else
            hg_service_drain(s, signum == SIGINT ? "SIGINT" : "SIGTERM");
    }
}

static void worker_gone(struct hg_post *p)
{
    struct hg_service *s = HG_CONTAINER_OF(p, struct hg_ack, post)->service;

    HG_ASSERT(s->running > 0);
    if (--s->running == 0)
        hg_loop_stop(s->loop);
}

static void worker_ended(void *ctx)
{
    struct hg_ack *e = ctx;

    hg_loop_post(e->service->loop, &e->post);
}

/* The first bindings of a worker; nobody waits for it to have them. */
static void bound(void *ctx)
{
    (void)ctx;
}

static bool start_worker(struct hg_service *s, size_t i)
{
    struct hg_worker_options wo = {
        .index = i,
        .retry_total = HG_LIMIT_RETRY_TOTAL / s->workers,
        .stats = s->stats,
        .log = s->o->log,
        .sources = s->sources,
        .usage_log = s->usage_log,
        .ended = worker_ended,
        .ctx = &s->ended[i],
    };
    struct hg_switch *first;

    s->ended[i] = (struct hg_ack){.post.run = worker_gone, .service = s};
    s->worker[i] = hg_worker_new(&wo, s->err, sizeof(s->err));
    if (s->worker[i] == NULL)
        return false;
    first = hg_switch_new(s->worker[i], s->bindings, bound, NULL);
    if (first == NULL || !hg_worker_start(s->worker[i])) {
        snprintf(s->err, sizeof(s->err), "worker %zu: the system gives us no thread", i);
        hg_switch_free(first);
        return false;
    }
    hg_worker_switch(first);
    s->running++;
    return true;
}

static bool start_workers(struct hg_service *s)
{
    for (size_t i = 0; i < s->workers; i++)
        if (!start_worker(s, i))
            return false;
    return true;
}

static bool open_listeners(struct hg_service *s)
{
    s->workers = s->generation->plan->global.threads;
    s->stats = hg_stats_new(s->workers, s->started);
    s->worker = calloc(s->workers, sizeof(struct hg_worker *));
    s->ack = calloc(s->workers, sizeof(*s->ack));
    s->ended = calloc(s->workers, sizeof(*s->ended));
    if (s->worker == NULL || s->ack == NULL || s->ended == NULL || s->stats == NULL) {
        snprintf(s->err, sizeof(s->err), "out of memory");
        return false;
    }
    s->bindings = hg_bindings_open(s, s->generation, NULL, s->err, sizeof(s->err));
    return s->bindings != NULL;
}

static void turn_end(void *ctx)
{
    struct hg_service *s = ctx;

    (void)hg_log_flush(s->o->log);
}

static bool open_loop(struct hg_service *s)
{
    s->loop = hg_loop_new();
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (s->loop == NULL || !hg_loop_signal(s->loop, signals[i], on_signal, s)) {
            snprintf(s->err, sizeof(s->err), "the main loop cannot start: out of memory or descriptors");
            return false;
        }
    }
    hg_timer_init(&s->grace, s->loop, grace_over);
    hg_reload_init(s);
    s->dns = hg_dns_new(s->loop);
    s->health = s->dns != NULL ? hg_health_new(s->loop, s->dns, s->o->log) : NULL;
    if (s->health == NULL || !hg_health_use(s->health, s->generation)) {
        snprintf(s->err, sizeof(s->err), "health checks cannot start: out of memory or descriptors");
        return false;
    }
    hg_loop_on_turn_end(s->loop, turn_end, s);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log at its size limit is a write that fails */
    return true;
}

/* As the user that we have become: who cannot make the file now could not after a rotation either. */
static bool open_usage_log(struct hg_service *s)
{
    s->usage_log = hg_usage_log_new(s->o->log, hg_stats_counters(s->stats, s->workers + 1));
    if (s->usage_log == NULL)
        snprintf(s->err, sizeof(s->err), "out of memory");
    return s->usage_log != NULL && use_usage_log(s);
}

static void log_startup(const struct hg_service *s)
{
    char message[128];
    struct hg_event e;

    snprintf(message, sizeof(message), "hdrgate " HG_VERSION " is ready: %zu threads, %zu listeners",
             s->workers, s->bindings->entries.n);
    hg_event_begin(&e, HG_EVENT_STARTUP, HG_LOG_INFO);
    hg_event_word(&e, HG_EV_MESSAGE, message);
    hg_event_word(&e, HG_EV_VERSION, HG_VERSION);
    hg_event_number(&e, HG_EV_THREADS, s->workers);
    hg_event_number(&e, HG_EV_LISTENERS, s->bindings->entries.n);
    hg_log_put(s->o->log, NULL, &e);
}

static void announce(const struct hg_service *s)
{
    hg_bindings_announce(s->o->log, s->bindings, NULL);
    log_startup(s);
    hg_log_flush(s->o->log);
    hg_notify(s->o->notify_socket, "READY=1\nMAINPID=%ld\nSTATUS=Serving on %zu listeners", (long)getpid(),
              s->bindings->entries.n);
}

static bool open_control(struct hg_service *s)
{
    if (s->generation->plan->global.control == NULL)
        return true;
    s->control = hg_control_open(s, s->err, sizeof(s->err));
    return s->control != NULL;
}

static bool start_guard_files(struct hg_service *s)
{
    s->guard_files = hg_guard_files_new(s);
    if (s->guard_files == NULL)
        snprintf(s->err, sizeof(s->err), "out of memory");
    else
        hg_guard_files_use(s->guard_files);
    return s->guard_files != NULL;
}

static bool start_watchdog(struct hg_service *s)
{
    if (s->o->notify_socket == NULL || s->o->watchdog_us == 0)
        return true;
    s->watchdog = hg_watchdog_new(s);
    if (s->watchdog == NULL)
        snprintf(s->err, sizeof(s->err), "out of memory");
    return s->watchdog != NULL;
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

static bool keep(char **copy, const char *text)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *copy != NULL;
}

static bool keep_fixed(struct hg_service *s)
{
    const struct hg_global *g = &s->generation->plan->global;

    s->fixed.control_mode = g->control_mode;
    if (keep(&s->fixed.user, g->user) && keep(&s->fixed.group, g->group) &&
        keep(&s->fixed.control, g->control))
        return true;
    snprintf(s->err, sizeof(s->err), "out of memory");
    return false;
}

static bool bring_up(struct hg_service *s)
{
    const struct hg_global *g = &s->generation->plan->global;

    hg_log_set_format(s->o->log, g->log.format);
    raise_descriptors();
    return keep_fixed(s) && open_loop(s) && open_listeners(s) && open_control(s) &&
           hg_privilege_drop(g->user, g->group, s->err, sizeof(s->err)) &&
           hg_reread_check(s->generation->plan, s->err, sizeof(s->err)) && open_usage_log(s) &&
           hg_credentials_start(s) && start_guard_files(s) && start_workers(s) && start_watchdog(s);
}

/* The loop held the signals back and lets them go at its end; a second SIGTERM must not kill us while we
 * write the last lines. */
static void ignore_signals(void)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_IGN);
}

static void take_down(struct hg_service *s)
{
    ignore_signals();
    for (size_t i = 0; i < s->workers && s->worker != NULL; i++)
        hg_worker_free(s->worker[i]);
    hg_usage_log_free(s->usage_log, HG_TIME_USAGE_FLUSH);
    hg_bindings_free(&s->bindings, NULL);
    free(s->worker);
    free(s->ack);
    free(s->ended);
    hg_credentials_free(s);
    free(s->fixed.user);
    free(s->fixed.group);
    free(s->fixed.control);
    hg_health_free(s->health);
    if (s->dns != NULL)
        hg_dns_free(s->dns);
    hg_control_free(s->control);
    hg_watchdog_free(s->watchdog);
    hg_guard_files_free(s->guard_files);
    if (s->loop != NULL) {
        hg_retired_free(s);
        hg_timer_stop(&s->grace);
        hg_loop_free(s->loop);
    }
    hg_log_set_format(s->o->log, NULL);
    hg_generation_unref(&s->generation);
    hg_stats_free(s->stats);
}

static bool write_ready(struct hg_service *s)
{
    const char *path = s->o->ready_file != NULL ? s->o->ready_file : s->generation->plan->global.ready_file;

    return path == NULL || hg_ready_write(path, s->bindings, s->err, sizeof(s->err));
}

static uint64_t wall_clock(void)
{
    struct timespec t;

    return clock_gettime(CLOCK_REALTIME, &t) == 0
               ? (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u
               : 0;
}

int hg_server_run(const struct hg_server_options *o)
{
    struct hg_service s = {.o = o, .generation = o->generation, .number = 1, .started = wall_clock()};
    bool ok = bring_up(&s) && write_ready(&s);

    if (ok) {
        announce(&s);
    } else {
        fprintf(stderr, "hdrgate: %s\n", s.err);
        hg_log_event(o->log, HG_LOG_ERROR, HG_EVENT_START_FAILED, "%s", s.err);
        cut_all(&s);
    }
    if (s.running != 0)
        hg_loop_run(s.loop);
    if (ok)
        hg_guard_files_write(s.guard_files);
    if (ok)
        log_counts(&s, HG_EVENT_STOPPED, "all workers have ended", NULL);
    take_down(&s);
    return ok ? 0 : 1;
}
