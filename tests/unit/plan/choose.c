/* SPDX-License-Identifier: MIT
 *
 * choose: which entry wins, why, where its value may stand, and that no value of
 * a variable gets into a reason.
 */
#include "fixture.h"

#define FRONT "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; }; };\n"
#define BACK(url) "backend: { b: { url = \"" url "\"; via = \"direct\"; }; };\n"

static struct hg_plan *good(const char *text, struct fixture_env *e)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(text, e, false, d);
    if (hg_diag_errors(d) > 0)
        hg_diag_print(d, stderr);
    HG_CHECK_U64(hg_diag_errors(d), 0);
    hg_diag_free(d);
    return p;
}

#define COPILOT                                                                                              \
    "choose: { host = (\n"                                                                                   \
    " { value = \"$<host:TARGET>\"; env = [ \"TARGET\", \"~.\" ]; },\n"                                      \
    " { value = \"copilot-api.$1.ghe.com\"; env: { URL = \"~^https://([a-z]+)\\\\.ghe\\\\.com/?$\"; }; },\n" \
    " { value = \"enterprise.test\"; env: { URL = [ \"https://a.test\", \"https://b.*\" ]; }; },\n"          \
    " { value = \"plain.test\"; } ); };\n" FRONT BACK("https://$<choose:host>")

static const struct {
    const char *url, *target, *host, *why;
    size_t won;
} copilot[] = {
    {NULL, NULL, "plain.test", "it has no condition", 3},
    {"", "", "plain.test", "it has no condition", 3},
    {"https://github.com", NULL, "plain.test", "it has no condition", 3},
    {"https://acme.ghe.com", NULL, "copilot-api.acme.ghe.com",
     "URL matches \"~^https://([a-z]+)\\.ghe\\.com/?$\"", 1},
    {"https://acme.ghe.com.evil.test", NULL, "plain.test", "it has no condition", 3},
    {"https://b.test", NULL, "enterprise.test", "URL matches \"https://a.test\" or \"https://b.*\"", 2},
    {"https://acme.ghe.com", "https://x.test/y", "x.test", "TARGET matches \"~.\"", 0},
};

HG_TEST(the_first_entry_that_holds)
{
    for (size_t i = 0; i < sizeof(copilot) / sizeof(copilot[0]); i++) {
        struct fixture_env e = {{"URL", copilot[i].url, "TARGET", copilot[i].target, NULL}};
        struct hg_plan *p = good(COPILOT, &e);
        hg_unit_row(copilot[i].url != NULL ? copilot[i].url : "no URL");
        HG_NEED(p != NULL && p->choices == 1);
        const struct hg_choice *x = &p->choice[0];
        HG_CHECK_STR(p->backend[0].server[0].host, copilot[i].host);
        HG_CHECK_STR(x->value, copilot[i].host);
        HG_CHECK_STR(x->name, "host");
        HG_CHECK_STR(x->where, "t:1");
        HG_CHECK_U64(x->won, copilot[i].won);
        HG_CHECK_STR(x->entry[x->won].why, copilot[i].why);
        HG_CHECK(x->won == x->entries - 1 || x->entry[x->won + 1].why == NULL);
        for (size_t k = 0; k < x->won; k++)
            HG_CHECK(x->entry[k].why != NULL && strstr(x->entry[k].why, "acme") == NULL);
        if (copilot[i].won > 0)
            HG_CHECK_STR(x->entry[0].why, "TARGET is not set");
        hg_plan_unref(&p);
    }
}

