/* SPDX-License-Identifier: MIT
 *
 * What a tap says of answers that are odd.
 */
#include "usage/tap.h"

#include <stdlib.h>

#include "base/limits.h"
#include "case.h"
#include "pack.h"
#include "support/unit.h"

#define RULES "input = u.in x.in; output = u.out; model = m n"

struct expected {
    enum hg_tap_state state;
    const char *why;
    uint64_t input, output;
    const char *model;
};

static const char json[] = "application/json", sse[] = "text/event-stream", lines[] = "application/x-ndjson";

static void check_usage(const struct hg_tap *tap, const struct expected *e)
{
    struct hg_tap_usage usage;

    hg_tap_usage(tap, &usage);
    HG_CHECK_U64(usage.state, e->state);
    HG_CHECK_STR(hg_tap_why_word(usage.why), e->why);
    HG_CHECK_U64(usage.tokens[HG_TAP_INPUT], e->input);
    HG_CHECK_U64(usage.tokens[HG_TAP_OUTPUT], e->output);
    HG_CHECK_SLICE(usage.model, e->model != NULL ? e->model : "");
}

static void check_body(const struct hg_tap_head *head, const char *rules_text, const char *body, bool whole,
                       struct expected e)
{
    struct hg_tap_rules *rules = usage_rules(rules_text);
    struct hg_slice in = hg_guarded_str(body);

    hg_unit_row(body);
    for (size_t cut = 0; cut <= in.n; cut++) {
        struct hg_tap *tap = hg_tap_new(rules, head, 0);
        HG_NEED(tap != NULL);
        hg_tap_feed(tap, hg_slice(in.p, cut));
        hg_tap_feed(tap, hg_slice_from(in, cut));
        hg_tap_end(tap, whole);
        check_usage(tap, &e);
        hg_tap_free(tap);
    }
    hg_tap_rules_free(rules);
}

static void check(const char *type, const char *body, bool whole, struct expected e)
{
    const struct hg_tap_head head = {.status = 200, .content_type = hg_slice_str(type)};

    check_body(&head, RULES, body, whole, e);
}

#define MEASURED(in, out, model) ((struct expected){HG_TAP_MEASURED, "", in, out, model})
#define NOTHING ((struct expected){HG_TAP_NOTHING, "", 0, 0, NULL})
#define NOT(why) ((struct expected){HG_TAP_NOT_MEASURED, why, 0, 0, NULL})

HG_TEST(alternatives_in_their_order)
{
    check(json, "{\"u\":{\"in\":1},\"x\":{\"in\":2}}", true, MEASURED(1, 0, NULL));
    check(json, "{\"x\":{\"in\":2},\"u\":{\"in\":1},\"n\":\"b\",\"m\":\"a\"}", true, MEASURED(1, 0, "a"));
    check(json, "{\"m\":\"a\",\"x\":{\"in\":2},\"n\":\"b\"}", true, MEASURED(2, 0, "a"));
    check(sse, "data:{\"u\":{\"in\":1},\"m\":\"a\"}\n\ndata:{\"x\":{\"in\":2},\"n\":\"b\"}\n\n", true,
          MEASURED(1, 0, "a"));
    check(sse, "data:{\"x\":{\"in\":2},\"n\":\"b\"}\n\ndata:{\"u\":{\"in\":0},\"m\":\"a\"}\n\n", true,
          MEASURED(0, 0, "a"));
}

HG_TEST(the_last_counts_or_all_do)
{
    const struct hg_tap_head head = {.status = 200, .content_type = HG_LIT(sse)};
    static const char body[] = "data:{\"u\":{\"in\":1,\"out\":5,\"out\":7}}\n\ndata:{\"u\":{\"in\":2}}\n\n";

    check(sse, body, true, MEASURED(2, 7, NULL));
    check_body(&head, "sum;" RULES, body, true, MEASURED(3, 7, NULL));
    check_body(&head, "sum;" RULES,
               "data:{\"u\":{\"in\":18446744073709551615}}\n\ndata:{\"u\":{\"in\":2,\"out\":1}}\n\n", true,
               MEASURED(UINT64_MAX, 1, NULL));
    check(lines, "{\"u\":{\"in\":1}}\n{\"u\":{\"in\":4}}\n", true, MEASURED(4, 0, NULL));
}

