/* SPDX-License-Identifier: MIT
 *
 * Raw requests: each bad one with the exact reason, each odd but legal one
 * accepted. Every prefix of each is tried too: no verdict may depend on how the
 * bytes were cut into packets.
 */
#include <stdio.h>

#include "messages.h"

#define H "Host: h\r\n"

struct row {
    struct hg_slice raw;
    enum hg_http_error want;
};

#define R(text, error)                     \
    {                                      \
        HG_LIT_INIT(text), HG_HTTP_##error \
    }

static const struct row rows[] = {
    /* request line */
    R("GET / HTTP/1.1\r\n" H "\r\n", OK),
    R("\r\nGET / HTTP/1.1\r\n" H "\r\n", OK),
    R("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("\nGET / HTTP/1.1\r\n" H "\r\n", BARE_LF),
    R(" GET / HTTP/1.1\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET  / HTTP/1.1\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET /  HTTP/1.1\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET / HTTP/1.1 \r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET\t/\tHTTP/1.1\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET /\r\n\r\n", BAD_REQUEST_LINE),
    R("GET / http/1.1\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET / HTTP/1.1x\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET / HTTP/11\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET / HTTP/1.\r\n" H "\r\n", BAD_REQUEST_LINE),
    R("GET / HTTP/2.0\r\n" H "\r\n", BAD_VERSION),
    R("PRI * HTTP/2.0\r\n\r\n", BAD_VERSION),
    R("GET / HTTP/0.9\r\n" H "\r\n", BAD_VERSION),
    R("GET / HTTP/1.9\r\n" H "\r\n", OK),
    R("G@T / HTTP/1.1\r\n" H "\r\n", BAD_METHOD),
    R("G\xc3\xa9T / HTTP/1.1\r\n" H "\r\n", BAD_METHOD),
    R("get / HTTP/1.1\r\n" H "\r\n", OK),
    R("M-SEARCH / HTTP/1.1\r\n" H "\r\n", OK),
    R("CONNECT h:443 HTTP/1.1\r\n" H "\r\n", METHOD_REFUSED),
    R("TRACE / HTTP/1.1\r\n" H "\r\n", METHOD_REFUSED),
    R("\x16\x03\x01\x02", CONTROL),
    /* target */
    R("GET //evil/x HTTP/1.1\r\n" H "\r\n", TARGET_SLASHES),
    R("GET // HTTP/1.1\r\n" H "\r\n", TARGET_SLASHES),
    R("GET /a//b HTTP/1.1\r\n" H "\r\n", OK),
    R("GET http://h//x HTTP/1.1\r\n" H "\r\n", TARGET_SLASHES),
    R("GET http://h/x HTTP/1.1\r\n" H "\r\n", OK),
    R("GET HTTP://H HTTP/1.1\r\n" H "\r\n", OK),
    R("GET https://h?q HTTP/1.1\r\n" H "\r\n", OK),
    R("GET http://other/ HTTP/1.1\r\n" H "\r\n", TARGET_MISMATCH),
    R("GET http://h:80/ HTTP/1.1\r\n" H "\r\n", TARGET_MISMATCH),
    R("GET http://u@h/ HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET http:///x HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET http://h/ HTTP/1.0\r\n\r\n", TARGET_MISMATCH),
    R("GET ftp://h/ HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET x HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET h:80 HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET * HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("OPTIONS * HTTP/1.1\r\n" H "\r\n", OK),
    R("OPTIONS *x HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET /#f HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET /\ta HTTP/1.1\r\n" H "\r\n", BAD_TARGET),
    R("GET /a{b}|\"<>\\^`%zz?a=[]&&?/ HTTP/1.1\r\n" H "\r\n", OK),
    R("GET /\x7f HTTP/1.1\r\n" H "\r\n", CONTROL),
    R("GET /\0 HTTP/1.1\r\n" H "\r\n", CONTROL),
    /* line ends and controls */
    R("GET / HTTP/1.1\n" H "\r\n", BARE_LF),
    R("GET / HTTP/1.1\r" H "\r\n", BARE_CR),
    R("GET / HTTP/1.1\r\nHost: h\n\r\n", BARE_LF),
    R("GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", BARE_CR),
    R("GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n", BARE_CR),
    R("GET / HTTP/1.1\r\n" H "\rX", BARE_CR),
    R("GET / HTTP/1.1\r\n" H "\n", BARE_LF),
    R("GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n", CONTROL),
    R("GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n", CONTROL),
    R("GET / HTTP/1.1\r\n" H "A: \x7f\r\n\r\n", CONTROL),
    R("GET / HTTP/1.1\r\n" H "A: b\tc\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\n" H "A: \x80\xff\r\n\r\n", OK),
    /* field lines */
    R("GET / HTTP/1.1\r\n" H " folded\r\n\r\n", OBS_FOLD),
    R("GET / HTTP/1.1\r\n" H "\tfolded\r\n\r\n", OBS_FOLD),
    R("GET / HTTP/1.1\r\n Host: h\r\n\r\n", OBS_FOLD),
    R("GET / HTTP/1.1\r\n" H "A : b\r\n\r\n", SPACE_COLON),
    R("GET / HTTP/1.1\r\n" H "A\t: b\r\n\r\n", SPACE_COLON),
    R("GET / HTTP/1.1\r\nHost : h\r\n\r\n", SPACE_COLON),
    R("GET / HTTP/1.1\r\n" H "A B: b\r\n\r\n", BAD_NAME),
    R("GET / HTTP/1.1\r\n" H ": b\r\n\r\n", BAD_NAME),
    R("GET / HTTP/1.1\r\n" H "A(x): b\r\n\r\n", BAD_NAME),
    R("GET / HTTP/1.1\r\n" H "A\xc3\xa4: b\r\n\r\n", BAD_NAME),
    R("GET / HTTP/1.1\r\n" H "A b\r\n\r\n", NO_COLON),
    R("GET / HTTP/1.1\r\n" H "A:\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\n" H "!#$%&'*+-.^_`|~0: x:y\r\n\r\n", OK),
    /* Host */
    R("GET / HTTP/1.1\r\n\r\n", NO_HOST),
    R("GET / HTTP/1.0\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\n" H H "\r\n", DUPLICATE_HOST),
    R("GET / HTTP/1.0\r\n" H "hOST: h\r\n\r\n", DUPLICATE_HOST),
    R("GET / HTTP/1.1\r\nHost:\r\n\r\n", OK),
    R("GET http:/// HTTP/1.1\r\nHost:\r\n\r\n", BAD_TARGET),
    R("GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\nHost: h:\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\nHost: a_b%41.c\r\n\r\n", OK),
    R("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h x\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h:8a\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h:1:2\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: []\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h%4\r\n\r\n", BAD_HOST),
    R("GET / HTTP/1.1\r\nHost: h\xc3\xa4\r\n\r\n", BAD_HOST),
    /* framing */
    R("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n", OK),
    R("POST / HTTP/1.1\r\n" H "Content-Length:\t5 \r\n\r\n", OK),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 005\r\n\r\n", OK),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", DUPLICATE_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", DUPLICATE_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 5,\r\n\r\n", DUPLICATE_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775807\r\n\r\n", OK),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551621\r\n\r\n", BAD_LENGTH),
    R("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", TWO_FRAMINGS),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", TWO_FRAMINGS),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", OK),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: CHUNKED\r\n\r\n", OK),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \x0b"
      "chunked\r\n\r\n",
      CONTROL),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked;q=1\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding: ,chunked\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", BAD_CODING),
    R("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", CODING_VERSION),
    R("GET / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\n", OK),
};

