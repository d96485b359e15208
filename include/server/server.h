/* SPDX-License-Identifier: MIT
 *
 * The running server: listeners, worker threads, signals, reload, drain.
 */
#ifndef HG_SERVER_SERVER_H
#define HG_SERVER_SERVER_H

#include "base/log.h"
#include "config/diag.h"
#include "upstream/generation.h"

struct hg_server_options {
    struct hg_generation *generation; /* taken over */
    struct hg_log *log;
    const char *ready_file; /* of the command line, or NULL: the plan's; written when all listeners listen */
    const char *notify_socket; /* $NOTIFY_SOCKET, or NULL */
    uint64_t watchdog_us; /* how long we may keep still before it ends us ($WATCHDOG_USEC); 0: for ever */
    /* Reads the config anew. NULL when it has errors; what there is to say is in d. */
    struct hg_plan *(*read)(void *ctx, struct hg_diag *d);
    void *ctx;
};

/* Binds, starts the workers, drops to global.user, serves until SIGTERM or SIGINT and then drains. SIGHUP
 * reloads, SIGUSR1 logs the counters, SIGUSR2 opens the log anew. The exit status: 0, or 1 after a sentence
 * on stderr and in the log. Blocks. */
int hg_server_run(const struct hg_server_options *o);

#endif
