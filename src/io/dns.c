/* SPDX-License-Identifier: MIT
 *
 * c-ares on the loop: one channel each, its sockets as ordinary descriptors and
 * its timeouts as one timer. The only file that includes ares.h.
 */
#include "dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "io/dial.h"

#define DNS_MAGIC 0x446e7321u
#define QUERY_MAGIC 0x51756572u

#define ATTEMPT_MS 2000
#define ATTEMPTS 3

struct dns_socket {
    struct hg_io io;
    struct hg_dns *dns;
    struct hg_list node;
};

struct hg_dns {
    uint32_t magic;
    struct hg_loop *loop;
    ares_channel channel;
    struct hg_timer timer;
    struct hg_list sockets;
    struct hg_list dead; /* closed by c-ares, perhaps inside their own callback */
    struct hg_deferred bury;
};

struct hg_dns_query {
    uint32_t magic;
    bool answered; /* and waits for the end of the turn */
    struct hg_loop *loop;
    struct hg_deferred deliver;
    hg_dns_done *done; /* NULL: nobody waits any more */
    void *ctx;
    struct hg_addresses found;
    struct hg_failure failure;
};

/* ---- addresses ---- */

socklen_t hg_address_len(const union hg_address *a)
{
    return a->sa.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

bool hg_address_parse(const char *host, uint16_t port, union hg_address *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return true;
    }
    return false;
}

void hg_address_text(const union hg_address *a, char out[HG_ADDRESS_TEXT_LEN])
{
    bool six = a->sa.sa_family == AF_INET6;
    char ip[INET6_ADDRSTRLEN] = "?";

    (void)inet_ntop(a->sa.sa_family, six ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr, ip,
                    sizeof ip);
    snprintf(out, HG_ADDRESS_TEXT_LEN, "%s port %u", ip,
             (unsigned)ntohs(six ? a->v6.sin6_port : a->v4.sin_port));
}

/* ---- sockets and time ---- */

static void set_timer(struct hg_dns *r)
{
    struct timeval tv;

    if (ares_timeout(r->channel, NULL, &tv) == NULL)
        hg_timer_clear(&r->timer);
    else
        hg_timer_set(&r->timer, (uint64_t)tv.tv_sec * 1000u + (uint64_t)tv.tv_usec / 1000u + 1u);
}

static void on_timer(struct hg_timer *t)
{
    struct hg_dns *r = HG_CONTAINER_OF(t, struct hg_dns, timer);

    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(r);
}

static void on_socket(struct hg_io *io, unsigned events)
{
    struct dns_socket *s = HG_CONTAINER_OF(io, struct dns_socket, io);
    struct hg_dns *r = HG_CAST(struct hg_dns, DNS_MAGIC, s->dns);
    int fd = io->fd;

    ares_process_fd(r->channel, (events & HG_IO_READ) ? fd : ARES_SOCKET_BAD,
                    (events & HG_IO_WRITE) ? fd : ARES_SOCKET_BAD);
    set_timer(r);
}

static struct dns_socket *socket_of(struct hg_dns *r, int fd)
{
    for (struct hg_list *n = r->sockets.next; n != &r->sockets; n = n->next) {
        struct dns_socket *s = HG_CONTAINER_OF(n, struct dns_socket, node);
        if (s->io.fd == fd)
            return s;
    }
    return NULL;
}

static struct dns_socket *socket_new(struct hg_dns *r, int fd)
{
    struct dns_socket *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->dns = r;
    hg_io_init(&s->io, r->loop, fd, on_socket);
    hg_list_init(&s->node);
    hg_list_push_back(&r->sockets, &s->node);
    return s;
}

/* c-ares says what it wants of a socket; nothing at all: it is about to close it. */
static void on_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct hg_dns *r = HG_CAST(struct hg_dns, DNS_MAGIC, ctx);
    struct dns_socket *s = socket_of(r, fd);

    if (!readable && !writable) {
        if (s == NULL)
            return;
        hg_io_stop(&s->io);
        hg_list_remove(&s->node);
        hg_list_push_back(&r->dead, &s->node);
        hg_loop_defer(r->loop, &r->bury);
        return;
    }
    if (s == NULL)
        s = socket_new(r, fd);
    if (s != NULL) /* else the query times out */
        hg_io_want(&s->io, (readable ? HG_IO_READ : 0) | (writable ? HG_IO_WRITE : 0));
}

static void bury(struct hg_deferred *d)
{
    struct hg_dns *r = HG_CONTAINER_OF(d, struct hg_dns, bury);
    struct hg_list *n = r->dead.next;

    hg_list_init(&r->dead);
    while (n != &r->dead) {
        struct dns_socket *s = HG_CONTAINER_OF(n, struct dns_socket, node);
        n = n->next;
        free(s);
    }
}

/* ---- the channel ---- */

static void library_init(void)
{
    (void)ares_library_init(ARES_LIB_INIT_ALL);
}

static bool channel_init(struct hg_dns *r)
{
    struct ares_options o;

    memset(&o, 0, sizeof o);
    o.sock_state_cb = on_state;
    o.sock_state_cb_data = r;
    o.timeout = ATTEMPT_MS;
    o.tries = ATTEMPTS;
    return ares_init_options(&r->channel, &o, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) ==
           ARES_SUCCESS;
}

