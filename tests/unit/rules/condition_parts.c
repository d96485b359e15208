/* SPDX-License-Identifier: MIT
 *
 * Every part of a condition: where it applies, where it does not, and with input
 * that is meant to make it do the wrong thing. Acls and what names them; why a
 * condition does not hold; and that what cannot be told is never a yes or a no.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "fixture.h"

enum side { REQ = HG_REQUEST_RULES, RES = HG_RESPONSE_RULES };

struct row {
    const char *what;
    enum hg_when_kind kind;
    const char *name;
    const char *any[4];
    enum side side;
    bool holds;
};

/* The request that arrived was POST /came?x=1 with X-Came: yes; it is now GET /a/b?%71=a%20b&q=c&flag with
 * Accept twice and X-Long; from 10.1.2.3 as uid 1000, gid 100; the response is 404 with Server: s. */
static const struct row rows[] = {
    {"method", HG_WHEN_METHOD, NULL, {"GET"}, REQ, true},
    {"method, one of a list", HG_WHEN_METHOD, NULL, {"PUT", "GET"}, REQ, true},
    {"method, none of a list", HG_WHEN_METHOD, NULL, {"PUT", "POST"}, REQ, false},
    {"method is not caseless", HG_WHEN_METHOD, NULL, {"get"}, REQ, false},
    {"path", HG_WHEN_PATH, NULL, {"/x", "/a/*"}, REQ, true},
    {"path, another", HG_WHEN_PATH, NULL, {"/x", "/y/*"}, REQ, false},
    {"path has no query", HG_WHEN_PATH, NULL, {"~flag"}, REQ, false},
    {"host", HG_WHEN_HOST, NULL, {"API.test"}, REQ, true},
    {"host, another", HG_WHEN_HOST, NULL, {"api"}, REQ, false},
    {"host, port is no part of it", HG_WHEN_HOST, NULL, {"*:8443"}, REQ, false},
    {"header", HG_WHEN_HEADER, "accept", {"second"}, REQ, true},
    {"header, another value", HG_WHEN_HEADER, "accept", {"sec"}, REQ, false},
    {"header that a rule took away", HG_WHEN_HEADER, "x-came", {"*"}, REQ, false},
    {"header, no smuggled line", HG_WHEN_HEADER, "x-long", {"~^(?:a+)$"}, REQ, false},
    {"header of the response", HG_WHEN_HEADER, "server", {"s"}, RES, true},
    {"header of the request, in a response list", HG_WHEN_HEADER, "accept", {"*"}, RES, false},
    {"query", HG_WHEN_QUERY, "Q", {"a b"}, REQ, true},
    {"query, another value", HG_WHEN_QUERY, "q", {"a%20b"}, REQ, false},
    {"query, bare", HG_WHEN_QUERY, "flag", {""}, REQ, true},
    {"query, in a response list", HG_WHEN_QUERY, "q", {"c"}, RES, true},
    {"client-header", HG_WHEN_CLIENT_HEADER, "x-CAME", {"yes"}, REQ, true},
    {"client-header, another value", HG_WHEN_CLIENT_HEADER, "x-came", {"no"}, REQ, false},
    {"client-header that a rule set", HG_WHEN_CLIENT_HEADER, "accept", {"*"}, REQ, false},
    {"client-header, in a response list", HG_WHEN_CLIENT_HEADER, "x-came", {"yes"}, RES, true},
    {"client-path", HG_WHEN_CLIENT_PATH, NULL, {"/came"}, REQ, true},
    {"client-path is not the path now", HG_WHEN_CLIENT_PATH, NULL, {"/a/b"}, REQ, false},
    {"client-path has no query", HG_WHEN_CLIENT_PATH, NULL, {"*x=1*"}, REQ, false},
    {"client-ip, network", HG_WHEN_CLIENT_IP, NULL, {"192.0.2.0/24", "10.0.0.0/8"}, REQ, true},
    {"client-ip, address", HG_WHEN_CLIENT_IP, NULL, {"10.1.2.3"}, REQ, true},
    {"client-ip, mapped", HG_WHEN_CLIENT_IP, NULL, {"::ffff:10.1.2.3"}, REQ, true},
    {"client-ip, another", HG_WHEN_CLIENT_IP, NULL, {"10.1.2.4", "unix"}, REQ, false},
    {"client-ip, all of IPv6 has no IPv4", HG_WHEN_CLIENT_IP, NULL, {"::/0"}, REQ, false},
    {"peer-uid", HG_WHEN_PEER_UID, NULL, {"0", "1000"}, REQ, true},
    {"peer-uid, range", HG_WHEN_PEER_UID, NULL, {"1000-1999"}, REQ, true},
    {"peer-uid, another", HG_WHEN_PEER_UID, NULL, {"0", "1001-4294967294"}, REQ, false},
    {"peer-gid", HG_WHEN_PEER_GID, NULL, {"100"}, REQ, true},
    {"peer-gid is not the uid", HG_WHEN_PEER_GID, NULL, {"1000"}, REQ, false},
    {"server-host", HG_WHEN_SERVER_HOST, NULL, {"UP.test"}, REQ, true},
    {"server-host, another", HG_WHEN_SERVER_HOST, NULL, {"up"}, REQ, false},
    {"server-host is not the client's Host", HG_WHEN_SERVER_HOST, NULL, {"api.test"}, REQ, false},
    {"frontend", HG_WHEN_FRONTEND, NULL, {"fr*"}, REQ, true},
    {"frontend, another", HG_WHEN_FRONTEND, NULL, {"Front"}, REQ, false},
    {"env", HG_WHEN_ENV, "A", {"one"}, REQ, true},
    {"env, another value", HG_WHEN_ENV, "A", {"two", "~^t"}, REQ, false},
    {"env, any value", HG_WHEN_ENV, "A", {"*"}, REQ, true},
    {"env, unset has no value", HG_WHEN_ENV, "NO", {"*", "~^"}, REQ, false},
    {"env, unset", HG_WHEN_ENV, "NO", {""}, REQ, true},
    {"env, empty is unset", HG_WHEN_ENV, "EMPTY", {""}, REQ, true},
    {"env, a value is data", HG_WHEN_ENV, "TEMPLATE", {"one*"}, REQ, false},
    {"status", HG_WHEN_STATUS, NULL, {"401", "404"}, RES, true},
    {"status, class", HG_WHEN_STATUS, NULL, {"4xx"}, RES, true},
    {"status, range", HG_WHEN_STATUS, NULL, {"400-404"}, RES, true},
    {"status, another", HG_WHEN_STATUS, NULL, {"2xx", "405-599"}, RES, false},
};

