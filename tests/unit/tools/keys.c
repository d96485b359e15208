/* SPDX-License-Identifier: MIT
 *
 * The list of keys: names, choice by name, JSON that holds what the table holds.
 */
#include "tools/keys.h"

#include <stdio.h>

#include "base/limits.h"
#include "tools.h"

static bool has(const struct hg_buf *b, const char *text)
{
    struct hg_slice s = hg_buf_data(b);

    return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static size_t count(const struct hg_buf *b, const char *text)
{
    struct hg_slice s = hg_buf_data(b);
    size_t n = 0;

    for (const char *p; (p = memmem(s.p, s.n, text, strlen(text))) != NULL; n++)
        s = hg_slice_from(s, (size_t)(p - s.p) + strlen(text));
    return n;
}

HG_TEST(names_say_where_a_key_stands)
{
    static const struct {
        enum hg_schema_scope scope;
        const char *key, *name;
    } cases[] = {{HG_SCOPE_ROOT, "include", "include"},
                 {HG_SCOPE_BACKEND, "balance", "backend.balance"},
                 {HG_SCOPE_REQUEST, "set-header", "request.set-header"},
                 {HG_SCOPE_BIND_TLS, "cert", "bind.tls.cert"},
                 {HG_SCOPE_PASSIVE, "errors", "health.passive.errors"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct hg_schema_key *key = hg_schema_find(cases[i].scope, hg_slice_str(cases[i].key));
        char name[96], small[8];

        HG_NEED(key != NULL);
        hg_key_name(key, name, sizeof(name));
        HG_CHECK_STR(name, cases[i].name);
        hg_key_name(key, small, sizeof(small));
        HG_CHECK(strncmp(small, name, sizeof(small) - 1) == 0);
    }
}

HG_TEST(every_key_of_this_version_is_listed_once)
{
    struct hg_buf out;
    const char *unknown;
    size_t total;
    const struct hg_schema_key *key = hg_schema_keys(&total);

    hg_buf_init(&out, HG_LIMIT_EXPLAIN, false);
    HG_CHECK(hg_keys_write(NULL, 0, true, &out, &unknown));
    for (size_t i = 0; i < total; i++) {
        char name[96], field[128];

        hg_key_name(&key[i], name, sizeof(name));
        (void)snprintf(field, sizeof(field), "{\"name\":\"%s\",", name);
        HG_CHECK_U64(count(&out, field), 1);
    }
    HG_CHECK_U64(count(&out, "{\"name\":"), total);
    HG_CHECK(has(&out, "\"words\":[\"roundrobin\",\"leastconn\",\"first\"],\"default\":\"roundrobin\""));
    HG_CHECK(has(&out, "\"least\":1,\"most\":64"));
    HG_CHECK(
        has(&out, "\"kind\":\"size-or-none\",\"forms\":[\"one\"],\"unit\":\"bytes\",\"default\":\"10M\""));
    hg_buf_free(&out);
}

HG_TEST(names_choose_keys)
{
    static const char *const block[] = {"health"}, *const one[] = {"backend.balance"},
                             *const none[] = {"balance", "heal"}, *const part[] = {"backend.bal"};
    struct hg_buf out;
    const char *unknown = "x";

    hg_buf_init(&out, HG_LIMIT_EXPLAIN, false);
    HG_CHECK(hg_keys_write(block, 1, false, &out, &unknown));
    HG_CHECK(unknown == NULL);
    HG_CHECK(has(&out, "health.rise\n    good checks"));
    HG_CHECK(has(&out, "\nhealth.passive.errors\n"));
    HG_CHECK(has(&out, "backend.health\n"));
    HG_CHECK(!has(&out, "backend.balance"));
    hg_buf_free(&out);
    HG_CHECK(hg_keys_write(one, 1, false, &out, &unknown));
    HG_CHECK(
        hg_slice_eq(hg_buf_data(&out), HG_LIT("backend.balance\n    how a server is chosen\n    a word in "
                                              "quotes: roundrobin, leastconn, first; default roundrobin\n")));
    hg_buf_free(&out);
    HG_CHECK(hg_keys_write(none, 2, false, &out, &unknown));
    HG_CHECK(unknown == none[1]);
    HG_CHECK(hg_keys_write(part, 1, true, &out, &unknown));
    HG_CHECK(unknown == part[0]);
    HG_CHECK_U64(hg_buf_len(&out), 0);
    hg_buf_limit(&out, 100);
    HG_CHECK(!hg_keys_write(NULL, 0, true, &out, &unknown));
    hg_buf_free(&out);
}
