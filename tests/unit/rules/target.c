/* SPDX-License-Identifier: MIT
 *
 * Actions on the target and the Host, redirects, statuses, and map-origin: each
 * where it applies, where it does not, and on what a hostile peer may send.
 */
#include "http/target.h"

#include <string.h>

#include "fixture.h"

struct target_row {
    const char *label;
    const char *path, *query; /* query NULL: none */
    const char *in;           /* the header X-In, NULL: none */
    const char *after;        /* "PATH?QUERY HOST", or "FAIL <why>" */
};

static struct hg_slice outcome(struct fixture *f, enum hg_verdict v)
{
    const struct hg_request *q = &f->request;

    if (v == HG_VERDICT_FAIL)
        return hg_arena_printf(&f->arena, "FAIL %s", hg_rule_fail_name(f->out.fail));
    if (v == HG_VERDICT_REPLY)
        return hg_arena_printf(&f->arena, "%u %.*s", f->out.status, HG_FMT(f->out.headers.v[0].value));
    return hg_arena_printf(&f->arena, "%.*s%s%.*s%s%.*s", HG_FMT(q->path), q->query.p != NULL ? "?" : "",
                           HG_FMT(q->query), q->host.p != NULL ? " " : "", HG_FMT(q->host));
}

static void try_targets(const struct hg_action_spec *spec, const struct target_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        const struct target_row *row = &rows[i];

        hg_unit_row(row->label);
        HG_CHECK_U64(fixture_append(f, spec), HG_APPEND_OK);
        HG_CHECK_STR(f->note.text, "");
        f->request.path = hg_slice_str(row->path);
        f->request.query = row->query != NULL ? hg_slice_str(row->query) : hg_slice(NULL, 0);
        if (row->in != NULL)
            fixture_header(f, "X-In", row->in);
        HG_CHECK_SLICE(outcome(f, fixture_run(f)), row->after);
        fixture_free(f);
    }
}

#define TARGETS(spec, rows) try_targets(spec, rows, sizeof(rows) / sizeof(*(rows)))

/* What the config's reader is told about each of these values. */
static void refuses(enum hg_action_kind kind, const char *const *values, size_t n, const char *sentence)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        struct hg_action_spec spec = {
            .kind = kind, .name = hg_slice_str(values[i]), .value = hg_slice_str(values[i])};

        hg_unit_row(values[i]);
        spec.pattern = HG_LIT("*");
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
        HG_CHECK(strstr(f->note.text, sentence) != NULL);
        fixture_free(f);
    }
}

#define REFUSES(kind, sentence, ...)                                       \
    do {                                                                   \
        static const char *const values[] = {__VA_ARGS__};                 \
        refuses(kind, values, sizeof(values) / sizeof(*values), sentence); \
    } while (0)

HG_TEST(set_query)
{
    const struct hg_action_spec spec = {
        .kind = HG_ACTION_SET_QUERY, .name = HG_LIT("api-version"), .value = HG_LIT("2024 %{header:X-In}")};
    static const struct target_row rows[] = {
        {"there was no query", "/a", NULL, "1", "/a?api-version=2024%201"},
        {"at the end", "/a", "x=1", "1", "/a?x=1&api-version=2024%201"},
        {"in place, and once", "/a", "a&api-version=old&b=%31&API-Version=2", "1",
         "/a?a&api-version=2024%201&b=%31"},
        {"however it is spelled", "/a", "api%2Dversion=old", "1", "/a?api-version=2024%201"},
        {"a target without a query", "*", NULL, "1", "*"},
        {"an empty query", "/a", "", "1", "/a?&api-version=2024%201"},
        {"what would be another parameter", "/a", "x", "1&admin=1#%26=\xc3\xa9",
         "/a?x&api-version=2024%201%26admin%3D1%23%2526%3D%C3%A9"},
        {"a line break", "/a", "x", "1\r\nX-Evil: 1", "/a?x&api-version=2024%201%0D%0AX-Evil%3A%201"},
    };
    TARGETS(&spec, rows);
    REFUSES(HG_ACTION_SET_QUERY, "the name is empty", "");
}

