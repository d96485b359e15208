/* SPDX-License-Identifier: MIT
 *
 * The sources of a plan's secrets at work: files are read when they change,
 * commands are run ahead of the end of their value, and whoever cannot wait asks.
 * All of it happens in one loop, the main thread's; only asking is for others.
 */
#ifndef HG_SOURCES_SOURCES_H
#define HG_SOURCES_SOURCES_H

#include "base/log.h"
#include "observe/counters.h"
#include "plan/plan.h"
#include "sources/watch.h"

struct hg_sources;

struct hg_sources_options {
    struct hg_loop *loop;
    struct hg_log *log;           /* may be NULL */
    struct hg_counters *counters; /* written by the loop's thread only */
    /* Called once, in the loop: every command of the plan loaded first has ended for the first time. May be
     * NULL. */
    void (*settled)(void *ctx);
    void *ctx;
};

/* NULL without memory. */
struct hg_sources *hg_sources_new(const struct hg_sources_options *o);
/* Nobody may ask any more. Slots keep what they hold. */
void hg_sources_free(struct hg_sources *s);

/* From now on this plan's sources are at work (a reference is taken) and no other's. A source that was at
 * work before (same key) gives the new slot its value and goes on with its timers; old slots that are still
 * in use get new values too. Commands that are new run at once; nothing waits for them here. False without
 * memory: sources that could not be set up keep what they have. */
bool hg_sources_load(struct hg_sources *s, struct hg_plan *plan);

/* Nothing is read any more, and all who ask, now or later, are answered at once. */
void hg_sources_stop(struct hg_sources *s);

/* For other files that are watched in the same loop. */
struct hg_watcher *hg_sources_watcher(struct hg_sources *s);

struct hg_source_ask;

/* From any thread with a loop: reads the slot's source again, unless it has given something newer than
 * `version` (hg_secret_slot_version) meanwhile. done is called later in the loop `from`: the slot has a newer
 * value, or will not get one for now (its run failed or gave the same, it was asked in vain just before, it
 * cannot be read again). Runs are shared. It takes no longer than the source's timeout. *open is a count of
 * the caller's, raised now and lowered when the ask has come home, which must be before the loop ends. NULL
 * without memory. */
struct hg_source_ask *hg_sources_ask(struct hg_sources *s, struct hg_loop *from, struct hg_secret_slot *slot,
                                     uint64_t version, void (*done)(void *ctx), void *ctx, size_t *open);
/* In the thread that asked, before done was called: it will not be. */
void hg_source_ask_cancel(struct hg_source_ask *ask);

/* Runs every command of the plan once and waits for it, for `check --resolve` and the like. fail is called
 * for each source that has no value then. False without memory. */
bool hg_sources_resolve(struct hg_plan *plan,
                        void (*fail)(void *ctx, const struct hg_source *source, const char *why), void *ctx);

#endif
