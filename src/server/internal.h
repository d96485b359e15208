/* SPDX-License-Identifier: MIT
 *
 * Private to the server room.
 */
#ifndef HG_SERVER_INTERNAL_H
#define HG_SERVER_INTERNAL_H

#include "server/listener.h"

/* ready.c: says where we listen, in one atomic step. False with a sentence in err. */
bool hg_ready_write(const char *path, const struct hg_listener *l, size_t n, char *err, size_t errlen);

/* privilege.c: what a process that holds keys gives up: core dumps, being traced, gaining privileges, and,
 * when `user` is not NULL, its user and groups. False with a sentence in err. */
bool hg_privilege_drop(const char *user, const char *group, char *err, size_t errlen);

#endif
