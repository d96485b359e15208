/* SPDX-License-Identifier: MIT
 *
 * The event loop over libev. The only file that includes ev.h: all others see
 * descriptors, lazy timers, the end of a turn, and posts from other threads.
 */
#include "io/loop.h"

#include <assert.h>
#include <ev.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOP_MAGIC 0x4c6f6f70u

struct watched_signal {
    ev_signal watcher;
    void (*fn)(void *ctx, int signum);
    void *ctx;
    struct watched_signal *next;
};

struct hg_loop {
    uint32_t magic;
    bool running;
    atomic_bool stop;
    struct ev_loop *ev;
    uint64_t now, wall;
    struct hg_list fed; /* fed in this turn: called in the next */
    struct hg_list due; /* fed in the last turn: called in this one */
    struct hg_list deferred;
    void (*turn_end)(void *ctx);
    void *turn_end_ctx;
    _Atomic(struct hg_post *) posts; /* newest first */
    ev_async wake;
    struct watched_signal *signals;
};

static_assert(sizeof(ev_io) <= sizeof(((struct hg_io *)0)->watcher), "ev_io must fit");
static_assert(sizeof(ev_timer) <= sizeof(((struct hg_timer *)0)->watcher), "ev_timer must fit");
static_assert(_Alignof(ev_io) <= _Alignof(void *) && _Alignof(ev_timer) <= _Alignof(void *), "aligned");

static uint64_t clock_us(clockid_t id)
{
    struct timespec ts;

    if (clock_gettime(id, &ts) != 0)
        return 1;
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

void hg_loop_refresh(struct hg_loop *loop)
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    loop->now = clock_us(CLOCK_MONOTONIC);
    loop->wall = clock_us(CLOCK_REALTIME);
}

uint64_t hg_loop_now(const struct hg_loop *loop)
{
    return loop->now;
}

uint64_t hg_loop_wall(const struct hg_loop *loop)
{
    return loop->wall;
}

/* The library calls this right behind its wait, before any callback. */
static void waited(struct ev_loop *ev) EV_NOEXCEPT
{
    hg_loop_refresh(HG_CAST(struct hg_loop, LOOP_MAGIC, ev_userdata(ev)));
}

/* ---- posts ---- */

static void run_posts(struct hg_loop *loop)
{
    struct hg_post *p = atomic_exchange_explicit(&loop->posts, NULL, memory_order_acquire);
    struct hg_post *in_order = NULL;

    while (p != NULL) {
        struct hg_post *next = p->next;
        p->next = in_order;
        in_order = p;
        p = next;
    }
    while (in_order != NULL) {
        p = in_order;
        in_order = p->next;
        p->next = NULL;
        p->run(p);
    }
}

static void on_wake(struct ev_loop *ev, ev_async *w, int revents)
{
    (void)ev;
    (void)revents;
    run_posts(HG_CAST(struct hg_loop, LOOP_MAGIC, w->data));
}

void hg_loop_post(struct hg_loop *loop, struct hg_post *p)
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(p->run != NULL);
    p->next = atomic_load_explicit(&loop->posts, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&loop->posts, &p->next, p, memory_order_release,
                                                  memory_order_relaxed))
        ;
    ev_async_send(loop->ev, &loop->wake);
}

void hg_loop_stop(struct hg_loop *loop)
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    atomic_store(&loop->stop, true);
    ev_async_send(loop->ev, &loop->wake);
}

/* ---- the loop ---- */

struct hg_loop *hg_loop_new(void)
{
    struct hg_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return NULL;
    loop->magic = LOOP_MAGIC;
    /* Signals come through a descriptor: no handler ever interrupts anything. */
    loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV | EVFLAG_SIGNALFD);
    if (loop->ev == NULL) {
        free(loop);
        return NULL;
    }
    hg_list_init(&loop->fed);
    hg_list_init(&loop->due);
    hg_list_init(&loop->deferred);
    atomic_init(&loop->posts, NULL);
    atomic_init(&loop->stop, false);
    hg_loop_refresh(loop);
    ev_set_userdata(loop->ev, loop);
    ev_set_loop_release_cb(loop->ev, NULL, waited);
    ev_async_init(&loop->wake, on_wake);
    loop->wake.data = loop;
    ev_async_start(loop->ev, &loop->wake);
    return loop;
}

