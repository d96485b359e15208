/* SPDX-License-Identifier: MIT
 *
 * Lists of globs as people write them for names of models: `*` is any text, all
 * else is itself, upper and lower case are the same (ASCII). Each may have a
 * number. Immutable once built, shared by threads.
 */
#ifndef HG_RULES_GLOBS_H
#define HG_RULES_GLOBS_H

#include "rules/pattern.h"

struct hg_globs;

/* NULL without memory. */
struct hg_globs *hg_globs_new(void);
/* NULL is fine. */
void hg_globs_free(struct hg_globs *g);
/* NULL, or what is wrong with the text (a sentence part). */
const char *hg_globs_add(struct hg_globs *g, struct hg_slice text, uint64_t number);
size_t hg_globs_count(const struct hg_globs *g);

/* The first that matches: its text as written, and its number when number is not NULL. NULL: none does. */
const char *hg_globs_find(const struct hg_globs *g, struct hg_scratch *scratch, struct hg_slice name,
                          uint64_t *number);

/* ---- the policy of models ---- */

/* id, word in logs and answers */
#define HG_MODEL_VERDICTS(X)                 \
    X(ALLOWED, "allowed")                    \
    X(DISALLOWED, "disallowed")              \
    X(NOT_ALLOWED, "not_allowed")            \
    X(DYNAMIC, "dynamic_model_unverifiable") \
    X(UNKNOWN, "unknown") /* which model it is cannot be told; not from hg_models_judge */

enum hg_model_verdict {
#define X(id, word) HG_MODEL_##id,
    HG_MODEL_VERDICTS(X)
#undef X
};
const char *hg_model_verdict_word(enum hg_model_verdict v);

/* Either list may be empty (nothing is asked of it) or NULL. Denied wins over allowed. "auto" (also
 * behind a provider's name, "x/auto") lets the upstream choose: where something is denied it must be allowed
 * by name or glob. */
enum hg_model_verdict hg_models_judge(const struct hg_globs *allow, const struct hg_globs *deny,
                                      struct hg_scratch *scratch, struct hg_slice model);

#endif
