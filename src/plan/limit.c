/* SPDX-License-Identifier: MIT
 *
 * Tables and rate limits. A limit is told by its name in its table: the one that
 * it names, else one of its own in its frontend. Two actions that say the same
 * are one limit, and count together; the same name with other numbers is a
 * mistake.
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"

void hg_build_tables(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "table");
    size_t n = all != NULL ? all->children : 0;
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        const struct hg_node *node = all->child[i];
        uint64_t size = HG_LIMIT_TABLE_DEFAULT, evict = 0;
        hg_get_number(b, node, "size", &size);
        hg_get_number(b, node, "when-full", &evict);
        (void)hg_add_table(b, hg_store_text(b, hg_slice_str(node->name)), (size_t)size, evict != 0);
    }
}

/* Room for one more behind n of them; NULL: no memory. */
static void *grow(struct hg_build *b, const void *old, size_t n, size_t size)
{
    void *bigger;
    if (n != 0 && (n & (n - 1)) != 0)
        return (void *)(uintptr_t)old;
    bigger = hg_store_alloc(b, n > 0 ? 2 * n : 1, size);
    if (bigger != NULL && n > 0)
        memcpy(bigger, old, n * size);
    return bigger;
}

size_t hg_add_table(struct hg_build *b, const char *name, size_t size, bool evict)
{
    struct hg_plan *p = b->plan;
    struct hg_count_table *bigger = grow(b, p->table, p->tables, sizeof(*bigger));
    if (bigger == NULL || name == NULL)
        return 0;
    p->table = bigger;
    p->table[p->tables] = (struct hg_count_table){.name = name, .size = size, .evict = evict};
    return p->tables++;
}

