/* SPDX-License-Identifier: MIT
 *
 * Guards, from nodes. A guard is of one kind, told by the key that bounds it;
 * keys of other kinds beside it are mistakes, since nothing would heed them.
 */
#include "plan/guard.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "build.h"
#include "config/schema.h"

/* Of each kind: the key that makes it one, the keys that belong to it, its failure and its standard body. */
static const struct {
    const char *key, *keys[6], *type, *body;
    unsigned status;
} kinds[] = {
    [HG_GUARD_RUNS] = {"max-runs",
                       {"count-if", "count-status"},
                       "max_runs_exceeded",
                       "{\"error\":{\"type\":\"max_runs_exceeded\",\"message\":\"%{guard-message}\","
                       "\"invocation_count\":%{guard-count},\"max_runs\":%{guard-max}}}",
                       429},
    [HG_GUARD_ANSWERS] = {"max-answers",
                          {"answers"},
                          "permission_denied_limit_exceeded",
                          "{\"error\":{\"type\":\"permission_denied_limit_exceeded\",\"message\":"
                          "\"%{guard-message}\",\"denied_count\":%{guard-count},"
                          "\"max_permission_denied\":%{guard-max}}}",
                          403},
    [HG_GUARD_TOKENS] = {"max-tokens",
                         {"weight", "multiplier", "default-multiplier", "estimate"},
                         "effective_tokens_limit_exceeded",
                         "{\"error\":{\"type\":\"effective_tokens_limit_exceeded\",\"message\":"
                         "\"%{guard-message}\",\"total_effective_tokens\":%{guard-count},"
                         "\"max_effective_tokens\":%{guard-max}}}",
                         403},
    [HG_GUARD_MODELS] = {NULL,
                         {"allow", "deny", "from", "on-unknown", "buffer"},
                         "model_policy_violation",
                         "{\"error\":{\"type\":\"model_policy_violation\",\"message\":\"%{guard-message}\","
                         "\"model\":\"%{guard-model}\",\"reason\":\"%{guard-reason}\"}}",
                         403},
};

static void release_condition(void *what)
{
    hg_condition_free(what);
}

static void release_globs(void *what)
{
    hg_globs_free(what);
}

static void release_pattern(void *what)
{
    hg_pattern_free(what);
}

static void release_template(void *what)
{
    hg_template_free(what);
}

/* ---- which kind ---- */

static bool is_of(enum hg_guard_kind kind, const char *key)
{
    if (kinds[kind].key != NULL && strcmp(kinds[kind].key, key) == 0)
        return true;
    for (size_t i = 0; i < sizeof(kinds[kind].keys) / sizeof(kinds[kind].keys[0]); i++)
        if (kinds[kind].keys[i] != NULL && strcmp(kinds[kind].keys[i], key) == 0)
            return true;
    return false;
}

static const char *first_of(enum hg_guard_kind kind, const struct hg_node *n)
{
    if (kind != HG_GUARD_MODELS)
        return hg_node_get(n, kinds[kind].key) != NULL ? kinds[kind].key : NULL;
    return hg_node_get(n, "allow") != NULL ? "allow" : hg_node_get(n, "deny") != NULL ? "deny" : NULL;
}

/* False: said. */
static bool find_kind(struct hg_build *b, const struct hg_node *n, enum hg_guard_kind *kind)
{
    const char *first = NULL;
    for (unsigned k = 0; k < HG_GUARD_KIND_COUNT; k++) {
        const char *key = first_of((enum hg_guard_kind)k, n);
        if (key == NULL)
            continue;
        if (first != NULL) {
            HG_ERROR(b, hg_node_get(n, key), "does not go together with %s (a guard bounds one thing)",
                     first);
            return false;
        }
        first = key;
        *kind = (enum hg_guard_kind)k;
    }
    if (first == NULL && !n->broken)
        HG_ERROR(b, n, "bounds nothing (expected max-runs, max-answers, max-tokens, allow or deny)");
    return first != NULL;
}

static void check_keys(struct hg_build *b, const struct hg_node *n, const struct hg_guard *g)
{
    const char *what = kinds[g->kind].key != NULL ? kinds[g->kind].key : "allow and deny";
    for (size_t i = 0; i < n->children; i++) {
        const char *key = n->child[i]->name;
        for (unsigned k = 0; k < HG_GUARD_KIND_COUNT; k++)
            if (k != g->kind && is_of((enum hg_guard_kind)k, key))
                HG_ERROR(b, n->child[i], "does not belong to a guard with %s", what);
    }
    if (g->kind == HG_GUARD_MODELS && g->file != NULL)
        HG_ERROR(b, hg_node_get(n, "file"), "does not belong to a guard with %s: it counts nothing", what);
}

