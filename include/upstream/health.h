/* SPDX-License-Identifier: MIT
 *
 * Active health checks: one set for the process, in the main thread's loop,
 * through the same dialer (and proxy) as requests. A server is taken for up
 * until its first check has ended.
 *
 * A server that is down is checked `rise` times in each interval, so that it is
 * in use again within one interval of its return.
 */
#ifndef HG_UPSTREAM_HEALTH_H
#define HG_UPSTREAM_HEALTH_H

#include "io/dial.h"
#include "upstream/balance.h"

struct hg_health_checks;

/* The log may be NULL. NULL without memory. */
struct hg_health_checks *hg_health_new(struct hg_loop *loop, struct hg_dns *dns, struct hg_log *log);
/* Checks the servers of this generation from now on, and no others; the results so far are kept. At start,
 * and after each reload. Takes a reference. False: no memory, nothing is checked. */
bool hg_health_use(struct hg_health_checks *h, struct hg_generation *g);
/* Ends all checks. */
void hg_health_free(struct hg_health_checks *h);

#endif
