/* SPDX-License-Identifier: MIT
 *
 * Patterns without PCRE2: exact text, and text with `*` in it. A backslash
 * before `*`, `~` or a backslash takes that character as it is.
 */
#ifndef HG_RULES_GLOB_H
#define HG_RULES_GLOB_H

#include "rules/pattern.h"

struct hg_glob;

/* flags: HG_PATTERN_*. NULL without memory. */
struct hg_glob *hg_glob_new(struct hg_slice text, unsigned flags);
void hg_glob_free(struct hg_glob *g);

/* The whole subject must match. Time is at most subject times pattern. */
bool hg_glob_match(const struct hg_glob *g, struct hg_slice subject);

/* False when there is a `*`; otherwise the text without its escapes. */
bool hg_glob_is_exact(const struct hg_glob *g, struct hg_slice *text);

#endif
