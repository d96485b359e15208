/* SPDX-License-Identifier: MIT
 *
 * Answers to failures: each name that a failure can have can be written, and
 * gives its page.
 */
#include "fixture.h"
#include "http/error.h"
#include "http/failures.h"

static char *with_all(const char *const *types, size_t n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    (void)fputs("frontend: { f: { bind = \"127.0.0.1:0\"; request = ( { deny = 403; } ); errors: {\n", out);
    for (size_t i = 0; i < n; i++) {
        for (const char *p = types[i]; *p != '\0'; p++)
            (void)fputc(*p == '_' ? '-' : *p, out);
        (void)fprintf(out, ": { status = %zu; };\n", 400 + i);
    }
    (void)fputs("}; }; };\n", out);
    (void)fclose(out);
    return text;
}

HG_TEST(every_failure_can_be_named)
{
    const char *types[HG_ERROR_TYPES_MAX];
    struct fixture_env e = {0};
    size_t n = hg_error_types(types);
    HG_CHECK(n > 60 && n < 200);
    char *text = with_all(types, n);
    HG_NEED(text != NULL);
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(text, &e, false, d);
    if (hg_diag_errors(d) > 0)
        hg_diag_print(d, stderr);
    HG_NEED(p != NULL);
    const struct hg_errors *errors = &p->frontend[0].errors;
    HG_CHECK_U64(errors->n, n);
    for (size_t i = 0; i < n; i++) {
        const struct hg_error_page *page = hg_errors_find(errors, types[i]);
        hg_unit_row(types[i]);
        HG_CHECK(hg_error_type_known(types[i]) && page != NULL && page->status == 400 + i);
        HG_CHECK(i == 0 || strcmp(types[i - 1], types[i]) < 0);
    }
    HG_CHECK(hg_errors_find(errors, "nothing") == NULL);
    HG_CHECK(!hg_error_type_known("any") && !hg_error_type_known("none") && !hg_error_type_known("ok"));
    hg_plan_unref(&p);
    hg_diag_free(d);
    free(text);
}

HG_TEST(names_in_all_tables_are_known)
{
#define X(id, name, status, text) \
    HG_CHECK(strcmp(#id, "OK") == 0 || strcmp(#id, "NONE") == 0 || hg_error_type_known(name));
    HG_HTTP_ERRORS(X)
    HG_FAILURES(X)
    HG_RULE_FAILS(X)
#undef X
}

HG_TEST(any_and_the_type_of_a_body)
{
    static const struct {
        const char *type, *content;
        enum hg_escape escape;
    } rows[] = {
        {"denied", "application/json", HG_ESCAPE_JSON},
        {"no_host", "text/html; charset=utf-8", HG_ESCAPE_HTML},
        {"bad_host", "text/plain; charset=utf-8", HG_ESCAPE_NONE},
        {"dns_failed", "text/plain; charset=utf-8", HG_ESCAPE_JSON},
        {"bare_lf", "application/json", HG_ESCAPE_HTML},
        {"bare_cr", "text/plain; charset=utf-8", HG_ESCAPE_NONE},
    };
    struct fixture_env e = {0};
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(
        "frontend: { f: { bind = \"127.0.0.1:0\"; request = ( { deny = 403; } ); errors: {"
        " denied: { body = \" { }\"; }; no-host: { body = \"<p>\"; }; bad-host: { body = \"no\"; };"
        " dns-failed: { body = \"no\"; header = [ \"content-type\", \"application/problem+JSON\" ]; };"
        " bare-lf: { body = \"[]\"; header = ( [ \"X\", \"json\" ], [ \"Content-Type\", \"application/xml\" "
        "] ); };"
        " any: { body = \"\"; }; }; }; };",
        &e, false, d);
    HG_NEED(p != NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct hg_error_page *page = hg_errors_find(&p->frontend[0].errors, rows[i].type);
        hg_unit_row(rows[i].type);
        HG_NEED(page != NULL && page->body != NULL);
        HG_CHECK_SLICE(page->content_type, rows[i].content);
        HG_CHECK_U64(page->escape, rows[i].escape);
        HG_CHECK((strcmp(page->type, "any") == 0) == (i == 5));
    }
    hg_plan_unref(&p);
    hg_diag_free(d);
}
