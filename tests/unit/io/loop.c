/* SPDX-License-Identifier: MIT
 *
 * The loop: turns, timers, deferred work, other threads, signals.
 */
#include "io/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "world.h"

/* ---- timers ---- */

struct tick {
    struct hg_timer t;
    int fired;
    uint64_t at;
    bool stop;
    uint64_t again; /* set anew from inside */
};

static void on_tick(struct hg_timer *t)
{
    struct tick *k = HG_CONTAINER_OF(t, struct tick, t);

    k->fired++;
    k->at = hg_loop_now(t->loop);
    if (k->again != 0)
        hg_timer_set(t, k->again);
    if (k->stop)
        hg_loop_stop(t->loop);
}

static void tick_init(struct tick *k, struct world *w, bool stop)
{
    memset(k, 0, sizeof *k);
    hg_timer_init(&k->t, w->loop, on_tick);
    k->stop = stop;
}

HG_TEST(timer_fires_once_and_not_early)
{
    struct world w;
    struct tick k;

    world_begin(&w);
    tick_init(&k, &w, false);
    hg_loop_refresh(w.loop);
    uint64_t began = hg_loop_now(w.loop);
    hg_timer_set(&k.t, 20);
    world_pass(&w, 60);
    HG_CHECK_U64(k.fired, 1);
    HG_CHECK(k.at >= began + 20000);
    HG_CHECK_U64(k.t.due, 0);
    hg_timer_stop(&k.t);
    world_end(&w);
}

HG_TEST(timer_pushed_out_is_lazy)
{
    struct world w;
    struct tick late, pusher;

    world_begin(&w);
    tick_init(&late, &w, true);
    tick_init(&pusher, &w, false);
    hg_loop_refresh(w.loop);
    uint64_t began = hg_loop_now(w.loop);
    hg_timer_set(&late.t, 20);
    uint64_t armed = late.t.armed;
    hg_timer_set(&late.t, 50);
    HG_CHECK_U64(late.t.armed, armed); /* only a store */
    HG_CHECK(late.t.due > armed);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(late.fired, 1);
    HG_CHECK(late.at >= began + 50000);
    hg_timer_stop(&late.t);
    hg_timer_stop(&pusher.t);
    world_end(&w);
}

HG_TEST(timer_pulled_in_fires_sooner)
{
    struct world w;
    struct tick k;

    world_begin(&w);
    tick_init(&k, &w, true);
    hg_timer_set(&k.t, 60000);
    hg_timer_set(&k.t, 5);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(k.fired, 1);
    hg_timer_stop(&k.t);
    world_end(&w);
}

HG_TEST(timer_cleared_or_stopped_stays_silent)
{
    struct world w;
    struct tick a, b, c;

    world_begin(&w);
    tick_init(&a, &w, false);
    tick_init(&b, &w, false);
    tick_init(&c, &w, false);
    hg_timer_set(&a.t, 5);
    hg_timer_clear(&a.t);
    hg_timer_set(&b.t, 5);
    hg_timer_stop(&b.t);
    hg_timer_stop(&b.t);
    hg_timer_set(&c.t, 5);
    hg_timer_clear(&c.t);
    hg_timer_set(&c.t, 10); /* the library's timer still runs */
    world_pass(&w, 40);
    HG_CHECK_U64(a.fired, 0);
    HG_CHECK_U64(b.fired, 0);
    HG_CHECK_U64(c.fired, 1);
    hg_timer_stop(&a.t);
    hg_timer_stop(&c.t);
    world_end(&w);
}

HG_TEST(timer_can_be_set_inside_itself_and_takes_huge_times)
{
    struct world w;
    struct tick k;

    world_begin(&w);
    tick_init(&k, &w, false);
    k.again = 2;
    hg_timer_set(&k.t, UINT64_MAX);
    HG_CHECK(k.t.due > hg_loop_now(w.loop));
    hg_timer_set(&k.t, 0);
    world_pass(&w, 60);
    HG_CHECK(k.fired >= 3);
    hg_timer_stop(&k.t);
    world_end(&w);
}

/* ---- deferred ---- */

struct later {
    struct hg_deferred d;
    struct hg_loop *loop;
    struct later *next;
    int ran;
    bool stop;
};

static int end_calls, end_saw;

