/* SPDX-License-Identifier: MIT
 *
 * Opens listening sockets.
 */
#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool fail(char *err, size_t errlen, const struct hg_bind *b, const char *what, int code)
{
    const char *hint = code == EADDRINUSE      ? "; something else listens there"
                       : code == EACCES        ? "; ports below 1024 and foreign folders need privileges"
                       : code == EADDRNOTAVAIL ? "; this machine has no such address"
                                               : "";

    snprintf(err, errlen, "%s:%u: bind %s: %s: %s%s", b->file, b->line, b->text, what, strerror(code), hint);
    return false;
}

static socklen_t tcp_address(const struct hg_bind *b, union address *a)
{
    memset(a, 0, sizeof(*a));
    if (strcmp(b->host, "*") == 0 || inet_pton(AF_INET, b->host, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(b->port);
        return sizeof(a->v4);
    }
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(b->port);
    return inet_pton(AF_INET6, b->host, &a->v6.sin6_addr) == 1 ? sizeof(a->v6) : 0;
}

static void address_text(char *out, size_t cap, const union address *a)
{
    char ip[INET6_ADDRSTRLEN];

    if (a->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->v6.sin6_addr, ip, sizeof(ip));
        snprintf(out, cap, "[%s]:%u", ip, ntohs(a->v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->v4.sin_addr, ip, sizeof(ip));
        snprintf(out, cap, "%s:%u", ip, ntohs(a->v4.sin_port));
    }
}

static int tcp_socket(const union address *a)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (a->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    return fd;
}

/* The first socket is bound without SO_REUSEPORT, so that a port that is in use is an error even when its
 * owner allows sharing; then it joins the others. `beside`: one of ours that is about to close has this port.
 */
static bool open_tcp(struct hg_listener *l, const struct hg_bind *b, bool beside, char *err, size_t errlen)
{
    union address a;
    socklen_t len = tcp_address(b, &a);
    int on = 1;

    if (len == 0)
        return fail(err, errlen, b, "address", EINVAL);
    for (size_t i = 0; i < l->fds; i++) {
        l->fd[i] = tcp_socket(&a);
        if (l->fd[i] < 0)
            return fail(err, errlen, b, "socket", errno);
        if ((i != 0 || beside) && setsockopt(l->fd[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
            return fail(err, errlen, b, "SO_REUSEPORT", errno);
        if (bind(l->fd[i], &a.any, len) != 0)
            return fail(err, errlen, b, "cannot listen", errno);
        if (i == 0 && setsockopt(l->fd[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
            return fail(err, errlen, b, "SO_REUSEPORT", errno);
        /* Port 0: the others take the port that the first one got. */
        if (getsockname(l->fd[i], &a.any, &len) != 0)
            return fail(err, errlen, b, "getsockname", errno);
    }
    for (size_t i = 0; i < l->fds; i++)
        if (listen(l->fd[i], HG_LIMIT_BACKLOG) != 0)
            return fail(err, errlen, b, "cannot listen", errno);
    address_text(l->address, sizeof(l->address), &a);
    l->bound = ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
    return true;
}

static bool open_unix(struct hg_listener *l, const struct hg_bind *b, char *err, size_t errlen)
{
    l->fd[0] = hg_unix_listen(b->path, b->mode, &l->file);
    if (l->fd[0] < 0)
        return fail(err, errlen, b, "cannot listen", errno);
    l->path = strdup(b->path);
    for (size_t i = 1; i < l->fds; i++)
        l->fd[i] = l->fd[0];
    snprintf(l->address, sizeof(l->address), "unix:%.*s", (int)(sizeof(l->address) - 6), b->path);
    return l->path != NULL || fail(err, errlen, b, "cannot listen", ENOMEM);
}

/* How many binds of the frontend before this one ask for any free port of the same address. */
static size_t place_among(const struct hg_frontend *f, size_t bind)
{
    size_t n = 0;

    for (size_t i = 0; i < bind; i++)
        if (f->bind[i].kind == HG_BIND_TCP && f->bind[i].port == 0 &&
            strcmp(f->bind[i].host, f->bind[bind].host) == 0)
            n++;
    return n;
}

char *hg_listener_key(const struct hg_frontend *f, size_t bind)
{
    const struct hg_bind *b = &f->bind[bind];
    char address[128], *key = NULL;
    union address a;

    if (b->kind == HG_BIND_UNIX)
        return asprintf(&key, "unix:%s", b->path) >= 0 ? key : NULL;
    (void)tcp_address(b, &a);
    address_text(address, sizeof(address), &a);
    if (b->port != 0)
        return asprintf(&key, "tcp:%s", address) >= 0 ? key : NULL;
    return asprintf(&key, "tcp:%s %s %zu", address, f->name, place_among(f, bind)) >= 0 ? key : NULL;
}

static bool prepare(struct hg_listener *l, const struct hg_frontend *f, size_t bind, size_t workers)
{
    l->key = hg_listener_key(f, bind);
    l->fd = malloc(workers * sizeof(*l->fd));
    if (l->key == NULL || l->fd == NULL)
        return false;
    l->fds = workers;
    for (size_t i = 0; i < workers; i++)
        l->fd[i] = -1;
    return true;
}

struct hg_listener *hg_listener_open(const struct hg_frontend *f, size_t bind, size_t workers, bool beside,
                                     char *err, size_t errlen)
{
    const struct hg_bind *b = &f->bind[bind];
    struct hg_listener *l = calloc(1, sizeof(*l));
    bool ok;

    HG_ASSERT(bind < f->binds && workers > 0);
    if (l == NULL || !prepare(l, f, bind, workers)) {
        (void)fail(err, errlen, b, "cannot listen", ENOMEM);
        hg_listener_close(&l);
        return NULL;
    }
    l->port = b->kind == HG_BIND_TCP ? b->port : 0;
    ok = b->kind == HG_BIND_UNIX ? open_unix(l, b, err, errlen) : open_tcp(l, b, beside, err, errlen);
    if (!ok)
        hg_listener_close(&l);
    return l;
}

bool hg_listener_usable(const struct hg_listener *l)
{
    return l->path == NULL || hg_unix_ours(l->path, &l->file);
}

bool hg_listener_mode(const struct hg_listener *l, const struct hg_bind *b)
{
    return l->path == NULL || chmod(l->path, b->mode) == 0;
}

void hg_listener_refuse(const struct hg_listener *l, size_t worker)
{
    HG_ASSERT(worker < l->fds);
    /* Clients that wait unaccepted, or come now, would hang until we end. */
    shutdown(l->fd[worker], SHUT_RDWR);
}

void hg_listener_close(struct hg_listener **lp)
{
    struct hg_listener *l = *lp;

    *lp = NULL;
    if (l == NULL)
        return;
    if (l->path != NULL)
        hg_unix_remove(l->path, &l->file);
    for (size_t i = 0; i < l->fds; i++)
        if (l->fd[i] >= 0 && (i == 0 || l->fd[i] != l->fd[0]))
            close(l->fd[i]);
    free(l->fd);
    free(l->key);
    free(l->path);
    free(l);
}
