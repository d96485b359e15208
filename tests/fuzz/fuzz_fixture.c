/* SPDX-License-Identifier: MIT
 *
 * Fixture files from hostile text: read, and run against a plan, so that also
 * what they send reaches the head scanner and the rules.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "tools/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] =
    "secret: { f: { file = \"/no/such/file\"; }; };\n"
    "frontend: { f: { bind = \"127.0.0.1:8080\"; backend = \"b\";\n"
    "  request = ( { drop-header = \"~^(authorization|x-)\"; aliases = true; }, { drop-query = \"k*\"; },\n"
    "    { when: { path = \"/no*\"; }; deny = 403; } ); }; };\n"
    "backend: { b: { url = \"https://api.example\"; via = \"direct\"; response = ( { drop-header = \"s*\"; } "
    ");\n"
    "  request = ( { set-header = [ \"A\", \"%{header:b} $<secret:f>\" ]; } ); }; };\n";

static const char *no_variable(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

static struct hg_plan *make_plan(void)
{
    static const struct hg_environment env = {NULL, no_variable};
    static const struct hg_plan_options options = {.stand_in_secrets = true, .want_variables = true};
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = hg_model_read_string(config, "fuzz.cfg", d);
    struct hg_plan *plan = hg_plan_build(m, &env, &options, d);

    hg_diag_print(d, stderr);
    HG_ASSERT(plan != NULL);
    hg_model_free(m);
    hg_diag_free(d);
    return plan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hg_plan *plan;
    struct hg_diag *d = hg_diag_new();
    struct hg_fixtures *f = hg_fixtures_read(hg_slice((const char *)data, size), "x", d);
    char why[256];

    if (plan == NULL)
        plan = make_plan();
    for (size_t i = 0; f != NULL && hg_diag_errors(d) == 0 && i < hg_fixtures_count(f); i++) {
        const struct hg_fixture *one = hg_fixtures_get(f, i);
        struct hg_buf out;

        hg_buf_init(&out, HG_LIMIT_FIXTURES, false);
        if (hg_fixture_secrets(one, plan, why, sizeof(why)))
            (void)hg_fixture_check(one, plan, &out);
        hg_buf_free(&out);
    }
    hg_fixtures_free(f);
    hg_diag_free(d);
    return 0;
}
