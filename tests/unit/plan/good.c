/* SPDX-License-Identifier: MIT
 *
 * Plans of good configs: every value in its place, and what is missing said.
 */
#include <unistd.h>

#include "base/limits.h"
#include "fixture.h"

#define FRONT "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; }; };\n"

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

HG_TEST(values_and_defaults)
{
    struct fixture_env e = {{"N", "7", NULL}};
    struct hg_plan *p =
        good("global: { threads = \"$<N>\"; log: { level = \"warn\"; to = \"stderr\"; }; drain = \"2s\"; };\n"
             "defaults: { via = \"direct\"; timeout: { connect = \"1s\"; idle = \"3s\"; }; limit: { body = "
             "\"none\"; };"
             " pool: { age = \"5m\"; }; };\n"
             "frontend: { f: { bind = ( \"[::1]:0\", { to = \"unix:/tmp/x\"; mode = \"0660\"; } ); backend = "
             "\"b\";"
             " limit: { head = \"8k\"; }; timeout: { idle = \"4s\"; }; path = \"strict\"; missing: { body = "
             "\"no\"; }; }; };\n"
             "backend: { b: { server = ( { url = \"https://x.test\"; }, { url = \"http://[::1]:81/\"; } );"
             " timeout: { tls = \"2s\"; }; retry: { buffer = \"0\"; }; pool: { idle-max = 3; }; }; };\n",
             &e);
    HG_NEED(p != NULL);
    HG_CHECK_U64(p->global.threads, 7);
    HG_CHECK_U64(p->global.log_level, HG_LOG_WARN);
    HG_CHECK_STR(p->global.log_target.to, "stderr");
    HG_CHECK_U64(p->global.drain, 2000);
    HG_CHECK(p->global.user == NULL && p->global.ready_file == NULL);
    const struct hg_frontend *f = &p->frontend[0];
    HG_CHECK_U64(f->binds, 2);
    HG_CHECK_STR(f->bind[0].host, "::1");
    HG_CHECK_STR(f->bind[0].text, "[::1]:0");
    HG_CHECK(f->bind[1].kind == HG_BIND_UNIX && f->bind[1].mode == 0660);
    HG_CHECK_STR(f->bind[1].path, "/tmp/x");
    HG_CHECK_U64(f->limit_head, 8192);
    HG_CHECK(f->limit_body == UINT64_MAX && f->path_strict && f->missing.what == NULL);
    HG_CHECK_U64(f->missing.status, 503);
    HG_CHECK_SLICE(f->missing.body, "no");
    HG_CHECK_U64(f->timeout.idle, 4000);
    HG_CHECK_U64(f->timeout.keep_alive, HG_TIME_KEEP_ALIVE_DEFAULT);
    const struct hg_backend *b = f->backend;
    HG_NEED(b == &p->backend[0] && b->servers == 2 && p->servers == 2);
    HG_CHECK_U64(b->timeout.connect, 1000);
    HG_CHECK_U64(b->timeout.idle, 3000);
    HG_CHECK_U64(b->timeout.tls, 2000);
    HG_CHECK_U64(b->retry.buffer, 0);
    HG_CHECK_U64(b->pool.idle_max, 3);
    HG_CHECK_U64(b->pool.age_ms, 300000);
    HG_CHECK(b->proxy == NULL && b->tls.verify && b->request != NULL && b->response != NULL);
    HG_CHECK(b->server[0].tls && b->server[0].port == 443 && b->server[0].index == 0);
    HG_CHECK_STR(b->server[0].host_field, "x.test");
    HG_CHECK(!b->server[1].tls && b->server[1].port == 81 && b->server[1].index == 1);
    HG_CHECK_STR(b->server[1].host, "::1");
    HG_CHECK_STR(b->server[1].host_field, "[::1]:81");
    HG_CHECK(strcmp(b->server[0].key, b->server[1].key) != 0);
    hg_plan_unref(&p);
    HG_CHECK(p == NULL);
}

HG_TEST(proxy_credentials_are_a_secret)
{
    struct fixture_env e = {
        {"P", "http://us%65r:p%40ss@squid.test", "NODE_EXTRA_CA_CERTS", "/extra.pem", NULL}};
    struct hg_plan *p = good(FRONT "backend: { s: { proxy = \"$<P>\"; connect-header = [ \"X-A\", \"b\" ]; };"
                                   " b: { url = \"https://x.test:8443\"; via = \"s\"; }; };",
                             &e);
    HG_NEED(p != NULL);
    const struct hg_backend *b = p->frontend[0].backend;
    HG_NEED(b->proxy != NULL && b->proxy->authorization != NULL);
    HG_CHECK_STR(b->proxy->host, "squid.test");
    HG_CHECK_U64(b->proxy->port, 3128);
    HG_CHECK_SLICE(hg_secret_bytes(b->proxy->authorization), "Basic dXNlcjpwQHNz");
    HG_CHECK_U64(b->proxy->n_headers, 1);
    HG_CHECK_STR(b->tls.extra_ca, "/extra.pem");
    HG_CHECK_STR(b->server[0].host_field, "x.test:8443");
    HG_CHECK(strstr(b->server[0].key, "ss") == NULL && strstr(b->server[0].key, "dXNl") == NULL);
    hg_plan_unref(&p);
}

