/* SPDX-License-Identifier: MIT
 *
 * What libconfig hides, found in the raw text before it is parsed.
 */
#ifndef HG_CONFIG_LINT_H
#define HG_CONFIG_LINT_H

#include "base/slice.h"
#include "config/diag.h"

#define HG_LINT_BAD 64u

struct hg_lint {
    bool syntax;          /* reported something after which the text must not be parsed */
    unsigned long_string; /* line where the first string over several lines starts; 0: none */
    struct {
        unsigned line;
        size_t at, n;   /* a number's place in the text, which no libconfig may see; n 0: a string */
    } bad[HG_LINT_BAD]; /* numbers and strings that were refused */
    size_t bads;
};

/* Reports to d: what the grammar does not have, joined strings, numbers that would wrap or are not plain
 * decimal, @include, strings and comments without an end, NUL bytes, names written twice, commas that close a
 * list, deep nesting. */
void hg_lint_text(struct hg_slice text, const char *file, struct hg_diag *d, struct hg_lint *out);

#endif