/* ---- values ---- */

/* A number of which an unset $<NAME?> means 0. */
static uint64_t get_limit(struct hg_build *b, const struct hg_node *n, const char *key)
{
    uint64_t value = 0;
    hg_get_number(b, n, key, &value);
    return value;
}

static const struct hg_condition *get_condition(struct hg_build *b, const struct hg_node *n, const char *key)
{
    const struct hg_node *at = hg_node_get(n, key);
    struct hg_condition_spec spec = {.direction = HG_REQUEST_RULES, .no_server = true};
    struct hg_condition *c = NULL;
    struct hg_rule_note note = {0};
    if (at == NULL)
        return NULL;
    spec.if_ = hg_slice_str(at->string);
    switch (hg_condition_build(&spec, &b->resolver, &c, &note)) {
    case HG_APPEND_OK:
        return hg_store_own(b, c, release_condition) ? c : NULL;
    case HG_APPEND_BAD:
        HG_ERROR(b, at, "%s", note.text);
        break;
    case HG_APPEND_UNSET:
    case HG_APPEND_VANISHED:
        HG_ERROR(b, at, "%s", hg_unset_sentence(b, note.name));
        break;
    }
    return NULL;
}

/* NULL: there is none, or all that it had is unset; or said. */
static const struct hg_globs *get_globs(struct hg_build *b, const struct hg_node *n, const char *key)
{
    const struct hg_node *at = hg_node_get(n, key);
    struct hg_globs *globs;
    struct hg_texts texts;
    if (at == NULL)
        return NULL;
    hg_get_texts(b, at, &texts);
    if (texts.unset != NULL)
        HG_ERROR(b, at, "%s", hg_unset_sentence(b, texts.unset));
    if (at->type == HG_NODE_LIST && at->children == 0)
        HG_ERROR(b, at, "is empty (leave the key out to ask nothing)");
    if (texts.n == 0)
        return NULL;
    globs = hg_globs_new();
    if (globs == NULL || !hg_store_own(b, globs, release_globs)) {
        b->no_memory = true;
        return NULL;
    }
    for (size_t i = 0; i < texts.n; i++) {
        const char *why = hg_globs_add(globs, hg_slice_str(texts.v[i]), 0);
        if (why != NULL)
            HG_ERROR(b, at, "an entry %s", why);
    }
    return globs;
}

/* ---- max-tokens ---- */

static void add_multiplier(struct hg_build *b, const struct hg_node *name, struct hg_slice written,
                           const struct hg_node *value, struct hg_globs *globs)
{
    struct hg_slice text = written, number;
    char unset[HG_NAME_TEXT] = "", why[200];
    uint64_t n;
    enum hg_get r = name != NULL ? hg_get_text(b, name, &text, unset) : HG_GET_OK;
    if (r == HG_GET_OK)
        r = hg_get_text(b, value, &number, unset);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, value, "%s", hg_unset_sentence(b, unset));
    if (r != HG_GET_OK)
        return;
    HG_ASSERT(globs != NULL);
    if (!hg_schema_value(hg_schema_find(HG_SCOPE_GUARD, HG_LIT("multiplier")), number, &n, why,
                         sizeof(why))) {
        HG_ERROR(b, value, "%s", why);
        return;
    }
    const char *bad = hg_globs_add(globs, text, n);
    if (bad != NULL)
        HG_ERROR(b, value, "the name of its model %s", bad);
}

static void add_multipliers(struct hg_build *b, const struct hg_node *n, struct hg_globs *globs)
{
    if (n->type == HG_NODE_LIST && n->children == 2 && n->child[0]->type == HG_NODE_STRING) {
        add_multiplier(b, n->child[0], (struct hg_slice){NULL, 0}, n->child[1], globs);
        return;
    }
    for (size_t i = 0; i < n->children; i++) {
        const struct hg_node *c = n->child[i];
        if (n->type == HG_NODE_GROUP)
            add_multiplier(b, NULL, hg_slice_str(c->name), c, globs);
        else
            add_multiplier(b, c->child[0], (struct hg_slice){NULL, 0}, c->child[1], globs);
    }
}

