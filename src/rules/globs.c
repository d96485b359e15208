/* SPDX-License-Identifier: MIT
 *
 * Globs by name. They are patterns of which only `*` means anything: names of
 * models come from variables, too, where nobody thinks of regular expressions.
 */
#include "rules/globs.h"

#include <stdlib.h>

#include "base/check.h"

struct glob {
    char *text;
    struct hg_pattern *pattern;
    uint64_t number;
};

struct hg_globs {
    struct glob *v;
    size_t n, cap;
};

struct hg_globs *hg_globs_new(void)
{
    return calloc(1, sizeof(struct hg_globs));
}

void hg_globs_free(struct hg_globs *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < g->n; i++) {
        free(g->v[i].text);
        hg_pattern_free(g->v[i].pattern);
    }
    free(g->v);
    free(g);
}

size_t hg_globs_count(const struct hg_globs *g)
{
    return g != NULL ? g->n : 0;
}

/* As a pattern: what means something there, but not here, is taken as it is. */
static struct hg_pattern *compile(struct hg_slice text)
{
    struct hg_pattern_problem problem;
    char *quoted = malloc(2 * text.n + 1);
    struct hg_pattern *p;
    size_t n = 0;

    if (quoted == NULL)
        return NULL;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '~' || text.p[i] == '\\')
            quoted[n++] = '\\';
        quoted[n++] = text.p[i];
    }
    p = hg_pattern_new(hg_slice(quoted, n), HG_PATTERN_CASELESS, &problem);
    free(quoted);
    return p;
}

const char *hg_globs_add(struct hg_globs *g, struct hg_slice text, uint64_t number)
{
    struct glob *at;

    text = hg_slice_trim(text);
    if (text.n == 0)
        return "is empty";
    if (g->n == g->cap) {
        size_t cap = g->cap > 0 ? g->cap * 2 : 8;
        struct glob *bigger = reallocarray(g->v, cap, sizeof(*bigger));

        if (bigger == NULL)
            return "there is no memory for it";
        g->v = bigger;
        g->cap = cap;
    }
    at = &g->v[g->n];
    *at = (struct glob){hg_slice_dup(text), compile(text), number};
    if (at->text != NULL && at->pattern != NULL) {
        g->n++;
        return NULL;
    }
    free(at->text);
    hg_pattern_free(at->pattern);
    return "there is no memory for it";
}

const char *hg_globs_find(const struct hg_globs *g, struct hg_scratch *scratch, struct hg_slice name,
                          uint64_t *number)
{
    for (size_t i = 0; g != NULL && i < g->n; i++) {
        enum hg_match m = hg_pattern_match(g->v[i].pattern, scratch, name, NULL);

        HG_ASSERT(m != HG_MATCH_ERROR); /* only a regex has limits */
        if (m != HG_MATCH_YES)
            continue;
        if (number != NULL)
            *number = g->v[i].number;
        return g->v[i].text;
    }
    return NULL;
}

const char *hg_model_verdict_word(enum hg_model_verdict v)
{
    static const char *const words[] = {
#define X(id, word) word,
        HG_MODEL_VERDICTS(X)
#undef X
    };

    HG_ASSERT((size_t)v < sizeof(words) / sizeof(*words));
    return words[v];
}

/* Also with its provider in front. */
static bool is_auto(struct hg_slice model)
{
    return hg_slice_ieq(model, HG_LIT("auto")) ||
           (model.n > 5 && hg_slice_ieq(hg_slice_from(model, model.n - 5), HG_LIT("/auto")));
}

enum hg_model_verdict hg_models_judge(const struct hg_globs *allow, const struct hg_globs *deny,
                                      struct hg_scratch *scratch, struct hg_slice model)
{
    bool named = hg_globs_find(allow, scratch, model, NULL) != NULL;

    if (is_auto(model) && hg_globs_count(deny) > 0 && !named)
        return HG_MODEL_DYNAMIC;
    if (hg_globs_find(deny, scratch, model, NULL) != NULL)
        return HG_MODEL_DISALLOWED;
    return named || hg_globs_count(allow) == 0 ? HG_MODEL_ALLOWED : HG_MODEL_NOT_ALLOWED;
}
