/* SPDX-License-Identifier: MIT
 *
 * What a run tells its listeners: what became of each action, lines for the
 * log, and answers that are only observed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fixture.h"

struct heard {
    struct hg_rule_hooks hooks;
    char text[4096];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void hear(struct heard *h, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(h->text + h->n, sizeof(h->text) - h->n, fmt, ap);
    va_end(ap);
    if (HG_CHECK(n >= 0 && (size_t)n < sizeof(h->text) - h->n))
        h->n += (size_t)n;
}

static void considered(void *ctx, const char *where, unsigned depth, const char *action,
                       enum hg_considered what, const char *why)
{
    static const char *const words[] = {"applied", "not met", "no effect", "decided", "observed", "failed"};

    hear(ctx, "%s %u %s %s: %s\n", where, depth, action, words[what], why);
}

static void logged(void *ctx, const char *where, struct hg_slice text)
{
    hear(ctx, "%s logs <%.*s>\n", where, HG_FMT(text));
}

static void observed(void *ctx, const char *where, const char *action, unsigned status)
{
    hear(ctx, "%s would %s %u\n", where, action, status);
}

/* what: "c" considered, "l" logs, "o" observed */
static void listen(struct fixture *f, struct heard *h, const char *what)
{
    memset(h, 0, sizeof(*h));
    h->hooks.ctx = h;
    h->hooks.considered = strchr(what, 'c') ? considered : NULL;
    h->hooks.log = strchr(what, 'l') ? logged : NULL;
    h->hooks.observed = strchr(what, 'o') ? observed : NULL;
    f->hooks = &h->hooks;
}

/* The n-th action stands at "f:n". */
static void add(struct fixture *f, struct hg_action_spec spec)
{
    char where[16];

    snprintf(where, sizeof(where), "f:%zu", ++f->n_added);
    spec.where = where;
    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
}

