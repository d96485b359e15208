/* SPDX-License-Identifier: MIT
 *
 * Secret values. A value is immutable and reference-counted; its bytes live in
 * pages of their own that are locked (mlock, best effort), left out of core
 * dumps (MADV_DONTDUMP), not inherited by children (MADV_DONTFORK), and wiped
 * when the last reference goes. There is no function that prints one.
 *
 * A slot is a place in the plan that holds the current value of one declared
 * secret; rotating it swaps the value. Any thread may take a reference.
 */
#ifndef HG_BASE_SECRET_H
#define HG_BASE_SECRET_H

#include "base/slice.h"

struct hg_secret;

/* Copies the bytes. NULL without memory. Starts with one reference. */
struct hg_secret *hg_secret_new(struct hg_slice bytes);
void hg_secret_release(struct hg_secret **s);
struct hg_secret *hg_secret_ref(struct hg_secret *s);
struct hg_slice hg_secret_bytes(const struct hg_secret *s);
/* When it was made: wall clock, microseconds since 1970. */
uint64_t hg_secret_made(const struct hg_secret *s);

/* Memory like a value's for what is on its way to become one: zeroed, wiped when freed with the same n. NULL
 * without memory. */
char *hg_locked_new(size_t n);
void hg_locked_free(char *p, size_t n);

struct hg_secret_slot;

/* name and source (e.g. "environment variable OPENAI_API_KEY", "file /run/secrets/x") are
 * copied; they may be shown to anyone. The slot starts without a value and with one reference. */
struct hg_secret_slot *hg_secret_slot_new(const char *name, const char *source);
/* A slot whose value is that of one of its members, which are slots of their own (references are taken). A
 * request gets the next member in turn, with in_order the first; members without a value or at rest are
 * passed over. */
struct hg_secret_slot *hg_secret_slot_group(const char *name, const char *source,
                                            struct hg_secret_slot *const *member, size_t n, bool in_order);
struct hg_secret_slot *hg_secret_slot_ref(struct hg_secret_slot *slot);
/* Drops a reference; NULL is fine. */
void hg_secret_slot_free(struct hg_secret_slot *slot);
/* Does anybody else hold a reference? */
bool hg_secret_slot_shared(const struct hg_secret_slot *slot);
const char *hg_secret_slot_name(const struct hg_secret_slot *slot);
const char *hg_secret_slot_source(const struct hg_secret_slot *slot);

/* Its source gives values that run out (a command), so that having none is a matter of the moment. Set once,
 * before other threads see the slot. */
void hg_secret_slot_set_passing(struct hg_secret_slot *slot);
bool hg_secret_slot_passing(const struct hg_secret_slot *slot);

/* Takes over the caller's reference to value (NULL: no value). Wakes a slot at rest. Not for groups. */
void hg_secret_slot_set(struct hg_secret_slot *slot, struct hg_secret *value);
/* Counts the values that were set; 0: none yet. */
uint64_t hg_secret_slot_version(struct hg_secret_slot *slot);

/* When the value that it has was made; 0: it has none. Of a group 0. */
uint64_t hg_secret_slot_made(struct hg_secret_slot *slot);

/* A reference to the current value the caller releases, or NULL when there is none. */
struct hg_secret *hg_secret_slot_take(struct hg_secret_slot *slot);

/* What one request took, so that what becomes of it can be held against these values, and so that it gets the
 * same member of a group everywhere. */
#define HG_SECRET_USES 8u
struct hg_secret_uses {
    uint64_t now; /* monotonic, microseconds; set by the caller */
    size_t n;     /* more than HG_SECRET_USES are not noted */
    struct hg_secret_use {
        struct hg_secret_slot *slot;   /* as the rule names it */
        struct hg_secret_slot *member; /* whose value it was: of a group one of its members, else slot */
        uint64_t version;
    } v[HG_SECRET_USES];
    uint64_t resting_until; /* not 0: a group gave nothing because all its members rest until then at least */
};
/* As hg_secret_slot_take, noted in uses (may be NULL). */
struct hg_secret *hg_secret_slot_take_for(struct hg_secret_slot *slot, struct hg_secret_uses *uses);

/* The slot is passed over by groups until then (monotonic, microseconds). */
void hg_secret_slot_rest(struct hg_secret_slot *slot, uint64_t until);
uint64_t hg_secret_slot_resting(struct hg_secret_slot *slot);
/* Is there a member that could be taken at that time? False for a slot that is no group. */
bool hg_secret_slot_group_ready(struct hg_secret_slot *slot, uint64_t now);

/* Cleans a raw source: trims white space around, removes one of the given prefixes (caseless).
 * Returns NULL when usable, else a sentence part: "is empty", "has a line break or NUL inside" or "has a
 * control character inside". */
const char *hg_secret_clean(struct hg_slice *raw, const char *const *prefixes, size_t n);

#endif
