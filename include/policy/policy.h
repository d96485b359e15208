/* SPDX-License-Identifier: MIT
 *
 * The tables and limits of one plan, as they are at run time. What they have
 * counted belongs to the process: it goes on in the next one by the names of table
 * and limit.
 */
#ifndef HG_POLICY_POLICY_H
#define HG_POLICY_POLICY_H

#include "policy/table.h"

struct hg_policy;

struct hg_policy_table {
    const char *name; /* unique */
    size_t size;
    bool evict;
};

struct hg_policy_limit {
    const char *name;
    size_t table; /* index */
    uint64_t period;
};

struct hg_policy_spec {
    const struct hg_policy_table *table;
    size_t tables;
    const struct hg_policy_limit *limit;
    size_t limits;
};

/* previous: the one in service, or NULL. NULL: no memory, or no randomness. */
struct hg_policy *hg_policy_new(const struct hg_policy_spec *spec, const struct hg_policy *previous);
void hg_policy_free(struct hg_policy *p);

/* By the index of the spec. */
struct hg_series *hg_policy_series(const struct hg_policy *p, size_t limit);
struct hg_table *hg_policy_table_of(const struct hg_policy *p, size_t table);

#endif
