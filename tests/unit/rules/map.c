/* SPDX-License-Identifier: MIT
 *
 * Maps: the first entry in the order written, however it is found; who matches
 * none is refused; and no key gets into a log or around the table.
 */
#include "rules/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fixture.h"

static const struct hg_map *the_map;

static const struct hg_map *find(void *ctx, struct hg_slice name)
{
    (void)ctx;
    return hg_slice_eq(name, HG_LIT("m")) ? the_map : NULL;
}

static struct hg_map *map_new(struct fixture *f, const char *key)
{
    struct hg_map *m = hg_map_new("m", HG_MAP_TO_SECRET);
    struct hg_template_note note;

    HG_CHECK_U64(hg_map_set_key(m, hg_slice_str(key), &f->resolver, &note), HG_TEMPLATE_OK);
    f->resolver.map = find;
    the_map = m;
    return m;
}

static void add(struct fixture *f, struct hg_map *m, const char *pattern, unsigned line)
{
    struct hg_rule_note note;

    HG_CHECK_U64(hg_map_add(m, hg_guarded_str(pattern), NULL, f->key, "f.map", line, &note), HG_APPEND_OK);
}

static unsigned look_up(struct fixture *f, const struct hg_map *m, const char *path)
{
    struct hg_map_taken taken;

    f->request.path = hg_guarded_str(path);
    f->vars.scratch = f->scratch;
    switch (hg_map_find(m, &f->vars, &f->arena, &taken)) {
    case HG_MAP_FOUND:
        HG_CHECK_SLICE(taken.key, path);
        return taken.line;
    case HG_MAP_NONE:
        return 0;
    default:
        return 999;
    }
}

static void count_doubles(void *ctx, const char *file, unsigned line, unsigned first)
{
    unsigned *n = ctx;

    HG_CHECK_STR(file, "f.map");
    HG_CHECK(first < line);
    ++*n;
}

HG_TEST(first_in_the_order_written)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_map *m = map_new(f, "%{path}");
    unsigned doubles = 0;

    add(f, m, "/b", 1);
    add(f, m, "/a*", 2);
    add(f, m, "/ab", 3); /* the glob stands before it */
    add(f, m, "/b", 4);
    add(f, m, "~^/b", 5);
    add(f, m, "/bb", 6);
    add(f, m, "\\~x\\*", 7);
    add(f, m, "/c", 8);
    add(f, m, "/c*", 9);
    add(f, m, "~^(a+)+$", 10);
    HG_NEED(hg_map_seal(m, count_doubles, &doubles));
    HG_CHECK_U64(doubles, 1);
    HG_CHECK_U64(look_up(f, m, "/b"), 1);
    HG_CHECK_U64(look_up(f, m, "/ab"), 2);
    HG_CHECK_U64(look_up(f, m, "/bb"), 5);
    HG_CHECK_U64(look_up(f, m, "~x*"), 7);
    HG_CHECK_U64(look_up(f, m, "/c"), 8);
    HG_CHECK_U64(look_up(f, m, "/cc"), 9);
    HG_CHECK_U64(look_up(f, m, ""), 0);
    HG_CHECK_U64(look_up(f, m, "/"), 0);
    HG_CHECK_U64(look_up(f, m, "/C"), 0); /* case counts */
    HG_CHECK_U64(look_up(f, m, "/a\n"), 2);
    HG_CHECK_U64(look_up(f, m, "/b\n"), 5);
    HG_CHECK_U64(look_up(f, m, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
                 999); /* its limit: neither yes nor no */
    HG_CHECK(hg_map_asks(m) == HG_WHEN_BIT(HG_WHEN_PATH));
    HG_CHECK(hg_map_secret(m, 0) == f->key && hg_map_secret(m, 1) == NULL);
    hg_map_free(m);
    fixture_free(f);
}

HG_TEST(thousands_of_entries)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_map *m = map_new(f, "%{path}");
    char text[32];

    for (unsigned i = 1; i <= 5000; i++) {
        snprintf(text, sizeof(text), "/t%u", i * 7919 % 5003);
        add(f, m, text, i);
    }
    HG_NEED(hg_map_seal(m, NULL, NULL));
    for (unsigned i = 1; i <= 5000; i += 37) {
        snprintf(text, sizeof(text), "/t%u", i * 7919 % 5003);
        HG_CHECK_U64(look_up(f, m, text), i);
    }
    HG_CHECK_U64(look_up(f, m, "/t5003"), 0);
    HG_CHECK_U64(look_up(f, m, "/t"), 0);
    HG_CHECK(hg_map_asks(m) != 0 && hg_map_target(m, 4999) != NULL && hg_map_target(m, 5000) == NULL);
    hg_map_free(m);
    fixture_free(f);
}

HG_TEST(ceilings)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_map *m = map_new(f, "%{path}");
    struct hg_rule_note note;

    for (unsigned i = 0; i < HG_LIMIT_MAP_PATTERNS; i++)
        add(f, m, "a*", i);
    HG_CHECK_U64(hg_map_add(m, HG_LIT("b*"), NULL, f->key, "f.map", 1, &note), HG_APPEND_BAD);
    HG_CHECK_STR(note.text, "the map has too many patterns that are not exact");
    HG_CHECK_U64(hg_map_add(m, HG_LIT("~("), NULL, f->key, "f.map", 1, &note), HG_APPEND_BAD);
    HG_CHECK_U64(note.offset, 2);
    hg_map_free(m);
    fixture_free(f);
}

