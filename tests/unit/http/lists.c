/* SPDX-License-Identifier: MIT
 *
 * The header list, the field table, names and values, targets, error tables.
 */
#include "base/limits.h"
#include "http/error.h"
#include "http/header.h"
#include "http/target.h"
#include "support/unit.h"

HG_TEST(every_known_field_is_found)
{
    for (unsigned id = 1; id < HG_FIELD_COUNT; id++) {
        const char *name = hg_field_name((enum hg_field)id);
        char upper[64];
        size_t n = strlen(name);
        for (size_t i = 0; i < n; i++)
            upper[i] = hg_lower(name[i]) != name[i] ? hg_lower(name[i]) : name[i];
        hg_unit_row(name);
        HG_CHECK_U64(hg_field_id(hg_guarded_str(name)), id);
        HG_CHECK_U64(hg_field_id(hg_guarded(hg_slice(upper, n))), id);
        upper[0] = '!';
        HG_CHECK_U64(hg_field_id(hg_guarded(hg_slice(upper, n))), HG_FIELD_OTHER);
    }
    HG_CHECK_U64(hg_field_id(HG_LIT("")), HG_FIELD_OTHER);
    HG_CHECK_U64(hg_field_id(HG_LIT("a-name-that-is-longer-than-all-of-them")), HG_FIELD_OTHER);
    HG_CHECK((hg_field_flags(HG_FIELD_HOST) & HG_FIELD_N) != 0);
    HG_CHECK_U64(hg_field_flags(HG_FIELD_OTHER), 0);
}

HG_TEST(names_and_values_byte_by_byte)
{
    for (unsigned c = 0; c < 256; c++) {
        char text[20] = "abcdefghijklmnopqrs";
        bool token = c != 0 && c < 128 &&
                     strchr("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "abcdefghijklmnopqrstuvwxyz",
                            (int)c) != NULL;
        bool value = c == '\t' || (c >= 0x20 && c != 0x7f);
        for (size_t at = 0; at < 19; at++) {
            char old = text[at];
            text[at] = (char)c;
            if (hg_header_name_ok(hg_slice(text, 19)) != token ||
                hg_header_value_ok(hg_slice(text, 19)) != value)
                HG_CHECK_U64(c, at + 1000);
            text[at] = old;
        }
    }
    HG_CHECK(!hg_header_name_ok(HG_LIT("")) && hg_header_value_ok(hg_slice(NULL, 0)));
    HG_CHECK(hg_header_value_ok(hg_guarded_str("\t\t\t\t\t\t\t\t\t")));
}

static void fill(struct hg_headers *h, struct hg_arena *a)
{
    hg_arena_init(a, 64 * 1024);
    hg_headers_init(h, a);
    HG_CHECK(hg_headers_add(h, HG_LIT("Cookie"), HG_LIT("1")));
    HG_CHECK(hg_headers_add(h, HG_LIT("X-A"), HG_LIT("2")));
    HG_CHECK(hg_headers_add(h, HG_LIT("cookie"), HG_LIT("3")));
    HG_CHECK(hg_headers_add(h, HG_LIT("x-a"), HG_LIT("4")));
    HG_CHECK(hg_headers_add(h, HG_LIT("X-B"), HG_LIT("5")));
}

HG_TEST(find_and_remove)
{
    struct hg_arena a;
    struct hg_headers h;
    fill(&h, &a);
    HG_CHECK_SLICE(hg_headers_find(&h, HG_LIT("COOKIE"))->value, "1");
    HG_CHECK_SLICE(hg_headers_find_id(&h, HG_FIELD_COOKIE, 1)->value, "3");
    HG_CHECK(hg_headers_find_id(&h, HG_FIELD_COOKIE, 3) == NULL);
    HG_CHECK(hg_headers_find(&h, HG_LIT("X-C")) == NULL);
    HG_CHECK_U64(hg_headers_count_id(&h, HG_FIELD_COOKIE), 2);
    HG_CHECK_U64(hg_headers_remove(&h, HG_LIT("X-a")), 2);
    HG_CHECK_U64(hg_headers_remove_id(&h, HG_FIELD_COOKIE), 2);
    HG_CHECK_U64(h.n, 1);
    HG_CHECK_SLICE(h.v[0].value, "5");
    hg_headers_remove_at(&h, 0);
    HG_CHECK_U64(h.n, 0);
    hg_arena_reset(&a);
}

HG_TEST(set_replaces_the_first_and_removes_the_rest)
{
    struct hg_arena a;
    struct hg_headers h;
    fill(&h, &a);
    HG_CHECK(hg_headers_set(&h, HG_LIT("X-A"), HG_LIT("new")));
    HG_CHECK_U64(h.n, 4);
    HG_CHECK_SLICE(h.v[1].value, "new");
    HG_CHECK_SLICE(h.v[3].value, "5");
    HG_CHECK(hg_headers_set(&h, HG_LIT("Cookie"), HG_LIT("c")));
    HG_CHECK_U64(h.n, 3);
    HG_CHECK(hg_headers_set(&h, HG_LIT("X-New"), HG_LIT("n")));
    HG_CHECK_SLICE(h.v[3].name, "X-New");
    hg_arena_reset(&a);
}

