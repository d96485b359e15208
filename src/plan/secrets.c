/* SPDX-License-Identifier: MIT
 *
 * Declared secrets become slots with their value in locked memory. A secret
 * without a usable value is no reason not to start: whoever needs it is not
 * configured, and says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/file.h"
#include "build.h"

#define STAND_IN "stand-in-for-check"
#define PLACEHOLDER_LEAST 4u

static void release_slot(void *what)
{
    hg_secret_slot_free(what);
}

/* "environment variable NAME" of the first $<...>, for people. */
static const char *source_of(struct hg_build *b, const char *text, unsigned depth)
{
    const char *open = strstr(text, "$<");
    if (open == NULL)
        return "the config";
    const char *name = open + 2;
    if (strncmp(name, "choose:", 7) == 0) {
        size_t len = strcspn(name + 7, ">:?");
        const struct hg_choice *x = hg_find_choice(b, hg_slice(name + 7, len));
        bool inside = x != NULL && !x->broken && x->won < x->entries && depth > 0 &&
                      strstr(x->entry[x->won].value.p, "$<") != NULL;
        return inside ? source_of(b, x->entry[x->won].value.p, depth - 1)
                      : hg_store_printf(b, "choice %.*s", (int)len, name + 7);
    }
    for (const char *colon = strchr(name, ':'); colon != NULL && colon[1] != '-'; colon = strchr(name, ':'))
        name = strncmp(colon + 1, "$<", 2) == 0 ? colon + 3 : colon + 1;
    int n = (int)strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return hg_store_printf(b, "environment variable %.*s", n, name);
}

/* Tells what is wrong with a value, never the value. */
static void unusable(struct hg_build *b, struct hg_built_secret *s, const char *why)
{
    const char *source = hg_secret_slot_source(s->slot);
    s->missing = hg_store_printf(b, "secret %s (%s) %s", s->node->name, source, why);
    s->unusable = true;
    if (b->stand_in && !b->want_variables)
        HG_ERROR(b, s->node, "%s %s", source, why);
}

/* Puts a raw value into the slot, or notes why not. */
static void set_value(struct hg_build *b, struct hg_built_secret *s, struct hg_slice raw)
{
    struct hg_source_value v;
    if (!hg_source_read(s->source, raw, 0, &v)) {
        b->no_memory = true;
        return;
    }
    if (v.secret != NULL) {
        hg_secret_slot_set(s->slot, v.secret);
        s->source->read = true;
        return;
    }
    const char *source = hg_secret_slot_source(s->slot);
    if (v.empty)
        s->missing = s->source->kind == HG_SOURCE_ENV ? hg_store_printf(b, "%s is not set", source)
                                                      : hg_store_printf(b, "%s is empty", source);
    else
        unusable(b, s, v.why);
}

static bool make_slot(struct hg_build *b, struct hg_built_secret *s, const char *source)
{
    s->slot = source != NULL ? hg_secret_slot_new(s->node->name, source) : NULL;
    if (s->slot == NULL) {
        b->no_memory = true;
        return false;
    }
    return hg_store_own(b, s->slot, release_slot);
}

/* $<...> of a secret: values are trimmed, and one that cannot be used counts as unset, remembered here. */
struct from {
    struct hg_build *b;
    const char *why;
};

static bool from_env(void *ctx, struct hg_slice name, struct hg_slice *value)
{
    struct from *f = ctx;
    const struct hg_resolver *outer = &f->b->resolver;
    if (!outer->env(outer->ctx, name, value))
        return false;
    const char *why = hg_secret_clean(value, NULL, 0);
    if (f->why == NULL && value->n > 0)
        f->why = why;
    return why == NULL;
}

static const struct hg_choice *from_choice(void *ctx, struct hg_slice name)
{
    struct from *f = ctx;
    struct hg_choice *x = hg_find_choice(f->b, name);
    if (x != NULL)
        x->hidden = true;
    return x;
}

