/* SPDX-License-Identifier: MIT
 *
 * Patterns: exact, glob, regex; three answers; aliases; quoting.
 */
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "glob.h"
#include "rules/pattern.h"
#include "support/unit.h"

static enum hg_match match(const char *text, unsigned flags, struct hg_slice subject,
                           struct hg_captures *captures)
{
    struct hg_pattern_problem problem;
    struct hg_pattern *p = hg_pattern_new(hg_guarded_str(text), flags, &problem);
    struct hg_scratch *s = hg_scratch_new();
    enum hg_match m;

    HG_CHECK(p != NULL && s != NULL);
    if (p == NULL || s == NULL)
        return HG_MATCH_ERROR;
    m = hg_pattern_match(p, s, subject, captures);
    HG_CHECK_STR(hg_pattern_text(p), text);
    hg_pattern_free(p);
    hg_scratch_free(s);
    return m;
}

static const struct {
    const char *pattern, *subject;
    unsigned flags;
    enum hg_match expected;
} rows[] = {
    {"abc", "abc", 0, HG_MATCH_YES},
    {"abc", "ABC", 0, HG_MATCH_NO},
    {"abc", "aBC", HG_PATTERN_CASELESS, HG_MATCH_YES},
    {"abc", "abcd", 0, HG_MATCH_NO},
    {"abc", "", 0, HG_MATCH_NO},
    {"", "", 0, HG_MATCH_YES},
    {"", "a", 0, HG_MATCH_NO},
    {"a.c", "abc", 0, HG_MATCH_NO},
    {"*", "", 0, HG_MATCH_YES},
    {"*", "anything/at all", 0, HG_MATCH_YES},
    {"a*", "a", 0, HG_MATCH_YES},
    {"a*", "ba", 0, HG_MATCH_NO},
    {"*a", "ba", 0, HG_MATCH_YES},
    {"*a", "ab", 0, HG_MATCH_NO},
    {"a*a", "a", 0, HG_MATCH_NO},
    {"a*a", "aa", 0, HG_MATCH_YES},
    {"a*b*c", "a-b-c", 0, HG_MATCH_YES},
    {"a*b*c", "a-c-b", 0, HG_MATCH_NO},
    {"a*bc*bc", "abcbc", 0, HG_MATCH_YES},
    {"a*bc*bc", "abc", 0, HG_MATCH_NO},
    {"**", "x", 0, HG_MATCH_YES},
    {"X-*", "x-forwarded", HG_PATTERN_CASELESS, HG_MATCH_YES},
    {"a\\*b", "a*b", 0, HG_MATCH_YES},
    {"a\\*b", "axb", 0, HG_MATCH_NO},
    {"a\\\\b", "a\\b", 0, HG_MATCH_YES},
    {"a\\b", "a\\b", 0, HG_MATCH_YES},
    {"a\\", "a\\", 0, HG_MATCH_YES},
    {"\\~x", "~x", 0, HG_MATCH_YES},
    {"~b", "abc", 0, HG_MATCH_YES},
    {"~^b", "abc", 0, HG_MATCH_NO},
    {"~c$", "abc", 0, HG_MATCH_YES},
    {"~c$", "abc\n", 0, HG_MATCH_NO},
    {"~^$", "", 0, HG_MATCH_YES},
    {"~B", "abc", 0, HG_MATCH_NO},
    {"~B", "abc", HG_PATTERN_CASELESS, HG_MATCH_YES},
    {"~(?-i)B", "abc", HG_PATTERN_CASELESS, HG_MATCH_NO},
    {"x-api-key", "X_Api_Key", HG_PATTERN_CASELESS, HG_MATCH_NO},
    {"x-api-key", "X_Api-Key", HG_PATTERN_CASELESS | HG_PATTERN_ALIASES, HG_MATCH_YES},
    {"x_api_key", "x-api_key", HG_PATTERN_ALIASES, HG_MATCH_YES},
    {"x-api*", "X_API_KEY", HG_PATTERN_CASELESS | HG_PATTERN_ALIASES, HG_MATCH_YES},
    {"~^x-api-key$", "x_api-key", HG_PATTERN_ALIASES, HG_MATCH_YES},
    {"~^x_api_key$", "x-api_key", HG_PATTERN_ALIASES, HG_MATCH_YES},
    {"~^x-api-key$", "x_api_key", 0, HG_MATCH_NO},
    {"~^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0, HG_MATCH_ERROR},
    {"~(*NO_JIT)^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0, HG_MATCH_ERROR},
    {"~\\xff", "\xff", 0, HG_MATCH_YES},
};

HG_TEST(table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        hg_unit_row(rows[i].pattern);
        HG_CHECK_U64(match(rows[i].pattern, rows[i].flags, hg_guarded_str(rows[i].subject), NULL),
                     rows[i].expected);
        hg_guarded_reset();
    }
}

HG_TEST(nul_and_null_subjects)
{
    HG_CHECK_U64(match("a*b", 0, hg_guarded(hg_slice("a\0b", 3)), NULL), HG_MATCH_YES);
    HG_CHECK_U64(match("ab", 0, hg_guarded(hg_slice("ab\0", 3)), NULL), HG_MATCH_NO);
    HG_CHECK_U64(match("~^a.b$", 0, hg_guarded(hg_slice("a\0b", 3)), NULL), HG_MATCH_YES);
    HG_CHECK_U64(match("*", 0, hg_slice(NULL, 0), NULL), HG_MATCH_YES);
    HG_CHECK_U64(match("~^$", 0, hg_slice(NULL, 0), NULL), HG_MATCH_YES);
    HG_CHECK_U64(match("", 0, hg_slice(NULL, 0), NULL), HG_MATCH_YES);
}

HG_TEST(captures_point_into_the_subject)
{
    struct hg_captures c;
    struct hg_slice subject = hg_guarded_str("/v1/x_y/z");

    HG_CHECK_U64(match("~^/(v\\d)/(q)?([^/]+)", 0, subject, &c), HG_MATCH_YES);
    HG_CHECK_U64(c.n, 4);
    HG_CHECK_SLICE(c.group[0], "/v1/x_y");
    HG_CHECK_SLICE(c.group[1], "v1");
    HG_CHECK(c.group[2].p == NULL);
    HG_CHECK(c.group[3].p == subject.p + 4);
    HG_CHECK_SLICE(c.group[3], "x_y");
    HG_CHECK_U64(match("~/x-(y)", HG_PATTERN_ALIASES, subject, &c), HG_MATCH_YES);
    HG_CHECK(c.group[1].p == subject.p + 6);
    HG_CHECK_U64(match("/v1*", 0, subject, &c), HG_MATCH_YES);
    HG_CHECK_U64(c.n, 1);
    HG_CHECK_U64(match("~nothing", 0, subject, &c), HG_MATCH_NO);
    HG_CHECK_U64(c.n, 0);
    /* more groups than there is room for is a match all the same */
    HG_CHECK_U64(match("~(/)(v)(1)(/)(x)(_)(y)(/)(z)()()", 0, subject, &c), HG_MATCH_YES);
    HG_CHECK_U64(c.n, HG_CAPTURES);
    HG_CHECK_SLICE(c.group[9], "z");
}

HG_TEST(bad_regex_has_its_offset)
{
    static const struct {
        const char *text;
        size_t offset;
    } bad[] = {{"~a(b", 4}, {"~", 0}, {"~[z-a]", 4}, {"~(*UTF)x", 7}, {"~*", 1}};
    struct hg_pattern_problem problem;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        hg_unit_row(bad[i].text);
        HG_CHECK(hg_pattern_new(hg_slice_str(bad[i].text), 0, &problem) == NULL);
        HG_CHECK(problem.text[0] != '\0');
        HG_CHECK_U64(problem.offset, bad[i].offset);
    }
}

