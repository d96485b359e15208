/* SPDX-License-Identifier: MIT
 *
 * Which server of a backend gets a request. What is known about a server at run
 * time (is it up, how many requests it has, what an operator said) belongs to
 * the process: generations share it, by the names of backend and server, so a
 * reload forgets nothing. Every function here may be called by any thread.
 */
#ifndef HG_UPSTREAM_BALANCE_H
#define HG_UPSTREAM_BALANCE_H

#include "base/limits.h"
#include "base/log.h"
#include "io/loop.h"
#include "upstream/generation.h"

/* ---- a request's way to a server ---- */

/* The servers that this request has failed on. Zeroed: none. */
struct hg_tried {
    uint64_t bit[(HG_LIMIT_SERVERS + 63) / 64];
};
void hg_tried_add(struct hg_tried *t, const struct hg_server *s);
bool hg_tried_has(const struct hg_tried *t, const struct hg_server *s);

struct hg_wait;

struct hg_pick_for {
    struct hg_generation *generation;
    const struct hg_backend *backend;
    const struct hg_tried *tried; /* these come last; copied */
    struct hg_loop *loop;         /* of the caller's thread: gives the time, and gets the grant */
    /* Once, in a later turn of that loop, after HG_PICK_WAIT: a server is reserved for the caller. The wait
     * is gone then. */
    void (*granted)(void *ctx, const struct hg_server *server);
    void *ctx;
};

enum hg_pick {
    HG_PICK_SERVER, /* *server is reserved until hg_balance_release */
    HG_PICK_WAIT,   /* all are at their limit: *wait stands in the backend's queue. Its time limit is the
                       caller's */
    HG_PICK_FULL,   /* and the queue is full */
    HG_PICK_NONE,   /* no server is up and enabled */
    HG_PICK_NO_MEMORY,
};

/* In this order: servers that are up; backups; servers that live requests put aside; backups put aside. In
 * each of these, what was tried already is skipped while another tier has something untried. */
enum hg_pick hg_balance_pick(const struct hg_pick_for *f, const struct hg_server **server,
                             struct hg_wait **wait);
/* On the thread that picked; granted is not called any more. */
void hg_balance_cancel(struct hg_wait **wait);
/* The request has left the server. */
void hg_balance_release(struct hg_generation *g, const struct hg_server *s, uint64_t now_us);
/* Is there a server that could take the request and was not tried? */
bool hg_balance_has_other(const struct hg_generation *g, const struct hg_backend *b,
                          const struct hg_tried *tried, uint64_t now_us);

/* ---- the retry budget ---- */

/* A request that is not a retry. */
void hg_balance_deposit(struct hg_generation *g, const struct hg_backend *b);
/* May one be sent again that a server has had? */
bool hg_balance_withdraw(struct hg_generation *g, const struct hg_backend *b, uint64_t now_us);

/* ---- what live requests say ---- */

void hg_balance_success(struct hg_generation *g, const struct hg_server *s, uint64_t now_us,
                        struct hg_log *log);
/* why: printable, for the log. */
void hg_balance_failure(struct hg_generation *g, const struct hg_server *s, const char *why, uint64_t now_us,
                        struct hg_log *log);

/* ---- commands ---- */

enum hg_admin {
    HG_ADMIN_READY,
    HG_ADMIN_DRAIN,    /* no new requests; checks go on */
    HG_ADMIN_DISABLED, /* no new requests and no checks */
};

/* Requests that a server has go on in any case. False with a sentence in err that names what there is. The
 * state holds over reloads until the config's own `disabled` of this server changes. */
bool hg_server_set_admin(struct hg_generation *g, const char *backend, const char *server, enum hg_admin to,
                         uint64_t now_us, char *err, size_t errlen);

struct hg_server_status {
    const char *backend, *server, *address; /* of the plan */
    const char *state; /* "up", "down", "cooling" (put aside by live requests), "drain", "disabled" */
    unsigned weight, active, limit;
    bool backup, checked;
    uint64_t requests, failures; /* since the start of the process */
    char reason[192];            /* of the last change; "" when there was none */
};
/* All but the reason, without a lock. */
void hg_server_get_figures(const struct hg_generation *g, const struct hg_server *s, uint64_t now_us,
                           struct hg_server_status *out);
void hg_server_get_status(const struct hg_generation *g, const struct hg_server *s, uint64_t now_us,
                          struct hg_server_status *out);
/* Requests that wait for a server of this backend now. */
size_t hg_backend_waiting(const struct hg_generation *g, const struct hg_backend *b);

#endif
