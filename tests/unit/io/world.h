/* SPDX-License-Identifier: MIT
 *
 * What the tests of this room share: a loop that cannot hang, socket pairs,
 * listeners, an echoing peer, certificates made on the spot.
 */
#ifndef HG_TESTS_IO_WORLD_H
#define HG_TESTS_IO_WORLD_H

#include "io/loop.h"
#include "io/stream.h"
#include "support/unit.h"

struct world {
    struct hg_loop *loop;
    struct hg_timer watchdog;
    bool late; /* the watchdog ended the run */
};

void world_begin(struct world *w);
/* Until hg_loop_stop; false when that did not come within 20 seconds. */
bool world_run(struct world *w);
/* A run of so many milliseconds. */
void world_pass(struct world *w, uint64_t ms);
void world_end(struct world *w);

/* Two connected sockets (Unix or TCP over loopback), non-blocking. */
void pair_unix(int fd[2]);
void pair_tcp(int fd[2]);
/* Loopback listener on a free port. */
int listen_tcp(int family, uint16_t *port);
int fds_open(void); /* descriptors of this process */

/* Reads up to an end and writes what it read, all from one stream. Ends itself at the peer's end. */
struct echo {
    struct hg_stream *s;
    struct hg_deferred again;
    struct hg_loop *loop;
    char *data;
    size_t len, cap;
    bool ended, failed;
    char error[256];
};
void echo_begin(struct echo *e, struct hg_loop *loop, struct hg_stream *s);
void echo_end(struct echo *e);

/* Sends `total` bytes of a pattern in pieces of `piece`, reads as much, compares. Stops the loop when done.
 */
struct pump {
    struct hg_stream *s;
    struct hg_deferred again;
    struct hg_loop *loop;
    size_t total, piece, sent, got, turns;
    bool wrong, ended, failed;
    bool half_close; /* shut down after the last byte sent, and wait for the end */
    char error[256];
};
void pump_begin(struct pump *p, struct hg_loop *loop, struct hg_stream *s, size_t total, size_t piece);
void pump_end(struct pump *p);

#endif
