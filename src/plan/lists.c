/* SPDX-License-Identifier: MIT
 *
 * Lists of actions, from nodes to rulesets. A rule that is used is compiled
 * anew for each use: rulesets are trees, and what a use needs is known there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "build.h"
#include "config/schema.h"

/* The rules that are being compiled, innermost first: for circles. */
struct chain {
    const struct hg_node *rule;
    const struct hg_node *entry; /* that uses it; NULL: it is compiled by itself */
    const struct chain *outer;
};

struct entry {
    struct hg_build *b;
    enum hg_direction direction;
    const struct chain *chain;
    const struct hg_node *node; /* the group */
    const struct hg_node *action;
    struct hg_action_spec spec;
    struct hg_built_list *list;
    bool bad;
};

static void release_ruleset(void *what)
{
    hg_ruleset_free(what);
}

static struct hg_slice text_of(const struct hg_node *n)
{
    HG_ASSERT(n == NULL || n->type == HG_NODE_STRING);
    return n != NULL ? hg_slice_str(n->string) : hg_slice(NULL, 0);
}

static bool is_pair(const struct hg_node *n)
{
    return n->children == 2 && n->child[0]->type == HG_NODE_STRING;
}

/* [n, v], ( [n, v], ... ) or { n = v; } */
static const struct hg_pair *read_pairs(struct hg_build *b, const struct hg_node *n, size_t *count)
{
    *count = 0;
    if (n == NULL)
        return NULL;
    struct hg_pair *pair = hg_store_alloc(b, n->children, sizeof(*pair));
    if (pair == NULL)
        return NULL;
    if (n->type == HG_NODE_LIST && is_pair(n)) {
        pair[0] = (struct hg_pair){text_of(n->child[0]), text_of(n->child[1])};
        *count = 1;
        return pair;
    }
    for (size_t i = 0; i < n->children; i++) {
        const struct hg_node *c = n->child[i];
        if (n->type == HG_NODE_GROUP)
            pair[i] = (struct hg_pair){hg_slice_str(c->name), text_of(c)};
        else
            pair[i] = (struct hg_pair){text_of(c->child[0]), text_of(c->child[1])};
    }
    *count = n->children;
    return pair;
}

static void read_condition(struct entry *e)
{
    struct hg_condition_spec spec = {0};
    /* Without a part that was refused it would be another action. */
    e->bad = !hg_read_condition(e->b, e->node, &spec) || e->node->broken || e->bad;
    e->spec.when = spec.when;
    e->spec.if_ = spec.if_;
    e->spec.unless = spec.unless;
    e->spec.no_server = e->b->no_server;
}

static void read_reply(struct entry *e)
{
    const struct hg_node *n = e->action;
    uint64_t status = 0;
    if (n->type == HG_NODE_GROUP) {
        hg_get_number(e->b, n, "status", &status);
        e->spec.body = text_of(hg_node_get(n, "body"));
        e->spec.header = read_pairs(e->b, hg_node_get(n, "header"), &e->spec.headers);
        e->bad = e->bad || n->broken;
    } else {
        hg_get_number(e->b, e->node, n->name, &status);
    }
    e->spec.status = (unsigned)status;
    if (e->spec.kind == HG_ACTION_DENY && status != 0 && status < 400) {
        HG_ERROR(e->b, n, "status is out of range (expected 400 to 599)");
        e->bad = true;
    }
}

/* "URL" or { to; status } */
static void read_redirect(struct entry *e)
{
    const struct hg_node *n = e->action;
    uint64_t status = 0;
    if (n->type != HG_NODE_GROUP) {
        e->spec.value = text_of(n);
        return;
    }
    hg_get_number(e->b, n, "status", &status);
    e->spec.status = (unsigned)status;
    e->spec.value = text_of(hg_node_get(n, "to"));
    if (e->spec.value.p == NULL && !n->broken)
        HG_ERROR(e->b, n, "has no to");
    e->bad = e->bad || n->broken || e->spec.value.p == NULL;
}

static void read_status(struct entry *e)
{
    uint64_t status = 0;
    hg_get_number(e->b, e->node, e->action->name, &status);
    e->spec.status = (unsigned)status;
}

/* "false" is no action at all: a parameter of a rule may switch it off. */
static void read_map_origin(struct entry *e)
{
    bool on = false;
    hg_get_bool(e->b, e->node, e->action->name, &on);
    e->bad = e->bad || !on;
}

static void read_guard(struct entry *e)
{
    e->bad = !hg_read_guard(e->b, e->node, &e->spec) || e->bad;
}

