/* SPDX-License-Identifier: MIT
 *
 * The far sides of a dial.
 */
#include "peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- proxy or server ---- */

static void speak_tls(struct peer *p)
{
    int fd = p->conn.fd;

    hg_io_stop(&p->conn);
    p->conn.fd = -1;
    echo_begin(&p->echo, p->w->loop, hg_stream_accepted(p->w->loop, fd, p->tls));
}

static void answer(struct peer *p)
{
    hg_io_want(&p->conn, 0);
    if (send(p->conn.fd, p->answer, strlen(p->answer), MSG_NOSIGNAL) < 0)
        return;
    if (p->close_after)
        peer_hang_up(p);
    else if (p->tls != NULL)
        speak_tls(p);
}

static void on_conn(struct hg_io *io, unsigned events)
{
    struct peer *p = HG_CONTAINER_OF(io, struct peer, conn);
    ssize_t n = recv(io->fd, p->request + p->len, sizeof p->request - 1 - p->len, 0);

    (void)events;
    if (n <= 0) {
        hg_io_want(io, 0);
        return;
    }
    p->len += (size_t)n;
    p->request[p->len] = '\0';
    if (p->proxy && strstr(p->request, "\r\n\r\n") != NULL && p->answer != NULL)
        answer(p);
}

static void on_accept(struct hg_io *io, unsigned events)
{
    struct peer *p = HG_CONTAINER_OF(io, struct peer, listener);
    int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0)
        return;
    peer_hang_up(p);
    p->accepted++;
    p->len = 0;
    hg_io_init(&p->conn, p->w->loop, fd, on_conn);
    if (!p->proxy && p->tls != NULL)
        speak_tls(p);
    else
        hg_io_want(&p->conn, HG_IO_READ);
}

void peer_begin(struct peer *p, struct world *w, int family)
{
    int fd;

    memset(p, 0, sizeof *p);
    p->w = w;
    p->conn.fd = -1;
    fd = listen_tcp(family, &p->port);
    if (fd < 0)
        abort();
    hg_io_init(&p->listener, w->loop, fd, on_accept);
    hg_io_want(&p->listener, HG_IO_READ);
}

void peer_hang_up(struct peer *p)
{
    if (p->conn.fd >= 0) {
        hg_io_stop(&p->conn);
        close(p->conn.fd);
        p->conn.fd = -1;
    }
    if (p->echo.s != NULL)
        echo_end(&p->echo);
}

void peer_end(struct peer *p)
{
    peer_hang_up(p);
    hg_io_stop(&p->listener);
    close(p->listener.fd);
}

/* ---- name server ---- */

static size_t put_address(unsigned char *at, unsigned last)
{
    const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, (unsigned char)last};

    memcpy(at, record, sizeof record);
    return sizeof record;
}

/* Turns the question into its answer; the question ends at `end`. */
static size_t make_answer(unsigned char *m, size_t end, bool known, bool a)
{
    size_t n = end;

    m[2] = 0x81;
    m[3] = known ? 0x80 : 0x83;
    memset(m + 6, 0, 6);
    if (!known || !a)
        return n;
    m[7] = 2;
    n += put_address(m + n, 3);
    return n + put_address(m + n, 1);
}

static void on_question(struct hg_io *io, unsigned events)
{
    struct names *names = HG_CONTAINER_OF(io, struct names, io);
    unsigned char m[600];
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(io->fd, m, 512, 0, (struct sockaddr *)&from, &len);
    size_t end = 12;

    (void)events;
    if (n < 17)
        return;
    names->asked++;
    while (end < (size_t)n && m[end] != 0)
        end += 1u + m[end];
    if (end + 5 > (size_t)n || memcmp(m + 12, "\6silent", 7) == 0)
        return;
    end = make_answer(m, end + 5, memcmp(m + 12, "\3two", 4) == 0, m[end + 2] == 1);
    (void)sendto(io->fd, m, end, 0, (struct sockaddr *)&from, len);
}

void names_begin(struct names *n, struct world *w)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        abort();
    n->asked = 0;
    n->port = ntohs(a.sin_port);
    snprintf(n->list, sizeof n->list, "127.0.0.1:%u", (unsigned)n->port);
    hg_io_init(&n->io, w->loop, fd, on_question);
    hg_io_want(&n->io, HG_IO_READ);
}

void names_end(struct names *n)
{
    hg_io_stop(&n->io);
    close(n->io.fd);
}

/* ---- silence ---- */

void hole_begin(struct hole *h)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    h->fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->fd[0] < 0 || bind(h->fd[0], (struct sockaddr *)&a, len) != 0 || listen(h->fd[0], 0) != 0 ||
        getsockname(h->fd[0], (struct sockaddr *)&a, &len) != 0)
        abort();
    h->port = ntohs(a.sin_port);
    for (int i = 1; i < 4; i++) {
        h->fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(h->fd[i], (struct sockaddr *)&a, len);
    }
}

void hole_end(struct hole *h)
{
    for (int i = 0; i < 4; i++)
        close(h->fd[i]);
}