HG_TEST(a_glob_with_many_stars_is_not_slow)
{
    char pattern[128], subject[4096];
    size_t n = 0;

    for (size_t i = 0; i < 40; i++) {
        pattern[n++] = '*';
        pattern[n++] = 'a';
    }
    pattern[n++] = 'b';
    pattern[n] = '\0';
    memset(subject, 'a', sizeof(subject));
    HG_CHECK_U64(match(pattern, 0, hg_slice(subject, sizeof(subject)), NULL), HG_MATCH_NO);
}

HG_TEST(long_names_with_aliases)
{
    char *name = malloc(100000);

    HG_NEED(name != NULL);
    memset(name, '_', 100000);
    HG_CHECK_U64(match("~^-+$", HG_PATTERN_ALIASES, hg_slice(name, 100000), NULL), HG_MATCH_YES);
    free(name);
}

HG_TEST(exact_text_is_without_escapes)
{
    struct hg_pattern_problem problem;
    struct hg_pattern *p = hg_pattern_new(HG_LIT("A\\*b"), HG_PATTERN_CASELESS, &problem);
    struct hg_slice text;

    HG_NEED(p != NULL);
    HG_CHECK(hg_pattern_is_exact(p, &text));
    HG_CHECK_SLICE(text, "A*b");
    hg_pattern_free(p);
    p = hg_pattern_new(HG_LIT("a*"), 0, &problem);
    HG_NEED(p != NULL);
    HG_CHECK(!hg_pattern_is_exact(p, &text));
    HG_CHECK_U64(hg_pattern_groups(p), 0);
    hg_pattern_free(p);
    p = hg_pattern_new(HG_LIT("~(a)(?:b)(c)"), 0, &problem);
    HG_NEED(p != NULL);
    HG_CHECK(!hg_pattern_is_exact(p, &text));
    HG_CHECK_U64(hg_pattern_groups(p), 2);
    hg_pattern_free(p);
}

