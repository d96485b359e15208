/* SPDX-License-Identifier: MIT
 *
 * Actions and what a ruleset says of itself.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fixture.h"

static void add_usual_headers(struct fixture *f)
{
    fixture_header(f, "Host", "api.test");
    fixture_header(f, "Authorization", "Bearer x");
    fixture_header(f, "AUTHORIZATION", "Bearer y");
    fixture_header(f, "X_Api_Key", "z");
    fixture_header(f, "X-Keep", "k");
    fixture_header(f, "Content-Length", "5");
}

HG_TEST(drop_sees_every_spelling)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    add_usual_headers(f);
    fixture_action(f, HG_ACTION_DROP_HEADER, "~^(authorization|x-api-key)$", NULL);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "Host: api.test|X_Api_Key: z|X-Keep: k|Content-Length: 5");
    fixture_free(f);
}

HG_TEST(drop_with_aliases_and_the_cache)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_action_spec spec = {
        .kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("~^x-api-key$"), .aliases = true};

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    fixture_action(f, HG_ACTION_DROP_HEADER, "authorization", NULL);
    for (int i = 0; i < 3; i++) { /* from the second run on the cache answers */
        hg_headers_init(&f->request.headers, &f->arena);
        add_usual_headers(f);
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_SLICE(fixture_headers(f), "Host: api.test|X-Keep: k|Content-Length: 5");
    }
    fixture_free(f);
}

HG_TEST(protected_headers_are_never_dropped)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    add_usual_headers(f);
    fixture_header(f, "Proxy-Authorization", "p");
    fixture_action(f, HG_ACTION_DROP_HEADER, "*", NULL);
    fixture_action(f, HG_ACTION_DROP_HEADER, "host", NULL);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "Host: api.test|Content-Length: 5|Proxy-Authorization: p");
    fixture_free(f);
}

HG_TEST(protected_headers_are_no_targets)
{
    static const char *const names[] = {"Host",
                                        "CONNECTION",
                                        "content-length",
                                        "Transfer-Encoding",
                                        "upgrade",
                                        "te",
                                        "Trailer",
                                        "Keep-Alive",
                                        "proxy-connection",
                                        "Expect",
                                        "Proxy-Authorization",
                                        "transfer_encoding",
                                        "",
                                        "a b",
                                        "a:b",
                                        "x\r\ny"};
    static const enum hg_action_kind kinds[] = {HG_ACTION_SET_HEADER, HG_ACTION_ADD_HEADER,
                                                HG_ACTION_DEFAULT_HEADER};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        for (size_t k = 0; k < 3; k++) {
            struct hg_action_spec spec = {
                .kind = kinds[k], .name = hg_slice_str(names[i]), .value = HG_LIT("v")};

            hg_unit_row(names[i]);
            HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
            HG_CHECK(f->note.text[0] != '\0' && !f->note.in_value);
        }
    }
    fixture_free(f);
}

HG_TEST(set_replaces_the_first_in_place)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    add_usual_headers(f);
    fixture_action(f, HG_ACTION_SET_HEADER, "authorization", "Bearer $<secret:key>");
    fixture_action(f, HG_ACTION_SET_HEADER, "X-$<A>", "%{method} %{header:x-keep}");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "Host: api.test|authorization: Bearer s3cret|X_Api_Key: z|X-Keep: k|"
                                       "Content-Length: 5|X-one: GET k");
    HG_CHECK_U64(f->request.headers.v[1].id, HG_FIELD_AUTHORIZATION);
    fixture_free(f);
}

HG_TEST(set_with_aliases_takes_the_variants_out)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_action_spec spec = {
        .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x-api-key"), .value = HG_LIT("v"), .aliases = true};

    add_usual_headers(f);
    fixture_header(f, "x-api_key", "w");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f),
                   "Host: api.test|Authorization: Bearer x|AUTHORIZATION: Bearer y|x-api-key: v|"
                   "X-Keep: k|Content-Length: 5");
    fixture_free(f);
}

