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

#define BASE_PATH(v)                                         \
    {                                                        \
        .kind = HG_ACTION_BASE_PATH, .value = HG_LIT_INIT(v) \
    }
#define SET_HOST(v)                                         \
    {                                                       \
        .kind = HG_ACTION_SET_HOST, .value = HG_LIT_INIT(v) \
    }
#define REDIRECT(v)                                         \
    {                                                       \
        .kind = HG_ACTION_REDIRECT, .value = HG_LIT_INIT(v) \
    }

HG_TEST(base_path)
{
    static const struct row rows[] = {
        {"in front", BASE_PATH("/v1"), "/a", "q=/v1", NULL, "/v1/a?q=/v1"},
        {"the root", BASE_PATH("/v1"), "/", NULL, NULL, "/v1/"},
        {"there already", BASE_PATH("/v1"), "/v1/a", NULL, NULL, "/v1/a"},
        {"it alone", BASE_PATH("/v1"), "/v1", NULL, NULL, "/v1"},
        {"a name that begins like it", BASE_PATH("/v1"), "/v1beta/a", NULL, NULL, "/v1/v1beta/a"},
        {"a slash at its end", BASE_PATH("/v1/"), "/v1/a", NULL, NULL, "/v1/a"},
        {"nothing but a slash", BASE_PATH("/"), "/a", NULL, NULL, "/a"},
        {"two parts", BASE_PATH("/a/b"), "/a/c", NULL, NULL, "/a/b/a/c"},
        {"case counts", BASE_PATH("/v1"), "/V1/a", NULL, NULL, "/v1/V1/a"},
        {"an encoded one is another", BASE_PATH("/v1"), "/v%31/a", NULL, NULL, "/v1/v%31/a"},
        {"dots stay what they are", BASE_PATH("/v1"), "/../a", NULL, NULL, "/v1/../a"},
        {"no path", BASE_PATH("/v1"), "*", NULL, NULL, "*"},
    };

    ROWS(rows);
}

HG_TEST(base_paths_add_up)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    const struct hg_action_spec one = BASE_PATH("/b"), two = BASE_PATH("/a");

    HG_CHECK_U64(fixture_append(f, &one), HG_APPEND_OK);
    HG_CHECK_U64(fixture_append(f, &two), HG_APPEND_OK);
    f->request.path = HG_LIT("/x");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(f->request.path, "/a/b/x");
    HG_CHECK_SLICE(f->request.base, "/a/b");
    fixture_free(f);
}

