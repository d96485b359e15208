/* SPDX-License-Identifier: MIT
 *
 * Listening sockets: opened by the main thread, then watched by the workers. A
 * TCP bind has a socket per worker (SO_REUSEPORT: the kernel spreads
 * connections); a unix socket has one, which all workers watch. A listener knows
 * nothing of a generation: it outlives them, as long as each has its address.
 */
#ifndef HG_SERVER_LISTENER_H
#define HG_SERVER_LISTENER_H

#include <sys/types.h>

#include "plan/plan.h"

/* A unix socket's file as we made it. */
struct hg_unix_file {
    dev_t dev;
    ino_t ino; /* 0: not known */
};

struct hg_listener {
    uint64_t id; /* set by the owner */
    char *key;   /* hg_listener_key of what it was opened for */
    int *fd;     /* one per worker; unix: the same everywhere */
    size_t fds;
    uint16_t port;     /* as written; 0: any, or a unix socket */
    uint16_t bound;    /* as it is; 0: a unix socket */
    char address[128]; /* as bound: "127.0.0.1:41234", "[::1]:80", "unix:/path" */
    char *path;        /* unix, else NULL */
    struct hg_unix_file file;
};

/* What makes two binds, maybe of two generations, the same socket: the address; for port 0 the frontend and
 * the place among such binds too. malloc'd, NULL without memory. */
char *hg_listener_key(const struct hg_frontend *f, size_t bind);
/* NULL with a sentence in err. workers: how many sockets a TCP bind gets. beside: the port is also that of a
 * listener of ours that is about to close, so sharing it for a moment is no mistake. */
struct hg_listener *hg_listener_open(const struct hg_frontend *f, size_t bind, size_t workers, bool beside,
                                     char *err, size_t errlen);
/* Clients still find it: a unix socket's file is there, and ours. */
bool hg_listener_usable(const struct hg_listener *l);
/* Gives a unix socket the permissions of this bind. False with errno. */
bool hg_listener_mode(const struct hg_listener *l, const struct hg_bind *b);
/* From a worker's thread: from now on connecting to its socket is refused. The descriptor stays. */
void hg_listener_refuse(const struct hg_listener *l, size_t worker);
/* Closes the sockets; a unix socket's path is removed if it is still ours. Sets *l to NULL. */
void hg_listener_close(struct hg_listener **l);

#endif
