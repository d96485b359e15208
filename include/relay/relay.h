/* SPDX-License-Identifier: MIT
 *
 * The relay of one thread: client sessions, and the exchanges on them. It takes
 * accepted sockets and does everything until they are closed.
 */
#ifndef HG_RELAY_RELAY_H
#define HG_RELAY_RELAY_H

#include "base/log.h"
#include "observe/stats.h"
#include "observe/usage_log.h"
#include "sources/sources.h"
#include "upstream/pool.h"

struct hg_relay;

struct hg_relay_options {
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_log *log;
    struct hg_stats *stats;
    size_t thread;                  /* ours, of the stats */
    struct hg_sources *sources;     /* who is asked when a credential is missing or refused; NULL: nobody */
    struct hg_usage_log *usage_log; /* NULL: none */
    size_t retry_total;             /* bytes that all exchanges of this thread may keep for sending again */
};

/* NULL without memory. What the options point to must outlive it. */
struct hg_relay *hg_relay_new(const struct hg_relay_options *o);
/* Ends what is left at once. */
void hg_relay_free(struct hg_relay *r);

/* What the connections of a listener belong to in one generation. */
struct hg_entry {
    uint64_t listener; /* a number that no other listener of this process ever had */
    const struct hg_frontend *frontend;
    size_t bind;   /* index into frontend->bind */
    uint16_t port; /* where it listens; 0: a unix socket */
};

struct hg_entries {
    struct hg_generation *generation;
    struct hg_entry *entry;
    size_t n;
};

/* From now on these are in force (also the first time, before anything is accepted). Sessions between two
 * requests change over at once, busy ones when their exchange is over. Sessions whose listener is not among
 * the entries end: those that wait for a request now, the others after their answer, and at the latest when
 * timeout.drain of their frontend is over. `entries` must live until the next switch, the one before it may
 * go as soon as this returns; each session holds its generation. */
void hg_relay_switch(struct hg_relay *r, const struct hg_entries *entries);

/* A client was accepted. e is one of the entries in force. fd is taken over. client: what the kernel says of
 * the other end, copied; its text is not read. */
void hg_relay_accept(struct hg_relay *r, const struct hg_entry *e, int fd, const struct hg_client *client);

/* No new exchanges: idle sessions end now, busy ones after their answer. */
void hg_relay_drain(struct hg_relay *r);
/* Ends everything now; what is cut is logged as such. */
void hg_relay_cut(struct hg_relay *r);

/* Sessions, and questions under way to the sources: the loop must run until there are none. */
size_t hg_relay_sessions(const struct hg_relay *r);

/* Refreshes the gauges that are derived. */
void hg_relay_gauges(struct hg_relay *r);

#endif
