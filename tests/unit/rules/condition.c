/* SPDX-License-Identifier: MIT
 *
 * Conditions: each part, all of them together, captures, and parts that cannot
 * be evaluated.
 */
#include <string.h>

#include "fixture.h"

static const struct hg_pair accept_json = {HG_LIT_INIT("accept"), HG_LIT_INIT("*json*")};
static const struct hg_pair accept_two = {HG_LIT_INIT("ACCEPT"), HG_LIT_INIT("second")};
static const struct hg_pair absent = {HG_LIT_INIT("x-absent"), HG_LIT_INIT("*")};
static const struct hg_pair query_space = {HG_LIT_INIT("Q"), HG_LIT_INIT("a b")};
static const struct hg_pair query_bare = {HG_LIT_INIT("flag"), HG_LIT_INIT("")};
static const struct hg_pair query_absent = {HG_LIT_INIT("none"), HG_LIT_INIT("*")};

static const struct {
    const char *what;
    struct hg_when when;
    bool holds;
} rows[] = {
    {"nothing asked", {.headers = 0}, true},
    {"method", {.method = HG_LIT_INIT("GET")}, true},
    {"method case", {.method = HG_LIT_INIT("get")}, false},
    {"method regex", {.method = HG_LIT_INIT("~^(?:GET|HEAD)$")}, true},
    {"path glob", {.path = HG_LIT_INIT("/a/*")}, true},
    {"path exact", {.path = HG_LIT_INIT("/a")}, false},
    {"path has no query", {.path = HG_LIT_INIT("~\\?")}, false},
    {"host without port", {.host = HG_LIT_INIT("API.test")}, true},
    {"host with port", {.host = HG_LIT_INIT("api.test:8443")}, false},
    {"header", {.header = &accept_json, .headers = 1}, true},
    {"header, a later one", {.header = &accept_two, .headers = 1}, true},
    {"header absent", {.header = &absent, .headers = 1}, false},
    {"query decoded", {.query = &query_space, .queries = 1}, true},
    {"query without value", {.query = &query_bare, .queries = 1}, true},
    {"query absent", {.query = &query_absent, .queries = 1}, false},
    {"two hold", {.method = HG_LIT_INIT("GET"), .path = HG_LIT_INIT("/a/b")}, true},
    {"one fails", {.method = HG_LIT_INIT("GET"), .path = HG_LIT_INIT("/x")}, false},
};

static void add_message(struct fixture *f)
{
    fixture_query(f, "x=1&%71=a%20b&q=c&flag");
    HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("Accept"), HG_LIT("application/json")));
    HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("accept"), HG_LIT("second")));
}

HG_TEST(table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        struct hg_action_spec spec = {.kind = HG_ACTION_DENY, .when = &rows[i].when};

        add_message(f);
        hg_unit_row(rows[i].what);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
        HG_CHECK_U64(fixture_run(f), rows[i].holds ? HG_VERDICT_REPLY : HG_VERDICT_PASS);
        fixture_free(f);
    }
}

HG_TEST(responses_look_at_the_request_and_their_own_headers)
{
    struct fixture *f = fixture_new(HG_RESPONSE_RULES);
    struct hg_pair type = {HG_LIT("content-type"), HG_LIT("*json*")};
    struct hg_when when = {.path = HG_LIT("/a/*"), .header = &type, .headers = 1};
    struct hg_action_spec spec = {
        .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x"), .value = HG_LIT("1"), .when = &when};

    add_message(f);
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), ""); /* the request's Accept is not asked */
    fixture_header(f, "Content-Type", "application/json");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "Content-Type: application/json|x: 1");
    fixture_free(f);
}

HG_TEST(captures_of_the_one_regex)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.method = HG_LIT("~^GET$"), .path = HG_LIT("~^/([^/]+)/(z)?")};
    struct hg_action_spec spec = {
        .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x"), .value = HG_LIT("[$1][$2]"), .when = &when};

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "x: [a][]");
    spec.value = HG_LIT("$3");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    HG_CHECK(strstr(f->note.text, "2 groups") != NULL);
    when.method = HG_LIT("~^(GET)$"); /* two that capture: a guess */
    spec.value = HG_LIT("$1");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    fixture_free(f);
}

HG_TEST(what_cannot_be_evaluated_fails)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.path = HG_LIT("~^/(?:a+)+$")};
    struct hg_action_spec spec = {.kind = HG_ACTION_DENY, .where = "c.cfg:9", .when = &when};

    f->request.path = hg_guarded_str("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_PATTERN);
    HG_CHECK_STR(f->out.where, "c.cfg:9");
    fixture_free(f);
}

HG_TEST(bad_parts_are_named)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.path = HG_LIT("~(")};
    struct hg_action_spec spec = {.kind = HG_ACTION_DENY, .when = &when};
    struct hg_pair pair = {HG_LIT("a b"), HG_LIT("x")};

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    HG_CHECK_STR(f->note.part, "when.path");
    when = (struct hg_when){.header = &pair, .headers = 1};
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    HG_CHECK_STR(f->note.part, "when.header");
    pair.name = HG_LIT("$<NO>");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_UNSET);
    pair.name = HG_LIT("$<NO?>");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_VANISHED);
    fixture_free(f);
}
