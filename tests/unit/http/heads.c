/* SPDX-License-Identifier: MIT
 *
 * What a good head is read as: targets, framing, hop-by-hop fields, for
 * requests and responses.
 */
#include <stdio.h>

#include "messages.h"

static void target(const char *line, const char *path, const char *query, const char *authority)
{
    struct message m;
    hg_unit_row(line);
    HG_CHECK(message_request(&m, hg_slice_str(line)) == HG_HTTP_OK);
    HG_CHECK_SLICE(m.request.path, path);
    HG_CHECK((m.request.query.p != NULL) == (query != NULL));
    HG_CHECK_SLICE(m.request.query, query);
    HG_CHECK_SLICE(m.request.authority, authority);
    message_free(&m);
}

HG_TEST(targets)
{
    target("GET /a/%2e?x=1?&y HTTP/1.1\r\nHost: h\r\n\r\n", "/a/%2e", "x=1?&y", "h");
    target("GET /a? HTTP/1.1\r\nHost: h\r\n\r\n", "/a", "", "h");
    target("GET /a HTTP/1.0\r\n\r\n", "/a", NULL, "");
    target("GET http://H:80/b?c HTTP/1.1\r\nHost: h:80\r\n\r\n", "/b", "c", "h:80");
    target("GET http://h?c HTTP/1.1\r\nHost: h\r\n\r\n", "/", "c", "h");
    target("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "/", NULL, "h");
    target("OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n", "*", NULL, "h");
    target("OPTIONS http://h? HTTP/1.1\r\nHost: h\r\n\r\n", "/", "", "h");
    target("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "*", NULL, "h");
    target("\r\nGET / HTTP/1.3\r\nHost: h\r\n\r\nrest", "/", NULL, "h");
}

HG_TEST(fields_are_trimmed_and_known)
{
    struct message m;
    HG_NEED(message_request(
                &m, HG_LIT("PUT / HTTP/1.7\r\nhOst:h\r\nX-A: \t a b \t\r\nAUTHORIZATION:x\r\n\r\n")) ==
            HG_HTTP_OK);
    HG_CHECK(m.request.method_id == HG_METHOD_PUT && m.request.minor == 1);
    HG_CHECK_U64(m.request.headers.n, 3);
    HG_CHECK_SLICE(m.request.headers.v[1].name, "X-A");
    HG_CHECK_SLICE(m.request.headers.v[1].value, "a b");
    HG_CHECK(m.request.headers.v[2].id == HG_FIELD_AUTHORIZATION);
    message_free(&m);
}

HG_TEST(methods)
{
    HG_CHECK(hg_method_id(HG_LIT("GET")) == HG_METHOD_GET &&
             hg_method_id(HG_LIT("PATCH")) == HG_METHOD_PATCH);
    HG_CHECK(hg_method_id(HG_LIT("get")) == HG_METHOD_OTHER && hg_method_id(HG_LIT("")) == HG_METHOD_OTHER);
    HG_CHECK(hg_method_idempotent(HG_METHOD_GET) && hg_method_idempotent(HG_METHOD_DELETE));
    HG_CHECK(!hg_method_idempotent(HG_METHOD_POST) && !hg_method_idempotent(HG_METHOD_PATCH));
    HG_CHECK(!hg_method_idempotent(HG_METHOD_OTHER) && !hg_method_idempotent(HG_METHOD_CONNECT));
}

static void request_framing(const char *raw, enum hg_framing_kind kind, uint64_t length, bool keep)
{
    struct message m;
    hg_unit_row(raw);
    HG_CHECK(message_request(&m, hg_slice_str(raw)) == HG_HTTP_OK);
    HG_CHECK(m.framing.kind == kind && m.framing.keep_alive == keep);
    HG_CHECK_U64(m.framing.length, length);
    message_free(&m);
}

HG_TEST(framing_of_requests)
{
    request_framing("GET / HTTP/1.1\r\nHost: h\r\n\r\n", HG_FRAMING_NONE, 0, true);
    request_framing("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n", HG_FRAMING_NONE, 0, false);
    request_framing("GET / HTTP/1.0\r\n\r\n", HG_FRAMING_NONE, 0, false);
    request_framing("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", HG_FRAMING_NONE, 0, true);
    request_framing("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", HG_FRAMING_NONE, 0, false);
    request_framing("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", HG_FRAMING_LENGTH, 0, true);
    request_framing("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n", HG_FRAMING_LENGTH, 12, true);
    request_framing("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", HG_FRAMING_CHUNKED, 0,
                    true);
}

static void answer(const char *raw, enum hg_method method, enum hg_http_error want, enum hg_framing_kind kind,
                   bool keep)
{
    struct message m;
    hg_unit_row(raw);
    enum hg_http_error e = message_response(&m, hg_slice_str(raw), method);
    HG_CHECK_STR(hg_http_error_name(e), hg_http_error_name(want));
    if (want == HG_HTTP_OK)
        HG_CHECK(m.framing.kind == kind && m.framing.keep_alive == keep);
    message_free(&m);
}

#define GOOD(raw, method, kind, keep) answer(raw, HG_METHOD_##method, HG_HTTP_OK, HG_FRAMING_##kind, keep)
#define BAD(raw, error) answer(raw, HG_METHOD_GET, HG_HTTP_##error, HG_FRAMING_NONE, false)

HG_TEST(framing_of_responses)
{
    GOOD("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", GET, LENGTH, true);
    GOOD("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", GET, CHUNKED, true);
    GOOD("HTTP/1.1 200 OK\r\n\r\n", GET, CLOSE, false);
    GOOD("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", GET, LENGTH, false);
    GOOD("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n", GET, LENGTH, true);
    GOOD("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", HEAD, NONE, true);
    GOOD("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", GET, NONE, true);
    GOOD("HTTP/1.1 204 No Content\r\n\r\n", GET, NONE, true);
    GOOD("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", GET, NONE, true);
    GOOD("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", GET, NONE, false);
    GOOD("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", GET, NONE, false);
    GOOD("HTTP/1.1 100 Continue\r\n\r\n", POST, NONE, true);
    GOOD("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", GET, NONE, true);
    GOOD("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n", CONNECT, NONE, false);
    GOOD("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\n", CONNECT, LENGTH, true);
    GOOD("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n", GET, LENGTH, true);
    GOOD("HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\n", GET, LENGTH, true);
    GOOD("HTTP/1.1 200 O\xc3\xa4\tK\r\nContent-Length: 3\r\n\r\n", GET, LENGTH, true);
}

HG_TEST(bad_responses)
{
    BAD("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", TWO_FRAMINGS);
    BAD("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", DUPLICATE_LENGTH);
    BAD("HTTP/1.1 304 N\r\nContent-Length: x\r\n\r\n", BAD_LENGTH);
    BAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", BAD_CODING);
    BAD("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CODING_VERSION);
    BAD("HTTP/1.1 99 X\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1 600 X\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1 2000 X\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1 20 X\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1  200 X\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1 \r\n\r\n", BAD_STATUS_LINE);
    BAD("ICY 200 OK\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/2.0 200 OK\r\n\r\n", BAD_VERSION);
    BAD("\r\nHTTP/1.1 200 OK\r\n\r\n", BAD_STATUS_LINE);
    BAD("HTTP/1.1 200 OK\n\n", BARE_LF);
    BAD("HTTP/1.1 200 O\x01K\r\n\r\n", CONTROL);
    BAD("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", OBS_FOLD);
    BAD("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", SPACE_COLON);
}

static enum hg_http_error hop_of(struct message *m, const char *fields, struct hg_hop *hop)
{
    char raw[4096];
    int n = snprintf(raw, sizeof(raw), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);
    hg_unit_row(fields);
    enum hg_http_error e = message_request(m, hg_slice(raw, (size_t)n));
    return e == HG_HTTP_OK ? hg_hop_request(&m->request, &m->framing, hop) : e;
}

HG_TEST(hop_by_hop_fields_of_requests_leave)
{
    struct message m;
    struct hg_hop hop;
    HG_CHECK(hop_of(&m,
                    "Connection: close, X-One ,x-two\r\nX-One: 1\r\nx-TWO: 2\r\nX-TWO: 3\r\nKeep-Alive: 5\r\n"
                    "Proxy-Connection: x\r\nTE: gzip\r\nUpgrade: h2c\r\nProxy-Authorization: secret\r\n"
                    "Trailer: X-T\r\nContent-Length: 3\r\nX-Kept: y\r\n",
                    &hop) == HG_HTTP_OK);
    HG_CHECK_U64(m.request.headers.n, 3);
    HG_CHECK_SLICE(m.request.headers.v[0].name, "Host");
    HG_CHECK_SLICE(m.request.headers.v[1].name, "Trailer");
    HG_CHECK_SLICE(m.request.headers.v[2].name, "X-Kept");
    HG_CHECK(!hop.upgrade_websocket && !hop.te_trailers && !hop.expect_continue);
    message_free(&m);
}

HG_TEST(connection_cannot_name_everything)
{
    static const char *const bad[] = {"Connection: host\r\n", "Connection: close, Content-Length\r\n",
                                      "Connection: close\r\nConnection: transfer-encoding\r\n",
                                      "Connection: a b\r\n", "Connection: \"close\"\r\n"};
    struct message m;
    struct hg_hop hop;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        HG_CHECK(hop_of(&m, bad[i], &hop) == HG_HTTP_BAD_CONNECTION);
        message_free(&m);
    }
    char many[1024] = "Connection: ";
    for (int i = 0; i < 65; i++)
        strcat(many, "a,");
    strcat(many, "\r\n");
    HG_CHECK(hop_of(&m, many, &hop) == HG_HTTP_BAD_CONNECTION);
    message_free(&m);
    /* A field may name itself, and the list may have empty elements. */
    HG_CHECK(hop_of(&m, "Connection: ,connection,,close\r\nConnection:\r\n", &hop) == HG_HTTP_OK);
    HG_CHECK_U64(m.request.headers.n, 1);
    message_free(&m);
}

static struct hg_hop wishes(const char *fields)
{
    struct message m;
    struct hg_hop hop = {.te_trailers = false};
    HG_CHECK(hop_of(&m, fields, &hop) == HG_HTTP_OK);
    message_free(&m);
    return hop;
}

HG_TEST(wishes_of_a_request)
{
    struct message m;
    struct hg_hop hop;
    HG_CHECK(wishes("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n").upgrade_websocket);
    HG_CHECK(!wishes("Upgrade: websocket\r\n").upgrade_websocket);
    HG_CHECK(!wishes("Connection: upgrade\r\nUpgrade: h2c\r\n").upgrade_websocket);
    HG_CHECK(!wishes("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n").upgrade_websocket);
    HG_CHECK(wishes("Connection: TE\r\nTE: trailers\r\n").te_trailers);
    HG_CHECK(!wishes("TE: trailers\r\n").te_trailers);
    HG_CHECK(wishes("Expect: 100-Continue\r\nContent-Length: 1\r\n").expect_continue);
    HG_CHECK(!wishes("Expect: 100-continue\r\n").expect_continue);
    HG_CHECK(hop_of(&m, "Expect: 200-ok\r\n", &hop) == HG_HTTP_BAD_EXPECT);
    message_free(&m);
    HG_CHECK(hop_of(&m, "Expect: 100-continue\r\nExpect: x\r\nContent-Length: 1\r\n", &hop) ==
             HG_HTTP_BAD_EXPECT);
    message_free(&m);
}

HG_TEST(hop_by_hop_fields_of_responses_leave)
{
    static const struct {
        const char *status;
        enum hg_method method;
        size_t left;
    } rows[] = {{"200", HG_METHOD_GET, 1}, {"200", HG_METHOD_HEAD, 2}, {"304", HG_METHOD_GET, 2},
                {"204", HG_METHOD_GET, 1}, {"103", HG_METHOD_GET, 1},  {"204", HG_METHOD_HEAD, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message m;
        char raw[512];
        int n = snprintf(
            raw, sizeof(raw),
            "HTTP/1.1 %s X\r\nConnection: close, x-a\r\nX-A: 1\r\nContent-Length: 4\r\nKeep-Alive: 1\r\n"
            "Proxy-Authenticate: Basic\r\nUpgrade: h2\r\nServer: s\r\n\r\n",
            rows[i].status);
        hg_unit_row(rows[i].status);
        HG_CHECK(message_response(&m, hg_slice(raw, (size_t)n), rows[i].method) == HG_HTTP_OK);
        HG_CHECK(hg_hop_response(&m.response, &m.framing) == HG_HTTP_OK);
        HG_CHECK_U64(m.response.headers.n, rows[i].left);
        message_free(&m);
    }
}