static const struct {
    const char *choose, *url;
    const char *host; /* NULL: no plan */
    const char *line; /* then: what is said */
} places[] = {
    {"x = ( { value = \"$<NO?>.test\"; }, { value = \"next.test\"; } );", "https://$<choose:x>", "next.test",
     NULL},
    {"x = ( { value = \"$<NO>\"; } );", "https://$<choose:x>", NULL,
     "t:3: backend.b.url: environment variable NO is not set"},
    {"x = ( { value = \"$<NO>\"; } );", "https://$<choose:x:-d.test>", "d.test", NULL},
    {"x = ( { value = \"a\"; env = [ \"NO\", \"~.\" ]; } );", "https://$<choose:x>", NULL,
     "t:3: backend.b.url: no entry of choice x applies"},
    {"x = ( { value = \"a\"; env = [ \"NO\", \"~.\" ]; } );", "https://$<choose:x:-$<A>.test>", "one.test",
     NULL},
    {"x = ( { value = \"a\"; env = [ \"NO\", \"\" ]; } );", "https://$<choose:x>.test", "a.test", NULL},
    {"x = ( { value = \"a\"; env = [ \"A\", \"\" ]; } );", "https://$<choose:x:-b>.test", "b.test", NULL},
    {"x = { value = \"$<choose:y-z>\"; }; y-z = { value = \"a$$1$1\"; env = [ \"A\", \"~(n)\" ]; };",
     "https://$<choose:x>.test", NULL, "t:3: backend.b.url: the URL is malformed"},
    {"x = { value = \"$<choose:y-z>\"; }; y-z = { value = \"a$1\"; env = [ \"A\", \"~(n)|(m)\" ]; };",
     "https://$<choose:x>.test", "an.test", NULL},
    {"x = { value = \"a$2b\"; env = [ \"A\", \"~(n)|(m)\" ]; };", "https://$<choose:x>.test", "ab.test",
     NULL},
    {"x = { value = \"$<INJECT>\"; };", "https://$<choose:x>", NULL,
     "t:3: backend.b.url: the URL is malformed"},
    {"x = { value = \"$1\"; env = [ \"LF\", \"~(?s)^(.*)$\" ]; };", "https://$<choose:x>", NULL,
     "t:1: choose.x.value: what $1 stands for has a line break or NUL inside"},
    {"x = { value = \"$<secret:s>\"; };", "https://$<choose:x>", NULL,
     "t:3: backend.b.url: the choice \"x\" (t:1): a secret cannot be used here"},
};

HG_TEST(wherever_a_variable_may_stand)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct fixture_env e = {
            {"A", "one", "LF", "a\nb", "INJECT", "$<choose:x>%{path}", "S", "hunter2-secret", NULL}};
        struct hg_diag *d = hg_diag_new();
        char text[1024];
        snprintf(text, sizeof(text),
                 "choose: { %s }; secret: { s: { from = \"$<S>\"; }; };\n" FRONT
                 "backend: { b: { url = \"%s\"; via = \"direct\"; }; };",
                 places[i].choose, places[i].url);
        struct hg_plan *p = fixture_plan(text, &e, false, d);
        hg_unit_row(text);
        HG_CHECK((p != NULL) == (places[i].host != NULL));
        if (p != NULL)
            HG_CHECK_STR(p->backend[0].server[0].host, places[i].host);
        else if (hg_diag_line(d, 0, NULL) == NULL ||
                 strncmp(hg_diag_line(d, 0, NULL), places[i].line, strlen(places[i].line)) != 0)
            HG_CHECK_STR(hg_diag_line(d, 0, NULL), places[i].line);
        hg_plan_unref(&p);
        hg_diag_free(d);
    }
}

HG_TEST(a_secret_from_a_choice_is_not_shown)
{
    struct fixture_env e = {{"TOKEN", "Bearer hunter2-secret", "U", "http://me:hunter2@p.test", NULL}};
    struct hg_plan *p =
        good("choose: { token = ( { value = \"$1\"; env = [ \"TOKEN\", \"~^Bearer (.*)$\" ]; } );\n"
             " shown = { value = \"x$<secret:s>\"; }; leak = { value = \"$<TOKEN>\"; }; url = { value = "
             "\"$<U>\"; };\n"
             " head = { value = \"Bearer $<secret:s>\"; }; };\n"
             "secret: { s: { from = \"$<choose:token>\"; }; };\n" FRONT
             "backend: { b: { url = \"https://x.test\"; via = \"direct\";\n"
             " request = ( { set-header = [ \"Authorization\", \"$<choose:head>\" ]; } ); }; };",
             &e);
    HG_NEED(p != NULL && p->choices == 5);
    HG_CHECK(p->choice[0].hidden && p->choice[0].value == NULL);
    HG_CHECK_STR(hg_choice_shown(&p->choice[0]), "");
    HG_CHECK_STR(hg_choice_shown(&p->choice[1]), "x$<secret:s>");
    HG_CHECK_STR(hg_choice_shown(&p->choice[2]), "");
    HG_CHECK_STR(hg_choice_shown(&p->choice[3]), "(user info)@p.test");
    HG_CHECK_STR(hg_secret_slot_source(p->source[0].slot), "choice token");
    struct hg_secret *v = hg_secret_slot_take(p->source[0].slot);
    HG_CHECK_SLICE(hg_secret_bytes(v), "hunter2-secret");
    hg_secret_release(&v);
    HG_CHECK(hg_ruleset_secret(p->backend[0].request, 0, true) == p->source[0].slot);
    hg_plan_unref(&p);
}
