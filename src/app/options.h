/* SPDX-License-Identifier: MIT
 *
 * Options that the commands share.
 */
#ifndef HG_APP_OPTIONS_H
#define HG_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_FILES_MAX 64

struct options {
    const char *file[OPTIONS_FILES_MAX]; /* -f, in order */
    size_t files;
    const char *ready_file;                  /* --ready-file, or NULL */
    const char *env_file[OPTIONS_FILES_MAX]; /* --env-file, in order */
    size_t env_files;
    bool strict;  /* --strict: warnings are mistakes */
    bool resolve; /* --resolve: commands of secrets are run; allowed with --strict */
};

#define OPTIONS_READY_FILE 1u
#define OPTIONS_STRICT 2u

/* 0, or 2 after a sentence on stderr (unknown option, option without value, no -f at all). allow: which
 * options there are besides -f and --env-file. */
int options_read(struct options *o, int argc, char **argv, unsigned allow);

/* Where include = "<x.cfg>" looks: HDRGATE_RULES_DIR, else the installed folder. */
const char *options_rules_dir(void);

#endif
