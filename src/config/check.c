/* SPDX-License-Identifier: MIT
 *
 * The walk along the schema. It says everything that is wrong with the shape of
 * a file, and takes what is wrong out of the tree, so that the plan meets only
 * nodes of the types the table promises.
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "tree.h"

#define MAX_NAMES 64 /* keys of one scope */

static void error(struct hg_diag *d, const struct hg_node *n, const char *text)
{
    hg_tree_problem(d, HG_SEVERITY_ERROR, n, "%s", text);
}

static const char *type_text(const struct hg_node *n)
{
    switch (n->type) {
    case HG_NODE_GROUP:
        return "a group";
    case HG_NODE_LIST:
        return "a list";
    case HG_NODE_STRING:
        return "a string";
    case HG_NODE_INT:
        return "a whole number";
    case HG_NODE_BOOL:
        return "true or false";
    case HG_NODE_FLOAT:
        return "a number with a fraction";
    }
    return "";
}

static bool wrong_type(const struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    char expected[400];
    hg_schema_expected(key, expected, sizeof(expected));
    hg_tree_problem(d, HG_SEVERITY_ERROR, n, "is %s (expected %s)", type_text(n), expected);
    return false;
}

/* Keys that people look for on the wrong side. */
static bool belongs_elsewhere(const struct hg_node *n, enum hg_schema_scope scope, struct hg_diag *d)
{
    static const enum hg_schema_scope pairs[][2] = {{HG_SCOPE_REQUEST, HG_SCOPE_RESPONSE},
                                                    {HG_SCOPE_CLIENT_TIMEOUT, HG_SCOPE_SERVER_TIMEOUT},
                                                    {HG_SCOPE_FRONTEND, HG_SCOPE_BACKEND},
                                                    {HG_SCOPE_GLOBAL, HG_SCOPE_DEFAULTS}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        for (size_t side = 0; side < 2; side++) {
            enum hg_schema_scope other = pairs[i][1 - side];
            if (pairs[i][side] != scope || hg_schema_find(other, hg_slice_str(n->name)) == NULL)
                continue;
            hg_tree_problem(d, HG_SEVERITY_ERROR, n, "unknown key here (it belongs to %s)",
                            hg_schema_scope_name(other));
            return true;
        }
    }
    return false;
}

static void unknown_key(const struct hg_node *n, enum hg_schema_scope scope, struct hg_diag *d)
{
    if (belongs_elsewhere(n, scope, d))
        return;
    const char *names[MAX_NAMES] = {NULL};
    size_t total, count = 0;
    const struct hg_schema_key *keys = hg_schema_keys(&total);
    for (size_t i = 0; i < total && count < MAX_NAMES; i++) {
        if (keys[i].scope == scope)
            names[count++] = keys[i].key;
    }
    const char *near = hg_text_nearest(hg_slice_str(n->name), names, count);
    if (scope == HG_SCOPE_DEFAULTS && n->type == HG_NODE_GROUP && near == NULL)
        hg_tree_problem(d, HG_SEVERITY_ERROR, n,
                        "unknown key (named defaults stand in named: { %s: { ... }; })", n->name);
    else if (near != NULL)
        hg_tree_problem(d, HG_SEVERITY_ERROR, n, "unknown key [did you mean %s?]", near);
    else
        error(d, n, "unknown key");
}

/* $<...> and the parameters of a rule: the plan puts in what they stand for, and checks that. */
static bool is_filled_later(const struct hg_node *n)
{
    HG_ASSERT(n->type == HG_NODE_STRING);
    return strstr(n->string, "$<") != NULL || strstr(n->string, "@{") != NULL;
}

static bool check_string(const struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    char why[200];
    uint64_t number;
    if (is_filled_later(n))
        return true;
    if (hg_schema_value(key, hg_slice_str(n->string), &number, why, sizeof(why)))
        return true;
    error(d, n, why);
    return false;
}

static bool check_int(const struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    char why[200], text[32];
    uint64_t number;
    (void)snprintf(text, sizeof(text), "%lld", (long long)n->integer);
    if (hg_schema_value(key, hg_slice_str(text), &number, why, sizeof(why)))
        return true;
    error(d, n, why);
    return false;
}

static bool check_one(const struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    if (n->broken)
        return false; /* reported with the text */
    if (n->type == HG_NODE_INT && (key->kind == HG_KIND_NUMBER || key->kind == HG_KIND_ID ||
                                   key->kind == HG_KIND_STATUS || key->kind == HG_KIND_DECIMAL))
        return check_int(n, key, d);
    if (n->type == HG_NODE_BOOL && key->kind == HG_KIND_BOOL)
        return true;
    if (n->type == HG_NODE_STRING && (key->kind != HG_KIND_BOOL || is_filled_later(n)))
        return check_string(n, key, d);
    return wrong_type(n, key, d);
}

