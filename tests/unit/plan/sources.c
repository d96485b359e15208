/* SPDX-License-Identifier: MIT
 *
 * Sources of secrets: what a plan says of them, and what becomes of the bytes
 * that one gives.
 */
#include "fixture.h"

#define REST                                                          \
    "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; }; };" \
    "backend: { b: { url = \"https://x.test\"; via = \"direct\";"     \
    " request = ( { set-header = [ \"a\", \"$<secret:s>\" ]; } ); }; };"

static struct hg_plan *plan(const char *secrets, bool stand_in, char **said)
{
    static struct fixture_env e = {{"K", "sk-1", "L", "sk-2", NULL}};
    char text[1200];
    struct hg_diag *d = hg_diag_new();
    (void)snprintf(text, sizeof(text), "secret: { %s };" REST, secrets);
    struct hg_plan *p = fixture_plan(text, &e, stand_in, d);
    *said = case_print(d);
    hg_diag_free(d);
    return p;
}

static const struct hg_source *only(const char *secret, struct hg_plan **p)
{
    char text[800], *said;
    (void)snprintf(text, sizeof(text), "s: { %s };", secret);
    *p = plan(text, false, &said);
    HG_CHECK(*p != NULL);
    if (*p == NULL)
        (void)fputs(said, stderr);
    free(said);
    return *p != NULL ? &(*p)->source[0] : NULL;
}