static const char *from_nearest(void *ctx, enum hg_declared what, struct hg_slice name)
{
    const struct from *f = ctx;
    return f->b->resolver.nearest(f->b, what, name);
}

/* The name in "$<NAME>" when that is all. */
static struct hg_slice plain_name(const char *text)
{
    struct hg_slice s = hg_slice_str(text);
    if (!hg_slice_starts(s, HG_LIT("$<")) || s.p[s.n - 1] != '>')
        return hg_slice(NULL, 0);
    s = hg_slice(s.p + 2, s.n - 3);
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", s.p[i]) == NULL)
            return hg_slice(NULL, 0);
    }
    return s;
}

/* The usual case needs no copy of the value outside of locked memory. */
static bool load_plain(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *from)
{
    struct hg_slice name = plain_name(from->string), value;
    if (name.n == 0 || !b->resolver.env(b->resolver.ctx, name, &value))
        return false;
    set_value(b, s, value);
    return true;
}

static void load_template(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *from)
{
    struct from f = {.b = b};
    struct hg_resolver own = {
        .ctx = &f, .env = from_env, .uuid = b->uuid, .choice = from_choice, .nearest = from_nearest};
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text_with(b, &own, from, &text, name);
    if (f.why != NULL)
        unusable(b, s, f.why);
    else if (r == HG_GET_OK)
        set_value(b, s, text);
    else if (r == HG_GET_UNSET)
        s->missing = hg_unset_sentence(b, name);
    else
        s->missing = hg_store_printf(b, "secret %s has no value", s->node->name);
    hg_wipe_text(text);
}

static void load_from(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *from)
{
    if (!make_slot(b, s, source_of(b, from->string, HG_LIMIT_FROM_DEPTH)))
        return;
    if (!load_plain(b, s, from))
        load_template(b, s, from);
    if (strstr(from->string, "$<") == NULL)
        HG_WARN(b, from, "the secret itself stands in the config");
}

static void load_file(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *file)
{
    struct hg_slice path;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text(b, file, &path, name);
    if (!make_slot(b, s, r == HG_GET_OK ? hg_store_printf(b, "file %s", path.p) : "a file"))
        return;
    if (r != HG_GET_OK) {
        s->missing = r == HG_GET_UNSET ? hg_unset_sentence(b, name)
                                       : hg_store_printf(b, "secret %s has no value", s->node->name);
        s->source->usable = false;
        return;
    }
    s->source->path = path.p;
    size_t cap = HG_LIMIT_SECRET + 1u;
    const char *why = NULL;
    char *buf = hg_locked_new(cap);
    size_t n = buf != NULL ? hg_file_read(path.p, buf, cap, &why) : SIZE_MAX;
    if (buf == NULL)
        b->no_memory = true;
    else if (n == SIZE_MAX)
        s->missing = hg_store_printf(b, "file %s cannot be read: %s", path.p, why);
    else
        set_value(b, s, hg_slice(buf, n));
    hg_locked_free(buf, cap);
}

/* As it stands in the config: what $<...> gives may be nobody's business. */
static const char *command_text(struct hg_build *b, const struct hg_node *exec)
{
    const char *text = "command";
    for (size_t i = 0; text != NULL && i < exec->children; i++) {
        const struct hg_node *n = exec->child[i];
        text = hg_store_printf(b, "%s %s", text, n->type == HG_NODE_STRING ? n->string : "?");
    }
    return text;
}

static const struct hg_built_secret *find_by_name(const struct hg_build *b, const char *name)
{
    for (size_t i = 0; i < b->secrets; i++) {
        if (strcmp(b->secret[i].node->name, name) == 0)
            return &b->secret[i];
    }
    return NULL;
}

