/* SPDX-License-Identifier: MIT
 *
 * The event loop of one thread, over libev (src/io/loop.c is the only file that
 * includes ev.h). Everything here belongs to the thread that runs the loop,
 * except hg_loop_post and hg_loop_stop, which any thread may call.
 */
#ifndef HG_IO_LOOP_H
#define HG_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct hg_loop;

struct hg_loop *hg_loop_new(void); /* NULL: no memory or no descriptors */
void hg_loop_free(struct hg_loop *loop);
/* Runs until hg_loop_stop (which may come before). What was posted and deferred until then has run when it
 * returns. */
void hg_loop_run(struct hg_loop *loop);
void hg_loop_stop(struct hg_loop *loop);

/* Monotonic and wall clock of this turn, microseconds. */
uint64_t hg_loop_now(const struct hg_loop *loop);
uint64_t hg_loop_wall(const struct hg_loop *loop);
/* Reads both clocks anew (for measuring inside a turn). */
void hg_loop_refresh(struct hg_loop *loop);

/* ---- descriptors: one watcher each, its mask recomputed at the end of a turn ---- */

#define HG_IO_READ 1u
#define HG_IO_WRITE 2u

struct hg_io {
    struct hg_loop *loop;
    int fd;
    unsigned mask; /* armed now */
    void (*ready)(struct hg_io *io, unsigned events);
    struct hg_list fed;  /* waits for its call in the next turn, */
    unsigned fed_events; /* with these */
    void *watcher[6];    /* the library's watcher lives here */
};

void hg_io_init(struct hg_io *io, struct hg_loop *loop, int fd, void (*ready)(struct hg_io *, unsigned));
/* Does nothing when the mask is already so. */
void hg_io_want(struct hg_io *io, unsigned mask);
/* Before the descriptor is closed; harmless twice. */
void hg_io_stop(struct hg_io *io);
/* Makes ready() be called with these events in the next turn without waiting for the kernel (data is already
 * in user space, e.g. inside TLS). */
void hg_io_feed(struct hg_io *io, unsigned events);

/* ---- timers: lazy. Pushing a deadline out costs a store; the library's timer moves only when it fires. ----
 */

struct hg_timer {
    struct hg_loop *loop;
    uint64_t due;   /* 0: not set */
    uint64_t armed; /* when the library's timer fires; 0: it does not run */
    void (*fire)(struct hg_timer *t);
    void *watcher[6];
};

void hg_timer_init(struct hg_timer *t, struct hg_loop *loop, void (*fire)(struct hg_timer *));
/* Fires once, `ms` from this turn's time; setting again replaces. */
void hg_timer_set(struct hg_timer *t, uint64_t ms);
void hg_timer_clear(struct hg_timer *t);
/* Before the memory goes. */
void hg_timer_stop(struct hg_timer *t);

/* ---- end of turn: objects that end are freed here, never inside their own call stack ---- */

struct hg_deferred {
    struct hg_list node; /* hg_list_init it before the first use */
    void (*run)(struct hg_deferred *d);
};

/* Runs once after all callbacks of this turn; adding twice is harmless. */
void hg_loop_defer(struct hg_loop *loop, struct hg_deferred *d);
/* Every turn, before the loop waits (e.g. to flush the log). One per loop. */
void hg_loop_on_turn_end(struct hg_loop *loop, void (*fn)(void *ctx), void *ctx);

/* ---- other threads ---- */

struct hg_post {
    struct hg_post *next;
    void (*run)(struct hg_post *p); /* on the loop's thread; the post is the receiver's from then on */
};
void hg_loop_post(struct hg_loop *loop, struct hg_post *p);

/* ---- signals (main loop only) ---- */
/* A signal as an ordinary callback in this loop; one that the process held back until now comes then. The
 * calling thread blocks it until the loop is freed (signalfd(2)); other threads must block it too. Returns
 * false when it cannot be watched. */
bool hg_loop_signal(struct hg_loop *loop, int signum, void (*fn)(void *ctx, int signum), void *ctx);

#endif