HG_TEST(the_list_has_a_ceiling)
{
    struct hg_arena a;
    struct hg_headers h;
    hg_arena_init(&a, 1u << 20);
    hg_headers_init(&h, &a);
    for (unsigned i = 0; i < HG_LIMIT_HEADER_LIST; i++)
        HG_CHECK(hg_headers_add(&h, HG_LIT("a"), HG_LIT("b")));
    HG_CHECK(!hg_headers_add(&h, HG_LIT("a"), HG_LIT("b")));
    hg_arena_reset(&a);
}

HG_TEST(tokens_of_a_list)
{
    struct hg_arena a;
    struct hg_headers h;
    hg_arena_init(&a, 64 * 1024);
    hg_headers_init(&h, &a);
    hg_headers_add(&h, HG_LIT("Connection"), HG_LIT("a, Keep-Alive"));
    hg_headers_add(&h, HG_LIT("Connection"), HG_LIT("upgrade"));
    HG_CHECK(hg_headers_has_token(&h, HG_FIELD_CONNECTION, HG_LIT("keep-alive")));
    HG_CHECK(hg_headers_has_token(&h, HG_FIELD_CONNECTION, HG_LIT("Upgrade")));
    HG_CHECK(!hg_headers_has_token(&h, HG_FIELD_CONNECTION, HG_LIT("keep")));
    HG_CHECK(!hg_headers_has_token(&h, HG_FIELD_UPGRADE, HG_LIT("upgrade")));
    hg_arena_reset(&a);
}

HG_TEST(query_parts_join_again)
{
    static const char *const queries[] = {"", "a", "a=", "=b", "a=b&c=d=e&f", "&", "a&&b&", "x=%26&y"};
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct hg_slice rest = hg_guarded_str(queries[i]), name, value, whole;
        char joined[64];
        size_t n = 0;
        hg_unit_row(queries[i]);
        for (bool first = true; hg_query_next(&rest, &name, &value, &whole); first = false) {
            if (!first)
                joined[n++] = '&';
            memcpy(joined + n, whole.p, whole.n);
            n += whole.n;
            HG_CHECK_U64(whole.n, name.n + (value.p ? value.n + 1 : 0));
        }
        HG_CHECK_SLICE(hg_slice(joined, n), queries[i]);
    }
    struct hg_slice none = hg_slice(NULL, 0), name, value, whole;
    HG_CHECK(!hg_query_next(&none, &name, &value, &whole));
}

HG_TEST(query_decoding)
{
    struct hg_arena a;
    hg_arena_init(&a, 4096);
    HG_CHECK_SLICE(hg_query_decode(&a, hg_guarded_str("a+b%20%41%zz%4")), "a b A%zz%4");
    HG_CHECK_SLICE(hg_query_decode(&a, hg_guarded_str("%")), "%");
    HG_CHECK(hg_query_decode(&a, hg_slice(NULL, 0)).p != NULL);
    hg_arena_reset(&a);
}

HG_TEST(ambiguous_paths)
{
    static const char *const bad[] = {"/.",      "/..",       "/a/../b",     "/a/./b", "/a/%2e%2E/b",
                                      "/a/.%2e", "/a\\b",     "/%5c",        "/a%00",  "/%1f",
                                      "/%7F",    "/a/..;x/b", "/a%2f..%2fb", "/..%2f", "/\x01"};
    static const char *const good[] = {"/",    "/a",   "/a//b",       "/...",  "/..a",
                                       "/a..", "/a.b", "/%2e%2e%2e",  "/a;..", "/%zz",
                                       "/%",   "*",    "/%252e%252e", "/a%2fb"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hg_unit_row(bad[i]);
        HG_CHECK(hg_path_is_ambiguous(hg_guarded_str(bad[i])));
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        hg_unit_row(good[i]);
        HG_CHECK(!hg_path_is_ambiguous(hg_guarded_str(good[i])));
    }
}

HG_TEST(error_and_reason_tables)
{
    HG_CHECK_STR(hg_http_error_name(HG_HTTP_TWO_FRAMINGS), "two_framings");
    HG_CHECK_U64(hg_http_error_status(HG_HTTP_HEAD_TOO_LARGE), 431);
    HG_CHECK_STR(hg_http_error_text(HG_HTTP_OK), "no error");
    HG_CHECK_STR(hg_http_reason(404), "Not Found");
    HG_CHECK_STR(hg_http_reason(299), "Unknown");
}