HG_TEST(default_and_add)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    fixture_header(f, "X-Empty", "");
    fixture_header(f, "X-Full", "1");
    fixture_header(f, "x-full", "2");
    fixture_action(f, HG_ACTION_DEFAULT_HEADER, "x-empty", "d");
    fixture_action(f, HG_ACTION_DEFAULT_HEADER, "x-full", "d");
    fixture_action(f, HG_ACTION_DEFAULT_HEADER, "x-none", "d");
    fixture_action(f, HG_ACTION_ADD_HEADER, "x-full", "3");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "x-empty: d|X-Full: 1|x-none: d|x-full: 3");
    fixture_free(f);
}

HG_TEST(drop_query_keeps_the_rest_as_it_was)
{
    static const struct {
        const char *before, *after; /* after NULL: no '?' */
    } rows[] = {
        {"key=1", NULL},
        {"a=1&key=2&b=%41", "a=1&b=%41"},
        {"KEY=1&a", "a"},
        {"%6bey=1&a=+", "a=+"},
        {"k%45y", NULL},
        {"key=1&key=2", NULL},
        {"keys=1&akey=2", "keys=1&akey=2"},
        {"a=key&%zz=1", "a=key&%zz=1"},
        {"", ""},
        {"a=1&&b=2", "a=1&&b=2"},
        {"key=1&a=1&&b=2", "a=1&&b=2"},
    };
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    fixture_action(f, HG_ACTION_DROP_QUERY, "key", NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        hg_unit_row(rows[i].before);
        fixture_query(f, rows[i].before);
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK((f->request.query.p == NULL) == (rows[i].after == NULL));
        HG_CHECK_SLICE(f->request.query, rows[i].after ? rows[i].after : "");
    }
    fixture_query(f, NULL);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK(f->request.query.p == NULL);
    fixture_free(f);
}

HG_TEST(deny_and_respond)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_pair header = {HG_LIT("content-type"), HG_LIT("text/plain; m=%{method}")};
    struct hg_action_spec spec = {.kind = HG_ACTION_RESPOND,
                                  .where = "r.cfg:7",
                                  .body = HG_LIT("%{headers}"),
                                  .header = &header,
                                  .headers = 1};

    fixture_header(f, "X-A", "1");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_REPLY);
    HG_CHECK(!f->out.denied);
    HG_CHECK_U64(f->out.status, 200);
    HG_CHECK_STR(f->out.where, "r.cfg:7");
    HG_CHECK_SLICE(f->out.body, "GET /a/b?x=1 HTTP/1.1\nX-A: 1\n");
    HG_CHECK_U64(f->out.headers.n, 1);
    HG_CHECK_SLICE(f->out.headers.v[0].value, "text/plain; m=GET");
    fixture_free(f);

    f = fixture_new(HG_REQUEST_RULES);
    fixture_action(f, HG_ACTION_DENY, NULL, NULL);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_REPLY);
    HG_CHECK(f->out.denied && f->out.body.p == NULL);
    HG_CHECK_U64(f->out.status, 403);
    fixture_free(f);

    f = fixture_new(HG_REQUEST_RULES);
    fixture_action(f, HG_ACTION_RESPOND, NULL, NULL);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_REPLY);
    HG_CHECK(f->out.body.p != NULL && f->out.body.n == 0);
    fixture_free(f);
}

