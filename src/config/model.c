/* SPDX-License-Identifier: MIT
 *
 * The model as the other rooms see it.
 */
#include "config/model.h"

#include <stdlib.h>

#include "base/check.h"
#include "tree.h"

static struct hg_model *model_new(void)
{
    struct hg_model *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    hg_arena_init(&m->arena, HG_LIMIT_CONFIG_MEMORY);
    m->root = hg_tree_node(&m->arena, HG_NODE_GROUP, "");
    if (m->root == NULL) {
        hg_model_free(m);
        return NULL;
    }
    return m;
}

static void finish(struct hg_loader *l)
{
    HG_ASSERT(l->depth == 0);
    if (!hg_inherit(l))
        hg_diag_add(l->d, HG_SEVERITY_ERROR, NULL, 0, NULL, "no memory for the config");
}

struct hg_model *hg_model_read(const char *const *paths, size_t n, const char *rules_dir, struct hg_diag *d)
{
    return hg_model_read_with(paths, n, rules_dir, NULL, NULL, d);
}

struct hg_model *hg_model_read_with(const char *const *paths, size_t n, const char *rules_dir,
                                    const char *text, const char *name, struct hg_diag *d)
{
    HG_ASSERT(d != NULL && (paths != NULL || n == 0) && (text == NULL || name != NULL));
    struct hg_model *m = model_new();
    if (m == NULL)
        return NULL;
    struct hg_loader l = {.model = m, .d = d, .rules_dir = rules_dir};
    for (size_t i = 0; i < n; i++)
        hg_load_path(&l, paths[i], NULL);
    if (text != NULL)
        hg_load_string(&l, text, name);
    finish(&l);
    return m;
}

struct hg_model *hg_model_read_string(const char *text, const char *name, struct hg_diag *d)
{
    HG_ASSERT(text != NULL && name != NULL && d != NULL);
    struct hg_model *m = model_new();
    if (m == NULL)
        return NULL;
    m->file = calloc(1, sizeof(*m->file));
    struct hg_slice copy = hg_arena_join(&m->arena, hg_slice_str(name), hg_slice("", 1));
    if (m->file == NULL || copy.p == NULL) {
        hg_model_free(m);
        return NULL;
    }
    m->file[0].name = copy.p;
    m->files = m->file_cap = 1;
    hg_diag_file(d, name);
    struct hg_loader l = {.model = m, .d = d, .from_string = true};
    hg_load_text(&l, hg_slice_str(text), 0);
    finish(&l);
    return m;
}

void hg_model_free(struct hg_model *m)
{
    if (m == NULL)
        return;
    free(m->file);
    hg_arena_reset(&m->arena);
    free(m);
}

const struct hg_node *hg_model_root(const struct hg_model *m)
{
    HG_ASSERT(m != NULL && m->root != NULL);
    return m->root;
}

const struct hg_node *hg_model_defaults(const struct hg_model *m, const struct hg_node *block)
{
    const struct hg_node *chosen = hg_tree_get(block, "defaults");
    HG_ASSERT(m != NULL);
    if (chosen != NULL)
        return m->named != NULL ? hg_tree_get(m->named, chosen->string) : NULL;
    for (size_t i = 0; i < m->files; i++) {
        if (block != NULL && m->file[i].name == block->file)
            return m->file[i].defaults;
    }
    return NULL;
}
