/* SPDX-License-Identifier: MIT
 *
 * A proxy's answer to CONNECT, as bytes.
 */
#include "tunnel_answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "support/unit.h"

struct row {
    const char *bytes;
    enum hg_tunnel_verdict verdict;
    enum hg_failure_kind kind;
    const char *detail; /* NULL: any */
};

#define OK "HTTP/1.1 200 Connection established\r\n"

static const struct row rows[] = {
    {OK "\r\n", HG_TUNNEL_OPEN, HG_FAILURE_NONE, NULL},
    {"HTTP/1.0 200 OK\r\n\r\n", HG_TUNNEL_OPEN, HG_FAILURE_NONE, NULL},
    {"HTTP/1.1 204 No Content\r\n\r\n", HG_TUNNEL_OPEN, HG_FAILURE_NONE, NULL},
    {OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", HG_TUNNEL_OPEN, HG_FAILURE_NONE, NULL},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK "\r\n", HG_TUNNEL_OPEN,
     HG_FAILURE_NONE, NULL},
    {"", HG_TUNNEL_MORE, HG_FAILURE_NONE, NULL},
    {"HTTP/1.1 200 O", HG_TUNNEL_MORE, HG_FAILURE_NONE, NULL},
    {"HTTP/1.1 100 Continue\r\n\r\n", HG_TUNNEL_MORE, HG_FAILURE_NONE, NULL},
    {OK "\r\nX", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {OK "\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"HTTP/1.1 403 Forbidden\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_DENIED, "HTTP 403"},
    {"HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 9\r\n\r\n<b>Squid",
     HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_DENIED, "HTTP 403, X-Squid-Error: ERR_ACCESS_DENIED 0"},
    {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
     HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_AUTH, "HTTP 407"},
    {"HTTP/1.1 503 Service Unavailable\r\nx-squid-error: ERR_DNS_FAIL 0\r\n\r\n", HG_TUNNEL_REFUSED,
     HG_FAILURE_TUNNEL_FAILED, "HTTP 503, X-Squid-Error: ERR_DNS_FAIL 0"},
    {"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_FAILED,
     "HTTP 302"},
    {"SSH-2.0-OpenSSH_9.2\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"HTTP/2 200 OK\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"HTTP/1.1 99 Low\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"HTTP/1.1 200 OK\nX: y\n\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
    {"\x15\x03\x01\x00\x02\x02\x46", HG_TUNNEL_REFUSED, HG_FAILURE_TUNNEL_BAD, NULL},
};

static void check_row(const struct row *r, enum hg_tunnel_verdict v, const struct hg_failure *f)
{
    hg_unit_row(r->bytes);
    HG_CHECK_U64(v, r->verdict);
    HG_CHECK_U64(f->kind, r->kind);
    if (r->detail != NULL)
        HG_CHECK_STR(f->detail, r->detail);
}

HG_TEST(answers_in_one_piece)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hg_tunnel_answer a;
        struct hg_failure f = {.kind = HG_FAILURE_NONE};
        size_t used = 0;
        hg_tunnel_answer_init(&a);
        check_row(&rows[i], hg_tunnel_answer_feed(&a, hg_guarded_str(rows[i].bytes), &used, &f), &f);
    }
}

/* Byte by byte nothing changes, but that a byte behind an open tunnel is then the server's. */
HG_TEST(answers_byte_by_byte)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hg_slice all = hg_slice_str(rows[i].bytes);
        struct hg_tunnel_answer a;
        struct hg_failure f = {.kind = HG_FAILURE_NONE};
        enum hg_tunnel_verdict v = HG_TUNNEL_MORE;
        size_t start = 0, n = 0;
        hg_tunnel_answer_init(&a);
        while (v == HG_TUNNEL_MORE && n < all.n) {
            size_t used = 0;
            n++;
            v = hg_tunnel_answer_feed(&a, hg_guarded(hg_slice(all.p + start, n - start)), &used, &f);
            start += used;
        }
        if (v != HG_TUNNEL_OPEN || n == all.n)
            check_row(&rows[i], v, &f);
        hg_guarded_reset();
    }
}

HG_TEST(interim_answers_have_an_end)
{
    static const char one[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct hg_tunnel_answer a;
    struct hg_failure f = {.kind = HG_FAILURE_NONE};
    enum hg_tunnel_verdict v = HG_TUNNEL_MORE;
    size_t used = 0;
    unsigned n = 0;

    hg_tunnel_answer_init(&a);
    while (v == HG_TUNNEL_MORE && n < 1000) {
        v = hg_tunnel_answer_feed(&a, HG_LIT(one), &used, &f);
        n++;
    }
    HG_CHECK_U64(n, HG_LIMIT_INTERIM + 1);
    HG_CHECK(v == HG_TUNNEL_REFUSED && f.kind == HG_FAILURE_TUNNEL_BAD);
}

HG_TEST(a_head_has_a_limit)
{
    size_t n = HG_LIMIT_CONNECT_HEAD + 100, used = 0;
    char *big = malloc(n);
    struct hg_tunnel_answer a;
    struct hg_failure f = {.kind = HG_FAILURE_NONE};
    int head;

    HG_NEED(big != NULL);
    head = snprintf(big, n, OK "X: ");
    memset(big + head, 'x', n - (size_t)head);
    hg_tunnel_answer_init(&a);
    HG_CHECK(hg_tunnel_answer_feed(&a, hg_slice(big, n), &used, &f) == HG_TUNNEL_REFUSED);
    HG_CHECK_STR(f.detail, "the head is too large");
    free(big);
}

HG_TEST(what_the_proxy_says_is_cut)
{
    char big[400];
    struct hg_tunnel_answer a;
    struct hg_failure f = {.kind = HG_FAILURE_NONE};
    size_t used = 0;

    snprintf(big, sizeof big, "HTTP/1.1 502 Bad\r\nX-Squid-Error: %0200d\r\n\r\n", 7);
    hg_tunnel_answer_init(&a);
    HG_CHECK(hg_tunnel_answer_feed(&a, hg_slice_str(big), &used, &f) == HG_TUNNEL_REFUSED);
    HG_CHECK_U64(strlen(f.detail), strlen("HTTP 502, X-Squid-Error: ") + 64);
}
