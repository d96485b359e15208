/* SPDX-License-Identifier: MIT
 *
 * The relay of one thread: client sessions, and the exchanges on them. It takes
 * accepted sockets and does everything until they are closed.
 */
#ifndef HG_RELAY_RELAY_H
#define HG_RELAY_RELAY_H

#include "base/log.h"
#include "observe/counters.h"
#include "upstream/pool.h"

struct hg_relay;

struct hg_relay_options {
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_log *log;
    struct hg_counters *counters;
    size_t retry_total; /* bytes that all exchanges of this thread may keep for sending again */
};

/* NULL without memory. What the options point to must outlive it. */
struct hg_relay *hg_relay_new(const struct hg_relay_options *o);
/* Ends what is left at once. */
void hg_relay_free(struct hg_relay *r);

/* A client was accepted on bind number `bind` of a frontend. fd is taken over. client: what the kernel says
 * of the other end, copied; its text is not read. */
void hg_relay_accept(struct hg_relay *r, struct hg_generation *g, const struct hg_frontend *f, size_t bind,
                     int fd, const struct hg_client *client);

/* No new exchanges: idle sessions end now, busy ones after their answer. */
void hg_relay_drain(struct hg_relay *r);
/* Ends everything now; what is cut is logged as such. */
void hg_relay_cut(struct hg_relay *r);

size_t hg_relay_sessions(const struct hg_relay *r);

/* Refreshes the gauges that are derived. */
void hg_relay_gauges(struct hg_relay *r);

#endif