static const struct hg_client client = {
    .ip = HG_LIT_INIT("10.1.2.3"), .has_addr = true, .has_peer = true, .uid = 1000, .gid = 100};

struct scene {
    struct fixture *f;
    struct hg_client client;
    struct hg_request arrived;
};

static void scene_new(struct scene *s, enum side side)
{
    struct fixture *f = s->f = fixture_new((enum hg_direction)side);

    s->client = client;
    HG_CHECK(hg_ip_parse(client.ip, s->client.addr));
    s->arrived = f->request;
    s->arrived.method = HG_LIT("POST");
    s->arrived.path = hg_guarded_str("/came");
    hg_headers_init(&s->arrived.headers, &f->arena);
    HG_CHECK(hg_headers_add(&s->arrived.headers, HG_LIT("X-Came"), hg_guarded_str("yes")));
    fixture_query(f, "x=1&%71=a%20b&q=c&flag");
    HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("Accept"), HG_LIT("application/json")));
    HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("accept"), hg_guarded_str("second")));
    HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("X-Long"), hg_guarded_str("aaaab")));
    HG_CHECK(hg_headers_add(&f->response.headers, HG_LIT("Server"), hg_guarded_str("s")));
    f->response.status = 404;
    f->client = &s->client;
    f->arrived = &s->arrived;
}

/* The texts as a part. */
static struct hg_when_part part(const struct row *r, struct hg_slice text[4])
{
    struct hg_when_part p = {.kind = r->kind, .name = hg_slice_str(r->name), .any = text};

    while (p.n < 4 && r->any[p.n] != NULL) {
        text[p.n] = hg_slice_str(r->any[p.n]);
        p.n++;
    }
    return p;
}

static enum hg_append build(struct fixture *f, const struct row *r, struct hg_condition **c)
{
    struct hg_slice text[4];
    const struct hg_when_part p = part(r, text);
    const struct hg_when when = {.part = &p, .parts = 1};
    const struct hg_condition_spec spec = {.direction = f->direction, .when = &when};

    return hg_condition_build(&spec, &f->resolver, c, &f->note);
}

