/* SPDX-License-Identifier: MIT
 *
 * Conditions by themselves: acls, which have a name, and what stands beside an
 * action or a choice of backend (when, if, unless; all that are given must
 * hold). Immutable once built, shared by all threads.
 *
 * if and unless name acls: "a b" is a and b, "a || b" is a or b (and binds
 * tighter), "!a" is not a. A part that cannot be evaluated is neither yes nor no
 * for the whole: the request must not leave.
 */
#ifndef HG_RULES_CONDITION_H
#define HG_RULES_CONDITION_H

#include "rules/ruleset.h"

struct hg_condition;

struct hg_condition_spec {
    enum hg_direction direction;
    bool no_server;              /* the server is not chosen yet: asking for it is BAD */
    const struct hg_when *when;  /* NULL: not given */
    struct hg_slice if_, unless; /* .p NULL: not given */
};

/* *out is NULL when nothing is asked: it always holds. UNSET, VANISHED and BAD: *out is NULL, and note says
 * why (BAD: note->part). The acls that resolver->acl gives must live as long as *out. */
enum hg_append hg_condition_build(const struct hg_condition_spec *spec, const struct hg_resolver *resolver,
                                  struct hg_condition **out, struct hg_rule_note *note);
void hg_condition_free(struct hg_condition *c);

/* An acl holds when one of its alternatives does; without any it never does. NULL: no memory. */
struct hg_condition *hg_acl_new(void);
/* Adds an alternative. VANISHED: it is left out. UNSET: whoever names the acl from now on is UNSET too. */
enum hg_append hg_acl_add(struct hg_condition *acl, const struct hg_when *when,
                          const struct hg_resolver *resolver, struct hg_rule_note *note);

/* HG_WHEN_BIT of all it looks at; c NULL: 0. */
unsigned hg_condition_asks(const struct hg_condition *c);

/* Groups of the one regex that captures; 0: none, or more than one. */
unsigned hg_condition_groups(const struct hg_condition *c);

/* c NULL: YES. ERROR: *fail says why. captures may be NULL; what the one regex that captures found goes
 * there. */
enum hg_match hg_condition_holds(const struct hg_condition *c, const struct hg_rules_run *run,
                                 struct hg_captures *captures, enum hg_rule_fail *fail);

/* Which part does not hold, in words, for people; "" when all do. Evaluates anew. Values of headers, paths
 * and parameters are never in it, patterns are. */
void hg_condition_why(const struct hg_condition *c, const struct hg_rules_run *run, char *out, size_t cap);

#endif
