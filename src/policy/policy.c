/* SPDX-License-Identifier: MIT
 *
 * Tables and series of a plan: found in the one before, else made.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct hg_policy {
    struct hg_table **table;
    size_t tables;
    struct hg_series **series;
    size_t limits;
};

static struct hg_table *adopt(const struct hg_policy_table *spec, const struct hg_policy *previous)
{
    for (size_t i = 0; previous != NULL && i < previous->tables; i++) {
        struct hg_table *t = previous->table[i];

        if (strcmp(hg_table_name(t), spec->name) != 0)
            continue;
        hg_table_set(t, spec->size, spec->evict);
        return hg_table_ref(t);
    }
    return hg_table_new(spec->name, spec->size, spec->evict);
}

static bool fill(struct hg_policy *p, const struct hg_policy_spec *spec, const struct hg_policy *previous)
{
    for (size_t i = 0; i < spec->tables; i++) {
        p->table[i] = adopt(&spec->table[i], previous);
        if (p->table[i] == NULL)
            return false;
        p->tables++;
    }
    for (size_t i = 0; i < spec->limits; i++) {
        const struct hg_policy_limit *l = &spec->limit[i];

        HG_ASSERT(l->table < p->tables);
        p->series[i] = hg_table_series(p->table[l->table], l->name, l->period);
        if (p->series[i] == NULL)
            return false;
        p->limits++;
    }
    return true;
}

struct hg_policy *hg_policy_new(const struct hg_policy_spec *spec, const struct hg_policy *previous)
{
    struct hg_policy *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return NULL;
    p->table = calloc(spec->tables + 1, sizeof(struct hg_table *));
    p->series = calloc(spec->limits + 1, sizeof(struct hg_series *));
    if (p->table != NULL && p->series != NULL && fill(p, spec, previous))
        return p;
    hg_policy_free(p);
    return NULL;
}

void hg_policy_free(struct hg_policy *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->limits; i++)
        hg_series_release(&p->series[i]);
    for (size_t i = 0; i < p->tables; i++)
        hg_table_unref(&p->table[i]);
    free(p->series);
    free(p->table);
    free(p);
}

struct hg_series *hg_policy_series(const struct hg_policy *p, size_t limit)
{
    HG_ASSERT(limit < p->limits);
    return p->series[limit];
}

struct hg_table *hg_policy_table_of(const struct hg_policy *p, size_t table)
{
    HG_ASSERT(table < p->tables);
    return p->table[table];
}
