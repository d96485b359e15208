/* SPDX-License-Identifier: MIT
 *
 * Private to the policy room: what a table is made of. All of it is under the
 * table's lock but for its name and seed.
 */
#ifndef HG_POLICY_INTERNAL_H
#define HG_POLICY_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "key.h"
#include "policy/table.h"

struct hg_entry {
    struct hg_key key;
    uint64_t serial; /* of this use of the memory; 0: none */
    struct hg_series *series;
    struct hg_list node;   /* of the series, or of the table's free ones */
    struct hg_entry *next; /* in the bucket */
    unsigned held;         /* by requests under way */
    uint64_t used_at;      /* when it was asked last */
    struct hg_window window;
};

struct hg_series {
    struct hg_table *table;
    struct hg_list node;
    char *name;
    unsigned refs;
    struct hg_rate rate;    /* as it was asked for last */
    struct hg_list entries; /* asked last: first */
};

struct hg_table {
    atomic_uint refs;
    char *name;
    struct hg_key seed;
    pthread_mutex_t lock;
    size_t size, used, buckets;
    bool evict;
    struct hg_entry **bucket;
    struct hg_list series;
    struct hg_list free; /* kept until the table goes: holds may still point to them */
    uint64_t serial;
};

/* NULL: the key has none in this series. */
struct hg_entry *hg_table_find(const struct hg_table *t, const struct hg_series *s, const struct hg_key *key);
/* NULL: no memory. */
struct hg_entry *hg_table_add(struct hg_table *t, struct hg_series *s, const struct hg_key *key);
void hg_table_drop(struct hg_table *t, struct hg_entry *e);

#endif
