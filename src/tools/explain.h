/* SPDX-License-Identifier: MIT
 *
 * Private to the tools room: what an explanation is made of.
 */
#ifndef HG_TOOLS_EXPLAIN_INTERNAL_H
#define HG_TOOLS_EXPLAIN_INTERNAL_H

#include "base/json.h"
#include "tools/explain.h"

/* ---- mask.c: secrets as source and length ---- */

struct hg_mask_entry {
    const struct hg_source *source;
    char marker[64]; /* what stands for the value in what leaves: letters and digits, so that encoding it for
                        a URL changes nothing */
    size_t length;   /* of the value */
    bool stand_in;   /* there was none */
};

struct hg_mask {
    struct hg_mask_entry *v;
    size_t n;
};

/* Puts markers into the plan's slots. False without memory, or without random numbers. */
bool hg_mask_init(struct hg_mask *m, const struct hg_plan *plan);
void hg_mask_free(struct hg_mask *m);
/* The text with its markers replaced, also where they stand in base64. In the arena; .p NULL: full. */
struct hg_slice hg_mask_show(const struct hg_mask *m, struct hg_slice text, struct hg_arena *arena);

/* ---- explain.c ---- */

/* An action that a run came to, or what one said by the way. */
struct hg_step {
    enum hg_trial_stage stage;
    const char *where, *action, *what, *why;
    unsigned depth;
};

struct hg_explained {
    struct hg_trial trial;
    struct hg_mask mask;
    enum hg_trial_end end;
    struct hg_step *step;
    size_t steps, cap;
    bool no_memory;
};

/* A line of what leaves or is answered, fit to be shown. */
const char *hg_explain_shown(struct hg_explained *x, struct hg_slice text);
/* "TLS, verified against ..." and the like. */
const char *hg_explain_tls(struct hg_explained *x, const struct hg_backend *b);
/* "127.0.0.1:3128, with credentials", without the credentials. */
const char *hg_explain_proxy(struct hg_explained *x, const struct hg_proxy *p);
/* Text for people where the lists of a stage come from: "request rules of frontend x". */
const char *hg_explain_list(struct hg_explained *x, enum hg_trial_stage stage);

/* explain_text.c, explain_json.c. False without memory. */
bool hg_explain_text(struct hg_explained *x, struct hg_buf *out);
bool hg_explain_json(struct hg_explained *x, struct hg_buf *out);

#endif
