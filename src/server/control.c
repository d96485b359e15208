/* SPDX-License-Identifier: MIT
 *
 * The socket for commands, in the main thread's loop. A client sends one line,
 * gets an answer, and is closed. Whoever is silent or slow holds up nobody: each
 * has a deadline, and when all places are taken the oldest that has not said
 * anything yet has to go.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"

#define CLIENT_MAGIC 0x6374726cu

enum state { READING, RUNNING, WRITING, DEAD };

struct client {
    uint32_t magic;
    enum state state;
    struct hg_control *control;
    struct hg_list node;
    struct hg_io io;
    struct hg_timer timer;
    struct hg_deferred death;
    struct hg_command command;
    struct hg_buf out;
    size_t n;
    char line[HG_LIMIT_CONTROL_LINE];
};

struct hg_control {
    struct hg_service *service;
    struct hg_io io;
    struct hg_timer pause;
    struct hg_list clients; /* oldest first */
    size_t n;
    char *path;
    struct hg_unix_file file;
};

static void client_free(struct client *c)
{
    HG_ASSERT(c->control->n > 0);
    hg_list_remove(&c->node);
    c->control->n--;
    hg_io_stop(&c->io);
    hg_timer_stop(&c->timer);
    close(c->io.fd);
    hg_command_free(&c->command);
    hg_buf_free(&c->out);
    c->magic = 0;
    free(c);
}

static void bury(struct hg_deferred *d)
{
    client_free(HG_CONTAINER_OF(d, struct client, death));
}

static void die(struct client *c)
{
    if (c->state == DEAD)
        return;
    c->state = DEAD;
    hg_io_stop(&c->io);
    hg_timer_clear(&c->timer);
    hg_loop_defer(c->control->service->loop, &c->death);
}

static void expired(struct hg_timer *t)
{
    struct client *c = HG_CONTAINER_OF(t, struct client, timer);

    /* A reload takes as long as it takes. */
    if (c->state != RUNNING)
        die(c);
}

