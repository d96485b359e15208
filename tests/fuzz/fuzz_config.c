/* SPDX-License-Identifier: MIT
 *
 * Any text as a config, and the plan of what was good in it, with an empty
 * environment. Nothing outside of the text is read: a string cannot include,
 * and files are not opened by check, except those of secrets.
 */
#include <stdlib.h>

#include "config/model.h"
#include "plan/plan.h"

static const char *nothing(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hg_environment env = {NULL, nothing};
    static const struct hg_plan_options options = {.stand_in_secrets = true};
    char *text = hg_slice_dup(hg_slice((const char *)data, size));
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = text != NULL && d != NULL ? hg_model_read_string(text, "fuzz", d) : NULL;
    struct hg_plan *p = m != NULL ? hg_plan_build(m, &env, &options, d) : NULL;
    hg_plan_unref(&p);
    hg_model_free(m);
    hg_diag_free(d);
    free(text);
    return 0;
}