static void read_serve(struct entry *e)
{
    e->spec.serve = hg_read_serve(e->b, e->node, e->action);
    e->bad = e->bad || e->spec.serve == NULL;
}

static void read_rate_limit(struct entry *e)
{
    const struct hg_node *n = e->action;
    read_reply(e);
    e->spec.value = text_of(hg_node_get(n, "key"));
    e->spec.limit = hg_build_limit(e->b, n, e->spec.where);
    e->bad = e->bad || e->spec.limit == NULL;
}

static struct hg_built_list compile(struct hg_build *b, const struct hg_node *block,
                                    enum hg_direction direction, const struct chain *chain);

/* "a -> b -> a" */
static void report_circle(struct entry *e, const struct chain *from, const struct hg_node *rule)
{
    char text[512];
    size_t at = sizeof(text) - 1;
    text[at] = '\0';
    for (const struct chain *c = from;; c = c->outer) {
        size_t n = strlen(c->rule->name);
        if (at < n + 4)
            break;
        at -= n;
        memcpy(text + at, c->rule->name, n);
        if (c->rule == rule)
            break;
        at -= 4;
        memcpy(text + at, " -> ", 4);
    }
    HG_ERROR(e->b, e->action, "rule %s uses itself: %s -> %s", rule->name, text + at, rule->name);
    e->bad = true;
}

static void read_use(struct entry *e)
{
    const struct hg_node *rules = hg_node_get(e->b->root, "rule");
    const char *name = hg_get_string(e->b, e->node, "use", &e->bad);
    const struct hg_node *rule = name != NULL ? hg_node_get(rules, name) : NULL;
    const char *key = e->direction == HG_REQUEST_RULES ? "request" : "response";
    if (name == NULL || rule == NULL) {
        if (name != NULL && (rules == NULL || !rules->broken))
            HG_ERROR(e->b, e->action, "there is no rule of this name%s", hg_near_name(e->b, rules, name));
        e->bad = true;
        return;
    }
    for (const struct chain *c = e->chain; c != NULL; c = c->outer) {
        if (c->rule == rule) {
            report_circle(e, e->chain, rule);
            return;
        }
    }
    if (hg_node_get(rule, key) == NULL && !rule->broken) {
        HG_ERROR(e->b, e->action, "rule %s has no %s list", name, key);
        e->bad = true;
        return;
    }
    if (!hg_check_parameters(e->b, rule, e->node)) {
        e->bad = true;
        return;
    }
    struct chain here = {rule, e->node, e->chain};
    struct hg_built_list child = compile(e->b, rule, e->direction, &here);
    e->spec.child = child.rules;
    e->spec.name = hg_slice_str(name);
    if (e->spec.when == NULL && e->spec.if_.p == NULL && e->spec.unless.p == NULL && e->list->missing == NULL)
        e->list->missing = child.missing;
    e->bad = e->bad || child.rules == NULL;
}

static void read_usage(struct entry *e)
{
    const char *name = hg_get_string(e->b, e->node, "usage", &e->bad);
    e->spec.name = hg_slice_str(name != NULL ? name : "");
    e->spec.usage = name != NULL ? hg_find_usage(e->b, e->action, name) : NULL;
    e->bad = e->bad || e->spec.usage == NULL;
}

static const struct hg_node *find_action(const struct hg_node *entry)
{
    for (size_t i = 0; i < entry->children; i++) {
        if ((entry->child[i]->schema->flags & HG_SCHEMA_ACTION) != 0)
            return entry->child[i];
    }
    return NULL;
}

static bool kind_of(const char *name, enum hg_action_kind *kind)
{
    for (unsigned i = 0; i < HG_ACTION_KINDS; i++) {
        if (strcmp(hg_action_name((enum hg_action_kind)i), name) == 0) {
            *kind = (enum hg_action_kind)i;
            return true;
        }
    }
    return false;
}

/* How each action is written. parts: what its strings are, in their order (n name, p pattern of a value, v
 * value); "N": one pattern of names or a list of them. read: whatever else. */