static struct hg_rules_run run_of(struct fixture *f)
{
    return (struct hg_rules_run){.arena = &f->arena,
                                 .scratch = f->scratch,
                                 .vars = &f->vars,
                                 .request = &f->request,
                                 .arrived = f->arrived,
                                 .client = f->client,
                                 .response = f->direction == HG_RESPONSE_RULES ? &f->response : NULL};
}

HG_TEST(table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_condition *c = NULL;
        enum hg_rule_fail fail = HG_RULE_FAIL_NONE;
        struct scene s;
        struct hg_rules_run run;
        char why[256];

        hg_unit_row(rows[i].what);
        scene_new(&s, rows[i].side);
        run = run_of(s.f);
        HG_CHECK_U64(build(s.f, &rows[i], &c), HG_APPEND_OK);
        HG_CHECK_U64(hg_condition_asks(c), HG_WHEN_BIT(rows[i].kind));
        HG_CHECK_U64(hg_condition_holds(c, &run, NULL, &fail), rows[i].holds ? HG_MATCH_YES : HG_MATCH_NO);
        HG_CHECK_U64(fail, HG_RULE_FAIL_NONE);
        hg_condition_why(c, &run, why, sizeof(why));
        HG_CHECK((why[0] == '\0') == rows[i].holds);
        hg_condition_free(c);
        fixture_free(s.f);
    }
}

/* A client on a unix socket, and one of whom nothing is known. */
HG_TEST(clients_without_an_address)
{
    static const struct row unix_row = {"", HG_WHEN_CLIENT_IP, NULL, {"10.0.0.0/8", "unix"}, REQ, true},
                            any_row = {"", HG_WHEN_CLIENT_IP, NULL, {"0.0.0.0/0", "::/0"}, REQ, false},
                            uid_row = {"", HG_WHEN_PEER_UID, NULL, {"0-4294967294"}, REQ, false};
    struct hg_client local = {.ip = HG_LIT_INIT("unix")};
    struct hg_condition *is_unix = NULL, *any = NULL, *uid = NULL;
    enum hg_rule_fail fail;
    struct scene s;
    struct hg_rules_run run;

    scene_new(&s, REQ);
    HG_CHECK_U64(build(s.f, &unix_row, &is_unix), HG_APPEND_OK);
    HG_CHECK_U64(build(s.f, &any_row, &any), HG_APPEND_OK);
    HG_CHECK_U64(build(s.f, &uid_row, &uid), HG_APPEND_OK);
    s.f->client = &local;
    run = run_of(s.f);
    HG_CHECK_U64(hg_condition_holds(is_unix, &run, NULL, &fail), HG_MATCH_YES);
    HG_CHECK_U64(hg_condition_holds(any, &run, NULL, &fail), HG_MATCH_NO);
    HG_CHECK_U64(hg_condition_holds(uid, &run, NULL, &fail), HG_MATCH_NO);
    run.client = NULL;
    HG_CHECK_U64(hg_condition_holds(is_unix, &run, NULL, &fail), HG_MATCH_NO);
    HG_CHECK_U64(hg_condition_holds(uid, &run, NULL, &fail), HG_MATCH_NO);
    hg_condition_free(is_unix);
    hg_condition_free(any);
    hg_condition_free(uid);
    fixture_free(s.f);
}