HG_TEST(what_is_no_count)
{
    check(json, "{\"u\":{\"in\":-1,\"out\":1.0}}", true, NOTHING);
    check(json, "{\"u\":{\"in\":\"7\",\"out\":null}}", true, NOTHING);
    check(json, "{\"u\":{\"in\":1e3,\"out\":18446744073709551616}}", true, NOTHING);
    check(json, "{\"u\":{\"in\":[5],\"out\":{}},\"m\":7}", true, NOTHING);
    check(json, "{\"u\":{\"in\":3,\"in\":null}}", true, MEASURED(3, 0, NULL));
    check(json, "[]", true, NOTHING);
    check(json, "", true, NOTHING);
    check(json, "{\"m\":\"a\"}", true, ((struct expected){HG_TAP_NOTHING, "", 0, 0, "a"}));
}

HG_TEST(a_model_is_cleaned)
{
    check(json, "{\"u\":{\"in\":0},\"m\":\"a\\u0000\\n\\u001b[1m\\u007f\\u0085\xc2\x9b b\\u00e9\"}", true,
          MEASURED(0, 0, "a[1m b\xc3\xa9"));
    check(json, "{\"u\":{\"in\":0},\"m\":\"\"}", true, MEASURED(0, 0, ""));
    check(json,
          "{\"u\":{\"in\":0},\"m\":\"0123456789012345678901234567890123456789012345678901234567890123456789"
          "012345678901234567890123456789012345678901234567890123456\xe2\x82\xac more\"}",
          true,
          MEASURED(0, 0,
                   "0123456789012345678901234567890123456789012345678901234567890123456789"
                   "012345678901234567890123456789012345678901234567890123456"));
}

HG_TEST(bad_events_are_passed_over)
{
    check(sse, "data:{\"u\":{\"in\":9}\n\ndata:{\"u\":{\"in\":1}}\n\ndata:{\"u\":{\"in\":9}} x\n\n", true,
          MEASURED(1, 0, NULL));
    check(sse, "data: hello\n\n", true, NOT("bad_json"));
    check(sse, "data: [DONE]\n\n", true, NOTHING);
    check(sse, "data: [DONE\n\n", true, NOT("bad_json"));
    check(sse, "data: [DONE]]\n\n", true, NOT("bad_json"));
    check(sse, "data: [\n\ndata: [[],5]\n\n: nothing\n\ndata:\n\n", true, NOT("bad_json"));
    check(sse, "data: \n\n: ping\n\ndata: []\n\n", true, NOTHING);
    check(sse, "data: {\"u\":\ndata: {\"in\":6}}\n\n", true, MEASURED(6, 0, NULL));
}

HG_TEST(a_bad_body_is_not_measured)
{
    check(json, "{\"u\":{\"in\":1}", true, NOT("bad_json"));
    check(json, "{\"u\":{\"in\":1},}", true, NOT("bad_json"));
    check(json, "<html>", true, NOT("bad_json"));
    check(json, "{\"u\":{\"in\":1}} x", true,
          ((struct expected){HG_TAP_NOT_MEASURED, "bad_json", 1, 0, NULL}));
    check(lines, "{\"u\":{\"in\":1}}\nx\n", true,
          ((struct expected){HG_TAP_NOT_MEASURED, "bad_json", 1, 0, NULL}));
}