HG_TEST(set_path)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_SET_PATH, .value = HG_LIT("/v1/%{header:X-In}/x")};
    static const struct target_row rows[] = {
        {"the query stays", "/a", "q=1", "b", "/v1/b/x?q=1"},
        {"a path within", "/a", NULL, "b/c%2Fd", "/v1/b/c%2Fd/x"},
        {"nothing", "/a", NULL, NULL, "/v1//x"},
        {"up", "/a", NULL, "..", "FAIL rule_bad_path"},
        {"up, encoded", "/a", NULL, "b/%2e%2E", "FAIL rule_bad_path"},
        {"up, with a parameter", "/a", NULL, "..;x", "FAIL rule_bad_path"},
        {"backslashes", "/a", NULL, "..\\", "FAIL rule_bad_path"},
        {"a query", "/a", NULL, "b?admin=1", "FAIL rule_bad_path"},
        {"a fragment", "/a", NULL, "b#", "FAIL rule_bad_path"},
        {"a blank", "/a", NULL, "b c", "FAIL rule_bad_path"},
        {"a line", "/a", NULL, "b HTTP/1.1\r\nX: 1", "FAIL rule_bad_path"},
        {"no ASCII", "/a", NULL, "caf\xc3\xa9", "FAIL rule_bad_path"},
    };
    TARGETS(&spec, rows);
    REFUSES(HG_ACTION_SET_PATH, "is no path", "", "v1", "//x", "/a?b", "/a#b", "/a b", "/../a", "/a/%2e",
            "/a\\b", "x%{path}", " /a");
}

HG_TEST(set_path_from_nothing_but_the_request)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_SET_PATH, .value = HG_LIT("%{header:X-In}")};
    static const struct target_row rows[] = {
        {"a path", "/a", NULL, "/b", "/b"},
        {"another host for a careless server", "/a", NULL, "//evil.test/", "FAIL rule_bad_path"},
        {"a URL", "/a", NULL, "http://evil.test/", "FAIL rule_bad_path"},
        {"nothing", "/a", NULL, NULL, "FAIL rule_bad_path"},
    };
    TARGETS(&spec, rows);
}

HG_TEST(replace_path)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_REPLACE_PATH,
                                        .pattern = HG_LIT("~^/old/([^/]*)(.*)$"),
                                        .value = HG_LIT("/new$2/$1")};
    static const struct target_row rows[] = {
        {"it matches", "/old/a/b", "q", NULL, "/new/b/a?q"},
        {"it does not", "/older/a/b", "q", NULL, "/older/a/b?q"},
        {"not a path", "*", NULL, NULL, "*"},
        {"two levels up", "/old/../x", NULL, NULL, "FAIL rule_bad_path"},
        {"a second slash in the middle is the client's own", "/old//x", NULL, NULL, "/new/x/"},
    };
    TARGETS(&spec, rows);
    REFUSES(HG_ACTION_REPLACE_PATH, "is no path", "v1", "//x");
    REFUSES(HG_ACTION_REPLACE_PATH, "", "/$1");
}

HG_TEST(base_path)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_BASE_PATH, .name = HG_LIT("/api/v1/")};
    static const struct target_row rows[] = {
        {"in front", "/a", "q", NULL, "/api/v1/a?q"},
        {"the root", "/", NULL, NULL, "/api/v1/"},
        {"not twice", "/api/v1/a", NULL, NULL, "/api/v1/a"},
        {"itself", "/api/v1", NULL, NULL, "/api/v1"},
        {"only begins like it", "/api/v12", NULL, NULL, "/api/v1/api/v12"},
        {"not a path", "*", NULL, NULL, "*"},
    };
    TARGETS(&spec, rows);
    REFUSES(HG_ACTION_BASE_PATH, "is no path", "", "v1", "//v1", "/v1?x", "/v1/../v2", "/a b");
}

HG_TEST(set_host)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_SET_HOST,
                                        .value = HG_LIT("%{header:X-In}.test:8443")};
    static const struct target_row rows[] = {
        {"a host", "/", NULL, "a", "/ a.test:8443"},
        {"user info", "/", NULL, "user@evil", "FAIL rule_bad_host"},
        {"a path", "/", NULL, "evil/x", "FAIL rule_bad_host"},
        {"two", "/", NULL, "evil, a", "FAIL rule_bad_host"},
        {"a port of its own", "/", NULL, "evil:1", "FAIL rule_bad_host"},
        {"a line", "/", NULL, "a\r\nX: 1", "FAIL rule_bad_value"},
    };
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    TARGETS(&spec, rows);
    REFUSES(HG_ACTION_SET_HOST, "is no host", "", "a b", "a/b", "u@a", "https://a", "a:99999");
    HG_CHECK(hg_ruleset_open_host(f->rs) == NULL);
    fixture_action(f, HG_ACTION_SET_HOST, "", "api.test");
    HG_CHECK(hg_ruleset_open_host(f->rs) == NULL);
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK(hg_ruleset_open_host(f->rs) != NULL);
    fixture_free(f);
}

