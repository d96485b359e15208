/* SPDX-License-Identifier: MIT
 *
 * A worker: a thread with a loop of its own, its listening sockets, its relay
 * and its pool. Workers share nothing on the hot path but the generation.
 */
#ifndef HG_SERVER_WORKER_H
#define HG_SERVER_WORKER_H

#include "io/loop.h"
#include "observe/stats.h"
#include "relay/relay.h"
#include "server/listener.h"

struct hg_worker;

struct hg_worker_options {
    size_t index;
    size_t retry_total;
    struct hg_stats *stats; /* outlives the worker; its thread there is index */
    struct hg_log *log;
    struct hg_sources *sources; /* outlives the worker, as does */
    struct hg_usage_log *usage_log;
    /* On the worker's thread, when it has ended for good. */
    void (*ended)(void *ctx);
    void *ctx;
};

/* Where clients come in, in one generation: entries.entry[i] belongs to listener[i]. */
struct hg_bindings {
    struct hg_entries entries;
    struct hg_listener **listener;
};

/* Prepares everything; NULL with a sentence in err. It has no bindings yet. */
struct hg_worker *hg_worker_new(const struct hg_worker_options *o, char *err, size_t errlen);
bool hg_worker_start(struct hg_worker *w);

/* A change to other bindings, prepared so that it cannot fail. */
struct hg_switch;
/* NULL without memory. done: on the worker's thread, when it uses nothing of the bindings before any more. */
struct hg_switch *hg_switch_new(struct hg_worker *w, const struct hg_bindings *to, void (*done)(void *ctx),
                                void *ctx);
/* From any thread, also before the worker starts. Takes it over; what it changes to must live until the next
 * one is done. A listener that is not among the new ones is watched no more: who waits there is accepted once
 * more and served by what was in force before. */
void hg_worker_switch(struct hg_switch *s);
void hg_switch_free(struct hg_switch *s); /* one that will not be used; may be NULL */

/* From any thread: runs on the worker's, unless it has ended. */
void hg_worker_post(struct hg_worker *w, struct hg_post *p);
/* From any thread: no new connections, end when the last session has. */
void hg_worker_drain(struct hg_worker *w);
/* From any thread: end at once. */
void hg_worker_cut(struct hg_worker *w);
/* Waits for the thread (if started) and frees. */
void hg_worker_free(struct hg_worker *w);

#endif
