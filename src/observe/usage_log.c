/* SPDX-License-Identifier: MIT
 *
 * The usage log's queue and the thread that writes it. A line stays in the queue
 * until it is written whole, so that a disk that was full loses nothing as long
 * as the queue has room.
 */
#include "observe/usage_log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "usage_file.h"

#define GRACE_US UINT64_C(1000000) /* for the write in which the end of the time finds the writer */

struct hg_usage_log {
    struct hg_log *log;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* of the writer, and at the end of who waits for its end */
    pthread_t thread;
    bool started;
    struct hg_usage_file file; /* the writer's */
    /* Under the lock: */
    struct hg_usage_file fresh; /* to go on with; fd -1: none */
    bool stop, ended;           /* the writer shall end; it has */
    uint64_t stop_at;           /* then what is left is given up; monotonic, microseconds */
    struct hg_buf lines;
    uint64_t put;  /* number of the last line taken */
    bool failing;  /* the last write failed, and that was said */
    bool dropping; /* the queue is full, and that was said */
    struct hg_list waiters;
    struct hg_counters *counters; /* written under the lock only */

    atomic_bool on, slow;
    _Atomic uint64_t done;
};

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void say(struct hg_usage_log *u, enum hg_log_level level, enum hg_event_id event, const char *text)
{
    hg_log_event(u->log, level, event, "%s", text);
    (void)hg_log_flush(u->log);
}

struct hg_usage_log *hg_usage_log_new(struct hg_log *log, struct hg_counters *counters)
{
    struct hg_usage_log *u = calloc(1, sizeof(*u));
    pthread_condattr_t monotonic;

    if (u == NULL)
        return NULL;
    u->log = log;
    u->counters = counters;
    u->file.fd = u->fresh.fd = -1;
    hg_list_init(&u->waiters);
    hg_buf_init(&u->lines, HG_LIMIT_USAGE_QUEUE_DEFAULT, false);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return u;
}

/* ---- the writer ---- */

/* With the lock held, which waiting gives up. */
static void sleep_ms(struct hg_usage_log *u, unsigned ms)
{
    uint64_t until = now_us() + ms * UINT64_C(1000);
    struct timespec t = {.tv_sec = (time_t)(until / 1000000u), .tv_nsec = (long)(until % 1000000u) * 1000};

    (void)pthread_cond_timedwait(&u->wake, &u->lock, &t);
}

static bool time_is_over(const struct hg_usage_log *u)
{
    return u->stop && now_us() >= u->stop_at;
}

/* What was begun in a file that is left is begun anew in the next: there it is a whole line. */
static void take_fresh(struct hg_usage_log *u)
{
    if (u->fresh.fd < 0)
        return;
    hg_usage_file_close(&u->file);
    u->file = u->fresh;
    u->fresh = (struct hg_usage_file){.fd = -1};
}

static struct hg_slice first_line(struct hg_usage_log *u, char out[HG_LOG_LINE_MAX])
{
    struct hg_slice all = hg_buf_data(&u->lines);
    ptrdiff_t end = hg_slice_find(all, '\n');

    HG_ASSERT(all.p != NULL && end >= 0 && end < HG_LOG_LINE_MAX);
    memcpy(out, all.p, (size_t)end + 1);
    return hg_slice(out, (size_t)end + 1);
}

static void tell_waiters(struct hg_usage_log *u)
{
    for (struct hg_list *n = u->waiters.next; n != &u->waiters; n = n->next) {
        struct hg_usage_waiter *w = HG_CONTAINER_OF(n, struct hg_usage_waiter, node);

        if (w->last >= atomic_load_explicit(&u->done, memory_order_relaxed))
            w->written(w->ctx);
    }
}

static void written(struct hg_usage_log *u, size_t n)
{
    hg_buf_consume(&u->lines, n);
    atomic_fetch_add_explicit(&u->done, 1, memory_order_release);
    HG_COUNT_ADD(u->counters, usage_lines_total, 1);
    if (u->failing)
        say(u, HG_LOG_INFO, HG_EVENT_TOKEN_LOG_RECOVERED, "the usage log can be written again");
    u->failing = false;
    if (hg_buf_len(&u->lines) == 0) {
        atomic_store(&u->slow, false);
        u->dropping = false;
        hg_buf_trim(&u->lines);
    }
    tell_waiters(u);
}

