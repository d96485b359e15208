/* SPDX-License-Identifier: MIT
 *
 * Taps: from names and paths to rules of the usage room.
 */
#include "plan/usage.h"

#include "base/check.h"
#include "build.h"

static void release_rules(void *what)
{
    hg_tap_rules_free(what);
}

static void add_path(struct hg_build *b, const struct hg_node *n, struct hg_tap_rules *rules,
                     enum hg_tap_field field)
{
    char name[HG_NAME_TEXT];
    struct hg_slice path;
    size_t offset = 0;
    enum hg_get r = hg_get_text(b, n, &path, name);
    const char *wrong = r == HG_GET_OK ? hg_tap_rules_add(rules, field, path, &offset) : NULL;
    if (r == HG_GET_UNSET)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, name));
    else if (wrong != NULL)
        HG_ERROR(b, n, "%s (at offset %zu of the path)", wrong, offset);
}

/* How many paths the field has. */
static size_t add_field(struct hg_build *b, const struct hg_node *block, struct hg_tap_rules *rules,
                        enum hg_tap_field field)
{
    const struct hg_node *n = hg_node_get(block, hg_tap_field_name(field));
    if (n == NULL)
        return 0;
    if (n->type != HG_NODE_LIST) {
        add_path(b, n, rules, field);
        return 1;
    }
    for (size_t i = 0; i < n->children; i++)
        add_path(b, n->child[i], rules, field);
    return n->children;
}

static void build_usage(struct hg_build *b, const struct hg_node *block, struct hg_usage *u)
{
    uint64_t sum = 0;
    size_t counts = 0;
    u->name = hg_store_text(b, hg_slice_str(block->name));
    hg_get_number(b, block, "events", &sum);
    hg_get_number(b, block, "limit", &u->limit);
    u->sum = sum != 0;
    u->rules = hg_tap_rules_new(u->sum);
    if (u->rules == NULL || !hg_store_own(b, u->rules, release_rules)) {
        b->no_memory = true;
        return;
    }
    for (int i = 0; i < HG_TAP_FIELDS; i++) {
        size_t n = add_field(b, block, u->rules, (enum hg_tap_field)i);
        counts += i < HG_TAP_COUNTS ? n : 0;
    }
    if (counts == 0 && !block->broken)
        HG_ERROR(b, block, "counts nothing (expected input, output, cache-read, cache-write or reasoning)");
}

bool hg_build_usages(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "usage");
    size_t n = all != NULL ? all->children : 0;
    b->plan->usage = hg_store_alloc(b, n, sizeof(*b->plan->usage));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        build_usage(b, all->child[i], &b->plan->usage[i]);
        b->plan->usages = i + 1;
    }
    return !b->no_memory;
}

const struct hg_usage *hg_find_usage(struct hg_build *b, const struct hg_node *action, const char *name)
{
    const struct hg_node *all = hg_node_get(b->root, "usage");
    for (size_t i = 0; i < b->plan->usages; i++) {
        if (strcmp(b->plan->usage[i].name, name) == 0)
            return &b->plan->usage[i];
    }
    if (all == NULL || !all->broken)
        HG_ERROR(b, action, "there is no usage block of this name%s", hg_near_name(b, all, name));
    return NULL;
}
