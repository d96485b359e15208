/* SPDX-License-Identifier: MIT
 *
 * TLS contexts and TLS on streams.
 */
#include "io/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certs.h"
#include "io/dial.h"
#include "stream_internal.h"
#include "tls_internal.h"
#include "world.h"

/* ---- contexts ---- */

static void refused_server(const char *cert, const char *key, const char *client_ca, const char *part)
{
    struct hg_tls_server_options o = {.cert = cert, .key = key, .client_ca = client_ca};
    char err[256] = "";
    struct hg_tls *t = hg_tls_server_new(&o, err, sizeof err);

    hg_unit_row(part);
    HG_CHECK(t == NULL);
    HG_CHECK(strstr(err, part) != NULL);
    HG_CHECK(strstr(err, "secret") == NULL);
    hg_tls_free(&t);
}

static void refused_client(struct hg_tls_client_options o, const char *part)
{
    char err[256] = "";
    struct hg_tls *t;

    o.verify = true;
    t = hg_tls_client_new(&o, err, sizeof err);
    hg_unit_row(part);
    HG_CHECK(t == NULL);
    HG_CHECK(strstr(err, part) != NULL);
    hg_tls_free(&t);
}

HG_TEST(contexts_say_what_is_wrong_with_a_file)
{
    struct certs c;

    certs_make(&c);
    refused_server("/nonexistent/x.pem", NULL, NULL, "/nonexistent/x.pem: No such file");
    refused_server(c.junk, NULL, NULL, "cannot use the certificate in");
    refused_server(c.good, c.client, NULL, "key");
    refused_server(c.locked, NULL, NULL, "cannot use the private key in");
    refused_server(c.good, NULL, c.junk, "cannot read certificate authorities from");
    refused_client((struct hg_tls_client_options){.ca = "/nonexistent/ca.pem"}, "/nonexistent/ca.pem");
    refused_client((struct hg_tls_client_options){.ca = c.junk}, "cannot read certificate authorities");
    refused_client((struct hg_tls_client_options){.extra_ca = c.junk}, "cannot read certificate authorities");
    refused_client((struct hg_tls_client_options){.cert = c.good, .key = c.self}, "key");
    certs_remove(&c);
}

/* ---- two ends on one loop ---- */

struct ends {
    struct world w;
    struct certs certs;
    struct hg_tls *server_tls, *client_tls;
    struct hg_stream *server, *client;
    struct hg_tls_session *kept;
};

static void keep(void *ctx, struct hg_tls_session *session)
{
    struct ends *e = ctx;

    hg_tls_session_free(e->kept);
    e->kept = session;
}

static void make_client(struct ends *e, int fd, struct hg_tls_session *resume)
{
    struct hg_stream_client o = {
        .tls = e->client_tls, .name = "upstream.test", .resume = resume, .session = keep, .session_ctx = e};

    e->client = hg_stream_connected(e->w.loop, fd, &o);
}

static void connect_ends(struct ends *e, struct hg_tls_session *resume)
{
    int fd[2];

    pair_tcp(fd);
    e->server = hg_stream_accepted(e->w.loop, fd[0], e->server_tls);
    make_client(e, fd[1], resume);
}

static void ends_begin(struct ends *e)
{
    memset(e, 0, sizeof *e);
    world_begin(&e->w);
    certs_make(&e->certs);
    e->server_tls = certs_server(e->certs.good, NULL);
    e->client_tls = certs_client(e->certs.ca, NULL);
    connect_ends(e, NULL);
}

static void ends_end(struct ends *e)
{
    hg_stream_close(&e->server);
    hg_stream_close(&e->client);
    hg_tls_session_free(e->kept);
    hg_tls_free(&e->server_tls);
    hg_tls_free(&e->client_tls);
    certs_remove(&e->certs);
    world_end(&e->w);
}

/* Both ends by turns until both are through, or one fails. */
static bool shake(struct ends *e)
{
    struct hg_failure f = {.kind = HG_FAILURE_NONE};
    char c;

    for (int i = 0; i < 1000; i++) {
        int r = hg_stream_established(e->client) ? 1 : hg_stream_handshake(e->client, &f);
        ssize_t n = hg_stream_read(e->server, &c, 1);
        if (r == HG_STREAM_ERROR || n == HG_STREAM_ERROR)
            return false;
        if (r == 1 && hg_stream_established(e->server))
            return true;
    }
    return false;
}

