/* SPDX-License-Identifier: MIT
 *
 * hdrgate run: configuration in, a serving process out.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cmd.h"
#include "options.h"
#include "server/server.h"

#define LOG_WAIT_MS 500u

/* At start and at each reload. */
static struct hg_plan *read_plan(void *ctx, struct hg_diag *d)
{
    const struct hg_plan_options po = {.stand_in_secrets = false};
    const struct options *o = ctx;
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

static int open_log(const char *to)
{
    int fd;

    if (strcmp(to, "stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(to, "stderr") == 0)
        return STDERR_FILENO;
    fd = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        fprintf(stderr, "hdrgate: global.log.to: %s: %s\n", to, strerror(errno));
    return fd;
}

static int serve(struct hg_plan *plan, struct options *o, int fd)
{
    struct hg_log *log = hg_log_new(fd, plan->global.log_level);
    struct hg_generation *g;
    char err[1024];
    int status = 1;

    if (log == NULL) {
        fprintf(stderr, "hdrgate: out of memory\n");
        hg_plan_unref(&plan);
        return 1;
    }
    g = hg_generation_new(plan, NULL, err, sizeof(err));
    if (g != NULL) {
        const struct hg_server_options so = {.generation = g,
                                             .log = log,
                                             .ready_file = o->ready_file,
                                             .notify_socket = getenv("NOTIFY_SOCKET"),
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
    int status, fd;

    if (options_read(&o, argc, argv, OPTIONS_READY_FILE) != 0)
        return 2;
    /* Before the first secret is read. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    hold_signals();
    plan = first_plan(&o);
    if (plan == NULL)
        return 1;
    fd = open_log(plan->global.log_to);
    if (fd < 0) {
        hg_plan_unref(&plan);
        return 1;
    }
    status = serve(plan, &o, fd);
    if (fd > STDERR_FILENO)
        close(fd);
    /* The secrets are wiped: leak checkers may look now. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return status;
}