struct hg_dns *hg_dns_new(struct hg_loop *loop)
{
    /* c-ares counts its users without a lock, and threads start side by side. */
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct hg_dns *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    (void)pthread_once(&once, library_init);
    r->magic = DNS_MAGIC;
    r->loop = loop;
    hg_list_init(&r->sockets);
    hg_list_init(&r->dead);
    hg_list_init(&r->bury.node);
    r->bury.run = bury;
    hg_timer_init(&r->timer, loop, on_timer);
    if (!channel_init(r)) {
        free(r);
        return NULL;
    }
    return r;
}

void hg_dns_free(struct hg_dns *r)
{
    if (r == NULL)
        return;
    HG_ASSERT(r->magic == DNS_MAGIC);
    ares_destroy(r->channel);
    HG_ASSERT(hg_list_empty(&r->sockets));
    bury(&r->bury);
    hg_list_remove(&r->bury.node);
    hg_timer_stop(&r->timer);
    r->magic = 0;
    free(r);
}

bool hg_dns_use_servers(struct hg_dns *r, const char *list)
{
    HG_ASSERT(r->magic == DNS_MAGIC);
    return ares_set_servers_ports_csv(r->channel, list) == ARES_SUCCESS;
}

/* ---- queries ---- */

static void deliver(struct hg_deferred *d)
{
    struct hg_dns_query *q = HG_CONTAINER_OF(d, struct hg_dns_query, deliver);

    HG_ASSERT(q->magic == QUERY_MAGIC && q->answered && q->done != NULL);
    q->done(q->ctx, &q->found, q->failure.kind == HG_FAILURE_NONE ? NULL : &q->failure);
    q->magic = 0;
    free(q);
}

static enum hg_failure_kind kind_of(int status)
{
    switch (status) {
    case ARES_ETIMEOUT:
        return HG_FAILURE_DNS_TIMEOUT;
    case ARES_ENOMEM:
        return HG_FAILURE_NO_RESOURCES;
    default:
        return HG_FAILURE_DNS;
    }
}

/* Without a descriptor c-ares can neither read the hosts file nor ask a server, and calls that a refused
 * connection: ask the kernel. */
static bool out_of_descriptors(int status)
{
    int fd;

    if (status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME)
        return false; /* somebody was asked */
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    close(fd);
    return false;
}

static void note_failure(struct hg_dns_query *q, int status)
{
    if (out_of_descriptors(status))
        hg_failure_set(&q->failure, HG_FAILURE_NO_RESOURCES, "%s", strerror(errno));
    else
        hg_failure_set(&q->failure, kind_of(status), "%s", ares_strerror(status));
}

static void take_addresses(struct hg_addresses *to, const struct ares_addrinfo *from)
{
    for (const struct ares_addrinfo_node *n = from->nodes; n != NULL && to->n < HG_LIMIT_ADDRESSES;
         n = n->ai_next) {
        union hg_address *a = &to->v[to->n];
        if (n->ai_family == AF_INET && n->ai_addrlen >= (ares_socklen_t)sizeof a->v4)
            memcpy(&a->v4, n->ai_addr, sizeof a->v4);
        else if (n->ai_family == AF_INET6 && n->ai_addrlen >= (ares_socklen_t)sizeof a->v6)
            memcpy(&a->v6, n->ai_addr, sizeof a->v6);
        else
            continue;
        to->n++;
    }
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
    struct hg_dns_query *q = HG_CAST(struct hg_dns_query, QUERY_MAGIC, ctx);

    (void)timeouts;
    HG_ASSERT(!q->answered);
    if (status == ARES_SUCCESS && info != NULL)
        take_addresses(&q->found, info);
    if (info != NULL)
        ares_freeaddrinfo(info);
    if (q->done == NULL) {
        q->magic = 0;
        free(q);
        return;
    }
    /* Who asks must end before the channel does. */
    HG_ASSERT(status != ARES_EDESTRUCTION);
    if (status != ARES_SUCCESS)
        note_failure(q, status);
    else if (q->found.n == 0)
        hg_failure_set(&q->failure, HG_FAILURE_DNS, "the name has no address");
    q->answered = true;
    hg_loop_defer(q->loop, &q->deliver);
}

struct hg_dns_query *hg_dns_resolve(struct hg_dns *r, const char *host, uint16_t port, hg_dns_done *done,
                                    void *ctx)
{
    struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NUMERICSERV};
    struct hg_dns_query *q = calloc(1, sizeof *q);
    char service[8];

    HG_ASSERT(r->magic == DNS_MAGIC);
    HG_ASSERT(host != NULL && done != NULL);
    if (q == NULL)
        return NULL;
    q->magic = QUERY_MAGIC;
    q->loop = r->loop;
    hg_list_init(&q->deliver.node);
    q->deliver.run = deliver;
    q->done = done;
    q->ctx = ctx;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    ares_getaddrinfo(r->channel, host, service, &hints, on_answer, q);
    set_timer(r);
    return q;
}

void hg_dns_cancel(struct hg_dns_query *q)
{
    HG_ASSERT(q->magic == QUERY_MAGIC && q->done != NULL);
    q->done = NULL; /* c-ares cannot forget one query alone */
    if (!q->answered)
        return;
    hg_list_remove(&q->deliver.node);
    q->magic = 0;
    free(q);
}
