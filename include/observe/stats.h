/* SPDX-License-Identifier: MIT
 *
 * Figures of the process: the counters of all threads in one place, so that any
 * thread can sum them, and what only the main thread knows.
 */
#ifndef HG_OBSERVE_STATS_H
#define HG_OBSERVE_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "observe/counters.h"

struct hg_stats {
    size_t threads; /* workers */
    struct hg_stats_thread {
        _Alignas(64) struct hg_counters counters; /* no two threads write to one cache line */
    } * thread;                                   /* [threads + 2]: the main thread, and the usage log */
    uint64_t started;                             /* wall clock, microseconds */
    /* Written by the main thread. */
    _Atomic uint64_t generation;
    _Atomic uint64_t reloads, reload_failures;
    _Atomic uint64_t reloaded; /* the last one that succeeded: wall clock, microseconds */
};

/* NULL without memory. */
struct hg_stats *hg_stats_new(size_t threads, uint64_t wall);
void hg_stats_free(struct hg_stats *s); /* may be NULL */
/* thread: from 0; threads: the main thread; threads + 1: the usage log, whoever writes it. */
struct hg_counters *hg_stats_counters(struct hg_stats *s, size_t thread);
/* A reload has ended; generation: the one in force now. */
void hg_stats_reloaded(struct hg_stats *s, bool ok, uint64_t generation, uint64_t wall);
void hg_stats_sum(const struct hg_stats *s, struct hg_counts *sum);

#endif
