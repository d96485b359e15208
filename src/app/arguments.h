/* SPDX-License-Identifier: MIT
 *
 * The command line of the tools: options anywhere, and words between them.
 */
#ifndef HG_APP_ARGUMENTS_H
#define HG_APP_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct arguments {
    const char **file; /* -f */
    size_t files;
    const char **env_file; /* --env-file */
    size_t env_files;
    const char **header; /* -H */
    size_t headers;
    const char **word; /* what is no option */
    size_t words;
    const char *frontend, *from; /* --frontend, --from; or NULL */
    bool json, resolve;          /* --json, --resolve */
};

/* allowed: those of the options above that this command takes, separated by a space. 0, or 2 after a sentence
 * on stderr. arguments_free in any case. */
int arguments_read(struct arguments *a, const char *allowed, int argc, char **argv);
void arguments_free(struct arguments *a);

#endif