HG_TEST(an_answer_that_broke_off)
{
    const struct hg_tap_head stream = {.status = 200, .content_type = HG_LIT(sse)};

    check(json, "{\"m\":\"a\",\"z\":[", false,
          ((struct expected){HG_TAP_NOT_MEASURED, "incomplete", 0, 0, "a"}));
    check(json, "{\"u\":{\"in\":1},\"z\":[", false, MEASURED(1, 0, NULL));
    check(json, "{\"u\":{\"in\":1", false, NOT("incomplete"));
    check(sse, "data:{\"u\":{\"in\":1}}\n\ndata:{\"u\":{\"in\":2,", false, MEASURED(2, 0, NULL));
    check(sse, "data:{\"u\":{\"in\":1}}\n\ndata:{\"u\":{\"out\":2}}", false, MEASURED(1, 2, NULL));
    check(sse, "data:{\"u\":{\"in\":1}}\n\ndata:{\"u\":{\"out\":2}} x", false, MEASURED(1, 0, NULL));
    check(sse, "", false, NOT("incomplete"));
    check_body(&stream, "sum;" RULES, "data:{\"u\":{\"in\":1}}\n\n", false, MEASURED(1, 0, NULL));
    check_body(&stream, "sum;" RULES, "data:{\"u\":{\"in\":1}}\n\ndata:[DON", false, MEASURED(1, 0, NULL));
}

HG_TEST(types_and_codings)
{
    static const struct {
        const char *type, *coding;
        unsigned status;
        const char *why;
    } rows[] = {
        {"application/json", NULL, 200, ""},
        {" Application/JSON ; charset=utf-8", "identity", 200, ""},
        {"application/vnd.api+json", NULL, 200, ""},
        {"text/event-stream;charset=utf-8", "gzip", 200, ""},
        {"application/x-ndjson", NULL, 200, ""},
        {NULL, NULL, 200, "unknown_type"},
        {"text/html", NULL, 200, "unknown_type"},
        {"application/jsonx", NULL, 200, "unknown_type"},
        {"application/json", "compress", 200, "bad_encoding"},
        {"application/json", NULL, 101, ""},
        {NULL, NULL, 101, ""},
    };
    struct hg_tap_rules *rules = usage_rules(RULES);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hg_tap_head head = {.status = rows[i].status,
                                         .content_type = hg_slice_str(rows[i].type),
                                         .content_encoding = hg_slice_str(rows[i].coding)};
        struct hg_tap *tap = hg_tap_new(rules, &head, 0);
        struct hg_tap_usage usage;
        hg_unit_row(rows[i].type);
        HG_NEED(tap != NULL);
        hg_tap_usage(tap, &usage);
        HG_CHECK_STR(hg_tap_why_word(usage.why), rows[i].why);
        hg_tap_free(tap);
    }
    hg_tap_rules_free(rules);
}

/* What is known can be asked while it goes on. */
HG_TEST(usage_while_it_runs)
{
    const struct hg_tap_head head = {.status = 200, .content_type = HG_LIT(sse)};
    struct hg_tap_rules *rules = usage_rules("sum;" RULES);
    struct hg_tap *tap = hg_tap_new(rules, &head, 0);

    HG_NEED(tap != NULL);
    check_usage(tap, &NOTHING);
    hg_tap_feed(tap, HG_LIT("data:{\"u\":{\"in\":1}}\n\ndata:{\"u\":{\"in\":5}}"));
    check_usage(tap, &MEASURED(1, 0, NULL));
    hg_tap_feed(tap, HG_LIT("\n\ndata:{\"m\":\"a\"}\n\n"));
    check_usage(tap, &MEASURED(6, 0, "a"));
    hg_tap_free(tap);
    hg_tap_rules_free(rules);
}

/* Each event of a coded stream is counted when its bytes are there, not only at the end. */
HG_TEST(events_of_a_coded_stream_are_not_held_back)
{
    static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};
    static const char body[] =
        "data:{\"u\":{\"in\":1}}\n\n: x\n\ndata:{\"u\":{\"in\":2}}\n\ndata:{\"u\":{\"in\":3}}\n\n";
    static const uint64_t known[] = {1, 1, 2, 3};
    struct hg_tap_rules *rules = usage_rules(RULES);

    for (size_t i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
        const struct hg_tap_head head = {
            .status = 200, .content_type = HG_LIT(sse), .content_encoding = hg_slice_str(codings[i])};
        struct hg_tap *tap = hg_tap_new(rules, &head, 0);
        size_t at[4], n, from = 0;
        struct hg_slice packed = pack_events(codings[i], HG_LIT(body), at, 4, &n);
        hg_unit_row(codings[i]);
        HG_NEED(tap != NULL && n == 4);
        for (size_t event = 0; event < n; event++) {
            hg_tap_feed(tap, hg_slice(packed.p + from, at[event] - from));
            from = at[event];
            check_usage(tap, &MEASURED(known[event], 0, NULL));
        }
        free((void *)packed.p);
        hg_tap_free(tap);
    }
    hg_tap_rules_free(rules);
}

