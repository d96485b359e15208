/* SPDX-License-Identifier: MIT
 *
 * hdrgate explain: what would become of a request, and why, without sending it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "base/limits.h"
#include "cmd.h"
#include "options.h"
#include "resolve.h"
#include "tools/explain.h"

static int show(const struct hg_plan *plan, const struct arguments *a, const struct hg_pair *field)
{
    const struct hg_trial_ask ask = {.method = hg_slice_str(a->word[0]),
                                     .url = hg_slice_str(a->word[1]),
                                     .field = field,
                                     .fields = a->headers,
                                     .frontend = a->frontend,
                                     .from = a->from};
    struct hg_buf out;
    char problem[256];
    int status = 1;

    hg_buf_init(&out, HG_LIMIT_EXPLAIN, false);
    if (hg_explain(plan, &ask, a->json, &out, problem, sizeof(problem)) == HG_TRIAL_UNDECIDED)
        fprintf(stderr, "hdrgate: %s\n", problem);
    else if (fwrite(hg_buf_data(&out).p, 1, hg_buf_len(&out), stdout) == hg_buf_len(&out) &&
             fflush(stdout) == 0)
        status = 0;
    else
        perror("standard output");
    hg_buf_free(&out);
    return status;
}

static int explain(const struct arguments *a, const struct hg_pair *field)
{
    const struct hg_plan_options options = {
        .stand_in_secrets = true, .want_variables = true, .env_file = a->env_file, .env_files = a->env_files};
    struct hg_diag *d = hg_diag_new();
    struct hg_model *model = d != NULL ? hg_model_read(a->file, a->files, options_rules_dir(), d) : NULL;
    struct hg_plan *plan = model != NULL ? hg_plan_build(model, &hg_environment_process, &options, d) : NULL;
    int status = 1;

    /* Warnings are check's business; what concerns this request shows in it. */
    if (d != NULL && plan == NULL)
        hg_diag_print(d, stderr);
    if (plan != NULL && a->resolve)
        (void)resolve_secrets(plan); /* who has none shows in what becomes of the request */
    if (plan != NULL)
        status = show(plan, a, field);
    else if (d == NULL || hg_diag_errors(d) == 0)
        fputs("no memory\n", stderr);
    hg_plan_unref(&plan);
    hg_model_free(model);
    hg_diag_free(d);
    return status;
}

/* "Name: value" of -H. */
static bool read_headers(const struct arguments *a, struct hg_pair *field)
{
    for (size_t i = 0; i < a->headers; i++) {
        struct hg_slice text = hg_slice_str(a->header[i]);
        ptrdiff_t colon = hg_slice_find(text, ':');

        if (colon <= 0) {
            fprintf(stderr, "hdrgate: -H takes \"Name: value\"; see \"hdrgate help\"\n");
            return false;
        }
        field[i] = (struct hg_pair){hg_slice(text.p, (size_t)colon),
                                    hg_slice_trim(hg_slice_from(text, (size_t)colon + 1))};
    }
    return true;
}

int cmd_explain(int argc, char **argv)
{
    struct arguments a;
    struct hg_pair *field = NULL;
    int status = arguments_read(&a, "-f --env-file -H --frontend --from --json --resolve", argc, argv);

    if (status == 0 && (a.files == 0 || a.words != 2)) {
        fputs("hdrgate: say hdrgate explain -f FILE METHOD URL; see \"hdrgate help\"\n", stderr);
        status = 2;
    }
    if (status == 0) {
        field = calloc(a.headers + 1, sizeof(*field));
        status = field != NULL && read_headers(&a, field) ? explain(&a, field) : 2;
    }
    free(field);
    arguments_free(&a);
    return status;
}
