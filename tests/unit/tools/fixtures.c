/* SPDX-License-Identifier: MIT
 *
 * Fixtures: reading them, mistakes in them, and what makes them fail.
 */
#include "tools/fixture.h"

#include <stdio.h>

#include "base/limits.h"
#include "tools.h"

/* The lines of diagnostics, joined by '|'. */
static const char *mistakes(const char *text, char *out, size_t cap)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_fixtures *f = d != NULL ? hg_fixtures_read(hg_guarded_str(text), "x", d) : NULL;
    size_t n = 0;
    const char *line;

    out[0] = '\0';
    for (size_t i = 0; d != NULL && (line = hg_diag_line(d, i, NULL)) != NULL && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%s%.*s", i > 0 ? "|" : "", 30, line);
    hg_fixtures_free(f);
    hg_diag_free(d);
    return out;
}

HG_TEST(mistakes_name_their_line)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "x: there is no fixture in this"},
        {"== a\n> GET /\n>> GET https://x/\n", ""},
        {"== a\n", "x:1: the fixture sends nothing"},
        {"== a\n> GET /\n", "x:1: the fixture expects nothin"},
        {"==\n> GET /\n< 200\n", "x:1: the fixture has no name (e"},
        {"> GET /\n== a\n> GET /\n< 200\n", "x:1: stands before the first fi"},
        {"frob\n== a\n> GET /\n< 200\n", "x:1: unknown line (expected ==,"},
        {"env A\n== a\n> GET /\n< 200\n", "x:1: env without a name and a v"},
        {"== a\n> GET\n< 200\n", "x:2: the first line of a reques"},
        {"== a\n> GET /\n> A\n< 200\n", "x:3: a header without a colon ("},
        {"== a\n> GET /\n> A: \\q\n< 200\n", "x:3: unknown escape (expected \\"},
        {"== a\n> GET /\n> A: \\x4\n< 200\n", "x:3: unknown escape (expected \\"},
        {"== a\n> GET /\n> A: $<base64:x\n< 200\n", "x:3: $<base64: is not closed by"},
        {"== a\n> GET /\n>> A: b\n", "x:3: the first line of what lea"},
        {"== a\n> GET /\n< A: b\n", "x:3: the first line of an answe"},
        {"== a\n> GET /\n< 99\n", "x:3: the first line of an answe"},
        {"== a\n> GET /\n<< A: b\n< 200\n", "x:3: the first line of an answe"},
        {"== a\n> GET /\n< 200\n< ?\n", "x:4: malformed (expected Name: "},
        {"== a\n> GET /\n< 200\n< via x\n", "x:4: malformed (expected Name: "},
        {"== a\n> GET /\n< 200\n< A ~ (\n", "x:4: missing closing parenthesi"},
        {"== a\n> GET /\n< 200\n< !\n", "x:4: malformed (expected Name: "},
    };
    char out[2048];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hg_unit_row(rows[i].text);
        HG_CHECK(strncmp(mistakes(rows[i].text, out, sizeof(out)), rows[i].says, 30) == 0);
    }
}

HG_TEST(any_text_is_read_without_harm)
{
    static const char text[] =
        "env A=\\x41\n| frontend: {\n== a $<base64:x>\n> GET /\\r\\n\n> A: $<base64:$<b>>\\\\\n"
        ">> GET https://x/\n>> !\"a\"\n>> A ~ b\n<< 302\n<< L: x\n< 302 x\n< only\n";
    char out[2048];

    for (size_t n = 0; n < sizeof(text); n++) {
        char part[sizeof(text)] = {0};

        snprintf(part, sizeof(part), "%.*s", (int)n, text);
        (void)mistakes(part, out, sizeof(out));
        part[n / 2] = '\0' + (char)(n % 127 + 1);
        (void)mistakes(part, out, sizeof(out));
    }
    HG_CHECK_STR(mistakes(text, out, sizeof(out)), "");
}

/* What is printed of the first fixture; "" when it holds. */
static const char *failure(const struct hg_plan *plan, const char *text, char *out, size_t cap)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_fixtures *f = d != NULL ? hg_fixtures_read(hg_guarded_str(text), "x", d) : NULL;
    struct hg_buf b;

    hg_buf_init(&b, HG_LIMIT_FIXTURES, false);
    snprintf(out, cap, "cannot be read");
    if (f != NULL && hg_diag_errors(d) == 0) {
        bool ok = hg_fixture_check(hg_fixtures_get(f, 0), plan, &b);

        snprintf(out, cap, "%.*s", HG_FMT(hg_buf_data(&b)));
        HG_CHECK(ok == (hg_buf_len(&b) == 0));
    }
    hg_buf_free(&b);
    hg_fixtures_free(f);
    hg_diag_free(d);
    return out;
}

