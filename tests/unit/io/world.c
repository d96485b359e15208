/* SPDX-License-Identifier: MIT
 *
 * Loops that cannot hang, sockets, and the two peers of most stream tests.
 */
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void bark(struct hg_timer *t)
{
    struct world *w = HG_CONTAINER_OF(t, struct world, watchdog);

    w->late = true;
    hg_loop_stop(w->loop);
}

void world_begin(struct world *w)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    w->late = false;
    w->loop = hg_loop_new();
    if (w->loop == NULL)
        abort();
    hg_timer_init(&w->watchdog, w->loop, bark);
}

bool world_run(struct world *w)
{
    w->late = false;
    hg_loop_refresh(w->loop);
    hg_timer_set(&w->watchdog, 20000);
    hg_loop_run(w->loop);
    hg_timer_clear(&w->watchdog);
    return !w->late;
}

void world_pass(struct world *w, uint64_t ms)
{
    hg_loop_refresh(w->loop);
    hg_timer_set(&w->watchdog, ms);
    hg_loop_run(w->loop);
    hg_timer_clear(&w->watchdog);
}

void world_end(struct world *w)
{
    hg_timer_stop(&w->watchdog);
    hg_loop_free(w->loop);
}

void pair_unix(int fd[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
        abort();
}

static socklen_t loopback(int family, struct sockaddr_storage *a)
{
    memset(a, 0, sizeof *a);
    a->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        ((struct sockaddr_in6 *)a)->sin6_addr = in6addr_loopback;
        return sizeof(struct sockaddr_in6);
    }
    ((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof(struct sockaddr_in);
}

int listen_tcp(int family, uint16_t *port)
{
    struct sockaddr_storage a;
    socklen_t len = loopback(family, &a);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                     : ((struct sockaddr_in *)&a)->sin_port);
    return fd;
}

void pair_tcp(int fd[2])
{
    struct sockaddr_storage a;
    socklen_t len = loopback(AF_INET, &a);
    uint16_t port = 0;
    int l = listen_tcp(AF_INET, &port);

    fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ((struct sockaddr_in *)&a)->sin_port = htons(port);
    if (l < 0 || fd[0] < 0 || connect(fd[0], (struct sockaddr *)&a, len) != 0)
        abort();
    fd[1] = accept(l, NULL, NULL);
    if (fd[1] < 0)
        abort();
    close(l);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
}

int fds_open(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        closedir(d);
    return n;
}

static void keep_error(char out[256], const struct hg_stream *s)
{
    snprintf(out, 256, "%s", hg_stream_error(s));
}

/* ---- echo ---- */

static void echo_read(struct echo *e)
{
    while (e->len < e->cap) {
        ssize_t n = hg_stream_read(e->s, e->data + e->len, e->cap - e->len);
        if (n > 0) {
            e->len += (size_t)n;
            continue;
        }
        e->ended = e->ended || n == HG_STREAM_EOF;
        if (n == HG_STREAM_ERROR) {
            e->failed = true;
            keep_error(e->error, e->s);
        }
        return;
    }
}

static void echo_write(struct echo *e)
{
    ssize_t n;

    while (e->len > 0 && !e->failed) {
        n = hg_stream_write(e->s, e->data, e->len);
        if (n <= 0) {
            e->failed = n == HG_STREAM_ERROR;
            return;
        }
        memmove(e->data, e->data + n, e->len - (size_t)n);
        e->len -= (size_t)n;
    }
    if (e->ended && !e->failed)
        hg_stream_shutdown(e->s);
}

static void echo_turn(struct hg_deferred *d)
{
    struct echo *e = HG_CONTAINER_OF(d, struct echo, again);
    unsigned want = 0;

    if (!e->ended && !e->failed && e->len < e->cap)
        want |= HG_IO_READ;
    if (e->len > 0 && !e->failed)
        want |= HG_IO_WRITE;
    hg_stream_want(e->s, want);
}

static void echo_ready(void *ctx, unsigned events)
{
    struct echo *e = ctx;

    if ((events & HG_IO_READ) && !e->ended && !e->failed)
        echo_read(e);
    echo_write(e);
    hg_loop_defer(e->loop, &e->again);
}

void echo_begin(struct echo *e, struct hg_loop *loop, struct hg_stream *s)
{
    memset(e, 0, sizeof *e);
    e->s = s;
    e->loop = loop;
    e->cap = 100000;
    e->data = malloc(e->cap);
    hg_list_init(&e->again.node);
    e->again.run = echo_turn;
    hg_stream_on_ready(s, echo_ready, e);
    hg_stream_want(s, HG_IO_READ);
}

void echo_end(struct echo *e)
{
    hg_list_remove(&e->again.node);
    hg_stream_close(&e->s);
    free(e->data);
    e->data = NULL;
}

/* ---- pump ---- */

static char pattern(size_t i)
{
    return (char)(unsigned char)((i * 2654435761u) >> 13);
}

static void pump_write(struct pump *p)
{
    char out[65536];

    while (p->sent < p->total) {
        size_t n = p->total - p->sent < p->piece ? p->total - p->sent : p->piece;
        ssize_t put;
        for (size_t i = 0; i < n; i++)
            out[i] = pattern(p->sent + i);
        put = hg_stream_write(p->s, out, n);
        if (put < 0) {
            p->failed = p->failed || put == HG_STREAM_ERROR;
            return;
        }
        p->sent += (size_t)put;
        if (p->sent == p->total && p->half_close)
            hg_stream_shutdown(p->s);
    }
}

static void pump_read(struct pump *p)
{
    char in[20000];
    ssize_t n;

    while ((n = hg_stream_read(p->s, in, sizeof in)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            p->wrong = p->wrong || in[i] != pattern(p->got + (size_t)i);
        p->got += (size_t)n;
    }
    p->ended = p->ended || n == HG_STREAM_EOF;
    p->failed = p->failed || n == HG_STREAM_ERROR;
}

static void pump_turn(struct hg_deferred *d)
{
    struct pump *p = HG_CONTAINER_OF(d, struct pump, again);

    p->turns++;
    if (p->failed)
        keep_error(p->error, p->s);
    if (p->failed || p->ended || (p->got == p->total && !p->half_close)) {
        hg_stream_want(p->s, 0);
        hg_loop_stop(p->loop);
        return;
    }
    hg_stream_want(p->s, HG_IO_READ | (p->sent < p->total ? HG_IO_WRITE : 0));
}

static void pump_ready(void *ctx, unsigned events)
{
    struct pump *p = ctx;

    if (events & HG_IO_READ)
        pump_read(p);
    if (events & HG_IO_WRITE)
        pump_write(p);
    hg_loop_defer(p->loop, &p->again);
}

void pump_begin(struct pump *p, struct hg_loop *loop, struct hg_stream *s, size_t total, size_t piece)
{
    memset(p, 0, sizeof *p);
    p->s = s;
    p->loop = loop;
    p->total = total;
    p->piece = piece;
    hg_list_init(&p->again.node);
    p->again.run = pump_turn;
    hg_stream_on_ready(s, pump_ready, p);
    hg_stream_want(s, HG_IO_READ | HG_IO_WRITE);
}

void pump_end(struct pump *p)
{
    hg_list_remove(&p->again.node);
    hg_stream_close(&p->s);
}