static void run_later(struct hg_deferred *d)
{
    struct later *l = HG_CONTAINER_OF(d, struct later, d);

    l->ran++;
    if (l->next != NULL)
        hg_loop_defer(l->loop, &l->next->d);
    if (l->stop)
        hg_loop_stop(l->loop);
}

static void later_init(struct later *l, struct hg_loop *loop, struct later *next)
{
    memset(l, 0, sizeof *l);
    hg_list_init(&l->d.node);
    l->d.run = run_later;
    l->loop = loop;
    l->next = next;
}

static void on_turn_end(void *ctx)
{
    end_calls++;
    end_saw = ((struct later *)ctx)->ran;
}

HG_TEST(deferred_run_once_all_before_the_wait)
{
    struct world w;
    struct later a, b, c;

    world_begin(&w);
    later_init(&c, w.loop, NULL);
    later_init(&b, w.loop, &c);
    later_init(&a, w.loop, &b);
    c.stop = true;
    end_calls = end_saw = 0;
    hg_loop_on_turn_end(w.loop, on_turn_end, &c);
    hg_loop_defer(w.loop, &a.d);
    hg_loop_defer(w.loop, &a.d);
    HG_CHECK(world_run(&w)); /* c stops it in the very first turn: nothing had to be waited for */
    HG_CHECK_U64(a.ran, 1);
    HG_CHECK_U64(b.ran, 1);
    HG_CHECK_U64(c.ran, 1);
    HG_CHECK(end_calls >= 1);
    HG_CHECK_U64(end_saw, 1); /* the turn's end sees what deferred work did */
    world_end(&w);
}

static struct later *added_at_end;

static void add_at_end(void *ctx)
{
    struct later *l = ctx;

    if (l->ran == 0)
        hg_loop_defer(l->loop, &l->d);
}

HG_TEST(deferred_added_by_the_turns_end_still_runs)
{
    struct world w;
    struct later a;

    world_begin(&w);
    later_init(&a, w.loop, NULL);
    a.stop = true;
    added_at_end = &a;
    hg_loop_on_turn_end(w.loop, add_at_end, added_at_end);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(a.ran, 1);
    world_end(&w);
}

/* ---- descriptors ---- */

struct probe {
    struct hg_io io;
    unsigned seen;
    int calls, refeed;
    bool stop;
};

static void on_probe(struct hg_io *io, unsigned events)
{
    struct probe *p = HG_CONTAINER_OF(io, struct probe, io);

    p->seen |= events;
    p->calls++;
    if (p->refeed-- > 0)
        hg_io_feed(io, HG_IO_READ);
    else if (p->stop)
        hg_loop_stop(io->loop);
}

HG_TEST(descriptor_events_follow_the_mask)
{
    struct world w;
    struct probe p = {.calls = 0};
    int fd[2];

    world_begin(&w);
    pair_unix(fd);
    hg_io_init(&p.io, w.loop, fd[0], on_probe);
    p.stop = true;
    hg_io_want(&p.io, HG_IO_READ);
    hg_io_want(&p.io, HG_IO_READ);
    HG_CHECK_U64(p.io.mask, HG_IO_READ);
    HG_CHECK(write(fd[1], "x", 1) == 1);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(p.seen, HG_IO_READ);
    p.seen = 0;
    hg_io_want(&p.io, HG_IO_WRITE);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(p.seen, HG_IO_WRITE);
    p.calls = 0;
    hg_io_want(&p.io, 0);
    world_pass(&w, 10);
    HG_CHECK_U64(p.calls, 0);
    hg_io_stop(&p.io);
    hg_io_stop(&p.io);
    close(fd[0]);
    close(fd[1]);
    world_end(&w);
}

HG_TEST(fed_events_come_in_the_next_turn_and_leave_room_for_others)
{
    struct world w;
    struct probe p = {.calls = 0};
    struct later other;
    int fd[2];

    world_begin(&w);
    pair_unix(fd);
    hg_io_init(&p.io, w.loop, fd[0], on_probe);
    later_init(&other, w.loop, NULL);
    p.refeed = 1000;
    p.stop = true;
    hg_loop_on_turn_end(w.loop, on_turn_end, &other);
    end_calls = 0;
    hg_io_feed(&p.io, HG_IO_READ);
    hg_io_feed(&p.io, HG_IO_READ);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(p.calls, 1001);
    HG_CHECK(end_calls >= 1001); /* one call a turn */
    p.calls = 0;
    p.refeed = 0;
    hg_io_feed(&p.io, HG_IO_READ);
    hg_io_stop(&p.io);
    world_pass(&w, 10);
    HG_CHECK_U64(p.calls, 0);
    close(fd[0]);
    close(fd[1]);
    world_end(&w);
}