/* SIZE_MAX: there is none. */
static size_t find_table(const struct hg_plan *p, const char *name)
{
    for (size_t i = 0; i < p->tables; i++)
        if (strcmp(p->table[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

/* The declared one, or one of its own. False: said. */
static bool choose_table(struct hg_build *b, const struct hg_node *n, struct hg_rate_limit *l)
{
    const struct hg_node *all = hg_node_get(b->root, "table");
    bool bad = false;
    const char *own;
    l->declared = hg_get_string(b, n, "table", &bad);
    if (bad)
        return false;
    if (l->declared != NULL) {
        l->table = find_table(b->plan, l->declared);
        if (l->table == SIZE_MAX && (all == NULL || !all->broken))
            HG_ERROR(b, hg_node_get(n, "table"), "there is no table of this name%s",
                     hg_near_name(b, all, l->declared));
        return l->table != SIZE_MAX;
    }
    if (b->block == NULL) /* a rule by itself: it counts where it is used */
        return true;
    own = hg_store_printf(b, "%s/%s", b->block->name, l->name);
    if (own == NULL)
        return false;
    l->table = find_table(b->plan, own);
    if (l->table == SIZE_MAX)
        l->table = hg_add_table(b, own, HG_LIMIT_TABLE_DEFAULT, false);
    return !b->no_memory;
}

/* requests, bytes or tokens. False: said. */
static bool read_measure(struct hg_build *b, const struct hg_node *n, struct hg_rate_limit *l)
{
    static const char *const keys[] = {
#define X(id, key, one) key,
        HG_MEASURES(X)
#undef X
    };
    const struct hg_node *found = NULL;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct hg_node *here = hg_node_get(n, keys[i]);
        if (here != NULL && found != NULL) {
            HG_ERROR(b, here, "a limit counts one thing (%s stands beside it)", found->name);
            return false;
        }
        if (here == NULL)
            continue;
        found = here;
        l->measure = (enum hg_measure)i;
        l->rate.amount = UINT64_MAX;
        hg_get_number(b, n, keys[i], &l->rate.amount);
    }
    if (found == NULL && !n->broken)
        HG_ERROR(b, n, "does not say how much (expected requests, bytes or tokens)");
    return found != NULL && l->rate.amount != UINT64_MAX;
}

static bool is_name(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
              (text[i] >= '0' && text[i] <= '9') || strchr("-_.", text[i]) != NULL))
            return false;
    return n > 0 && n <= HG_LIMIT_COUNTED_NAME;
}

static bool read_name(struct hg_build *b, const struct hg_node *n, struct hg_rate_limit *l)
{
    bool bad = false;
    l->name = hg_get_string(b, n, "name", &bad);
    if (l->name == NULL && !bad && !n->broken)
        HG_ERROR(b, n, "has no name (logs and answers call the limit by it)");
    if (l->name == NULL)
        return false;
    if (is_name(l->name))
        return true;
    HG_ERROR(b, hg_node_get(n, "name"),
             "is not a name (expected 1 to %u letters, digits, \"-\", \"_\" or \".\")",
             HG_LIMIT_COUNTED_NAME);
    return false;
}

static bool read_limit(struct hg_build *b, const struct hg_node *n, struct hg_rate_limit *l)
{
    static const uint64_t periods[] = {1000000, 60 * 1000000ull, 3600 * 1000000ull};
    uint64_t per = 1;
    bool good = read_name(b, n, l);
    good = read_measure(b, n, l) && good;
    hg_get_number(b, n, "per", &per);
    hg_get_number(b, n, "burst", &l->rate.burst);
    hg_get_number(b, n, "estimate", &l->estimate);
    HG_ASSERT(per < sizeof(periods) / sizeof(periods[0]));
    l->rate.period = periods[per];
    if (good && l->measure != HG_MEASURE_TOKENS && hg_node_get(n, "estimate") != NULL) {
        HG_ERROR(b, hg_node_get(n, "estimate"), "belongs to a limit of tokens");
        good = false;
    }
    if (good && l->measure == HG_MEASURE_TOKENS && l->rate.amount > 0 &&
        l->estimate > l->rate.amount + l->rate.burst) {
        HG_ERROR(b, n, "no request would pass: %llu tokens are reserved for each (estimate), and %llu may be",
                 (unsigned long long)l->estimate, (unsigned long long)(l->rate.amount + l->rate.burst));
        good = false;
    }
    return good && !n->broken && choose_table(b, n, l);
}

static bool same(const struct hg_rate_limit *x, const struct hg_rate_limit *y)
{
    return x->measure == y->measure && x->rate.amount == y->rate.amount && x->rate.burst == y->rate.burst &&
           x->rate.period == y->rate.period && x->estimate == y->estimate;
}

/* The limit of the plan that says this; NULL: said. */
static const struct hg_rate_limit *unite(struct hg_build *b, const struct hg_node *n, struct hg_rate_limit *l)
{
    struct hg_plan *p = b->plan;
    for (size_t i = 0; i < p->limits; i++) {
        const struct hg_rate_limit *was = p->limit[i];
        if (was->table != l->table || strcmp(was->name, l->name) != 0)
            continue;
        if (same(was, l))
            return was;
        HG_ERROR(b, hg_node_get(n, "name"),
                 "another limit of this name counts in the same table at %s (expected the same numbers, or "
                 "another name)",
                 was->where);
        return NULL;
    }
    const struct hg_rate_limit **bigger = grow(b, p->limit, p->limits, sizeof(struct hg_rate_limit *));
    if (bigger == NULL)
        return NULL;
    p->limit = bigger;
    l->index = p->limits;
    p->limit[p->limits++] = l;
    return l;
}

const struct hg_rate_limit *hg_build_limit(struct hg_build *b, const struct hg_node *n, const char *where)
{
    struct hg_rate_limit *l = hg_store_alloc(b, 1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->estimate = HG_LIMIT_TOKENS_DEFAULT;
    l->where = hg_store_text(b, hg_slice_str(where));
    if (!read_limit(b, n, l) || l->rate.amount == 0 || b->no_memory)
        return NULL; /* 0: it is switched off */
    return b->block != NULL ? unite(b, n, l) : l;
}
