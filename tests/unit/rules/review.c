/* SPDX-License-Identifier: MIT
 *
 * What is said of lists that one request meets.
 */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

static void warn(void *ctx, const char *where, const char *text)
{
    char *out = ctx;
    size_t n = strlen(out);

    snprintf(out + n, 1024 - n, "%s: %s\n", where, text);
}

static void check(const struct hg_action_spec *specs, size_t n, const char *said, const char *end)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    const struct hg_ruleset *lists[1] = {f->rs};
    char text[1024] = "";
    const char *where;

    for (size_t i = 0; i < n; i++)
        HG_CHECK_U64(fixture_append(f, &specs[i]), HG_APPEND_OK);
    where = hg_ruleset_review(lists, 1, warn, text);
    HG_CHECK_STR(text, said);
    HG_CHECK((where == NULL) == (end == NULL));
    if (where != NULL && end != NULL)
        HG_CHECK_STR(where, end);
    fixture_free(f);
}

#define INJECT(kind_, line, name_)                                                                         \
    {                                                                                                      \
        .kind = HG_ACTION_##kind_, .where = line, .name = HG_LIT_INIT(name_), .pattern = HG_LIT_INIT("*"), \
        .value = HG_LIT_INIT("$<secret:key>")                                                              \
    }

HG_TEST(keep_header_undoes_what_it_does_not_name)
{
    const struct hg_slice x[] = {HG_LIT("x-*")};
    const struct hg_action_spec list[] = {
        INJECT(SET_HEADER, "f:1", "authorization"),
        INJECT(ADD_HEADER, "f:2", "x-key"),
        INJECT(REPLACE_HEADER, "f:3", "cookie"),
        INJECT(ADD_TO_LIST, "f:4", "content-tokens"),
        {.kind = HG_ACTION_KEEP_HEADER, .where = "f:5", .names = x, .n_names = 1},
    };

    check(list, 5,
          "f:5: drops cookie, which the action at f:3 sets from secret key\n"
          "f:5: drops authorization, which the action at f:1 sets from secret key\n",
          NULL);
}

HG_TEST(what_is_set_in_the_target_is_undone_there)
{
    const struct hg_action_spec list[] = {
        INJECT(SET_QUERY, "f:1", "key"),
        {.kind = HG_ACTION_SET_PATH, .where = "f:2", .value = HG_LIT("/x/$<secret:key>")},
        {.kind = HG_ACTION_DROP_HEADER, .where = "f:3", .name = HG_LIT("*")},
        {.kind = HG_ACTION_SET_PATH, .where = "f:4", .value = HG_LIT("/y%{path}")},
        {.kind = HG_ACTION_DROP_QUERY, .where = "f:5", .name = HG_LIT("KEY")},
        {.kind = HG_ACTION_SET_PATH, .where = "f:6", .value = HG_LIT("/z")},
    };

    check(list, 6,
          "f:5: drops key, which the action at f:1 sets from secret key\n"
          "f:6: sets again the path, which the action at f:2 sets from secret key\n",
          NULL);
}

HG_TEST(an_observed_answer_is_no_end)
{
    const struct hg_action_spec list[] = {
        {.kind = HG_ACTION_DENY, .where = "f:1", .observe = true},
        {.kind = HG_ACTION_RESPOND, .where = "f:2", .observe = true},
        {.kind = HG_ACTION_DENY, .where = "f:3"},
        {.kind = HG_ACTION_LOG, .where = "f:4", .value = HG_LIT("x")},
    };

    check(list, 2, "", NULL);
    check(list, 4, "f:4: is never reached: the action at f:3 answers every request\n", "f:3");
}

HG_TEST(what_depends_is_not_blamed)
{
    const struct hg_slice x[] = {HG_LIT("x-*")};
    const struct hg_when post = {.method = HG_LIT("POST")};
    const struct hg_action_spec list[] = {
        INJECT(SET_HEADER, "f:1", "authorization"),
        {.kind = HG_ACTION_KEEP_HEADER, .where = "f:2", .names = x, .n_names = 1, .when = &post},
        {.kind = HG_ACTION_DROP_HEADER_VALUE,
         .where = "f:3",
         .name = HG_LIT("authorization"),
         .pattern = HG_LIT("x")},
    };

    check(list, 3, "", NULL);
}