HG_TEST(what_holds_and_what_does_not)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {">> GET https://api.example/a?b", ""},
        {">> GET https://api.example/a",
         "- >> GET https://api.example/a\n+ >> GET https://api.example/a?b\n"},
        {">> GET https://api.example/a?b\n>> Authorization: Bearer real-key-4711\n>> x: 1\n>> x: 2", ""},
        {">> GET https://api.example/a?b\n>> X: 1",
         "  >> GET https://api.example/a?b\n- >> X: 1\n+ >> X: 1\n+ >> X: 2\n"},
        {">> GET https://api.example/a?b\n>> Y: 1",
         "  >> GET https://api.example/a?b\n- >> Y: 1\n+ >> (no Y)\n"},
        {">> GET https://api.example/a?b\n>> Authorization ~ 4711$\n>> !cookie\n>> !\"hush\"\n>> "
         "\"real-key\"",
         ""},
        {">> GET https://api.example/a?b\n>> Authorization ~ ^4711",
         "  >> GET https://api.example/a?b\n- >> Authorization ~ ^4711\n+ >> Authorization: Bearer "
         "real-key-4711\n"},
        {">> GET https://api.example/a?b\n>> !x*",
         "  >> GET https://api.example/a?b\n- >> !x*\n+ >> X: 1\n+ >> X: 2\n+ >> X-Request-ID: "
         "00000000-0000-4000-8000-000000000000\n"},
        {">> GET https://api.example/a?b\n>> only",
         "  >> GET https://api.example/a?b\n- >> only\n+ >> X: 1\n+ >> X: 2\n+ >> Authorization: Bearer "
         "real-key-4711\n"},
        {">> GET https://api.example/a?b\n>> !\"real-key\"\n>> \"nowhere\"",
         "  >> GET https://api.example/a?b\n- >> !\"real-key\"\n+ >> Authorization: Bearer real-key-4711\n- "
         ">> "
         "\"nowhere\"\n"},
        {">> GET https://api.example/a?b\n>> via squid\n>> backend b", ""},
        {">> GET https://api.example/a?b\n>> via direct",
         "  >> GET https://api.example/a?b\n- >> via direct\n+ >> via squid\n"},
        {"< 403 denied",
         "- < 403 denied\n+ >> GET https://api.example/a?b\n  (it leaves; an answer of the server would "
         "stand behind <<)\n"},
        {"<< 200\n<< Server: x\n<< A: 1\n< 200\n< !server\n< A: 1\n< only", ""},
        {"<< 200\n<< A: 1\n< 404", "- < 404\n+ < 200 \n"},
        {"<< 200\n<< A: \\x01\n< 502 upstream_bad_response", ""},
    };
    struct hg_plan *plan = test_plan(TEST_CONFIG);
    char text[1024], out[4096];

    HG_NEED(plan != NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hg_unit_row(rows[i].text);
        snprintf(text, sizeof(text),
                 "frontend f\n== a\n> GET /a?b\n> Authorization: Bearer hush\n> X: 1\n> X: 2\n%s\n",
                 rows[i].text);
        HG_CHECK_STR(failure(plan, text, out, sizeof(out)), rows[i].says);
    }
    hg_plan_unref(&plan);
}

HG_TEST(answers_of_the_gateway)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"== a\nfrontend f\n> GET /no\n< 403 denied\n< Content-Type: application/json\n< \"denied by a "
         "rule\"",
         ""},
        {"== a\n> GET http://x:8080/no\n< 403", ""},
        {"== a\nfrontend f\n> GET /x y\n< 400 bad_request_line", ""},
        {"== a\nfrontend f\n> GET /\n> A: 1\\rB: 2\n< 400 bare_cr", ""},
        {"== a\n> GET /\n< 403", "  which frontend is meant is not clear (there are: f, g)\n"},
        {"== a\nfrontend h\n> GET /\n< 403", "  there is no frontend \"h\" (there are: f, g)\n"},
        {"== a\nfrom 1.2.3\n> GET /\n< 403",
         "  \"1.2.3\" is not an address (expected an IP address, unix or unix:UID:GID)\n"},
    };
    struct hg_plan *plan = test_plan(TEST_CONFIG);
    char out[4096];

    HG_NEED(plan != NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hg_unit_row(rows[i].text);
        HG_CHECK_STR(failure(plan, rows[i].text, out, sizeof(out)), rows[i].says);
    }
    HG_CHECK(
        strncmp(failure(plan, "== a\nfrontend f\n> GET /no\n>> GET https://api.example/no", out, sizeof(out)),
                "- >> GET https://api.example/no\n+ < 403 denied  (test.cfg:3)\n", 60) == 0);
    hg_plan_unref(&plan);
}

HG_TEST(secrets_of_files_and_commands_are_the_fixtures)
{
    static const char text[] =
        "secret file=abc\n== a\nfrontend g\n> GET /\n>> GET https://git.example:8443/\n>> X-File: "
        "abc\n>> Authorization: Basic $<base64:x:real-key-4711>\n"
        "== b\nsecret k=1\n> GET /\n< 200\n== c\nsecret no=1\n> GET /\n< 200\n";
    struct hg_plan *plan = test_plan(TEST_CONFIG);
    struct hg_diag *d = hg_diag_new();
    struct hg_fixtures *f = d != NULL ? hg_fixtures_read(hg_slice_str(text), "x", d) : NULL;
    struct hg_buf b;
    char why[256] = "";

    HG_NEED(plan != NULL && f != NULL && hg_diag_errors(d) == 0);
    hg_buf_init(&b, HG_LIMIT_FIXTURES, false);
    HG_CHECK(hg_fixture_secrets(hg_fixtures_get(f, 0), plan, why, sizeof(why)));
    HG_CHECK(hg_fixture_check(hg_fixtures_get(f, 0), plan, &b));
    HG_CHECK(!hg_fixture_secrets(hg_fixtures_get(f, 1), plan, why, sizeof(why)));
    HG_CHECK_STR(why, "secret k: comes from the environment (set its variable with env)");
    HG_CHECK(!hg_fixture_secrets(hg_fixtures_get(f, 2), plan, why, sizeof(why)));
    HG_CHECK_STR(why, "secret no: is not declared in the configuration");
    hg_buf_free(&b);
    hg_fixtures_free(f);
    hg_diag_free(d);
    hg_plan_unref(&plan);
}
