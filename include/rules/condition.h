/* SPDX-License-Identifier: MIT
 *
 * Conditions by themselves, for whoever chooses without acting: use-backend.
 * Immutable, shared by all threads.
 */
#ifndef HG_RULES_CONDITION_H
#define HG_RULES_CONDITION_H

#include "rules/ruleset.h"

struct hg_condition;

/* *out is NULL when nothing is asked: it always holds. Results as hg_ruleset_append's; UNSET and BAD: *out is
 * NULL and note says why. */
enum hg_append hg_condition_build(const struct hg_when *when, const struct hg_resolver *resolver,
                                  struct hg_condition **out, struct hg_rule_note *note);
void hg_condition_free(struct hg_condition *c);

/* c NULL: YES. ERROR: *fail says why, and the request must not leave. The captures of the one regex that
 * captures go to *captures. */
enum hg_match hg_condition_holds(const struct hg_condition *c, const struct hg_rules_run *run,
                                 struct hg_captures *captures, enum hg_rule_fail *fail);

#endif
