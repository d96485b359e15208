/* SPDX-License-Identifier: MIT
 *
 * A generation: a plan together with what it needs from the wired side, its TLS
 * contexts, and what generations share: the state of its servers and limits, and the figures of its
 * frontends. Built once, immutable, reference-counted; a session keeps the generation it began with.
 */
#ifndef HG_UPSTREAM_GENERATION_H
#define HG_UPSTREAM_GENERATION_H

#include "io/tls.h"
#include "observe/traffic.h"
#include "plan/guard.h"
#include "plan/plan.h"
#include "policy/policy.h"

struct hg_generation {
    atomic_uint refs;
    struct hg_plan *plan;
    struct hg_tls **backend_tls;   /* [backend], shared where the settings are alike; NULL: plain */
    struct hg_balance *balance;    /* upstream/balance.h */
    struct hg_policy *policy;      /* limits by the index of the plan's */
    struct hg_guard_state **guard; /* [guard]: what was counted */
    struct hg_tls ***bind_tls;     /* [frontend][bind]; NULL: plain */
    struct hg_traffics traffic;
};

/* Takes the reference to plan over, also on failure. NULL with a sentence in err that names the block.
 * previous: the one that is in service, whose servers and limits go on; or NULL. */
struct hg_generation *hg_generation_new(struct hg_plan *plan, const struct hg_generation *previous, char *err,
                                        size_t errlen);
/* The context for connections to a server; NULL: plain. */
struct hg_tls *hg_generation_tls(const struct hg_generation *g, const struct hg_server *s);
struct hg_generation *hg_generation_ref(struct hg_generation *g);
void hg_generation_unref(struct hg_generation **g);

#endif
