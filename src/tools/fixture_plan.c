/* SPDX-License-Identifier: MIT
 *
 * What a fixture's plan is made of: variables and secrets that stand in the
 * fixture, and nothing of the machine it runs on.
 */
#include <stdio.h>

#include "base/check.h"
#include "tools/fixture.h"

static const char *fixture_env(void *ctx, const char *name)
{
    const struct hg_fixture *f = ctx;

    /* The last one holds: a fixture's own stand behind those of its file. */
    for (size_t i = f->env.n; i-- > 0;)
        if (hg_slice_eq(f->env.v[i].name, hg_slice_str(name)))
            return f->env.v[i].value.p;
    return NULL;
}

struct hg_environment hg_fixture_environment(const struct hg_fixture *f)
{
    return (struct hg_environment){(void *)(uintptr_t)f, fixture_env};
}

static bool set_secret(const struct hg_source *s, struct hg_slice value)
{
    struct hg_secret *secret = hg_secret_new(value);

    if (secret != NULL)
        hg_secret_slot_set(s->slot, secret);
    return secret != NULL;
}

static bool give(const struct hg_pair *p, const struct hg_plan *plan, char *why, size_t cap)
{
    for (size_t i = 0; i < plan->sources; i++) {
        const struct hg_source *s = &plan->source[i];

        if (!hg_slice_eq(p->name, hg_slice_str(s->name)))
            continue;
        if (s->kind == HG_SOURCE_FILE || s->kind == HG_SOURCE_EXEC)
            return set_secret(s, p->value);
        snprintf(why, cap, "secret %s: %s", s->name,
                 s->kind == HG_SOURCE_ENV ? "comes from the environment (set its variable with env)"
                                          : "stands for several others (give those a value)");
        return false;
    }
    snprintf(why, cap, "secret %.*s: is not declared in the configuration", HG_FMT(p->name));
    return false;
}

bool hg_fixture_secrets(const struct hg_fixture *f, const struct hg_plan *plan, char *why, size_t cap)
{
    snprintf(why, cap, "no memory");
    for (size_t i = 0; i < plan->sources; i++) {
        const struct hg_source *s = &plan->source[i];
        char text[256];

        snprintf(text, sizeof(text), "$<secret:%s>", s->name);
        if ((s->kind == HG_SOURCE_FILE || s->kind == HG_SOURCE_EXEC) && !set_secret(s, hg_slice_str(text)))
            return false;
    }
    for (size_t i = 0; i < f->secret.n; i++)
        if (!give(&f->secret.v[i], plan, why, cap))
            return false;
    return true;
}
