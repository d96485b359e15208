/* SPDX-License-Identifier: MIT
 *
 * The log sink. Lines gather under a lock; the loop's turn ends with a flush
 * that writes as much as the reader takes. Losing lines is better than making
 * a gateway wait for its log, but it is never silent: the count is a line too.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "log_sink.h"

#define DROP_LINE_MAX 256u

struct hg_log {
    pthread_mutex_t lock;
    struct hg_log_sink sink;
    _Atomic enum hg_log_level least;
    struct hg_buf lines;
    uint64_t reported; /* of dropped */
    uint64_t saying;   /* how many of those the report says that still waits in lines; 0: none waits */
    size_t report_end; /* bytes of lines up to the end of that report */
    pthread_mutex_t format_lock; /* held while a line is made; never while lock is waited for */
    const struct hg_log_format *format;
    bool torn; /* the last byte written is in the middle of a line */
    bool cut;  /* and the rest of that line was dropped */
    _Atomic uint64_t dropped;
    atomic_bool pending; /* lines may wait: lets an idle flush skip the lock */
};

static struct hg_log *log_new(const struct hg_log_sink *sink, enum hg_log_level least)
{
    struct hg_log *log = calloc(1, sizeof(*log));
    if (!log)
        return NULL;
    if (pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return NULL;
    }
    if (pthread_mutex_init(&log->format_lock, NULL) != 0) {
        pthread_mutex_destroy(&log->lock);
        free(log);
        return NULL;
    }
    log->sink = *sink;
    atomic_init(&log->least, least);
    hg_buf_init(&log->lines, HG_LIMIT_LOG_BUFFER, false);
    return log;
}

struct hg_log *hg_log_new(int fd, enum hg_log_level least)
{
    struct hg_log_sink sink;
    hg_log_sink_fd(&sink, fd);
    struct hg_log *log = log_new(&sink, least);
    if (!log)
        hg_log_sink_close(&sink);
    return log;
}

struct hg_log *hg_log_open(const struct hg_log_target *to, enum hg_log_level least, char *err, size_t errlen)
{
    struct hg_log_sink sink;
    if (!hg_log_sink_open(&sink, to, err, errlen))
        return NULL;
    struct hg_log *log = log_new(&sink, least);
    if (log)
        return log;
    snprintf(err, errlen, "out of memory");
    hg_log_sink_close(&sink);
    return NULL;
}

static uint64_t now_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t count_lines(struct hg_slice data)
{
    uint64_t n = 0;
    for (ptrdiff_t at; (at = hg_slice_find(data, '\n')) >= 0; n++)
        data = hg_slice_from(data, (size_t)at + 1);
    return n;
}

/* The reader is gone or the disk is full: waiting lines are lost, and counted. A report among them is no line
 * of somebody, and has to be said again. */
static void drop_all(struct hg_log *log)
{
    uint64_t lines = count_lines(hg_buf_data(&log->lines));
    if (log->saying > 0) {
        HG_ASSERT(lines > 0 && log->reported >= log->saying);
        lines--;
        log->reported -= log->saying;
        log->saying = 0;
    }
    log->cut = log->torn;
    atomic_fetch_add(&log->dropped, lines);
    hg_buf_consume(&log->lines, hg_buf_len(&log->lines));
}

static void written(struct hg_log *log, struct hg_slice data)
{
    HG_ASSERT(data.p != NULL && data.n > 0);
    log->torn = data.p[data.n - 1] != '\n';
    hg_buf_consume(&log->lines, data.n);
    if (log->saying > 0 && data.n >= log->report_end)
        log->saying = 0;
    else if (log->saying > 0)
        log->report_end -= data.n;
}

/* A line whose rest was dropped ends before the next one begins. */
static ssize_t write_some(struct hg_log *log, struct hg_slice data)
{
    if (log->torn && log->cut) {
        ssize_t n = hg_log_sink_write(&log->sink, HG_LIT("\n"));
        if (n < 0)
            return n;
        log->torn = log->cut = false;
    }
    return hg_log_sink_write(&log->sink, data);
}

