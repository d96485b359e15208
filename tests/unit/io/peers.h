/* SPDX-License-Identifier: MIT
 *
 * The far side of a dial, on the same loop: a proxy with a written answer (and a
 * TLS server behind it), a bare server, a name server, an address that is silent.
 */
#ifndef HG_TESTS_IO_PEERS_H
#define HG_TESTS_IO_PEERS_H

#include "world.h"

struct peer {
    struct world *w;
    struct hg_io listener, conn;
    uint16_t port;
    bool proxy;         /* reads a head and answers first */
    const char *answer; /* NULL: never */
    bool close_after;   /* the answer */
    struct hg_tls *tls; /* then TLS; NULL: silence */
    char request[8192];
    size_t len;
    int accepted;
    struct echo echo; /* has .s once it speaks TLS */
};

void peer_begin(struct peer *p, struct world *w, int family);
/* Ends the connection, if any; the listener stays. */
void peer_hang_up(struct peer *p);
void peer_end(struct peer *p);

/* UDP: two.test is 127.0.0.3 and 127.0.0.1 (A), silent.test gets no answer, all else does not exist. */
struct names {
    struct hg_io io;
    uint16_t port;
    char list[32]; /* for hg_dns_use_servers */
    int asked;
};
void names_begin(struct names *n, struct world *w);
void names_end(struct names *n);

/* A port whose queue is full: connecting gets no answer at all. */
struct hole {
    int fd[4];
    uint16_t port;
};
void hole_begin(struct hole *h);
void hole_end(struct hole *h);

#endif
