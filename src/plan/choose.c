/* SPDX-License-Identifier: MIT
 *
 * choose: which entry of each wins. A choice is decided when somebody first
 * asks for it, since choices, conditions and secrets may name each other in any
 * order; who is asked for while it is being decided stands in a circle.
 */
#include <stdio.h>

#include "base/check.h"
#include "build.h"
#include "rules/choice.h"

static void release_slot(void *what)
{
    hg_secret_slot_free(what);
}

/* Any slot does for a value that is only tried: whether the secret is declared is all that counts. */
static struct hg_secret_slot *declared_secret(void *ctx, struct hg_slice name)
{
    const struct hg_build *b = ctx;
    const struct hg_node *all = hg_node_get(b->root, "secret");
    for (size_t i = 0; all != NULL && i < all->children; i++) {
        if (hg_slice_eq(hg_slice_str(all->child[i]->name), name))
            return b->any_slot;
    }
    return NULL;
}

static const struct hg_node *entry_of(const struct hg_node *node, size_t i)
{
    return node->type == HG_NODE_LIST ? node->child[i] : node;
}

static void broken(struct hg_choice *x)
{
    x->broken = true;
}

static void say(struct hg_build *b, const struct hg_node *n, bool said, const char *text, size_t offset)
{
    if (!said && offset > 0 && strstr(text, "offset") == NULL)
        HG_ERROR(b, n, "%s (at offset %zu)", text, offset);
    else if (!said)
        HG_ERROR(b, n, "%s", text);
}

/* Captures point into the environment, which the plan outlives. */
static void keep_captures(struct hg_build *b, struct hg_choice_entry *e)
{
    for (size_t i = 0; i < e->captures.n; i++) {
        struct hg_slice *g = &e->captures.group[i];
        const char *kept = hg_store_text(b, *g);
        *g = kept != NULL ? hg_slice(kept, g->n) : HG_LIT("");
    }
}

/* Whether the patterns hold. False: the entry is out, and why is in e->why; or it has a mistake. */
static bool ask(struct hg_build *b, const struct hg_resolver *resolver, struct hg_choice *x, size_t i,
                const struct hg_node *node)
{
    struct hg_choice_entry *e = &x->entry[i];
    const struct hg_node *env = hg_node_get(node, "env");
    const struct hg_when *when = env != NULL ? hg_read_when(b, node) : NULL;
    struct hg_choice_asked asked;
    struct hg_rule_note note;
    if ((env != NULL && when == NULL) || node->broken) {
        broken(x);
        return false;
    }
    switch (hg_choice_ask(when, resolver, &asked, &note)) {
    case HG_APPEND_OK:
        e->captures = asked.captures;
        keep_captures(b, e);
        e->why = hg_store_text(b, hg_slice_str(asked.why));
        return asked.holds;
    case HG_APPEND_VANISHED:
        e->why = "its condition asks for a variable that is not set";
        return false;
    case HG_APPEND_UNSET:
        HG_ERROR(b, env, "%s", hg_unset_sentence(b, note.name));
        break;
    case HG_APPEND_BAD:
        say(b, env, note.said, note.text, note.offset);
        break;
    }
    broken(x);
    /* What it would have captured is not known: $1 in the value is no second mistake. */
    e->captures.n = HG_CAPTURES;
    for (size_t g = 0; g < HG_CAPTURES; g++)
        e->captures.group[g] = HG_LIT("");
    return false;
}

/* Whether the value is there: one that vanishes leaves the choice to the next. */
static bool try_value(struct hg_build *b, const struct hg_resolver *resolver, struct hg_choice *x, size_t i,
                      const struct hg_node *node)
{
    struct hg_choice_entry *e = &x->entry[i];
    const struct hg_node *value = hg_node_get(node, "value");
    struct hg_template_note note;
    if (value == NULL) {
        if (!node->broken)
            HG_ERROR(b, node, "has no value");
        broken(x);
        return false;
    }
    switch (hg_choice_try(e, resolver, &note)) {
    case HG_TEMPLATE_OK:
    case HG_TEMPLATE_UNSET: /* the matter of who uses it */
        return true;
    case HG_TEMPLATE_VANISH:
        e->why = hg_store_printf(b, "%s", hg_unset_sentence(b, note.name));
        return false;
    case HG_TEMPLATE_BAD:
        say(b, value, note.said, note.text, note.offset);
        broken(x);
    }
    return false;
}

static void build_entry(struct hg_build *b, const struct hg_resolver *resolver, struct hg_choice *x, size_t i,
                        const struct hg_node *node)
{
    const struct hg_node *value = hg_node_get(node, "value");
    struct hg_choice_entry *e = &x->entry[i];
    const char *text = hg_store_text(b, hg_slice_str(value != NULL ? value->string : ""));
    e->where = hg_store_printf(b, "%s:%u", node->file, node->line);
    e->value = hg_slice_str(text != NULL ? text : "");
    bool decided = x->won < x->entries;
    bool holds = ask(b, resolver, x, i, node);
    bool there = try_value(b, resolver, x, i, node);
    if (decided)
        e->why = NULL;
    else if (holds && there)
        x->won = i;
}

