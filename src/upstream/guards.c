/* SPDX-License-Identifier: MIT
 *
 * What guards have counted, over reloads and, where they have a file, over a
 * restart. A file that is there but cannot be understood ends the start: a guard
 * that began at 0 would be no guard.
 */
#include "guards.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

static struct hg_guard_state *find(const struct hg_generation *previous, const struct hg_guard *g)
{
    for (size_t i = 0; previous != NULL && i < previous->plan->guards; i++)
        if (previous->plan->guard[i].kind == g->kind && strcmp(previous->plan->guard[i].name, g->name) == 0)
            return hg_guard_state_ref(previous->guard[i]);
    return NULL;
}

/* False: said. */
static bool read_count(const struct hg_guard *g, uint64_t *count, char *err, size_t errlen)
{
    char text[HG_GUARD_TEXT];
    const char *why = NULL;
    size_t n;

    if (g->file == NULL || (access(g->file, F_OK) != 0 && errno == ENOENT))
        return true;
    n = hg_file_read(g->file, text, sizeof(text), &why);
    if (n != SIZE_MAX)
        why = hg_guard_parse(hg_slice(text, n), g->name, g->kind, count);
    if (why == NULL)
        return true;
    snprintf(err, errlen, "%s: guard.%s: the count in %s cannot be used: %s (remove the file to begin at 0)",
             g->at, g->name, g->file, why);
    return false;
}

void hg_guard_states_free(struct hg_guard_state **states, const struct hg_plan *plan)
{
    for (size_t i = 0; states != NULL && i < plan->guards; i++)
        hg_guard_state_unref(&states[i]);
    free(states);
}

struct hg_guard_state **hg_guard_states_new(const struct hg_plan *plan, const struct hg_generation *previous,
                                            char *err, size_t errlen)
{
    struct hg_guard_state **states = calloc(plan->guards + 1, sizeof(struct hg_guard_state *));
    bool ok = states != NULL;

    snprintf(err, errlen, "out of memory");
    for (size_t i = 0; ok && i < plan->guards; i++) {
        const struct hg_guard *g = &plan->guard[i];
        uint64_t count = 0;

        states[i] = find(previous, g);
        if (states[i] != NULL)
            continue;
        ok = read_count(g, &count, err, errlen);
        if (ok)
            states[i] = hg_guard_state_new(g->name, g->kind, count);
        ok = ok && states[i] != NULL;
    }
    if (ok)
        return states;
    hg_guard_states_free(states, plan);
    return NULL;
}
