/* SPDX-License-Identifier: MIT
 *
 * Upstream connections of one thread. A link is a live connection to a server,
 * TLS and tunnel included; what makes two of them interchangeable is
 * hg_server.key. Idle links are watched for a close and looked at once more
 * just before use; TLS sessions are kept per key, for resumption.
 */
#ifndef HG_UPSTREAM_POOL_H
#define HG_UPSTREAM_POOL_H

#include "io/dial.h"
#include "upstream/generation.h"

struct hg_pool;
struct hg_link;

struct hg_pool *hg_pool_new(struct hg_loop *loop, struct hg_dns *dns);
/* Closes the idle links. Links that are lent out must have been given back or closed before. */
void hg_pool_free(struct hg_pool *pool);
/* Closes the idle links and keeps none from now on (drain). */
void hg_pool_drain(struct hg_pool *pool);

/* An idle link to the server that is still open and silent, the one used last; NULL when there is none. once:
 * for a request that must not be sent twice, so none that has been idle for pool.idle-unsafe: the upstream
 * may be about to close it, and the request would be lost on the way. */
struct hg_link *hg_pool_take(struct hg_pool *pool, const struct hg_server *server, bool once);

struct hg_dialing;
/* Opens a new one. done is called exactly once, later: with a link (the receiver's), or with the failure.
 * NULL: no memory, or a credential of the proxy has no value (*failure says which); done is not called. */
struct hg_dialing *hg_pool_dial(struct hg_pool *pool, struct hg_generation *g, const struct hg_server *server,
                                void (*done)(void *ctx, struct hg_link *link,
                                             const struct hg_failure *failure,
                                             const struct hg_dial_times *times),
                                void *ctx, struct hg_failure *failure);
void hg_pool_dial_cancel(struct hg_dialing *d);

struct hg_stream *hg_link_stream(const struct hg_link *link);
/* Requests that were begun on it, this one included. */
unsigned hg_link_uses(const struct hg_link *link);

/* The exchange ended at a clean boundary on both sides: the link may serve another. It is closed instead when
 * it is too old or there are enough. Sets *link to NULL. */
void hg_link_give_back(struct hg_link **link);
/* Ends it: the upstream must not take what it has for complete. */
void hg_link_abort(struct hg_link **link);

/* For counters: idle and all open links of this thread. */
size_t hg_pool_idle(const struct hg_pool *pool);
size_t hg_pool_open(const struct hg_pool *pool);

#endif