static void build_tokens(struct hg_build *b, const struct hg_node *n, struct hg_guard *g)
{
    static const char *const keys[] = {
#define X(id, key) key,
        HG_TOKEN_KINDS(X)
#undef X
    };
    static const uint64_t standard[HG_TOKEN_KIND_COUNT] = {
        [HG_TOKEN_INPUT] = HG_TOKEN_UNIT,
        [HG_TOKEN_OUTPUT] = 4 * HG_TOKEN_UNIT,
        [HG_TOKEN_CACHE_READ] = HG_TOKEN_UNIT / 10,
        [HG_TOKEN_REASONING] = 4 * HG_TOKEN_UNIT,
    };
    const struct hg_node *weight = hg_node_get(n, "weight"), *multiplier = hg_node_get(n, "multiplier");
    uint64_t estimate = HG_LIMIT_TOKENS_DEFAULT;
    g->limit *= HG_TOKEN_UNIT;
    for (size_t i = 0; i < HG_TOKEN_KIND_COUNT; i++) {
        g->weight[i] = standard[i];
        if (weight != NULL)
            hg_get_number(b, weight, keys[i], &g->weight[i]);
    }
    g->default_multiplier = HG_TOKEN_UNIT;
    hg_get_number(b, n, "default-multiplier", &g->default_multiplier);
    hg_get_number(b, n, "estimate", &estimate);
    g->estimate = estimate * HG_TOKEN_UNIT;
    if (multiplier == NULL)
        return;
    struct hg_globs *globs = hg_globs_new();
    if (globs == NULL || !hg_store_own(b, globs, release_globs)) {
        b->no_memory = true;
        return;
    }
    add_multipliers(b, multiplier, globs);
    g->multiplier = globs;
}

uint64_t hg_guard_weigh(const struct hg_guard *g, struct hg_scratch *scratch,
                        const uint64_t tokens[HG_TOKEN_KIND_COUNT], struct hg_slice model)
{
    uint64_t multiplier = g->default_multiplier;
    HG_ASSERT(g->kind == HG_GUARD_TOKENS);
    (void)hg_globs_find(g->multiplier, scratch, model, &multiplier);
    return hg_tokens_weighted(tokens, g->weight, multiplier);
}

/* ---- models ---- */

static const struct hg_pattern *get_regex(struct hg_build *b, const struct hg_node *n, struct hg_slice text)
{
    struct hg_pattern_problem problem = {0};
    struct hg_pattern *p = hg_pattern_new(text, 0, &problem);
    if (p == NULL)
        HG_ERROR(b, n, "%s (at offset %zu)", problem.text, problem.offset);
    else if (!hg_store_own(b, p, release_pattern))
        return NULL;
    else if (hg_pattern_groups(p) != 1)
        HG_ERROR(b, n, "has %u groups (expected a regex, \"~...\", whose one group is the model)",
                 hg_pattern_groups(p));
    return p;
}

static void add_from(struct hg_build *b, const struct hg_node *n, struct hg_guard *g)
{
    struct hg_model_from from = {.kind = HG_MODEL_FROM_BODY};
    struct hg_slice what = {NULL, 0}, more = {NULL, 0};
    char unset[HG_NAME_TEXT];
    bool pair = n->type == HG_NODE_LIST;
    if (hg_get_text(b, pair ? n->child[0] : n, &what, unset) != HG_GET_OK ||
        (pair && hg_get_text(b, n->child[1], &more, unset) != HG_GET_OK)) {
        HG_ERROR(b, n, "must not depend on a variable that is not set");
        return;
    }
    if (pair && hg_slice_eq(what, HG_LIT("query"))) {
        from.kind = HG_MODEL_FROM_QUERY;
        from.name = more;
        if (more.n == 0)
            HG_ERROR(b, n, "has no name of a query parameter");
    } else if (pair && hg_slice_eq(what, HG_LIT("path"))) {
        from.kind = HG_MODEL_FROM_PATH;
        from.pattern = get_regex(b, n->child[1], more);
    } else if (pair || !hg_slice_eq(what, HG_LIT("body"))) {
        HG_ERROR(b, n,
                 "is no place of a model (expected \"body\", [ \"query\", \"name\" ] or [ \"path\", "
                 "\"~regex\" ])");
        return;
    }
    if (g->froms == HG_LIMIT_MODELS) {
        HG_ERROR(b, n, "is one place too many (at most %u)", HG_LIMIT_MODELS);
        return;
    }
    g->from_body = g->from_body || from.kind == HG_MODEL_FROM_BODY;
    g->from[g->froms++] = from;
}

