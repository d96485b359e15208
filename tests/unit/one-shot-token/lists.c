/* SPDX-License-Identifier: MIT
 *
 * AWF_ONE_SHOT_TOKENS, as it is written.
 */
#include <string.h>

#include "list.h"
#include "support/unit.h"

static struct hg_token_list list;

/* The names, joined by a bar. */
static const char *names(const char *text)
{
    static char joined[2 * HG_ONE_SHOT_TEXT];
    size_t n = 0;
    hg_token_list_read(&list, text);
    for (size_t i = 0; i < list.count; i++) {
        if (i > 0)
            joined[n++] = '|';
        memcpy(joined + n, list.token[i].name, list.token[i].length);
        n += list.token[i].length;
    }
    joined[n] = '\0';
    return joined;
}

HG_TEST(forms_of_a_list)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"A", "A"},         {"A,BC", "A|BC"}, {" A ,\tB\n", "A|B"}, {",,A,,", "A"},
        {"A B,C", "A B|C"}, {"A=1,B", "B"},   {"a,A", "a|A"},       {"A,A", "A|A"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hg_unit_row(rows[i].text);
        HG_CHECK_STR(names(rows[i].text), rows[i].expected);
        HG_CHECK(!list.cut);
    }
}

HG_TEST(nothing_named_is_the_standard)
{
    static const char *const rows[] = {NULL, "", " ", ",", " , ,", "=x"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hg_unit_row(rows[i]);
        names(rows[i]);
        HG_CHECK_U64(list.count, 13);
        HG_CHECK(hg_token_list_find(&list, "COPILOT_GITHUB_TOKEN", 20) == &list.token[0]);
        HG_CHECK(hg_token_list_find(&list, "COPILOT_PROVIDER_API_KEY", 24) == &list.token[12]);
    }
}

HG_TEST(only_whole_names_are_found)
{
    hg_token_list_read(&list, "ABC,AB");
    HG_CHECK(hg_token_list_find(&list, "AB", 2) == &list.token[1]);
    HG_CHECK(hg_token_list_find(&list, "ABCD", 4) == NULL);
    HG_CHECK(hg_token_list_find(&list, "A", 1) == NULL);
    HG_CHECK(hg_token_list_find(&list, "", 0) == NULL);
    HG_CHECK(hg_token_list_find(&list, "abc", 3) == NULL);
}

HG_TEST(the_ceilings)
{
    static char text[2 * HG_ONE_SHOT_TEXT];
    size_t n = 0;
    for (unsigned i = 0; i < HG_ONE_SHOT_NAMES + 1; i++) {
        text[n++] = 'N';
        text[n++] = (char)('0' + i / 10);
        text[n++] = (char)('0' + i % 10);
        text[n++] = ',';
    }
    text[n - 5] = '\0';
    hg_token_list_read(&list, text);
    HG_CHECK_U64(list.count, HG_ONE_SHOT_NAMES);
    HG_CHECK(!list.cut);
    text[n - 5] = ',';
    hg_token_list_read(&list, text);
    HG_CHECK_U64(list.count, HG_ONE_SHOT_NAMES);
    HG_CHECK(list.cut);

    /* A name that the end of the text cuts in two is none. */
    memset(text, 'L', sizeof text - 1);
    memcpy(text, "FIRST,", 6);
    HG_CHECK_STR(names(text), "FIRST");
    HG_CHECK(list.cut);
    memset(text, 'L', sizeof text - 1);
    HG_CHECK_STR(names(text), "");
    HG_CHECK(list.cut);
    text[HG_ONE_SHOT_TEXT - 1] = '\0';
    hg_token_list_read(&list, text);
    HG_CHECK_U64(list.count, 1);
    HG_CHECK(!list.cut);
}