HG_TEST(limits)
{
    const struct hg_tap_head body = {.status = 200, .content_type = HG_LIT(json)};
    const struct hg_tap_head stream = {.status = 200, .content_type = HG_LIT(sse)};
    struct hg_tap_rules *rules = usage_rules(RULES);
    struct hg_tap *tap = hg_tap_new(rules, &body, 20);

    HG_NEED(tap != NULL);
    hg_tap_feed(tap, HG_LIT("{\"u\":{\"in\":1}} "));
    hg_tap_feed(tap, HG_LIT("      "));
    check_usage(tap, &((struct expected){HG_TAP_NOT_MEASURED, "too_large", 1, 0, NULL}));
    hg_tap_feed(tap, HG_LIT("more"));
    hg_tap_end(tap, true);
    check_usage(tap, &((struct expected){HG_TAP_NOT_MEASURED, "too_large", 1, 0, NULL}));
    hg_tap_free(tap);

    /* A stream may be of any length, an event not. */
    tap = hg_tap_new(rules, &stream, 24);
    HG_NEED(tap != NULL);
    for (unsigned i = 0; i < 1000; i++)
        hg_tap_feed(tap, HG_LIT("data:{\"u\":{\"in\":1}}\n\n"));
    check_usage(tap, &MEASURED(1, 0, NULL));
    hg_tap_feed(tap, HG_LIT("data:{\"u\":{\"in\":1},   }\n\n"));
    check_usage(tap, &((struct expected){HG_TAP_NOT_MEASURED, "too_large", 1, 0, NULL}));
    hg_tap_free(tap);
    hg_tap_rules_free(rules);
}

HG_TEST(memory_is_given_back_when_a_tap_gives_up)
{
    struct hg_budget thread = {.ceiling = HG_LIMIT_TAP_MEMORY};
    const struct hg_tap_head head = {
        .status = 200, .content_type = HG_LIT(json), .content_encoding = HG_LIT("gzip"), .budget = &thread};
    struct hg_tap_rules *rules = usage_rules(RULES);
    struct hg_tap *tap = hg_tap_new(rules, &head, 0);
    size_t idle;

    HG_NEED(tap != NULL);
    HG_CHECK(thread.used > 0);
    idle = hg_tap_memory(tap) - thread.used;
    hg_tap_feed(tap, HG_LIT("this is not gzip"));
    check_usage(tap, &NOT("bad_encoding"));
    HG_CHECK_U64(thread.used, 0);
    HG_CHECK_U64(hg_tap_memory(tap), idle);
    hg_tap_end(tap, true);
    hg_tap_free(tap);

    thread.ceiling = 100;
    tap = hg_tap_new(rules, &head, 0);
    HG_NEED(tap != NULL);
    check_usage(tap, &NOT("memory"));
    hg_tap_free(tap);
    hg_tap_rules_free(rules);
}

HG_TEST(a_coding_that_broke_off)
{
    const struct hg_tap_head head = {
        .status = 200, .content_type = HG_LIT(json), .content_encoding = HG_LIT("gzip")};
    struct hg_tap_rules *rules = usage_rules(RULES);
    struct hg_slice packed = pack("gzip", HG_LIT("{\"u\":{\"in\":1,\"out\":2},\"m\":\"a\"}"));

    for (size_t n = 1; n < packed.n; n++) {
        struct hg_tap *tap = hg_tap_new(rules, &head, 0);
        struct hg_tap_usage usage;
        HG_NEED(tap != NULL);
        hg_tap_feed(tap, hg_slice(packed.p, n));
        hg_tap_end(tap, true);
        hg_tap_usage(tap, &usage);
        /* Only the checksum is missing, or the counts are not there (the last bits end the block). */
        HG_CHECK(n < packed.n - 8 || usage.state == HG_TAP_MEASURED);
        HG_CHECK(n > packed.n - 11 || usage.state == HG_TAP_NOT_MEASURED);
        hg_tap_free(tap);
    }
    free((void *)packed.p);
    hg_tap_rules_free(rules);
}