static const struct {
    const char *what;
    struct hg_action_spec spec;
    const char *sentence;
    bool in_value;
} wrong[] = {
    {"status", {.kind = HG_ACTION_DENY, .status = 100}, "status", false},
    {"status", {.kind = HG_ACTION_RESPOND, .status = 600}, "status", false},
    {"204", {.kind = HG_ACTION_RESPOND, .status = 204, .body = HG_LIT_INIT("x")}, "no body", false},
    {"secret", {.kind = HG_ACTION_RESPOND, .body = HG_LIT_INIT("$<secret:key>")}, "secret", true},
    {"echo", {.kind = HG_ACTION_DENY, .body = HG_LIT_INIT("%{headers}")}, "respond", true},
    {"value",
     {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT_INIT("a"), .value = HG_LIT_INIT("a\nb")},
     "value",
     true},
    {"LF",
     {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT_INIT("a"), .value = HG_LIT_INIT("$<LF>")},
     "LF",
     true},
    {"$1", {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT_INIT("a"), .value = HG_LIT_INIT("$1")}, "$1", true},
    {"regex", {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT_INIT("~a(")}, "at offset 3", false},
    {"name", {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT_INIT("a b")}, "name", false},
    {"empty", {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT_INIT("")}, "empty", false},
    {"empty", {.kind = HG_ACTION_DROP_QUERY, .name = {NULL, 0}}, "empty", false},
    {"secret name", {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT_INIT("$<secret:key>")}, "secret", false},
};

HG_TEST(what_is_wrong_is_said_when_built)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        hg_unit_row(wrong[i].what);
        HG_CHECK_U64(fixture_append(f, &wrong[i].spec), HG_APPEND_BAD);
        if (!HG_CHECK(strstr(f->note.text, wrong[i].sentence) != NULL))
            HG_CHECK_STR(f->note.text, wrong[i].sentence);
        HG_CHECK(strstr(f->note.text, "hush") == NULL);
        HG_CHECK(f->note.in_value == wrong[i].in_value);
    }
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    fixture_free(f);
}

HG_TEST(directions)
{
    struct fixture *f = fixture_new(HG_RESPONSE_RULES);
    struct hg_action_spec query = {.kind = HG_ACTION_DROP_QUERY, .name = HG_LIT("a")};
    struct hg_action_spec leak = {
        .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("a"), .value = HG_LIT("$<secret:key>")};
    struct hg_action_spec framing = {
        .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("content-length"), .value = HG_LIT("1")};

    HG_CHECK_U64(fixture_append(f, &query), HG_APPEND_BAD);
    HG_CHECK_U64(fixture_append(f, &leak), HG_APPEND_BAD);
    HG_CHECK_U64(fixture_append(f, &framing), HG_APPEND_BAD);
    fixture_header(f, "Server", "x");
    fixture_header(f, "Content-Length", "7");
    fixture_header(f, "Set-Cookie", "a");
    fixture_action(f, HG_ACTION_DROP_HEADER, "~server|content", NULL);
    fixture_action(f, HG_ACTION_SET_HEADER, "x-path", "%{path}");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "Content-Length: 7|Set-Cookie: a|x-path: /a/b");
    fixture_free(f);
}

HG_TEST(a_value_can_add_no_line)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    f->vars.frontend = HG_LIT("a\r\nx-evil: 1");
    fixture_action(f, HG_ACTION_SET_HEADER, "x-f", "%{frontend}");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_VALUE);
    HG_CHECK_STR(f->out.name, "x-f");
    HG_CHECK_U64(hg_rule_fail_status(f->out.fail), 400);
    HG_CHECK_STR(hg_rule_fail_name(f->out.fail), "rule_bad_value");
    HG_CHECK(hg_rule_fail_text(f->out.fail)[0] != '\0');
    fixture_free(f);
}

HG_TEST(a_secret_without_value_fails)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    fixture_action(f, HG_ACTION_SET_HEADER, "authorization", "Bearer $<secret:gone>");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_SECRET);
    HG_CHECK_STR(f->out.name, "file /run/gone");
    HG_CHECK_STR(f->out.where, "test.cfg:1");
    HG_CHECK_U64(hg_rule_fail_status(f->out.fail), 503);
    fixture_free(f);
}