static bool is_pair(const struct hg_node *n)
{
    return n->type == HG_NODE_LIST && n->children == 2 && n->child[0]->type == HG_NODE_STRING &&
           n->child[1]->type == HG_NODE_STRING;
}

static bool is_triple(const struct hg_node *n)
{
    return n->type == HG_NODE_LIST && n->children == 3 && n->child[0]->type == HG_NODE_STRING &&
           n->child[1]->type == HG_NODE_STRING && n->child[2]->type == HG_NODE_STRING;
}

static void check_group(struct hg_node *n, enum hg_schema_scope scope, struct hg_diag *d);

/* What one element of the list may be. */
static struct hg_schema_key element_key(const struct hg_schema_key *key)
{
    struct hg_schema_key element = *key;
    element.forms = 0;
    if ((key->forms & HG_FORM_LIST) != 0)
        element.forms |= HG_FORM_ONE;
    if ((key->forms & HG_FORM_GROUPS) != 0)
        element.forms |= HG_FORM_GROUP;
    if ((key->forms & HG_FORM_PAIRS) != 0)
        element.forms |= HG_FORM_PAIR;
    return element;
}

static bool check_element(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    struct hg_schema_key element = element_key(key);
    n->schema = key;
    if (n->type == HG_NODE_GROUP && (key->forms & HG_FORM_GROUPS) != 0) {
        check_group(n, key->sub, d);
        return true;
    }
    if (is_pair(n) && (key->forms & HG_FORM_PAIRS) != 0)
        return true;
    if (n->type != HG_NODE_LIST && n->type != HG_NODE_GROUP && (key->forms & HG_FORM_LIST) != 0)
        return check_one(n, &element, d);
    return wrong_type(n, &element, d);
}

static bool check_list(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    if ((key->forms & HG_FORM_PAIR) != 0 && is_pair(n))
        return true;
    if ((key->forms & HG_FORM_TRIPLE) != 0 && is_triple(n))
        return true;
    if ((key->forms & (HG_FORM_LIST | HG_FORM_GROUPS | HG_FORM_PAIRS)) == 0)
        return wrong_type(n, key, d);
    for (size_t i = 0; i < n->children;) {
        if (check_element(n->child[i], key, d))
            i++;
        else
            hg_tree_remove(n, i);
    }
    return true;
}

/* ( { ... }, { ... } ) */
static bool check_groups(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    struct hg_schema_key group = *key;
    group.forms = HG_FORM_GROUP;
    for (size_t i = 0; i < n->children;) {
        struct hg_node *child = n->child[i];
        child->schema = key;
        if (child->type == HG_NODE_GROUP) {
            check_group(child, key->sub, d);
            i++;
            continue;
        }
        (void)wrong_type(child, &group, d);
        hg_tree_remove(n, i);
    }
    return true;
}

static bool check_named_child(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    struct hg_schema_key list = *key;
    if (strchr(n->name, '*') != NULL && (n->type == HG_NODE_GROUP || n->type == HG_NODE_LIST)) {
        error(d, n, "a name must not have a * in it");
        return false;
    }
    if (n->type == HG_NODE_GROUP && (key->forms & HG_FORM_NAMED) != 0) {
        check_group(n, key->sub, d);
        return true;
    }
    list.forms = HG_FORM_GROUPS | ((key->forms & HG_FORM_NAMED) != 0 ? HG_FORM_GROUP : 0);
    if ((key->forms & HG_FORM_NAMED_LISTS) == 0)
        hg_tree_problem(d, HG_SEVERITY_ERROR, n, "is %s (expected a group { ... })", type_text(n));
    else if (n->type == HG_NODE_LIST)
        return check_groups(n, key, d);
    else
        return wrong_type(n, &list, d);
    return false;
}

static bool check_named(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    for (size_t i = 0; i < n->children;) {
        if (check_named_child(n->child[i], key, d))
            i++;
        else
            hg_tree_remove(n, i);
    }
    return true;
}

/* The value of a name: a pattern, or a list of them. */
static bool check_map_value(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    bool good = n->type == HG_NODE_STRING || (n->type == HG_NODE_LIST && key->kind == HG_KIND_PATTERN);
    for (size_t i = 0; good && n->type == HG_NODE_LIST && i < n->children; i++)
        good = n->child[i]->type == HG_NODE_STRING;
    if (!good)
        hg_tree_problem(d, HG_SEVERITY_ERROR, n, "is %s (expected a pattern in quotes)", type_text(n));
    return good;
}

