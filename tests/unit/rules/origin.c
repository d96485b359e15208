/* SPDX-License-Identifier: MIT
 *
 * map-origin: what names an origin of the upstream becomes the client's, and
 * nothing else does.
 */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

static struct hg_origin servers[] = {{true, HG_LIT_INIT("api.test"), 443, {"", 0}},
                                     {false, HG_LIT_INIT("plain.test"), 8080, {"", 0}},
                                     {true, HG_LIT_INIT("::1"), 443, {"", 0}}};
static struct hg_origins upstream = {servers, 3, {"", 0}};

struct row {
    const char *label, *name, *value;
    const char *after; /* NULL: as it was */
};

static struct fixture *make(const char *client, const char *base)
{
    static const struct hg_action_spec spec = {.kind = HG_ACTION_MAP_ORIGIN};
    struct fixture *f = fixture_new(HG_RESPONSE_RULES);

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    upstream.client = hg_slice_str(client);
    for (size_t i = 0; i < upstream.n; i++)
        servers[i].base = hg_slice_str(base != NULL ? base : "");
    f->origins = &upstream;
    return f;
}

static void try_rows(const struct row *rows, size_t n, const char *base)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture *f = make("http://gate:8080", base);
        const struct row *row = &rows[i];

        hg_unit_row(row->label);
        fixture_header(f, row->name, row->value);
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_U64(f->response.headers.n, 1);
        HG_CHECK_SLICE(f->response.headers.v[0].name, row->name);
        HG_CHECK_SLICE(f->response.headers.v[0].value, row->after != NULL ? row->after : row->value);
        fixture_free(f);
    }
}

#define ROWS(rows, base) try_rows(rows, sizeof(rows) / sizeof(*(rows)), base)

HG_TEST(urls)
{
    static const struct row rows[] = {
        {"the origin", "Location", "https://api.test/a?b#c", "http://gate:8080/a?b#c"},
        {"its default port", "location", "https://api.test:443/a", "http://gate:8080/a"},
        {"caseless", "LOCATION", "HTTPS://API.Test/A", "http://gate:8080/A"},
        {"without a path", "Location", "https://api.test", "http://gate:8080/"},
        {"a query alone", "Location", "https://api.test?a", "http://gate:8080/?a"},
        {"another server", "Content-Location", "http://plain.test:8080/a", "http://gate:8080/a"},
        {"IPv6", "Location", "https://[::1]/a", "http://gate:8080/a"},
        {"without a scheme", "Location", "//api.test/a", "http://gate:8080/a"},
        {"a path", "Location", "/a", NULL},
        {"relative", "Location", "a/../b", NULL},
        {"nothing", "Location", "", NULL},
        {"another host", "Location", "https://api.test.evil/", NULL},
        {"a host in the user info", "Location", "https://api.test@evil/", NULL},
        {"user info", "Location", "https://user@api.test/", NULL},
        {"a backslash", "Location", "https://api.test\\@evil/", NULL},
        {"a longer name in front", "Location", "https://xapi.test/", NULL},
        {"another port", "Location", "https://api.test:8443/", NULL},
        {"another scheme", "Location", "http://api.test/", NULL},
        {"the port of the other scheme", "Location", "http://plain.test/", NULL},
        {"a port that is none", "Location", "https://api.test:x/", NULL},
        {"in the query", "Location", "https://other.test/?to=https://api.test/", NULL},
        {"another header", "X-Location", "https://api.test/", NULL},
        {"bytes of any kind", "Location", "https://api.test/\xff\xfe", "http://gate:8080/\xff\xfe"},
    };

    ROWS(rows, NULL);
}

HG_TEST(urls_below_a_base_path)
{
    static const struct row rows[] = {
        {"below", "Location", "https://api.test/v1/a", "http://gate:8080/a"},
        {"itself", "Location", "https://api.test/v1", "http://gate:8080/"},
        {"with a query", "Location", "https://api.test/v1?a", "http://gate:8080/?a"},
        {"its root", "Location", "https://api.test/v1/", "http://gate:8080/"},
        {"a name that begins like it", "Location", "https://api.test/v12/a", NULL},
        {"beside it", "Location", "https://api.test/login", NULL},
        {"two slashes", "Location", "https://api.test/v1//evil.test/", NULL},
        {"a path alone", "Location", "/v1/a", "/a"},
        {"of a cookie", "Set-Cookie", "a=b; Path=/v1/x", "a=b; Path=/x"},
        {"of a cookie, itself", "Set-Cookie", "a=/v1; path = /v1 ;Secure", "a=/v1; path = / ;Secure"},
        {"of a cookie, another", "Set-Cookie", "a=b; Path=/v12", NULL},
        {"of another's cookie", "Set-Cookie", "a=b; Path=/v1; Domain=other.test", NULL},
    };

    ROWS(rows, "/v1");
}

HG_TEST(links)
{
    static const struct row rows[] = {
        {"each", "Link",
         "<https://api.test/?p=2>; rel=\"next\", </x>, <https://other.test/>, <https://api.test/l>",
         "<http://gate:8080/?p=2>; rel=\"next\", </x>, <https://other.test/>, <http://gate:8080/l>"},
        {"in quotes", "Link", "</x>; title=\"<https://api.test/>\"", NULL},
        {"an escaped quote", "Link", "</x>; title=\"\\\"<https://api.test/>\"", NULL},
        {"not closed", "Link", "<https://api.test/", NULL},
        {"a quote that is not closed", "Link", "<https://api.test/>; title=\"<https://api.test/>",
         "<http://gate:8080/>; title=\"<https://api.test/>"},
        {"without brackets", "Link", "https://api.test/", NULL},
        {"nothing in them", "Link", "<>,<", NULL},
        {"a backslash at the end", "Link", "</x>; a=\"\\", NULL},
    };

    ROWS(rows, NULL);
}