HG_TEST(redirect)
{
    const struct hg_action_spec to_https = {.kind = HG_ACTION_REDIRECT,
                                            .value = HG_LIT("https://%{host}%{path}")};
    const struct hg_action_spec literal = {
        .kind = HG_ACTION_REDIRECT, .value = HG_LIT("https://docs.test%{header:X-In}"), .status = 308};
    const struct hg_action_spec open = {.kind = HG_ACTION_REDIRECT, .value = HG_LIT("%{header:X-In}")};
    static const struct target_row https_rows[] = {
        {"back to the host it asked for", "/a%20b", "q", NULL, "302 https://api.test/a%20b"},
    };
    static const struct target_row literal_rows[] = {
        {"below it", "/", NULL, "/x?y#z", "308 https://docs.test/x?y#z"},
        {"nothing more", "/", NULL, NULL, "308 https://docs.test"},
        {"a longer name", "/", NULL, ".evil.test/", "FAIL rule_bad_location"},
        {"user info", "/", NULL, "@evil.test/", "FAIL rule_bad_location"},
        {"a port", "/", NULL, ":1/", "FAIL rule_bad_location"},
        {"a backslash", "/", NULL, "\\@evil.test", "FAIL rule_bad_location"},
        {"a blank", "/", NULL, "/a b", "FAIL rule_bad_location"},
        {"a line", "/", NULL, "/a\r\nSet-Cookie: x", "FAIL rule_bad_value"},
    };
    static const struct target_row open_rows[] = {
        {"a path", "/", NULL, "/x//y", "302 /x//y"},
        {"the same host", "/", NULL, "https://API.test:1/x", "302 https://API.test:1/x"},
        {"another host", "/", NULL, "https://evil.test/", "FAIL rule_bad_location"},
        {"another host by its looks", "/", NULL, "https://api.test@evil.test/", "FAIL rule_bad_location"},
        {"another host without a scheme", "/", NULL, "//evil.test/", "FAIL rule_bad_location"},
        {"the same for browsers", "/", NULL, "/\\evil.test/", "FAIL rule_bad_location"},
        {"a script", "/", NULL, "javascript:alert(1)", "FAIL rule_bad_location"},
        {"nothing", "/", NULL, NULL, "FAIL rule_bad_location"},
    };
    struct hg_action_spec status = {.kind = HG_ACTION_REDIRECT, .value = HG_LIT("/x"), .status = 304};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    TARGETS(&to_https, https_rows);
    TARGETS(&literal, literal_rows);
    TARGETS(&open, open_rows);
    REFUSES(HG_ACTION_REDIRECT, "is no place", "", "x", "//x/", "/\\x", "ftp://x/", "https://",
            "https://a@b/", "https:/x%{path}", "javascript:x");
    HG_CHECK_U64(fixture_append(f, &status), HG_APPEND_BAD);
    status.status = 303;
    status.observe = true;
    HG_CHECK_U64(fixture_append(f, &status), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    fixture_free(f);
}

/* A credential in the target is one wherever it goes from there. */
HG_TEST(a_secret_in_the_target)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    fixture_action(f, HG_ACTION_SET_PATH, "", "/bot$<secret:key>%{path}");
    fixture_action(f, HG_ACTION_SET_QUERY, "key", "$<secret:key>");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(outcome(f, HG_VERDICT_PASS), "/bots3cret/a/b?x=1&key=s3cret");
    HG_CHECK(f->request.secret);
    HG_CHECK(hg_ruleset_secret(f->rs, 0, true) == f->key);
    fixture_action(f, HG_ACTION_REDIRECT, "", "%{path}");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_STR(hg_rule_fail_name(f->out.fail), "rule_shows_credential");
    fixture_free(f);
}

HG_TEST(set_status)
{
    static const struct {
        unsigned from, to;
    } rows[] = {{200, 418}, {503, 418}, {418, 418}, {204, 204}, {205, 205}, {304, 304}, {101, 101}};
    static const unsigned bad[] = {100, 199, 204, 205, 304, 600};
    struct hg_action_spec spec = {.kind = HG_ACTION_SET_STATUS};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct fixture *f = fixture_new(HG_RESPONSE_RULES);
        spec.status = bad[i];
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
        fixture_free(f);
    }
    spec.status = 418;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_RESPONSE_RULES);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
        f->response.status = rows[i].from;
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_U64(f->response.status, rows[i].to);
        fixture_free(f);
    }
}

struct origin_row {
    const char *label, *name, *value, *after; /* after NULL: not a byte changes */
};

static void try_origins(const struct hg_origins *origins, const struct origin_row *rows, size_t n)
{
    const struct hg_action_spec spec = {.kind = HG_ACTION_MAP_ORIGIN};

    for (size_t i = 0; i < n; i++) {
        struct fixture *f = fixture_new(HG_RESPONSE_RULES);
        const struct origin_row *row = &rows[i];

        hg_unit_row(row->label);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
        f->origins = origins;
        fixture_header(f, row->name, row->value);
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_U64(f->response.headers.n, 1);
        HG_CHECK_SLICE(f->response.headers.v[0].value, row->after != NULL ? row->after : row->value);
        fixture_free(f);
    }
}

