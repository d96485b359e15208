/* SPDX-License-Identifier: MIT
 *
 * A worker: a thread with a loop of its own, its listening sockets, its relay
 * and its pool. Workers share nothing on the hot path but the generation.
 */
#ifndef HG_SERVER_WORKER_H
#define HG_SERVER_WORKER_H

#include "io/loop.h"
#include "observe/counters.h"
#include "server/listener.h"
#include "upstream/generation.h"

struct hg_worker;

struct hg_worker_options {
    size_t index;
    struct hg_generation *generation; /* outlives the worker */
    struct hg_listener *listeners;    /* fd[index] of each is watched here */
    size_t n_listeners;
    size_t retry_total;
    struct hg_log *log;
    /* On the worker's thread, when it has ended for good. */
    void (*ended)(void *ctx);
    void *ctx;
};

/* Prepares everything; NULL with a sentence in err. */
struct hg_worker *hg_worker_new(const struct hg_worker_options *o, char *err, size_t errlen);
bool hg_worker_start(struct hg_worker *w);
/* From any thread: no new connections, end when the last session has. */
void hg_worker_drain(struct hg_worker *w);
/* From any thread: end at once. */
void hg_worker_cut(struct hg_worker *w);
/* Waits for the thread (if started) and frees. */
void hg_worker_free(struct hg_worker *w);
const struct hg_counters *hg_worker_counters(const struct hg_worker *w);

#endif
