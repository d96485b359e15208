/* SPDX-License-Identifier: MIT
 *
 * The cache that keeps the cost of strip rules flat: clients send the same
 * thirty names over and over. A fixed table with two places for each name.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "cache.h"

#define ENTRIES 512u /* a power of two */
#define NAME_MAX_LEN 46u

struct entry {
    uint64_t id; /* 0: free */
    uint8_t n;
    bool yes;
    char name[NAME_MAX_LEN];
};

struct hg_cache {
    struct entry entry[ENTRIES];
};

_Static_assert((ENTRIES & (ENTRIES - 1)) == 0, "the table is indexed by the low bits of a hash");

struct hg_cache *hg_cache_new(void)
{
    return calloc(1, sizeof(struct hg_cache));
}

void hg_cache_free(struct hg_cache *c)
{
    free(c);
}

uint64_t hg_cache_id(void)
{
    /* Shared by all threads on purpose: two plans that live side by side must not get the same number. */
    static atomic_uint_least64_t last;

    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

/* FNV-1a. A collision costs a match, never a wrong answer. */
static size_t place(uint64_t id, struct hg_slice name)
{
    uint64_t hash = 14695981039346656037u ^ id;

    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char)name.p[i]) * 1099511628211u;
    return (size_t)((hash ^ (hash >> 32)) & (ENTRIES - 1));
}

static bool is_entry(const struct entry *e, uint64_t id, struct hg_slice name)
{
    return e->id == id && e->n == name.n && memcmp(e->name, name.p, name.n) == 0;
}

bool hg_cache_get(const struct hg_cache *c, uint64_t id, struct hg_slice name, bool *yes)
{
    size_t at;

    HG_ASSERT(id != 0);
    if (name.n == 0 || name.n > NAME_MAX_LEN)
        return false;
    at = place(id, name);
    for (size_t way = 0; way < 2; way++) {
        const struct entry *e = &c->entry[at ^ way];

        if (is_entry(e, id, name)) {
            *yes = e->yes;
            return true;
        }
    }
    return false;
}

void hg_cache_put(struct hg_cache *c, uint64_t id, struct hg_slice name, bool yes)
{
    struct entry *e;
    size_t at;

    HG_ASSERT(id != 0);
    if (name.n == 0 || name.n > NAME_MAX_LEN)
        return;
    at = place(id, name);
    e = &c->entry[at];
    if (e->id != 0 && !is_entry(e, id, name))
        c->entry[at ^ 1] = *e;
    e->id = id;
    e->n = (uint8_t)name.n;
    e->yes = yes;
    memcpy(e->name, name.p, name.n);
}
