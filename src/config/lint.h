/* SPDX-License-Identifier: MIT
 *
 * What libconfig hides, found in the raw text before it is parsed.
 */
#ifndef HG_CONFIG_LINT_H
#define HG_CONFIG_LINT_H

#include "base/slice.h"
#include "config/diag.h"

#define HG_LINT_BAD_LINES 64u

struct hg_lint {
    bool syntax;          /* reported something after which the text must not be parsed */
    size_t parse;         /* how much of the text the parser may see: a string where none can stand ends it,
                             because libconfig 1.5 leaks that string */
    unsigned parse_line;  /* the line where `parse` ends */
    unsigned long_string; /* line where the first string over several lines starts; 0: none */
    unsigned bad_line[HG_LINT_BAD_LINES]; /* lines with a number or string that was refused */
    size_t bad_lines;
};

/* Reports to d: joined strings, numbers that would wrap or are not plain decimal, @include, strings and
 * comments without an end, NUL bytes, names written twice, commas that close a list, deep nesting. */
void hg_lint_text(struct hg_slice text, const char *file, struct hg_diag *d, struct hg_lint *out);

#endif
