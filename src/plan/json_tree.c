/* SPDX-License-Identifier: MIT
 *
 * The tree with lists in the place of $<json:...>. The model stays as it was
 * written: what changes is copied, with all that is above it.
 */
#include "base/check.h"
#include "build.h"
#include "config/schema.h"

#define LISTS (HG_FORM_LIST | HG_FORM_PAIR | HG_FORM_PAIRS)

/* "NAME", "NAME?" or "NAME:-[...]" of a string that is one reference and stands where a list may. */
static bool is_reference(const struct hg_node *n, struct hg_slice *inner)
{
    struct hg_slice s;
    if (n->type != HG_NODE_STRING || n->schema == NULL || (n->schema->forms & LISTS) == 0 ||
        n->parent == NULL || n->parent->type != HG_NODE_GROUP)
        return false;
    s = hg_slice_str(n->string);
    if (!hg_slice_starts(s, HG_LIT("$<json:")) || s.p[s.n - 1] != '>')
        return false;
    *inner = hg_slice(s.p + 7, s.n - 8);
    return true;
}

/* An action that takes one pair: an object is as many of that action. */
static const struct hg_node *find_action(const struct hg_node *entry, struct hg_slice *inner)
{
    for (size_t i = 0; entry->type == HG_NODE_GROUP && i < entry->children; i++) {
        const struct hg_node *n = entry->child[i];
        if (n->schema != NULL && (n->schema->flags & HG_SCHEMA_ACTION) != 0 &&
            (n->schema->forms & LISTS) == HG_FORM_PAIR && is_reference(n, inner))
            return n;
    }
    return NULL;
}

static struct hg_node *copy_of(struct hg_build *b, const struct hg_node *n, struct hg_node *parent)
{
    struct hg_node *c = hg_store_alloc(b, 1, sizeof(*c));
    if (c == NULL)
        return NULL;
    *c = *n;
    c->parent = parent;
    c->child = NULL;
    c->children = c->capacity = 0;
    return c;
}

static struct hg_node *expand(struct hg_build *b, struct hg_node *n);

/* The entry with this pair instead of the reference. */
static bool add_entry(struct hg_build *b, const struct hg_node *entry, const struct hg_node *action,
                      struct hg_node *pair, struct hg_node *list)
{
    struct hg_node *c = copy_of(b, entry, list);
    for (size_t i = 0; c != NULL && i < entry->children; i++) {
        struct hg_node *child = entry->child[i];
        if (child == action) {
            pair->name = action->name;
            pair->parent = c;
            child = pair;
        } else {
            child = expand(b, child);
        }
        if (child == NULL)
            c->broken = true;
        else if (!hg_node_push(b, c, child))
            return false;
    }
    return c != NULL && hg_node_push(b, list, c);
}

static void add_expanded(struct hg_build *b, struct hg_node *child, struct hg_node *list)
{
    struct hg_slice inner;
    const struct hg_node *action = find_action(child, &inner);
    if (action == NULL) {
        struct hg_node *c = expand(b, child);
        if (c != NULL)
            (void)hg_node_push(b, list, c);
        else
            list->broken = true;
        return;
    }
    struct hg_node *pairs = hg_read_json(b, action, inner);
    list->broken = list->broken || pairs == NULL;
    for (size_t i = 0; pairs != NULL && i < pairs->children; i++)
        (void)add_entry(b, child, action, pairs->child[i], list);
}

/* Is there one in it? */
static bool has_reference(const struct hg_node *n)
{
    struct hg_slice inner;
    if (is_reference(n, &inner))
        return true;
    for (size_t i = 0; i < n->children; i++)
        if (has_reference(n->child[i]))
            return true;
    return false;
}

static struct hg_node *expand(struct hg_build *b, struct hg_node *n)
{
    struct hg_slice inner;
    if (is_reference(n, &inner))
        return hg_read_json(b, n, inner);
    if (!has_reference(n))
        return n;
    struct hg_node *c = copy_of(b, n, n->parent);
    for (size_t i = 0; c != NULL && i < n->children && !b->no_memory; i++)
        add_expanded(b, n->child[i], c);
    return c;
}

/* Lists of actions get theirs when the parameters of rules are in. */
static bool is_action_list(const struct hg_node *n)
{
    return n->schema != NULL && (n->schema->sub == HG_SCOPE_REQUEST || n->schema->sub == HG_SCOPE_RESPONSE);
}

static struct hg_node *expand_block(struct hg_build *b, struct hg_node *n)
{
    if (is_action_list(n) || n->type == HG_NODE_STRING || n->type == HG_NODE_LIST)
        return is_action_list(n) ? n : expand(b, n);
    if (!has_reference(n))
        return n;
    struct hg_node *c = copy_of(b, n, n->parent);
    for (size_t i = 0; c != NULL && i < n->children && !b->no_memory; i++) {
        struct hg_node *child = expand_block(b, n->child[i]);
        if (child == NULL)
            c->broken = true;
        else if (!hg_node_push(b, c, child))
            return NULL;
    }
    return c;
}

const struct hg_node *hg_expand_list(struct hg_build *b, const struct hg_node *list)
{
    return list != NULL ? expand(b, (struct hg_node *)(uintptr_t)list) : NULL;
}

const struct hg_node *hg_expand_block(struct hg_build *b, const struct hg_node *block)
{
    return block != NULL ? expand_block(b, (struct hg_node *)(uintptr_t)block) : NULL;
}

const struct hg_node *hg_defaults(struct hg_build *b, const struct hg_node *block)
{
    return hg_expand_block(b, hg_model_defaults(b->model, block));
}
