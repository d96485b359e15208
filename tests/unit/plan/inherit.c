/* SPDX-License-Identifier: MIT
 *
 * from = "...", named defaults: what a copy has, and what it has not.
 */
#include "fixture.h"

static struct hg_plan *good(const char *text)
{
    struct fixture_env e = {{"K", "k", NULL}};
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(text, &e, true, d);
    HG_CHECK_STR(hg_diag_line(d, 0, NULL) != NULL ? hg_diag_line(d, 0, NULL) : "", "");
    hg_diag_free(d);
    return p;
}

static const struct hg_frontend *frontend(const struct hg_plan *p, const char *name)
{
    for (size_t i = 0; i < p->frontends; i++) {
        if (strcmp(p->frontend[i].name, name) == 0)
            return &p->frontend[i];
    }
    return NULL;
}

static const struct hg_backend *backend(const struct hg_plan *p, const char *name)
{
    for (size_t i = 0; i < p->backends; i++) {
        if (strcmp(p->backend[i].name, name) == 0)
            return &p->backend[i];
    }
    return NULL;
}

#define PROXY "squid: { proxy = \"http://squid.test\"; };"

HG_TEST(a_copy_has_what_it_does_not_say_itself)
{
    struct hg_plan *p = good(
        "secret: { k: { from = \"$<K>\"; }; };\n"
        "frontend: {\n"
        " c: { from = \"b\"; bind = \"127.0.0.1:0\"; timeout: { idle = \"7s\"; }; };\n" /* before its base */
        " a: { bind = \"127.0.0.1:0\"; backend = \"x\"; path = \"strict\"; timeout: { idle = \"5s\"; drain = "
        "\"1s\"; }; missing: { status = 500; }; };\n"
        " b: { from = \"a\"; bind = \"127.0.0.1:0\"; backend = \"y\"; missing: { body = \"no\"; }; };\n"
        "};\n"
        "backend: { " PROXY "\n"
        " x: { server: { url = \"https://x.test\"; }; via = \"squid\"; tls: { sni = \"s.test\"; };"
        " request = ( { set-header = [ \"a\", \"$<secret:k>\" ]; } ); pool: { idle-max = 3; age = \"1m\"; }; "
        "};\n"
        " y: { from = \"x\"; url = \"https://y.test\"; pool: { age = \"2m\"; }; };\n"
        " z: { from = \"y\"; request = ( ); };\n"
        "};\n");
    HG_NEED(p != NULL && p->frontends == 3 && p->backends == 3);
    const struct hg_frontend *b = frontend(p, "b"), *c = frontend(p, "c");
    HG_CHECK(b->path_strict && b->binds == 1 && strcmp(b->backend->name, "y") == 0);
    HG_CHECK_U64(b->timeout.idle, 5000);
    HG_CHECK_U64(b->missing.status, 500);
    HG_CHECK_SLICE(b->missing.body, "no");
    HG_CHECK(frontend(p, "a")->missing.body.p == NULL);
    HG_CHECK_U64(c->timeout.idle, 7000);
    HG_CHECK_U64(c->timeout.drain, 1000);
    HG_CHECK_STR(c->backend->name, "y");
    const struct hg_backend *x = backend(p, "x"), *y = backend(p, "y"), *z = backend(p, "z");
    HG_CHECK(y->servers == 1 && strcmp(y->server[0].host, "y.test") == 0);
    HG_CHECK(x->servers == 1 && strcmp(x->server[0].host, "x.test") == 0);
    HG_CHECK_STR(y->tls.sni, "s.test");
    HG_CHECK(y->proxy != NULL && y->proxy == x->proxy);
    HG_CHECK_U64(y->pool.idle_max, 3);
    HG_CHECK_U64(y->pool.age_ms, 120000);
    HG_CHECK_U64(x->pool.age_ms, 60000);
    HG_CHECK(hg_ruleset_secret(y->request, 0, true) != NULL);  /* a list is copied */
    HG_CHECK(hg_ruleset_secret(z->request, 0, false) == NULL); /* or replaced whole */
    HG_CHECK_STR(z->server[0].host, "y.test");
    hg_plan_unref(&p);
}

HG_TEST(named_defaults_stand_in_for_those_of_the_file)
{
    struct hg_plan *p =
        good("defaults: { via = \"squid\"; timeout: { idle = \"1s\"; connect = \"2s\"; };\n"
             " named: { slow: { via = \"squid\"; timeout: { idle = \"1h\"; }; };\n"
             "          slower: { from = \"slow\"; timeout: { idle = \"2h\"; }; }; }; };\n"
             "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"x\"; defaults = \"slow\"; };\n"
             " g: { from = \"f\"; bind = \"127.0.0.1:0\"; };\n"
             " h: { bind = \"127.0.0.1:0\"; backend = \"y\"; }; };\n"
             "backend: { " PROXY "\n x: { url = \"https://x.test\"; defaults = \"slower\"; };\n"
             " y: { url = \"https://y.test\"; }; };\n");
    HG_NEED(p != NULL);
    HG_CHECK_U64(frontend(p, "f")->timeout.idle, 3600000);
    HG_CHECK_U64(frontend(p, "g")->timeout.idle, 3600000); /* the choice is copied too */
    HG_CHECK_U64(frontend(p, "h")->timeout.idle, 1000);
    HG_CHECK_U64(backend(p, "x")->timeout.idle, 7200000);
    HG_CHECK(backend(p, "x")->timeout.connect != 2000); /* those of the file do not show through */
    HG_CHECK(backend(p, "x")->proxy != NULL);
    HG_CHECK_U64(backend(p, "y")->timeout.connect, 2000);
    hg_plan_unref(&p);
}

/* A file's own defaults may begin as named ones, which another file has. */
HG_TEST(named_defaults_are_for_all_files)
{
    char folder[] = "/tmp/hg-unit-XXXXXX", name[64];
    HG_NEED(mkdtemp(folder) != NULL);
    static const char *const text[] = {"defaults: { from = \"site\"; timeout: { tls = \"9s\"; }; };\n"
                                       "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"x\"; }; };\n"
                                       "backend: { " PROXY " x: { url = \"https://x.test\"; }; };\n",
                                       "defaults: { named: { site: { via = \"squid\"; timeout: { idle = "
                                       "\"3s\"; tls = \"1s\"; }; }; }; };\n"};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof(name), "%s/%d.cfg", folder, i);
        FILE *f = fopen(name, "w");
        HG_NEED(f != NULL);
        (void)fputs(text[i], f);
        (void)fclose(f);
    }
    const char *path = folder;
    struct fixture_env e = {0};
    struct hg_environment env = {&e, fixture_get};
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = hg_model_read(&path, 1, NULL, d);
    struct hg_plan *p = hg_plan_build(m, &env, NULL, d);
    HG_CHECK_U64(hg_diag_errors(d) + hg_diag_warnings(d), 0);
    HG_NEED(p != NULL);
    HG_CHECK_U64(p->backend[0].timeout.idle, 3000);
    HG_CHECK_U64(p->backend[0].timeout.tls, 9000);
    HG_CHECK_U64(p->frontend[0].timeout.idle, 3000);
    hg_plan_unref(&p);
    hg_model_free(m);
    hg_diag_free(d);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof(name), "%s/%d.cfg", folder, i);
        (void)unlink(name);
    }
    (void)rmdir(folder);
}
