/* SPDX-License-Identifier: MIT
 *
 * Plans from strings with an environment of their own.
 */
#ifndef HG_TESTS_PLAN_FIXTURE_H
#define HG_TESTS_PLAN_FIXTURE_H

#include "config/cases.h"
#include "plan/plan.h"

struct fixture_env {
    const char *pair[32]; /* name, value, ..., NULL */
};

static inline const char *fixture_get(void *ctx, const char *name)
{
    const struct fixture_env *e = ctx;
    for (size_t i = 0; i + 1 < sizeof(e->pair) / sizeof(e->pair[0]) && e->pair[i] != NULL; i += 2) {
        if (strcmp(e->pair[i], name) == 0)
            return e->pair[i + 1];
    }
    return NULL;
}

static inline struct hg_plan *fixture_plan(const char *text, struct fixture_env *e, bool stand_in,
                                           struct hg_diag *d)
{
    struct hg_environment env = {e, fixture_get};
    struct hg_plan_options options = {.stand_in_secrets = stand_in};
    struct hg_model *m = hg_model_read_string(text, "t", d);
    struct hg_plan *p = m != NULL ? hg_plan_build(m, &env, &options, d) : NULL;
    hg_model_free(m); /* the plan does not need it */
    return p;
}

#endif