static void write_answer(struct client *c)
{
    while (hg_buf_len(&c->out) != 0) {
        struct hg_slice data = hg_buf_data(&c->out);
        ssize_t n = send(c->io.fd, data.p, data.n, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0) {
            hg_buf_consume(&c->out, (size_t)n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            hg_io_want(&c->io, HG_IO_WRITE);
            return;
        } else {
            break;
        }
    }
    die(c);
}

static void answer(struct hg_command *command)
{
    struct client *c = HG_CONTAINER_OF(command, struct client, command);
    struct hg_slice text = hg_buf_data(&command->text);

    HG_ASSERT(c->magic == CLIENT_MAGIC && c->state == RUNNING);
    c->state = WRITING;
    if (!hg_buf_printf(&c->out, "%s\n", command->ok ? "ok" : "error") || !hg_buf_append(&c->out, text)) {
        hg_buf_free(&c->out);
        (void)hg_buf_printf(&c->out, "error\nno memory for the answer\n");
    }
    hg_timer_set(&c->timer, HG_TIME_CONTROL);
    write_answer(c);
}

static void run(struct client *c)
{
    struct ucred who = {0};
    socklen_t len = sizeof(who);

    c->state = RUNNING;
    hg_io_want(&c->io, 0);
    hg_timer_clear(&c->timer);
    (void)getsockopt(c->io.fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
    hg_log_event(c->control->service->o->log, HG_LOG_INFO, HG_EVENT_CONTROL,
                 "process %ld of user %ld asks: %s", (long)who.pid, (long)who.uid, c->line);
    hg_command_run(&c->command, c->line);
}

/* What does not look like a command is answered too: a person may have typed it. */
static void refuse(struct client *c, const char *why)
{
    c->state = RUNNING;
    c->command.ok = false;
    (void)hg_buf_printf(&c->command.text, "%s\n", why);
    answer(&c->command);
}

static bool printable(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (line[i] < ' ' || line[i] > '~')
            return false;
    return true;
}

static void take_line(struct client *c, size_t n)
{
    if (n > 0 && c->line[n - 1] == '\r')
        n--;
    c->line[n] = '\0';
    if (printable(c->line, n))
        run(c);
    else
        refuse(c, "a command is one line of printable ASCII characters");
}

static void read_command(struct client *c)
{
    ssize_t got = recv(c->io.fd, c->line + c->n, sizeof(c->line) - 1 - c->n, MSG_DONTWAIT);
    char *end;

    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got < 0) {
        die(c);
        return;
    }
    end = got > 0 ? memchr(c->line + c->n, '\n', (size_t)got) : NULL;
    c->n += (size_t)got;
    if (end != NULL)
        take_line(c, (size_t)(end - c->line));
    else if (got == 0 && c->n == 0)
        die(c);
    else if (got == 0)
        take_line(c, c->n); /* without a line's end, but nothing more comes */
    else if (c->n == sizeof(c->line) - 1)
        refuse(c, "the command is too long");
}

static void client_ready(struct hg_io *io, unsigned events)
{
    struct client *c = HG_CONTAINER_OF(io, struct client, io);

    (void)events;
    HG_ASSERT(c->magic == CLIENT_MAGIC);
    if (c->state == READING)
        read_command(c);
    else if (c->state == WRITING)
        write_answer(c);
}

static void make_room(struct hg_control *k)
{
    for (struct hg_list *n = k->clients.next; n != &k->clients; n = n->next) {
        struct client *c = HG_CONTAINER_OF(n, struct client, node);

        if (c->state != READING)
            continue;
        die(c);
        return;
    }
}

static void welcome(struct hg_control *k, int fd)
{
    struct client *c = k->n < 2 * HG_LIMIT_CONTROL_CLIENTS ? calloc(1, sizeof(*c)) : NULL;

    if (c == NULL) {
        close(fd);
        return;
    }
    if (k->n >= HG_LIMIT_CONTROL_CLIENTS)
        make_room(k);
    c->magic = CLIENT_MAGIC;
    c->control = k;
    c->death.run = bury;
    c->command.service = k->service;
    c->command.done = answer;
    hg_list_init(&c->command.waiter.node);
    hg_buf_init(&c->command.text, HG_LIMIT_CONTROL_ANSWER, false);
    hg_buf_init(&c->out, HG_LIMIT_CONTROL_ANSWER + 64, false);
    hg_list_init(&c->node);
    hg_list_init(&c->death.node);
    hg_list_push_back(&k->clients, &c->node);
    k->n++;
    hg_io_init(&c->io, k->service->loop, fd, client_ready);
    hg_timer_init(&c->timer, k->service->loop, expired);
    hg_timer_set(&c->timer, HG_TIME_CONTROL);
    hg_io_want(&c->io, HG_IO_READ);
}

static void accept_ready(struct hg_io *io, unsigned events)
{
    struct hg_control *k = HG_CONTAINER_OF(io, struct hg_control, io);
    int fd;

    (void)events;
    for (unsigned i = 0; i < HG_LIMIT_CONTROL_CLIENTS; i++) {
        fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(k, fd);
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ECONNABORTED && errno != EINTR) {
            hg_io_want(&k->io, 0);
            hg_timer_set(&k->pause, HG_TIME_ACCEPT_PAUSE);
        }
        return;
    }
}

static void pause_over(struct hg_timer *t)
{
    hg_io_want(&HG_CONTAINER_OF(t, struct hg_control, pause)->io, HG_IO_READ);
}

struct hg_control *hg_control_open(struct hg_service *s, char *err, size_t errlen)
{
    const struct hg_global *g = &s->generation->plan->global;
    struct hg_control *k = calloc(1, sizeof(*k));
    int fd;

    if (k != NULL)
        k->path = strdup(g->control);
    if (k == NULL || k->path == NULL) {
        snprintf(err, errlen, "out of memory");
        free(k);
        return NULL;
    }
    fd = hg_unix_listen(k->path, g->control_mode, &k->file);
    if (fd < 0) {
        snprintf(err, errlen, "global.control: unix:%s: cannot listen: %s%s", k->path, strerror(errno),
                 errno == EADDRINUSE ? "; is another hdrgate running?" : "");
        free(k->path);
        free(k);
        return NULL;
    }
    k->service = s;
    hg_list_init(&k->clients);
    hg_timer_init(&k->pause, s->loop, pause_over);
    hg_io_init(&k->io, s->loop, fd, accept_ready);
    hg_io_want(&k->io, HG_IO_READ);
    return k;
}

void hg_control_free(struct hg_control *k)
{
    if (k == NULL)
        return;
    while (!hg_list_empty(&k->clients)) {
        struct client *c = HG_LIST_POP(&k->clients, struct client, node);

        hg_list_remove(&c->death.node);
        client_free(c);
    }
    hg_io_stop(&k->io);
    hg_timer_stop(&k->pause);
    hg_unix_remove(k->path, &k->file);
    close(k->io.fd);
    free(k->path);
    free(k);
}
