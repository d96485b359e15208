/* SPDX-License-Identifier: MIT
 *
 * Diagnostics: every problem with its place, gathered, sorted and printed at
 * the end. Texts never hold a value that came from $<...>.
 */
#ifndef HG_CONFIG_DIAG_H
#define HG_CONFIG_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum hg_severity { HG_SEVERITY_ERROR, HG_SEVERITY_WARNING };

struct hg_diag;

struct hg_diag *hg_diag_new(void);
void hg_diag_free(struct hg_diag *d);

/* Gives the file its place in the order of printing, before anything is said about it. */
void hg_diag_file(struct hg_diag *d, const char *file);

/* file may be NULL (no place); line 0: none. `at` is the path of the setting, e.g. "backend.x.server[0].url",
 * may be NULL. Prints as "file:line: at: text". At most HG_LIMIT_DIAGNOSTICS are kept; the rest are counted.
 */
void hg_diag_add(struct hg_diag *d, enum hg_severity severity, const char *file, unsigned line,
                 const char *at, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

size_t hg_diag_errors(const struct hg_diag *d);
size_t hg_diag_warnings(const struct hg_diag *d);

/* In order of file (as first named) and line; identical lines once. Errors as they are, warnings with
 * "warning: " before the text. */
void hg_diag_print(const struct hg_diag *d, FILE *out);
/* The i-th line in that order, NULL behind the last: for logs and tests. */
const char *hg_diag_line(const struct hg_diag *d, size_t i, enum hg_severity *severity);

#endif
