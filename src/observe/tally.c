/* SPDX-License-Identifier: MIT
 *
 * A list that only grows, at its front: who reads it sees whole entries or none.
 */
#include "observe/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

struct hg_tally {
    struct hg_tally *next;
    _Atomic uint64_t count;
    char name[];
};

static struct hg_tally *first(const struct hg_tallies *t)
{
    return atomic_load_explicit(&t->first, memory_order_acquire);
}

static struct hg_tally *find(struct hg_tally *from, const struct hg_tally *end, const char *name)
{
    while (from != end && strcmp(from->name, name) != 0)
        from = from->next;
    return from != end ? from : NULL;
}

/* Another thread may be faster with the same name: then its entry is the one. */
static struct hg_tally *insert(struct hg_tallies *t, struct hg_tally *seen, const char *name)
{
    size_t n = strlen(name);
    struct hg_tally *one = calloc(1, sizeof(*one) + n + 1), *found;

    if (one == NULL)
        return NULL;
    memcpy(one->name, name, n + 1);
    one->next = seen;
    while (!atomic_compare_exchange_weak_explicit(&t->first, &one->next, one, memory_order_acq_rel,
                                                  memory_order_acquire)) {
        found = find(one->next, seen, name);
        if (found != NULL) {
            free(one);
            return found;
        }
        seen = one->next;
    }
    atomic_fetch_add_explicit(&t->n, 1, memory_order_relaxed);
    return one;
}

void hg_tally_add(struct hg_tallies *t, const char *name)
{
    struct hg_tally *seen = first(t), *one = find(seen, NULL, name);

    HG_ASSERT(name != NULL);
    if (one == NULL && atomic_load_explicit(&t->n, memory_order_relaxed) >= HG_LIMIT_TALLIES) {
        name = "others";
        one = find(seen, NULL, name);
    }
    if (one == NULL)
        one = insert(t, seen, name);
    if (one != NULL)
        atomic_fetch_add_explicit(&one->count, 1, memory_order_relaxed);
}

const struct hg_tally *hg_tally_next(const struct hg_tallies *t, const struct hg_tally *before)
{
    return before != NULL ? before->next : first(t);
}

const char *hg_tally_name(const struct hg_tally *one)
{
    return one->name;
}

uint64_t hg_tally_count(const struct hg_tally *one)
{
    return atomic_load_explicit(&one->count, memory_order_relaxed);
}

void hg_tallies_free(struct hg_tallies *t)
{
    for (struct hg_tally *one = first(t), *next; one != NULL; one = next) {
        next = one->next;
        free(one);
    }
    atomic_store(&t->first, NULL);
    atomic_store(&t->n, 0);
}
