/* SPDX-License-Identifier: MIT
 *
 * Private to the server room: a worker, and how it accepts. accept.c watches
 * listeners and changes over to others; worker.c is the thread's life.
 */
#ifndef HG_SERVER_ACCEPT_H
#define HG_SERVER_ACCEPT_H

#include <pthread.h>

#include "io/dial.h"
#include "server/worker.h"

struct hg_accepter;

struct hg_worker {
    struct hg_worker_options o;
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_relay *relay;
    struct hg_accepter **accepter; /* one per listener */
    size_t accepters;
    struct hg_post drain_post, cut_post;
    struct hg_timer log_retry;
    pthread_t thread;
    bool started, draining;
};

/* Accepts who waits on any of the listeners: until there is nobody, or no way to. */
void hg_accept_rest(struct hg_worker *w);
/* Watches them no more, and lets the system refuse who comes. */
void hg_accept_stop(struct hg_worker *w);
/* Frees the accepters. */
void hg_accept_free(struct hg_worker *w);

#endif