#define ORIGINS(origins, rows) try_origins(origins, rows, sizeof(rows) / sizeof(*(rows)))

static const struct hg_origin plain[] = {{true, {"api.test", 8}, 443, {"", 0}},
                                         {false, {"::1", 3}, 8080, {"", 0}}};
static const struct hg_origin based[] = {{true, {"api.test", 8}, 443, {"/v1", 3}}};

HG_TEST(map_origin)
{
    const struct hg_origins origins = {plain, 2, HG_LIT("http://gate:1")};
    static const struct origin_row rows[] = {
        {"a URL", "Location", "https://api.test/x?y#z", "http://gate:1/x?y#z"},
        {"case and the port that is meant", "location", "HTTPS://API.Test:443/x", "http://gate:1/x"},
        {"no path", "Content-Location", "https://api.test", "http://gate:1/"},
        {"only a query", "Location", "https://api.test?x", "http://gate:1/?x"},
        {"no scheme", "Location", "//api.test/x", "http://gate:1/x"},
        {"an address", "Location", "http://[::1]:8080/x", "http://gate:1/x"},
        {"links", "Link",
         "<https://api.test/2>; rel=\"next\", </3>, <https://other.test/>, <https://api.test/9>; rel=last",
         "<http://gate:1/2>; rel=\"next\", </3>, <https://other.test/>, <http://gate:1/9>; rel=last"},
        {"a link without an end", "Link", "<https://api.test/2", NULL},
        {"refresh", "Refresh", "5; URL=https://api.test/x", "5; URL=http://gate:1/x"},
        {"refresh in quotes", "Refresh", "0;url=\"https://api.test/x\"", "0;url=\"http://gate:1/x\""},
        {"a realm", "WWW-Authenticate", "Bearer realm=\"https://api.test/token\",service=\"s\"",
         "Bearer realm=\"http://gate:1/token\",service=\"s\""},
        {"another realm", "WWW-Authenticate",
         "Basic realm=\"api.test\", Bearer realm=\"https://auth.test/token\"", NULL},
        {"no end of a realm", "WWW-Authenticate", "Bearer realm=\"https://api.test/", NULL},
        {"a cookie", "Set-Cookie", "a=https://api.test/; Domain=.API.test; Path=/x; Secure",
         "a=https://api.test/; Path=/x; Secure"},
        {"a cookie of a wider domain", "Set-Cookie", "a=b; domain=test", NULL},
        {"a path", "Location", "/x", NULL},
        {"another scheme", "Location", "http://api.test/x", NULL},
        {"another port", "Location", "https://api.test:444/x", NULL},
        {"a longer name", "Location", "https://api.test.evil.test/", NULL},
        {"user info", "Location", "https://api.test@evil.test/", NULL},
        {"user info with a backslash", "Location", "https://api.test\\@evil.test/", NULL},
        {"what would be another host", "Location", "https://api.test//evil.test/", NULL},
        {"the same for browsers", "Location", "https://api.test/\\evil.test/", NULL},
        {"no URL", "Location", "", NULL},
        {"another header", "X-Url", "https://api.test/x", NULL},
    };
    ORIGINS(&origins, rows);
}

HG_TEST(map_origin_below_a_base_path)
{
    const struct hg_origins origins = {based, 1, HG_LIT("https://gate")};
    static const struct origin_row rows[] = {
        {"below it", "Location", "https://api.test/v1/x", "https://gate/x"},
        {"itself", "Location", "https://api.test/v1?x", "https://gate/?x"},
        {"a path", "Location", "/v1/x", "/x"},
        {"a path that the client cannot ask for", "Location", "/v2/x", NULL},
        {"a URL that it cannot ask for", "Location", "https://api.test/v12/x", NULL},
        {"what would be another host", "Location", "/v1//evil.test/", NULL},
        {"a cookie", "Set-Cookie", "a=b; path=/v1; HttpOnly", "a=b; path=/; HttpOnly"},
        {"a cookie further down", "Set-Cookie", "a=b;Path=/v1/x", "a=b;Path=/x"},
        {"a cookie elsewhere", "Set-Cookie", "a=b; Path=/", NULL},
    };
    ORIGINS(&origins, rows);
}

HG_TEST(map_origin_for_a_client_without_a_host)
{
    const struct hg_origins origins = {plain, 2, HG_LIT("")};
    static const struct origin_row rows[] = {
        {"a path is enough", "Location", "https://api.test/x", "/x"},
        {"the root", "Location", "https://api.test", "/"},
        {"not another host", "Location", "https://api.test//evil.test", NULL},
    };
    ORIGINS(&origins, rows);
}