static const struct {
    struct row row;
    enum hg_append result;
    const char *part, *text;
} bad[] = {
    {{"status", HG_WHEN_STATUS, NULL, {"6xx"}, RES, false}, HG_APPEND_BAD, "when.status", "2xx"},
    {{"status", HG_WHEN_STATUS, NULL, {"500-400"}, RES, false}, HG_APPEND_BAD, "when.status", "2xx"},
    {{"status", HG_WHEN_STATUS, NULL, {"99"}, RES, false}, HG_APPEND_BAD, "when.status", "2xx"},
    {{"status", HG_WHEN_STATUS, NULL, {"200"}, REQ, false}, HG_APPEND_BAD, "when.status", "response"},
    {{"uid", HG_WHEN_PEER_UID, NULL, {"root"}, REQ, false}, HG_APPEND_BAD, "when.peer-uid", "number"},
    {{"uid", HG_WHEN_PEER_UID, NULL, {"4294967295"}, REQ, false}, HG_APPEND_BAD, "when.peer-uid", "number"},
    {{"ip", HG_WHEN_CLIENT_IP, NULL, {"10.0.0.1/8"}, REQ, false}, HG_APPEND_BAD, "when.client-ip", ""},
    {{"ip", HG_WHEN_CLIENT_IP, NULL, {"localhost"}, REQ, false}, HG_APPEND_BAD, "when.client-ip", ""},
    {{"path", HG_WHEN_PATH, NULL, {"/a", "~("}, REQ, false}, HG_APPEND_BAD, "when.path", "offset"},
    {{"name", HG_WHEN_CLIENT_HEADER, "a b", {"*"}, REQ, false}, HG_APPEND_BAD, "when.client-header", "name"},
    {{"env name", HG_WHEN_ENV, "", {"*"}, REQ, false}, HG_APPEND_BAD, "when.env", "name"},
    {{"empty list", HG_WHEN_PATH, NULL, {NULL}, REQ, false}, HG_APPEND_BAD, "when.path", "empty"},
    {{"unset", HG_WHEN_PATH, NULL, {"/a", "$<NO>"}, REQ, false}, HG_APPEND_UNSET, "", ""},
    {{"vanished", HG_WHEN_PATH, NULL, {"$<NO?>"}, REQ, false}, HG_APPEND_VANISHED, "", ""},
    {{"left out", HG_WHEN_PATH, NULL, {"$<NO?>", "/a"}, REQ, false}, HG_APPEND_OK, "", ""},
    {{"env limit", HG_WHEN_ENV, "LONG", {"~^(?:a+)+$"}, REQ, false}, HG_APPEND_BAD, "when.env", "limit"},
};

HG_TEST(what_is_wrong_is_said)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct hg_condition *c = NULL;
        struct scene s;

        scene_new(&s, bad[i].row.side);
        hg_unit_row(bad[i].row.what);
        HG_CHECK_U64(build(s.f, &bad[i].row, &c), bad[i].result);
        HG_CHECK((c != NULL) == (bad[i].result == HG_APPEND_OK));
        HG_CHECK_STR(s.f->note.part, bad[i].part);
        HG_CHECK(strstr(s.f->note.text, bad[i].text) != NULL);
        hg_condition_free(c);
        fixture_free(s.f);
    }
}

static struct hg_condition *name_acls(struct fixture *f, const char *if_, const char *unless)
{
    const struct hg_condition_spec spec = {
        .direction = f->direction, .if_ = hg_slice_str(if_), .unless = hg_slice_str(unless)};
    struct hg_condition *c = NULL;

    f->note = (struct hg_rule_note){.offset = 0};
    if (hg_condition_build(&spec, &f->resolver, &c, &f->note) != HG_APPEND_OK)
        return NULL;
    return c;
}

/* yes, no: acls that do and do not hold; none: without an alternative; either: the second of two holds. */
static void declare(struct fixture *f)
{
    static const struct hg_when get = {.method = HG_LIT_INIT("GET")}, put = {.method = HG_LIT_INIT("PUT")},
                                gone = {.path = HG_LIT_INIT("$<NO?>")},
                                loops = {.path = HG_LIT_INIT("~^/(?:a+)+$")};

    HG_CHECK_U64(fixture_acl(f, "yes", &get), HG_APPEND_OK);
    HG_CHECK_U64(fixture_acl(f, "no", &put), HG_APPEND_OK);
    HG_CHECK_U64(fixture_acl(f, "none", &gone), HG_APPEND_VANISHED);
    HG_CHECK_U64(fixture_acl(f, "either", &put), HG_APPEND_OK);
    HG_CHECK_U64(fixture_acl(f, "either", &get), HG_APPEND_OK);
    HG_CHECK_U64(fixture_acl(f, "loops", &loops), HG_APPEND_OK);
}

