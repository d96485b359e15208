/* SPDX-License-Identifier: MIT
 *
 * A trial: one request through a plan, without a network, by the same code that
 * serves clients (room route). `explain` tells about it, `test` compares it.
 */
#ifndef HG_TOOLS_TRIAL_H
#define HG_TOOLS_TRIAL_H

#include "route/route.h"

/* What the client sends; all of it is the caller's. */
struct hg_trial_ask {
    struct hg_slice method;
    struct hg_slice url;         /* "/path?query", or with "http://host:port" in front; "*" */
    const struct hg_pair *field; /* as sent: a bad one is refused as a client's would be */
    size_t fields;
    struct hg_slice body; /* .p NULL: not given; a Content-Length is added when no field frames it */
    const char *frontend; /* NULL: the URL's port decides, or there is only one */
    const char *from;     /* NULL: 127.0.0.1. An address, "unix" or "unix:UID:GID" */
    const char
        *exceeded; /* the name of a rate limit that has no room; NULL: all have, and nothing is counted */
};

/* Where the trial stands, for listeners of its rules. */
enum hg_trial_stage {
    HG_TRIAL_ENTERING,  /* the frontend's request list, the choice of the backend */
    HG_TRIAL_LEAVING,   /* the backend's request list */
    HG_TRIAL_RETURNING, /* the response lists */
};

enum hg_trial_end {
    HG_TRIAL_PASSED,    /* it leaves (route.leaving, head), or the answer goes to the client (response) */
    HG_TRIAL_ANSWERED,  /* the client gets `answer` */
    HG_TRIAL_UNDECIDED, /* it cannot be tried: `problem` says why */
};

struct hg_trial {
    const struct hg_plan *plan;
    enum hg_trial_stage stage;
    struct hg_arena arena;
    struct hg_scratch *scratch;
    struct hg_client client;
    struct hg_request request;
    struct hg_framing framing;
    struct hg_hop hop;
    struct hg_route route;
    struct hg_guard_mark mark[HG_LIMIT_GUARDS]; /* room for those of route */
    struct hg_limiter limiter;
    const char *exceeded;
    struct hg_buf head; /* what leaves */
    struct hg_answer answer;
    struct hg_response response;
    char from[64];
    char problem[256];
};

/* False without memory. hg_trial_free may be called in any case; the plan must outlive the trial. */
bool hg_trial_init(struct hg_trial *t, const struct hg_plan *plan);
void hg_trial_free(struct hg_trial *t);

/* Once a trial. hooks may be NULL. */
enum hg_trial_end hg_trial_run(struct hg_trial *t, const struct hg_trial_ask *ask,
                               const struct hg_rule_hooks *hooks);

/* After HG_TRIAL_PASSED: this answer comes from the server. PASSED: `response` is what the client gets. */
enum hg_trial_end hg_trial_return(struct hg_trial *t, unsigned status, const struct hg_pair *field, size_t n);

/* After hg_trial_return: what the tap that the rules named says of such a body, in one line: its name, then
 * what it has found ("openai input=10 output=4 model=gpt-5"), or "not-measured" and why; "none": there is no
 * tap. .p NULL: no memory. */
struct hg_slice hg_trial_usage(struct hg_trial *t, struct hg_slice body);

/* "https://host:port" of a server. */
void hg_trial_origin(const struct hg_server *s, char *out, size_t cap);

/* In one word what an answer of ours is: the type of its error, "denied" or "answered". */
const char *hg_trial_word(const struct hg_answer *a);

#endif
