/* SPDX-License-Identifier: MIT
 *
 * hdrgate dump: the effective configuration, as one text that is itself valid.
 */
#include <stdio.h>

#include "arguments.h"
#include "base/limits.h"
#include "cmd.h"
#include "options.h"
#include "tools/dump.h"

static int write_out(const struct hg_dump *what)
{
    struct hg_buf out;
    int status = 1;

    hg_buf_init(&out, HG_LIMIT_CONFIG_MEMORY, true);
    if (!hg_dump_write(what, &out))
        fputs("no memory\n", stderr);
    else if (fwrite(hg_buf_data(&out).p, 1, hg_buf_len(&out), stdout) == hg_buf_len(&out) &&
             fflush(stdout) == 0)
        status = 0;
    else
        perror("standard output");
    hg_buf_free(&out);
    return status;
}

static int dump(const struct arguments *a, struct hg_diag *d)
{
    const struct hg_plan_options options = {
        .stand_in_secrets = true, .env_file = a->env_file, .env_files = a->env_files};
    struct hg_model *model = hg_model_read(a->file, a->files, options_rules_dir(), d);
    struct hg_plan *plan = model != NULL ? hg_plan_build(model, &hg_environment_process, &options, d) : NULL;
    const struct hg_dump what = {model, plan, &hg_environment_process};
    int status = 1;

    hg_diag_print(d, stderr);
    if (plan != NULL)
        status = write_out(&what);
    else if (hg_diag_errors(d) == 0)
        fputs("no memory\n", stderr);
    hg_plan_unref(&plan);
    hg_model_free(model);
    return status;
}

int cmd_dump(int argc, char **argv)
{
    struct arguments a;
    struct hg_diag *d = hg_diag_new();
    int status = arguments_read(&a, "-f --env-file", argc, argv);

    if (status == 0 && (a.files == 0 || a.words > 0)) {
        fputs("hdrgate: say hdrgate dump -f FILE or -f FOLDER; see \"hdrgate help\"\n", stderr);
        status = 2;
    } else if (status == 0) {
        status = d != NULL ? dump(&a, d) : 1;
    }
    hg_diag_free(d);
    arguments_free(&a);
    return status;
}
