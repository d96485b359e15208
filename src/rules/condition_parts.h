/* SPDX-License-Identifier: MIT
 *
 * What a condition is made of, for the files that build, evaluate and describe
 * it.
 */
#ifndef HG_RULES_CONDITION_PARTS_H
#define HG_RULES_CONDITION_PARTS_H

#include "base/ip.h"
#include "rules/condition.h"

/* One of a part's patterns; which member counts says the part's kind. */
struct hg_test {
    struct hg_pattern *pattern; /* all kinds but the following; of ENV too, to be shown */
    bool unix_socket;           /* CLIENT_IP */
    struct hg_cidr cidr;
    uint64_t least, most; /* PEER_UID, PEER_GID, STATUS */
    char *text;           /* as it was written, of those without a pattern */
};

struct hg_part {
    enum hg_when_kind kind;
    char *name;
    size_t name_n;
    struct hg_test *test;
    size_t n;
    bool env_holds; /* ENV */
};

/* All of them. */
struct hg_parts {
    struct hg_part *v;
    size_t n;
};

/* "!name" in if or unless. */
struct hg_term {
    const struct hg_condition *acl;
    char *name;
    bool negated;
    bool starts; /* an alternative: stands first or behind || */
};

struct hg_expression {
    char *text; /* as it was written; NULL: not given */
    struct hg_term *v;
    size_t n;
};

struct hg_condition {
    bool acl;             /* holds when one of `any` does, and never without any */
    struct hg_parts *any; /* of others: at most one, when */
    size_t n;
    struct hg_expression if_, unless;
    unsigned asks;
    unsigned groups;
    const struct hg_part *capturing; /* whose regex has the groups, here or in an acl; NULL: none */
    char *unset;                     /* an acl: the variable that has no value */
};

/* condition_build.c: adds a group of parts. */
enum hg_append hg_condition_add(struct hg_condition *c, const struct hg_when *when,
                                const struct hg_resolver *resolver, struct hg_rule_note *note);

/* condition_acl.c: reads "a !b || c". key: "if" or "unless". */
enum hg_append hg_expression_read(struct hg_slice text, const char *key, const struct hg_resolver *resolver,
                                  struct hg_expression *out, struct hg_rule_note *note);
void hg_expression_clear(struct hg_expression *e);

/* BAD with a text and the part of the condition it is about. */
enum hg_append hg_condition_bad(struct hg_rule_note *note, const char *part, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* condition.c: one part, one group, one expression. */
struct hg_look {
    const struct hg_rules_run *run;
    const struct hg_part *capturing;
    struct hg_captures *captures;
    enum hg_rule_fail fail;
};
enum hg_match hg_look_part(struct hg_look *l, const struct hg_part *part);
enum hg_match hg_look_acl(struct hg_look *l, const struct hg_condition *c);
enum hg_match hg_look_expression(struct hg_look *l, const struct hg_expression *e);
const char *hg_when_key(enum hg_when_kind kind);

#endif