void hg_loop_free(struct hg_loop *loop)
{
    if (loop == NULL)
        return;
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(!loop->running);
    HG_ASSERT(hg_list_empty(&loop->fed) && hg_list_empty(&loop->due));
    while (loop->signals != NULL) {
        struct watched_signal *s = loop->signals;
        loop->signals = s->next;
        ev_signal_stop(loop->ev, &s->watcher);
        free(s);
    }
    ev_async_stop(loop->ev, &loop->wake);
    ev_loop_destroy(loop->ev);
    loop->magic = 0;
    free(loop);
}

/* Calls what was fed in the turn before. What is fed meanwhile is for the next turn, so that a descriptor
 * that always has more in user space does not keep the others waiting. */
static void run_due(struct hg_loop *loop)
{
    while (!hg_list_empty(&loop->due)) {
        struct hg_io *io = HG_LIST_FIRST(&loop->due, struct hg_io, fed);
        unsigned events = io->fed_events;
        hg_list_remove(&io->fed);
        io->fed_events = 0;
        io->ready(io, events);
    }
}

static void run_deferred(struct hg_loop *loop)
{
    while (!hg_list_empty(&loop->deferred)) {
        struct hg_deferred *d = HG_LIST_FIRST(&loop->deferred, struct hg_deferred, node);
        hg_list_remove(&d->node);
        d->run(d);
    }
}

static void end_turn(struct hg_loop *loop)
{
    run_deferred(loop);
    if (loop->turn_end != NULL)
        loop->turn_end(loop->turn_end_ctx);
    run_deferred(loop);
}

static void fed_becomes_due(struct hg_loop *loop)
{
    HG_ASSERT(hg_list_empty(&loop->due));
    while (!hg_list_empty(&loop->fed)) {
        struct hg_list *n = loop->fed.next;
        hg_list_remove(n);
        hg_list_push_back(&loop->due, n);
    }
}

void hg_loop_run(struct hg_loop *loop)
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(!loop->running);
    loop->running = true;
    hg_loop_refresh(loop);
    end_turn(loop);
    while (!atomic_load(&loop->stop)) {
        fed_becomes_due(loop);
        ev_run(loop->ev, hg_list_empty(&loop->due) ? EVRUN_ONCE : EVRUN_NOWAIT);
        run_due(loop);
        end_turn(loop);
    }
    run_posts(loop);
    end_turn(loop);
    atomic_store(&loop->stop, false);
    loop->running = false;
}

void hg_loop_defer(struct hg_loop *loop, struct hg_deferred *d)
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(d->run != NULL);
    if (hg_list_empty(&d->node))
        hg_list_push_back(&loop->deferred, &d->node);
}

void hg_loop_on_turn_end(struct hg_loop *loop, void (*fn)(void *ctx), void *ctx)
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    loop->turn_end = fn;
    loop->turn_end_ctx = ctx;
}

/* ---- descriptors ---- */

static ev_io *io_watcher(struct hg_io *io)
{
    return (ev_io *)(void *)io->watcher;
}

static void on_io(struct ev_loop *ev, ev_io *w, int revents)
{
    struct hg_io *io = w->data;
    unsigned events = 0;

    (void)ev;
    HG_ASSERT(io_watcher(io) == w);
    if (revents & EV_READ)
        events |= HG_IO_READ;
    if (revents & EV_WRITE)
        events |= HG_IO_WRITE;
    if (revents & EV_ERROR) /* the library has stopped the watcher: the next system call tells why */
        events = io->mask;
    io->ready(io, events);
}

void hg_io_init(struct hg_io *io, struct hg_loop *loop, int fd, void (*ready)(struct hg_io *, unsigned))
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(fd >= 0 && ready != NULL);
    memset(io, 0, sizeof *io);
    io->loop = loop;
    io->fd = fd;
    io->ready = ready;
    hg_list_init(&io->fed);
    ev_io_init(io_watcher(io), on_io, fd, EV_READ);
    io_watcher(io)->data = io;
}

