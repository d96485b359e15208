/* SPDX-License-Identifier: MIT
 *
 * What a ruleset is made of, for the files that build and run it. At run time
 * all of it is const and shared by threads.
 */
#ifndef HG_RULES_ACTION_H
#define HG_RULES_ACTION_H

#include "rules/condition.h"

struct hg_drop {
    struct hg_pattern *pattern;
    char *where; /* NULL in KEEP_HEADER */
};

struct hg_answer_header {
    char *name;
    struct hg_template *value;
};

struct hg_action {
    enum hg_action_kind kind;
    char *where;
    struct hg_condition *when; /* NULL: always */
    char *unset;               /* meeting this action fails: the variable that has no value */
    bool observe;
    /* DROP_HEADER, DROP_QUERY: neighbouring unconditional ones are one action, asked as one. KEEP_HEADER: all
     * its patterns. */
    struct hg_drop *drop;
    size_t drops;
    uint64_t id; /* in the cache */
    /* Actions on one header or parameter: its name. BASE_PATH: the path, without '/' at its end. */
    char *name;
    size_t name_n;
    enum hg_field field;
    bool aliases;
    struct hg_pattern
        *pattern; /* of its value: DROP_HEADER_VALUE, REPLACE_HEADER, DROP_FROM_LIST; REPLACE_PATH */
    struct hg_template *value;         /* what is set, added or put in; REDIRECT: where to */
    size_t origin_n;                   /* REDIRECT: of value's origin, when all of it is written; else 0 */
    const struct hg_rate_limit *limit; /* RATE_LIMIT */
    /* USE */
    struct hg_ruleset *child;
    const struct hg_usage *usage; /* USAGE */
    const struct hg_guard *guard; /* GUARD */
    unsigned status;              /* DENY, RESPOND, REDIRECT, RATE_LIMIT, SET_STATUS */
    /* DENY, RESPOND, RATE_LIMIT */
    struct hg_template *body; /* NULL: none */
    struct hg_answer_header *header;
    size_t headers;
    const struct hg_serve *serve; /* SERVE */
};

struct hg_slots {
    struct hg_secret_slot **v;
    size_t n, cap;
};

struct hg_ruleset {
    enum hg_direction direction;
    struct hg_action *v;
    size_t n, cap;
    unsigned depth;              /* of rules that use rules; 1: none */
    struct hg_slots all, always; /* secrets; always: of actions that every request reaches */
    unsigned asks;               /* HG_WHEN_BIT of all conditions */
    unsigned takes;              /* actions that a request holds something of */
    bool echoes;                 /* an answer shows the request's head */
    bool maps_origin;
    bool taps;             /* there is a usage action */
    const char *open_host; /* where a set-host takes what the request brings; the action's text */
};

void hg_action_clear(struct hg_action *a);
bool hg_slots_add(struct hg_slots *s, struct hg_secret_slot *slot);

/* A set of drop patterns: YES when one matches. ERROR: *failed is the one that could not tell. */
enum hg_match hg_drop_match(const struct hg_action *a, struct hg_scratch *scratch, struct hg_slice name,
                            const struct hg_drop **failed);
/* The same for header names, through the cache. */
enum hg_match hg_drop_match_name(const struct hg_action *a, struct hg_scratch *scratch, struct hg_slice name,
                                 const struct hg_drop **failed);

/* Headers that keep-header leaves in any case: framing, routing, what describes the body, and the WebSocket
 * handshake (but not its protocol, which may be a credential). */
bool hg_keep_spares(struct hg_slice name);

/* Does the action set this header? Caseless, '_' equal to '-' with aliases. */
bool hg_action_targets(const struct hg_action *a, struct hg_slice name);

#endif
