/* SPDX-License-Identifier: MIT
 *
 * Guards of a request (plan/guard.h): those that its frontend's rules have noted
 * are asked when it is about to be dispatched, take their share, and are told
 * what came of it. What they hold stays with the request, also when it is sent
 * again.
 */
#ifndef HG_ROUTE_GUARD_H
#define HG_ROUTE_GUARD_H

#include "plan/guard.h"
#include "policy/model.h"
#include "route/route.h"

/* What a request that passed holds of a guard. */
struct hg_guard_hold {
    const struct hg_guard *guard;
    struct hg_guard_state *state; /* NULL: nothing is counted (a trial) */
    bool counts;                  /* RUNS: its answer may count */
    bool done;                    /* settled */
    bool spent;                   /* TOKENS: something was counted of it already */
    uint64_t reserved;            /* what is left of it */
    struct hg_guard_mark mark;    /* where, and whether only to observe */
};

/* Zeroed: none, and no room for any. */
struct hg_guard_holds {
    struct hg_guard_hold *v; /* room for cap, the owner's: for each guard of the plan */
    size_t n, cap;
};

/* The most bytes of the body that a guard wants to see before it can decide; 0: none does. After
 * hg_route_enter. */
size_t hg_route_guard_buffer(const struct hg_route *r);
/* A reader for that body, whose decoders count for budget (may be NULL). NULL without memory. */
struct hg_model_reader *hg_route_guard_reader(const struct hg_route *r, struct hg_budget *budget);

/* Asks the guards in order; state: by hg_guard.index, may be NULL. body: what its reader found, NULL: there
 * is no body. ANSWER: *a is what the client gets, and *holds is empty again. */
enum hg_route_step hg_route_admit(struct hg_route *r, struct hg_guard_state *const *state,
                                  const struct hg_model_reading *body, struct hg_guard_holds *holds,
                                  struct hg_answer *a);

/* The final answer, or 101, of the upstream came: counts runs and denied answers. */
void hg_guards_answered(struct hg_guard_holds *h, unsigned status);
/* So much more than was said before is what the answer says of tokens, and that is in the place of the
 * estimate. last: that is all it took, and what is left of the estimate is given back. */
void hg_guards_tokens(struct hg_guard_holds *h, struct hg_scratch *scratch,
                      const uint64_t tokens[HG_TOKEN_KIND_COUNT], struct hg_slice model, bool last);
/* The first whose tokens are used up, and that would refuse another request; NULL: none. */
const struct hg_guard_hold *hg_guards_over(const struct hg_guard_holds *h);
/* A connection that passed is ended because of it: counts that, and tells the hooks. */
void hg_route_guard_cut(const struct hg_route *r, const struct hg_guard_hold *hold);

enum hg_guards_end {
    HG_GUARDS_SENT, /* bytes of it reached an upstream, and no more is known: it counts as it was reserved */
    HG_GUARDS_ANSWERED, /* status says how */
    HG_GUARDS_FAILED,   /* it did not leave, or no upstream answered it: all is given back */
};
/* Settles what is not settled; the holds are empty then. */
void hg_guards_end(struct hg_guard_holds *h, enum hg_guards_end how, unsigned status);

#endif
