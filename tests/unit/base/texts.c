/* SPDX-License-Identifier: MIT
 *
 * The small languages of configuration, and text made for people.
 */
#include "base/text.h"

#include "support/unit.h"

HG_TEST(durations)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {{"0", 0},        {"500ms", 500},   {"30s", 30000}, {"10m", 600000},
                {"2h", 7200000}, {"1d", 86400000}, {"0s", 0},      {"36500d", 36500ull * 86400000}};
    static const char *const bad[] = {"",
                                      "5",
                                      "s",
                                      "-1s",
                                      "1.5s",
                                      "1 s",
                                      " 1s",
                                      "1S",
                                      "10M",
                                      "1h30m",
                                      "36601d",
                                      "99999999999999999999ms",
                                      "18446744073709551615s"};
    uint64_t ms = 1;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        hg_unit_row(good[i].text);
        HG_CHECK(hg_text_duration(hg_guarded_str(good[i].text), &ms));
        HG_CHECK_U64(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hg_unit_row(bad[i]);
        HG_CHECK(!hg_text_duration(hg_guarded_str(bad[i]), &ms));
    }
}

HG_TEST(sizes)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"4096", 4096},    {"0", 0},           {"64k", 65536},
                {"64KiB", 65536},  {"10M", 10u << 20}, {"1G", 1u << 30},
                {"1gb", 1u << 30}, {"5B", 5},          {"17179869183G", 17179869183ull << 30}};
    static const char *const bad[] = {"",   "k",   "-1",  "1.5k",         "1 k",
                                      "1T", "1kk", "1iB", "17179869184G", "0x10"};
    uint64_t bytes = 1;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        hg_unit_row(good[i].text);
        HG_CHECK(hg_text_size(hg_guarded_str(good[i].text), &bytes));
        HG_CHECK_U64(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hg_unit_row(bad[i]);
        HG_CHECK(!hg_text_size(hg_guarded_str(bad[i]), &bytes));
    }
}

HG_TEST(host_and_port)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } good[] = {{"a.example:443", "a.example", 443},
                {"a", "a", 0},
                {"127.0.0.1:80", "127.0.0.1", 80},
                {"[::1]:65535", "::1", 65535},
                {"[::1]", "::1", 0}};
    static const char *const bad[] = {"",       ":80",   "a:",      "a:0",      "a:65536",       "a:80:80",
                                      "::1",    "[::1",  "[::1]80", "[]",       "[a]:80",        "u@a:80",
                                      "a b:80", "a/:80", "a:+80",   "a:000080", "[127.0.0.1]:80"};
    struct hg_slice host;
    uint16_t port;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        hg_unit_row(good[i].text);
        HG_CHECK(hg_text_host_port(hg_guarded_str(good[i].text), &host, &port));
        HG_CHECK_SLICE(host, good[i].host);
        HG_CHECK_U64(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hg_unit_row(bad[i]);
        HG_CHECK(!hg_text_host_port(hg_guarded_str(bad[i]), &host, &port));
    }
}

HG_TEST(names_and_addresses)
{
    char longest[300];
    HG_CHECK(hg_text_is_ip(HG_LIT("10.0.0.1")) && hg_text_is_ip(HG_LIT("fe80::1")));
    HG_CHECK(!hg_text_is_ip(HG_LIT("10.0.0")) && !hg_text_is_ip(HG_LIT("[::1]")) &&
             !hg_text_is_ip(HG_LIT("")));
    HG_CHECK(!hg_text_is_ip(HG_LIT("10.0.0.1\0x")));
    HG_CHECK(hg_text_is_hostname(HG_LIT("a-b.c_d.e.")) && hg_text_is_hostname(HG_LIT("x")));
    HG_CHECK(!hg_text_is_hostname(HG_LIT("")) && !hg_text_is_hostname(HG_LIT(".")));
    HG_CHECK(!hg_text_is_hostname(HG_LIT("a..b")) && !hg_text_is_hostname(HG_LIT("-a")));
    HG_CHECK(!hg_text_is_hostname(HG_LIT("a-.b")) && !hg_text_is_hostname(HG_LIT("a b")));
    memset(longest, 'a', sizeof(longest));
    HG_CHECK(hg_text_is_hostname(hg_slice(longest, 63)) && !hg_text_is_hostname(hg_slice(longest, 64)));
    for (size_t i = 50; i < sizeof(longest); i += 50)
        longest[i] = '.';
    HG_CHECK(hg_text_is_hostname(hg_slice(longest, 253)) && !hg_text_is_hostname(hg_slice(longest, 254)));
}

