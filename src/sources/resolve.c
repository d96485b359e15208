/* SPDX-License-Identifier: MIT
 *
 * Values for tools that do not serve: every command runs once.
 */
#include "internal.h"

static void stop(void *ctx)
{
    hg_loop_stop(ctx);
}

static void report(struct hg_sources *s,
                   void (*fail)(void *ctx, const struct hg_source *source, const char *why), void *ctx)
{
    for (struct hg_list *n = s->live.next; n != &s->live; n = n->next) {
        const struct hg_live *l = HG_CONTAINER_OF(n, struct hg_live, node);

        if (l->value == NULL)
            fail(ctx, l->spec, l->bad_why);
    }
}

bool hg_sources_resolve(struct hg_plan *plan,
                        void (*fail)(void *ctx, const struct hg_source *source, const char *why), void *ctx)
{
    struct hg_counters counters = {0};
    struct hg_loop *loop = hg_loop_new();
    struct hg_sources_options o = {.loop = loop, .counters = &counters, .settled = stop, .ctx = loop};
    struct hg_sources *s = loop != NULL ? hg_sources_new(&o) : NULL;
    bool ok = s != NULL && hg_sources_load(s, plan);

    if (ok) {
        hg_loop_run(loop);
        report(s, fail, ctx);
    }
    hg_sources_free(s);
    hg_loop_free(loop);
    return ok;
}
