/* SPDX-License-Identifier: MIT
 *
 * Listening sockets: opened before threads and privileges change, then watched
 * by one worker each. A TCP bind has a socket per worker (SO_REUSEPORT: the
 * kernel spreads connections); a unix socket has one, which all workers watch.
 */
#ifndef HG_SERVER_LISTENER_H
#define HG_SERVER_LISTENER_H

#include <sys/types.h>

#include "plan/plan.h"

struct hg_listener {
    const struct hg_frontend *frontend;
    size_t bind; /* index into frontend->bind */
    int *fd;     /* one per worker; unix: the same everywhere */
    size_t fds;
    char address[128]; /* as bound: "127.0.0.1:41234", "[::1]:80", "unix:/path" */
    dev_t dev;         /* the unix socket's file as we made it */
    ino_t ino;
};

/* False with a sentence in err. workers: how many sockets a TCP bind gets. */
bool hg_listener_open(struct hg_listener *l, const struct hg_frontend *f, size_t bind, size_t workers,
                      char *err, size_t errlen);
/* From a worker's thread: from now on connecting to its socket is refused. The descriptor stays. */
void hg_listener_refuse(const struct hg_listener *l, size_t worker);
/* Closes the sockets; a unix socket's path is removed if it is still ours. */
void hg_listener_close(struct hg_listener *l);

#endif