static const struct {
    const char *if_, *unless;
    enum hg_match answer;
} expressions[] = {
    {"yes", NULL, HG_MATCH_YES},
    {"no", NULL, HG_MATCH_NO},
    {"none", NULL, HG_MATCH_NO},
    {"!none", NULL, HG_MATCH_YES},
    {"either", NULL, HG_MATCH_YES},
    {"yes either", NULL, HG_MATCH_YES},
    {"yes no", NULL, HG_MATCH_NO},
    {"yes !no", NULL, HG_MATCH_YES},
    {"yes ! no", NULL, HG_MATCH_YES},
    {"no || yes", NULL, HG_MATCH_YES},
    {"no||yes", NULL, HG_MATCH_YES},
    {"yes no || no yes", NULL, HG_MATCH_NO},
    {"no no || !no\tyes || no", NULL, HG_MATCH_YES},
    {NULL, "yes", HG_MATCH_NO},
    {NULL, "no", HG_MATCH_YES},
    {NULL, "no || yes", HG_MATCH_NO},
    {"yes", "no", HG_MATCH_YES},
    {"yes", "yes", HG_MATCH_NO},
    {"loops", NULL, HG_MATCH_ERROR},
    {"!loops", NULL, HG_MATCH_ERROR},
    {"yes loops", NULL, HG_MATCH_ERROR},
    {"loops || yes", NULL, HG_MATCH_ERROR},
    {NULL, "loops", HG_MATCH_ERROR},
    {NULL, "!loops || no", HG_MATCH_ERROR},
    {"no loops", NULL, HG_MATCH_NO}, /* not come to */
};

HG_TEST(expressions_of_acls)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_rules_run run;

    declare(f);
    f->request.path = hg_guarded_str("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    run = run_of(f);
    for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
        struct hg_condition *c = name_acls(f, expressions[i].if_, expressions[i].unless);
        enum hg_rule_fail fail = HG_RULE_FAIL_NONE;
        bool error = expressions[i].answer == HG_MATCH_ERROR;
        char why[256];

        hg_unit_row(expressions[i].if_ ? expressions[i].if_ : expressions[i].unless);
        HG_NEED(c != NULL);
        HG_CHECK_U64(hg_condition_holds(c, &run, NULL, &fail), expressions[i].answer);
        HG_CHECK_U64(fail, error ? HG_RULE_FAIL_PATTERN : HG_RULE_FAIL_NONE);
        hg_condition_why(c, &run, why, sizeof(why));
        HG_CHECK((why[0] == '\0') == (expressions[i].answer == HG_MATCH_YES));
        hg_condition_free(c);
    }
    fixture_free(f);
}

HG_TEST(expressions_that_are_wrong)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "names no acl"},
        {"  ", "names no acl"},
        {"yse", "there is no acl \"yse\""},
        {"yes ||", "no acl behind ||"},
        {"|| yes", "no acl before ||"},
        {"yes || || no", "no acl before ||"},
        {"yes !", "no acl behind !"},
        {"!!yes", "two ! in a row"},
        {"yes or no", "or is written ||"},
        {"yes | no", "or is written ||"},
        {"yes && no", "and is a space"},
        {"not yes", "not is written !"},
        {"( yes )", "brackets"},
        {"$<A>", "there is no acl"},
    };
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    declare(f);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        hg_unit_row(wrong[i].text);
        HG_CHECK(name_acls(f, wrong[i].text, NULL) == NULL);
        HG_CHECK_STR(f->note.part, "if");
        HG_CHECK(strstr(f->note.text, wrong[i].says) != NULL);
        HG_CHECK(name_acls(f, NULL, wrong[i].text) == NULL);
        HG_CHECK_STR(f->note.part, "unless");
    }
    fixture_free(f);
}

HG_TEST(an_acl_with_an_unset_variable_is_unset_for_who_names_it)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when when = {.path = HG_LIT("/$<NO>")}, get = {.method = HG_LIT("GET")};
    struct hg_action_spec spec = {.kind = HG_ACTION_DENY, .unless = HG_LIT("a")};

    HG_CHECK_U64(fixture_acl(f, "a", &get), HG_APPEND_OK);
    HG_CHECK_U64(fixture_acl(f, "a", &when), HG_APPEND_UNSET);
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_UNSET);
    HG_CHECK_STR(f->note.name, "NO");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL); /* neither denied nor let through */
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_UNSET);
    fixture_free(f);
}

HG_TEST(captures_of_acls)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_when segment = {.path = HG_LIT("~^/([^/]+)/")}, get = {.method = HG_LIT("GET")};
    struct hg_action_spec spec = {
        .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x"), .value = HG_LIT("[$1]"), .if_ = HG_LIT("one two")};

    HG_CHECK_U64(fixture_acl(f, "one", &segment), HG_APPEND_OK);
    HG_CHECK_U64(fixture_acl(f, "two", &get), HG_APPEND_OK);
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_SLICE(fixture_headers(f), "x: [a]");
    /* Where it need not match, $1 would be empty without a word. */
    spec.if_ = HG_LIT("two || one");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.if_ = HG_LIT("!one");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.if_ = HG_LIT("two");
    spec.unless = HG_LIT("one");
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    spec.unless = hg_slice(NULL, 0);
    spec.if_ = HG_LIT("one");
    spec.when = &segment;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    HG_CHECK_U64(fixture_acl(f, "one", &get), HG_APPEND_OK); /* now another alternative could hold */
    spec.when = NULL;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
    fixture_free(f);
}

