/* SPDX-License-Identifier: MIT
 *
 * One worker thread: accepts and hands clients to its relay.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "accept.h"
#include "base/check.h"

#define LOG_RETRY_MS 50u

static void turn_end(void *ctx)
{
    struct hg_worker *w = ctx;

    hg_relay_gauges(w->relay);
    if (!hg_log_flush(w->o.log))
        hg_timer_set(&w->log_retry, LOG_RETRY_MS);
    if (w->draining && hg_relay_sessions(w->relay) == 0)
        hg_loop_stop(w->loop);
}

/* Being awake is all that is needed: the turn's end flushes. */
static void log_retry(struct hg_timer *t)
{
    (void)t;
}

static void drain(struct hg_post *p)
{
    struct hg_worker *w = HG_CONTAINER_OF(p, struct hg_worker, drain_post);

    if (w->draining)
        return;
    hg_accept_rest(w); /* who connected before the signal and has sent a request is served */
    w->draining = true;
    hg_accept_stop(w);
    hg_relay_drain(w->relay);
}

static void cut(struct hg_post *p)
{
    struct hg_worker *w = HG_CONTAINER_OF(p, struct hg_worker, cut_post);

    if (!w->draining)
        hg_accept_stop(w);
    w->draining = true;
    hg_relay_cut(w->relay);
}

static bool worker_open(struct hg_worker *w, char *err, size_t errlen)
{
    struct hg_relay_options ro = {
        .log = w->o.log,
        .stats = w->o.stats,
        .thread = w->o.index,
        .retry_total = w->o.retry_total,
        .sources = w->o.sources,
        .usage_log = w->o.usage_log,
    };

    w->loop = hg_loop_new();
    w->dns = w->loop != NULL ? hg_dns_new(w->loop) : NULL;
    if (w->dns == NULL) {
        snprintf(err, errlen, "worker %zu cannot start: out of memory or descriptors", w->o.index);
        return false;
    }
    ro.loop = w->loop;
    ro.dns = w->dns;
    w->relay = hg_relay_new(&ro);
    if (w->relay == NULL) {
        snprintf(err, errlen, "worker %zu cannot start: out of memory", w->o.index);
        return false;
    }
    hg_timer_init(&w->log_retry, w->loop, log_retry);
    hg_loop_on_turn_end(w->loop, turn_end, w);
    return true;
}

struct hg_worker *hg_worker_new(const struct hg_worker_options *o, char *err, size_t errlen)
{
    struct hg_worker *w = calloc(1, sizeof(*w));

    if (w == NULL) {
        snprintf(err, errlen, "out of memory");
        return NULL;
    }
    w->o = *o;
    w->drain_post.run = drain;
    w->cut_post.run = cut;
    if (worker_open(w, err, errlen))
        return w;
    hg_worker_free(w);
    return NULL;
}

static void *worker_main(void *arg)
{
    struct hg_worker *w = arg;

    hg_loop_run(w->loop);
    w->o.ended(w->o.ctx);
    return NULL;
}

bool hg_worker_start(struct hg_worker *w)
{
    sigset_t all, old;

    HG_ASSERT(!w->started);
    /* Signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    w->started = pthread_create(&w->thread, NULL, worker_main, w) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return w->started;
}

void hg_worker_post(struct hg_worker *w, struct hg_post *p)
{
    hg_loop_post(w->loop, p);
}

void hg_worker_drain(struct hg_worker *w)
{
    hg_loop_post(w->loop, &w->drain_post);
}

void hg_worker_cut(struct hg_worker *w)
{
    hg_loop_post(w->loop, &w->cut_post);
}

void hg_worker_free(struct hg_worker *w)
{
    if (w == NULL)
        return;
    if (w->started)
        pthread_join(w->thread, NULL);
    if (w->relay != NULL) {
        hg_timer_stop(&w->log_retry);
        hg_accept_free(w);
    }
    hg_relay_free(w->relay);
    hg_dns_free(w->dns);
    hg_loop_free(w->loop);
    free(w);
}