void hg_io_want(struct hg_io *io, unsigned mask)
{
    ev_io *w = io_watcher(io);

    HG_ASSERT((mask & ~(HG_IO_READ | HG_IO_WRITE)) == 0);
    if (mask == io->mask)
        return;
    if (io->mask != 0)
        ev_io_stop(io->loop->ev, w);
    io->mask = mask;
    if (mask == 0)
        return;
    ev_io_set(w, io->fd, ((mask & HG_IO_READ) ? EV_READ : 0) | ((mask & HG_IO_WRITE) ? EV_WRITE : 0));
    ev_io_start(io->loop->ev, w);
}

void hg_io_stop(struct hg_io *io)
{
    hg_io_want(io, 0);
    hg_list_remove(&io->fed);
    io->fed_events = 0;
}

void hg_io_feed(struct hg_io *io, unsigned events)
{
    HG_ASSERT(events != 0 && (events & ~(HG_IO_READ | HG_IO_WRITE)) == 0);
    io->fed_events |= events;
    if (hg_list_empty(&io->fed))
        hg_list_push_back(&io->loop->fed, &io->fed);
}

/* ---- timers ---- */

static ev_timer *timer_watcher(struct hg_timer *t)
{
    return (ev_timer *)(void *)t->watcher;
}

static void arm(struct hg_timer *t)
{
    ev_timer *w = timer_watcher(t);
    uint64_t now = t->loop->now;
    double wait = t->due > now ? (double)(t->due - now) / 1e6 : 0.0;

    if (t->armed != 0)
        ev_timer_stop(t->loop->ev, w);
    /* Half a millisecond more: the library's clock is read a moment before ours, and a timer that fires a
     * moment too early costs a turn. */
    ev_timer_set(w, wait + 0.0005, 0.0);
    ev_timer_start(t->loop->ev, w);
    t->armed = t->due;
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
    struct hg_timer *t = w->data;

    (void)ev;
    (void)revents;
    HG_ASSERT(timer_watcher(t) == w);
    t->armed = 0;
    if (t->due == 0)
        return;
    if (t->due > t->loop->now) {
        arm(t);
        return;
    }
    t->due = 0;
    t->fire(t);
}

void hg_timer_init(struct hg_timer *t, struct hg_loop *loop, void (*fire)(struct hg_timer *))
{
    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(fire != NULL);
    memset(t, 0, sizeof *t);
    t->loop = loop;
    t->fire = fire;
    ev_timer_init(timer_watcher(t), on_timer, 0.0, 0.0);
    timer_watcher(t)->data = t;
}

void hg_timer_set(struct hg_timer *t, uint64_t ms)
{
    const uint64_t ever = UINT64_C(1000) * 86400 * 365 * 200; /* keeps the sum far from overflow */

    HG_ASSERT(t->loop != NULL && t->loop->magic == LOOP_MAGIC);
    t->due = t->loop->now + (ms < ever ? ms : ever) * 1000u;
    if (t->armed == 0 || t->armed > t->due)
        arm(t);
}

void hg_timer_clear(struct hg_timer *t)
{
    t->due = 0;
}

void hg_timer_stop(struct hg_timer *t)
{
    HG_ASSERT(t->loop != NULL && t->loop->magic == LOOP_MAGIC);
    t->due = 0;
    t->armed = 0;
    ev_timer_stop(t->loop->ev, timer_watcher(t));
}

/* ---- signals ---- */

static void on_signal(struct ev_loop *ev, ev_signal *w, int revents)
{
    struct watched_signal *s = w->data;

    (void)ev;
    (void)revents;
    s->fn(s->ctx, w->signum);
}

bool hg_loop_signal(struct hg_loop *loop, int signum, void (*fn)(void *ctx, int signum), void *ctx)
{
    struct watched_signal *s;

    HG_ASSERT(loop->magic == LOOP_MAGIC);
    HG_ASSERT(fn != NULL);
    if (signum <= 0 || signum >= NSIG)
        return false;
    s = calloc(1, sizeof *s);
    if (s == NULL)
        return false;
    s->fn = fn;
    s->ctx = ctx;
    ev_signal_init(&s->watcher, on_signal, signum);
    s->watcher.data = s;
    ev_signal_start(loop->ev, &s->watcher); /* blocks it from here on */
    /* One that the parent had us ignore (nohup, a shell's "&") would never reach the descriptor. */
    (void)signal(signum, SIG_DFL);
    s->next = loop->signals;
    loop->signals = s;
    return true;
}
