/* SPDX-License-Identifier: MIT
 *
 * A connection that has not said yet for whom it is: binds with the PROXY
 * protocol. Exactly the header is taken from the socket, so that what follows
 * may be a TLS handshake; then the connection becomes a session.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/proxy_header.h"

#define HG_PREFACE_MAGIC 0x70726566u

struct hg_preface {
    uint32_t magic;
    struct hg_relay *relay;
    struct hg_list node;
    struct hg_generation *generation;
    struct hg_entry entry; /* of that generation */
    int fd;                /* -1: handed on */
    struct hg_client client;
    struct hg_io io;
    struct hg_timer timer;
    struct hg_deferred death;
    bool dead;
    size_t n;
    char data[HG_LIMIT_PROXY_HEADER];
};

static void preface_free(struct hg_preface *p)
{
    HG_ASSERT(p->magic == HG_PREFACE_MAGIC);
    hg_list_remove(&p->node);
    hg_timer_stop(&p->timer);
    hg_io_stop(&p->io);
    if (p->fd >= 0)
        close(p->fd);
    hg_generation_unref(&p->generation);
    p->magic = 0;
    free(p);
}

static void bury(struct hg_deferred *d)
{
    preface_free(HG_CONTAINER_OF(d, struct hg_preface, death));
}

static void die(struct hg_preface *p)
{
    HG_ASSERT(!p->dead);
    p->dead = true;
    hg_io_stop(&p->io);
    hg_timer_clear(&p->timer);
    hg_loop_defer(p->relay->loop, &p->death);
}

static void refuse(struct hg_preface *p, const char *why)
{
    char ip[HG_IP_TEXT_LEN] = "unix";

    if (p->client.has_addr)
        hg_ip_text(p->client.addr, ip);
    HG_COUNT_ADD(p->relay->counters, proxy_headers_refused_total, 1);
    hg_log_event(p->relay->log, HG_LOG_WARN, HG_EVENT_PROXY_HEADER_REFUSED,
                 "frontend %s, connection from %s: no PROXY protocol header: %s", p->entry.frontend->name, ip,
                 why);
    die(p);
}

static void go_on(struct hg_preface *p, const struct hg_proxy_header *h)
{
    struct hg_client client = p->client;
    int fd = p->fd;

    if (h->known) {
        client.has_addr = h->has_addr;
        memcpy(client.addr, h->addr, sizeof(client.addr));
    }
    /* The watcher goes before the descriptor gets a new one. */
    die(p);
    p->fd = -1;
    hg_session_begin(p->relay, p->generation, &p->entry, fd, &client);
}

/* Looks at what is there and takes what belongs to the header. True: ask again. */
static bool take(struct hg_preface *p)
{
    ssize_t got = recv(p->fd, p->data + p->n, sizeof(p->data) - p->n, MSG_PEEK);
    struct hg_proxy_header header;
    enum hg_proxy_read r;
    size_t length, use;
    const char *why;

    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return errno == EINTR;
    if (got <= 0) {
        /* Connecting and leaving is what health checks do. */
        if (p->n == 0)
            die(p);
        else
            refuse(p, "the connection ended in the middle of it");
        return false;
    }
    r = hg_proxy_header_read(hg_slice(p->data, p->n + (size_t)got), &header, &length, &why);
    if (r == HG_PROXY_BAD) {
        refuse(p, why);
        return false;
    }
    use = r == HG_PROXY_DONE ? length - p->n : (size_t)got;
    HG_ASSERT(use > 0 && use <= (size_t)got);
    if (recv(p->fd, p->data + p->n, use, 0) != (ssize_t)use) {
        refuse(p, "it cannot be read");
        return false;
    }
    p->n += use;
    if (r == HG_PROXY_DONE)
        go_on(p, &header);
    HG_ASSERT(p->dead || p->n < sizeof(p->data));
    return r == HG_PROXY_MORE;
}

static void ready(struct hg_io *io, unsigned events)
{
    struct hg_preface *p = HG_CONTAINER_OF(io, struct hg_preface, io);

    (void)events;
    HG_ASSERT(p->magic == HG_PREFACE_MAGIC);
    while (!p->dead && take(p))
        ;
}

static void expired(struct hg_timer *t)
{
    struct hg_preface *p = HG_CONTAINER_OF(t, struct hg_preface, timer);

    if (!p->dead)
        refuse(p, "it did not arrive in time (timeout.request-head)");
}

bool hg_preface_wanted(const struct hg_bind *b, const struct hg_client *client)
{
    if (!b->proxy_protocol || b->trusted.n == 0)
        return b->proxy_protocol;
    return client->has_addr && hg_cidr_any(b->trusted.net, b->trusted.n, client->addr);
}

void hg_preface_begin(struct hg_relay *r, const struct hg_entry *e, int fd, const struct hg_client *client)
{
    struct hg_preface *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        close(fd);
        hg_log_event(r->log, HG_LOG_ERROR, HG_EVENT_ACCEPT_FAILED, "no memory for a client connection");
        return;
    }
    p->magic = HG_PREFACE_MAGIC;
    p->relay = r;
    p->generation = hg_generation_ref(r->entries->generation);
    p->entry = *e;
    p->fd = fd;
    p->client = *client;
    p->death.run = bury;
    hg_list_init(&p->node);
    hg_list_init(&p->death.node);
    hg_list_push_back(&r->prefaces, &p->node);
    hg_io_init(&p->io, r->loop, fd, ready);
    hg_timer_init(&p->timer, r->loop, expired);
    hg_timer_set(&p->timer, e->frontend->timeout.request_head);
    ready(&p->io, HG_IO_READ);
    if (!p->dead)
        hg_io_want(&p->io, HG_IO_READ);
}

void hg_preface_drop_all(struct hg_relay *r)
{
    for (struct hg_list *n = r->prefaces.next; n != &r->prefaces; n = n->next) {
        struct hg_preface *p = HG_CONTAINER_OF(n, struct hg_preface, node);

        if (!p->dead)
            die(p);
    }
}

void hg_preface_free_all(struct hg_relay *r)
{
    while (!hg_list_empty(&r->prefaces)) {
        struct hg_preface *p = HG_LIST_POP(&r->prefaces, struct hg_preface, node);

        hg_list_remove(&p->death.node);
        preface_free(p);
    }
}