static const struct {
    const char *header, *value; /* of the request */
    enum hg_verdict verdict;
    const char *out; /* headers; FAIL: the failure's name */
} runs[] = {
    {"X-T", "acme", HG_VERDICT_PASS, "X-T: acme|Authorization: Bearer s3cret"},
    {"x-t", "acme", HG_VERDICT_PASS, "x-t: acme|Authorization: Bearer s3cret"},
    {"X-T", "acme2", HG_VERDICT_FAIL, "map_no_match"},
    {"X-T", "", HG_VERDICT_FAIL, "map_no_match"},
    {"X-Other", "acme", HG_VERDICT_FAIL, "map_no_match"},
    {"X-T", "$<secret:key>", HG_VERDICT_FAIL, "map_no_match"},
    {"X-T", "none", HG_VERDICT_FAIL, "not_configured"},
};

HG_TEST(a_secret_for_each_request)
{
    for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        struct hg_map *m = map_new(f, "%{header:x-t}");
        struct hg_rule_note note;
        enum hg_verdict v;

        hg_unit_row(runs[i].value);
        add(f, m, "acme", 1);
        HG_CHECK_U64(hg_map_add(m, HG_LIT("none"), NULL, f->gone, "f.map", 2, &note), HG_APPEND_OK);
        HG_NEED(hg_map_seal(m, NULL, NULL));
        fixture_header(f, runs[i].header, runs[i].value);
        fixture_action(f, HG_ACTION_SET_HEADER, "Authorization", "Bearer $<map:m>");
        /* All that it can give is bound to the destination, but no request needs all of it. */
        HG_CHECK(hg_ruleset_secret(f->rs, 1, false) != NULL && hg_ruleset_secret(f->rs, 2, false) == NULL);
        HG_CHECK(hg_ruleset_secret(f->rs, 0, true) == NULL);
        v = fixture_run(f);
        HG_CHECK_U64(v, runs[i].verdict);
        if (v == HG_VERDICT_PASS)
            HG_CHECK_SLICE(fixture_headers(f), runs[i].out);
        else
            HG_CHECK_STR(hg_rule_fail_name(f->out.fail), runs[i].out);
        fixture_free(f);
        hg_map_free(m);
    }
}

static const struct {
    const char *name, *value;
    enum hg_action_kind kind;
    const char *text;
} misuses[] = {
    {"$<map:m>", "x", HG_ACTION_SET_HEADER, "a map of secrets cannot be used here"},
    {"x", "$<map:n>", HG_ACTION_SET_HEADER, "the map \"n\" is not declared"},
    {"x", "$<map:m?>", HG_ACTION_SET_HEADER, "the map \"m?\" is not declared"},
    {"x", "$<map:m:-d>", HG_ACTION_SET_HEADER, "the map \"m:-d\" is not declared"},
};

HG_TEST(where_it_cannot_stand)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_map *m = map_new(f, "%{client-ip}");

    HG_NEED(hg_map_seal(m, NULL, NULL));
    for (size_t i = 0; i < sizeof(misuses) / sizeof(*misuses); i++) {
        const struct hg_action_spec spec = {.kind = misuses[i].kind,
                                            .name = hg_slice_str(misuses[i].name),
                                            .value = hg_slice_str(misuses[i].value)};

        hg_unit_row(misuses[i].value);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
        HG_CHECK_STR(f->note.text, misuses[i].text);
    }
    fixture_free(f);
    hg_map_free(m);
}

HG_TEST(keys)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    const struct hg_client client = {.ip = HG_LIT_INIT("unix"), .has_peer = true, .uid = 1000, .gid = 4};
    struct hg_map *m = map_new(f, "%{client-ip}/%{peer-uid}/%{peer-gid}/%{client-header:Authorization}");
    struct hg_request arrived = f->request;
    struct hg_map_taken taken;
    char text[300];

    hg_headers_init(&arrived.headers, &f->arena);
    HG_CHECK(hg_headers_add(&arrived.headers, HG_LIT("authorization"), HG_LIT("hunter2")));
    add(f, m, "192.0.2.1/1000/4/hunter2", 3);
    HG_NEED(hg_map_seal(m, NULL, NULL));
    f->vars.scratch = f->scratch;
    f->vars.client = &client;
    f->vars.arrived = &arrived;
    HG_CHECK_U64(hg_map_find(m, &f->vars, &f->arena, &taken), HG_MAP_FOUND);
    hg_map_say(&taken, "key", text, sizeof(text));
    HG_CHECK_STR(text, "m: key of 24 bytes is key (f.map:3)"); /* it holds a credential */
    f->vars.client = NULL;
    HG_CHECK_U64(hg_map_find(m, &f->vars, &f->arena, &taken), HG_MAP_NONE);
    HG_CHECK_SLICE(taken.key, "192.0.2.1///hunter2");
    hg_map_free(m);
    fixture_free(f);
}
