/* SPDX-License-Identifier: MIT
 *
 * Actions on the target and the status: each where it applies, where it does
 * not, and on what a hostile peer may send.
 */
#include "fixture.h"

/* One action on one target; the answer is the target after it, or "FAIL <why>". */
struct row {
    const char *label;
    struct hg_action_spec spec;
    const char *path, *query; /* as they arrive; path NULL: "/a/b" */
    const char *given;        /* value of X-Given; NULL: none */
    const char *after;
};

static struct hg_slice target_of(struct fixture *f)
{
    return hg_arena_printf(&f->arena, "%.*s%s%.*s", HG_FMT(f->request.path), f->request.query.p ? "?" : "",
                           HG_FMT(f->request.query));
}

static void try_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);

        hg_unit_row(rows[i].label);
        HG_CHECK_U64(fixture_append(f, &rows[i].spec), HG_APPEND_OK);
        HG_CHECK_STR(f->note.text, "");
        if (rows[i].path != NULL)
            f->request.path = hg_guarded_str(rows[i].path);
        fixture_query(f, rows[i].query);
        if (rows[i].given != NULL)
            fixture_header(f, "X-Given", rows[i].given);
        if (fixture_run(f) == HG_VERDICT_PASS)
            HG_CHECK_SLICE(target_of(f), rows[i].after);
        else
            HG_CHECK_SLICE(hg_arena_printf(&f->arena, "FAIL %s", hg_rule_fail_name(f->out.fail)),
                           rows[i].after);
        fixture_free(f);
    }
}

#define ROWS(rows) try_rows(rows, sizeof(rows) / sizeof(*(rows)))
#define SET_QUERY(n, v)                                                              \
    {                                                                                \
        .kind = HG_ACTION_SET_QUERY, .name = HG_LIT_INIT(n), .value = HG_LIT_INIT(v) \
    }
#define SET_PATH(v)                                         \
    {                                                       \
        .kind = HG_ACTION_SET_PATH, .value = HG_LIT_INIT(v) \
    }
#define REPLACE_PATH(p, v)                                                                 \
    {                                                                                      \
        .kind = HG_ACTION_REPLACE_PATH, .pattern = HG_LIT_INIT(p), .value = HG_LIT_INIT(v) \
    }
HG_TEST(set_query)
{
    static const struct row rows[] = {
        {"none there", SET_QUERY("k", "v"), NULL, NULL, NULL, "/a/b?k=v"},
        {"an empty query", SET_QUERY("k", "v"), NULL, "", NULL, "/a/b?k=v"},
        {"others stay", SET_QUERY("k", "v"), NULL, "a=%20+&&b", NULL, "/a/b?a=%20+&&b&k=v"},
        {"in place of the first", SET_QUERY("k", "v"), NULL, "a=1&k=0&b=2&k=3&k", NULL, "/a/b?a=1&k=v&b=2"},
        {"however it is spelled", SET_QUERY("key", "v"), NULL, "K%65y=0&KEY=1&key2=2", NULL,
         "/a/b?key=v&key2=2"},
        {"encoded", SET_QUERY("k k", "%{header:X-Given}"), NULL, NULL, "a&b=c#d?/ \t\xc3\xa9+%20",
         "/a/b?k%20k=a%26b%3Dc%23d%3F%2F%20%09%C3%A9%2B%2520"},
        {"nothing to put in", SET_QUERY("k", "%{header:X-Given}"), NULL, NULL, NULL, "/a/b?k="},
        {"a line break", SET_QUERY("k", "%{header:X-Given}"), NULL, NULL, "a\r\nb", "FAIL rule_bad_value"},
        {"a target without a query", SET_QUERY("k", "v"), "*", NULL, NULL, "*"},
        {"a secret", SET_QUERY("k", "$<secret:key>"), NULL, NULL, NULL, "/a/b?k=s3cret"},
        {"a secret without a value", SET_QUERY("k", "$<secret:gone>"), NULL, NULL, NULL,
         "FAIL not_configured"},
    };

    ROWS(rows);
}

