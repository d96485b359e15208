/* SPDX-License-Identifier: MIT
 *
 * The action guard of a list: which one it means, and that it is in force.
 */
#include "build.h"
#include "plan/guard.h"

static const struct hg_guard *find_guard(const struct hg_build *b, const char *name)
{
    for (size_t i = 0; i < b->plan->guards; i++)
        if (strcmp(b->plan->guard[i].name, name) == 0)
            return &b->plan->guard[i];
    return NULL;
}

bool hg_read_guard(struct hg_build *b, const struct hg_node *entry, struct hg_action_spec *spec)
{
    const struct hg_node *all = hg_node_get(b->root, "guard");
    const char *name = hg_get_string(b, entry, "guard", NULL);
    const struct hg_guard *g = name != NULL ? find_guard(b, name) : NULL;
    if (name != NULL && g == NULL && (all == NULL || !all->broken))
        HG_ERROR(b, hg_node_get(entry, "guard"), "there is no guard of this name%s",
                 hg_near_name(b, all, name));
    if (g == NULL)
        return false;
    spec->guard = g;
    spec->name = hg_slice_str(g->name);
    for (size_t i = 0; i < g->froms; i++)
        spec->asks_path = spec->asks_path || g->from[i].kind == HG_MODEL_FROM_PATH;
    return true;
}

void hg_note_guard(struct hg_build *b, const struct hg_action_spec *spec)
{
    if (spec->guard != NULL && b->block != NULL && !spec->observe)
        b->plan->guard[spec->guard->index].refuses = true;
}
