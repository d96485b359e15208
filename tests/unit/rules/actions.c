/* SPDX-License-Identifier: MIT
 *
 * Actions on headers beyond drop and set: each where it applies, where it does
 * not, and on what a hostile peer may send.
 */
#include <string.h>

#include "base/limits.h"
#include "fixture.h"

/* One action on one message; the answer is the headers after it, or "FAIL <why>". */
struct row {
    const char *label;
    const char *headers[8][2];
    const char *after;
};

static void add(struct fixture *f, const struct hg_action_spec *spec)
{
    HG_CHECK_U64(fixture_append(f, spec), HG_APPEND_OK);
    if (f->note.text[0] != '\0')
        HG_CHECK_STR(f->note.text, "");
}

static void try_rows(const struct hg_action_spec *spec, const struct row *rows, size_t n)
{
    static const enum hg_direction directions[] = {HG_REQUEST_RULES, HG_RESPONSE_RULES};

    for (size_t i = 0; i < n * 2; i++) {
        struct fixture *f = fixture_new(directions[i % 2]);
        const struct row *row = &rows[i / 2];
        enum hg_verdict v;

        hg_unit_row(row->label);
        add(f, spec);
        for (size_t k = 0; k < 8 && row->headers[k][0] != NULL; k++)
            fixture_header(f, row->headers[k][0], row->headers[k][1]);
        v = fixture_run(f);
        if (v == HG_VERDICT_PASS)
            HG_CHECK_SLICE(fixture_headers(f), row->after);
        else
            HG_CHECK_SLICE(hg_arena_printf(&f->arena, "FAIL %s", hg_rule_fail_name(f->out.fail)), row->after);
        fixture_free(f);
    }
}

#define ROWS(spec, rows) try_rows(spec, rows, sizeof(rows) / sizeof(*(rows)))

HG_TEST(keep_header)
{
    const struct hg_slice names[] = {HG_LIT("x-keep"), HG_LIT("~^accept"), HG_LIT("x-<*")};
    const struct hg_action_spec spec = {.kind = HG_ACTION_KEEP_HEADER, .names = names, .n_names = 2};
    static const struct row rows[] = {
        {"drops what matches none",
         {{"Host", "a"}, {"X-Keep", "1"}, {"X-Other", "2"}, {"ACCEPT-Encoding", "3"}, {"Cookie", "4"}},
         "Host: a|X-Keep: 1|ACCEPT-Encoding: 3"},
        {"nothing to drop", {{"x-keep", "1"}}, "x-keep: 1"},
        {"framing and content stay",
         {{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}, {"content-type", "t"}, {"TE", "x"}},
         "Content-Length: 5|Transfer-Encoding: chunked|content-type: t|TE: x"},
        {"what looks like them does not", {{"Content_Type", "5"}, {"X-Content-Length", "5"}}, ""},
        {"the handshake stays, its protocol does not",
         {{"Sec-WebSocket-Key", "k"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Protocol", "token"}},
         "Sec-WebSocket-Key: k|Sec-WebSocket-Version: 13"},
        {"spelling is no way around",
         {{"X_Keep", "1"}, {"xx-keep", "2"}, {"x-keep-2", "3"}, {"\xff\xfe", "4"}},
         ""},
        {"no headers", {{NULL, NULL}}, ""},
    };

    ROWS(&spec, rows);
}

HG_TEST(keep_header_with_aliases)
{
    const struct hg_slice names[] = {HG_LIT("x-keep")};
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_KEEP_HEADER, .names = names, .n_names = 1, .aliases = true};
    static const struct row rows[] = {{"both", {{"X_Keep", "1"}, {"x-keep", "2"}}, "X_Keep: 1|x-keep: 2"}};

    ROWS(&spec, rows);
}

HG_TEST(keep_header_refuses)
{
    const struct hg_slice bad[] = {HG_LIT("ok"), HG_LIT("a b")}, regex[] = {HG_LIT("~(")};
    const struct hg_slice missing[] = {HG_LIT("$<NOT_THERE?>"), HG_LIT("ok")};
    struct hg_action_spec spec = {.kind = HG_ACTION_KEEP_HEADER};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.names = bad;
    spec.n_names = 2;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.names = regex;
    spec.n_names = 1;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.names = missing;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_VANISHED);
    spec.n_names = 2;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    fixture_header(f, "ok", "1");
    fixture_header(f, "no", "2");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "ok: 1");
    fixture_free(f);
}

HG_TEST(drop_header_value)
{
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_DROP_HEADER_VALUE, .name = HG_LIT("x-a"), .pattern = HG_LIT("~^(bad|)$")};
    static const struct row rows[] = {
        {"each field that matches",
         {{"X-A", "bad"}, {"x-a", "good"}, {"X-B", "bad"}, {"x-A", ""}},
         "x-a: good|X-B: bad"},
        {"none matches", {{"X-A", "BAD"}, {"X-B", "bad"}}, "X-A: BAD|X-B: bad"},
        {"searched in bytes of any kind",
         {{"X-A", "\xc3\x28 bad"}, {"X-A", "bad "}},
         "X-A: \xc3\x28 bad|X-A: bad "},
    };

    ROWS(&spec, rows);
}