static void build_models(struct hg_build *b, const struct hg_node *n, struct hg_guard *g)
{
    const struct hg_node *from = hg_node_get(n, "from");
    uint64_t unknown = 0, buffer = HG_LIMIT_GUARD_BUFFER_DEFAULT;
    g->allow = get_globs(b, n, "allow");
    g->deny = get_globs(b, n, "deny");
    g->limit = g->allow != NULL || g->deny != NULL;
    hg_get_number(b, n, "on-unknown", &unknown);
    hg_get_number(b, n, "buffer", &buffer);
    g->unknown_ok = unknown != 0;
    g->buffer = (size_t)buffer;
    if (from == NULL) {
        g->from[g->froms++].kind = HG_MODEL_FROM_BODY;
        g->from_body = true;
    } else if (from->type != HG_NODE_LIST) {
        add_from(b, from, g);
    } else {
        for (size_t i = 0; i < from->children; i++)
            add_from(b, from->child[i], g);
        if (from->children == 0)
            HG_ERROR(b, from, "is empty");
    }
}

/* ---- the answer ---- */

static void build_answer(struct hg_build *b, const struct hg_node *n, struct hg_guard *g)
{
    struct hg_error_page *page = &g->answer;
    struct hg_template_note note;
    struct hg_template *t = NULL;
    page->type = kinds[g->kind].type;
    hg_build_page(b, n, HG_TEMPLATE_VARS | HG_TEMPLATE_GUARDS, page);
    if (page->status == 0)
        page->status = kinds[g->kind].status;
    if (page->body != NULL || b->no_memory)
        return;
    if (hg_template_compile(hg_slice_str(kinds[g->kind].body), HG_TEMPLATE_VARS | HG_TEMPLATE_GUARDS,
                            &b->resolver, &t, &note) != HG_TEMPLATE_OK ||
        !hg_store_own(b, t, release_template)) {
        b->no_memory = true;
        return;
    }
    page->body = t;
    page->content_type = HG_LIT("application/json");
    page->escape = HG_ESCAPE_JSON;
}

/* ---- a guard ---- */

static void build_one(struct hg_build *b, const struct hg_node *n, struct hg_guard *g)
{
    g->at = hg_store_printf(b, "%s:%u", n->file, n->line);
    g->name = hg_store_text(b, hg_slice_str(n->name));
    g->off = true;
    if (!find_kind(b, n, &g->kind))
        return;
    g->file = hg_get_string(b, n, "file", NULL);
    check_keys(b, n, g);
    if (g->kind == HG_GUARD_MODELS)
        build_models(b, n, g);
    else
        g->limit = get_limit(b, n, kinds[g->kind].key);
    if (g->kind == HG_GUARD_TOKENS)
        build_tokens(b, n, g);
    if (g->kind == HG_GUARD_RUNS) {
        g->count_if = get_condition(b, n, "count-if");
        g->status = (struct hg_statuses){.range = {{200, 299}}, .n = 1};
        hg_get_statuses(b, n, "count-status", &g->status);
    }
    if (g->kind == HG_GUARD_ANSWERS) {
        hg_get_statuses(b, n, "answers", &g->status);
        if (hg_node_get(n, "answers") == NULL && !n->broken)
            HG_ERROR(b, n, "has no answers (expected the statuses that count, such as [ 401, 403 ])");
    }
    g->off = g->limit == 0;
    build_answer(b, n, g);
}

static void check_files(struct hg_build *b, const struct hg_node *all)
{
    const struct hg_plan *p = b->plan;
    for (size_t i = 0; i < p->guards; i++)
        for (size_t k = 0; k < i; k++)
            if (p->guard[i].file != NULL && p->guard[k].file != NULL &&
                strcmp(p->guard[i].file, p->guard[k].file) == 0)
                HG_ERROR(b, hg_node_get(all->child[i], "file"), "is the file of guard %s already",
                         p->guard[k].name);
}

bool hg_build_guards(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "guard");
    size_t n = all != NULL ? all->children : 0;
    if (n > HG_LIMIT_GUARDS) {
        HG_ERROR(b, all->child[HG_LIMIT_GUARDS], "is one guard too many (at most %u)", HG_LIMIT_GUARDS);
        n = HG_LIMIT_GUARDS;
    }
    b->plan->guard = hg_store_alloc(b, n, sizeof(*b->plan->guard));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        b->plan->guard[i].index = i;
        build_one(b, all->child[i], &b->plan->guard[i]);
        b->plan->guards = i + 1;
    }
    if (!b->no_memory && n > 0)
        check_files(b, all);
    return !b->no_memory;
}
