/* SPDX-License-Identifier: MIT
 *
 * The scanner: what is JSON and what is not, at every cut.
 */
#include "usage/json.h"

#include <stdio.h>

#include "support/unit.h"

/* All calls as text. */
struct told {
    char text[2048];
    size_t n;
    bool all; /* look into everything */
};

static void tell(struct told *t, const char *what, struct hg_slice s)
{
    int n = snprintf(t->text + t->n, sizeof(t->text) - t->n, "%s%.*s ", what, HG_FMT(s));

    if (HG_CHECK(n > 0 && (size_t)n < sizeof(t->text) - t->n))
        t->n += (size_t)n;
}

static bool on_member(void *ctx, unsigned depth, const struct hg_jscan_text *name)
{
    struct told *t = ctx;
    char what[16];

    (void)snprintf(what, sizeof(what), "%u%s%s", depth, name == NULL ? "#" : ".",
                   name != NULL && name->escaped ? "\\" : "");
    tell(t, what, name != NULL ? name->bytes : HG_LIT(""));
    return t->all || (name != NULL && hg_slice_starts(name->bytes, HG_LIT("in")));
}

static bool on_value(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    static const char *const kinds[] = {"{", "[", "s:", "n:", "true", "false", "null"};
    struct told *t = ctx;

    (void)depth;
    tell(t, kinds[kind], text != NULL ? text->bytes : HG_LIT(""));
    if (text != NULL && text->cut)
        tell(t, "cut", HG_LIT(""));
    if (text != NULL && text->lone)
        tell(t, "lone", HG_LIT(""));
    return true;
}

static void on_document(void *ctx)
{
    tell(ctx, "end", HG_LIT(""));
}

static const struct hg_jscan_events events = {
    .member = on_member, .value = on_value, .document = on_document};

/* In two spans. *error: why not, or NULL. */
static bool scan(struct hg_slice in, size_t cut, bool many, struct told *t, struct hg_jscan *s)
{
    hg_jscan_init(s, &events, t, many);
    return hg_jscan_feed(s, hg_slice(in.p, cut)) && hg_jscan_feed(s, hg_slice_from(in, cut)) &&
           hg_jscan_end(s);
}

static void check_told(const char *text, bool many, bool all, const char *expected)
{
    struct hg_slice in = hg_guarded_str(text);

    hg_unit_row(text);
    for (size_t cut = 0; cut <= in.n; cut++) {
        struct told t = {.all = all};
        struct hg_jscan s;
        HG_CHECK(scan(in, cut, many, &t, &s));
        HG_CHECK_SLICE(hg_slice(t.text, t.n), expected);
        HG_CHECK_U64(s.offset, in.n);
        HG_CHECK(!hg_jscan_open(&s));
    }
}

HG_TEST(tells_what_is_there)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"{}", "{ end "},
        {" [ ] ", "[ end "},
        {"17", "n:17 end "},
        {"-0.5e+10 ", "n:-0.5e+10 end "},
        {"\"\"", "s: end "},
        {"true", "true end "},
        {"\tnull\r\n", "null end "},
        {"{\"a\":1,\"b\":[false,{\"c\":\"d\"}]}", "{ 1.a n:1 1.b [ 2# false 2# { 3.c s:d end "},
        {"[\"\\u0041\\n\\\"\\/\\u00e9\\u20ac\\ud83d\\ude80\"]", "[ 1# s:A\n\"/é€🚀 end "},
        {"[\"\\ud83dx\",\"\\ude80\",\"\\ud83d\\ud83d\\ude80\",\"\\ud83d\"]",
         "[ 1# s:\xef\xbf\xbdx lone 1# s:\xef\xbf\xbd lone 1# s:\xef\xbf\xbd🚀 lone 1# s:\xef\xbf\xbd lone "
         "end "},
        {"{\"\\u006d\":0}", "{ 1.\\m n:0 end "},
        {"[\"caf\xc3\xa9 \xf0\x9f\x9a\x80 and more than eight bytes\"]",
         "[ 1# s:café 🚀 and more than eight bytes end "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        check_told(rows[i].text, false, true, rows[i].expected);
}

HG_TEST(what_nobody_wants_is_passed_over)
{
    check_told("{\"out\":{\"in\":[1,{\"in\":2}]},\"in\":{\"x\":[[]],\"in\":3},\"z\":\"\"}", false, false,
               "{ 1.out 1.in { 2.x 2.in n:3 1.z end ");
}

HG_TEST(documents_in_a_row)
{
    check_told("{\"in\":1}\n{\"in\":2}\n", true, false, "{ 1.in n:1 end { 1.in n:2 end ");
    check_told("1 2\n\"a\"[]", true, true, "n:1 end n:2 end s:a end [ end ");
}