/* Said once, until a line gets through. */
static void failed(struct hg_usage_log *u, int why)
{
    char text[300];

    HG_COUNT_ADD(u->counters, usage_log_errors_total, 1);
    if (u->failing)
        return;
    u->failing = true;
    snprintf(text, sizeof(text), "the usage log cannot be written: %s: %s; lines wait in memory",
             u->file.path, strerror(why));
    say(u, HG_LOG_WARN, HG_EVENT_TOKEN_LOG_ERROR, text);
}

/* A rotation that told nobody. Where a new file cannot be made we go on in the old one. */
static void follow_name(struct hg_usage_log *u)
{
    struct hg_usage_file next;
    char err[512];

    if (u->file.begun != 0 || !hg_usage_file_moved(&u->file) ||
        !hg_usage_file_open(&next, u->file.path, u->file.mode, err, sizeof(err)))
        return;
    hg_usage_file_close(&u->file);
    u->file = next;
}

/* Without the lock: this is what may take its time. */
static enum hg_usage_written write_line(struct hg_usage_log *u, struct hg_slice line, int *why)
{
    enum hg_usage_written r;

    follow_name(u);
    r = hg_usage_file_write(&u->file, line);
    *why = errno;
    if (r == HG_USAGE_LATER) {
        struct pollfd p = {.fd = u->file.fd, .events = POLLOUT};

        (void)poll(&p, 1, HG_TIME_USAGE_LOOK);
    }
    return r;
}

/* One line, or one attempt at it. */
static void step(struct hg_usage_log *u)
{
    char room[HG_LOG_LINE_MAX];
    struct hg_slice line = first_line(u, room);
    enum hg_usage_written r;
    int why;

    pthread_mutex_unlock(&u->lock);
    r = write_line(u, line, &why);
    pthread_mutex_lock(&u->lock);
    if (r == HG_USAGE_WRITTEN) {
        written(u, line.n);
        return;
    }
    atomic_store(&u->slow, true);
    if (r != HG_USAGE_FAILED)
        return;
    failed(u, why);
    if (!time_is_over(u))
        sleep_ms(u, u->stop ? HG_TIME_USAGE_LOOK : HG_TIME_USAGE_AGAIN);
}

static void *writer(void *arg)
{
    struct hg_usage_log *u = arg;

    pthread_mutex_lock(&u->lock);
    for (;;) {
        take_fresh(u);
        if (hg_buf_len(&u->lines) != 0 && !time_is_over(u))
            step(u);
        else if (u->stop)
            break;
        else if (u->fresh.fd < 0)
            pthread_cond_wait(&u->wake, &u->lock);
    }
    u->ended = true;
    pthread_cond_signal(&u->wake);
    pthread_mutex_unlock(&u->lock);
    return NULL;
}

static bool start(struct hg_usage_log *u)
{
    sigset_t all, old;

    if (u->started)
        return true;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    u->started = pthread_create(&u->thread, NULL, writer, u) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return u->started;
}

bool hg_usage_log_use(struct hg_usage_log *u, const struct hg_usage_target *to, char *err, size_t errlen)
{
    struct hg_usage_file next;

    if (to->to == NULL) { /* what waits is still written where it belongs */
        atomic_store(&u->on, false);
        return true;
    }
    if (!hg_usage_file_open(&next, to->to, to->mode, err, errlen))
        return false;
    pthread_mutex_lock(&u->lock);
    hg_usage_file_close(&u->fresh);
    u->fresh = next;
    hg_buf_limit(&u->lines, to->queue);
    pthread_cond_signal(&u->wake);
    pthread_mutex_unlock(&u->lock);
    if (!start(u)) {
        snprintf(err, errlen, "global.usage-log: the system gives us no thread");
        return false;
    }
    atomic_store(&u->on, true);
    return true;
}

static void say_lost(struct hg_usage_log *u)
{
    uint64_t lost = u->put - atomic_load(&u->done);

    if (lost == 0)
        return;
    hg_log_event(u->log, HG_LOG_WARN, HG_EVENT_TOKEN_LOG_LOST,
                 "%llu lines of the usage log could not be written before the end", (unsigned long long)lost);
    (void)hg_log_flush(u->log);
}

