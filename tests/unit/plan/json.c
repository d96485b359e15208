/* SPDX-License-Identifier: MIT
 *
 * $<json:NAME>: lists and maps out of variables, as data and nothing else; and
 * what is said of JSON that is none, without a byte of it.
 */
#include "base/limits.h"
#include "fixture.h"

#define CONFIG                                                                                   \
    "frontend: { f: { bind = \"$<json:BINDS>\"; backend = \"b\"; trusted-hops = "                \
    "\"$<json:HOPS:-[\\\"10.0.0.0/8\\\"]>\";\n"                                                  \
    " request = ( { drop-header = \"x\"; }, { set-header = \"$<json:EXTRA>\"; when: { method = " \
    "\"$<json:METHODS:-[\\\"GET\\\"]>\"; }; },\n"                                                \
    "  { deny = 403; when: { path = \"$<json:PATHS?>\"; }; } ); }; };\n"                         \
    "backend: { b: { server = \"$<json:SERVERS>\"; via = \"direct\"; refresh-on = "              \
    "\"$<json:CODES:-[401]>\"; }; };"

#define BINDS "BINDS", "[\"127.0.0.1:0\", \"unix:/tmp/x\"]"
#define SERVERS "SERVERS", " [ \"https://a.test\" , \"https://b.test\" ] "
#define EXTRA "EXTRA", "{\"X-One\": \"1 $<EVIL> $1 100%{path}\", \"X-Two\": \"2\"}"

static struct hg_plan *good(struct fixture_env *e)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(CONFIG, e, false, d);
    if (hg_diag_errors(d) > 0)
        hg_diag_print(d, stderr);
    HG_CHECK_U64(hg_diag_errors(d), 0);
    hg_diag_free(d);
    return p;
}

static enum hg_verdict run(const struct hg_frontend *f, const char *method, const char *path,
                           struct hg_headers *headers)
{
    struct hg_arena arena;
    struct hg_scratch *scratch = hg_scratch_new();
    struct hg_vars vars = {.frontend = HG_LIT("f")};
    struct hg_request q = {
        .method = hg_slice_str(method), .path = hg_slice_str(path), .authority = HG_LIT("h"), .minor = 1};
    const struct hg_rules_run r = {.arena = &arena, .scratch = scratch, .vars = &vars, .request = &q};
    struct hg_outcome out;
    hg_arena_init(&arena, HG_LIMIT_ARENA);
    hg_headers_init(&q.headers, &arena);
    vars.request = &q;
    enum hg_verdict v = hg_ruleset_run(f->request, &r, &out);
    if (v == HG_VERDICT_PASS && headers != NULL) {
        HG_CHECK_U64(q.headers.n, 2);
        HG_CHECK_SLICE(q.headers.v[0].name, "X-One");
        HG_CHECK_SLICE(q.headers.v[0].value, "1 $<EVIL> $1 100%{path}");
        HG_CHECK_SLICE(q.headers.v[1].value, "2");
    } else if (v == HG_VERDICT_PASS) {
        HG_CHECK_U64(q.headers.n, 0);
    }
    hg_arena_reset(&arena);
    hg_scratch_free(scratch);
    return v;
}

HG_TEST(as_if_it_were_written)
{
    struct fixture_env e = {{BINDS, SERVERS, EXTRA, "EVIL", "evil", "PATHS", "[\"/no*\", \"/~x\"]", NULL}};
    struct hg_plan *p = good(&e);
    struct hg_headers some;
    HG_NEED(p != NULL);
    const struct hg_frontend *f = &p->frontend[0];
    HG_NEED(f->binds == 2 && f->backend->servers == 2);
    HG_CHECK_STR(f->bind[1].path, "/tmp/x");
    HG_CHECK_STR(f->backend->server[1].host, "b.test");
    HG_CHECK_U64(f->trusted_hops.n, 1);
    HG_CHECK(f->backend->refresh_ons == 1 && f->backend->refresh_on[0] == 401);
    HG_CHECK_U64(run(f, "GET", "/", &some), HG_VERDICT_PASS); /* nothing in it is expanded */
    HG_CHECK_U64(run(f, "POST", "/", NULL), HG_VERDICT_PASS);
    HG_CHECK_U64(run(f, "GET", "/no*", NULL), HG_VERDICT_REPLY);
    HG_CHECK_U64(run(f, "GET", "/node", &some), HG_VERDICT_PASS); /* quoted: no glob */
    hg_plan_unref(&p);
}

HG_TEST(unset_is_as_everywhere)
{
    struct fixture_env e = {{BINDS, SERVERS, "METHODS", "[\"HEAD\"]", NULL}};
    struct hg_plan *p = good(&e);
    HG_NEED(p != NULL);
    HG_CHECK(p->frontend[0].missing.what == NULL); /* the action has a condition */
    HG_CHECK_U64(run(&p->frontend[0], "GET", "/", NULL), HG_VERDICT_PASS);
    HG_CHECK_U64(run(&p->frontend[0], "HEAD", "/", NULL), HG_VERDICT_FAIL);
    hg_plan_unref(&p);
}