HG_TEST(quoted_values_match_only_themselves)
{
    static const char *const values[] = {"a.b*c", "~x", "\\d+", "^$|()[]{}?+-", "a b#c", "\xc3\xa9", "\\E"};

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        char text[64], *quoted;

        hg_unit_row(values[i]);
        quoted = hg_pattern_quote(hg_slice_str(values[i]), false);
        HG_NEED(quoted != NULL);
        HG_CHECK_U64(match(quoted, 0, hg_slice_str(values[i]), NULL), HG_MATCH_YES);
        HG_CHECK_U64(match(quoted, 0, HG_LIT("aXbYc"), NULL), HG_MATCH_NO);
        free(quoted);
        quoted = hg_pattern_quote(hg_slice_str(values[i]), true);
        HG_NEED(quoted != NULL);
        snprintf(text, sizeof(text), "~^%s$", quoted);
        HG_CHECK_U64(match(text, 0, hg_slice_str(values[i]), NULL), HG_MATCH_YES);
        HG_CHECK_U64(match(text, 0, HG_LIT("aXbYc"), NULL), HG_MATCH_NO);
        free(quoted);
    }
}

HG_TEST(cache_keeps_ids_and_spellings_apart)
{
    struct hg_cache *c = hg_cache_new();
    uint64_t one = hg_cache_id(), two = hg_cache_id();
    bool yes = false;

    HG_NEED(c != NULL);
    HG_CHECK(one != 0 && one != two);
    hg_cache_put(c, one, hg_guarded_str("x-a"), true);
    HG_CHECK(hg_cache_get(c, one, hg_guarded_str("x-a"), &yes) && yes);
    HG_CHECK(!hg_cache_get(c, two, hg_guarded_str("x-a"), &yes));
    HG_CHECK(!hg_cache_get(c, one, hg_guarded_str("X-a"), &yes));
    HG_CHECK(!hg_cache_get(c, one, hg_guarded_str("x-ab"), &yes));
    hg_cache_put(c, one, hg_guarded_str("x-a"), false);
    HG_CHECK(hg_cache_get(c, one, hg_guarded_str("x-a"), &yes) && !yes);
    hg_cache_free(c);
}

HG_TEST(cache_is_bounded_and_never_wrong)
{
    struct hg_cache *c = hg_cache_new();
    uint64_t id = hg_cache_id();
    char name[64];
    size_t known = 0;

    HG_NEED(c != NULL);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "x-%u", i);
        hg_cache_put(c, id, hg_slice_str(name), i % 3 == 0);
    }
    for (unsigned i = 0; i < 20000; i++) {
        bool yes;

        snprintf(name, sizeof(name), "x-%u", i);
        if (!hg_cache_get(c, id, hg_slice_str(name), &yes))
            continue;
        known++;
        if (yes != (i % 3 == 0))
            HG_CHECK(yes == (i % 3 == 0));
    }
    HG_CHECK(known > 100 && known <= 512);
    memset(name, 'a', sizeof(name));
    hg_cache_put(c, id, hg_slice(name, sizeof(name)), true);
    HG_CHECK(!hg_cache_get(c, id, hg_slice(name, sizeof(name)), &(bool){false}));
    hg_cache_free(c);
}
