/* SPDX-License-Identifier: MIT
 *
 * The running server: listeners, worker threads, signals, drain.
 */
#ifndef HG_SERVER_SERVER_H
#define HG_SERVER_SERVER_H

#include "base/log.h"
#include "upstream/generation.h"

struct hg_server_options {
    struct hg_generation *generation; /* taken over */
    struct hg_log *log;
    const char *ready_file; /* written when all listeners listen, or NULL */
};

/* Binds, starts the workers, drops to global.user, serves until SIGTERM or SIGINT and then drains. The exit
 * status: 0, or 1 after a sentence on stderr and in the log. Blocks. */
int hg_server_run(const struct hg_server_options *o);

#endif