static const struct {
    const char *parts;
    void (*read)(struct entry *e);
} readers[HG_ACTION_KINDS] = {
    [HG_ACTION_USE] = {"", read_use},           [HG_ACTION_DROP_HEADER] = {"n", NULL},
    [HG_ACTION_KEEP_HEADER] = {"N", NULL},      [HG_ACTION_DROP_HEADER_VALUE] = {"np", NULL},
    [HG_ACTION_SET_HEADER] = {"nv", NULL},      [HG_ACTION_ADD_HEADER] = {"nv", NULL},
    [HG_ACTION_DEFAULT_HEADER] = {"nv", NULL},  [HG_ACTION_REPLACE_HEADER] = {"npv", NULL},
    [HG_ACTION_ADD_TO_LIST] = {"nv", NULL},     [HG_ACTION_DROP_FROM_LIST] = {"np", NULL},
    [HG_ACTION_DROP_QUERY] = {"n", NULL},       [HG_ACTION_DENY] = {"", read_reply},
    [HG_ACTION_RESPOND] = {"", read_reply},     [HG_ACTION_LOG] = {"v", NULL},
    [HG_ACTION_SET_QUERY] = {"nv", NULL},       [HG_ACTION_SET_PATH] = {"v", NULL},
    [HG_ACTION_REPLACE_PATH] = {"pv", NULL},    [HG_ACTION_BASE_PATH] = {"n", NULL},
    [HG_ACTION_SET_HOST] = {"v", NULL},         [HG_ACTION_REDIRECT] = {"", read_redirect},
    [HG_ACTION_SET_STATUS] = {"", read_status}, [HG_ACTION_MAP_ORIGIN] = {"", read_map_origin},
    [HG_ACTION_SERVE] = {"", read_serve},       [HG_ACTION_RATE_LIMIT] = {"", read_rate_limit},
    [HG_ACTION_USAGE] = {"", read_usage},       [HG_ACTION_GUARD] = {"", read_guard},
};

/* The node of a part: the action itself when it is one string. */
static const struct hg_node *part_node(const struct entry *e, size_t i)
{
    if (e->action->type != HG_NODE_LIST)
        return e->action;
    HG_ASSERT(i < e->action->children);
    return e->action->child[i];
}