static const struct {
    const char *name, *value, *line;
} bad[] = {
    {"BINDS", NULL, "t:1: frontend.f.bind[0]: environment variable BINDS is not set"},
    {"BINDS", "[\"hunter2\"",
     "t:1: frontend.f.bind: the value of environment variable BINDS is not valid JSON at "
     "offset 10 (expected an array of strings, such as [\"a\", \"b\"])"},
    {"BINDS", "{\"hunter2\":\"x\"}",
     "t:1: frontend.f.bind: the value of environment variable BINDS is an object "
     "(expected an array of strings, such as [\"a\", \"b\"])"},
    {"BINDS", "\"hunter2\"",
     "t:1: frontend.f.bind: the value of environment variable BINDS is neither an array "
     "nor an object (expected an array of strings, such as [\"a\", \"b\"])"},
    {"BINDS", "[\"a\",[\"hunter2\"]]",
     "t:1: frontend.f.bind: the value of environment variable BINDS has no "
     "string at offset 5 (expected an array of strings, such as [\"a\", \"b\"])"},
    {"BINDS", "[\"a\\nhunter2\"]",
     "t:1: frontend.f.bind: the value of environment variable BINDS has a string with a line break or NUL at "
     "offset 1 (expected an array of strings, such as [\"a\", \"b\"])"},
    {"BINDS", "[\"a\\u0000hunter2\"]",
     "t:1: frontend.f.bind: the value of environment variable BINDS has a string with a line break or NUL at "
     "offset 1 (expected an array of strings, such as [\"a\", \"b\"])"},
    {"EXTRA", "[\"hunter2\"]",
     "t:2: frontend.f.request[1].set-header: the value of environment variable EXTRA "
     "is an array (expected an object with strings, such as {\"a\": \"b\"})"},
    {"EXTRA", "{\"X\": {\"hunter2\": 1}}",
     "t:2: frontend.f.request[1].set-header: the value of environment variable EXTRA has no string at offset "
     "6 "
     "(expected an object with strings, such as {\"a\": \"b\"})"},
    {"EXTRA", "{\"Host\": \"hunter2\"}",
     "t:2: frontend.f.request[1].set-header: Host is a framing or routing header: rules cannot set it"},
    {"METHODS", "[\"$<hunter2\"]",
     "t:2: frontend.f.request[1].when.method: the value of environment variable METHODS has a $< at offset "
     "1, "
     "which a pattern cannot have (expected an array of strings, such as [\"a\", \"b\"])"},
    {"CODES", "[999]",
     "t:4: backend.b.refresh-on: the value of environment variable CODES has a number at offset "
     "1 that cannot be used here (expected an array of numbers, such as [1, 2])"},
    {"CODES", "[true]",
     "t:4: backend.b.refresh-on: the value of environment variable CODES has no number at "
     "offset 1 (expected an array of numbers, such as [1, 2])"},
};

HG_TEST(what_is_wrong_is_said_without_the_text)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        /* The first of a name counts. */
        struct fixture_env e = {{bad[i].name, bad[i].value, BINDS, SERVERS, EXTRA, NULL}};
        struct hg_diag *d = hg_diag_new();
        struct hg_plan *p = fixture_plan(CONFIG, &e, false, d);
        enum hg_severity severity;
        const char *line = NULL;
        hg_unit_row(bad[i].line);
        HG_CHECK(p == NULL);
        for (size_t k = 0; line == NULL && hg_diag_line(d, k, &severity) != NULL; k++)
            line = severity == HG_SEVERITY_ERROR ? hg_diag_line(d, k, NULL) : NULL;
        HG_CHECK_STR(line, bad[i].line);
        for (size_t k = 0; hg_diag_line(d, k, NULL) != NULL; k++)
            HG_CHECK(strstr(hg_diag_line(d, k, NULL), "hunter2") == NULL);
        hg_plan_unref(&p);
        hg_diag_free(d);
    }
}

HG_TEST(a_large_one)
{
    static char text[HG_LIMIT_JSON + 100];
    struct fixture_env e = {{"BINDS", text, SERVERS, EXTRA, NULL}};
    struct hg_diag *d = hg_diag_new();
    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "[]", 2);
    struct hg_plan *p = fixture_plan(CONFIG, &e, false, d);
    HG_CHECK(p == NULL);
    HG_CHECK_STR(hg_diag_line(d, 0, NULL),
                 "t:1: frontend.f.bind: the value of environment variable BINDS is larger than "
                 "256 KiB (expected an array of strings, such as [\"a\", \"b\"])");
    hg_diag_free(d);
}
