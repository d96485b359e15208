/* SPDX-License-Identifier: MIT
 *
 * The usage log: a file of JSON lines, one for each answer whose usage was
 * measured. Threads hand lines in and never wait here; a thread of its own
 * writes them, one write a line. Who hands a line in may ask to be told when it
 * is written, and hold back the last bytes of an answer for it, for a short
 * time. A disk that is slow or full fills a bounded queue; what does not fit is
 * lost and counted.
 */
#ifndef HG_OBSERVE_USAGE_LOG_H
#define HG_OBSERVE_USAGE_LOG_H

#include "base/list.h"
#include "base/log.h"
#include "observe/counters.h"

#define HG_USAGE_LINE_MAX (HG_LOG_LINE_MAX - 1) /* with its end it is one write of a pipe */

struct hg_usage_log;

struct hg_usage_target {
    const char *to; /* a file's name; NULL: there is no usage log */
    unsigned mode;  /* of a file that is made */
    size_t queue;   /* bytes that may wait */
};

/* Who wants to know that lines were written. */
struct hg_usage_waiter {
    struct hg_list node;
    void (*written)(void *ctx); /* on the writer's thread, with a lock held: posts, and nothing else */
    void *ctx;
    uint64_t
        last; /* number of the last line it handed in: until that one it is told of each that is written */
};

/* A log that is off. log gets what there is to say about the file; nobody else writes the counters. Both must
 * outlive it. NULL without memory. */
struct hg_usage_log *hg_usage_log_new(struct hg_log *log, struct hg_counters *counters);
/* Opens the target (anew) and goes on there: at start, at a reload, after a rotation. Starts the writer.
 * False with a sentence in err: all is as it was. */
bool hg_usage_log_use(struct hg_usage_log *u, const struct hg_usage_target *to, char *err, size_t errlen);
/* Waits at most wait_ms for what is queued, then frees; lines that are lost are said. */
void hg_usage_log_free(struct hg_usage_log *u, unsigned wait_ms);

/* From any thread, also with u NULL (then there is no log). */
void hg_usage_log_attach(struct hg_usage_log *u, struct hg_usage_waiter *w);
/* It is not called any more when this returns. */
void hg_usage_log_detach(struct hg_usage_log *u, struct hg_usage_waiter *w);
bool hg_usage_log_on(const struct hg_usage_log *u);
/* Queues a line (without its end). Its number, from 1; 0: it is lost, or nobody should wait for it, because
 * the log is behind. w may be NULL. */
uint64_t hg_usage_log_put(struct hg_usage_log *u, struct hg_usage_waiter *w, struct hg_slice line);
/* All lines up to this number are written. */
uint64_t hg_usage_log_done(const struct hg_usage_log *u);
/* Somebody waited in vain: nobody waits any more until the queue is empty. */
void hg_usage_log_late(struct hg_usage_log *u);

#endif
