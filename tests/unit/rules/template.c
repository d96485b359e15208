/* SPDX-License-Identifier: MIT
 *
 * Templates: what each form gives, what is refused and where, and that nothing
 * put in is ever read as a template again.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "segment.h"

#define ALL (HG_TEMPLATE_VARS | HG_TEMPLATE_CAPTURES | HG_TEMPLATE_SECRETS | HG_TEMPLATE_HEADERS)

static const struct {
    const char *text;
    enum hg_template_result result;
    const char *expected; /* OK: the text; UNSET: the variable; BAD: a part of the sentence */
    size_t offset;        /* BAD */
} rows[] = {
    {"", HG_TEMPLATE_OK, "", 0},
    {"plain", HG_TEMPLATE_OK, "plain", 0},
    {"a$<A>b", HG_TEMPLATE_OK, "aoneb", 0},
    {"$<NO>", HG_TEMPLATE_UNSET, "NO", 0},
    {"$<EMPTY>", HG_TEMPLATE_UNSET, "EMPTY", 0},
    {"$<NO?>", HG_TEMPLATE_VANISH, "", 0},
    {"$<NO>$<NO2?>", HG_TEMPLATE_VANISH, "", 0},
    {"$<A?>", HG_TEMPLATE_OK, "one", 0},
    {"$<NO:-d>", HG_TEMPLATE_OK, "d", 0},
    {"$<NO:->", HG_TEMPLATE_OK, "", 0},
    {"$<EMPTY:-d>", HG_TEMPLATE_OK, "d", 0},
    {"$<A:-d>", HG_TEMPLATE_OK, "one", 0},
    {"$<NO:-$<A>>", HG_TEMPLATE_OK, "one", 0},
    {"$<NO:-$<NO2:-x>>y", HG_TEMPLATE_OK, "xy", 0},
    {"$<NO:-$<NO2>>", HG_TEMPLATE_UNSET, "NO2", 0},
    {"$<NO:-$<NO2?>>", HG_TEMPLATE_VANISH, "", 0},
    {"$<A:-$<NO2>>", HG_TEMPLATE_OK, "one", 0},
    {"$<NO:-$$<A>", HG_TEMPLATE_OK, "$<A", 0},
    {"$<NO:-%{method}>", HG_TEMPLATE_OK, "GET", 0},
    {"$<NO:-https://x/>", HG_TEMPLATE_OK, "https://x/", 0},
    {"$<TEMPLATE>", HG_TEMPLATE_OK, "$<A>%{path}$1$$%%", 0},
    {"$<secret:key>", HG_TEMPLATE_OK, "s3cret", 0},
    {"Bearer $<secret:key>", HG_TEMPLATE_OK, "Bearer s3cret", 0},
    {"$<base64:user:pw>", HG_TEMPLATE_OK, "dXNlcjpwdw==", 0},
    {"Basic $<base64:user:$<secret:key>>", HG_TEMPLATE_OK, "Basic dXNlcjpzM2NyZXQ=", 0},
    {"$<base64:$<base64:$<secret:key>>>", HG_TEMPLATE_OK, "Y3pOamNtVjA=", 0},
    {"$<base64:$<NO>>", HG_TEMPLATE_UNSET, "NO", 0},
    {"$<NO:-$<secret:key>>", HG_TEMPLATE_OK, "s3cret", 0},
    {"$<host:HOST_URL>", HG_TEMPLATE_OK, "api.example.com", 0},
    {"$<host:BARE>", HG_TEMPLATE_OK, "h.test", 0},
    {"$<host:V6>", HG_TEMPLATE_OK, "[::1]", 0},
    {"$<host:NO>", HG_TEMPLATE_UNSET, "NO", 0},
    {"$<host:NO:-h>", HG_TEMPLATE_OK, "h", 0},
    {"$<host:NO?>", HG_TEMPLATE_VANISH, "", 0},
    {"$<host:BADHOST>", HG_TEMPLATE_BAD, "BADHOST", 0},
    {"$<host:BADHOST:-h>", HG_TEMPLATE_OK, "h", 0},
    {"$<host:BADHOST?>", HG_TEMPLATE_VANISH, "", 0},
    {"$<host:BACKSLASH:-h>", HG_TEMPLATE_OK, "h", 0},
    {"$<int:INT5:-600>", HG_TEMPLATE_OK, "5", 0},
    {"$<int:NEG:-600>", HG_TEMPLATE_OK, "600", 0},
    {"$<int:BIG:-600>", HG_TEMPLATE_OK, "600", 0},
    {"$<int:NO:-600>", HG_TEMPLATE_OK, "600", 0},
    {"$<int:A>", HG_TEMPLATE_UNSET, "A", 0},
    {"$<uuid>", HG_TEMPLATE_OK, "11111111-2222-4333-8444-555555555555", 0},
    {"$$ %% $ % $x %x 5$ 5%", HG_TEMPLATE_OK, "$ % $ % $x %x 5$ 5%", 0},
    {"$$<A> %%{path}", HG_TEMPLATE_OK, "$<A> %{path}", 0},
    {"%{request-id} %{client-ip} %{method} %{path}", HG_TEMPLATE_OK, "id-1 192.0.2.1 GET /a/b", 0},
    {"%{host} %{frontend} %{server-host} %{time}", HG_TEMPLATE_OK,
     "api.test front up.test 2026-04-12T10:00:00.000Z", 0},
    {"[%{header:x-one}][%{header:X-NONE}]", HG_TEMPLATE_OK, "[$<A>%{path}][]", 0},
    {"%{headers}", HG_TEMPLATE_OK, "GET /a/b?x=1 HTTP/1.1\nX-One: $<A>%{path}\nX-One: two\n", 0},
    {"$1-$2-$10", HG_TEMPLATE_OK, "cap--cap0", 0},
    {"ab$<LF>", HG_TEMPLATE_BAD, "the value of LF has a line break or NUL inside", 2},
    {"ab$<A", HG_TEMPLATE_BAD, "not closed", 2},
    {"ab%{path", HG_TEMPLATE_BAD, "not closed", 2},
    {"%{pth}", HG_TEMPLATE_BAD, "did you mean %{path}?", 0},
    {"%{zzzzzzzzzzz}", HG_TEMPLATE_BAD, "%{zzzzzzzzzzz} is not known", 0},
    {"%{header:}", HG_TEMPLATE_BAD, "name of a header", 0},
    {"%{header:a b}", HG_TEMPLATE_BAD, "name of a header", 0},
    {"x$<secrt:key>", HG_TEMPLATE_BAD, "did you mean secret?", 1},
    {"$<secret:nope>", HG_TEMPLATE_BAD, "\"nope\" is not declared", 0},
    {"$<>", HG_TEMPLATE_BAD, "name", 2},
    {"$<1A>", HG_TEMPLATE_BAD, "name", 2},
    {"$<A B>", HG_TEMPLATE_BAD, "behind a variable", 3},
    {"$<A:->$0", HG_TEMPLATE_BAD, "$1 to $9", 6},
    {"$<A:-$<secret:nope>>", HG_TEMPLATE_BAD, "not declared", 5},
    {"$<NO:-xy$<secret:nope>>", HG_TEMPLATE_BAD, "not declared", 8},
    {"$<base64:xy%{no}>", HG_TEMPLATE_BAD, "%{no}", 11},
    {"$<NO>%{pth}", HG_TEMPLATE_BAD, "did you mean", 5},
};