static void read_names(struct entry *e)
{
    size_t n = e->action->type == HG_NODE_LIST ? e->action->children : 1;
    struct hg_slice *names = hg_store_alloc(e->b, n, sizeof(*names));
    if (names == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        names[i] = text_of(part_node(e, i));
    e->spec.names = names;
    e->spec.n_names = n;
}

static void read_action(struct entry *e)
{
    const char *parts = readers[e->spec.kind].parts;
    HG_ASSERT(parts != NULL);
    for (size_t i = 0; parts[i] != '\0' && parts[0] != 'N'; i++) {
        struct hg_slice text = text_of(part_node(e, i));
        if (parts[i] == 'n')
            e->spec.name = text;
        else if (parts[i] == 'p')
            e->spec.pattern = text;
        else
            e->spec.value = text;
    }
    if (parts[0] == 'N')
        read_names(e);
    if (readers[e->spec.kind].read != NULL)
        readers[e->spec.kind].read(e);
    hg_get_bool(e->b, e->node, "aliases", &e->spec.aliases);
    hg_get_bool(e->b, e->node, "observe", &e->spec.observe);
    hg_note_guard(e->b, &e->spec);
}

static const struct hg_node *blame(const struct entry *e, const struct hg_rule_note *note)
{
    const char *parts = readers[e->spec.kind].parts;
    const char *at = note->in_value ? strchr(parts, 'v') : note->in_pattern ? strchr(parts, 'p') : NULL;
    return at != NULL ? part_node(e, (size_t)(at - parts)) : e->action;
}

static void append(struct entry *e)
{
    struct hg_rule_note note;
    enum hg_append r = hg_ruleset_append(e->list->rules, &e->spec, &e->b->resolver, &note);
    if (r != HG_APPEND_OK)
        hg_ruleset_free(e->spec.child);
    if (r == HG_APPEND_UNSET && e->list->missing == NULL)
        e->list->missing = hg_unset_sentence(e->b, note.name);
    if (r != HG_APPEND_BAD)
        return;
    if (note.part[0] != '\0')
        hg_say_condition(e->b, e->node, &note);
    else if (note.offset > 0 && strstr(note.text, "offset") == NULL)
        HG_ERROR(e->b, blame(e, &note), "%s (at offset %zu)", note.text, note.offset);
    else
        HG_ERROR(e->b, blame(e, &note), "%s", note.text);
}

/* A frontend's list runs once for a request; a backend's once for each server that is asked. */
static bool may_stand_here(const struct entry *e)
{
    const struct hg_node *block = e->b->block;
    if (!hg_action_once(e->spec.kind) || block == NULL || e->b->no_server)
        return true;
    HG_ERROR(
        e->b, e->action,
        "this action is only for request lists of frontends: a backend's list may run more than once for a "
        "request");
    return false;
}

static void compile_entry(struct hg_build *b, const struct hg_node *node, enum hg_direction direction,
                          const struct chain *chain, struct hg_built_list *list)
{
    struct entry e = {.b = b, .direction = direction, .chain = chain, .node = node, .list = list};
    char where[512];
    HG_ASSERT(node->type == HG_NODE_GROUP);
    e.action = find_action(node);
    if (e.action == NULL || !kind_of(e.action->name, &e.spec.kind) || e.action->broken)
        return; /* said by the schema check */
    if (!may_stand_here(&e))
        return;
    (void)snprintf(where, sizeof(where), "%s:%u", node->file, node->line);
    e.spec.where = where;
    read_condition(&e);
    read_action(&e);
    if (e.bad || b->no_memory)
        hg_ruleset_free(e.spec.child);
    else
        append(&e);
}

/* A mistake in what a parameter has put in is one of the use. */
static const char *used_at(struct hg_build *b, const struct hg_node *entry)
{
    return hg_store_printf(b, "%s:%u%s%s", entry->file, entry->line, b->used != NULL ? ", " : "",
                           b->used != NULL ? b->used : "");
}

static struct hg_built_list compile(struct hg_build *b, const struct hg_node *block,
                                    enum hg_direction direction, const struct chain *chain)
{
    struct hg_built_list list = {.rules = hg_ruleset_new(direction)};
    const struct hg_node *entries =
        hg_node_get(block, direction == HG_REQUEST_RULES ? "request" : "response");
    const struct hg_node *entry = chain != NULL ? chain->entry : NULL, *filled = NULL;
    const char *outer = b->used;
    if (list.rules == NULL) {
        b->no_memory = true;
        return list;
    }
    if (entries != NULL)
        filled = hg_fill_list(b, entries, chain != NULL, entry);
    bool changed = filled != entries;
    filled = hg_expand_list(b, filled);
    if (changed && entry != NULL)
        b->used = used_at(b, entry);
    for (size_t i = 0; filled != NULL && i < filled->children; i++)
        compile_entry(b, filled->child[i], direction, chain, &list);
    b->used = outer;
    return list;
}

/* where is "file:line" of the action. */
static void warn(void *ctx, const char *where, const char *text)
{
    struct hg_build *b = ctx;
    const char *colon = strrchr(where, ':');
    char *file = colon != NULL ? hg_slice_dup(hg_slice(where, (size_t)(colon - where))) : NULL;
    if (file != NULL)
        hg_diag_add(b->d, HG_SEVERITY_WARNING, file, (unsigned)strtoul(colon + 1, NULL, 10), NULL, "%s",
                    text);
    free(file);
}

static void note_missing_secret(struct hg_build *b, struct hg_built_list *list)
{
    struct hg_secret_slot *slot;
    for (size_t i = 0; list->missing == NULL && (slot = hg_ruleset_secret(list->rules, i, true)) != NULL; i++)
        list->missing = hg_find_secret(b, slot)->missing;
}

const char *hg_review_lists(struct hg_build *b, const struct hg_ruleset *const *lists, size_t n)
{
    return hg_ruleset_review(lists, n, warn, b);
}

struct hg_built_list hg_build_list(struct hg_build *b, const struct hg_node *block,
                                   enum hg_direction direction)
{
    b->no_server = direction == HG_REQUEST_RULES && strcmp(block->parent->name, "frontend") == 0;
    b->block = block;
    struct hg_built_list list = compile(b, block, direction, NULL);
    b->block = NULL;
    b->no_server = false;
    if (list.rules == NULL || !hg_store_own(b, list.rules, release_ruleset))
        return (struct hg_built_list){0};
    list.path_condition = (hg_ruleset_asks(list.rules) & HG_ASKS_PATH) != 0;
    hg_ruleset_warnings(list.rules, warn, b);
    note_missing_secret(b, &list);
    return list;
}

void hg_build_rules(struct hg_build *b)
{
    const struct hg_node *rules = hg_node_get(b->root, "rule");
    for (size_t i = 0; rules != NULL && i < rules->children && !b->no_memory; i++) {
        struct chain here = {rules->child[i], NULL, NULL};
        hg_check_parameter_names(b, rules->child[i]);
        struct hg_built_list request = compile(b, rules->child[i], HG_REQUEST_RULES, &here);
        struct hg_built_list response = compile(b, rules->child[i], HG_RESPONSE_RULES, &here);
        if (hg_node_get(rules->child[i], "request") == NULL &&
            hg_node_get(rules->child[i], "response") == NULL && !rules->child[i]->broken)
            HG_ERROR(b, rules->child[i], "has no list (expected request = ( ... ) or response = ( ... ))");
        hg_ruleset_free(request.rules);
        hg_ruleset_free(response.rules);
    }
}
