/* SPDX-License-Identifier: MIT
 *
 * Nodes: making them, finding them, and saying where they stand.
 */
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define PATH_MAX_TEXT 256

struct hg_node *hg_tree_node(struct hg_arena *a, enum hg_node_type type, const char *name)
{
    struct hg_node *n = hg_arena_alloc(a, sizeof(*n));
    if (n == NULL)
        return NULL;
    memset(n, 0, sizeof(*n));
    n->type = type;
    n->name = name;
    return n;
}

/* The array doubles; what is left behind stays in the arena. */
bool hg_tree_share(struct hg_arena *a, struct hg_node *parent, struct hg_node *child)
{
    HG_ASSERT(parent->type == HG_NODE_GROUP || parent->type == HG_NODE_LIST);
    size_t n = parent->children;
    if (n == parent->capacity) {
        size_t cap = n == 0 ? 4 : n * 2;
        struct hg_node **grown = hg_arena_alloc(a, cap * sizeof(struct hg_node *));
        if (grown == NULL)
            return false;
        if (n > 0)
            memcpy(grown, parent->child, n * sizeof(struct hg_node *));
        parent->child = grown;
        parent->capacity = cap;
    }
    HG_ASSERT(parent->children < parent->capacity);
    parent->child[parent->children++] = child;
    return true;
}

bool hg_tree_append(struct hg_arena *a, struct hg_node *parent, struct hg_node *child)
{
    HG_ASSERT(child != parent);
    if (!hg_tree_share(a, parent, child))
        return false;
    child->parent = parent;
    if (parent->type == HG_NODE_LIST)
        child->index = parent->children - 1;
    return true;
}

static void close_gap(struct hg_node *parent, size_t i)
{
    HG_ASSERT(i < parent->children);
    memmove(&parent->child[i], &parent->child[i + 1], (parent->children - i - 1) * sizeof(struct hg_node *));
    parent->children--;
}

void hg_tree_remove(struct hg_node *parent, size_t i)
{
    close_gap(parent, i);
    parent->broken = true;
}

void hg_tree_take(struct hg_node *parent, const struct hg_node *child)
{
    for (size_t i = 0; i < parent->children; i++) {
        if (parent->child[i] == child) {
            close_gap(parent, i);
            return;
        }
    }
    HG_ASSERT(false); /* it is a child */
}

struct hg_node *hg_tree_get(const struct hg_node *group, const char *key)
{
    if (group == NULL || group->type != HG_NODE_GROUP)
        return NULL;
    for (size_t i = 0; i < group->children; i++) {
        if (strcmp(group->child[i]->name, key) == 0)
            return group->child[i];
    }
    return NULL;
}

const struct hg_node *hg_node_get(const struct hg_node *group, const char *key)
{
    return hg_tree_get(group, key);
}

static size_t write_path(const struct hg_node *n, char *out, size_t cap)
{
    if (n == NULL || n->parent == NULL)
        return 0;
    size_t len = write_path(n->parent, out, cap);
    int more;
    if (n->parent->type == HG_NODE_LIST)
        more = snprintf(out + len, cap - len, "[%zu]", n->index);
    else
        more = snprintf(out + len, cap - len, "%s%s", len > 0 ? "." : "", n->name);
    if (more < 0)
        return len;
    return len + (size_t)more < cap ? len + (size_t)more : cap - 1;
}

void hg_node_path(const struct hg_node *n, char *out, size_t cap)
{
    HG_ASSERT(out != NULL && cap > 0);
    out[0] = '\0';
    (void)write_path(n, out, cap);
}

void hg_tree_problem(struct hg_diag *d, enum hg_severity severity, const struct hg_node *n, const char *fmt,
                     ...)
{
    char at[PATH_MAX_TEXT];
    char *text = NULL;
    va_list args;
    hg_node_path(n, at, sizeof(at));
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    hg_diag_add(d, severity, n->file, n->line, at, "%s", len < 0 ? "no memory to say what is wrong" : text);
    if (len >= 0)
        free(text);
}
