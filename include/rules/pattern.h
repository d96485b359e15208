/* SPDX-License-Identifier: MIT
 *
 * Patterns as a config writes them: a plain string is exact, with `*` in it a
 * glob, with a leading `~` a PCRE2 regex (searched, DOLLAR_ENDONLY, JIT, match
 * limits). In the first two a backslash before `*`, `~` or a backslash takes that
 * character as it is. The answer has three values: a regex that hits its limit is an
 * error, and the caller refuses the request (a drop rule must not fail open).
 */
#ifndef HG_RULES_PATTERN_H
#define HG_RULES_PATTERN_H

#include "base/slice.h"

enum hg_match { HG_MATCH_NO, HG_MATCH_YES, HG_MATCH_ERROR };

#define HG_PATTERN_CASELESS 1u
#define HG_PATTERN_ALIASES 2u /* header names: '_' equals '-' */

struct hg_pattern;

struct hg_pattern_problem {
    char text[200]; /* a sentence part without secrets */
    size_t offset;  /* into the text as given */
};

/* Per-thread memory for matching (PCRE2 match data and a bounded cache); never shared. */
struct hg_scratch;
struct hg_scratch *hg_scratch_new(void);
void hg_scratch_free(struct hg_scratch *s);

#define HG_CAPTURES 10
struct hg_captures {
    struct hg_slice group[HG_CAPTURES]; /* 0: the whole match; unset groups have .p NULL */
    size_t n;
};

/* NULL and *problem when the text is not a valid pattern. Immutable: shared by threads. */
struct hg_pattern *hg_pattern_new(struct hg_slice text, unsigned flags, struct hg_pattern_problem *problem);
void hg_pattern_free(struct hg_pattern *p);

/* captures may be NULL; they point into the subject. */
enum hg_match hg_pattern_match(const struct hg_pattern *p, struct hg_scratch *scratch,
                               struct hg_slice subject, struct hg_captures *captures);

/* How many groups a regex captures; 0 for the other kinds. */
unsigned hg_pattern_groups(const struct hg_pattern *p);

/* Exact patterns can be looked up without matching: their text without escapes. */
bool hg_pattern_is_exact(const struct hg_pattern *p, struct hg_slice *text);
const char *hg_pattern_text(const struct hg_pattern *p); /* as written */

/* Quotes a value for use inside a regex or glob of the given pattern text ("~..." quotes for regex).
 * malloc'd. */
char *hg_pattern_quote(struct hg_slice value, bool regex);

#endif
