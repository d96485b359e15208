/* SPDX-License-Identifier: MIT
 *
 * Guards as they are configured: what is bounded, and what those are told that
 * come too late. What was counted is in policy/guards.h.
 */
#ifndef HG_PLAN_GUARD_H
#define HG_PLAN_GUARD_H

#include "plan/balance.h"
#include "plan/errors.h"
#include "policy/guards.h"
#include "policy/tokens.h"
#include "rules/condition.h"
#include "rules/globs.h"

/* Where a model's name stands. */
struct hg_model_from {
    enum { HG_MODEL_FROM_BODY, HG_MODEL_FROM_QUERY, HG_MODEL_FROM_PATH } kind;
    struct hg_slice name;             /* QUERY: the parameter */
    const struct hg_pattern *pattern; /* PATH: its one group is the name */
};

struct hg_guard {
    const char *name;
    enum hg_guard_kind kind;
    size_t index;     /* in the plan */
    bool off;         /* 0, or a variable that is not set: it never refuses and counts nothing */
    bool refuses;     /* a frontend's list has it, and not only to observe */
    uint64_t limit;   /* RUNS, ANSWERS; TOKENS: in millionths */
    const char *file; /* of the count, or NULL */
    /* RUNS, ANSWERS */
    const struct hg_condition *count_if; /* RUNS: NULL: every request counts */
    struct hg_statuses status;           /* answers that count */
    /* TOKENS */
    uint64_t weight[HG_TOKEN_KIND_COUNT], default_multiplier; /* millionths */
    const struct hg_globs *multiplier;                        /* may be NULL */
    uint64_t estimate;                                        /* millionths */
    /* MODELS */
    const struct hg_globs *allow, *deny; /* NULL: not asked */
    struct hg_model_from from[HG_LIMIT_MODELS];
    size_t froms;
    bool from_body; /* the body is among them */
    bool unknown_ok;
    size_t buffer;
    struct hg_error_page answer; /* status and body are always there; type is the error's in the log */
    const char *at;              /* file:line */
};

/* What millionths of tokens an answer comes to. model: may be empty. */
uint64_t hg_guard_weigh(const struct hg_guard *g, struct hg_scratch *scratch,
                        const uint64_t tokens[HG_TOKEN_KIND_COUNT], struct hg_slice model);

#endif
