/* SPDX-License-Identifier: MIT
 *
 * --resolve: the commands of a plan's secrets are run once, for commands that
 * do not serve.
 */
#include "resolve.h"

#include <stdio.h>

#include "sources/sources.h"

static void failed(void *ctx, const struct hg_source *s, const char *why)
{
    bool *all = ctx;

    fprintf(stderr, "%s:%u: secret.%s: %s: %s\n", s->file, s->line, s->name, hg_secret_slot_source(s->slot),
            why != NULL ? why : "has no value");
    /* What stood in for it is no answer any more. */
    if (s->kind != HG_SOURCE_ANY)
        hg_secret_slot_set(s->slot, NULL);
    *all = false;
}

bool resolve_secrets(struct hg_plan *plan)
{
    bool all = true;

    if (hg_sources_resolve(plan, failed, &all))
        return all;
    fputs("no memory\n", stderr);
    return false;
}
