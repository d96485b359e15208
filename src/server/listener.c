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
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
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

static void address_text(struct hg_listener *l, const union address *a)
{
    char ip[INET6_ADDRSTRLEN];

    if (a->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->v6.sin6_addr, ip, sizeof(ip));
        snprintf(l->address, sizeof(l->address), "[%s]:%u", ip, ntohs(a->v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->v4.sin_addr, ip, sizeof(ip));
        snprintf(l->address, sizeof(l->address), "%s:%u", ip, ntohs(a->v4.sin_port));
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
 * owner allows sharing; then it joins the others. */
static bool open_tcp(struct hg_listener *l, const struct hg_bind *b, char *err, size_t errlen)
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
        if (i != 0 && setsockopt(l->fd[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
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
    address_text(l, &a);
    return true;
}

/* A socket file that nobody answers on is left over from a crash and is removed; a live one is in use. */
static bool remove_stale(const struct hg_bind *b, const union address *a, socklen_t len)
{
    struct stat st;
    int fd, rc, code;

    if (lstat(b->path, &st) != 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    rc = connect(fd, &a->any, len);
    code = errno;
    close(fd);
    if (rc == 0 || code != ECONNREFUSED) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(b->path) == 0 || errno == ENOENT;
}

static bool open_unix(struct hg_listener *l, const struct hg_bind *b, char *err, size_t errlen)
{
    union address a;
    struct stat st;
    mode_t old;
    int rc;

    memset(&a, 0, sizeof(a));
    a.path.sun_family = AF_UNIX;
    if (strlen(b->path) >= sizeof(a.path.sun_path))
        return fail(err, errlen, b, "path", ENAMETOOLONG);
    memcpy(a.path.sun_path, b->path, strlen(b->path) + 1);
    if (!remove_stale(b, &a, sizeof(a.path)))
        return fail(err, errlen, b, "cannot listen", errno);
    l->fd[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd[0] < 0)
        return fail(err, errlen, b, "socket", errno);
    /* Nobody may slip in between bind and chmod. */
    old = umask(0177);
    rc = bind(l->fd[0], &a.any, sizeof(a.path));
    umask(old);
    if (rc != 0 || chmod(b->path, b->mode) != 0 || listen(l->fd[0], HG_LIMIT_BACKLOG) != 0)
        return fail(err, errlen, b, "cannot listen", errno);
    if (lstat(b->path, &st) == 0) {
        l->dev = st.st_dev;
        l->ino = st.st_ino;
    }
    for (size_t i = 1; i < l->fds; i++)
        l->fd[i] = l->fd[0];
    snprintf(l->address, sizeof(l->address), "unix:%.*s", (int)(sizeof(l->address) - 6), b->path);
    return true;
}

bool hg_listener_open(struct hg_listener *l, const struct hg_frontend *f, size_t bind, size_t workers,
                      char *err, size_t errlen)
{
    const struct hg_bind *b = &f->bind[bind];
    bool ok;

    HG_ASSERT(bind < f->binds && workers > 0);
    memset(l, 0, sizeof(*l));
    l->frontend = f;
    l->bind = bind;
    l->fd = malloc(workers * sizeof(*l->fd));
    if (l->fd == NULL)
        return fail(err, errlen, b, "cannot listen", ENOMEM);
    l->fds = workers;
    for (size_t i = 0; i < workers; i++)
        l->fd[i] = -1;
    ok = b->kind == HG_BIND_UNIX ? open_unix(l, b, err, errlen) : open_tcp(l, b, err, errlen);
    if (!ok)
        hg_listener_close(l);
    return ok;
}

void hg_listener_refuse(const struct hg_listener *l, size_t worker)
{
    HG_ASSERT(worker < l->fds);
    /* Clients that wait unaccepted, or come now, would hang until we end. */
    shutdown(l->fd[worker], SHUT_RDWR);
}

/* Our successor may have put its own socket there while we drained. */
static void remove_path(const struct hg_listener *l)
{
    const struct hg_bind *b = &l->frontend->bind[l->bind];
    struct stat st;

    if (b->kind == HG_BIND_UNIX && l->ino != 0 && lstat(b->path, &st) == 0 && st.st_dev == l->dev &&
        st.st_ino == l->ino)
        unlink(b->path);
}

void hg_listener_close(struct hg_listener *l)
{
    if (l->frontend != NULL)
        remove_path(l);
    for (size_t i = 0; i < l->fds; i++)
        if (l->fd[i] >= 0 && (i == 0 || l->fd[i] != l->fd[0]))
            close(l->fd[i]);
    free(l->fd);
    l->fd = NULL;
    l->fds = 0;
}
