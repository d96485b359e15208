/* SPDX-License-Identifier: MIT
 *
 * PROXY protocol headers: good ones, hostile ones, whole and a byte at a time.
 */
#include "base/check.h"
#include "base/ip.h"
#include "base/limits.h"
#include "http/proxy_header.h"
#include "support/unit.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\300\0\2\1\300\0\2\2\x1f\x90\0\x50"

/* Reads it whole with something behind it, then byte by byte; both must say the same. */
static enum hg_proxy_read read_both(struct hg_slice header, struct hg_proxy_header *h, const char **why)
{
    char text[HG_LIMIT_PROXY_HEADER + 512];
    size_t length, n = 0;
    HG_ASSERT(header.n + 4 <= sizeof(text));
    memcpy(text, header.p, header.n);
    memcpy(text + header.n, "GET ", 4);
    enum hg_proxy_read whole =
        hg_proxy_header_read(hg_guarded(hg_slice(text, header.n + 4)), h, &length, why);
    if (whole == HG_PROXY_DONE)
        HG_CHECK_U64(length, header.n);
    struct hg_proxy_header piece;
    const char *ignored;
    enum hg_proxy_read r = HG_PROXY_MORE;
    while (r == HG_PROXY_MORE && n < header.n)
        r = hg_proxy_header_read(hg_guarded(hg_slice(text, ++n)), &piece, &length, &ignored);
    HG_CHECK(r == whole);
    if (r == HG_PROXY_DONE)
        HG_CHECK(n == header.n && memcmp(&piece, h, sizeof(piece)) == 0);
    hg_guarded_reset();
    return whole;
}

