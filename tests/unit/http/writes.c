/* SPDX-License-Identifier: MIT
 *
 * Heads as they leave: framing and Connection come from the writer alone, and
 * nothing with a line break inside ever leaves.
 */
#include "http/write.h"

#include "support/unit.h"

struct fixture {
    struct hg_buf out;
    struct hg_arena arena;
    struct hg_headers headers;
};

static void begin(struct fixture *f, size_t ceiling)
{
    hg_buf_init(&f->out, ceiling, true);
    hg_arena_init(&f->arena, 64 * 1024);
    hg_headers_init(&f->headers, &f->arena);
    hg_headers_add(&f->headers, HG_LIT("x-First"), HG_LIT("1"));
    hg_headers_add(&f->headers, HG_LIT("Host"), HG_LIT("client"));
    hg_headers_add(&f->headers, HG_LIT("Content-Length"), HG_LIT("99"));
    hg_headers_add(&f->headers, HG_LIT("Connection"), HG_LIT("evil"));
    hg_headers_add(&f->headers, HG_LIT("X-Last"), HG_LIT(""));
}

static void end(struct fixture *f)
{
    hg_buf_free(&f->out);
    hg_arena_reset(&f->arena);
}

static struct hg_write_request post(struct fixture *f)
{
    return (struct hg_write_request){.method = HG_LIT("POST"),
                                     .path = HG_LIT("/a"),
                                     .query = hg_slice(NULL, 0),
                                     .host = HG_LIT("up:8443"),
                                     .headers = &f->headers,
                                     .framing = HG_FRAMING_CHUNKED};
}

HG_TEST(requests)
{
    struct fixture f;
    begin(&f, 65536);
    struct hg_write_request w = post(&f);
    HG_CHECK(hg_write_request(&f.out, &w));
    HG_CHECK_SLICE(hg_buf_data(&f.out), "POST /a HTTP/1.1\r\nHost: up:8443\r\nx-First: 1\r\nX-Last: \r\n"
                                        "Transfer-Encoding: chunked\r\n\r\n");
    hg_buf_consume(&f.out, hg_buf_len(&f.out));
    f.headers.n = 0;
    w.query = HG_LIT("");
    w.framing = HG_FRAMING_LENGTH;
    w.length = UINT64_MAX;
    w.te_trailers = w.close = w.upgrade_websocket = true;
    HG_CHECK(hg_write_request(&f.out, &w));
    HG_CHECK_SLICE(
        hg_buf_data(&f.out),
        "POST /a? HTTP/1.1\r\nHost: up:8443\r\nContent-Length: 18446744073709551615\r\nTE: trailers\r\n"
        "Connection: Upgrade, TE, close\r\nUpgrade: websocket\r\n\r\n");
    end(&f);
}

HG_TEST(requests_that_must_not_leave)
{
    static const struct hg_slice bad[] = {HG_LIT_INIT("a\rb"), HG_LIT_INIT("a\nb"), HG_LIT_INIT("a\0b"),
                                          HG_LIT_INIT("\r\nX: y")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fixture f;
        begin(&f, 65536);
        for (int part = 0; part < 6; part++) {
            struct hg_write_request w = post(&f);
            f.headers.v[0].name = HG_LIT("x-First");
            f.headers.v[0].value = HG_LIT("1");
            struct hg_slice *parts[] = {
                &w.method, &w.path, &w.query, &w.host, &f.headers.v[0].name, &f.headers.v[0].value};
            *parts[part] = bad[i];
            HG_CHECK(!hg_write_request(&f.out, &w));
            HG_CHECK_U64(hg_buf_len(&f.out), 0);
        }
        end(&f);
    }
}

HG_TEST(a_head_is_written_whole_or_not_at_all)
{
    for (size_t ceiling = 0; ceiling < 100; ceiling++) {
        struct fixture f;
        begin(&f, ceiling);
        struct hg_write_request w = post(&f);
        bool ok = hg_write_request(&f.out, &w);
        HG_CHECK(ok == (hg_buf_len(&f.out) > 0));
        HG_CHECK(ok == (ceiling >= 85));
        end(&f);
    }
}

static void response(struct hg_write_response w, const char *want)
{
    struct fixture f;
    begin(&f, 65536);
    w.headers = &f.headers;
    hg_unit_row(want);
    HG_CHECK(hg_write_response(&f.out, &w));
    HG_CHECK_SLICE(hg_buf_data(&f.out), want);
    end(&f);
}

HG_TEST(responses)
{
    response((struct hg_write_response){.status = 200, .minor = 1, .framing = HG_FRAMING_CHUNKED},
             "HTTP/1.1 200 OK\r\nx-First: 1\r\nX-Last: \r\nTransfer-Encoding: chunked\r\n\r\n");
    response(
        (struct hg_write_response){.status = 299, .minor = 1, .framing = HG_FRAMING_LENGTH, .close = true},
        "HTTP/1.1 299 Unknown\r\nx-First: 1\r\nX-Last: \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    response((struct hg_write_response){.status = 404,
                                        .reason = HG_LIT("Gone fishing"),
                                        .minor = 0,
                                        .framing = HG_FRAMING_LENGTH,
                                        .length = 12},
             "HTTP/1.1 404 Gone fishing\r\nx-First: 1\r\nX-Last: \r\nContent-Length: 12\r\n"
             "Connection: keep-alive\r\n\r\n");
    response((struct hg_write_response){.status = 200, .minor = 0, .framing = HG_FRAMING_CLOSE},
             "HTTP/1.1 200 OK\r\nx-First: 1\r\nX-Last: \r\nConnection: close\r\n\r\n");
}

HG_TEST(responses_without_a_body)
{
    response((struct hg_write_response){.status = 304, .minor = 1, .framing = HG_FRAMING_NONE},
             "HTTP/1.1 304 Not Modified\r\nx-First: 1\r\nContent-Length: 99\r\nX-Last: \r\n\r\n");
    response((struct hg_write_response){.status = 204, .minor = 1, .framing = HG_FRAMING_NONE},
             "HTTP/1.1 204 No Content\r\nx-First: 1\r\nX-Last: \r\n\r\n");
    response((struct hg_write_response){.status = 103, .minor = 1, .framing = HG_FRAMING_NONE, .close = true},
             "HTTP/1.1 103 Early Hints\r\nx-First: 1\r\nX-Last: \r\n\r\n");
    response(
        (struct hg_write_response){
            .status = 101, .minor = 1, .framing = HG_FRAMING_NONE, .upgrade_websocket = true},
        "HTTP/1.1 101 Switching Protocols\r\nx-First: 1\r\nX-Last: \r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\n\r\n");
}

HG_TEST(responses_that_must_not_leave)
{
    struct fixture f;
    begin(&f, 65536);
    struct hg_write_response w = {
        .status = 200, .minor = 1, .headers = &f.headers, .framing = HG_FRAMING_LENGTH};
    w.reason = HG_LIT("a\r\nb");
    HG_CHECK(!hg_write_response(&f.out, &w));
    w.reason = HG_LIT("");
    f.headers.v[0].value = HG_LIT("a\nb");
    HG_CHECK(!hg_write_response(&f.out, &w));
    HG_CHECK_U64(hg_buf_len(&f.out), 0);
    end(&f);
}
