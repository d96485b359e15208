/* SPDX-License-Identifier: MIT
 *
 * What stands for @{...}: seen in the body that a rule answers with.
 */
#include "base/limits.h"
#include "fixture.h"

/* rule: the body of rule r's answer. use: what its use says. Gives the answer's body, or the first line of
 * what check says; in out. */
static void answer(const char *rule, const char *use, char *out, size_t cap)
{
    char text[1200];
    struct fixture_env e = {{"V", "val", NULL}};
    struct hg_diag *d = hg_diag_new();
    (void)snprintf(text, sizeof(text),
                   "rule: { r: { request = ( { respond: { body = \"%s\"; }; } ); };\n"
                   " outer: { request = ( { use = \"r\"; a = \"<@{o}>\"; b = \"\"; } ); }; };\n"
                   "frontend: { f: { bind = \"127.0.0.1:0\"; request = ( { use = %s; } ); }; };",
                   rule, use);
    struct hg_plan *p = fixture_plan(text, &e, false, d);
    (void)snprintf(out, cap, "%s", hg_diag_line(d, 0, NULL) != NULL ? hg_diag_line(d, 0, NULL) : "");
    hg_diag_free(d);
    if (p == NULL)
        return;
    struct hg_arena arena;
    struct hg_request request = {.method = HG_LIT("GET"), .path = HG_LIT("/p")};
    struct hg_vars vars = {.request = &request};
    struct hg_outcome o = {0};
    hg_arena_init(&arena, HG_LIMIT_ARENA);
    struct hg_scratch *scratch = hg_scratch_new();
    struct hg_rules_run run = {.arena = &arena, .scratch = scratch, .vars = &vars, .request = &request};
    HG_CHECK(hg_ruleset_run(p->frontend[0].request, &run, &o) == HG_VERDICT_REPLY);
    (void)snprintf(out, cap, "%.*s", (int)o.body.n, o.body.p != NULL ? o.body.p : "");
    hg_scratch_free(scratch);
    hg_arena_reset(&arena);
    hg_plan_unref(&p);
}

static const struct {
    const char *rule, *use, *says;
} rows[] = {
    {"@{a}", "\"r\"; a = \"x\"", "x"},
    {"[@{a}][@{a}]", "\"r\"; a = \"x\"", "[x][x]"},
    {"@{a}", "\"r\"; a = 5", "5"},
    {"@{a}", "\"r\"; a = true", "true"},
    {"@{a-b_2}", "\"r\"; a-b_2 = \"x\"", "x"},
    {"@{a:-d}", "\"r\"", "d"},
    {"@{a:-d}", "\"r\"; a = \"\"", "d"}, /* empty counts as unset, as with $<...> */
    {"[@{a}]", "\"r\"; a = \"\"", "[]"},
    {"@{a:-}", "\"r\"", ""},
    {"@{a:-%{method} {2} @{b:-$<V>}}", "\"r\"", "GET {2} val"},
    {"@{a:-@{b}}", "\"r\"; a = \"x\"", "x"}, /* b is not needed then */
    {"@@{a} me@home @ {", "\"r\"", "@{a} me@home @ {"},
    {"@@{a} @@@{a}", "\"r\"; a = \"x\"",
     "t:3: frontend.f.request[0].a: rule r has no parameter of this name"},
    {"@{a}", "\"r\"; a = \"@{b}\"",
     "t:3: frontend.f.request[0].a: @{b} stands for a parameter, and only a rule has parameters (write @@{ "
     "for "
     "the characters)"},
    {"@{a}", "\"r\"; a = \"@@{b}\"", "@{b}"}, /* what was put in is not searched again */
    {"@{a}", "\"r\"; a = \"$<V> %{path} $$\"", "val /p $"},
    {"@{a}|@{b:-B}", "\"outer\"; o = \"y\"", "<y>|B"},
    {"@{a}", "\"r\"", "t:3: frontend.f.request[0]: rule r needs a = \"...\" here (for @{a} at t:1)"},
    {"@{a}|@{b}", "\"outer\"",
     "t:3: frontend.f.request[0]: rule outer needs o = \"...\" here (for @{o} at t:2)"},
    {"@{abc}", "\"r\"; abd = \"x\"",
     "t:3: frontend.f.request[0].abd: rule r has no parameter of this name [did you mean abc?]"},
    {"x", "\"r\"; unles = \"x\"",
     "t:3: frontend.f.request[0].unles: rule r has no parameter of this name [did you mean unless?]"},
    {"@{a}", "\"r\"; a = \"%{nope}\"",
     "t:1: rule.r.request[0].respond: body: %{nope} is not known (used at t:3)"},
    {"@{a", "\"r\"",
     "t:1: rule.r.request[0].respond.body: @{ is not closed by } (write @@{ for the characters)"},
    {"@{}", "\"r\"",
     "t:1: rule.r.request[0].respond.body: @{...} takes a parameter's name, and maybe a default: "
     "@{name:-default} (write @@{ for the characters)"},
    {"@{a b}", "\"r\"",
     "t:1: rule.r.request[0].respond.body: @{...} takes a parameter's name, and maybe a default: "
     "@{name:-default} (write @@{ for the characters)"},
    {"@{when}", "\"r\"", "t:1: rule.r: a parameter cannot be called when: that is a key of an entry"},
};

HG_TEST(parameters_stand_in_the_rule)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char got[600];
        hg_unit_row(rows[i].rule);
        answer(rows[i].rule, rows[i].use, got, sizeof(got));
        HG_CHECK_STR(got, rows[i].says);
    }
}

/* In every place where a string can stand, and as a number. */
HG_TEST(parameters_stand_anywhere)
{
    struct fixture_env e = {{"K", "k", NULL}};
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(
        "secret: { k: { from = \"$<K>\"; }; };\n"
        "rule: { r: { request = ( { set-header = [ \"@{name:-authorization}\", \"Bearer @{key}\" ]; },\n"
        " { drop-header = \"~^x-@{pattern}\"; aliases = \"@{alias:-true}\"; when: { path = \"@{path}\"; }; "
        "},\n"
        " { deny = \"@{status}\"; when: { method = \"PUT\"; header: { a = \"@{pattern}\"; }; }; } );\n"
        " response = ( { drop-header = \"@{pattern}\"; } ); }; };\n"
        "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; }; };\n"
        "backend: { b: { url = \"https://x.test\"; via = \"s\";\n"
        " request = ( { use = \"r\"; key = \"$<secret:k>\"; pattern = \"a+\"; path = \"/x\"; status = 404; } "
        ");\n"
        " response = ( { use = \"r\"; key = \"unused here\"; pattern = \"b\"; } ); };\n"
        " s: { proxy = \"http://p.test\"; }; };\n",
        &e, true, d);
    HG_CHECK_STR(hg_diag_line(d, 0, NULL) != NULL ? hg_diag_line(d, 0, NULL) : "", "");
    HG_NEED(p != NULL);
    HG_CHECK(hg_ruleset_secret(p->backend[0].request, 0, true) != NULL);
    HG_CHECK(p->frontend[0].path_strict);
    hg_plan_unref(&p);
    hg_diag_free(d);
}