HG_TEST(set_path)
{
    static const struct row rows[] = {
        {"the query stays", SET_PATH("/x"), NULL, "a=/../b", NULL, "/x?a=/../b"},
        {"made of the old one", SET_PATH("/x%{path}"), NULL, NULL, NULL, "/x/a/b"},
        {"a secret", SET_PATH("/bot$<secret:key>/send"), NULL, NULL, NULL, "/bots3cret/send"},
        {"more slashes", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "a//b%2f", "/x/a//b%2f"},
        {"a query", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "a?b", "FAIL rule_bad_path"},
        {"a fragment", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "a#b", "FAIL rule_bad_path"},
        {"a space", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "a b", "FAIL rule_bad_path"},
        {"a line break", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "a\r\nX: b", "FAIL rule_bad_path"},
        {"not ASCII", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "\xc3\xa9", "FAIL rule_bad_path"},
        {"another host", SET_PATH("/%{header:X-Given}"), NULL, NULL, "/evil.test/", "FAIL rule_bad_path"},
        {"no slash", SET_PATH("%{header:X-Given}"), NULL, NULL, "a", "FAIL rule_bad_path"},
        {"nothing", SET_PATH("%{header:X-Given}"), NULL, NULL, NULL, "FAIL rule_bad_path"},
        {"a dot segment", SET_PATH("/x/%{header:X-Given}/y"), NULL, NULL, "..", "FAIL rule_bad_path"},
        {"an encoded one", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "%2E%2e", "FAIL rule_bad_path"},
        {"made by joining", SET_PATH("/x/.%{header:X-Given}"), NULL, NULL, "./y", "FAIL rule_bad_path"},
        {"a backslash", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "a\\..\\b", "FAIL rule_bad_path"},
        {"an encoded control", SET_PATH("/x/%{header:X-Given}"), NULL, NULL, "%0d%0a", "FAIL rule_bad_path"},
        {"dots that were there", SET_PATH("/x%{path}"), "/a/../b", NULL, NULL, "/x/a/../b"},
        {"one more", SET_PATH("/x%{path}/%{header:X-Given}"), "/a/../b", NULL, "..", "FAIL rule_bad_path"},
    };

    ROWS(rows);
}

HG_TEST(replace_path)
{
    static const struct row rows[] = {
        {"matches", REPLACE_PATH("~^/a/(.*)$", "/$1"), NULL, "q", NULL, "/b?q"},
        {"does not", REPLACE_PATH("~^/A/(.*)$", "/$1"), NULL, NULL, NULL, "/a/b"},
        {"a glob", REPLACE_PATH("/a/*", "/x"), NULL, NULL, NULL, "/x"},
        {"as a whole", REPLACE_PATH("~b", "/x"), NULL, NULL, NULL, "/x"},
        {"only the path", REPLACE_PATH("~z", "/x"), NULL, "z", NULL, "/a/b?z"},
        {"%2F is data", REPLACE_PATH("~^/p/([^/]+)$", "/q/$1"), "/p/@a%2Fb", NULL, NULL, "/q/@a%2Fb"},
        {"another host", REPLACE_PATH("~^/a(.*)$", "$1"), "/a//evil.test/", NULL, NULL, "FAIL rule_bad_path"},
        {"dots closer to the root", REPLACE_PATH("~^/a/(.*)$", "/$1"), "/a/..%2f..", NULL, NULL, "/..%2f.."},
        {"dots out of two halves", REPLACE_PATH("~^/(.*)x(.*)$", "/$1$2"), "/.x.", NULL, NULL,
         "FAIL rule_bad_path"},
        {"nothing left", REPLACE_PATH("~^/a(.*)$", "$1"), "/a", NULL, NULL, "FAIL rule_bad_path"},
        {"no path at all", REPLACE_PATH("~^\\*$", "/x"), "*", NULL, NULL, "/x"},
    };

    ROWS(rows);
}

