/* SPDX-License-Identifier: MIT
 *
 * Who asks, when there are hops in front that say so in a header. Only what a
 * trusted hop wrote is believed: the list is read from its end, which the
 * nearest hop wrote, and left at the first address that is not a trusted hop.
 */
#ifndef HG_ROUTE_CLIENT_H
#define HG_ROUTE_CLIENT_H

#include "plan/plan.h"

/* Fills *out from *peer, the other end of the connection. A hop's words that are no address end the search:
 * then it is the last one that was. out->ip lives in the arena or is peer's. False: the arena is full. */
bool hg_client_find(const struct hg_frontend *f, const struct hg_client *peer,
                    const struct hg_headers *headers, struct hg_arena *arena, struct hg_client *out);

/* The text of its address in the arena ("unix" without one); .p NULL: the arena is full. */
struct hg_slice hg_client_text(const struct hg_client *c, struct hg_arena *arena);

#endif
