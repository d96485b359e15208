/* SPDX-License-Identifier: MIT
 *
 * The sockets that a worker watches, and the change to those of another
 * generation: a listener with the same address is not touched.
 */
#include "accept.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"

struct hg_accepter {
    struct hg_io io;
    struct hg_timer pause;
    struct hg_worker *worker; /* NULL: prepared, not in use */
    const struct hg_listener *listener;
    const struct hg_entry *entry; /* in force */
    bool starved;                 /* the pause was logged */
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
static void starve(struct hg_accepter *a, int code)
{
    struct hg_worker *w = a->worker;

    hg_io_want(&a->io, 0);
    hg_timer_set(&a->pause, HG_TIME_ACCEPT_PAUSE);
    HG_COUNT_ADD(hg_stats_counters(w->o.stats, w->o.index), accept_pauses_total, 1);
    if (!a->starved)
        hg_log_event(w->o.log, HG_LOG_ERROR, HG_EVENT_ACCEPT_PAUSED,
                     "no new connections on %s for now: %s; raise the limit of open files (ulimit -n)",
                     a->listener->address, strerror(code));
    a->starved = true;
}

/* False: there is nobody more to accept, or no way to. */
static bool accept_batch(struct hg_accepter *a)
{
    struct hg_worker *w = a->worker;

    for (unsigned i = 0; i < HG_LIMIT_ACCEPT_BATCH; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof(peer);
        struct hg_client client;
        int fd = accept4(a->io.fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            if (a->starved)
                hg_log_event(w->o.log, HG_LOG_INFO, HG_EVENT_ACCEPT_RESUMED, "accepting on %s again",
                             a->listener->address);
            a->starved = false;
            describe_peer(fd, &peer, &client);
            hg_relay_accept(w->relay, a->entry, fd, &client);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return false;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            starve(a, errno);
            return false;
        }
        /* ECONNABORTED and the like concern one client only. */
    }
    return true;
}

static void accept_ready(struct hg_io *io, unsigned events)
{
    (void)events;
    (void)accept_batch(HG_CONTAINER_OF(io, struct hg_accepter, io));
}

/* No more than can have waited: a flood of new ones must not keep us here. */
static void accept_all(struct hg_accepter *a)
{
    for (unsigned n = 0; n < HG_LIMIT_BACKLOG / HG_LIMIT_ACCEPT_BATCH; n++)
        if (!accept_batch(a))
            return;
}

static void pause_over(struct hg_timer *t)
{
    struct hg_accepter *a = HG_CONTAINER_OF(t, struct hg_accepter, pause);

    if (!a->worker->draining)
        hg_io_want(&a->io, HG_IO_READ);
}

/* ---- other bindings ---- */

struct hg_switch {
    struct hg_post post;
    struct hg_worker *worker;
    const struct hg_bindings *to;
    struct hg_accepter **accepter; /* one per listener; those of listeners that stay are not needed */
    void (*done)(void *ctx);
    void *ctx;
};

static void begin_accepting(struct hg_worker *w, struct hg_accepter *a, const struct hg_listener *listener)
{
    a->worker = w;
    a->listener = listener;
    hg_timer_init(&a->pause, w->loop, pause_over);
    hg_io_init(&a->io, w->loop, listener->fd[w->o.index], accept_ready);
    if (!w->draining)
        hg_io_want(&a->io, HG_IO_READ);
}

static void accepter_free(struct hg_accepter *a)
{
    if (a == NULL)
        return;
    if (a->worker != NULL) {
        hg_io_stop(&a->io);
        hg_timer_stop(&a->pause);
    }
    free(a);
}

/* The accepter of a listener that stays, out of the worker's list; NULL: a new listener. */
static struct hg_accepter *take_accepter(struct hg_worker *w, const struct hg_listener *listener)
{
    for (size_t i = 0; i < w->accepters; i++) {
        struct hg_accepter *a = w->accepter[i];

        if (a == NULL || a->listener != listener)
            continue;
        w->accepter[i] = NULL;
        return a;
    }
    return NULL;
}

void hg_accept_free(struct hg_worker *w)
{
    for (size_t i = 0; i < w->accepters; i++)
        accepter_free(w->accepter[i]);
    free(w->accepter);
    w->accepter = NULL;
    w->accepters = 0;
}

void hg_accept_rest(struct hg_worker *w)
{
    for (size_t i = 0; i < w->accepters; i++)
        if (w->accepter[i] != NULL)
            accept_all(w->accepter[i]);
}

void hg_accept_stop(struct hg_worker *w)
{
    for (size_t i = 0; i < w->accepters; i++) {
        hg_io_stop(&w->accepter[i]->io);
        hg_timer_clear(&w->accepter[i]->pause);
        hg_listener_refuse(w->accepter[i]->listener, w->o.index);
    }
}

static void switch_over(struct hg_post *p)
{
    struct hg_switch *s = HG_CONTAINER_OF(p, struct hg_switch, post);
    struct hg_worker *w = s->worker;

    for (size_t i = 0; i < s->to->entries.n; i++) {
        struct hg_accepter *stays = take_accepter(w, s->to->listener[i]);

        if (stays != NULL) {
            accepter_free(s->accepter[i]);
            s->accepter[i] = stays;
        } else {
            begin_accepting(w, s->accepter[i], s->to->listener[i]);
        }
    }
    /* What is left there belongs to listeners that go: who has connected is served by what was in force. */
    if (!w->draining)
        hg_accept_rest(w);
    hg_accept_free(w);
    w->accepter = s->accepter;
    w->accepters = s->to->entries.n;
    for (size_t i = 0; i < w->accepters; i++)
        w->accepter[i]->entry = &s->to->entries.entry[i];
    hg_relay_switch(w->relay, &s->to->entries);
    s->done(s->ctx);
    free(s);
}

struct hg_switch *hg_switch_new(struct hg_worker *w, const struct hg_bindings *to, void (*done)(void *ctx),
                                void *ctx)
{
    struct hg_switch *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    *s = (struct hg_switch){.post.run = switch_over, .worker = w, .to = to, .done = done, .ctx = ctx};
    s->accepter = calloc(to->entries.n + 1, sizeof(struct hg_accepter *));
    for (size_t i = 0; s->accepter != NULL && i < to->entries.n; i++) {
        s->accepter[i] = calloc(1, sizeof(struct hg_accepter));
        if (s->accepter[i] == NULL) {
            hg_switch_free(s);
            return NULL;
        }
    }
    if (s->accepter != NULL)
        return s;
    hg_switch_free(s);
    return NULL;
}

void hg_worker_switch(struct hg_switch *s)
{
    hg_loop_post(s->worker->loop, &s->post);
}

void hg_switch_free(struct hg_switch *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; s->accepter != NULL && i < s->to->entries.n; i++)
        accepter_free(s->accepter[i]);
    free(s->accepter);
    free(s);
}
