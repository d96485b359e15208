/* SPDX-License-Identifier: MIT
 *
 * What the tests of this room share: a small environment with secrets, and a
 * ruleset with a message to run it on.
 */
#ifndef HG_TESTS_RULES_FIXTURE_H
#define HG_TESTS_RULES_FIXTURE_H

#include "rules/condition.h"
#include "support/unit.h"

/* Variables: A=one, HOST_URL, INT5=5, NEG=-5, BIG, META=a.b*c, LF (has a line break), EMPTY. Secrets: key
 * (has the value "s3cret"), gone (declared, without a value). */
struct fixture {
    struct hg_resolver resolver;
    struct hg_secret_slot *key, *gone;
    struct hg_scratch *scratch;
    struct hg_arena arena;
    struct hg_request request;
    struct hg_response response;
    struct hg_vars vars;
    enum hg_direction direction;
    struct hg_ruleset *rs;
    struct hg_rule_note note;
    struct hg_outcome out;
    struct {
        const char *name;
        struct hg_condition *condition;
    } acl[8];
    size_t acls;
    const struct hg_client *client;    /* of runs; NULL */
    const struct hg_request *arrived;  /* of runs; NULL: the request */
    const struct hg_rule_hooks *hooks; /* of runs; NULL */
    const struct hg_origins *origins;  /* of runs; NULL */
    const struct hg_limiter *limiter;  /* of runs; NULL */
    size_t n_added;                    /* of tests that number their actions */
};

/* The request is GET /a/b?x=1 on api.test:8443 without headers. */
struct fixture *fixture_new(enum hg_direction direction);
void fixture_free(struct fixture *f);

/* Both point into guarded memory. */
void fixture_header(struct fixture *f, const char *name, const char *value);
void fixture_query(struct fixture *f, const char *query);

/* Declares an acl, or adds an alternative to it. */
enum hg_append fixture_acl(struct fixture *f, const char *name, const struct hg_when *when);

enum hg_append fixture_append(struct fixture *f, const struct hg_action_spec *spec);
/* The shorthands expect OK. */
void fixture_action(struct fixture *f, enum hg_action_kind kind, const char *name, const char *value);
enum hg_verdict fixture_run(struct fixture *f);

/* "name: value|name: value", in the arena. */
struct hg_slice fixture_headers(struct fixture *f);

#endif