static bool check_map(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    for (size_t i = 0; i < n->children;) {
        if (check_map_value(n->child[i], key, d))
            i++;
        else
            hg_tree_remove(n, i);
    }
    return true;
}

/* "$<json:NAME>" */
static bool stands_for_list(const struct hg_node *n, const struct hg_schema_key *key)
{
    return n->type == HG_NODE_STRING && strncmp(n->string, "$<json:", 7) == 0 &&
           (key->forms & (HG_FORM_LIST | HG_FORM_PAIR | HG_FORM_PAIRS)) != 0;
}

static bool check_key(struct hg_node *n, const struct hg_schema_key *key, struct hg_diag *d)
{
    n->schema = key;
    if (n->type == HG_NODE_LIST)
        return check_list(n, key, d);
    if (stands_for_list(n, key))
        return true;
    if (n->type != HG_NODE_GROUP)
        return (key->forms & HG_FORM_ONE) != 0 ? check_one(n, key, d) : wrong_type(n, key, d);
    if ((key->forms & (HG_FORM_NAMED | HG_FORM_NAMED_LISTS)) != 0)
        return check_named(n, key, d);
    if ((key->forms & HG_FORM_PAIR_MAP) != 0)
        return check_map(n, key, d);
    if ((key->forms & HG_FORM_GROUP) == 0)
        return wrong_type(n, key, d);
    check_group(n, key->sub, d);
    return true;
}

/* An entry of a list of actions says one thing. */
static void check_action(const struct hg_node *n, struct hg_diag *d)
{
    const struct hg_node *first = NULL;
    for (size_t i = 0; i < n->children; i++) {
        const struct hg_node *child = n->child[i];
        if ((child->schema->flags & HG_SCHEMA_ACTION) == 0)
            continue;
        if (first != NULL)
            hg_tree_problem(d, HG_SEVERITY_ERROR, child,
                            "a second action in one entry (write { %s = ... }, { %s = ... })", first->name,
                            child->name);
        else
            first = child;
    }
    if (first == NULL && !n->broken)
        error(d, n, "has no action");
    if (first == NULL)
        return;
    if (hg_tree_get(n, "aliases") != NULL && (first->schema->flags & HG_SCHEMA_ALIASES) == 0)
        hg_tree_problem(d, HG_SEVERITY_ERROR, hg_tree_get(n, "aliases"), "does not belong to %s",
                        first->name);
    if (hg_tree_get(n, "observe") != NULL && (first->schema->flags & HG_SCHEMA_ANSWERS) == 0)
        hg_tree_problem(d, HG_SEVERITY_ERROR, hg_tree_get(n, "observe"), "does not belong to %s",
                        first->name);
}

/* { use = "rule"; name = "value"; } */
static bool check_parameter(struct hg_node *n, struct hg_diag *d)
{
    n->schema = hg_schema_parameter();
    if (n->type == HG_NODE_STRING || n->type == HG_NODE_INT || n->type == HG_NODE_BOOL)
        return true;
    hg_tree_problem(d, HG_SEVERITY_ERROR, n,
                    "is %s (expected the value of a parameter: a string or a number)", type_text(n));
    return false;
}

static bool check_child(struct hg_node *n, enum hg_schema_scope scope, bool uses, struct hg_diag *d)
{
    const struct hg_schema_key *key = hg_schema_find(scope, hg_slice_str(n->name));
    if (key != NULL)
        return check_key(n, key, d);
    if (uses)
        return check_parameter(n, d);
    unknown_key(n, scope, d);
    return false;
}

static void check_group(struct hg_node *n, enum hg_schema_scope scope, struct hg_diag *d)
{
    bool action = scope == HG_SCOPE_REQUEST || scope == HG_SCOPE_RESPONSE;
    bool uses = action && hg_tree_get(n, "use") != NULL;
    HG_ASSERT(n->type == HG_NODE_GROUP && scope != HG_SCOPE_NONE);
    for (size_t i = 0; i < n->children;) {
        if (check_child(n->child[i], scope, uses, d))
            i++;
        else
            hg_tree_remove(n, i);
    }
    if (action)
        check_action(n, d);
}

void hg_check_tree(struct hg_node *root, struct hg_diag *d)
{
    HG_ASSERT(root != NULL && d != NULL && root->parent == NULL);
    check_group(root, HG_SCOPE_ROOT, d);
}