/* What any = [ ... ] names, as slots and sources. */
static void find_members(struct hg_build *b, struct hg_built_secret *s, const struct hg_texts *names,
                         struct hg_secret_slot **slots, const struct hg_source **members, const char **text)
{
    const struct hg_node *any = hg_node_get(s->node, "any");
    for (size_t i = 0; i < names->n; i++) {
        const struct hg_built_secret *m = find_by_name(b, names->v[i]);
        if (m == NULL)
            HG_ERROR(b, any, "the secret \"%s\" is not declared%s", names->v[i],
                     hg_near_name(b, hg_node_get(b->root, "secret"), names->v[i]));
        else if (m->source->kind == HG_SOURCE_ANY)
            HG_ERROR(b, any, "\"%s\" is itself any of several", names->v[i]);
        if (m == NULL || m->source->kind == HG_SOURCE_ANY || m->slot == NULL)
            continue;
        slots[s->source->members] = m->slot;
        members[s->source->members++] = m->source;
        *text = hg_store_printf(b, "%s%s %s", *text, s->source->members > 1 ? "," : "", names->v[i]);
        if (m->missing == NULL)
            s->missing = NULL;
    }
}

static void load_any(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *any)
{
    struct hg_texts names;
    const char *text = "secrets";
    hg_get_texts(b, any, &names);
    struct hg_secret_slot **slots = hg_store_alloc(b, names.n + 1, sizeof(struct hg_secret_slot *));
    const struct hg_source **members = hg_store_alloc(b, names.n + 1, sizeof(struct hg_source *));
    if (slots == NULL || members == NULL)
        return;
    s->missing = hg_store_printf(b, "no secret of %s has a value", s->node->name);
    find_members(b, s, &names, slots, members, &text);
    if (names.unset != NULL)
        s->missing = hg_unset_sentence(b, names.unset);
    else if (names.n == 0 && !any->broken)
        HG_ERROR(b, any, "is empty (expected names of secrets)");
    s->source->member = members;
    if (s->source->members == 0)
        text = NULL;
    s->slot = text != NULL ? hg_secret_slot_group(s->node->name, text, slots, s->source->members, s->in_order)
                           : hg_secret_slot_new(s->node->name, "nothing");
    if (s->slot == NULL)
        b->no_memory = true;
    else
        (void)hg_store_own(b, s->slot, release_slot);
}

static const char *const kind_keys[] = {
    [HG_SOURCE_ENV] = "from", [HG_SOURCE_FILE] = "file", [HG_SOURCE_EXEC] = "exec", [HG_SOURCE_ANY] = "any"};

static void find_kind(struct hg_build *b, const struct hg_node *node, enum hg_source_kind *kind)
{
    const struct hg_node *found = NULL;
    for (size_t i = 0; i < sizeof(kind_keys) / sizeof(kind_keys[0]); i++) {
        const struct hg_node *n = hg_node_get(node, kind_keys[i]);
        if (n != NULL && found != NULL)
            HG_ERROR(b, n, "a secret has one source (%s stands at line %u)", found->name, found->line);
        if (n == NULL || found != NULL)
            continue;
        *kind = (enum hg_source_kind)i;
        found = n;
    }
    if (found == NULL && !node->broken)
        HG_ERROR(b, node,
                 "has no source (expected from = \"$<NAME>\", file = \"...\", exec = [ ... ] or any = [ ... "
                 "])");
}

/* The value of a secret with which nothing is sent. */
static void stand_in(struct hg_build *b, struct hg_built_secret *s)
{
    if (s->missing != NULL && !s->unusable)
        HG_WARN(b, s->node, "%s", s->missing);
    s->missing = NULL;
    struct hg_secret *value = hg_secret_new(HG_LIT(STAND_IN));
    if (value != NULL)
        hg_secret_slot_set(s->slot, value);
}

