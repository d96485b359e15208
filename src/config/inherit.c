/* SPDX-License-Identifier: MIT
 *
 * from = "name": a block that starts as a copy of another of its kind. Done
 * once, when all files are read, so that nobody behind this knows of it. What is
 * copied is shared, not cloned: a mistake in it is said where it was written.
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "tree.h"

#define MAX_NAMES 64 /* for a hint */

/* Keys that say the same thing in different words: one's own ends all of the copied ones. */
static const char *const alternatives[][4] = {
    {"server", "url", "proxy", NULL},
};

/* An address belongs to one frontend, and named defaults to their file. */
static bool is_own(const struct hg_node *n)
{
    static const char *const own[] = {"bind", "from", "named"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(n->name, own[i]) == 0)
            return true;
    }
    return false;
}

static bool is_replaced(const struct hg_node *block, const char *key, size_t own)
{
    for (size_t i = 0; i < sizeof(alternatives) / sizeof(alternatives[0]); i++) {
        bool mine = false, theirs = false;
        for (size_t k = 0; alternatives[i][k] != NULL; k++) {
            theirs = theirs || strcmp(alternatives[i][k], key) == 0;
            for (size_t j = 0; j < own; j++)
                mine = mine || strcmp(block->child[j]->name, alternatives[i][k]) == 0;
        }
        if (mine && theirs)
            return true;
    }
    return false;
}

/* A group of settings is copied key by key, a group of named things name by name. What could be a list is
 * replaced as a list is. */
static bool is_merged(const struct hg_node *n)
{
    unsigned forms = n->schema != NULL ? n->schema->forms : 0;
    return n->type == HG_NODE_GROUP && (forms & (HG_FORM_GROUP | HG_FORM_NAMED)) != 0 &&
           (forms & (HG_FORM_GROUPS | HG_FORM_LIST | HG_FORM_PAIR_MAP)) == 0;
}

static bool copy_keys(struct hg_loader *l, struct hg_node *to, const struct hg_node *base, bool block);

/* One's own group with the base's other keys behind. */
static bool merge_group(struct hg_loader *l, struct hg_node *own, const struct hg_node *base)
{
    HG_ASSERT(own->type == HG_NODE_GROUP && base->type == HG_NODE_GROUP);
    own->broken = own->broken || base->broken;
    return copy_keys(l, own, base, false);
}

static bool copy_keys(struct hg_loader *l, struct hg_node *to, const struct hg_node *base, bool block)
{
    struct hg_arena *a = &l->model->arena;
    size_t own = to->children;
    for (size_t i = 0; i < base->children; i++) {
        struct hg_node *theirs = base->child[i], *mine = hg_tree_get(to, theirs->name);
        bool ok = true;
        if (block && (is_own(theirs) || is_replaced(to, theirs->name, own)))
            continue;
        if (mine == NULL)
            ok = hg_tree_share(a, to, theirs);
        else if (is_merged(mine) && is_merged(theirs))
            ok = merge_group(l, mine, theirs);
        if (!ok)
            return false;
    }
    return true;
}

struct inherit {
    struct hg_loader *l;
    struct hg_node *all; /* the blocks of one kind, by name; NULL: there are none */
    const char *kind;    /* "is no frontend" */
};

static struct hg_node *find(const struct inherit *in, const struct hg_node *from)
{
    const char *names[MAX_NAMES] = {NULL};
    size_t n = 0;
    struct hg_node *found = in->all != NULL ? hg_tree_get(in->all, from->string) : NULL;
    if (found != NULL)
        return found;
    for (size_t i = 0; in->all != NULL && i < in->all->children && n < MAX_NAMES; i++)
        names[n++] = in->all->child[i]->name;
    const char *near = n > 0 ? hg_text_nearest(hg_slice_str(from->string), names, n) : NULL;
    if (strstr(from->string, "$<") != NULL)
        hg_tree_problem(in->l->d, HG_SEVERITY_ERROR, from,
                        "expected a name (variables are not expanded here)");
    else if (in->all == NULL || !in->all->broken) /* else it may be what was taken out */
        hg_tree_problem(in->l->d, HG_SEVERITY_ERROR, from, "there %s of this name%s%s%s", in->kind,
                        near != NULL ? " [did you mean " : "", near != NULL ? near : "",
                        near != NULL ? "?]" : "");
    return NULL;
}

