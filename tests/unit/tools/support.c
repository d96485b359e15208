/* SPDX-License-Identifier: MIT
 *
 * A plan from a text, for the tests of the tools.
 */
#include "tools.h"

static const char *get(void *ctx, const char *name)
{
    (void)ctx;
    if (strcmp(name, "KEY") == 0)
        return "real-key-4711";
    return strcmp(name, "PROXY") == 0 ? "http://u:pw@squid:3128" : NULL;
}

const struct hg_environment test_environment = {NULL, get};

struct hg_model *test_model(const char *text)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = d != NULL ? hg_model_read_string(text, "test.cfg", d) : NULL;

    HG_CHECK(d != NULL && hg_diag_errors(d) == 0);
    hg_diag_free(d);
    return m;
}

struct hg_plan *test_plan(const char *text)
{
    static const struct hg_plan_options options = {.stand_in_secrets = true, .want_variables = true};
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = test_model(text);
    struct hg_plan *plan = d != NULL && m != NULL ? hg_plan_build(m, &test_environment, &options, d) : NULL;

    if (d != NULL && plan == NULL)
        hg_diag_print(d, stderr);
    hg_model_free(m);
    hg_diag_free(d);
    return plan;
}