static void load(struct hg_build *b, struct hg_built_secret *s)
{
    const struct hg_node *n = hg_node_get(s->node, kind_keys[s->source->kind]);
    if (n == NULL) {
        (void)make_slot(b, s, "nothing");
        return;
    }
    switch (s->source->kind) {
    case HG_SOURCE_ENV:
        load_from(b, s, n);
        break;
    case HG_SOURCE_FILE:
        load_file(b, s, n);
        break;
    case HG_SOURCE_EXEC:
        if (make_slot(b, s, command_text(b, n)))
            hg_secret_slot_set_passing(s->slot);
        break;
    case HG_SOURCE_ANY:
        load_any(b, s, n);
        break;
    }
}

static void build_secret(struct hg_build *b, struct hg_built_secret *s)
{
    enum hg_source_kind kind = s->source->kind;
    hg_build_source(b, s);
    if (b->no_memory)
        return;
    load(b, s);
    s->source->slot = s->slot;
    if (b->no_memory || kind == HG_SOURCE_ANY)
        return;
    if (b->stand_in && !(b->want_variables && kind == HG_SOURCE_ENV) &&
        (s->missing != NULL || kind == HG_SOURCE_EXEC)) {
        stand_in(b, s);
    } else if (s->missing != NULL && kind == HG_SOURCE_FILE && s->source->usable) {
        /* It may get one at any time: the matter of the request that needs it. */
        HG_WARN(b, s->node, "%s", s->missing);
        s->missing = NULL;
    }
}

static void add_placeholders(struct hg_build *b, const struct hg_built_secret *s)
{
    const struct hg_node *n = hg_node_get(s->node, "placeholder");
    struct hg_texts t;
    hg_get_texts(b, n, &t);
    if (t.unset != NULL)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, t.unset));
    struct hg_placeholder *all = hg_store_alloc(b, b->plan->placeholders + t.n, sizeof(*all));
    if (t.n == 0 || all == NULL)
        return;
    if (b->plan->placeholders > 0)
        memcpy(all, b->plan->placeholder, b->plan->placeholders * sizeof(*all));
    b->plan->placeholder = all;
    for (size_t i = 0; i < t.n; i++) {
        struct hg_slice text = hg_slice_str(t.v[i]);
        if (text.n < PLACEHOLDER_LEAST)
            HG_ERROR(b, n, "is too short to be told from other text (expected at least %u characters)",
                     PLACEHOLDER_LEAST);
        else
            all[b->plan->placeholders++] = (struct hg_placeholder){text, s->source->name};
    }
}

/* Those with members come last: what they name may stand behind them. */
static void build_pass(struct hg_build *b, bool groups)
{
    for (size_t i = 0; i < b->secrets && !b->no_memory; i++) {
        struct hg_built_secret *s = &b->secret[i];
        if ((s->source->kind == HG_SOURCE_ANY) != groups)
            continue;
        build_secret(b, s);
        if (!b->no_memory)
            add_placeholders(b, s);
    }
}

bool hg_build_secrets(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "secret");
    size_t n = all != NULL ? all->children : 0;
    b->secret = hg_store_alloc(b, n, sizeof(*b->secret));
    b->plan->source = hg_store_alloc(b, n, sizeof(*b->plan->source));
    if (b->secret == NULL || b->plan->source == NULL)
        return false;
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        struct hg_source *source = &b->plan->source[i];
        b->secret[i].node = all->child[i];
        b->secret[i].source = source;
        source->name = hg_store_text(b, hg_slice_str(all->child[i]->name));
        source->file = hg_store_text(b, hg_slice_str(all->child[i]->file));
        source->line = all->child[i]->line;
        find_kind(b, all->child[i], &source->kind);
        b->secrets = b->plan->sources = i + 1;
    }
    build_pass(b, false);
    build_pass(b, true);
    return !b->no_memory;
}

const struct hg_built_secret *hg_find_secret(const struct hg_build *b, const struct hg_secret_slot *slot)
{
    for (size_t i = 0; i < b->secrets; i++) {
        if (b->secret[i].slot == slot)
            return &b->secret[i];
    }
    HG_ASSERT(false); /* slots come from here only */
    return NULL;
}