/* The blocks that are being copied, outermost last. */
struct chain {
    const struct hg_node *block;
    const struct chain *outer;
};

/* "a -> b -> a" when block is in the chain. */
static bool is_circle(const struct inherit *in, const struct hg_node *block, const struct chain *chain)
{
    char text[512];
    size_t at = sizeof(text) - 1;
    const struct chain *c = chain;
    while (c != NULL && c->block != block)
        c = c->outer;
    if (c == NULL)
        return false;
    text[at] = '\0';
    for (c = chain;; c = c->outer) {
        size_t n = strlen(c->block->name);
        if (at < n + 4)
            break;
        at -= n;
        memcpy(text + at, c->block->name, n);
        if (c->block == block)
            break;
        at -= 4;
        memcpy(text + at, " -> ", 4);
    }
    hg_tree_problem(in->l->d, HG_SEVERITY_ERROR, hg_tree_get(chain->block, "from"),
                    "goes in a circle: %s -> %s", text + at, block->name);
    return true;
}

static size_t depth_of(const struct chain *chain)
{
    size_t n = 0;
    for (; chain != NULL; chain = chain->outer)
        n++;
    return n;
}

/* False: no memory. */
static bool inherit(const struct inherit *in, struct hg_node *block, const struct chain *outer)
{
    const struct hg_node *from = hg_tree_get(block, "from");
    struct hg_node *base = from != NULL ? find(in, from) : NULL;
    const struct chain here = {block, outer};
    if (from == NULL)
        return true;
    bool bad = base == NULL || is_circle(in, base, &here);
    if (!bad && depth_of(&here) > HG_LIMIT_FROM_DEPTH) {
        hg_tree_problem(in->l->d, HG_SEVERITY_ERROR, from, "copies of copies go more than %u deep",
                        HG_LIMIT_FROM_DEPTH);
        bad = true;
    }
    if (!bad && !inherit(in, base, &here))
        return false;
    hg_tree_take(block, from); /* done: who comes again finds nothing to do */
    block->broken = block->broken || bad || base->broken;
    return bad || copy_keys(in->l, block, base, true);
}

static bool inherit_all(const struct inherit *in)
{
    for (size_t i = 0; in->all != NULL && i < in->all->children; i++) {
        if (!inherit(in, in->all->child[i], NULL))
            return false;
    }
    return true;
}

/* defaults = "name" of the blocks of a kind. */
static void check_chosen(const struct inherit *named, struct hg_node *all)
{
    for (size_t i = 0; all != NULL && i < all->children; i++) {
        const struct hg_node *chosen = hg_tree_get(all->child[i], "defaults");
        if (chosen != NULL && find(named, chosen) == NULL)
            all->child[i]->broken = true;
    }
}

static void check_named(const struct inherit *named)
{
    for (size_t i = 0; named->all != NULL && i < named->all->children; i++) {
        struct hg_node *inner = hg_tree_get(named->all->child[i], "named");
        if (inner != NULL)
            hg_tree_problem(named->l->d, HG_SEVERITY_ERROR, inner,
                            "named defaults have no named defaults of their own");
    }
}

bool hg_inherit(struct hg_loader *l)
{
    struct hg_model *m = l->model;
    const struct inherit named = {l, m->named, "are no defaults"};
    const struct inherit front = {l, hg_tree_get(m->root, "frontend"), "is no frontend"};
    const struct inherit back = {l, hg_tree_get(m->root, "backend"), "is no backend"};
    HG_ASSERT(m->root != NULL && l->depth == 0);
    check_named(&named);
    bool ok = inherit_all(&named) && inherit_all(&front) && inherit_all(&back);
    for (size_t i = 0; ok && i < m->files; i++)
        ok = m->file[i].defaults == NULL || inherit(&named, m->file[i].defaults, NULL);
    check_chosen(&named, front.all);
    check_chosen(&named, back.all);
    return ok;
}