HG_TEST(version_1)
{
    static const struct {
        const char *in, *client; /* NULL: not known */
        unsigned port;
    } rows[] = {
        {"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "192.0.2.1", 56324},
        {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535},
        {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0", 0},
        {"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "2001:db8::1", 1},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1", 1},
        {"PROXY UNKNOWN\r\n", NULL, 0},
        {"PROXY UNKNOWN anything at all 1\r\n", NULL, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_proxy_header h;
        char ip[HG_IP_TEXT_LEN];
        const char *why;
        hg_unit_row(rows[i].in);
        HG_NEED(read_both(hg_slice_str(rows[i].in), &h, &why) == HG_PROXY_DONE);
        HG_CHECK_U64(h.version, 1);
        HG_CHECK(h.known == (rows[i].client != NULL) && h.has_addr == h.known);
        if (rows[i].client == NULL)
            continue;
        hg_ip_text(h.addr, ip);
        HG_CHECK_STR(ip, rows[i].client);
        HG_CHECK_U64(h.port, rows[i].port);
    }
}

HG_TEST(version_1_refused)
{
    static const char *const rows[] = {
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        " PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2\r\n",
        "PROXY TCP4 192.0.2.1\r\n",
        "PROXY TCP4\r\n",
        "PROXY \r\n",
        "PROXY\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 99999999999999999999\r\n",
        "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP6 ::1 fe80::1%lo 1 2\r\n",
        "PROXY TCP5 ::1 ::1 1 2\r\n",
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY UNKNOWN2\r\n",
        "PROXY UNKNOWN \t\r\n",
        "PROXY UNKNOWN \x80\r\n",
        "PROXY UNKNOWN a\rb\r\n",
        "PROXY UNKNOWN "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_proxy_header h;
        const char *why = NULL;
        hg_unit_row(rows[i]);
        HG_CHECK(read_both(hg_slice_str(rows[i]), &h, &why) == HG_PROXY_BAD);
        HG_CHECK(why != NULL);
    }
    /* 107 bytes are the most. */
    char line[108];
    struct hg_proxy_header h;
    const char *why;
    memset(line, 'a', sizeof(line));
    memcpy(line, "PROXY UNKNOWN ", 14);
    memcpy(line + 105, "\r\n", 2);
    HG_CHECK(read_both(hg_slice(line, 107), &h, &why) == HG_PROXY_DONE);
    memcpy(line + 105, "a\r\n", 3);
    HG_CHECK(read_both(hg_slice(line, 108), &h, &why) == HG_PROXY_BAD);
}

#define BYTES(s) s, sizeof(s) - 1

static const struct v2_row {
    const char *what, *bytes;
    size_t n;
    enum hg_proxy_read r;
    const char *client; /* NULL: no address */
} v2_rows[] = {
    {"IPv4", BYTES(SIG "\x21\x11\0\x0c" V4), HG_PROXY_DONE, "192.0.2.1"},
    {"IPv6",
     BYTES(SIG
           "\x21\x21\0\x24 \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x1f\x90\0\x50"),
     HG_PROXY_DONE, "2001:db8::1"},
    {"UNSPEC", BYTES(SIG "\x21\0\0\0"), HG_PROXY_DONE, NULL},
    {"UNSPEC with bytes that mean nothing", BYTES(SIG "\x21\0\0\2\1\2"), HG_PROXY_DONE, NULL},
    {"LOCAL", BYTES(SIG "\x20\0\0\0"), HG_PROXY_DONE, NULL},
    {"LOCAL with a family and an address", BYTES(SIG "\x20\x11\0\x0c" V4), HG_PROXY_DONE, NULL},
    {"LOCAL, its block is skipped whatever is in it", BYTES(SIG "\x20\xff\0\3\1\2\3"), HG_PROXY_DONE, NULL},
    {"NOOP and an empty field", BYTES(SIG "\x21\x11\0\x13" V4 "\4\0\1\0\5\0\0"), HG_PROXY_DONE, "192.0.2.1"},
    {"checksum", BYTES(SIG "\x21\x11\0\x13" V4 "\3\0\4\x64\xc2\x89\x99"), HG_PROXY_DONE, "192.0.2.1"},
    {"wrong checksum", BYTES(SIG "\x21\x11\0\x13" V4 "\3\0\4\x64\xc2\x89\x98"), HG_PROXY_BAD, NULL},
    {"short checksum", BYTES(SIG "\x21\x11\0\x12" V4 "\3\0\3\x64\xc2\x89"), HG_PROXY_BAD, NULL},
    {"field cut off", BYTES(SIG "\x21\x11\0\x0e" V4 "\4\0"), HG_PROXY_BAD, NULL},
    {"field beyond the end", BYTES(SIG "\x21\x11\0\x10" V4 "\4\0\2\0"), HG_PROXY_BAD, NULL},
    {"field of 65535 bytes", BYTES(SIG "\x21\x11\0\x0f" V4 "\4\xff\xff"), HG_PROXY_BAD, NULL},
    {"too short for IPv4", BYTES(SIG "\x21\x11\0\x0b\300\0\2\1\300\0\2\2\x1f\x90\0"), HG_PROXY_BAD, NULL},
    {"too short for IPv6", BYTES(SIG "\x21\x21\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"too short for unix", BYTES(SIG "\x21\x31\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"datagrams", BYTES(SIG "\x21\x12\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"family not assigned", BYTES(SIG "\x21\x41\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"protocol not assigned", BYTES(SIG "\x21\x13\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"version 1 in binary", BYTES(SIG "\x11\x11\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"version 3", BYTES(SIG "\x31\x11\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"command not assigned", BYTES(SIG "\x22\x11\0\x0c" V4), HG_PROXY_BAD, NULL},
    {"signature with an error", BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c" V4), HG_PROXY_BAD, NULL},
};

HG_TEST(version_2)
{
    for (size_t i = 0; i < sizeof(v2_rows) / sizeof(v2_rows[0]); i++) {
        const struct v2_row *row = &v2_rows[i];
        struct hg_proxy_header h;
        char ip[HG_IP_TEXT_LEN];
        const char *why;
        hg_unit_row(row->what);
        enum hg_proxy_read r = read_both(hg_slice(row->bytes, row->n), &h, &why);
        HG_CHECK(r == row->r && (why != NULL) == (r == HG_PROXY_BAD));
        if (r != HG_PROXY_DONE)
            continue;
        HG_CHECK(h.version == 2 && h.has_addr == (row->client != NULL) && h.known == h.has_addr);
        if (row->client == NULL)
            continue;
        hg_ip_text(h.addr, ip);
        HG_CHECK_STR(ip, row->client);
        HG_CHECK_U64(h.port, 8080);
    }
}

HG_TEST(version_2_sizes)
{
    char text[HG_LIMIT_PROXY_HEADER + 1];
    struct hg_proxy_header h;
    const char *why;
    memset(text, 0, sizeof(text));
    memcpy(text, SIG "\x21\x31\0\xd8", 16);
    HG_CHECK(read_both(hg_slice(text, 16 + 216), &h, &why) == HG_PROXY_DONE && h.known && !h.has_addr);
    /* The largest that is read, and one byte more. */
    memcpy(text, SIG "\x20\0", 14);
    for (size_t more = 0; more < 2; more++) {
        size_t length = HG_LIMIT_PROXY_HEADER - 16 + more;
        text[14] = (char)(length >> 8);
        text[15] = (char)length;
        enum hg_proxy_read r = hg_proxy_header_read(hg_guarded(hg_slice(text, 16)), &h, &length, &why);
        HG_CHECK(r == (more ? HG_PROXY_BAD : HG_PROXY_MORE));
        r = hg_proxy_header_read(hg_guarded(hg_slice(text, HG_LIMIT_PROXY_HEADER)), &h, &length, &why);
        HG_CHECK(r == (more ? HG_PROXY_BAD : HG_PROXY_DONE));
    }
}
