/* SPDX-License-Identifier: MIT
 *
 * Paths: what is one, and where it leads.
 */
#include "usage/path.h"

#include <stdio.h>

#include "support/unit.h"

HG_TEST(what_is_no_path)
{
    static const struct {
        const char *text, *why;
        size_t offset;
    } rows[] = {
        {"", "a name that is empty", 0},
        {".a", "a name that is empty", 0},
        {"a.", "a name that is empty", 2},
        {"a..b", "a name that is empty", 2},
        {"a.b*", "a * stands for a whole name; written \\* it is the character", 3},
        {"**", "a * stands for a whole name; written \\* it is the character", 0},
        {"a.b\\", "a backslash with nothing behind it", 4},
        {"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17", "too many parts", 39},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_paths *set = hg_paths_new();
        size_t offset = 999;
        hg_unit_row(rows[i].text);
        HG_NEED(set != NULL);
        HG_CHECK_STR(hg_paths_add(set, hg_guarded_str(rows[i].text), &offset), rows[i].why);
        HG_CHECK_U64(offset, rows[i].offset);
        HG_CHECK_U64(hg_paths_count(set), 0);
        hg_paths_free(set);
    }
}

HG_TEST(names_and_sets_have_bounds)
{
    struct hg_paths *set = hg_paths_new();
    char name[HG_LIMIT_PATH_NAME + 1];
    size_t offset;

    HG_NEED(set != NULL);
    memset(name, 'x', sizeof(name));
    HG_CHECK_STR(hg_paths_add(set, hg_slice(name, sizeof(name)), &offset), "a name that is too long");
    HG_CHECK(hg_paths_add(set, hg_slice(name, sizeof(name) - 1), &offset) == NULL);
    for (unsigned i = 1; i < HG_LIMIT_TAP_PATHS; i++)
        HG_CHECK(hg_paths_add(set, HG_LIT("a.b"), &offset) == NULL);
    HG_CHECK_STR(hg_paths_add(set, HG_LIT("a.b"), &offset), "too many paths");
    HG_CHECK_U64(hg_paths_count(set), HG_LIMIT_TAP_PATHS);
    hg_paths_free(set);
}

/* ---- where they lead ---- */

struct led {
    struct hg_paths_walk walk;
    char text[256]; /* "path=value " for each scalar that was met */
    size_t n;
};

static bool on_member(void *ctx, unsigned depth, const struct hg_jscan_text *name)
{
    struct led *led = ctx;

    return hg_paths_enter(&led->walk, depth, name);
}

static bool on_value(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    struct led *led = ctx;
    bool inside;
    uint64_t here = hg_paths_here(&led->walk, depth, &inside);

    for (unsigned path = 0; path < 64 && text != NULL; path++)
        if ((here >> path & 1) != 0) {
            int n = snprintf(led->text + led->n, sizeof(led->text) - led->n, "%u=%.*s ", path,
                             HG_FMT(text->bytes));
            if (HG_CHECK(n > 0 && (size_t)n < sizeof(led->text) - led->n))
                led->n += (size_t)n;
        }
    (void)kind;
    return inside;
}

static const struct hg_jscan_events events = {.member = on_member, .value = on_value};

static void check_led(const char *const *paths, const char *text, const char *expected)
{
    struct hg_paths *set = hg_paths_new();
    struct led led = {0};
    struct hg_jscan scan;
    size_t offset;

    hg_unit_row(text);
    HG_NEED(set != NULL);
    for (; *paths != NULL; paths++)
        HG_CHECK(hg_paths_add(set, hg_slice_str(*paths), &offset) == NULL);
    hg_paths_begin(&led.walk, set);
    hg_jscan_init(&scan, &events, &led, false);
    HG_CHECK(hg_jscan_feed(&scan, hg_guarded_str(text)));
    HG_CHECK(hg_jscan_end(&scan));
    HG_CHECK_SLICE(hg_slice(led.text, led.n), expected);
    hg_paths_free(set);
}

HG_TEST(where_paths_lead)
{
    static const char *const names[] = {"a.b", "a.c.d", "b", "a", NULL};
    static const char *const numbers[] = {"0.x", "*.x", "2", "a.1.0", NULL};
    static const char *const escaped[] = {"a\\.b", "\\*", "\\0", "c.\\\\", "*.*", NULL};
    static const char *const none[] = {NULL};
    static const char *const deep[] = {"*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*", "*", NULL};

    check_led(names, "{\"a\":{\"b\":1,\"c\":{\"d\":2,\"b\":9},\"d\":9},\"b\":3,\"ab\":9}", "0=1 1=2 2=3 ");
    check_led(names, "{\"a\":4,\"b\":{\"b\":9},\"a\":{\"b\":[9],\"b\":5}}", "3=4 0=5 ");
    check_led(names, "[{\"a\":4}]", "");
    check_led(numbers, "[{\"x\":1},{\"x\":2},3]", "0=1 1=1 1=2 2=3 ");
    check_led(numbers, "{\"a\":[[9],[5,9],[9]],\"2\":9,\"0\":{\"x\":6}}", "3=5 1=6 ");
    check_led(escaped, "{\"a.b\":1,\"*\":2,\"0\":3,\"c\":{\"\\\\\":4},\"d\":[5]}",
              "0=1 1=2 2=3 3=4 4=4 4=5 ");
    check_led(numbers, "{\"a\":[1,[2]],\"b\":[[],[3]],\"a\":[0,[4]]}", "3=2 3=4 ");
    check_led(escaped, "[6]", "");
    check_led(none, "{\"a\":1}", "");
    check_led(none, "7", "");
    check_led(deep, "[[[[[[[[[[[[[[[[1,[2]]]]]]]]]]]]]]]],3]", "0=1 1=3 ");
}
