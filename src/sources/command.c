/* SPDX-License-Identifier: MIT
 *
 * Runs a command. Its output is read into locked memory; what it starts in its
 * process group goes when it goes.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/secret.h"
#include "base/text.h"

#define SAID_MAX 1024u

/* A pipe that it writes to. */
struct drain {
    struct hg_io io;
    struct hg_command *command;
    int fd; /* -1: at its end */
    char *buf;
    size_t n, cap;
    bool overflow;
};

struct hg_command {
    struct hg_list node;
    struct hg_command_options o;
    pid_t pid;
    struct drain out, err;
    char said[SAID_MAX];
    struct hg_timer timer;
    bool told; /* done was called */
    char why[80];
};

static void drain_close(struct drain *d)
{
    if (d->fd < 0)
        return;
    hg_io_stop(&d->io);
    (void)close(d->fd);
    d->fd = -1;
}

/* Reads what is there. Of the standard error the beginning is kept, of the output nothing may be lost. */
static void drain_read(struct drain *d)
{
    char beyond[512] = {0};

    while (d->fd >= 0) {
        bool full = d->n == d->cap;
        ssize_t n = read(d->fd, full ? beyond : d->buf + d->n, full ? sizeof(beyond) : d->cap - d->n);

        if (n > 0 && full)
            d->overflow = true;
        else if (n > 0)
            d->n += (size_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
            drain_close(d);
        else if (errno == EAGAIN)
            break;
        if (d->overflow && d == &d->command->out)
            break;
    }
    explicit_bzero(beyond, sizeof(beyond));
}

/* The first line of what it said, unless the value is in it. */
static void quote(const struct hg_command *c, char *out, size_t cap)
{
    struct hg_slice line = hg_slice(c->said, c->err.n), value = hg_slice(c->out.buf, c->out.n);
    ptrdiff_t end = hg_slice_find(line, '\n');

    while (value.n > 0 && strchr(" \t\r\n", value.p[value.n - 1]) != NULL)
        value.n--;
    if (end >= 0)
        line.n = (size_t)end;
    if (value.n > 0 && memmem(c->said, c->err.n, value.p, value.n) != NULL)
        line.n = 0;
    hg_text_printable(line, out, cap);
}

static void tell(struct hg_command *c, const char *why)
{
    struct hg_command_result r = {.why = why};

    if (c->told)
        return;
    c->told = true;
    hg_timer_clear(&c->timer);
    r.out = hg_slice(c->out.buf, c->out.n);
    quote(c, r.said, sizeof(r.said));
    c->o.done(c->o.ctx, &r);
    explicit_bzero(c->out.buf, c->out.cap);
    c->out.n = 0;
}

static void command_free(struct hg_command *c)
{
    hg_list_remove(&c->node);
    hg_timer_stop(&c->timer);
    drain_close(&c->out);
    drain_close(&c->err);
    hg_locked_free(c->out.buf, c->out.cap);
    explicit_bzero(c->said, sizeof(c->said));
    free(c);
}

static void kill_group(const struct hg_command *c)
{
    HG_ASSERT(c->pid > 1);
    (void)kill(-c->pid, SIGKILL);
}

static void ready(struct hg_io *io, unsigned events)
{
    struct drain *d = HG_CONTAINER_OF(io, struct drain, io);
    struct hg_command *c = d->command;

    (void)events;
    drain_read(d);
    if (c->out.overflow && !c->told) {
        kill_group(c);
        snprintf(c->why, sizeof(c->why), "wrote more than %zu bytes", c->o.limit);
        drain_close(&c->out);
        tell(c, c->why);
    }
}

static void expired(struct hg_timer *t)
{
    struct hg_command *c = HG_CONTAINER_OF(t, struct hg_command, timer);

    kill_group(c);
    snprintf(c->why, sizeof(c->why), "did not end within %llu ms", (unsigned long long)c->o.timeout);
    tell(c, c->why);
}

static const char *how_it_ended(struct hg_command *c, const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED && info->si_status == 0)
        return NULL;
    if (info->si_code == CLD_EXITED)
        snprintf(c->why, sizeof(c->why), "ended with status %d", info->si_status);
    else
        snprintf(c->why, sizeof(c->why), "was ended by signal %d", info->si_status);
    return c->why;
}