HG_TEST(refreshes)
{
    static const struct row rows[] = {
        {"plain", "Refresh", "5; url=https://api.test/a", "5; url=http://gate:8080/a"},
        {"loose", "Refresh", "0,URL = \"https://api.test/a\" x", "0,URL = \"http://gate:8080/a\" x"},
        {"single quotes", "Refresh", "0;url='https://api.test/a'", "0;url='http://gate:8080/a'"},
        {"no url=", "Refresh", "0; https://api.test/a", "0; http://gate:8080/a"},
        {"a quote that is not closed", "Refresh", "0;url='https://api.test/a", "0;url='http://gate:8080/a"},
        {"seconds alone", "Refresh", "5", NULL},
        {"another host", "Refresh", "5; url=https://api.test.evil/", NULL},
        {"cut off", "Refresh", "5; url=", NULL},
        {"cut off earlier", "Refresh", "5;", NULL},
    };

    ROWS(rows, NULL);
}

HG_TEST(challenges)
{
    static const struct row rows[] = {
        {"a realm", "WWW-Authenticate",
         "Bearer realm=\"https://api.test/token\",service=\"https://api.test/\"",
         "Bearer realm=\"http://gate:8080/token\",service=\"https://api.test/\""},
        {"later", "www-authenticate", "Basic a=\"x\", Bearer b=\"y\", REALM = \"https://api.test\"",
         "Basic a=\"x\", Bearer b=\"y\", REALM = \"http://gate:8080/\""},
        {"two", "WWW-Authenticate", "A realm=\"https://api.test\", B realm=\"https://api.test/b\"",
         "A realm=\"http://gate:8080/\", B realm=\"http://gate:8080/b\""},
        {"in another string", "WWW-Authenticate", "A x=\" realm=\\\"https://api.test\\\"\"", NULL},
        {"part of a name", "WWW-Authenticate", "A xrealm=\"https://api.test\"", NULL},
        {"just a word", "WWW-Authenticate", "Basic realm=\"api.test\"", NULL},
        {"not closed", "WWW-Authenticate", "A realm=\"https://api.test", NULL},
        {"empty", "WWW-Authenticate", "A realm=\"\"", NULL},
        {"cut off", "WWW-Authenticate", "A realm=", NULL},
    };

    ROWS(rows, NULL);
}

HG_TEST(cookies)
{
    static const struct row rows[] = {
        {"a domain", "Set-Cookie", "a=b; Domain=api.test; Path=/; HttpOnly", "a=b; Path=/; HttpOnly"},
        {"with a dot, in capitals", "set-cookie", "a=b;domain=.API.test", "a=b"},
        {"a parent", "Set-Cookie", "a=b; Domain=test", NULL},
        {"another", "Set-Cookie", "a=b; Domain=api.test.evil", NULL},
        {"the last one counts", "Set-Cookie", "a=b; Domain=api.test; Domain=other.test", NULL},
        {"none", "Set-Cookie", "a=https://api.test/; Path=/v1", NULL},
        {"in the value", "Set-Cookie", "Domain=api.test", NULL},
        {"cut off", "Set-Cookie", "a=b; Domain=; Domain; ;;", NULL},
    };

    ROWS(rows, NULL);
}

static unsigned roll(uint64_t *state, unsigned sides)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33) % sides;
}

static bool names_origin(struct hg_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (hg_slice_istarts(hg_slice_from(s, i), HG_LIT("api.test")))
            return true;
    return false;
}

/* Values made of what the scanners look for, in any order. */
HG_TEST(whatever_comes_no_header_is_added_and_what_names_no_origin_stays)
{
    static const char *const names[] = {
        "Location", "Link", "Refresh", "WWW-Authenticate", "Set-Cookie", "Content-Location", "X-Other"};
    static const char *const parts[] = {"https://api.test",
                                        "; url=https://api.test/",
                                        " realm=\"https://api.test",
                                        ";Domain=api.test",
                                        "<https://api.test",
                                        "https://",
                                        "http://",
                                        "//",
                                        "api.test",
                                        "other.test",
                                        "\"",
                                        "\\",
                                        "'",
                                        "<",
                                        ">",
                                        ";",
                                        ",",
                                        "=",
                                        " ",
                                        "\t",
                                        "url",
                                        "realm",
                                        "Domain",
                                        "Path",
                                        "/",
                                        "?",
                                        "#",
                                        "@",
                                        ":",
                                        "443",
                                        "[",
                                        "]",
                                        ".",
                                        "a",
                                        "\xff",
                                        "5"};
    uint64_t dice = 20260412;
    unsigned changed = 0, rounds = (unsigned)hg_unit_scaled(10000);

    for (unsigned round = 0; round < rounds; round++) { /* each keeps two guarded copies */
        struct fixture *f = make("http://gate:1", NULL);
        char value[400];
        struct hg_slice before, after;
        size_t n = 0;

        for (unsigned i = roll(&dice, 12); i > 0; i--)
            n += (size_t)snprintf(value + n, sizeof(value) - n, "%s",
                                  parts[roll(&dice, sizeof(parts) / sizeof(*parts))]);
        value[n] = '\0';
        before = hg_slice_trim(hg_guarded_str(value));
        HG_CHECK(hg_headers_add(&f->response.headers, hg_slice_str(names[roll(&dice, 7)]), before));
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        after = f->response.headers.v[0].value;
        HG_CHECK(f->response.headers.n == 1 && hg_header_value_ok(after));
        if (!names_origin(before))
            HG_CHECK(hg_slice_eq(before, after));
        changed += !hg_slice_eq(before, after);
        fixture_free(f);
    }
    HG_CHECK(changed > hg_unit_scaled(150) / 2);
}
