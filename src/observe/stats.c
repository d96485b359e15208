/* SPDX-License-Identifier: MIT
 *
 * The counters of all threads.
 */
#include "observe/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct hg_stats *hg_stats_new(size_t threads, uint64_t wall)
{
    struct hg_stats *s = calloc(1, sizeof(*s));

    HG_ASSERT(threads > 0);
    if (s == NULL)
        return NULL;
    s->threads = threads;
    s->started = wall;
    atomic_init(&s->generation, 1);
    atomic_init(&s->reloaded, wall);
    s->thread = aligned_alloc(_Alignof(struct hg_stats_thread), (threads + 2) * sizeof(*s->thread));
    if (s->thread == NULL) {
        free(s);
        return NULL;
    }
    memset(s->thread, 0, (threads + 2) * sizeof(*s->thread));
    return s;
}

struct hg_counters *hg_stats_counters(struct hg_stats *s, size_t thread)
{
    HG_ASSERT(thread <= s->threads + 1);
    return &s->thread[thread].counters;
}

void hg_stats_free(struct hg_stats *s)
{
    if (s == NULL)
        return;
    free(s->thread);
    free(s);
}

void hg_stats_reloaded(struct hg_stats *s, bool ok, uint64_t generation, uint64_t wall)
{
    if (!ok) {
        atomic_fetch_add_explicit(&s->reload_failures, 1, memory_order_relaxed);
        return;
    }
    atomic_fetch_add_explicit(&s->reloads, 1, memory_order_relaxed);
    atomic_store_explicit(&s->generation, generation, memory_order_relaxed);
    atomic_store_explicit(&s->reloaded, wall, memory_order_relaxed);
}

void hg_stats_sum(const struct hg_stats *s, struct hg_counts *sum)
{
    *sum = (struct hg_counts){0};
    for (size_t i = 0; i <= s->threads + 1; i++)
        hg_counts_add(sum, &s->thread[i].counters);
}
