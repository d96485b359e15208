/* SPDX-License-Identifier: MIT
 *
 * choose: the first entry whose environment patterns all match gives the value
 * of $<choose:x>. Decided once, when the plan is built; it keeps what it was
 * decided by, in words, for explain and dump. No value of a variable is in these
 * words.
 */
#ifndef HG_RULES_CHOICE_H
#define HG_RULES_CHOICE_H

#include "rules/ruleset.h"

struct hg_choice_entry {
    struct hg_slice value;       /* as written */
    struct hg_captures captures; /* $1..$9 in it: empty in those that were not chosen */
    const char *where;           /* file:line */
    const char *why;             /* it won, or lost; NULL: one before it won */
};

struct hg_choice {
    const char *name;
    const char *where; /* file:line */
    struct hg_choice_entry *entry;
    size_t entries;
    size_t won;        /* index; `entries`: none, it is unset */
    bool broken;       /* it has a mistake, which was said */
    bool hidden;       /* a secret takes its value from it */
    bool dynamic;      /* a request or a secret has a part in it */
    const char *value; /* what it came to, without user info; NULL: unset, not known before a request comes,
                          or not to be shown */
};

/* The value, or as it is written when it is not known before a request comes; "" when there is none to show.
 */
const char *hg_choice_shown(const struct hg_choice *c);

/* What asking one entry's environment patterns gave. */
struct hg_choice_asked {
    bool holds;
    struct hg_captures captures; /* into values of variables; .n 0: no pattern captures */
    char why[512];
};

/* when: parts of kind ENV only, or NULL: nothing is asked. OK, or BAD with note->text, or VANISHED, or UNSET
 * with note->name. */
enum hg_append hg_choice_ask(const struct hg_when *when, const struct hg_resolver *resolver,
                             struct hg_choice_asked *out, struct hg_rule_note *note);

/* Compiles the entry's value as if all were allowed where it will stand. */
enum hg_template_result hg_choice_try(const struct hg_choice_entry *entry, const struct hg_resolver *resolver,
                                      struct hg_template_note *note);

#endif
