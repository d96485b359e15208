/* SPDX-License-Identifier: MIT
 *
 * Private to the upstream room: what the result of an active check does to a
 * server's state. Without sockets. On the checker's thread only.
 */
#ifndef HG_UPSTREAM_VERDICT_H
#define HG_UPSTREAM_VERDICT_H

#include "state.h"

/* A check that began at `began` has ended. why: printable, what was seen. */
void hg_verdict(struct hg_generation *g, const struct hg_server *s, bool good, const char *why,
                uint64_t began, uint64_t now_us, struct hg_log *log);
/* Milliseconds between the begins of two checks, as things stand. */
uint64_t hg_verdict_period(const struct hg_generation *g, const struct hg_server *s, uint64_t now_us);
/* False while it is disabled; what was known is forgotten then. */
bool hg_verdict_wanted(const struct hg_generation *g, const struct hg_server *s);
/* No plan asks for checks any more: it counts as up. */
void hg_verdict_unchecked(const struct hg_generation *g, const struct hg_server *s);

#endif