static void echo_over_tls(size_t total, size_t piece, int version)
{
    struct ends e;
    struct echo echo;
    struct pump pump;

    ends_begin(&e);
    HG_CHECK(SSL_set_max_proto_version(e.client->ssl, version) == 1);
    HG_CHECK(!hg_stream_established(e.server) && hg_stream_tls_version(e.server) == NULL);
    echo_begin(&echo, e.w.loop, e.server);
    pump_begin(&pump, e.w.loop, e.client, total, piece);
    pump.half_close = true;
    HG_CHECK(world_run(&e.w));
    HG_CHECK_U64(pump.got, total);
    HG_CHECK(!pump.wrong && !pump.failed && pump.ended);
    HG_CHECK(echo.ended && !echo.failed);
    HG_CHECK(hg_stream_established(e.server));
    HG_CHECK_STR(hg_stream_tls_version(e.client), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    echo_end(&echo);
    pump_end(&pump);
    e.server = e.client = NULL;
    ends_end(&e);
}

HG_TEST(echoes_a_mebibyte)
{
    echo_over_tls(1 << 20, 65536, TLS1_3_VERSION);
    echo_over_tls(1 << 20, 65536, TLS1_2_VERSION);
}

HG_TEST(echoes_small_writes)
{
    echo_over_tls(3000, 3, TLS1_3_VERSION);
}

HG_TEST(the_end_without_close_notify_is_an_error)
{
    struct ends e;
    char c;

    ends_begin(&e);
    HG_NEED(shake(&e));
    HG_CHECK(hg_stream_write(e.server, "x", 1) == 1);
    shutdown(hg_stream_fd(e.server), SHUT_WR);
    HG_CHECK(hg_stream_read(e.client, &c, 1) == 1);
    HG_CHECK(hg_stream_read(e.client, &c, 1) == HG_STREAM_ERROR);
    HG_CHECK_STR(hg_stream_error(e.client), "closed without close_notify");
    HG_CHECK(hg_stream_write(e.client, "x", 1) == HG_STREAM_ERROR);
    HG_CHECK(!hg_stream_idle_ok(e.client));
    ends_end(&e);
}

HG_TEST(close_notify_is_a_clean_end_and_leaves_the_other_way_open)
{
    struct ends e;
    char c;

    ends_begin(&e);
    HG_NEED(shake(&e));
    hg_stream_shutdown(e.server);
    hg_stream_shutdown(e.server);
    HG_CHECK(hg_stream_read(e.client, &c, 1) == HG_STREAM_EOF);
    HG_CHECK(hg_stream_read(e.client, &c, 1) == HG_STREAM_EOF);
    HG_CHECK(!hg_stream_pending(e.client));
    HG_CHECK(hg_stream_write(e.client, "y", 1) == 1);
    HG_CHECK(hg_stream_read(e.server, &c, 1) == 1);
    HG_CHECK(c == 'y');
    ends_end(&e);
}

HG_TEST(plain_bytes_on_a_tls_port_are_named)
{
    struct ends e;
    char c;

    ends_begin(&e);
    HG_CHECK(send(hg_stream_fd(e.client), "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
    HG_CHECK(hg_stream_read(e.server, &c, 1) == HG_STREAM_ERROR);
    HG_CHECK_STR(hg_stream_error(e.server), "TLS read: http request");
    ends_end(&e);
}

HG_TEST(idle_takes_session_tickets_for_silence)
{
    struct ends e;

    ends_begin(&e);
    HG_NEED(shake(&e));
    HG_CHECK(e.kept == NULL); /* the tickets are still on the wire */
    HG_CHECK(hg_stream_idle_ok(e.client));
    HG_CHECK(e.kept != NULL);
    HG_CHECK(hg_stream_idle_ok(e.client));
    HG_CHECK(hg_stream_write(e.server, "x", 1) == 1);
    HG_CHECK(!hg_stream_idle_ok(e.client));
    hg_stream_shutdown(e.server);
    HG_CHECK(!hg_stream_idle_ok(e.client));
    ends_end(&e);
}

static void resumes(int version, bool abrupt)
{
    struct ends e;

    hg_unit_row(version == TLS1_2_VERSION ? abrupt ? "1.2, abrupt" : "1.2" : abrupt ? "1.3, abrupt" : "1.3");
    ends_begin(&e);
    SSL_CTX_set_max_proto_version(e.server_tls->ctx, version);
    hg_stream_close(&e.server);
    hg_stream_close(&e.client);
    connect_ends(&e, NULL);
    HG_CHECK(shake(&e));
    HG_CHECK(!hg_stream_tls_resumed(e.client));
    HG_CHECK(hg_stream_idle_ok(e.client));
    HG_CHECK(e.kept != NULL);
    if (abrupt)
        hg_stream_abort(&e.client);
    else
        hg_stream_close(&e.client);
    hg_stream_close(&e.server);
    for (int i = 0; i < 3; i++) {
        connect_ends(&e, e.kept);
        HG_CHECK(shake(&e));
        HG_CHECK(hg_stream_tls_resumed(e.client));
        HG_CHECK(hg_stream_tls_resumed(e.server));
        hg_stream_close(&e.client);
        hg_stream_close(&e.server);
    }
    ends_end(&e);
}

HG_TEST(sessions_resume)
{
    resumes(TLS1_3_VERSION, false);
    resumes(TLS1_3_VERSION, true);
    resumes(TLS1_2_VERSION, false);
    resumes(TLS1_2_VERSION, true);
}

/* ---- records that are half there ---- */

struct reader {
    struct hg_stream *s;
    struct hg_deferred again;
    struct hg_loop *loop;
    size_t got, upto, calls, piece;
};

static int turns;

static void count_turn(void *ctx)
{
    (void)ctx;
    turns++;
}

static void reader_turn(struct hg_deferred *d)
{
    struct reader *r = HG_CONTAINER_OF(d, struct reader, again);

    hg_stream_want(r->s, HG_IO_READ);
    if (r->got >= r->upto)
        hg_loop_stop(r->loop);
}

static void reader_ready(void *ctx, unsigned events)
{
    struct reader *r = ctx;
    char in[256];
    ssize_t n = hg_stream_read(r->s, in, r->piece);

    (void)events;
    r->calls++;
    if (n > 0)
        r->got += (size_t)n;
    hg_loop_defer(r->loop, &r->again);
}

static void reader_begin(struct reader *r, struct ends *e, size_t piece, size_t upto)
{
    memset(r, 0, sizeof *r);
    r->s = e->client;
    r->loop = e->w.loop;
    r->piece = piece;
    r->upto = upto;
    hg_list_init(&r->again.node);
    r->again.run = reader_turn;
    hg_stream_on_ready(r->s, reader_ready, r);
    hg_stream_want(r->s, HG_IO_READ);
}

HG_TEST(what_waits_inside_tls_is_read_without_the_socket)
{
    struct ends e;
    struct reader r;
    char block[250];

    ends_begin(&e);
    HG_NEED(shake(&e));
    memset(block, 'b', sizeof block);
    for (int i = 0; i < 4; i++)
        HG_CHECK(hg_stream_write(e.server, block, sizeof block) == sizeof block);
    reader_begin(&r, &e, 100, 1000); /* one small read a call: all four records are in user space at once */
    HG_CHECK(world_run(&e.w));
    HG_CHECK_U64(r.got, 1000);
    ends_end(&e);
}

/* Moves at most n bytes from one socket to the other. */
static size_t shuttle(int from, int to, size_t n)
{
    char block[8192];
    ssize_t got = recv(from, block, n < sizeof block ? n : sizeof block, MSG_DONTWAIT);

    if (got <= 0)
        return 0;
    return send(to, block, (size_t)got, MSG_NOSIGNAL) == got ? (size_t)got : 0;
}

HG_TEST(half_a_record_waits_without_spinning)
{
    struct ends e;
    struct reader r;
    char block[2000], c;
    int a[2], b[2];
    struct hg_failure f;

    ends_begin(&e);
    hg_stream_close(&e.server);
    hg_stream_close(&e.client);
    pair_unix(a);
    pair_unix(b);
    e.server = hg_stream_accepted(e.w.loop, a[0], e.server_tls);
    make_client(&e, b[0], NULL);
    for (int i = 0; i < 20 && !(hg_stream_established(e.server) && hg_stream_established(e.client)); i++) {
        if (!hg_stream_established(e.client))
            hg_stream_handshake(e.client, &f);
        shuttle(b[1], a[1], SIZE_MAX);
        (void)hg_stream_read(e.server, &c, 1);
        shuttle(a[1], b[1], SIZE_MAX);
    }
    HG_CHECK(hg_stream_idle_ok(e.client));
    memset(block, 'b', sizeof block);
    HG_CHECK(hg_stream_write(e.server, block, 200) == 200);
    HG_CHECK(hg_stream_write(e.server, block, sizeof block) == sizeof block);
    shuttle(a[1], b[1], 500); /* one record, and a part of the next */
    reader_begin(&r, &e, 256, 2200);
    turns = 0;
    hg_loop_on_turn_end(e.w.loop, count_turn, NULL);
    world_pass(&e.w, 50);
    HG_CHECK_U64(r.got, 200);
    HG_CHECK(turns < 10);
    HG_CHECK(!hg_stream_pending(e.client));
    shuttle(a[1], b[1], SIZE_MAX);
    HG_CHECK(world_run(&e.w));
    HG_CHECK_U64(r.got, 2200);
    close(a[1]);
    close(b[1]);
    ends_end(&e);
}

struct drain {
    struct hg_io io;
    size_t got;
    unsigned char last;
};

static void on_drain(struct hg_io *io, unsigned events)
{
    struct drain *d = HG_CONTAINER_OF(io, struct drain, io);
    unsigned char block[4096];
    ssize_t n = recv(io->fd, block, sizeof block, 0);

    (void)events;
    if (n > 0) {
        d->got += (size_t)n;
        d->last = block[n - 1];
    } else if (n == 0) {
        hg_loop_stop(io->loop);
    }
}

HG_TEST(close_notify_waits_for_a_full_socket)
{
    struct ends e;
    struct drain d = {.got = 0};
    size_t filler = 0;
    int fd[2];

    ends_begin(&e);
    HG_NEED(shake(&e));
    /* The same connection, but with a socket under it that we can fill and empty. */
    pair_unix(fd);
    HG_CHECK(dup2(fd[0], hg_stream_fd(e.server)) >= 0);
    close(fd[0]);
    hg_io_init(&d.io, e.w.loop, fd[1], on_drain);
    while (send(hg_stream_fd(e.server), "f", 1, MSG_DONTWAIT) == 1)
        filler++;
    hg_stream_shutdown(e.server);
    hg_stream_want(e.server, 0);
    hg_io_want(&d.io, HG_IO_READ);
    HG_CHECK(world_run(&e.w)); /* the end arrives, */
    HG_CHECK(d.got > filler);  /* behind the alert */
    hg_io_stop(&d.io);
    close(fd[1]);
    ends_end(&e);
}

/* ---- two threads, one context ---- */

struct worker {
    struct hg_tls *server, *client;
    size_t got;
    bool ok;
};

static void *work(void *ctx)
{
    struct worker *k = ctx;
    struct world w;
    struct echo echo;
    struct pump pump;
    struct hg_stream_client o = {.tls = k->client, .name = "upstream.test"};
    struct hg_dns *dns;
    int fd[2];

    world_begin(&w);
    dns = hg_dns_new(w.loop);
    for (int i = 0; i < 5; i++) {
        pair_tcp(fd);
        echo_begin(&echo, w.loop, hg_stream_accepted(w.loop, fd[0], k->server));
        pump_begin(&pump, w.loop, hg_stream_connected(w.loop, fd[1], &o), 50000, 10000);
        k->ok = world_run(&w) && !pump.failed && !pump.wrong && dns != NULL;
        k->got += pump.got;
        echo_end(&echo);
        pump_end(&pump);
    }
    hg_dns_free(dns);
    world_end(&w);
    return NULL;
}

HG_TEST(contexts_are_shared_by_threads)
{
    struct certs c;
    struct worker k[2];
    pthread_t t[2];

    certs_make(&c);
    k[0] = (struct worker){.server = certs_server(c.good, NULL), .client = certs_client(c.ca, NULL)};
    k[1] = k[0];
    for (int i = 0; i < 2; i++)
        HG_CHECK(pthread_create(&t[i], NULL, work, &k[i]) == 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
        HG_CHECK(k[i].ok);
        HG_CHECK_U64(k[i].got, 250000);
    }
    hg_tls_free(&k[0].server);
    hg_tls_free(&k[0].client);
    certs_remove(&c);
}

/* ---- certificates ---- */

static void verify(const char *pem, const char *ca, const char *name, enum hg_failure_kind kind,
                   const char *part)
{
    struct ends e;
    struct hg_failure f = {.kind = HG_FAILURE_NONE};
    struct hg_stream_client o = {.name = name};
    char c;
    int r = HG_STREAM_AGAIN, fd[2];

    ends_begin(&e);
    hg_stream_close(&e.client);
    hg_stream_close(&e.server);
    hg_tls_free(&e.server_tls);
    hg_tls_free(&e.client_tls);
    e.server_tls = certs_server(strcmp(pem, "good") == 0      ? e.certs.good
                                : strcmp(pem, "expired") == 0 ? e.certs.expired
                                                              : e.certs.self,
                                NULL);
    e.client_tls = certs_client(ca == NULL ? NULL : e.certs.ca, NULL);
    o.tls = e.client_tls;
    pair_tcp(fd);
    e.server = hg_stream_accepted(e.w.loop, fd[0], e.server_tls);
    e.client = hg_stream_connected(e.w.loop, fd[1], &o);
    for (int i = 0; i < 1000 && r == HG_STREAM_AGAIN; i++) {
        r = hg_stream_handshake(e.client, &f);
        (void)hg_stream_read(e.server, &c, 1);
    }
    hg_unit_row(part);
    HG_CHECK_U64(f.kind, kind);
    HG_CHECK((r == 1) == (kind == HG_FAILURE_NONE));
    HG_CHECK(kind == HG_FAILURE_NONE || strstr(f.detail, part) != NULL);
    ends_end(&e);
}

HG_TEST(certificates_are_verified)
{
    verify("good", "ca", "upstream.test", HG_FAILURE_NONE, "right name");
    verify("good", "ca", "upstream.test.", HG_FAILURE_NONE, "last dot");
    verify("good", "ca", "127.0.0.1", HG_FAILURE_NONE, "right address");
    verify("good", "ca", "127.0.0.2", HG_FAILURE_TLS_VERIFY, "IP address mismatch");
    verify("good", "ca", "other.test", HG_FAILURE_TLS_VERIFY, "hostname mismatch (depth 0, /CN=good)");
    verify("expired", "ca", "upstream.test", HG_FAILURE_TLS_VERIFY,
           "certificate has expired (depth 0, /CN=old)");
    verify("self", "ca", "upstream.test", HG_FAILURE_TLS_VERIFY, "self-signed certificate");
    verify("expired", NULL, "other.test", HG_FAILURE_NONE, "not verified");
}

static void client_certificate(bool shown)
{
    struct ends e;
    char c;
    ssize_t n = HG_STREAM_AGAIN, m = HG_STREAM_AGAIN;
    struct hg_failure f;

    ends_begin(&e);
    hg_stream_close(&e.client);
    hg_stream_close(&e.server);
    hg_tls_free(&e.server_tls);
    hg_tls_free(&e.client_tls);
    e.server_tls = certs_server(e.certs.good, e.certs.ca);
    e.client_tls = certs_client(e.certs.ca, shown ? e.certs.client : NULL);
    connect_ends(&e, NULL);
    for (int i = 0; i < 100 && !hg_stream_established(e.client); i++) {
        (void)hg_stream_handshake(e.client, &f);
        n = hg_stream_read(e.server, &c, 1);
    }
    n = hg_stream_read(e.server, &c, 1);
    m = hg_stream_read(e.client, &c, 1);
    HG_CHECK(n == (shown ? HG_STREAM_AGAIN : HG_STREAM_ERROR));
    HG_CHECK(m == (shown ? HG_STREAM_AGAIN : HG_STREAM_ERROR));
    if (!shown)
        HG_CHECK_STR(hg_stream_error(e.server), "TLS read: peer did not return a certificate");
    ends_end(&e);
}

HG_TEST(client_certificates_are_asked_for)
{
    client_certificate(true);
    client_certificate(false);
}