static void check_expansion(struct fixture *f, const struct hg_template *t, const char *expected)
{
    const struct hg_secret_slot *missing;
    struct hg_slice out;

    HG_CHECK_U64(hg_template_expand(t, &f->vars, &f->arena, &out, &missing), HG_EXPAND_OK);
    HG_CHECK_SLICE(out, expected);
}

HG_TEST(table)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_captures captures = {.group = {HG_LIT_INIT("all"), HG_LIT_INIT("cap")}, .n = 2};

    fixture_header(f, "X-One", "$<A>%{path}");
    fixture_header(f, "X-One", "two");
    f->vars.captures = &captures;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_template_note note;
        struct hg_template *t;

        hg_unit_row(rows[i].text);
        HG_CHECK_U64(hg_template_compile(hg_guarded_str(rows[i].text), ALL, &f->resolver, &t, &note),
                     rows[i].result);
        HG_CHECK((t != NULL) == (rows[i].result == HG_TEMPLATE_OK));
        if (t != NULL)
            check_expansion(f, t, rows[i].expected);
        if (rows[i].result == HG_TEMPLATE_UNSET)
            HG_CHECK_STR(note.name, rows[i].expected);
        if (rows[i].result == HG_TEMPLATE_BAD) {
            if (!HG_CHECK(strstr(note.text, rows[i].expected) != NULL))
                HG_CHECK_STR(note.text, rows[i].expected);
            HG_CHECK_U64(note.offset, rows[i].offset);
            HG_CHECK(strstr(note.text, "hush") == NULL);
        }
        hg_template_free(t);
    }
    fixture_free(f);
}

HG_TEST(what_is_not_allowed_is_refused)
{
    static const char *const refused[] = {"%{path}", "$1", "$<secret:key>", "%{headers}", "$<A:-$1>"};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_template_note note;
    struct hg_template *t;

    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        hg_unit_row(refused[i]);
        HG_CHECK_U64(hg_template_compile(hg_slice_str(refused[i]), 0, &f->resolver, &t, &note),
                     HG_TEMPLATE_BAD);
    }
    HG_CHECK_U64(hg_template_compile(HG_LIT("%{headers}"), HG_TEMPLATE_VARS, &f->resolver, &t, &note),
                 HG_TEMPLATE_BAD);
    fixture_free(f);
}

HG_TEST(nesting_has_a_limit)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_template_note note;
    struct hg_template *t;
    char text[2000] = "";

    for (int i = 0; i < 100; i++)
        strcat(text, "$<NO:-");
    for (int i = 0; i < 100; i++)
        strcat(text, ">");
    HG_CHECK_U64(hg_template_compile(hg_slice_str(text), 0, &f->resolver, &t, &note), HG_TEMPLATE_BAD);
    HG_CHECK(strstr(note.text, "nested") != NULL);
    fixture_free(f);
}

