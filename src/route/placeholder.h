/* SPDX-License-Identifier: MIT
 *
 * Private to the route room: placeholders of secrets in what is about to leave.
 */
#ifndef HG_ROUTE_PLACEHOLDER_H
#define HG_ROUTE_PLACEHOLDER_H

#include "plan/plan.h"

/* True: a placeholder is in the head (its bytes, the target decoded, credentials of Basic), or there was no
 * memory to be sure. *secret: whose. */
bool hg_placeholder_leaks(const struct hg_plan *p, const struct hg_request *leaving, struct hg_slice head,
                          struct hg_arena *arena, const char **secret);

#endif
