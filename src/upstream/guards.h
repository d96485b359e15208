/* SPDX-License-Identifier: MIT
 *
 * Private to the upstream room: the state of a plan's guards.
 */
#ifndef HG_UPSTREAM_GUARDS_H
#define HG_UPSTREAM_GUARDS_H

#include "upstream/generation.h"

/* Shares what previous (may be NULL) has counted under the same name and kind; a guard that is new and has a
 * file goes on where that ends. NULL with a sentence in err. */
struct hg_guard_state **hg_guard_states_new(const struct hg_plan *plan, const struct hg_generation *previous,
                                            char *err, size_t errlen);
/* states may be NULL. */
void hg_guard_states_free(struct hg_guard_state **states, const struct hg_plan *plan);

#endif