static void build_choice(struct hg_build *b, struct hg_built_choice *built, struct hg_choice *x)
{
    struct hg_resolver resolver = b->resolver;
    const struct hg_node *node = built->node;
    size_t n = node->type == HG_NODE_LIST ? node->children : 1;
    resolver.secret = declared_secret;
    built->state = HG_CHOICE_DECIDING;
    built->outer = b->deciding;
    b->deciding = built;
    x->broken = node->broken;
    x->entry = hg_store_alloc(b, n, sizeof(*x->entry));
    x->entries = x->won = x->entry != NULL ? n : 0;
    if (n == 0 && !node->broken) {
        HG_ERROR(b, node,
                 "is empty (expected entries such as { value = \"...\"; env = [ \"NAME\", \"*\" ]; })");
        broken(x);
    }
    for (size_t i = 0; i < x->entries && !b->no_memory; i++)
        build_entry(b, &resolver, x, i, entry_of(node, i));
    b->deciding = built->outer;
    built->state = HG_CHOICE_DECIDED;
}

/* "a -> b -> a" */
static void report_circle(struct hg_build *b, const struct hg_built_choice *built)
{
    const char *text = built->node->name;
    for (const struct hg_built_choice *c = b->deciding; c != NULL && text != NULL; c = c->outer) {
        text = hg_store_printf(b, "%s -> %s", c->node->name, text);
        if (c == built)
            break;
    }
    HG_ERROR(b, built->node, "uses itself: %s", text != NULL ? text : "");
}

struct hg_choice *hg_find_choice(struct hg_build *b, struct hg_slice name)
{
    for (size_t i = 0; i < b->plan->choices; i++) {
        struct hg_choice *x = &b->plan->choice[i];
        if (!hg_slice_eq(hg_slice_str(x->name), name))
            continue;
        if (b->choice[i].state == HG_CHOICE_DECIDING && !x->broken) {
            report_circle(b, &b->choice[i]);
            broken(x);
        } else if (b->choice[i].state == HG_CHOICE_NEW) {
            build_choice(b, &b->choice[i], x);
        }
        return x;
    }
    return NULL;
}

bool hg_declare_choices(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "choose");
    size_t n = all != NULL ? all->children : 0;
    b->any_slot = hg_secret_slot_new("any", "any");
    b->choice = hg_store_alloc(b, n, sizeof(*b->choice));
    b->plan->choice = hg_store_alloc(b, n, sizeof(*b->plan->choice));
    if (b->any_slot == NULL || !hg_store_own(b, b->any_slot, release_slot) || b->no_memory) {
        b->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct hg_node *node = all->child[i];
        b->choice[i].node = node;
        b->plan->choice[i].name = hg_store_text(b, hg_slice_str(node->name));
        b->plan->choice[i].where = hg_store_printf(b, "%s:%u", node->file, node->line);
    }
    if (b->no_memory)
        return false;
    b->plan->choices = n;
    return true;
}

bool hg_build_choices(struct hg_build *b)
{
    for (size_t i = 0; i < b->plan->choices && !b->no_memory; i++)
        (void)hg_find_choice(b, hg_slice_str(b->plan->choice[i].name));
    return !b->no_memory;
}

/* ---- what may be shown ---- */

static bool holds_secret(const struct hg_build *b, struct hg_slice value)
{
    bool found = false;
    for (size_t i = 0; i < b->secrets && !found; i++) {
        struct hg_secret *v = b->secret[i].slot != NULL && b->secret[i].source->kind != HG_SOURCE_ANY
                                  ? hg_secret_slot_take(b->secret[i].slot)
                                  : NULL;
        struct hg_slice bytes = v != NULL ? hg_secret_bytes(v) : hg_slice(NULL, 0);
        found = bytes.n > 0 && bytes.n <= value.n && memmem(value.p, value.n, bytes.p, bytes.n) != NULL;
        hg_secret_release(&v);
    }
    return found;
}

static const char *shown(struct hg_build *b, struct hg_slice value)
{
    size_t user = value.n;
    while (user > 0 && value.p[user - 1] != '@')
        user--;
    return hg_store_printf(b, "%s%.*s", user > 0 ? "(user info)@" : "", (int)(value.n - user),
                           value.p + user);
}

void hg_finish_choices(struct hg_build *b)
{
    for (size_t i = 0; i < b->plan->choices && !b->no_memory; i++) {
        struct hg_choice *x = &b->plan->choice[i];
        char text[300];
        struct hg_template_note note;
        struct hg_template *t = NULL;
        if (x->broken || x->won == x->entries || x->hidden)
            continue;
        int n = snprintf(text, sizeof(text), "$<choose:%s>", x->name);
        if (n < 0 || (size_t)n >= sizeof(text) ||
            hg_template_compile(hg_slice(text, (size_t)n), HG_TEMPLATE_VARS | HG_TEMPLATE_SECRETS,
                                &b->resolver, &t, &note) != HG_TEMPLATE_OK)
            continue;
        struct hg_slice value = hg_template_static(t);
        x->dynamic = value.p == NULL;
        if (value.p != NULL && !holds_secret(b, value))
            x->value = shown(b, value);
        hg_template_free(t);
    }
    for (size_t i = 0; i < b->plan->choices; i++) {
        struct hg_choice *x = &b->plan->choice[i];
        for (size_t k = 0; x->hidden && k < x->entries; k++) {
            for (size_t g = 0; g < x->entry[k].captures.n; g++)
                hg_wipe_text(x->entry[k].captures.group[g]);
        }
    }
}
