/* SPDX-License-Identifier: MIT
 *
 * An answer of our own: by a rule, or because something is wrong. Everything in
 * it lives in the exchange's arena or in the plan.
 */
#ifndef HG_ROUTE_ANSWER_H
#define HG_ROUTE_ANSWER_H

#include "plan/plan.h"

enum hg_answer_kind {
    HG_ANSWER_RULE,           /* respond and the like */
    HG_ANSWER_DENIED,         /* deny */
    HG_ANSWER_LIMITED,        /* rate-limit */
    HG_ANSWER_REFUSED,        /* a check of ours */
    HG_ANSWER_NOT_CONFIGURED, /* a variable or a secret without a value */
    HG_ANSWER_RULE_FAILED,    /* a rule that could not be evaluated */
    HG_ANSWER_SERVED,         /* a document, which the caller writes: status, headers and body are not set */
};

struct hg_answer {
    enum hg_answer_kind kind;
    unsigned status;
    const char *type;                    /* of an error; NULL: what a rule wrote */
    const char *where;                   /* file:line of the rule that decided, or NULL */
    const struct hg_secret_slot *secret; /* it has no value, which is why; or NULL */
    const struct hg_serve *serve;        /* SERVED: which */
    struct hg_headers headers;
    struct hg_slice body;
};

/* {"error":{"type","message","request_id"}} as body and its headers. message: printable, without credentials.
 */
void hg_answer_error(struct hg_answer *a, enum hg_answer_kind kind, struct hg_arena *arena, unsigned status,
                     const char *type, const char *message, struct hg_slice request_id);

#endif
