/* SPDX-License-Identifier: MIT
 *
 * Dials: every step, every way it can fail, and being called off in each.
 */
#include "io/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certs.h"
#include "dns.h"
#include "peers.h"
#include "world.h"

#define OPEN "HTTP/1.1 200 Connection established\r\n\r\n"

struct call {
    struct world w;
    struct certs certs;
    struct hg_tls *server_tls, *client_tls;
    struct hg_dns *dns;
    struct names names;
    struct peer peer;
    struct hg_dial_target target;
    struct hg_dial *dial;
    struct hg_stream *stream;
    struct hg_failure failure;
    struct hg_dial_times times;
    struct hg_tls_session *kept;
    int called, fds;
};

static void on_done(void *ctx, struct hg_stream *stream, const struct hg_failure *failure,
                    const struct hg_dial_times *times)
{
    struct call *c = ctx;

    c->called++;
    c->dial = NULL;
    c->stream = stream;
    if (failure != NULL)
        c->failure = *failure;
    c->times = *times;
    hg_loop_stop(c->w.loop);
}

static void on_session(void *ctx, struct hg_tls_session *session)
{
    struct call *c = ctx;

    hg_tls_session_free(c->kept);
    c->kept = session;
}

/* A proxy that opens the tunnel, and a good server behind it. */
static void call_begin(struct call *c)
{
    memset(c, 0, sizeof *c);
    c->fds = fds_open();
    world_begin(&c->w);
    certs_make(&c->certs);
    c->server_tls = certs_server(c->certs.good, NULL);
    c->client_tls = certs_client(c->certs.ca, NULL);
    c->dns = hg_dns_new(c->w.loop);
    if (c->dns == NULL)
        abort();
    names_begin(&c->names, &c->w);
    HG_CHECK(hg_dns_use_servers(c->dns, c->names.list));
    peer_begin(&c->peer, &c->w, AF_INET);
    c->peer.proxy = true;
    c->peer.answer = OPEN;
    c->peer.tls = c->server_tls;
    c->target = (struct hg_dial_target){.host = "upstream.test",
                                        .port = 443,
                                        .proxy_host = "127.0.0.1",
                                        .proxy_port = c->peer.port,
                                        .tls = c->client_tls,
                                        .connect_ms = 5000,
                                        .tunnel_ms = 5000,
                                        .tls_ms = 5000};
}

static void start(struct call *c)
{
    struct hg_dial_hooks hooks = {.done = on_done, .session = on_session, .session_ctx = c};

    c->called = 0;
    memset(&c->failure, 0, sizeof c->failure);
    hg_loop_refresh(c->w.loop);
    c->dial = hg_dial_start(c->w.loop, c->dns, &c->target, &hooks, c);
    HG_CHECK(c->dial != NULL);
    HG_CHECK_U64(c->called, 0);
}

static void dial(struct call *c)
{
    start(c);
    HG_CHECK(world_run(&c->w));
    HG_CHECK_U64(c->called, 1);
}

static void call_end(struct call *c)
{
    hg_stream_close(&c->stream);
    peer_end(&c->peer);
    names_end(&c->names);
    hg_dns_free(c->dns);
    hg_tls_session_free(c->kept);
    hg_tls_free(&c->server_tls);
    hg_tls_free(&c->client_tls);
    certs_remove(&c->certs);
    world_end(&c->w);
    HG_CHECK_U64(fds_open(), c->fds);
}

/* Without a proxy, straight to the peer. */
static void go_direct(struct call *c, const char *host)
{
    c->peer.proxy = false;
    c->target.host = host;
    c->target.port = c->peer.port;
    c->target.proxy_host = NULL;
}

static void echoes(struct call *c, size_t n)
{
    struct pump p;

    HG_NEED(c->stream != NULL);
    pump_begin(&p, c->w.loop, c->stream, n, 5000);
    HG_CHECK(world_run(&c->w));
    HG_CHECK_U64(p.got, n);
    HG_CHECK(!p.wrong && !p.failed);
    pump_end(&p);
    c->stream = NULL;
}