HG_TEST(what_is_not_json)
{
    static const char *const rows[] = {
        "{",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "[",
        "]",
        "}",
        "[}",
        "{]",
        "01",
        "1.",
        "-",
        "+1",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "--1",
        "tru",
        "trux",
        "nul",
        "True",
        "\"a",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12\"",
        "\"a\nb\"",
        "\"\t\"",
        "'a'",
        "{} {}",
        "1 2",
        "NaN",
        "[1]]",
        "\"\xff\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",
        "\"\x80\"",
        "\xef\xbb\xbf{}",
        "{\"a\":1 \"b\":2}",
        "[,1]",
        "{,}",
        "",
        " ",
        "1a",
        "[1,,2]",
        "{\"a\"::1}",
        "//x\n1",
        "\"\\",
        "[1}",
        "{\"a\":1]",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_slice in = hg_guarded_str(rows[i]);
        hg_unit_row(rows[i]);
        for (size_t cut = 0; cut <= in.n; cut++) {
            struct told t = {.all = cut % 2 == 0};
            struct hg_jscan s;
            HG_CHECK(!scan(in, cut, false, &t, &s));
        }
    }
}

/* Plain bytes are passed over in blocks: a byte that is not plain is seen wherever in one it stands. */
HG_TEST(each_byte_at_each_place)
{
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned at = 0; at < 20; at++) {
            char text[] = "\"01234567890123456789\"";
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            struct told t = {.all = true};
            struct hg_jscan s;
            text[1 + at] = (char)byte;
            if (byte == '\\' && at == 19)
                continue; /* an escape that is one */
            HG_CHECK(scan(hg_guarded(HG_LIT(text)), 0, false, &t, &s) == plain);
            if (byte == '"')
                continue; /* what came before it was told */
            HG_CHECK_U64(t.n, plain ? sizeof("s:01234567890123456789 end ") - 1 : 0);
        }
    hg_guarded_reset();
}

HG_TEST(an_error_says_where)
{
    struct told t = {.all = true};
    struct hg_jscan s;

    HG_CHECK(!scan(hg_guarded_str("{\"abc\": \"de\x01g\"}"), 3, false, &t, &s));
    HG_CHECK_STR(s.error, "a control character in a string");
    HG_CHECK_U64(s.offset, 11);
    HG_CHECK(!hg_jscan_feed(&s, HG_LIT("}")));
    HG_CHECK(!hg_jscan_end(&s));
    HG_CHECK_U64(s.offset, 11);
}

HG_TEST(depth_has_a_ceiling)
{
    struct told t = {0};
    struct hg_jscan s;

    hg_jscan_init(&s, &events, &t, false);
    HG_CHECK(hg_jscan_feed(&s, HG_LIT("{\"x\":")));
    for (unsigned i = 1; i < HG_LIMIT_JSON_DEPTH; i++)
        HG_CHECK(hg_jscan_feed(&s, HG_LIT("[")));
    HG_CHECK(!hg_jscan_feed(&s, HG_LIT("{")));
    HG_CHECK(s.too_deep);
    HG_CHECK_STR(s.error, "more levels than are read");
}

HG_TEST(long_strings_are_cut_and_read_on)
{
    struct told t = {.all = true};
    struct hg_jscan s;

    hg_jscan_init(&s, &events, &t, false);
    HG_CHECK(hg_jscan_feed(&s, HG_LIT("[\"")));
    for (unsigned i = 0; i < 1000; i++)
        HG_CHECK(hg_jscan_feed(&s, HG_LIT("0123456789")));
    HG_CHECK(hg_jscan_feed(&s, HG_LIT("\",7]")));
    HG_CHECK(hg_jscan_end(&s));
    HG_CHECK_U64(t.n, sizeof("[ 1# s:") - 1 + HG_JSCAN_TEXT + sizeof(" cut 1# n:7 end ") - 1);
}

HG_TEST(a_scanner_can_be_used_again)
{
    struct told t = {.all = true};
    struct hg_jscan s;

    hg_jscan_init(&s, &events, &t, false);
    HG_CHECK(!hg_jscan_feed(&s, HG_LIT("{\"a\":[x")));
    hg_jscan_reset(&s);
    t.n = 0;
    HG_CHECK(hg_jscan_feed(&s, HG_LIT("[5]")));
    HG_CHECK(hg_jscan_end(&s));
    HG_CHECK_SLICE(hg_slice(t.text, t.n), "[ 1# n:5 end ");
}