HG_TEST(places_that_do_not_know_yet)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_slice text = HG_LIT("2xx"), host = HG_LIT("*");
    struct hg_when_part status = {.kind = HG_WHEN_STATUS, .any = &text, .n = 1};
    struct hg_when_part server = {.kind = HG_WHEN_SERVER_HOST, .any = &host, .n = 1};
    struct hg_when by_status = {.part = &status, .parts = 1}, by_server = {.part = &server, .parts = 1};
    struct hg_condition_spec spec = {.direction = HG_REQUEST_RULES, .no_server = true, .unless = HG_LIT("s")};
    struct hg_condition *c = NULL;

    HG_CHECK_U64(fixture_acl(f, "s", &by_status), HG_APPEND_OK);
    HG_CHECK_U64(hg_condition_build(&spec, &f->resolver, &c, &f->note), HG_APPEND_BAD);
    HG_CHECK_STR(f->note.part, "unless");
    HG_CHECK(strstr(f->note.text, "status") != NULL);
    spec.unless = hg_slice(NULL, 0);
    spec.when = &by_server;
    HG_CHECK_U64(hg_condition_build(&spec, &f->resolver, &c, &f->note), HG_APPEND_BAD);
    HG_CHECK_STR(f->note.part, "when.server-host");
    spec.no_server = false;
    HG_CHECK_U64(hg_condition_build(&spec, &f->resolver, &c, &f->note), HG_APPEND_OK);
    hg_condition_free(c);
    fixture_free(f);
}

static void check_why(struct fixture *f, const struct hg_when *when, const char *if_, const char *unless,
                      const char *expected)
{
    const struct hg_condition_spec spec = {
        .direction = f->direction, .when = when, .if_ = hg_slice_str(if_), .unless = hg_slice_str(unless)};
    const struct hg_rules_run run = run_of(f);
    struct hg_condition *c = NULL;
    char why[256], cut[8];

    hg_unit_row(expected);
    HG_NEED(hg_condition_build(&spec, &f->resolver, &c, &f->note) == HG_APPEND_OK);
    hg_condition_why(c, &run, why, sizeof(why));
    HG_CHECK_STR(why, expected);
    hg_condition_why(c, &run, cut, sizeof(cut));
    HG_CHECK(strlen(cut) < sizeof(cut));
    hg_condition_free(c);
}

HG_TEST(why_not_in_words)
{
    struct scene s;
    struct hg_pair absent = {HG_LIT("x-none"), HG_LIT("*")}, there = {HG_LIT("x-long"), HG_LIT("b*")};
    struct hg_when method = {.method = HG_LIT("~^P")}, gone = {.header = &absent, .headers = 1},
                   other = {.method = HG_LIT("GET"), .header = &there, .headers = 1};
    struct hg_slice net[] = {HG_LIT_INIT("10.2.0.0/16"), HG_LIT_INIT("unix")};
    struct hg_when_part ip = {.kind = HG_WHEN_CLIENT_IP, .any = net, .n = 2};
    struct hg_when from = {.part = &ip, .parts = 1};

    scene_new(&s, REQ);
    declare(s.f);
    check_why(s.f, &method, NULL, NULL, "method does not match \"~^P\" (it is GET)");
    check_why(s.f, &gone, NULL, NULL, "header x-none is absent");
    check_why(s.f, &other, NULL, NULL, "header x-long does not match \"b*\"");
    check_why(s.f, &from, NULL, NULL,
              "client-ip does not match \"10.2.0.0/16\" or \"unix\" (it is 10.1.2.3)");
    check_why(s.f, NULL, "yes no", NULL,
              "if \"yes no\": yes holds, no does not hold (method does not match \"PUT\" (it is GET))");
    check_why(s.f, NULL, NULL, "no || yes",
              "unless \"no || yes\": no does not hold (method does not match "
              "\"PUT\" (it is GET)), yes holds");
    fixture_free(s.f);
}