HG_TEST(set_host)
{
    static const struct {
        const char *label;
        struct hg_action_spec spec;
        const char *given, *after;
    } rows[] = {
        {"a name", SET_HOST("other.test"), NULL, "other.test"},
        {"with a port", SET_HOST("other.test:81"), NULL, "other.test:81"},
        {"an address", SET_HOST("[::1]:81"), NULL, "[::1]:81"},
        {"from the request", SET_HOST("%{header:X-Given}.test"), "a", "a.test"},
        {"a path", SET_HOST("%{header:X-Given}"), "a.test/x", "FAIL rule_bad_host"},
        {"user info", SET_HOST("%{header:X-Given}"), "a@b.test", "FAIL rule_bad_host"},
        {"two", SET_HOST("%{header:X-Given}"), "a.test, b.test", "FAIL rule_bad_host"},
        {"a line break", SET_HOST("%{header:X-Given}"), "a\r\nX: b", "FAIL rule_bad_host"},
        {"none", SET_HOST("%{header:X-Given}"), NULL, "FAIL rule_bad_host"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        struct hg_slice after;

        hg_unit_row(rows[i].label);
        HG_CHECK_U64(fixture_append(f, &rows[i].spec), HG_APPEND_OK);
        HG_CHECK_U64(hg_ruleset_open_host(f->rs) != NULL, strstr(rows[i].spec.value.p, "%{") != NULL);
        if (rows[i].given != NULL)
            fixture_header(f, "X-Given", rows[i].given);
        after = fixture_run(f) == HG_VERDICT_PASS
                    ? f->request.host
                    : hg_arena_printf(&f->arena, "FAIL %s", hg_rule_fail_name(f->out.fail));
        HG_CHECK_SLICE(after, rows[i].after);
        HG_CHECK_SLICE(f->request.authority, "api.test:8443");
        fixture_free(f);
    }
}

HG_TEST(redirect)
{
    static const struct {
        const char *label;
        struct hg_action_spec spec;
        const char *path, *given, *after;
    } rows[] = {
        {"written", REDIRECT("https://a.test/x?y#z"), "/", NULL, "https://a.test/x?y#z"},
        {"a host alone", REDIRECT("https://a.test"), "/", NULL, "https://a.test"},
        {"the same path elsewhere", REDIRECT("https://a.test/x%{path}"), "//b", NULL, "https://a.test/x//b"},
        {"the path behind the host", REDIRECT("https://a.test%{path}"), "/b", NULL, "https://a.test/b"},
        {"a longer host", REDIRECT("https://a.test%{header:X-Given}"), "/", ".evil.test/",
         "FAIL rule_bad_location"},
        {"user info", REDIRECT("https://a.test%{header:X-Given}"), "/", "@evil.test/",
         "FAIL rule_bad_location"},
        {"another port", REDIRECT("https://a.test%{header:X-Given}"), "/", ":81/", "FAIL rule_bad_location"},
        {"a backslash behind the host", REDIRECT("https://a.test%{header:X-Given}"), "/", "\\@evil.test",
         "FAIL rule_bad_location"},
        {"at ours", REDIRECT("/login?to=%{path}"), "/a", NULL, "/login?to=/a"},
        {"just the path", REDIRECT("%{path}"), "/a", NULL, "/a"},
        {"another host", REDIRECT("%{path}"), "//evil.test", NULL, "FAIL rule_bad_location"},
        {"as browsers read it", REDIRECT("%{path}"), "/\\evil.test", NULL, "FAIL rule_bad_location"},
        {"behind our slash", REDIRECT("/%{header:X-Given}"), "/", "/evil.test", "FAIL rule_bad_location"},
        {"with a backslash", REDIRECT("/%{header:X-Given}"), "/", "\\evil.test", "FAIL rule_bad_location"},
        {"with a tab, which browsers drop", REDIRECT("/%{header:X-Given}"), "/", "\t/evil.test",
         "FAIL rule_bad_location"},
        {"a URL", REDIRECT("%{header:X-Given}"), "/", "https://evil.test/", "FAIL rule_bad_location"},
        {"a script", REDIRECT("%{header:X-Given}"), "/", "javascript:alert(1)", "FAIL rule_bad_location"},
        {"a line break", REDIRECT("https://a.test/%{header:X-Given}"), "/", "a\r\nSet-Cookie: x",
         "FAIL rule_bad_location"},
        {"a space", REDIRECT("https://a.test/%{header:X-Given}"), "/", "a b", "FAIL rule_bad_location"},
        {"no path", REDIRECT("%{path}"), "*", NULL, "FAIL rule_bad_location"},
        {"nothing", REDIRECT("%{header:X-Given}"), "/", NULL, "FAIL rule_bad_location"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        const struct hg_header *h;

        hg_unit_row(rows[i].label);
        HG_CHECK_U64(fixture_append(f, &rows[i].spec), HG_APPEND_OK);
        f->request.path = hg_guarded_str(rows[i].path);
        if (rows[i].given != NULL)
            fixture_header(f, "X-Given", rows[i].given);
        if (fixture_run(f) == HG_VERDICT_REPLY) {
            h = hg_headers_find(&f->out.headers, HG_LIT("Location"));
            HG_NEED(h != NULL);
            HG_CHECK_SLICE(h->value, rows[i].after);
            HG_CHECK_U64(f->out.status, 302);
            HG_CHECK(!f->out.denied);
        } else {
            HG_CHECK_SLICE(hg_arena_printf(&f->arena, "FAIL %s", hg_rule_fail_name(f->out.fail)),
                           rows[i].after);
        }
        fixture_free(f);
    }
}

HG_TEST(redirect_shows_no_credential)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    const struct hg_action_spec set = SET_PATH("/x/$<secret:key>"), go = REDIRECT("%{path}");
    struct hg_action_spec observed = REDIRECT("%{path}");

    observed.observe = true;
    HG_CHECK_U64(fixture_append(f, &set), HG_APPEND_OK);
    HG_CHECK_U64(fixture_append(f, &observed), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_U64(fixture_append(f, &go), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_SHOWS);
    fixture_free(f);
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
        {"no base", BASE_PATH(""), NULL, NULL, NULL, "the path is empty"},
        {"a base without a slash", BASE_PATH("v1"), NULL, NULL, NULL, "is not valid"},
        {"a base with dots", BASE_PATH("/a/.."), NULL, NULL, NULL, "dot segment"},
        {"a base of the request", BASE_PATH("/%{host}"), NULL, NULL, NULL, "cannot be used"},
        {"no host", SET_HOST(""), NULL, NULL, NULL, "is not a host"},
        {"a URL for a host", SET_HOST("https://a.test"), NULL, NULL, NULL, "is not a host"},
        {"a secret for a host", SET_HOST("$<secret:key>"), NULL, NULL, NULL, "a secret cannot be used"},
        {"nowhere", REDIRECT(""), NULL, NULL, NULL, "neither a URL nor a path"},
        {"a bare word", REDIRECT("a.test/x"), NULL, NULL, NULL, "neither a URL nor a path"},
        {"another scheme", REDIRECT("javascript:%{path}"), NULL, NULL, NULL, "neither a URL nor a path"},
        {"with a space", REDIRECT("/a b"), NULL, NULL, NULL, "neither a URL nor a path"},
        {"a host of the request", REDIRECT("https://%{host}/"), NULL, NULL, NULL, "no valid host"},
        {"half a host", REDIRECT("https://a.test:x%{path}"), NULL, NULL, NULL, "no valid host"},
        {"half a host without scheme", REDIRECT("//%{host}/"), NULL, NULL, NULL, "no valid host"},
        {"user info", REDIRECT("https://a.test@b.test/"), NULL, NULL, NULL, "no valid host"},
        {"no authority", REDIRECT("https:///x"), NULL, NULL, NULL, "no valid host"},
        {"a secret in an answer", REDIRECT("/$<secret:key>"), NULL, NULL, NULL, "a secret cannot be used"},
        {"a status that leads nowhere",
         {.kind = HG_ACTION_REDIRECT, .value = HG_LIT_INIT("/"), .status = 304},
         NULL,
         NULL,
         NULL,
         "301, 302"},
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
