/* SPDX-License-Identifier: MIT
 *
 * Which models a policy allows: denied wins, letters' case never matters, and
 * what lets the upstream choose is only for those who allow it.
 */
#include "rules/globs.h"

#include "support/unit.h"

static struct hg_globs *list_of(const char *texts) /* separated by blanks */
{
    struct hg_globs *g = hg_globs_new();
    struct hg_slice rest = hg_slice_str(texts);

    while (g != NULL && rest.n > 0) {
        ptrdiff_t at = hg_slice_find(rest, ' ');

        HG_CHECK(hg_globs_add(g, at < 0 ? rest : hg_slice(rest.p, (size_t)at), 0) == NULL);
        rest = at < 0 ? hg_slice(NULL, 0) : hg_slice_from(rest, (size_t)at + 1);
    }
    return g;
}

HG_TEST(the_decision_table)
{
    static const struct {
        const char *allow, *deny, *model, *verdict;
    } rows[] = {
        {"", "", "anything", "allowed"},
        {"gpt-*", "", "gpt-4o", "allowed"},
        {"gpt-*", "", "GPT-4o", "allowed"},
        {"gpt-*", "", "gpt-", "allowed"},
        {"gpt-*", "", "claude", "not_allowed"},
        {"gpt-*", "", "xgpt-4", "not_allowed"},
        {"gpt-4", "", "gpt-4o", "not_allowed"},
        {"gpt-4*", "*-preview", "gpt-4-preview", "disallowed"},
        {"gpt-4*", "*-preview", "gpt-4-PREVIEW", "disallowed"},
        {"gpt-4-preview", "*-preview", "gpt-4-preview", "disallowed"},
        {"", "*opus*", "claude-opus-4", "disallowed"},
        {"", "*opus*", "claude-sonnet", "allowed"},
        /* auto */
        {"", "*opus*", "auto", "dynamic_model_unverifiable"},
        {"", "*opus*", "AUTO", "dynamic_model_unverifiable"},
        {"", "*opus*", "openrouter/auto", "dynamic_model_unverifiable"},
        {"", "*opus*", "autoopus", "disallowed"},
        {"auto", "*opus*", "auto", "allowed"},
        {"*", "*opus*", "auto", "allowed"},
        {"*", "auto", "auto", "disallowed"},
        {"gpt-*", "*opus*", "auto", "dynamic_model_unverifiable"},
        {"gpt-*", "", "auto", "not_allowed"},
        {"", "", "auto", "allowed"},
        /* nothing but * means anything */
        {"~gpt", "", "gpt", "not_allowed"},
        {"~gpt", "", "~gpt", "allowed"},
        {"g?t", "", "gpt", "not_allowed"},
        {"a\\*b", "", "a\\xb", "allowed"},
        {"a\\*b", "", "a*b", "not_allowed"},
        {"[ab]", "", "a", "not_allowed"},
    };
    struct hg_scratch *scratch = hg_scratch_new();

    HG_NEED(scratch != NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_globs *allow = list_of(rows[i].allow), *deny = list_of(rows[i].deny);
        enum hg_model_verdict v = hg_models_judge(allow, deny, scratch, hg_guarded_str(rows[i].model));

        HG_CHECK_STR(hg_model_verdict_word(v), rows[i].verdict);
        hg_globs_free(allow);
        hg_globs_free(deny);
    }
    hg_scratch_free(scratch);
}

HG_TEST(the_first_that_matches_gives_its_number)
{
    struct hg_scratch *scratch = hg_scratch_new();
    struct hg_globs *g = hg_globs_new();
    uint64_t n = 7;

    HG_NEED(scratch != NULL && g != NULL);
    HG_CHECK_STR(hg_globs_add(g, HG_LIT("  "), 1), "is empty");
    HG_CHECK(hg_globs_add(g, HG_LIT(" gpt-5 "), 10) == NULL);
    HG_CHECK(hg_globs_add(g, HG_LIT("gpt-*"), 2) == NULL);
    HG_CHECK_STR(hg_globs_find(g, scratch, HG_LIT("gpt-5"), &n), "gpt-5");
    HG_CHECK_U64(n, 10);
    HG_CHECK_STR(hg_globs_find(g, scratch, HG_LIT("gpt-5-mini"), &n), "gpt-*");
    HG_CHECK_U64(n, 2);
    HG_CHECK(hg_globs_find(g, scratch, HG_LIT("other"), &n) == NULL);
    HG_CHECK_U64(n, 2);
    HG_CHECK(hg_globs_find(NULL, scratch, HG_LIT("other"), &n) == NULL);
    hg_globs_free(g);
    hg_scratch_free(scratch);
}
