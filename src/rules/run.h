/* SPDX-License-Identifier: MIT
 *
 * One run of a ruleset, for the files that do the actions by topic. An action
 * that changes something says so with hg_run_did; what it says is only made
 * when somebody listens.
 */
#ifndef HG_RULES_RUN_H
#define HG_RULES_RUN_H

#include "action.h"
#include "rules/map.h"

struct hg_runner {
    const struct hg_rules_run *run;
    struct hg_headers *headers; /* of the message acted on */
    struct hg_outcome *out;
    struct hg_vars vars; /* the run's, with the captures of the action at hand */
    struct hg_captures captures;
    struct hg_map_taken taken; /* the last look-up in a map of what was expanded last */
    bool shows;                /* the last value holds a credential */
    bool listening;            /* there is a hook for what is considered */
    unsigned depth;            /* of rules in rules, 0: the list itself */
    /* Of the action at hand. */
    bool did;      /* it changed something */
    bool reported; /* it has told the hook itself */
    bool observed; /* it would have answered */
    char why[400];
    size_t why_n;
};

typedef enum hg_verdict hg_run_fn(struct hg_runner *r, const struct hg_action *a);

/* run.c. FAIL with this. */
enum hg_verdict hg_run_fail(struct hg_runner *r, const char *where, enum hg_rule_fail why, const char *name);
/* The action at hand changed something / did not, because; nothing in it may be a secret. Texts add up. */
void hg_run_did(struct hg_runner *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void hg_run_note(struct hg_runner *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The n-th (from 0) header or parameter of this name was dropped. */
void hg_run_drop_note(struct hg_runner *r, size_t n, struct hg_slice name);
/* "NAME: value", or which secret is in it. */
void hg_run_did_set(struct hg_runner *r, const struct hg_action *a, struct hg_slice value);
void hg_run_report(struct hg_runner *r, const char *where, enum hg_action_kind kind, enum hg_considered what,
                   const char *why);
enum hg_verdict hg_run_expand(struct hg_runner *r, const struct hg_action *a, const struct hg_template *t,
                              struct hg_slice *out);
/* A value that may become a header's: one line, whatever the request brought. Trimmed. In r->shows whether it
 * holds a credential; in an answer or a response that is a failure. */
enum hg_verdict hg_run_value(struct hg_runner *r, const struct hg_action *a, const struct hg_template *t,
                             const char *name, struct hg_slice *out);

/* run_header.c */
enum hg_verdict hg_run_drop(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_keep(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_drop_value(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_set(struct hg_runner *r, const struct hg_action *a); /* SET_, ADD_, DEFAULT_HEADER */
enum hg_verdict hg_run_replace(struct hg_runner *r, const struct hg_action *a);

/* run_list.c */
enum hg_verdict hg_run_add_to_list(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_drop_from_list(struct hg_runner *r, const struct hg_action *a);

/* run_target.c */
enum hg_verdict hg_run_drop_query(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_set_query(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_path(struct hg_runner *r, const struct hg_action *a); /* SET_PATH, REPLACE_PATH */
enum hg_verdict hg_run_base_path(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_set_host(struct hg_runner *r, const struct hg_action *a);

/* run_origin.c */
enum hg_verdict hg_run_map_origin(struct hg_runner *r, const struct hg_action *a);

/* run_answer.c */
enum hg_verdict hg_run_answer(struct hg_runner *r, const struct hg_action *a); /* DENY, RESPOND */
enum hg_verdict hg_run_redirect(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_set_status(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_serve(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_log(struct hg_runner *r, const struct hg_action *a);
/* REPLY with the action's status, headers and body (.p NULL: it has none), or FAIL. */
enum hg_verdict hg_run_own_answer(struct hg_runner *r, const struct hg_action *a);

/* run_limit.c */
enum hg_verdict hg_run_rate_limit(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_usage(struct hg_runner *r, const struct hg_action *a);
enum hg_verdict hg_run_guard(struct hg_runner *r, const struct hg_action *a);

#endif
