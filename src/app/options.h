/* SPDX-License-Identifier: MIT
 *
 * Options that the commands share.
 */
#ifndef HG_APP_OPTIONS_H
#define HG_APP_OPTIONS_H

#include <stddef.h>

#define OPTIONS_FILES_MAX 64

struct options {
    const char *file[OPTIONS_FILES_MAX]; /* -f, in order */
    size_t files;
    const char *ready_file; /* --ready-file, or NULL */
};

/* 0, or 2 after a sentence on stderr (unknown option, option without value, no -f at all). `run` allows
 * --ready-file. */
int options_read(struct options *o, int argc, char **argv, int run);

/* Where include = "<x.cfg>" looks: HDRGATE_RULES_DIR, else the installed folder. */
const char *options_rules_dir(void);

#endif