HG_TEST(what_a_target_cannot_be_is_refused_when_it_is_built)
{
    static const struct row rows[] = {
        {"no name", SET_QUERY("", "v"), NULL, NULL, NULL, "the name is empty"},
        {"empty", SET_PATH(""), NULL, NULL, NULL, "the path is empty"},
        {"relative", SET_PATH("x"), NULL, NULL, NULL, "is not valid"},
        {"begins wrong", SET_PATH("x%{path}"), NULL, NULL, NULL, "does not begin with /"},
        {"another host", SET_PATH("//x"), NULL, NULL, NULL, "is not valid"},
        {"a query", SET_PATH("/x?y"), NULL, NULL, NULL, "is not valid"},
        {"a space", SET_PATH("/x y"), NULL, NULL, NULL, "is not valid"},
        {"dots", SET_PATH("/x/%%2e./y"), NULL, NULL, NULL, "dot segment"},
        {"a regex", REPLACE_PATH("~(", "/"), NULL, NULL, NULL, "offset"},
        {"a group", REPLACE_PATH("~a(b)", "/$2"), NULL, NULL, NULL, "captures only 1 group"},
        {"a status without a body",
         {.kind = HG_ACTION_SET_STATUS, .status = 204},
         NULL,
         NULL,
         NULL,
         "no body"},
        {"an interim status", {.kind = HG_ACTION_SET_STATUS, .status = 101}, NULL, NULL, NULL, "between 200"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        bool response = rows[i].spec.kind == HG_ACTION_SET_STATUS;
        struct fixture *f = fixture_new(response ? HG_RESPONSE_RULES : HG_REQUEST_RULES);

        hg_unit_row(rows[i].label);
        HG_CHECK_U64(fixture_append(f, &rows[i].spec), HG_APPEND_BAD);
        HG_CHECK(strstr(f->note.text, rows[i].after) != NULL);
        fixture_free(f);
    }
}

/* What a rule has put into the target is a credential from then on, whatever is made of it. */
HG_TEST(a_credential_in_the_target_is_not_shown)
{
    static const struct row rows[] = {
        {"query", SET_QUERY("k", "$<secret:key>"), NULL, NULL, NULL, NULL},
        {"path", SET_PATH("/x/$<secret:key>"), NULL, NULL, NULL, NULL},
        {"replaced", REPLACE_PATH("*", "/x/$<secret:key>"), NULL, NULL, NULL, NULL},
    };
    const struct hg_action_spec echo = {.kind = HG_ACTION_RESPOND, .body = HG_LIT("%{path}")};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);

        hg_unit_row(rows[i].label);
        HG_CHECK_U64(fixture_append(f, &rows[i].spec), HG_APPEND_OK);
        HG_CHECK(hg_ruleset_secret(f->rs, 0, true) == f->key);
        HG_CHECK_U64(fixture_append(f, &echo), HG_APPEND_OK);
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
        HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_SHOWS);
        HG_CHECK(f->request.secret);
        fixture_free(f);
    }
}

/* A parameter is no header: trailers of that name may come. */
HG_TEST(set_query_names_no_header)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    fixture_action(f, HG_ACTION_SET_QUERY, "key", "v");
    HG_CHECK_U64(hg_ruleset_names(f->rs, f->scratch, HG_LIT("key")), HG_MATCH_NO);
    HG_CHECK_U64(hg_ruleset_asks(f->rs), 0);
    fixture_free(f);
}

/* Dot segments are refused then before a rule sees them. */
HG_TEST(who_makes_a_path_of_the_old_one_asks_for_it)
{
    static const struct {
        struct hg_action_spec spec;
        bool asks;
    } rows[] = {{SET_PATH("/x"), false}, {SET_PATH("/x%{path}"), true}, {REPLACE_PATH("*", "/x"), true}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);

        HG_CHECK_U64(fixture_append(f, &rows[i].spec), HG_APPEND_OK);
        HG_CHECK_U64(hg_ruleset_asks(f->rs) != 0, rows[i].asks);
        fixture_free(f);
    }
}

HG_TEST(set_status)
{
    static const struct {
        unsigned came, after;
    } rows[] = {{200, 418}, {404, 418}, {206, 418}, {599, 418},
                {101, 101}, {103, 103}, {204, 204}, {304, 304}};
    const struct hg_action_spec spec = {.kind = HG_ACTION_SET_STATUS, .status = 418};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_RESPONSE_RULES);

        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
        f->response.status = rows[i].came;
        f->response.reason = HG_LIT("As it came");
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_U64(f->response.status, rows[i].after);
        HG_CHECK_SLICE(f->response.reason, rows[i].after == rows[i].came ? "As it came" : "");
        fixture_free(f);
    }
}