HG_TEST(drop_header_value_that_cannot_be_told)
{
    static char huge[60000];
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_DROP_HEADER_VALUE, .name = HG_LIT("x-a"), .pattern = HG_LIT("~^(a+)+$")};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    memset(huge, 'a', sizeof(huge) - 2);
    huge[sizeof(huge) - 2] = 'b';
    add(f, &spec);
    fixture_header(f, "X-B", "1");
    fixture_header(f, "X-A", huge);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_PATTERN);
    fixture_free(f);
}

HG_TEST(replace_header)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_REPLACE_HEADER,
                                        .name = HG_LIT("x-a"),
                                        .pattern = HG_LIT("~^k=([^;]*)(;.*)?$"),
                                        .value = HG_LIT("v=$1 %{method}$$")};
    static const struct row rows[] = {
        {"each field that matches",
         {{"X-A", "k=1;x"}, {"X-B", "k=2"}, {"x-a", "k=3"}, {"X-A", "no"}},
         "X-A: v=1 GET$|X-B: k=2|x-a: v=3 GET$|X-A: no"},
        {"none", {{"X-B", "k=1"}}, "X-B: k=1"},
        {"what it brings is not expanded", {{"X-A", "k=$1%{path}$<A>"}}, "X-A: v=$1%{path}$<A> GET$"},
        {"bytes that are no text", {{"X-A", "k=\xff\xc0\x80"}}, "X-A: v=\xff\xc0\x80 GET$"},
    };

    ROWS(&spec, rows);
}

HG_TEST(replace_header_builds)
{
    static const struct {
        const char *name, *pattern, *value, *text;
        bool in_pattern, in_value;
    } rows[] = {
        {"host", "~x", "y", "Host is a framing or routing header: rules cannot set it", false, false},
        {"x", "~(", "y", "missing closing parenthesis (at offset 2)", true, false},
        {"x", "~(a)", "$2", "$2 is used, but the regex captures only 1 group", false, true},
        {"x", "~a", "$1", "there is no regex with groups that $1 could come from", false, true},
        {"x", "a", "b\nc", "the value has a character that is not allowed in a header", false, true},
    };
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hg_action_spec spec = {.kind = HG_ACTION_REPLACE_HEADER,
                                            .name = hg_slice_str(rows[i].name),
                                            .pattern = hg_slice_str(rows[i].pattern),
                                            .value = hg_slice_str(rows[i].value)};

        hg_unit_row(rows[i].value);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
        if (i != 3) /* that sentence is the template's */
            HG_CHECK_STR(f->note.text, rows[i].text);
        HG_CHECK(f->note.in_pattern == rows[i].in_pattern && f->note.in_value == rows[i].in_value);
    }
    fixture_free(f);
}

HG_TEST(replace_header_takes_the_captures_of_its_condition_without_groups_of_its_own)
{
    const struct hg_pair path = {HG_LIT("x"), HG_LIT("~^(.)")};
    const struct hg_when when = {.path = HG_LIT("~^/(a)/"), .query = &path};
    const struct hg_action_spec spec = {.kind = HG_ACTION_REPLACE_HEADER,
                                        .name = HG_LIT("x-a"),
                                        .pattern = HG_LIT("o*"),
                                        .value = HG_LIT("$<A> $1"),
                                        .when = &when};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    add(f, &spec);
    fixture_header(f, "X-A", "old");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "X-A: one a");
    fixture_free(f);
}

HG_TEST(add_to_list)
{
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_ADD_TO_LIST, .name = HG_LIT("X-List"), .value = HG_LIT("new;q=1")};
    static const struct row rows[] = {
        {"absent", {{"a", "b"}}, "a: b|X-List: new;q=1"},
        {"empty", {{"x-list", ""}}, "x-list: new;q=1"},
        {"behind the others", {{"x-list", "a,b"}}, "x-list: a,b, new;q=1"},
        {"to the last field", {{"x-list", "a"}, {"X-LIST", "b"}}, "x-list: a|X-LIST: b, new;q=1"},
        {"there", {{"x-list", "a, NEW ,b"}}, "x-list: a, NEW ,b"},
        {"there in another field, with parameters",
         {{"x-list", "new; q=0.5"}, {"x-list", "b"}},
         "x-list: new; q=0.5|x-list: b"},
        {"only in a quoted string", {{"x-list", "a=\"x, new, y\""}}, "x-list: a=\"x, new, y\", new;q=1"},
        {"a quote that is not closed hides nothing", {{"x-list", "a=\"x, new"}}, "x-list: a=\"x, new"},
        {"a quote where none may be hides nothing", {{"x-list", "a\", new, b\""}}, "x-list: a\", new, b\""},
        {"part of a name", {{"x-list", "newer, anew"}}, "x-list: newer, anew, new;q=1"},
        {"only commas", {{"x-list", " , ,"}}, "x-list:  , ,, new;q=1"},
    };

    ROWS(&spec, rows);
}