HG_TEST(each_has_its_verdict)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message m;
        hg_unit_row(rows[i].raw.p);
        enum hg_http_error e = message_request(&m, rows[i].raw);
        HG_CHECK_STR(hg_http_error_name(e), hg_http_error_name(rows[i].want));
        message_free(&m);
        hg_guarded_reset();
    }
}

struct verdict {
    enum hg_scan scan;
    enum hg_http_error why;
    size_t n, at;
};

static struct verdict whole(struct hg_slice raw)
{
    struct hg_head_scan s;
    struct verdict v = {.why = HG_HTTP_OK};
    hg_head_scan_init(&s, 4096, true);
    v.scan = hg_head_scan(&s, raw, &v.n, &v.why);
    v.at = s.at;
    return v;
}

static struct verdict byte_by_byte(struct hg_slice raw)
{
    struct hg_head_scan s;
    struct verdict v = {.scan = HG_SCAN_MORE, .why = HG_HTTP_OK};
    hg_head_scan_init(&s, 4096, true);
    for (size_t n = 0; n <= raw.n && v.scan == HG_SCAN_MORE; n++)
        v.scan = hg_head_scan(&s, hg_guarded(hg_slice(raw.p, n)), &v.n, &v.why);
    v.at = s.at;
    return v;
}

HG_TEST(the_scan_does_not_depend_on_packets)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hg_unit_row(rows[i].raw.p);
        struct verdict a = whole(hg_guarded(rows[i].raw)), b = byte_by_byte(rows[i].raw);
        HG_CHECK(a.scan == b.scan && a.why == b.why && a.n == b.n && a.at == b.at);
        hg_guarded_reset();
    }
}

HG_TEST(the_limit_counts_the_whole_head)
{
    struct hg_slice raw = HG_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\nbody");
    size_t head = raw.n - 4, n = 0;
    for (size_t limit = 1; limit < raw.n + 4; limit++) {
        struct hg_head_scan s;
        enum hg_http_error why = HG_HTTP_OK;
        hg_head_scan_init(&s, limit, true);
        enum hg_scan got = hg_head_scan(&s, hg_guarded(raw), &n, &why);
        if (limit >= head) {
            HG_CHECK(got == HG_SCAN_DONE && n == head);
        } else {
            HG_CHECK(got == HG_SCAN_BAD && why == HG_HTTP_HEAD_TOO_LARGE);
        }
    }
}

HG_TEST(too_many_fields)
{
    char raw[8192];
    for (unsigned fields = 255; fields <= 257; fields++) {
        struct message m;
        size_t n = 0;
        n += (size_t)sprintf(raw, "GET / HTTP/1.1\r\nHost: h\r\n");
        for (unsigned i = 1; i < fields; i++)
            n += (size_t)sprintf(raw + n, "a%u: b\r\n", i);
        n += (size_t)sprintf(raw + n, "\r\n");
        enum hg_http_error e = message_request(&m, hg_slice(raw, n));
        HG_CHECK_STR(hg_http_error_name(e), fields <= 256 ? "ok" : "too_many_headers");
        message_free(&m);
    }
}

HG_TEST(an_arena_that_is_full)
{
    struct hg_arena arena;
    struct hg_request r;
    hg_arena_init(&arena, 64);
    HG_CHECK(hg_request_parse(&r, HG_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), &arena) == HG_HTTP_NO_MEMORY);
    hg_arena_reset(&arena);
}
