/* SPDX-License-Identifier: MIT
 *
 * Who the client is when hops in front say so, and when somebody only pretends.
 */
#include "base/check.h"
#include "route/client.h"
#include "support/unit.h"

#define MAX_FIELDS 4

struct row {
    const char *peer;   /* NULL: a unix socket */
    const char *header; /* the configured one */
    const char *field[MAX_FIELDS][2];
    const char *client;
};

static const struct row rows[] = {
    /* nobody in front */
    {"198.51.100.9", "X-Forwarded-For", {{0}}, "198.51.100.9"},
    /* spoofed: the peer is no trusted hop */
    {"198.51.100.9", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1"}}, "198.51.100.9"},
    {"198.51.100.9", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1, 10.0.0.1"}}, "198.51.100.9"},
    /* a trusted hop, alone and in a row */
    {"10.0.0.1", "X-Forwarded-For", {{0}}, "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"x-forwarded-for", "203.0.113.1"}}, "203.0.113.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1, 10.9.9.9 , 10.0.0.2"}}, "203.0.113.1"},
    /* spoofed behind a trusted hop: only the last that is not trusted counts */
    {"10.0.0.1",
     "X-Forwarded-For",
     {{"X-Forwarded-For", "10.0.0.7, 203.0.113.66, 198.51.100.5"}},
     "198.51.100.5"},
    {"10.0.0.1",
     "X-Forwarded-For",
     {{"X-Forwarded-For", "127.0.0.1, 198.51.100.5, 10.0.0.2"}},
     "198.51.100.5"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "\"203.0.113.1, 198.51.100.5"}}, "198.51.100.5"},
    {"10.0.0.1",
     "X-Forwarded-For",
     {{"X-Forwarded-For", "203.0.113.1"}, {"Accept", "*"}, {"X-Forwarded-For", "198.51.100.5"}},
     "198.51.100.5"},
    {"10.0.0.1",
     "X-Forwarded-For",
     {{"X-Forwarded-For", "203.0.113.1"}, {"X-Forwarded-For", "10.0.0.3"}},
     "203.0.113.1"},
    /* all trusted: the first */
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
    /* words that are no address end the search */
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1, unknown"}}, "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1, unknown, 10.0.0.2"}}, "10.0.0.2"},
    {"10.0.0.1",
     "X-Forwarded-For",
     {{"X-Forwarded-For", "203.0.113.1"}, {"X-Forwarded-For", "x"}},
     "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", ""}}, "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", " , ,203.0.113.1,, "}}, "203.0.113.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1/8"}}, "10.0.0.1"},
    /* spellings */
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1:4711"}}, "203.0.113.1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "[2001:DB8::1]:4711"}}, "2001:db8::1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "2001:db8::1"}}, "2001:db8::1"},
    {"10.0.0.1", "X-Forwarded-For", {{"X-Forwarded-For", "::ffff:203.0.113.1"}}, "203.0.113.1"},
    {"::1", "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1, ::ffff:10.0.0.2"}}, "203.0.113.1"},
    {NULL, "X-Forwarded-For", {{"X-Forwarded-For", "203.0.113.1"}}, "203.0.113.1"},
    {NULL, "X-Forwarded-For", {{0}}, "unix"},
    /* other headers */
    {"10.0.0.1",
     "CF-Connecting-IP",
     {{"cf-connecting-ip", "203.0.113.1"}, {"X-Forwarded-For", "1.1.1.1"}},
     "203.0.113.1"},
    {"10.0.0.1",
     "Forwarded",
     {{"Forwarded", "for=203.0.113.1;proto=https, For=\"[2001:db8::1]:80\""}},
     "2001:db8::1"},
    {"10.0.0.1",
     "Forwarded",
     {{"Forwarded", "for=203.0.113.1;by=10.0.0.1, proto=http ; for=10.0.0.2"}},
     "203.0.113.1"},
    {"10.0.0.1", "Forwarded", {{"Forwarded", "for=\"x, for=203.0.113.1"}}, "203.0.113.1"},
    {"10.0.0.1", "Forwarded", {{"Forwarded", "for=203.0.113.1, for=_hidden"}}, "10.0.0.1"},
    {"10.0.0.1", "Forwarded", {{"Forwarded", "by=203.0.113.1"}}, "10.0.0.1"},
    {"10.0.0.1", "Forwarded", {{"Forwarded", "for=\""}}, "10.0.0.1"},
};

static void check_row(const struct row *row, const struct hg_frontend *f)
{
    struct hg_arena arena;
    struct hg_headers headers;
    struct hg_client peer = {.has_peer = true, .uid = 7}, client;
    hg_unit_row(row->field[0][1] != NULL ? row->field[0][1] : row->client);
    hg_arena_init(&arena, 65536);
    hg_headers_init(&headers, &arena);
    if (row->peer != NULL)
        peer.has_addr = hg_ip_parse(hg_slice_str(row->peer), peer.addr);
    peer.ip = hg_client_text(&peer, &arena);
    for (size_t i = 0; i < MAX_FIELDS && row->field[i][0] != NULL; i++)
        HG_CHECK(hg_headers_add(&headers, hg_slice_str(row->field[i][0]), hg_guarded_str(row->field[i][1])));
    HG_CHECK(hg_client_find(f, &peer, &headers, &arena, &client));
    HG_CHECK_SLICE(client.ip, row->client);
    unsigned char addr[16];
    HG_CHECK(client.has_addr == (strcmp(row->client, "unix") != 0));
    if (client.has_addr)
        HG_CHECK(hg_ip_parse(client.ip, addr) && memcmp(addr, client.addr, sizeof(addr)) == 0);
    HG_CHECK(client.has_peer && client.uid == 7);
    hg_arena_reset(&arena);
    hg_guarded_reset();
}

HG_TEST(the_client_behind_trusted_hops)
{
    struct hg_cidr nets[2];
    HG_NEED(hg_cidr_parse(HG_LIT("10.0.0.0/8"), &nets[0]) == NULL);
    HG_NEED(hg_cidr_parse(HG_LIT("::1"), &nets[1]) == NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct hg_frontend f = {.trusted_hops = {nets, 2, true},
                                      .client_ip_header = hg_slice_str(rows[i].header)};
        check_row(&rows[i], &f);
    }
}

HG_TEST(nobody_is_trusted_unless_named)
{
    struct hg_arena arena;
    struct hg_headers headers;
    struct hg_client peer = {0}, client;
    struct hg_frontend f = {.client_ip_header = HG_LIT("X-Forwarded-For")};
    hg_arena_init(&arena, 65536);
    hg_headers_init(&headers, &arena);
    HG_CHECK(hg_headers_add(&headers, HG_LIT("X-Forwarded-For"), HG_LIT("203.0.113.1")));
    for (unsigned unix_socket = 0; unix_socket < 2; unix_socket++) {
        peer.has_addr = !unix_socket && hg_ip_parse(HG_LIT("127.0.0.1"), peer.addr);
        peer.ip = hg_client_text(&peer, &arena);
        HG_CHECK(hg_client_find(&f, &peer, &headers, &arena, &client));
        HG_CHECK_SLICE(client.ip, unix_socket ? "unix" : "127.0.0.1");
    }
    hg_arena_reset(&arena);
}
