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
struct hg_slice hg_secret_bytes(const struct hg_secret *s);

struct hg_secret_slot;

/* name and source (e.g. "environment variable OPENAI_API_KEY", "file /run/secrets/x") are
 * copied; they may be shown to anyone. The slot starts without a value. */
struct hg_secret_slot *hg_secret_slot_new(const char *name, const char *source);
void hg_secret_slot_free(struct hg_secret_slot *slot);
const char *hg_secret_slot_name(const struct hg_secret_slot *slot);
const char *hg_secret_slot_source(const struct hg_secret_slot *slot);

/* Takes over the caller's reference to value (NULL: no value). */
void hg_secret_slot_set(struct hg_secret_slot *slot, struct hg_secret *value);

/* A reference to the current value the caller releases, or NULL when there is none. */
struct hg_secret *hg_secret_slot_take(struct hg_secret_slot *slot);

/* Cleans a raw source: trims white space around, removes one of the given prefixes (caseless).
 * Returns NULL when usable, else a sentence part: "is empty" or "has a line break or NUL inside". */
const char *hg_secret_clean(struct hg_slice *raw, const char *const *prefixes, size_t n);

#endif