static void fails(struct call *c, enum hg_failure_kind kind, const char *part)
{
    dial(c);
    hg_unit_row(part);
    HG_CHECK(c->stream == NULL);
    HG_CHECK_STR(hg_failure_name(c->failure.kind), hg_failure_name(kind));
    if (strstr(c->failure.detail, part) == NULL)
        printf("\n    detail: %s", c->failure.detail);
    HG_CHECK(strstr(c->failure.detail, part) != NULL);
}

/* ---- that work ---- */

HG_TEST(through_a_proxy_with_its_headers)
{
    struct call c;
    struct hg_headers headers;
    struct hg_arena arena;
    char name[] = "Proxy-Authorization", value[] = "Basic dTpw";

    call_begin(&c);
    hg_arena_init(&arena, 65536);
    hg_headers_init(&headers, &arena);
    HG_CHECK(hg_headers_add(&headers, hg_slice_str(name), hg_slice_str(value)));
    c.target.connect_headers = &headers;
    start(&c);
    memset(value, '#', sizeof value - 1); /* they were copied */
    memset(&headers, 0, sizeof headers);
    hg_arena_reset(&arena);
    HG_CHECK(world_run(&c.w));
    HG_CHECK_STR(c.peer.request, "CONNECT upstream.test:443 HTTP/1.1\r\nHost: upstream.test:443\r\n"
                                 "Proxy-Authorization: Basic dTpw\r\n\r\n");
    HG_NEED(c.stream != NULL);
    HG_CHECK_STR(hg_stream_tls_version(c.stream), "TLSv1.3");
    HG_CHECK(c.times.resolve == 0 && c.times.connect > 0 && c.times.tunnel > 0 && c.times.tls > 0);
    echoes(&c, 100000);
    HG_CHECK_U64(c.names.asked, 0); /* the upstream's name is the proxy's business */
    call_end(&c);
}

HG_TEST(an_ipv6_target_is_bracketed)
{
    struct call c;

    call_begin(&c);
    c.target.host = "2001:db8::1";
    c.target.sni = "upstream.test";
    dial(&c);
    HG_CHECK(strncmp(c.peer.request, "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n",
                     62) == 0);
    HG_CHECK(c.stream != NULL);
    call_end(&c);
}

HG_TEST(plain_through_a_proxy_and_after_interim_answers)
{
    struct call c;

    call_begin(&c);
    c.target.tls = NULL;
    c.peer.tls = NULL;
    c.peer.answer = "HTTP/1.1 100 Continue\r\n\r\n" OPEN;
    dial(&c);
    HG_CHECK(c.stream != NULL);
    HG_CHECK(hg_stream_tls_version(c.stream) == NULL);
    call_end(&c);
}

HG_TEST(direct_by_name_address_and_hosts_file)
{
    static const char *const hosts[] = {"127.0.0.1", "two.test", "localhost"};

    for (int i = 0; i < 3; i++) {
        struct call c;
        call_begin(&c);
        go_direct(&c, hosts[i]);
        c.target.sni = "upstream.test";
        hg_unit_row(hosts[i]);
        dial(&c);
        HG_CHECK(c.failure.kind == HG_FAILURE_NONE);
        HG_CHECK((c.times.resolve > 0) == (i > 0));
        HG_CHECK_U64(c.times.tunnel, 0);
        echoes(&c, 10000);
        call_end(&c);
    }
}

HG_TEST(direct_over_ipv6)
{
    struct call c;
    struct peer six;
    uint16_t port;
    int fd = listen_tcp(AF_INET6, &port);

    if (fd < 0)
        return; /* this machine has none */
    close(fd);
    call_begin(&c);
    peer_begin(&six, &c.w, AF_INET6);
    six.tls = c.server_tls;
    go_direct(&c, "::1");
    c.target.port = six.port;
    c.target.sni = "upstream.test";
    dial(&c);
    HG_CHECK(c.stream != NULL);
    hg_stream_close(&c.stream);
    peer_end(&six);
    call_end(&c);
}

HG_TEST(sockets_to_upstreams_are_kept_alive)
{
    struct call c;
    int v = 0;
    socklen_t len = sizeof v;

    call_begin(&c);
    dial(&c);
    HG_NEED(c.stream != NULL);
    int fd = hg_stream_fd(c.stream);
    HG_CHECK(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, &len) == 0 && v == 1);
    HG_CHECK(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &v, &len) == 0 && v == 60);
    HG_CHECK(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &v, &len) == 0 && v == 120000);
    HG_CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, &len) == 0 && v == 1);
    call_end(&c);
}

