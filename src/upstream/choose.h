/* SPDX-License-Identifier: MIT
 *
 * Private to the upstream room: the choice itself, for those who come and for
 * those who have waited.
 */
#ifndef HG_UPSTREAM_CHOOSE_H
#define HG_UPSTREAM_CHOOSE_H

#include "upstream/balance.h"

/* Under the backend's lock. SERVER (counted already), FULL or NONE. tried may be NULL. */
enum hg_pick hg_choose(const struct hg_generation *g, const struct hg_backend *b,
                       const struct hg_tried *tried, uint64_t now, const struct hg_server **server);
/* Is the only server of a backend to be had? Without the lock. */
bool hg_choose_alone(const struct hg_generation *g, const struct hg_backend *b, uint64_t now);
/* Counts a request to the server. */
void hg_take(const struct hg_generation *g, const struct hg_server *s);

#endif