/* False: it hangs in a write that does not return. */
static bool stop_writer(struct hg_usage_log *u, unsigned wait_ms)
{
    bool ended;

    pthread_mutex_lock(&u->lock);
    u->stop = true;
    u->stop_at = now_us() + wait_ms * UINT64_C(1000);
    pthread_cond_signal(&u->wake);
    while (!u->ended && now_us() < u->stop_at + GRACE_US)
        sleep_ms(u, HG_TIME_USAGE_LOOK);
    ended = u->ended;
    pthread_mutex_unlock(&u->lock);
    return ended && pthread_join(u->thread, NULL) == 0;
}

void hg_usage_log_free(struct hg_usage_log *u, unsigned wait_ms)
{
    if (u == NULL)
        return;
    HG_ASSERT(hg_list_empty(&u->waiters));
    if (u->started && !stop_writer(u, wait_ms)) {
        say_lost(u);
        return; /* the thread still has it; the process ends anyway */
    }
    say_lost(u);
    hg_usage_file_close(&u->file);
    hg_usage_file_close(&u->fresh);
    hg_buf_free(&u->lines);
    pthread_cond_destroy(&u->wake);
    pthread_mutex_destroy(&u->lock);
    free(u);
}

/* ---- who hands lines in ---- */

void hg_usage_log_attach(struct hg_usage_log *u, struct hg_usage_waiter *w)
{
    hg_list_init(&w->node);
    if (u == NULL)
        return;
    pthread_mutex_lock(&u->lock);
    hg_list_push_back(&u->waiters, &w->node);
    pthread_mutex_unlock(&u->lock);
}

void hg_usage_log_detach(struct hg_usage_log *u, struct hg_usage_waiter *w)
{
    if (u == NULL)
        return;
    pthread_mutex_lock(&u->lock);
    hg_list_remove(&w->node);
    pthread_mutex_unlock(&u->lock);
}

bool hg_usage_log_on(const struct hg_usage_log *u)
{
    return u != NULL && atomic_load_explicit(&u->on, memory_order_relaxed);
}

static bool append(struct hg_usage_log *u, struct hg_slice line)
{
    char *to = hg_buf_reserve(&u->lines, line.n + 1, NULL);

    if (to == NULL)
        return false;
    memcpy(to, line.p, line.n);
    to[line.n] = '\n';
    hg_buf_commit(&u->lines, line.n + 1);
    return true;
}

static void dropped(struct hg_usage_log *u)
{
    HG_COUNT_ADD(u->counters, usage_lines_dropped_total, 1);
    if (u->dropping)
        return;
    u->dropping = true;
    hg_log_event(u->log, HG_LOG_WARN, HG_EVENT_TOKEN_LOG_BACKPRESSURE,
                 "the queue of the usage log is full (global.usage-log.queue): lines are lost");
}

uint64_t hg_usage_log_put(struct hg_usage_log *u, struct hg_usage_waiter *w, struct hg_slice line)
{
    uint64_t number = 0;

    HG_ASSERT(line.n > 0 && line.n <= HG_USAGE_LINE_MAX);
    if (!hg_usage_log_on(u))
        return 0;
    pthread_mutex_lock(&u->lock);
    if (!append(u, line)) {
        dropped(u);
    } else {
        u->put++;
        pthread_cond_signal(&u->wake);
        if (atomic_load(&u->slow))
            HG_COUNT_ADD(u->counters, usage_lines_delayed_total, 1);
        else
            number = u->put;
        if (number != 0 && w != NULL)
            w->last = number;
    }
    pthread_mutex_unlock(&u->lock);
    return number;
}

uint64_t hg_usage_log_done(const struct hg_usage_log *u)
{
    return atomic_load_explicit(&u->done, memory_order_acquire);
}

void hg_usage_log_late(struct hg_usage_log *u)
{
    pthread_mutex_lock(&u->lock);
    HG_COUNT_ADD(u->counters, usage_lines_delayed_total, 1);
    atomic_store(&u->slow, hg_buf_len(&u->lines) != 0);
    pthread_mutex_unlock(&u->lock);
}