/* ---- threads ---- */

#define POSTS 500
#define POSTERS 3

struct note {
    struct hg_post post;
    struct board *board;
    int who, number;
};

struct board {
    struct hg_loop *loop;
    int last[POSTERS];
    int n;
    bool disorder;
};

static void run_note(struct hg_post *p)
{
    struct note *note = HG_CONTAINER_OF(p, struct note, post);
    struct board *b = note->board;

    if (note->number != b->last[note->who] + 1)
        b->disorder = true;
    b->last[note->who] = note->number;
    if (++b->n == POSTS * POSTERS)
        hg_loop_stop(b->loop);
    free(note);
}

struct poster {
    struct board *board;
    int who;
};

static void *post_all(void *ctx)
{
    struct poster *p = ctx;

    for (int i = 1; i <= POSTS; i++) {
        struct note *note = calloc(1, sizeof *note);
        if (note == NULL)
            abort();
        note->board = p->board;
        note->who = p->who;
        note->number = i;
        note->post.run = run_note;
        hg_loop_post(p->board->loop, &note->post);
    }
    return NULL;
}

HG_TEST(posts_of_many_threads_arrive_in_each_ones_order)
{
    struct world w;
    struct board b = {.n = 0};
    struct poster p[POSTERS];
    pthread_t t[POSTERS];

    world_begin(&w);
    b.loop = w.loop;
    for (int i = 0; i < POSTERS; i++) {
        p[i] = (struct poster){.board = &b, .who = i};
        HG_CHECK(pthread_create(&t[i], NULL, post_all, &p[i]) == 0);
    }
    HG_CHECK(world_run(&w));
    for (int i = 0; i < POSTERS; i++)
        pthread_join(t[i], NULL);
    HG_CHECK_U64(b.n, POSTS * POSTERS);
    HG_CHECK(!b.disorder);
    world_end(&w);
}

static void *stop_it(void *ctx)
{
    hg_loop_stop(ctx);
    return NULL;
}

HG_TEST(stop_works_from_another_thread_and_before_the_run)
{
    struct world w;
    struct note *note = calloc(1, sizeof *note);
    struct board b = {.n = 0};
    pthread_t t;

    world_begin(&w);
    HG_NEED(note != NULL);
    hg_loop_stop(w.loop);
    b.loop = w.loop;
    note->board = &b;
    note->number = 1;
    note->post.run = run_note;
    hg_loop_post(w.loop, &note->post);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(b.n, 1); /* what was posted before the end is not lost */
    HG_CHECK(pthread_create(&t, NULL, stop_it, w.loop) == 0);
    HG_CHECK(world_run(&w));
    pthread_join(t, NULL);
    world_end(&w);
}

/* ---- signals and clocks ---- */

static int signal_seen;

static void on_signal(void *ctx, int signum)
{
    signal_seen = signum;
    hg_loop_stop(ctx);
}

HG_TEST(signal_is_an_ordinary_callback)
{
    struct world w;

    world_begin(&w);
    signal_seen = 0;
    HG_CHECK(hg_loop_signal(w.loop, SIGUSR1, on_signal, w.loop));
    HG_CHECK(!hg_loop_signal(w.loop, 0, on_signal, w.loop));
    HG_CHECK(!hg_loop_signal(w.loop, 4000, on_signal, w.loop));
    kill(getpid(), SIGUSR1);
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(signal_seen, SIGUSR1);
    world_end(&w);
}

HG_TEST(clocks_move_between_turns_and_by_refresh)
{
    struct world w;

    world_begin(&w);
    uint64_t now = hg_loop_now(w.loop), wall = hg_loop_wall(w.loop);
    world_pass(&w, 5);
    HG_CHECK(hg_loop_now(w.loop) >= now + 5000);
    HG_CHECK(hg_loop_wall(w.loop) > wall);
    HG_CHECK(hg_loop_wall(w.loop) > UINT64_C(1600000000) * 1000000);
    now = hg_loop_now(w.loop);
    usleep(2000);
    HG_CHECK_U64(hg_loop_now(w.loop), now);
    hg_loop_refresh(w.loop);
    HG_CHECK(hg_loop_now(w.loop) >= now + 2000);
    world_end(&w);
}