static void write_waiting(struct hg_log *log)
{
    while (hg_buf_len(&log->lines) > 0) {
        struct hg_slice data = hg_buf_data(&log->lines);
        ssize_t n = write_some(log, data);
        if (n > 0) {
            written(log, hg_slice(data.p, (size_t)n));
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            drop_all(log);
            return;
        }
    }
    hg_buf_trim(&log->lines);
}

/* Not as soon as one line fits, or a slow reader would get a report for every few lines. It is our own line
 * in every format: whoever reads a log must be able to see that it has holes. */
static void report_dropped(struct hg_log *log, size_t room)
{
    char out[DROP_LINE_MAX], when[HG_TEXT_TIME_LEN];
    struct hg_json j;
    uint64_t dropped = atomic_load(&log->dropped);
    if (dropped == log->reported || log->saying > 0 || hg_buf_space(&log->lines) < room)
        return;
    hg_text_time(now_us(CLOCK_REALTIME), when);
    hg_json_begin(&j, out, sizeof(out));
    hg_json_str(&j, "timestamp", hg_slice_str(when));
    hg_json_str(&j, "level", HG_LIT("warn"));
    hg_json_str(&j, "event", HG_LIT("log-dropped"));
    hg_json_u64(&j, "lines", dropped - log->reported);
    struct hg_slice line = hg_json_end(&j);
    HG_ASSERT(line.n + 1 <= DROP_LINE_MAX);
    char *to = hg_buf_reserve(&log->lines, line.n + 1, NULL);
    if (!to)
        return;
    memcpy(to, line.p, line.n);
    to[line.n] = '\n';
    hg_buf_commit(&log->lines, line.n + 1);
    log->saying = dropped - log->reported;
    log->report_end = hg_buf_len(&log->lines);
    log->reported = dropped;
}

bool hg_log_flush(struct hg_log *log)
{
    if (!log || !atomic_load_explicit(&log->pending, memory_order_acquire))
        return true;
    pthread_mutex_lock(&log->lock);
    write_waiting(log);
    bool all = hg_buf_len(&log->lines) == 0;
    atomic_store_explicit(&log->pending, !all, memory_order_release);
    pthread_mutex_unlock(&log->lock);
    return all;
}

bool hg_log_reopen(struct hg_log *log, const struct hg_log_target *to, char *err, size_t errlen)
{
    struct hg_log_sink sink;
    if (!log || hg_log_sink_same_standard(&log->sink, to))
        return true;
    if (!hg_log_sink_open(&sink, to, err, errlen))
        return false;
    pthread_mutex_lock(&log->lock);
    write_waiting(log); /* what was said before belongs to where it was said */
    struct hg_log_sink old = log->sink;
    log->sink = sink;
    log->torn = log->cut = false;
    pthread_mutex_unlock(&log->lock);
    hg_log_sink_close(&old);
    return true;
}

void hg_log_free(struct hg_log *log, unsigned wait_ms)
{
    if (!log)
        return;
    uint64_t end = now_us(CLOCK_MONOTONIC) + (uint64_t)wait_ms * 1000u;
    pthread_mutex_lock(&log->lock);
    report_dropped(log, DROP_LINE_MAX);
    atomic_store(&log->pending, hg_buf_len(&log->lines) > 0);
    pthread_mutex_unlock(&log->lock);
    while (!hg_log_flush(log)) {
        uint64_t now = now_us(CLOCK_MONOTONIC);
        struct pollfd p = {.fd = log->sink.fd, .events = POLLOUT};
        if (now >= end)
            break;
        poll(&p, 1, (int)((end - now) / 1000u % 1000u) + 1);
    }
    hg_log_sink_close(&log->sink);
    hg_buf_free(&log->lines);
    pthread_mutex_destroy(&log->lock);
    pthread_mutex_destroy(&log->format_lock);
    free(log);
}

bool hg_log_on(const struct hg_log *log, enum hg_log_level level)
{
    return log && level >= atomic_load_explicit(&log->least, memory_order_relaxed);
}