HG_TEST(websockets_that_are_odd)
{
#define FIRST "\x81\x10{\"u\":{\"in\":17}} "
    static const struct {
        const char *extensions;
        struct hg_slice in;
        struct expected e;
    } rows[] = {
        {NULL, HG_LIT_INIT(FIRST), {HG_TAP_MEASURED, "", 17, 0, NULL}},
        {NULL, HG_LIT_INIT(FIRST "\x81\x06[DONE]"), {HG_TAP_MEASURED, "", 17, 0, NULL}},
        {NULL, HG_LIT_INIT(FIRST "\x81\x05hello"), {HG_TAP_MEASURED, "", 17, 0, NULL}},
        {NULL, HG_LIT_INIT("\x81\x05hello"), {HG_TAP_NOT_MEASURED, "bad_json", 0, 0, NULL}},
        {NULL, HG_LIT_INIT(FIRST "\xc1\x01x"), {HG_TAP_NOT_MEASURED, "bad_frame", 17, 0, NULL}},
        {"permessage-deflate",
         HG_LIT_INIT(FIRST "\xc1\x02\xff\xff"),
         {HG_TAP_NOT_MEASURED, "bad_encoding", 17, 0, NULL}},
        {"x-other", HG_LIT_INIT(FIRST), {HG_TAP_NOT_MEASURED, "bad_encoding", 0, 0, NULL}},
    };
    struct hg_tap_rules *rules = usage_rules(RULES);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hg_tap_head head = {.status = 101, .extensions = hg_slice_str(rows[i].extensions)};
        struct hg_tap *tap = hg_tap_new(rules, &head, 0);
        hg_unit_row(rows[i].e.why);
        HG_NEED(tap != NULL);
        hg_tap_feed(tap, hg_guarded(rows[i].in));
        hg_tap_end(tap, true);
        check_usage(tap, &rows[i].e);
        hg_tap_free(tap);
    }
    hg_tap_rules_free(rules);
}

HG_TEST(a_bomb_is_too_large_and_holds_nothing)
{
    const struct hg_tap_head head = {
        .status = 200, .content_type = HG_LIT(json), .content_encoding = HG_LIT("br")};
    struct hg_tap_rules *rules = usage_rules(RULES);
    struct hg_tap *tap = hg_tap_new(rules, &head, 0);
    struct hg_slice spaces = hg_slice(malloc(8u << 20), 8u << 20), packed;
    size_t most;

    HG_NEED(tap != NULL && spaces.p != NULL);
    most = hg_tap_memory(tap);
    memset((char *)spaces.p, ' ', spaces.n);
    packed = pack("br", spaces);
    hg_tap_feed(tap, packed);
    check_usage(tap, &NOT("too_large"));
    HG_CHECK(hg_tap_memory(tap) < most);
    hg_tap_free(tap);
    free((void *)packed.p);
    free((void *)spaces.p);
    hg_tap_rules_free(rules);
}

HG_TEST(names)
{
    HG_CHECK_STR(hg_tap_field_name(HG_TAP_INPUT), "input");
    HG_CHECK_STR(hg_tap_field_name(HG_TAP_CACHE_WRITE), "cache-write");
    HG_CHECK_STR(hg_tap_field_name(HG_TAP_MODEL), "model");
    HG_CHECK_STR(hg_tap_why_word(HG_TAP_BAD_FRAME), "bad_frame");
    HG_CHECK_STR(hg_tap_why_word(HG_TAP_NO_MEMORY), "memory");
}