HG_TEST(the_second_handshake_resumes)
{
    struct call c;

    call_begin(&c);
    dial(&c);
    HG_NEED(c.stream != NULL);
    HG_CHECK(!hg_stream_tls_resumed(c.stream));
    echoes(&c, 100); /* the tickets come with the first bytes */
    HG_NEED(c.kept != NULL);
    c.target.resume = c.kept;
    c.kept = NULL;
    dial(&c);
    HG_NEED(c.stream != NULL);
    HG_CHECK(hg_stream_tls_resumed(c.stream));
    hg_tls_session_free(c.target.resume);
    call_end(&c);
}

/* ---- that fail ---- */

HG_TEST(what_the_proxy_answers_decides_the_failure)
{
    static const struct {
        const char *answer;
        bool close;
        enum hg_failure_kind kind;
        const char *detail;
    } rows[] = {
        {"HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 3\r\n\r\n<p>",
         false, HG_FAILURE_TUNNEL_DENIED, "HTTP 403, X-Squid-Error: ERR_ACCESS_DENIED 0"},
        {"HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n", true, HG_FAILURE_TUNNEL_AUTH, "HTTP 407"},
        {"HTTP/1.1 503 No\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n", true, HG_FAILURE_TUNNEL_FAILED,
         "ERR_DNS_FAIL 0"},
        {"garbage\r\n\r\n", false, HG_FAILURE_TUNNEL_BAD, ""},
        {OPEN "early", false, HG_FAILURE_TUNNEL_BAD, "bytes came behind"},
        {"", true, HG_FAILURE_TUNNEL_FAILED, "closed without an answer"},
        {"HTTP/1.1 20", true, HG_FAILURE_TUNNEL_BAD, "closed inside"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct call c;
        call_begin(&c);
        c.peer.tls = NULL;
        c.peer.answer = rows[i].answer;
        c.peer.close_after = rows[i].close;
        fails(&c, rows[i].kind, rows[i].detail);
        call_end(&c);
    }
}

static uint16_t free_port(void)
{
    uint16_t port = 0;
    int fd = listen_tcp(AF_INET, &port);

    close(fd);
    return port;
}

HG_TEST(refused_connections_name_the_address)
{
    struct call c;

    call_begin(&c);
    c.target.proxy_port = free_port();
    fails(&c, HG_FAILURE_PROXY_CONNECT, "Connection refused");
    HG_CHECK(strncmp(c.failure.detail, "127.0.0.1 port ", 15) == 0);
    go_direct(&c, "two.test");
    c.target.port = free_port();
    fails(&c, HG_FAILURE_CONNECT, "Connection refused");
    call_end(&c);
}

HG_TEST(names_that_do_not_exist)
{
    struct call c;

    call_begin(&c);
    c.target.proxy_host = "nobody.test";
    fails(&c, HG_FAILURE_DNS, "the proxy nobody.test: ");
    go_direct(&c, "nobody.test");
    fails(&c, HG_FAILURE_DNS, "nobody.test: ");
    go_direct(&c, "bad name\r\n");
    fails(&c, HG_FAILURE_DNS, "a name has a character");
    call_end(&c);
}

HG_TEST(bad_headers_do_not_leave)
{
    struct call c;
    struct hg_headers headers;
    struct hg_arena arena;

    call_begin(&c);
    hg_arena_init(&arena, 65536);
    hg_headers_init(&headers, &arena);
    HG_CHECK(hg_headers_add(&headers, HG_LIT("X-Key"), HG_LIT("a\r\nEvil: b")));
    c.target.connect_headers = &headers;
    fails(&c, HG_FAILURE_TUNNEL_FAILED, "a line break");
    HG_CHECK_U64(c.peer.accepted, 0);
    hg_arena_reset(&arena);
    call_end(&c);
}

HG_TEST(each_step_has_its_time)
{
    struct call c;
    struct hole hole;

    call_begin(&c);
    hole_begin(&hole);
    c.target.proxy_host = "silent.test";
    c.target.connect_ms = 30;
    fails(&c, HG_FAILURE_DNS_TIMEOUT, "the proxy silent.test");
    c.target.proxy_host = "127.0.0.1";
    c.target.proxy_port = hole.port;
    fails(&c, HG_FAILURE_PROXY_CONNECT_TIMEOUT, "no answer in time");
    c.target.proxy_port = c.peer.port;
    c.target.connect_ms = 5000;
    c.target.tunnel_ms = 30;
    c.peer.answer = NULL;
    fails(&c, HG_FAILURE_TUNNEL_TIMEOUT, "no answer");
    c.target.tls_ms = 30;
    c.peer.answer = OPEN;
    c.peer.tls = NULL;
    fails(&c, HG_FAILURE_TLS_TIMEOUT, "no answer");
    go_direct(&c, "127.0.0.1");
    c.target.port = hole.port;
    c.target.connect_ms = 30;
    fails(&c, HG_FAILURE_CONNECT_TIMEOUT, "no answer");
    hole_end(&hole);
    call_end(&c);
}

HG_TEST(tls_failures_have_their_reasons)
{
    struct call c;

    call_begin(&c);
    c.target.sni = "other.test";
    fails(&c, HG_FAILURE_TLS_VERIFY, "hostname mismatch");
    c.target.sni = NULL;
    hg_tls_free(&c.server_tls);
    c.peer.tls = c.server_tls = certs_server(c.certs.expired, NULL);
    fails(&c, HG_FAILURE_TLS_VERIFY, "certificate has expired");
    hg_tls_free(&c.server_tls);
    c.peer.tls = c.server_tls = certs_server(c.certs.self, NULL);
    fails(&c, HG_FAILURE_TLS_VERIFY, "self-signed certificate");
    c.peer.tls = NULL;
    go_direct(&c, "127.0.0.1");
    c.peer.proxy = true; /* answers a ClientHello never, and an end with an end */
    c.target.tls_ms = 20;
    fails(&c, HG_FAILURE_TLS_TIMEOUT, "");
    call_end(&c);
}

HG_TEST(no_descriptor_left_is_no_resources)
{
    struct call c;
    struct rlimit before, now;

    call_begin(&c);
    HG_CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    now = before;
    now.rlim_cur = 3;
    HG_CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
    dial(&c);
    HG_CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    HG_CHECK_STR(hg_failure_name(c.failure.kind), "no_resources");
    HG_CHECK_STR(c.failure.detail, "Too many open files");
    /* Also when it is the name's turn: c-ares knows no such error. */
    c.target.proxy_host = "two.test";
    HG_CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
    dial(&c);
    HG_CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    HG_CHECK_STR(hg_failure_name(c.failure.kind), "no_resources");
    HG_CHECK_STR(c.failure.detail, "the proxy two.test: Too many open files");
    /* And what has no such reason is still the name's failure. */
    c.target.proxy_host = "none.test";
    dial(&c);
    HG_CHECK_STR(hg_failure_name(c.failure.kind), "dns_failed");
    call_end(&c);
}

/* ---- called off ---- */

static void cancel_after(struct call *c, uint64_t ms, const char *what)
{
    hg_unit_row(what);
    start(c);
    if (ms > 0)
        world_pass(&c->w, ms);
    HG_CHECK_U64(c->called, 0);
    HG_NEED(c->dial != NULL);
    hg_dial_cancel(c->dial);
    world_pass(&c->w, 10);
    HG_CHECK_U64(c->called, 0);
}

HG_TEST(cancel_in_every_step)
{
    struct call c;
    struct hole hole;

    call_begin(&c);
    hole_begin(&hole);
    cancel_after(&c, 0, "at once");
    c.target.proxy_host = "bad name";
    cancel_after(&c, 0, "failed already");
    c.target.proxy_host = "two.test";
    cancel_after(&c, 0, "asked for the name");
    c.target.proxy_host = "localhost";
    cancel_after(&c, 0, "answered from the file");
    c.target.proxy_host = "silent.test";
    cancel_after(&c, 20, "resolving");
    c.target.proxy_host = "127.0.0.1";
    c.target.proxy_port = hole.port;
    cancel_after(&c, 20, "connecting");
    c.target.proxy_port = c.peer.port;
    c.peer.answer = NULL;
    cancel_after(&c, 20, "tunnel");
    c.peer.answer = OPEN;
    c.peer.tls = NULL;
    cancel_after(&c, 20, "TLS");
    hole_end(&hole);
    call_end(&c);
}
