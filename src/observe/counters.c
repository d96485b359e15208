/* SPDX-License-Identifier: MIT
 *
 * Sums the threads' counters for whoever reads them.
 */
#include "observe/counters.h"

#include "base/json.h"

void hg_counts_add(struct hg_counts *sum, const struct hg_counters *c)
{
#define X(name, gauge, help) sum->name += atomic_load_explicit(&c->name, memory_order_relaxed);
    HG_COUNTERS(X)
#undef X
}

void hg_counts_json(const struct hg_counts *c, struct hg_json *j)
{
#define X(name, gauge, help) hg_json_u64(j, #name, c->name);
    HG_COUNTERS(X)
#undef X
}