HG_TEST(a_file_that_cannot_be_read_is_waited_for)
{
    static const struct {
        const char *path, *said;
    } rows[] = {
        {"/nowhere/s", "t:1: secret.s: warning: file /nowhere/s cannot be read: No such file or directory\n"},
        {"/dev/null", "t:1: secret.s: warning: file /dev/null is empty\n"},
        {"/", "t:1: secret.s: warning: file / cannot be read: Is a directory\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200], *said;
        (void)snprintf(text, sizeof(text), "s: { file = \"%s\"; };", rows[i].path);
        struct hg_plan *p = plan(text, false, &said);
        HG_NEED(p != NULL);
        HG_CHECK(p->frontend[0].missing.what == NULL);
        HG_CHECK(!p->source[0].read && p->source[0].usable);
        HG_CHECK(hg_secret_slot_take(p->source[0].slot) == NULL);
        HG_CHECK(strncmp(said, rows[i].said, strlen(rows[i].said)) == 0);
        free(said);
        hg_plan_unref(&p);
    }
}

HG_TEST(a_command_is_described_and_not_run)
{
    struct hg_plan *p;
    const struct hg_source *s = only(
        "exec = [ \"/bin/false\", \"-k\", \"$<K>\" ]; ttl = \"50m\"; env = [ \"HOST\", \"A=$<L>\" ];", &p);
    HG_NEED(s != NULL);
    HG_CHECK(s->kind == HG_SOURCE_EXEC && s->usable && !s->read);
    HG_CHECK_STR(s->argv[0], "/bin/false");
    HG_CHECK_STR(s->argv[2], "sk-1");
    HG_CHECK(s->argv[3] == NULL);
    HG_CHECK_STR(s->env[1], "A=sk-2");
    HG_CHECK_U64(s->ttl, 3000000);
    HG_CHECK_U64(s->timeout, 10000);
    /* What the variable holds is nobody's business. */
    HG_CHECK_STR(hg_secret_slot_source(s->slot), "command /bin/false -k $<K>");
    HG_CHECK(hg_secret_slot_passing(s->slot));
    HG_CHECK(hg_plan_source(p, s->slot) == s);
    hg_plan_unref(&p);
}

HG_TEST(check_runs_nothing)
{
    char *said;
    struct hg_plan *p = plan("s: { exec = [ \"/bin/false\" ]; };", true, &said);
    HG_NEED(p != NULL);
    struct hg_secret *v = hg_secret_slot_take(p->source[0].slot);
    HG_NEED(v != NULL);
    HG_CHECK_SLICE(hg_secret_bytes(v), "stand-in-for-check");
    hg_secret_release(&v);
    free(said);
    hg_plan_unref(&p);
}

HG_TEST(any_is_a_group_of_others)
{
    char *said;
    struct hg_plan *p = plan("s: { any = [ \"a\", \"b\" ]; cool-down = \"5s\"; cool-down-on = [ 401, 429 ]; "
                             "balance = \"first\"; };"
                             "a: { from = \"$<K>\"; }; b: { from = \"$<L>\"; };",
                             false, &said);
    HG_NEED(p != NULL);
    const struct hg_source *s = &p->source[0];
    HG_CHECK_U64(s->members, 2);
    HG_CHECK(s->member[1] == &p->source[2]);
    HG_CHECK_U64(s->cool_down, 5000);
    HG_CHECK_U64(s->cool_down_on[1], 429);
    HG_CHECK(s->resend);
    HG_CHECK_STR(hg_secret_slot_source(s->slot), "secrets a, b");
    struct hg_secret *v = hg_secret_slot_take(s->slot);
    HG_NEED(v != NULL);
    HG_CHECK_SLICE(hg_secret_bytes(v), "sk-1");
    hg_secret_release(&v);
    free(said);
    hg_plan_unref(&p);
}

#define NOW UINT64_C(1775988000000000) /* 2026-04-12T10:00:00Z */

static const struct {
    const char *settings, *raw, *value, *why;
    uint64_t holds;
} readings[] = {
    {"", " abc\n", "abc", NULL, 0},
    {"", " \n", NULL, "is empty", 0},
    {"", "a\nb", NULL, "has a line break or NUL inside", 0},
    {"strip-prefix = \"token \";", "token  abc", "abc", NULL, 0},
    {"validate = \"^gh[a-z]_\";", "gho_x", "gho_x", NULL, 0},
    {"validate = \"^gh[a-z]_\";", "error: not logged in", NULL, "does not match validate", 0},
    {"field = \"a.b\";", "{\"x\":[1,{}],\n\"a\":{\"b\":\"t\\u006fk\"}}", "tok", NULL, 0},
    {"field = \"l.1.t\";", "{\"l\":[{\"t\":\"no\"},{\"t\":\"yes\"}]}", "yes", NULL, 0},
    {"field = \"a\";", "{\"b\":1}", NULL, "has no field of the name that was asked for", 0},
    {"field = \"a\";", "{\"a\":null}", NULL, "has nothing in the field that was asked for", 0},
    {"field = \"a\";", "{\"a\":{}}", NULL, "has an object or an array in the field that was asked for", 0},
    {"field = \"a\";", "{\"a\":\"tok\"", NULL, "is not JSON", 0},
    {"field = \"a\";", "{\"a\":\"x\\ny\"}", NULL, "has a line break or NUL inside", 0},
    {"field = \"a\";", "", NULL, "is empty", 0},
    {"field = \"a\"; expires = \"e\";", "{\"a\":\"t\",\"e\":3600}", "t", NULL, 3600000},
    {"field = \"a\"; expires = \"e\";", "{\"a\":\"t\",\"e\":\"2026-04-12T10:01:00.5Z\"}", "t", NULL, 60000},
    {"field = \"a\"; expires = \"e\";", "{\"a\":\"t\",\"e\":\"2026-04-12T12:00:10+02:00\"}", "t", NULL,
     10000},
    {"field = \"a\"; expires = \"e\";", "{\"a\":\"t\",\"e\":1775988005}", "t", NULL, 5000},
    {"field = \"a\"; expires = \"e\";", "{\"a\":\"t\",\"e\":\"2020-01-01T00:00:00Z\"}", "t", NULL, 1},
    {"field = \"a\"; expires = \"e\";", "{\"a\":\"t\",\"e\":\"soon\"}", NULL,
     "does not say in the field named by expires how long it holds", 0},
};

HG_TEST(what_a_source_gives_becomes_a_value_or_a_reason)
{
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        char text[300];
        struct hg_plan *p;
        struct hg_source_value v;
        hg_unit_row(readings[i].raw);
        (void)snprintf(text, sizeof(text), "exec = [ \"x\" ]; %s", readings[i].settings);
        const struct hg_source *s = only(text, &p);
        HG_NEED(s != NULL);
        HG_NEED(hg_source_read(s, hg_guarded_str(readings[i].raw), NOW, &v));
        HG_CHECK((v.secret != NULL) == (readings[i].value != NULL));
        if (v.secret != NULL)
            HG_CHECK_SLICE(hg_secret_bytes(v.secret), readings[i].value);
        if (readings[i].why != NULL)
            HG_CHECK_STR(v.why, readings[i].why);
        HG_CHECK_U64(v.holds, readings[i].holds);
        hg_secret_release(&v.secret);
        hg_plan_unref(&p);
    }
}