HG_TEST(a_pattern_at_its_limit_fails_and_is_not_remembered)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    fixture_header(f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "1");
    fixture_action(f, HG_ACTION_DROP_HEADER, "x", NULL);
    fixture_action(f, HG_ACTION_DROP_HEADER, "~^(a+)+$", NULL);
    for (int i = 0; i < 2; i++) {
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
        HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_PATTERN);
        HG_CHECK_STR(f->out.name, "~^(a+)+$");
        HG_CHECK_U64(f->request.headers.n, 1);
    }
    HG_CHECK_U64(hg_ruleset_names(f->rs, f->scratch, HG_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")),
                 HG_MATCH_ERROR);
    fixture_query(f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab=1");
    hg_headers_init(&f->request.headers, &f->arena);
    fixture_action(f, HG_ACTION_DROP_QUERY, "~^(a+)+$", NULL);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_PATTERN);
    fixture_free(f);
}

HG_TEST(unset_variables)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.method = HG_LIT("POST")};
    struct hg_action_spec spec = {.kind = HG_ACTION_SET_HEADER,
                                  .where = "u.cfg:3",
                                  .name = HG_LIT("a"),
                                  .value = HG_LIT("$<NO>"),
                                  .when = &when};

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    f->request.method = HG_LIT("POST");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_UNSET);
    HG_CHECK_STR(f->out.name, "NO");
    HG_CHECK_STR(f->out.where, "u.cfg:3");
    f->request.method = HG_LIT("GET");
    spec.when = NULL;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_UNSET);
    HG_CHECK_STR(f->note.name, "NO");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    fixture_free(f);
}

HG_TEST(unset_in_a_condition_or_a_pattern)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.path = HG_LIT("/$<NO>")};
    struct hg_action_spec spec = {.kind = HG_ACTION_DENY, .when = &when};
    struct hg_action_spec drop = {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("~^$<NO>$")};

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_UNSET);
    HG_CHECK_STR(f->note.name, "NO");
    HG_CHECK_U64(fixture_append(f, &drop), HG_APPEND_UNSET);
    when.path = HG_LIT("/$<NO?>");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_VANISHED);
    drop.name = HG_LIT("~^$<NO?>$");
    HG_CHECK_U64(fixture_append(f, &drop), HG_APPEND_VANISHED);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(hg_ruleset_names(f->rs, f->scratch, HG_LIT("x")), HG_MATCH_NO);
    fixture_free(f);
}

static struct hg_ruleset *child_with(struct fixture *f, enum hg_action_kind kind, const char *name,
                                     const char *value)
{
    struct hg_ruleset *child = hg_ruleset_new(HG_REQUEST_RULES);
    struct hg_action_spec spec = {.kind = kind, .name = hg_slice_str(name), .value = hg_slice_str(value)};

    HG_CHECK(child != NULL);
    HG_CHECK_U64(hg_ruleset_append(child, &spec, &f->resolver, &f->note), HG_APPEND_OK);
    return child;
}

HG_TEST(use_runs_the_child_when_its_condition_holds)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.path = HG_LIT("/a/*")};
    struct hg_action_spec spec = {.kind = HG_ACTION_USE, .when = &when};

    fixture_header(f, "X-A", "1");
    spec.child = child_with(f, HG_ACTION_DROP_HEADER, "x-a", NULL);
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    when.path = HG_LIT("/b/*");
    spec.child = child_with(f, HG_ACTION_SET_HEADER, "x-b", "$<secret:gone>");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    spec.when = NULL;
    spec.child = child_with(f, HG_ACTION_SET_HEADER, "x-c", "$<secret:key>");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "x-c: s3cret");
    HG_CHECK(hg_ruleset_secret(f->rs, 0, true) == f->key);
    HG_CHECK(hg_ruleset_secret(f->rs, 1, true) == NULL);
    HG_CHECK(hg_ruleset_secret(f->rs, 0, false) == f->gone);
    HG_CHECK(hg_ruleset_secret(f->rs, 1, false) == f->key);
    HG_CHECK_U64(hg_ruleset_names(f->rs, f->scratch, HG_LIT("X-A")), HG_MATCH_YES);
    HG_CHECK_U64(hg_ruleset_names(f->rs, f->scratch, HG_LIT("X-B")), HG_MATCH_YES);
    HG_CHECK_U64(hg_ruleset_names(f->rs, f->scratch, HG_LIT("x-d")), HG_MATCH_NO);
    fixture_free(f);
}

