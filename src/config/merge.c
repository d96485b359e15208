/* SPDX-License-Identifier: MIT
 *
 * The blocks of all files become one tree: named blocks side by side under
 * their kind, one `global`, and for each file the defaults that cover it.
 */
#include "base/check.h"
#include "tree.h"

static void twice(struct hg_loader *l, const struct hg_node *second, const struct hg_node *first)
{
    hg_tree_problem(l->d, HG_SEVERITY_ERROR, second, "defined twice (first at %s:%u)", first->file,
                    first->line);
}

static void no_memory(struct hg_loader *l, const struct hg_node *n)
{
    hg_tree_problem(l->d, HG_SEVERITY_ERROR, n, "no memory");
}

/* Each name once. */
static void add_named(struct hg_loader *l, struct hg_node *all, const struct hg_node *block)
{
    all->broken = all->broken || block->broken;
    for (size_t i = 0; i < block->children; i++) {
        struct hg_node *child = block->child[i];
        const struct hg_node *first = hg_tree_get(all, child->name);
        if (first != NULL)
            twice(l, child, first);
        else if (!hg_tree_append(&l->model->arena, all, child))
            no_memory(l, child);
    }
}

static void merge_named(struct hg_loader *l, struct hg_node *block)
{
    struct hg_arena *a = &l->model->arena;
    struct hg_node *root = l->model->root;
    struct hg_node *all = hg_tree_get(root, block->name);
    if (all == NULL) {
        if (!hg_tree_append(a, root, block))
            no_memory(l, block);
        return;
    }
    add_named(l, all, block);
}

/* The named ones of a file are for all files. */
static void merge_defaults(struct hg_loader *l, size_t file, struct hg_node *block)
{
    struct hg_node *named = hg_tree_get(block, "named");
    l->model->file[file].defaults = block;
    if (named == NULL)
        return;
    hg_tree_take(block, named);
    if (l->model->named == NULL)
        l->model->named = named;
    else
        add_named(l, l->model->named, named);
}

/* A key that each file may have: the entries of all, one behind the other. */
static void merge_list(struct hg_loader *l, struct hg_node *first, struct hg_node *more)
{
    struct hg_arena *a = &l->model->arena;
    if (first->type != HG_NODE_LIST) {
        struct hg_node *one = hg_tree_node(a, HG_NODE_STRING, "");
        if (one == NULL) {
            no_memory(l, first);
            return;
        }
        one->string = first->string;
        one->file = first->file;
        one->line = first->line;
        one->schema = first->schema;
        first->type = HG_NODE_LIST;
        if (!hg_tree_append(a, first, one))
            no_memory(l, first);
    }
    if (more->type != HG_NODE_LIST && !hg_tree_append(a, first, more))
        no_memory(l, more);
    for (size_t i = 0; more->type == HG_NODE_LIST && i < more->children; i++) {
        if (!hg_tree_append(a, first, more->child[i]))
            no_memory(l, more);
    }
}

void hg_merge_file(struct hg_loader *l, size_t file, struct hg_node *root)
{
    HG_ASSERT(root != NULL && root->type == HG_NODE_GROUP && file < l->model->files);
    for (size_t i = 0; i < root->children; i++) {
        struct hg_node *block = root->child[i];
        HG_ASSERT(block->schema != NULL);
        if (strcmp(block->name, "include") == 0)
            continue;
        struct hg_node *first = hg_tree_get(l->model->root, block->name);
        if (strcmp(block->name, "defaults") == 0)
            merge_defaults(l, file, block);
        else if ((block->schema->forms & (HG_FORM_NAMED | HG_FORM_NAMED_LISTS)) != 0)
            merge_named(l, block);
        else if (first != NULL && strcmp(block->name, "env-file") == 0)
            merge_list(l, first, block);
        else if (first != NULL)
            twice(l, block, first);
        else if (!hg_tree_append(&l->model->arena, l->model->root, block))
            no_memory(l, block);
    }
    l->model->root->broken = l->model->root->broken || root->broken;
}