void hg_log_set_level(struct hg_log *log, enum hg_log_level least)
{
    if (log)
        atomic_store_explicit(&log->least, least, memory_order_relaxed);
}

const char *hg_log_level_name(enum hg_log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    HG_ASSERT((size_t)level < sizeof(names) / sizeof(names[0]));
    return names[level];
}

bool hg_log_level_read(const char *name, enum hg_log_level *level)
{
    for (int i = HG_LOG_DEBUG; i <= HG_LOG_ERROR; i++) {
        if (strcmp(name, hg_log_level_name((enum hg_log_level)i)) != 0)
            continue;
        *level = (enum hg_log_level)i;
        return true;
    }
    return false;
}

enum hg_log_level hg_log_level(const struct hg_log *log)
{
    return log ? atomic_load_explicit(&log->least, memory_order_relaxed) : HG_LOG_ERROR;
}

/* head: what the sink needs to know of the line, in front of it. */
static void add_line(struct hg_log *log, struct hg_slice head, struct hg_slice line)
{
    pthread_mutex_lock(&log->lock);
    report_dropped(log, HG_LIMIT_LOG_BUFFER / 2);
    head.n = hg_log_sink_wants_level(&log->sink) ? head.n : 0;
    char *to = hg_buf_reserve(&log->lines, head.n + line.n + 1, NULL);
    if (to) {
        if (head.n > 0)
            memcpy(to, head.p, head.n);
        if (line.n > 0)
            memcpy(to + head.n, line.p, line.n);
        to[head.n + line.n] = '\n';
        hg_buf_commit(&log->lines, head.n + line.n + 1);
    } else {
        atomic_fetch_add(&log->dropped, 1);
    }
    atomic_store_explicit(&log->pending, true, memory_order_release);
    pthread_mutex_unlock(&log->lock);
}

void hg_log_line(struct hg_log *log, struct hg_slice line)
{
    if (log)
        add_line(log, HG_LIT(""), line);
}

void hg_log_set_format(struct hg_log *log, const struct hg_log_format *format)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->format_lock);
    log->format = format;
    pthread_mutex_unlock(&log->format_lock);
}

bool hg_log_wants(const struct hg_log *log, const struct hg_log_use *use, enum hg_event_id id,
                  enum hg_log_level own)
{
    HG_ASSERT(use != NULL);
    id = hg_log_stands_for(use, id);
    if (use->off || id >= HG_EVENT_COUNT)
        return false;
    enum hg_log_level level = hg_log_level_of(use, id, own);
    return level >= use->least && hg_log_on(log, level);
}

static void put(struct hg_log *log, const struct hg_log_use *use, struct hg_event *e, char *out,
                struct hg_slice *line)
{
    *line = hg_slice(NULL, 0);
    if (!hg_log_wants(log, use, e->id, e->level))
        return;
    e->id = hg_log_stands_for(use, e->id);
    e->level = hg_log_level_of(use, e->id, e->level);
    *line = hg_log_write(use->format, e, out);
}

void hg_log_put(struct hg_log *log, const struct hg_log_use *use, struct hg_event *e)
{
    char out[HG_LOG_LINE_MAX];
    struct hg_slice line;
    if (!log)
        return;
    if (use != NULL) {
        put(log, use, e, out, &line);
    } else {
        pthread_mutex_lock(&log->format_lock);
        const struct hg_log_use ours = {.format = log->format};
        put(log, &ours, e, out, &line);
        pthread_mutex_unlock(&log->format_lock);
    }
    if (line.p != NULL)
        add_line(log, hg_log_sink_level(e->level), line);
}

void hg_log_event(struct hg_log *log, enum hg_log_level level, enum hg_event_id event, const char *fmt, ...)
{
    char message[2048];
    struct hg_event e;
    if (!log)
        return;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (n < 0)
        return;
    size_t len = (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
    hg_event_begin(&e, event, level);
    hg_event_text(&e, HG_EV_MESSAGE, hg_slice(message, len));
    hg_log_put(log, NULL, &e);
}

uint64_t hg_log_dropped(const struct hg_log *log)
{
    return log ? atomic_load(&log->dropped) : 0;
}
