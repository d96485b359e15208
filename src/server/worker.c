/* SPDX-License-Identifier: MIT
 *
 * One worker thread: accepts and hands clients to its relay.
 */
#include "server/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "io/dial.h"
#include "relay/relay.h"

#define LOG_RETRY_MS 50u

struct accepter {
    struct hg_io io;
    struct hg_timer pause;
    struct hg_worker *worker;
    const struct hg_listener *listener;
    bool starved; /* the pause was logged */
};

struct hg_worker {
    struct hg_worker_options o;
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_relay *relay;
    struct accepter *accepter;
    struct hg_post drain_post, cut_post;
    struct hg_timer log_retry;
    pthread_t thread;
    bool started, draining;
    struct hg_counters counters;
};

/* What the kernel says of the other end. */
static void describe_peer(int fd, const struct sockaddr_storage *a, struct hg_client *c)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    *c = (struct hg_client){0};
    if (a->ss_family == AF_INET) {
        hg_ip_from_v4((const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr, c->addr);
        c->has_addr = true;
    } else if (a->ss_family == AF_INET6) {
        memcpy(c->addr, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, sizeof(c->addr));
        c->has_addr = true;
    } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && len == sizeof(cred)) {
        c->has_peer = true;
        c->uid = cred.uid;
        c->gid = cred.gid;
    }
}

/* No descriptors or memory: stop asking for a moment instead of spinning on the same error. */
static void starve(struct accepter *a, int code)
{
    struct hg_worker *w = a->worker;

    hg_io_want(&a->io, 0);
    hg_timer_set(&a->pause, HG_TIME_ACCEPT_PAUSE);
    HG_COUNT_ADD(&w->counters, accept_pauses_total, 1);
    if (!a->starved)
        hg_log_event(w->o.log, HG_LOG_ERROR, "accept_paused",
                     "no new connections on %s for now: %s; raise the limit of open files (ulimit -n)",
                     a->listener->address, strerror(code));
    a->starved = true;
}

static void accept_ready(struct hg_io *io, unsigned events)
{
    struct accepter *a = HG_CONTAINER_OF(io, struct accepter, io);
    struct hg_worker *w = a->worker;

    (void)events;
    for (unsigned i = 0; i < HG_LIMIT_ACCEPT_BATCH; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof(peer);
        struct hg_client client;
        int fd = accept4(io->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            if (a->starved)
                hg_log_event(w->o.log, HG_LOG_INFO, "accept_resumed", "accepting on %s again",
                             a->listener->address);
            a->starved = false;
            describe_peer(fd, &peer, &client);
            hg_relay_accept(w->relay, w->o.generation, a->listener->frontend, a->listener->bind, fd, &client);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            starve(a, errno);
            return;
        }
        /* ECONNABORTED and the like concern one client only. */
    }
}

static void pause_over(struct hg_timer *t)
{
    struct accepter *a = HG_CONTAINER_OF(t, struct accepter, pause);

    if (!a->worker->draining)
        hg_io_want(&a->io, HG_IO_READ);
}

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

static void stop_accepting(struct hg_worker *w)
{
    for (size_t i = 0; i < w->o.n_listeners; i++) {
        hg_io_stop(&w->accepter[i].io);
        hg_timer_clear(&w->accepter[i].pause);
        hg_listener_refuse(&w->o.listeners[i], w->o.index);
    }
}

static void drain(struct hg_post *p)
{
    struct hg_worker *w = HG_CONTAINER_OF(p, struct hg_worker, drain_post);

    if (w->draining)
        return;
    /* Who connected before the signal and has sent a request is served. */
    for (size_t i = 0; i < w->o.n_listeners; i++)
        accept_ready(&w->accepter[i].io, HG_IO_READ);
    w->draining = true;
    stop_accepting(w);
    hg_relay_drain(w->relay);
}

static void cut(struct hg_post *p)
{
    struct hg_worker *w = HG_CONTAINER_OF(p, struct hg_worker, cut_post);

    if (!w->draining)
        stop_accepting(w);
    w->draining = true;
    hg_relay_cut(w->relay);
}

static bool worker_open(struct hg_worker *w, char *err, size_t errlen)
{
    struct hg_relay_options ro = {.log = w->o.log, .counters = &w->counters, .retry_total = w->o.retry_total};

    w->loop = hg_loop_new();
    w->dns = w->loop != NULL ? hg_dns_new(w->loop) : NULL;
    w->accepter = calloc(w->o.n_listeners + 1, sizeof(*w->accepter));
    if (w->dns == NULL || w->accepter == NULL) {
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
    for (size_t i = 0; i < w->o.n_listeners; i++) {
        struct accepter *a = &w->accepter[i];

        a->worker = w;
        a->listener = &w->o.listeners[i];
        hg_timer_init(&a->pause, w->loop, pause_over);
        hg_io_init(&a->io, w->loop, a->listener->fd[w->o.index], accept_ready);
        hg_io_want(&a->io, HG_IO_READ);
    }
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
        for (size_t i = 0; i < w->o.n_listeners; i++) {
            hg_io_stop(&w->accepter[i].io);
            hg_timer_stop(&w->accepter[i].pause);
        }
    }
    hg_relay_free(w->relay);
    free(w->accepter);
    hg_dns_free(w->dns);
    hg_loop_free(w->loop);
    free(w);
}

const struct hg_counters *hg_worker_counters(const struct hg_worker *w)
{
    return &w->counters;
}
