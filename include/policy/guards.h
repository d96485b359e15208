/* SPDX-License-Identifier: MIT
 *
 * What a guard counts: one number for the process, which any thread may add to.
 * A request that counts takes its share when it is dispatched (reserve) and says
 * at its end what it really came to (settle), so that of any number of requests
 * at once no more get through than there is room for. Lock-free; no clock, no
 * descriptor.
 *
 * Runs and answers are counted in ones, tokens in millionths (policy/tokens.h).
 */
#ifndef HG_POLICY_GUARDS_H
#define HG_POLICY_GUARDS_H

#include "base/slice.h"

/* id, the key that makes a guard one of this kind */
#define HG_GUARD_KINDS(X)     \
    X(RUNS, "max-runs")       \
    X(ANSWERS, "max-answers") \
    X(TOKENS, "max-tokens")   \
    X(MODELS, "models")

enum hg_guard_kind {
#define X(id, name) HG_GUARD_##id,
    HG_GUARD_KINDS(X)
#undef X
        HG_GUARD_KIND_COUNT
};
const char *hg_guard_kind_name(enum hg_guard_kind kind);

struct hg_guard_state;

/* With one reference, and that much counted already. name is copied. NULL without memory. */
struct hg_guard_state *hg_guard_state_new(const char *name, enum hg_guard_kind kind, uint64_t count);
struct hg_guard_state *hg_guard_state_ref(struct hg_guard_state *s);
/* *s may be NULL. */
void hg_guard_state_unref(struct hg_guard_state **s);

const char *hg_guard_state_name(const struct hg_guard_state *s);
enum hg_guard_kind hg_guard_state_kind(const struct hg_guard_state *s);

/* Takes `amount` if what is counted and reserved leaves room for it below `limit`. An amount over the limit
 * counts as the limit. Returns what was taken, 0: there is no room; *count is then what is counted and
 * reserved, with this amount when that alone does not reach the limit. */
uint64_t hg_guard_reserve(struct hg_guard_state *s, uint64_t amount, uint64_t limit, uint64_t *count);

/* For what takes no share: is what was counted (reserved does not matter) below the limit? */
bool hg_guard_open(const struct hg_guard_state *s, uint64_t limit, uint64_t *count);

/* The share that was reserved (0: none) came to this; 0: it is given back. Sums stay at UINT64_MAX. */
void hg_guard_settle(struct hg_guard_state *s, uint64_t reserved, uint64_t came_to);

/* One more request was refused by it, or would have been. */
void hg_guard_note_denied(struct hg_guard_state *s);

struct hg_guard_reading {
    uint64_t count;    /* settled */
    uint64_t reserved; /* by requests under way */
    uint64_t denied;
};
/* Each figure for itself is right; together they may be of moments that lie a little apart. */
void hg_guard_read(const struct hg_guard_state *s, struct hg_guard_reading *out);

/* ---- in a file ---- */

#define HG_GUARD_TEXT 512u

/* "hdrgate-guard 1 NAME KIND COUNT\n"; what is reserved counts, since nobody could settle it after a crash.
 * Bytes written to out. A name that is too long gives 0. */
size_t hg_guard_text(const struct hg_guard_state *s, char out[HG_GUARD_TEXT]);

/* NULL and *count, or a sentence part that says why this is not such a text of this guard. */
const char *hg_guard_parse(struct hg_slice text, const char *name, enum hg_guard_kind kind, uint64_t *count);

#endif
