/* SPDX-License-Identifier: MIT
 *
 * Counts by names that come from the configuration: which limit refused how
 * often. Any thread may add and read at any time; nothing is locked. A name stays
 * once it was counted.
 */
#ifndef HG_OBSERVE_TALLY_H
#define HG_OBSERVE_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct hg_tally;

/* Zeroed: nothing was counted. */
struct hg_tallies {
    struct hg_tally *_Atomic first;
    atomic_size_t n;
};

/* One more of this name, which is copied. More than HG_LIMIT_TALLIES names (many reloads) are counted as
 * "others"; without memory a new name is not counted. */
void hg_tally_add(struct hg_tallies *t, const char *name);
/* NULL: none before; NULL behind the last. */
const struct hg_tally *hg_tally_next(const struct hg_tallies *t, const struct hg_tally *before);
const char *hg_tally_name(const struct hg_tally *one);
uint64_t hg_tally_count(const struct hg_tally *one);
/* Nobody uses it any more. */
void hg_tallies_free(struct hg_tallies *t);

#endif