static void reap(struct hg_command *c)
{
    siginfo_t info = {0};

    /* First a look: as long as it is not collected, its group cannot be somebody else's. */
    if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != c->pid)
        return;
    kill_group(c);
    (void)waitpid(c->pid, NULL, 0);
    drain_read(&c->out);
    drain_read(&c->err);
    if (c->out.overflow)
        snprintf(c->why, sizeof(c->why), "wrote more than %zu bytes", c->o.limit);
    tell(c, c->out.overflow ? c->why : how_it_ended(c, &info));
    command_free(c);
}

void hg_commands_reap(struct hg_list *running)
{
    for (struct hg_list *n = running->next, *next; n != running; n = next) {
        next = n->next;
        reap(HG_CONTAINER_OF(n, struct hg_command, node));
    }
}

void hg_command_cancel(struct hg_command *c)
{
    c->told = true;
    hg_timer_clear(&c->timer);
    kill_group(c);
}

void hg_commands_kill(struct hg_list *running)
{
    for (struct hg_list *n = running->next, *next; n != running; n = next) {
        struct hg_command *c = HG_CONTAINER_OF(n, struct hg_command, node);

        next = n->next;
        hg_command_cancel(c);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        command_free(c);
    }
}

/* ---- starting ---- */

/* ends[0] to read, not blocking; ends[1] to write. Neither is 0, 1 or 2. */
static bool open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    for (size_t i = 0; i < 2; i++) {
        int moved = ends[i] > STDERR_FILENO ? ends[i] : fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

        if (moved != ends[i])
            (void)close(ends[i]);
        ends[i] = moved;
    }
    if (ends[0] >= 0 && ends[1] >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        return true;
    for (size_t i = 0; i < 2; i++)
        if (ends[i] >= 0)
            (void)close(ends[i]);
    return false;
}

/* Zero or an error number. */
static int spawn(const struct hg_command_options *o, int out, int err, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t all, none;
    int e;

    sigfillset(&all);
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attr) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    e = posix_spawnattr_setflags(&attr,
                                 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (e == 0)
        e = posix_spawnattr_setpgroup(&attr, 0);
    if (e == 0)
        e = posix_spawnattr_setsigdefault(&attr, &all);
    if (e == 0)
        e = posix_spawnattr_setsigmask(&attr, &none);
    if (e == 0)
        e = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (e == 0)
        e = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (e == 0)
        e = posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    if (e == 0)
        e = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    if (e == 0)
        e = posix_spawnp(pid, o->argv[0], &files, &attr, (char *const *)(uintptr_t)o->argv, o->envp);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return e;
}

static void drain_open(struct hg_command *c, struct drain *d, int fd)
{
    d->command = c;
    d->fd = fd;
    hg_io_init(&d->io, c->o.loop, fd, ready);
    hg_io_want(&d->io, HG_IO_READ);
}

struct hg_command *hg_command_start(const struct hg_command_options *o, const char **why)
{
    struct hg_command *c = calloc(1, sizeof(*c));
    int out[2], err[2], e = ENOMEM;

    HG_ASSERT(o->argv[0] != NULL && o->timeout > 0);
    *why = "cannot be started: out of memory or descriptors";
    if (c == NULL)
        return NULL;
    hg_list_init(&c->node);
    c->o = *o;
    c->out.fd = c->err.fd = -1;
    c->out.cap = o->limit;
    c->out.buf = hg_locked_new(o->limit);
    c->err.buf = c->said;
    c->err.cap = sizeof(c->said);
    hg_timer_init(&c->timer, o->loop, expired);
    if (c->out.buf == NULL || !open_pipe(out)) {
        command_free(c);
        return NULL;
    }
    drain_open(c, &c->out, out[0]);
    if (open_pipe(err)) {
        drain_open(c, &c->err, err[0]);
        e = spawn(o, out[1], err[1], &c->pid);
        (void)close(err[1]);
    }
    (void)close(out[1]);
    if (e == 0) {
        hg_timer_set(&c->timer, o->timeout);
        hg_list_push_back(o->running, &c->node);
        return c;
    }
    *why = e == ENOENT   ? "cannot be started: there is no such program"
           : e == EACCES ? "cannot be started: permission denied"
                         : "cannot be started: the system has no room for another process";
    command_free(c);
    return NULL;
}