HG_TEST(did_you_mean)
{
    static const char *const names[] = {"set-header", "drop-header", "add-header", "bind", "use"};
    HG_CHECK_STR(hg_text_nearest(HG_LIT("set-haeder"), names, 5), "set-header");
    HG_CHECK_STR(hg_text_nearest(HG_LIT("BNID"), names, 5), "bind");
    HG_CHECK_STR(hg_text_nearest(HG_LIT("drop-headers"), names, 5), "drop-header");
    HG_CHECK(hg_text_nearest(HG_LIT("completely-else"), names, 5) == NULL);
    HG_CHECK(hg_text_nearest(HG_LIT(""), names, 5) == NULL);
    HG_CHECK(hg_text_nearest(HG_LIT("xx"), names, 5) == NULL);
    char big[200];
    memset(big, 'x', sizeof(big));
    HG_CHECK(hg_text_nearest(hg_guarded(hg_slice(big, sizeof(big))), names, 5) == NULL);
}

HG_TEST(printable_quotes_safely)
{
    char out[12];
    hg_text_printable(hg_guarded(HG_LIT("a\x1b[\"'\xc3\xa4\0b\n")), out, sizeof(out));
    HG_CHECK_STR(out, "a[??b");
    hg_text_printable(hg_guarded_str("0123456789abcdef"), out, sizeof(out));
    HG_CHECK_STR(out, "0123456789a");
    hg_text_printable(hg_slice(NULL, 0), out, 1);
    HG_CHECK_STR(out, "");
}

HG_TEST(times)
{
    static const struct {
        uint64_t us;
        const char *text;
    } rows[] = {{0, "1970-01-01T00:00:00.000Z"},
                {951782400000000, "2000-02-29T00:00:00.000Z"},
                {1709251199999999, "2024-02-29T23:59:59.999Z"},
                {1775988000123456, "2026-04-12T10:00:00.123Z"},
                {4107542400000000, "2100-03-01T00:00:00.000Z"},
                {UINT64_MAX, "9999-12-31T23:59:59.999Z"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[HG_TEXT_TIME_LEN];
        hg_text_time(rows[i].us, out);
        HG_CHECK_STR(out, rows[i].text);
    }
}

HG_TEST(http_dates)
{
    static const struct {
        uint64_t second;
        const char *text;
    } rows[] = {{0u, "Thu, 01 Jan 1970 00:00:00 GMT"},
                {951782400u, "Tue, 29 Feb 2000 00:00:00 GMT"},
                {1709251199u, "Thu, 29 Feb 2024 23:59:59 GMT"},
                {1775988000u, "Sun, 12 Apr 2026 10:00:00 GMT"},
                {4107542400u, "Mon, 01 Mar 2100 00:00:00 GMT"},
                {UINT64_MAX / 1000000, "Fri, 31 Dec 9999 23:59:59 GMT"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[HG_TEXT_HTTP_DATE_LEN];
        hg_text_http_date(rows[i].second * 1000000, out);
        HG_CHECK_STR(out, rows[i].text);
    }
}

HG_TEST(codecs)
{
    char out[HG_TEXT_DIGEST_LEN], other[HG_TEXT_UUID_LEN], uuid[HG_TEXT_UUID_LEN];
    HG_CHECK_U64(hg_text_base64(HG_LIT("user:pass"), out), 12);
    HG_CHECK_STR(out, "dXNlcjpwYXNz");
    HG_CHECK_U64(hg_text_base64(hg_guarded_str("ab"), out), 4);
    HG_CHECK_STR(out, "YWI=");
    HG_CHECK_U64(hg_text_base64(hg_slice(NULL, 0), out), 0);
    HG_CHECK_STR(out, "");
    hg_text_digest(hg_guarded_str("abc"), out);
    HG_CHECK_STR(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hg_text_digest(hg_slice(NULL, 0), out);
    HG_CHECK_STR(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    HG_NEED(hg_text_uuid(uuid) && hg_text_uuid(other));
    HG_CHECK(strcmp(uuid, other) != 0);
    HG_CHECK_U64(strlen(uuid), 36);
    HG_CHECK(uuid[8] == '-' && uuid[13] == '-' && uuid[14] == '4' && uuid[18] == '-' && uuid[23] == '-');
    HG_CHECK(strchr("89ab", uuid[19]) != NULL);
    HG_CHECK_U64(strspn(uuid, "0123456789abcdef-"), 36);
}