HG_TEST(use_has_a_depth)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_ruleset *inner = child_with(f, HG_ACTION_SET_HEADER, "x-deep", "1");
    unsigned depth = 1;

    for (;; depth++) {
        struct hg_ruleset *outer = hg_ruleset_new(HG_REQUEST_RULES);
        struct hg_action_spec spec = {.kind = HG_ACTION_USE, .child = inner};

        HG_NEED(outer != NULL && depth < 100);
        if (hg_ruleset_append(outer, &spec, &f->resolver, &f->note) != HG_APPEND_OK) {
            hg_ruleset_free(outer);
            break;
        }
        inner = outer;
    }
    HG_CHECK_U64(depth, HG_LIMIT_USE_DEPTH);
    HG_CHECK(strstr(f->note.text, "deep") != NULL);
    hg_ruleset_free(f->rs);
    f->rs = inner; /* still ours after BAD */
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "x-deep: 1");
    fixture_free(f);
}

HG_TEST(an_echo_never_shows_a_credential)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_action_spec echo = {.kind = HG_ACTION_RESPOND, .body = HG_LIT("%{headers}")};
    struct hg_action_spec use = {.kind = HG_ACTION_USE};
    struct hg_ruleset *child = hg_ruleset_new(HG_REQUEST_RULES);

    HG_NEED(child != NULL);
    HG_CHECK_U64(hg_ruleset_append(child, &echo, &f->resolver, &f->note), HG_APPEND_OK);
    fixture_action(f, HG_ACTION_SET_HEADER, "x", "$<secret:key>");
    HG_CHECK_U64(fixture_append(f, &echo), HG_APPEND_BAD);
    use.child = child;
    HG_CHECK_U64(fixture_append(f, &use), HG_APPEND_BAD);
    hg_ruleset_free(child);
    fixture_free(f);
}

static void collect(void *ctx, const char *where, const char *text)
{
    char *out = ctx;

    strcat(strcat(strcat(strcat(out, where), " "), text), "\n");
}

HG_TEST(warnings)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    char text[2000] = "";

    fixture_action(f, HG_ACTION_DROP_HEADER, "~^(authorization|proxy-authorization)$", NULL);
    fixture_action(f, HG_ACTION_SET_HEADER, "authorization", "Bearer $<secret:key>");
    fixture_action(f, HG_ACTION_SET_HEADER, "x-other", "$<A>");
    hg_ruleset_warnings(f->rs, collect, text);
    HG_CHECK_STR(text, "");
    fixture_action(f, HG_ACTION_DROP_HEADER, "~^host$", NULL);
    fixture_action(f, HG_ACTION_DROP_HEADER, "*", NULL);
    fixture_action(f, HG_ACTION_SET_HEADER, "X-Api-Key", "$<A>");
    hg_ruleset_warnings(f->rs, collect, text);
    HG_CHECK(strstr(text, "test.cfg:1 drop-header matches Host, which") == text);
    HG_CHECK(strstr(text, "matches Host and 9 more headers") != NULL);
    HG_CHECK(strstr(text, "X-Api-Key carries a credential") != NULL);
    fixture_free(f);
}

HG_TEST(a_full_header_list_fails)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    for (unsigned i = 0; i < HG_LIMIT_HEADER_LIST; i++)
        HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("a"), HG_LIT("b")));
    fixture_action(f, HG_ACTION_ADD_HEADER, "c", "d");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_MEMORY);
    fixture_free(f);
}