HG_TEST(a_static_text_needs_no_memory)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_template_note note;
    struct hg_template *t;

    HG_NEED(hg_template_compile(HG_LIT("a$<A>$$$<base64:x>"), 0, &f->resolver, &t, &note) == HG_TEMPLATE_OK);
    HG_CHECK_SLICE(hg_template_static(t), "aone$eA==");
    HG_CHECK(hg_template_secret(t, 0) == NULL);
    HG_CHECK(hg_template_uses_env(t));
    check_expansion(f, t, "aone$eA==");
    HG_CHECK_U64(f->arena.used, 0);
    hg_template_free(t);
    fixture_free(f);
}

HG_TEST(secrets_are_listed_and_rotate)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_template_note note;
    struct hg_template *t;
    const struct hg_secret_slot *missing;
    struct hg_slice out;

    HG_NEED(hg_template_compile(HG_LIT("$<secret:key>$<base64:x$<secret:gone>>$<secret:key>"), ALL,
                                &f->resolver, &t, &note) == HG_TEMPLATE_OK);
    HG_CHECK(hg_template_static(t).p == NULL);
    HG_CHECK(!hg_template_uses_env(t));
    HG_CHECK(hg_template_secret(t, 0) == f->key);
    HG_CHECK(hg_template_secret(t, 1) == f->gone);
    HG_CHECK(hg_template_secret(t, 2) == f->key);
    HG_CHECK(hg_template_secret(t, 3) == NULL);
    HG_CHECK_U64(hg_template_expand(t, &f->vars, &f->arena, &out, &missing), HG_EXPAND_NO_SECRET);
    HG_CHECK(missing == f->gone);
    hg_secret_slot_set(f->gone, hg_secret_new(HG_LIT("y")));
    hg_secret_slot_set(f->key, hg_secret_new(HG_LIT("new")));
    check_expansion(f, t, "neweHk=new");
    hg_template_free(t);
    fixture_free(f);
}

HG_TEST(a_full_arena_is_said)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    const struct hg_secret_slot *missing;
    struct hg_template_note note;
    struct hg_template *t;
    struct hg_slice out;

    HG_NEED(hg_template_compile(HG_LIT("$<secret:key>$<base64:%{path}>"), ALL, &f->resolver, &t, &note) ==
            HG_TEMPLATE_OK);
    for (size_t ceiling = 0; ceiling < 100; ceiling += 8) {
        hg_arena_reset(&f->arena);
        hg_arena_init(&f->arena, ceiling);
        HG_CHECK_U64(hg_template_expand(t, &f->vars, &f->arena, &out, &missing), HG_EXPAND_NO_MEMORY);
    }
    hg_template_free(t);
    fixture_free(f);
}

HG_TEST(hosts_of_authorities)
{
    HG_CHECK_SLICE(hg_template_host(hg_guarded_str("a.b:80")), "a.b");
    HG_CHECK_SLICE(hg_template_host(hg_guarded_str("a.b")), "a.b");
    HG_CHECK_SLICE(hg_template_host(hg_guarded_str("[::1]:80")), "[::1]");
    HG_CHECK_SLICE(hg_template_host(hg_guarded_str("::1")), "::1");
    HG_CHECK_SLICE(hg_template_host(hg_guarded_str("")), "");
    HG_CHECK_SLICE(hg_template_host(hg_guarded_str("[::1")), "[::1");
}

HG_TEST(patterns_quote_what_they_take)
{
    static const struct {
        const char *text, *expected;
    } good[] = {
        {"x-$<A>", "x-one"},  {"~^$<META>$", "~^a\\.b\\*c$"},       {"$<META>", "a.b\\*c"},
        {"$<TILDE>", "\\~x"}, {"~%{path}$1$$%%", "~%{path}$1$$%%"}, {"~^$<NO:-a.b>", "~^a\\.b"},
        {"plain*", "plain*"},
    };
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct hg_template_note note;
    char *out;
    size_t n;

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        hg_unit_row(good[i].text);
        HG_CHECK_U64(hg_template_pattern(hg_guarded_str(good[i].text), &f->resolver, &out, &n, &note),
                     HG_TEMPLATE_OK);
        HG_CHECK_STR(out, good[i].expected);
        free(out);
    }
    HG_CHECK_U64(hg_template_pattern(HG_LIT("~a$<NO>"), &f->resolver, &out, &n, &note), HG_TEMPLATE_UNSET);
    HG_CHECK_STR(note.name, "NO");
    HG_CHECK_U64(hg_template_pattern(HG_LIT("~a$<NO?>"), &f->resolver, &out, &n, &note), HG_TEMPLATE_VANISH);
    HG_CHECK_U64(hg_template_pattern(HG_LIT("~ab$<secret:key>"), &f->resolver, &out, &n, &note),
                 HG_TEMPLATE_BAD);
    HG_CHECK_U64(note.offset, 3);
    HG_CHECK_U64(hg_template_pattern(HG_LIT("~ab$<A"), &f->resolver, &out, &n, &note), HG_TEMPLATE_BAD);
    fixture_free(f);
}
