/* SPDX-License-Identifier: MIT
 *
 * Any text as a config, and the plan of what was good in it, with a small
 * environment. Nothing outside of the text is read: a string cannot include,
 * and files are not opened by check, except those of secrets and maps.
 */
#include <stdlib.h>
#include <string.h>

#include "config/model.h"
#include "plan/plan.h"

static const char *get(void *ctx, const char *name)
{
    static const char *const pair[][2] = {{"T", "https://user@a.test:1/%{path}$<T>$1*~"},
                                          {"L", "[\"127.0.0.1:1\", \"*\", \"$1%{path}\"]"},
                                          {"N", "[401, \"402\"]"},
                                          {"M", "{\"x-a\": \"b$$\", \"x-b\": \"c\"}"},
                                          {"BAD", "{\"x\": [{"}};
    (void)ctx;
    for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++)
        if (strcmp(name, pair[i][0]) == 0)
            return pair[i][1];
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hg_environment env = {NULL, get};
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
