/* SPDX-License-Identifier: MIT
 *
 * hdrgate keys: every key of the configuration, from the table that checks it.
 */
#include <stdio.h>

#include "arguments.h"
#include "base/limits.h"
#include "cmd.h"
#include "tools/keys.h"

static int show(const struct arguments *a)
{
    struct hg_buf out;
    const char *unknown = NULL;
    int status = 1;

    hg_buf_init(&out, HG_LIMIT_EXPLAIN, false);
    if (!hg_keys_write(a->word, a->words, a->json, &out, &unknown))
        fputs("no memory\n", stderr);
    else if (unknown != NULL)
        fprintf(stderr, "hdrgate: there is no key and no block \"%s\"; \"hdrgate keys\" lists all\n",
                unknown);
    else if (fwrite(hg_buf_data(&out).p, 1, hg_buf_len(&out), stdout) == hg_buf_len(&out) &&
             fflush(stdout) == 0)
        status = 0;
    else
        perror("standard output");
    hg_buf_free(&out);
    return status;
}

int cmd_keys(int argc, char **argv)
{
    struct arguments a;
    int status = arguments_read(&a, "--json", argc, argv);

    if (status == 0)
        status = show(&a);
    arguments_free(&a);
    return status;
}