HG_TEST(considered_tells_of_headers)
{
    const struct hg_slice keep[] = {HG_LIT("x-*"), HG_LIT("accept*")};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct heard h;

    add(f, (struct hg_action_spec){.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("authorization")});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("x-none")});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_DROP_HEADER,
                                   .name = HG_LIT("~^(x-api-key|authorization)$")});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_KEEP_HEADER, .names = keep, .n_names = 2});
    add(f, (struct hg_action_spec){
               .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x-key"), .value = HG_LIT("k $<secret:key>")});
    add(f, (struct hg_action_spec){
               .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x-copy"), .value = HG_LIT("<%{header:X-Key}>")});
    add(f, (struct hg_action_spec){
               .kind = HG_ACTION_DEFAULT_HEADER, .name = HG_LIT("x-copy"), .value = HG_LIT("n")});
    add(f, (struct hg_action_spec){
               .kind = HG_ACTION_DROP_FROM_LIST, .name = HG_LIT("accept-encoding"), .pattern = HG_LIT("br")});
    add(f, (struct hg_action_spec){
               .kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x-p"), .value = HG_LIT("%{path}")});
    fixture_header(f, "Host", "a");
    fixture_header(f, "Authorization", "client-credential");
    fixture_header(f, "X-Api-Key", "client-credential");
    fixture_header(f, "Cookie", "client-credential");
    fixture_header(f, "Accept-Encoding", "br, gzip");
    listen(f, &h, "c");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_STR(h.text, "f:1 0 drop-header applied: dropped Authorization\n"
                         "f:2 0 drop-header no effect: \n"
                         "f:3 0 drop-header applied: dropped X-Api-Key\n"
                         "f:4 0 keep-header applied: dropped Cookie\n"
                         "f:5 0 set-header applied: x-key set from secret key (environment variable KEY)\n"
                         "f:6 0 set-header applied: x-copy set, with a credential\n"
                         "f:7 0 default-header no effect: x-copy is there\n"
                         "f:8 0 drop-from-list applied: took 1 member from accept-encoding\n"
                         "f:9 0 set-header applied: x-p: /a/b\n");
    fixture_free(f);
}

HG_TEST(listening_changes_nothing)
{
    struct heard h;

    for (int round = 0; round < 2; round++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);

        add(f, (struct hg_action_spec){.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("~^x")});
        add(f, (struct hg_action_spec){.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("*b")});
        fixture_header(f, "Host", "a");
        fixture_header(f, "xb", "1");
        fixture_header(f, "ab", "2");
        fixture_header(f, "ac", "3");
        if (round == 0)
            listen(f, &h, "clo");
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_SLICE(fixture_headers(f), "Host: a|ac: 3");
        fixture_free(f);
    }
    HG_CHECK_STR(h.text, "f:1 0 drop-header applied: dropped xb\nf:2 0 drop-header applied: dropped ab\n");
}

HG_TEST(considered_tells_of_lists_in_lists_and_ends)
{
    const struct hg_when post = {.method = HG_LIT("POST")};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_ruleset *child = hg_ruleset_new(HG_REQUEST_RULES);
    struct heard h;
    struct hg_action_spec deny = {.kind = HG_ACTION_DENY, .where = "c:1", .when = &post};
    struct hg_action_spec set = {
        .kind = HG_ACTION_SET_HEADER, .where = "c:2", .name = HG_LIT("a"), .value = HG_LIT("%{header:b}")};

    HG_NEED(child != NULL);
    HG_CHECK_U64(hg_ruleset_append(child, &deny, &f->resolver, &f->note), HG_APPEND_OK);
    HG_CHECK_U64(hg_ruleset_append(child, &set, &f->resolver, &f->note), HG_APPEND_OK);
    add(f, (struct hg_action_spec){.kind = HG_ACTION_USE, .name = HG_LIT("inner"), .child = child});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_DENY, .status = 451, .observe = true});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_LOG, .value = HG_LIT("at %{path}")});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_RESPOND, .status = 204});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_LOG, .value = HG_LIT("never")});
    listen(f, &h, "clo");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_REPLY);
    HG_CHECK_STR(h.text, "f:1 0 use applied: inner\n"
                         "c:1 1 deny not met: method does not match \"POST\" (it is GET)\n"
                         "c:2 1 set-header applied: a: \n"
                         "f:2 would deny 451\n"
                         "f:2 0 deny observed: would have answered with status 451\n"
                         "f:3 logs <at /a/b>\n"
                         "f:3 0 log applied: at /a/b\n"
                         "f:4 0 respond decided: status 204\n");
    fixture_free(f);
}

HG_TEST(considered_tells_of_failures_once)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_ruleset *child = hg_ruleset_new(HG_REQUEST_RULES);
    struct heard h;
    struct hg_action_spec set = {
        .kind = HG_ACTION_SET_HEADER, .where = "c:1", .name = HG_LIT("a"), .value = HG_LIT("$<secret:gone>")};

    HG_NEED(child != NULL);
    HG_CHECK_U64(hg_ruleset_append(child, &set, &f->resolver, &f->note), HG_APPEND_OK);
    add(f, (struct hg_action_spec){.kind = HG_ACTION_USE, .name = HG_LIT("inner"), .child = child});
    listen(f, &h, "c");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_FAIL);
    HG_CHECK_STR(h.text, "f:1 0 use applied: inner\n"
                         "c:1 1 set-header failed: a credential has no value: file /run/gone\n");
    fixture_free(f);
}

/* ---- log ---- */

static void check_line(const char *value, const char *from, const char *line)
{
    static const enum hg_direction directions[] = {HG_REQUEST_RULES, HG_RESPONSE_RULES};

    for (int i = 0; i < 2; i++) {
        struct fixture *f = fixture_new(directions[i]);
        struct heard h;

        add(f, (struct hg_action_spec){.kind = HG_ACTION_LOG, .value = hg_slice_str(value)});
        f->vars.frontend = hg_guarded_str(from);
        listen(f, &h, "l");
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_STR(h.text, line);
        f->hooks = NULL; /* nobody listens */
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        fixture_free(f);
    }
}

