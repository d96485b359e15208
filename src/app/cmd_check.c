/* SPDX-License-Identifier: MIT
 *
 * hdrgate check: reads and compiles a config as run would, says everything that
 * is wrong with it, and starts nothing.
 */
#include <stdio.h>

#include "cmd.h"
#include "config/diag.h"
#include "options.h"
#include "plan/plan.h"
#include "resolve.h"

static size_t count_binds(const struct hg_plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->frontends; i++)
        n += p->frontend[i].binds;
    return n;
}

/* What --strict says behind the warnings. */
static int refuse_warnings(size_t n)
{
    (void)fprintf(stderr, "%zu warning%s, and --strict allows none\n", n, n == 1 ? "" : "s");
    return 1;
}

static int check(const struct options *o, struct hg_diag *d)
{
    const struct hg_plan_options options = {
        .stand_in_secrets = true, .env_file = o->env_file, .env_files = o->env_files};
    struct hg_plan *plan = NULL;
    struct hg_model *model = hg_model_read(o->file, o->files, options_rules_dir(), d);
    if (model != NULL)
        plan = hg_plan_build(model, &hg_environment_process, &options, d);
    hg_model_free(model);
    hg_diag_print(d, stderr);
    if (plan == NULL) {
        if (hg_diag_errors(d) == 0)
            (void)fputs("no memory\n", stderr);
        return 1;
    }
    if (o->strict && hg_diag_warnings(d) > 0) {
        hg_plan_unref(&plan);
        return refuse_warnings(hg_diag_warnings(d));
    }
    if (o->resolve && !resolve_secrets(plan)) {
        hg_plan_unref(&plan);
        return 1;
    }
    (void)printf(
        "configuration is valid\n%zu frontends, %zu binds, %zu backends, %zu servers, %zu warnings\n",
        plan->frontends, count_binds(plan), plan->backends, plan->servers, hg_diag_warnings(d));
    hg_plan_unref(&plan);
    return 0;
}

int cmd_check(int argc, char **argv)
{
    struct options o;
    int status = options_read(&o, argc, argv, OPTIONS_STRICT);
    if (status != 0)
        return status;
    struct hg_diag *d = hg_diag_new();
    if (d == NULL) {
        (void)fputs("no memory\n", stderr);
        return 1;
    }
    status = check(&o, d);
    hg_diag_free(d);
    return status;
}
