/* SPDX-License-Identifier: MIT
 *
 * hdrgate run: configuration in, a serving process out.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"
#include "cmd.h"
#include "options.h"
#include "server/server.h"

#define LOG_WAIT_MS 500u

/* At start and at each reload. */
static struct hg_plan *read_plan(void *ctx, struct hg_diag *d)
{
    const struct options *o = ctx;
    const struct hg_plan_options po = {.env_file = o->env_file, .env_files = o->env_files};
    struct hg_model *m = hg_model_read(o->file, o->files, options_rules_dir(), d);
    struct hg_plan *plan = m != NULL ? hg_plan_build(m, &hg_environment_process, &po, d) : NULL;

    hg_model_free(m);
    return plan;
}

/* NULL after the diagnostics were printed. Warnings go to stderr too, and do not stop the start. */
static struct hg_plan *first_plan(struct options *o)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *plan = d != NULL ? read_plan(o, d) : NULL;

    if (d != NULL)
        hg_diag_print(d, stderr);
    if (plan == NULL)
        fprintf(stderr, "hdrgate: the configuration has errors; not started\n");
    hg_diag_free(d);
    return plan;
}

/* A signal that comes before the loop listens waits for it; it would kill us. */
static void hold_signals(void)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGUSR1);
    sigaddset(&ours, SIGUSR2);
    sigprocmask(SIG_BLOCK, &ours, NULL);
}

/* sd_watchdog_enabled(3). 0: there is none, or it is for another process. */
static uint64_t watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    return strtoull(usec, NULL, 10);
}

static int serve(struct hg_plan *plan, struct options *o)
{
    char err[1024];
    struct hg_log *log = hg_log_open(&plan->global.log_target, plan->global.log_level, err, sizeof(err));
    struct hg_generation *g;
    int status = 1;

    if (log == NULL) {
        fprintf(stderr, "hdrgate: %s\n", err);
        hg_plan_unref(&plan);
        return 1;
    }
    g = hg_generation_new(plan, NULL, err, sizeof(err));
    if (g != NULL) {
        const struct hg_server_options so = {.generation = g,
                                             .log = log,
                                             .ready_file = o->ready_file,
                                             .notify_socket = getenv("NOTIFY_SOCKET"),
                                             .watchdog_us = watchdog(),
                                             .read = read_plan,
                                             .ctx = o};

        status = hg_server_run(&so);
    } else {
        fprintf(stderr, "hdrgate: %s\n", err);
    }
    hg_log_free(log, LOG_WAIT_MS);
    return status;
}

int cmd_run(int argc, char **argv)
{
    struct options o;
    struct hg_plan *plan;
    int status;

    if (options_read(&o, argc, argv, OPTIONS_READY_FILE) != 0)
        return 2;
    /* Before the first secret is read. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    hold_signals();
    plan = first_plan(&o);
    if (plan == NULL)
        return 1;
    status = serve(plan, &o);
    /* Its leak checker has to look at us. Nobody else has: the environment still holds what it held. */
    if (HG_ASAN)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return status;
}