HG_TEST(log_writes_one_clean_line)
{
    check_line("%{method} %{path} %{header:absent}.", "", "f:1 logs <GET /a/b .>\n");
    check_line("%{frontend}", "a\r\nb\tc\x7f\x1b[2J", "f:1 logs <a  b c  [2J>\n");
    check_line("%{frontend}",
               "caf\xc3\xa9 \xc2\x9b"
               "2J \xff",
               "f:1 logs <caf\xc3\xa9  2J \xff>\n");
    check_line("%{frontend}", "", "f:1 logs <>\n");
}

HG_TEST(log_is_bounded)
{
    static char huge[5000];
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct heard h;

    add(f, (struct hg_action_spec){.kind = HG_ACTION_LOG, .value = HG_LIT("%{frontend}")});
    listen(f, &h, "l");
    for (size_t i = 0; i + 2 < sizeof(huge); i += 2)
        memcpy(huge + i, "\xc3\xa9", 2);
    for (size_t shift = 0; shift < 2; shift++) { /* is the cut in or behind a character? */
        h.n = 0;
        f->vars.frontend = hg_slice(huge + shift * 2, 4000 + shift);
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK(h.n <= HG_LIMIT_RULE_LOG + strlen("f:1 logs <>\n"));
        HG_CHECK(strstr(h.text, "\xc3\xa9...>\n") != NULL);
        if (shift == 0)
            huge[4999] = '\0';
    }
    h.n = 0;
    f->vars.frontend = hg_slice(huge, HG_LIMIT_RULE_LOG); /* exactly as much as fits */
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK(strstr(h.text, "...") == NULL);
    fixture_free(f);
}

HG_TEST(log_refuses)
{
    static const char *const values[] = {"",           "  ",     "$<secret:key>", "x$<base64:$<secret:key>>",
                                         "%{headers}", "%{nope}"};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        const struct hg_action_spec spec = {.kind = HG_ACTION_LOG, .value = hg_slice_str(values[i])};

        hg_unit_row(values[i]);
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_BAD);
        HG_CHECK(f->note.in_value);
    }
    fixture_free(f);
}

/* ---- observe ---- */

HG_TEST(observe_answers_nothing)
{
    const struct hg_pair header = {HG_LIT("x"), HG_LIT("$<A>")};
    const struct hg_when other = {.path = HG_LIT("/other")};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct heard h;

    add(f, (struct hg_action_spec){.kind = HG_ACTION_DENY, .observe = true});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_DENY, .observe = true, .when = &other});
    add(f, (struct hg_action_spec){.kind = HG_ACTION_RESPOND,
                                   .observe = true,
                                   .body = HG_LIT("b"),
                                   .header = &header,
                                   .headers = 1});
    listen(f, &h, "o");
    HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
    HG_CHECK_STR(h.text, "f:1 would deny 403\nf:3 would respond 200\n");
    HG_CHECK_U64(f->out.headers.n, 0);
    HG_CHECK(f->out.status == 0 && !f->out.denied && f->out.body.p == NULL);
    fixture_free(f);
}

/* ---- credentials on detours ---- */

struct detour {
    const char *label;
    struct hg_action_spec step; /* between the injection and what shows */
    const char *shows;          /* template of an answer's body */
    bool ok;
};