HG_TEST(add_to_list_from_the_request)
{
    static const struct row rows[] = {
        {"one member", {{"from", "beta-1"}}, "from: beta-1|x-list: beta-1"},
        {"nothing", {{"a", "b"}}, "a: b"},
        {"two members", {{"from", "a, b"}}, "FAIL rule_bad_value"},
        {"a comma in quotes", {{"from", "a=\"x,y\""}}, "FAIL rule_bad_value"},
        {"a quote", {{"from", "a=\"x"}}, "FAIL rule_bad_value"},
        {"no token", {{"from", ";q=1"}}, "FAIL rule_bad_value"},
        {"a line break", {{"from", "a\r\nx-evil: 1"}}, "FAIL rule_bad_value"},
    };
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_ADD_TO_LIST, .name = HG_LIT("x-list"), .value = HG_LIT("%{header:from}")};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        enum hg_verdict v;

        hg_unit_row(rows[i].label);
        add(f, &spec);
        fixture_header(f, rows[i].headers[0][0], rows[i].headers[0][1]);
        v = fixture_run(f);
        HG_CHECK_SLICE(v == HG_VERDICT_PASS
                           ? fixture_headers(f)
                           : hg_arena_printf(&f->arena, "FAIL %s", hg_rule_fail_name(f->out.fail)),
                       rows[i].after);
        fixture_free(f);
    }
}

HG_TEST(add_to_list_refuses)
{
    static const char *const members[] = {"", "a, b", "a,", "\"a", ";q=1", "a\nb"};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_action_spec spec = {.kind = HG_ACTION_ADD_TO_LIST, .name = HG_LIT("x")};

    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        hg_unit_row(members[i]);
        spec.value = hg_slice_str(members[i]);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
        HG_CHECK(f->note.in_value);
    }
    spec.value = HG_LIT("a");
    spec.name = HG_LIT("set-cookie");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.kind = HG_ACTION_DROP_FROM_LIST;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    fixture_free(f);
}

HG_TEST(drop_from_list)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_DROP_FROM_LIST,
                                        .name = HG_LIT("accept-encoding"),
                                        .pattern = HG_LIT("~^(br|zstd)$")};
    static const struct row rows[] = {
        {"some", {{"Accept-Encoding", "gzip, br;q=0.9,zstd , *;q=0"}}, "Accept-Encoding: gzip, *;q=0"},
        {"caselessly", {{"accept-encoding", "BR,gzip"}}, "accept-encoding: gzip"},
        {"all: the header goes", {{"accept-encoding", "br, zstd"}, {"a", "b"}}, "a: b"},
        {"one field of two",
         {{"accept-encoding", "br"}, {"accept-encoding", "gzip"}},
         "accept-encoding: gzip"},
        {"none: it stays as it was",
         {{"Accept-Encoding", "gzip,,deflate;q=1"}},
         "Accept-Encoding: gzip,,deflate;q=1"},
        {"an empty one stays", {{"Accept-Encoding", ""}}, "Accept-Encoding: "},
        {"a list that grows",
         {{"accept-encoding", "a,b,c,d,e,f,br,g"}},
         "accept-encoding: a, b, c, d, e, f, g"},
        {"quoted strings are whole",
         {{"accept-encoding", "x=\"a, br, b\", br"}},
         "accept-encoding: x=\"a, br, b\""},
        {"a quoted pair",
         {{"accept-encoding", "x=\"a\\\", br, \", br"}},
         "accept-encoding: x=\"a\\\", br, \""},
        {"a quote that is not closed hides nothing",
         {{"accept-encoding", "x=\"a, br, b"}},
         "accept-encoding: x=\"a, b"},
        {"a quote where none may be hides nothing",
         {{"accept-encoding", "x\", br, y\""}},
         "accept-encoding: x\", y\""},
        {"blanks of every kind", {{"accept-encoding", "\tbr\t;q=1 ,\t gzip"}}, "accept-encoding: gzip"},
        {"bytes that are no text",
         {{"accept-encoding", "\xff,br,\xc0\x80"}},
         "accept-encoding: \xff, \xc0\x80"},
    };

    ROWS(&spec, rows);
}

HG_TEST(drop_from_a_huge_list)
{
    static char list[60000];
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_DROP_FROM_LIST, .name = HG_LIT("x"), .pattern = HG_LIT("b")};

    for (size_t i = 0; i + 3 < sizeof(list); i += 4)
        memcpy(list + i, "a,b,", 4);
    list[sizeof(list) - 1] = '\0';
    add(f, &spec);
    fixture_header(f, "x", list);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_U64(f->request.headers.n, 1);
    HG_CHECK_U64(f->request.headers.v[0].value.n, 15000 * 3 - 2);
    fixture_free(f);
}