static const struct {
    const char *secret; /* the block's keys */
    const char *value;  /* of K */
    const char *what;   /* frontend.missing.what */
} missing[] = {
    {"from = \"$<K>\";", NULL, "environment variable K is not set"},
    {"from = \"$<K>\";", "", "environment variable K is not set"},
    {"from = \"$<K>\";", "  \n ", "environment variable K is not set"},
    {"from = \"$<K>\";", "a\nb", "secret s (environment variable K) has a line break or NUL inside"},
    {"from = \"$<K>\";", "a\rb", "secret s (environment variable K) has a line break or NUL inside"},
    {"from = \"x$<K>\";", "a\nb", "secret s (environment variable K) has a line break or NUL inside"},
    {"from = \"x$<K:-y>\";", "a\nb", "secret s (environment variable K) has a line break or NUL inside"},
    {"from = \"$<K>\";", "a\x1b", "secret s (environment variable K) has a control character inside"},
    {"from = \"x$<K>\";", "a\x7f", "secret s (environment variable K) has a control character inside"},
    {"from = \"$<J:-$<K>>\";", NULL, "environment variable K is not set"},
    {"from = \"$<K>\"; strip-prefix = \"Bearer \";", "Bearer ", ""},
    {"from = \"$<K>\"; strip-prefix = \"Bearer \";", "bearer x", NULL},
    {"from = \"$<K>\";", " x\n", NULL},
    {"file = \"$<K>\";", NULL, "environment variable K is not set"},
};

HG_TEST(a_missing_secret_is_said_and_not_an_error)
{
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        struct fixture_env e = {{missing[i].value != NULL ? "K" : NULL, missing[i].value, NULL}};
        char text[600];
        hg_unit_row(missing[i].secret);
        (void)snprintf(text, sizeof(text),
                       "secret: { s: { %s }; };" FRONT
                       "backend: { b: { url = \"https://x.test\"; via = \"direct\";"
                       " request = ( { set-header = [ \"a\", \"$<secret:s>\" ]; } ); }; };",
                       missing[i].secret);
        struct hg_plan *p = good(text, &e);
        HG_NEED(p != NULL);
        const char *what = p->frontend[0].missing.what;
        if (missing[i].what == NULL)
            HG_CHECK(what == NULL);
        else if (missing[i].what[0] == '\0')
            HG_CHECK(what != NULL);
        else
            HG_CHECK_STR(what, missing[i].what);
        hg_plan_unref(&p);
    }
}

HG_TEST(conditional_needs_leave_the_frontend_configured)
{
    struct fixture_env e = {0};
    struct hg_plan *p = good("secret: { s: { from = \"$<K>\"; }; };\n"
                             "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; request = ("
                             " { set-header = [ \"a\", \"$<secret:s>\" ]; when: { path = \"/x\"; }; },"
                             " { set-header = [ \"b\", \"$<NO>\" ]; when: { method = \"PUT\"; }; } ); }; };\n"
                             "backend: { b: { url = \"https://x.test\"; via = \"direct\"; }; };",
                             &e);
    HG_NEED(p != NULL);
    HG_CHECK(p->frontend[0].missing.what == NULL);
    HG_CHECK(p->frontend[0].path_strict); /* a path condition makes it so */
    hg_plan_unref(&p);
}

HG_TEST(keys_tell_apart_what_must_not_share_a_connection)
{
    static const char *const backends[] = {
        "url = \"https://x.test\"; via = \"direct\";",
        "url = \"https://x.test\"; via = \"p\";",
        "url = \"https://x.test\"; via = \"q\";",
        "url = \"https://x.test\"; via = \"h\";",
        "url = \"https://x.test:444\"; via = \"direct\";",
        "url = \"http://x.test:443\"; via = \"direct\";",
        "url = \"https://y.test\"; via = \"direct\";",
        "url = \"https://x.test\"; via = \"direct\"; tls: { sni = \"y.test\"; };",
        "url = \"https://x.test\"; via = \"direct\"; tls: { verify = false; };",
        "url = \"https://x.test\"; via = \"direct\"; tls: { ca = \"/dev/null\"; };",
        "url = \"https://x.test\"; via = \"direct\"; tls: { cert = \"/dev/null\"; key = \"/dev/null\"; };",
    };
    char text[4000];
    size_t n = sizeof(backends) / sizeof(backends[0]), len = 0;
    len += (size_t)snprintf(
        text, sizeof(text), "%s",
        "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b0\"; }; };\n"
        "backend: { p: { proxy = \"http://a:b@p.test\"; }; q: { proxy = \"http://a:c@p.test\"; };"
        " h: { proxy = \"http://a:b@p.test\"; connect-header = [ \"a\", \"b\" ]; };\n");
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "b%zu: { %s };\n", i, backends[i]);
    (void)snprintf(text + len, sizeof(text) - len, "};\n");
    struct fixture_env e = {0};
    struct hg_plan *p = good(text, &e);
    HG_NEED(p != NULL && p->backends == n);
    for (size_t i = 0; i < n; i++) {
        hg_unit_row(backends[i]);
        for (size_t k = 0; k < i; k++)
            HG_CHECK(strcmp(p->backend[i].server[0].key, p->backend[k].server[0].key) != 0);
    }
    hg_plan_unref(&p);
}

HG_TEST(references_keep_a_plan)
{
    struct fixture_env e = {0};
    struct hg_plan *p = good(FRONT "backend: { b: { url = \"https://x.test\"; via = \"direct\"; }; };", &e);
    HG_NEED(p != NULL);
    struct hg_plan *again = hg_plan_ref(p);
    hg_plan_unref(&p);
    HG_CHECK_STR(again->frontend[0].name, "f");
    hg_plan_unref(&again);
    hg_plan_unref(&again);
}