HG_TEST(no_detour_shows_a_credential)
{
    const struct hg_pair captured = {HG_LIT("authorization"), HG_LIT("~^Bearer (.*)$")};
    const struct hg_when capture = {.header = &captured, .headers = 1};
    const struct detour rows[] = {
        {"itself", {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("x")}, "a %{header:AUTHORIZATION}", false},
        {"all", {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("x")}, "%{headers}", false},
        {"base64",
         {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("x")},
         "$<base64:%{header:authorization}>",
         false},
        {"a copy",
         {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x"), .value = HG_LIT("%{header:authorization}")},
         "%{header:x}",
         false},
        {"a capture",
         {.kind = HG_ACTION_ADD_HEADER, .name = HG_LIT("x"), .value = HG_LIT("$1"), .when = &capture},
         "%{header:x}",
         false},
        {"part of it",
         {.kind = HG_ACTION_REPLACE_HEADER,
          .name = HG_LIT("authorization"),
          .pattern = HG_LIT("~(....)$"),
          .value = HG_LIT("$1")},
         "%{header:authorization}",
         false},
        {"in a list",
         {.kind = HG_ACTION_ADD_TO_LIST, .name = HG_LIT("x"), .value = HG_LIT("%{header:authorization}")},
         "%{header:x}",
         false},
        {"replaced",
         {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT("authorization"), .value = HG_LIT("public")},
         "%{header:authorization}",
         true},
        {"gone",
         {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("authorization")},
         "%{header:authorization}",
         true},
        {"another", {.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("x")}, "%{header:y} %{path}", true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES), *answer = fixture_new(HG_REQUEST_RULES);
        struct hg_action_spec respond = {.kind = HG_ACTION_RESPOND, .body = hg_slice_str(rows[i].shows)};
        struct heard h;

        hg_unit_row(rows[i].label);
        add(f, (struct hg_action_spec){.kind = HG_ACTION_SET_HEADER,
                                       .name = HG_LIT("authorization"),
                                       .value = HG_LIT("Bearer $<secret:key>")});
        add(f, rows[i].step);
        fixture_header(f, "y", "1");
        HG_CHECK_U64(fixture_run(f), HG_VERDICT_PASS);
        HG_CHECK_U64(fixture_append(answer, &respond), HG_APPEND_OK); /* another list: the backend's */
        HG_CHECK(hg_headers_copy(&answer->request.headers, &f->request.headers, &answer->arena));
        HG_CHECK_U64(fixture_run(answer), rows[i].ok ? HG_VERDICT_REPLY : HG_VERDICT_FAIL);
        HG_CHECK_U64(answer->out.fail, rows[i].ok ? HG_RULE_FAIL_NONE : HG_RULE_FAIL_SHOWS);
        if (strcmp(rows[i].shows, "%{headers}") != 0) {
            hg_ruleset_free(answer->rs);
            answer->rs = hg_ruleset_new(HG_REQUEST_RULES);
            add(answer, (struct hg_action_spec){.kind = HG_ACTION_LOG, .value = hg_slice_str(rows[i].shows)});
            listen(answer, &h, "l");
            HG_CHECK_U64(fixture_run(answer), HG_VERDICT_PASS);
            HG_CHECK((strstr(h.text, "(not shown: ") != NULL) == !rows[i].ok);
            HG_CHECK(strstr(h.text, "s3cret") == NULL);
        }
        fixture_free(answer);
        fixture_free(f);
    }
}

HG_TEST(a_response_does_not_show_the_credential_of_its_request)
{
    static const enum hg_action_kind kinds[] = {HG_ACTION_SET_HEADER, HG_ACTION_ADD_HEADER,
                                                HG_ACTION_DEFAULT_HEADER, HG_ACTION_ADD_TO_LIST};

    for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(*kinds); i++) {
        struct fixture *f = fixture_new(HG_RESPONSE_RULES);
        bool secret = i % 2 == 0;

        fixture_action(f, kinds[i / 2], "x", "%{header:authorization}");
        HG_CHECK(hg_headers_add(&f->request.headers, HG_LIT("Authorization"), HG_LIT("s3cret")));
        f->request.headers.v[0].secret = secret;
        HG_CHECK_U64(fixture_run(f), secret ? HG_VERDICT_FAIL : HG_VERDICT_PASS);
        HG_CHECK_U64(f->out.fail, secret ? HG_RULE_FAIL_SHOWS : HG_RULE_FAIL_NONE);
        fixture_free(f);
    }
}
