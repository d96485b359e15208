/* SPDX-License-Identifier: MIT
 *
 * { use = "openai"; key = "$<secret:a>"; }: what a use says stands in the rule
 * for @{key}, or @{key:-default}. It is text, put in before anything is
 * compiled, so a parameter can hold whatever can be written in its place. What
 * was put in is not searched again. @@{ is the characters @{.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"
#include "config/schema.h"

#define MAX_PARAMETERS 64
#define MAX_NESTING 16u /* @{a:-@{b:-...}} */

/* Names that a rule asks for. */
struct names {
    char text[MAX_PARAMETERS][64];
    size_t n;
};

struct fill {
    struct hg_build *b;
    const struct hg_node *entry; /* of the use; NULL: of nobody, there are no values */
    const struct hg_node *at;    /* whose text is being filled */
    bool in_rule;
    bool bad;
    bool silent;           /* a rule by itself: what it lacks is no mistake */
    struct names *asked;   /* only collect what is asked for; nothing is put anywhere */
    struct names reported; /* each missing name once */
    FILE *out;
};

static bool known(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->text[i], name) == 0)
            return true;
    }
    return false;
}

static void remember(struct names *names, const char *name)
{
    if (names->n < MAX_PARAMETERS && !known(names, name))
        (void)snprintf(names->text[names->n++], sizeof(names->text[0]), "%s", name);
}

__attribute__((format(printf, 2, 3))) static void problem(struct fill *f, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    f->bad = true;
    if (f->asked == NULL)
        HG_ERROR(f->b, f->at, "%s", text);
}

/* Where the braces that open at text[at] close; text.n: nowhere. */
static size_t closing(struct hg_slice text, size_t at)
{
    size_t depth = 0;
    for (; at < text.n; at++) {
        depth += text.p[at] == '{';
        if (text.p[at] == '}' && --depth == 0)
            break;
    }
    return at;
}

static size_t name_length(struct hg_slice s)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                      more[] = "0123456789_-";
    size_t n = 0;
    while (n < s.n && (strchr(first, s.p[n]) != NULL || (n > 0 && strchr(more, s.p[n]) != NULL)))
        n++;
    /* The dash of ":-" stands behind a colon, one at the end of a name is part of it. */
    return n < 64 ? n : 0;
}

static void put(struct fill *f, const char *text, size_t n)
{
    if (f->asked == NULL)
        (void)fwrite(text, 1, n, f->out);
}

/* What the use gives; NULL: nothing. number: room for one that is no string. */
static const char *given(const struct fill *f, const char *name, char number[32])
{
    const struct hg_node *n = f->entry != NULL ? hg_node_get(f->entry, name) : NULL;
    if (n == NULL || n->schema != hg_schema_parameter())
        return NULL;
    if (n->type == HG_NODE_STRING)
        return n->string;
    if (n->type == HG_NODE_INT)
        (void)snprintf(number, 32, "%lld", (long long)n->integer);
    else
        (void)snprintf(number, 32, "%s", n->boolean ? "true" : "false");
    return number;
}

static void lacks(struct fill *f, const char *name)
{
    f->bad = true;
    if (f->silent || known(&f->reported, name))
        return;
    remember(&f->reported, name);
    HG_ERROR(f->b, f->entry, "rule %s needs %s = \"...\" here (for @{%s} at %s:%u)",
             hg_node_get(f->entry, "use")->string, name, name, f->at->file, f->at->line);
}

static void fill_text(struct fill *f, struct hg_slice text, unsigned depth);

/* inside: what stands between the braces. */
static void fill_one(struct fill *f, struct hg_slice inside, unsigned depth)
{
    char name[64], number[32];
    size_t n = name_length(inside);
    struct hg_slice rest = hg_slice_from(inside, n);
    bool standby = hg_slice_starts(rest, HG_LIT(":-"));
    if (n == 0 || (rest.n > 0 && !standby)) {
        problem(f,
                "@{...} takes a parameter's name, and maybe a default: @{name:-default} (write @@{ for the "
                "characters)");
        return;
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)n, inside.p);
    if (f->asked != NULL) {
        remember(f->asked, name);
        fill_text(f, standby ? hg_slice_from(rest, 2) : hg_slice("", 0), depth + 1);
        return;
    }
    const char *value = given(f, name, number);
    if (value != NULL && (value[0] != '\0' || !standby))
        put(f, value, strlen(value));
    else if (standby)
        fill_text(f, hg_slice_from(rest, 2), depth + 1);
    else if (f->in_rule)
        lacks(f, name);
    else
        problem(f,
                "@{%s} stands for a parameter, and only a rule has parameters (write @@{ for the characters)",
                name);
}

static void fill_text(struct fill *f, struct hg_slice text, unsigned depth)
{
    if (depth > MAX_NESTING) {
        problem(f, "@{...} is nested too deeply");
        return;
    }
    for (size_t i = 0; i < text.n; i++) {
        struct hg_slice rest = hg_slice_from(text, i);
        if (hg_slice_starts(rest, HG_LIT("@@{"))) {
            put(f, "@{", 2);
            i += 2;
        } else if (hg_slice_starts(rest, HG_LIT("@{"))) {
            size_t end = closing(rest, 1);
            if (end == rest.n) {
                problem(f, "@{ is not closed by } (write @@{ for the characters)");
                return;
            }
            fill_one(f, hg_slice(rest.p + 2, end - 2), depth);
            i += end;
        } else {
            put(f, text.p + i, 1);
        }
    }
}

/* The filled text in the plan's store; the text itself when there is nothing to do or it is bad. */
static const char *filled(struct fill *f, const struct hg_node *n)
{
    char *text = NULL;
    size_t len = 0;
    f->at = n;
    f->out = open_memstream(&text, &len);
    if (f->out == NULL) {
        f->b->no_memory = true;
        return n->string;
    }
    fill_text(f, hg_slice_str(n->string), 0);
    if (fclose(f->out) != 0)
        f->b->no_memory = true;
    const char *kept = f->b->no_memory ? NULL : hg_store_text(f->b, hg_slice(text, len));
    free(text);
    return kept != NULL ? kept : n->string;
}

static bool has_parameters(const struct hg_node *n)
{
    if (n->type == HG_NODE_STRING)
        return strstr(n->string, "@{") != NULL;
    for (size_t i = 0; i < n->children; i++) {
        if (has_parameters(n->child[i]))
            return true;
    }
    return false;
}

/* A copy where something changes; what has no parameters is shared. NULL: no memory (noted). */
static const struct hg_node *copy(struct fill *f, const struct hg_node *n)
{
    if (!has_parameters(n))
        return n;
    struct hg_node *c = hg_store_alloc(f->b, 1, sizeof(*c));
    if (c == NULL)
        return NULL;
    *c = *n;
    if (n->type == HG_NODE_STRING) {
        c->string = filled(f, n);
        return c;
    }
    c->child = hg_store_alloc(f->b, n->children, sizeof(struct hg_node *));
    c->capacity = n->children;
    if (c->child == NULL)
        return NULL;
    for (size_t i = 0; i < n->children; i++) {
        const struct hg_node *child = copy(f, n->child[i]);
        if (child == NULL)
            return NULL;
        c->child[i] = (struct hg_node *)(uintptr_t)child; /* nobody writes nodes any more */
    }
    return c;
}

static void collect(struct fill *f, const struct hg_node *n)
{
    if (n->type == HG_NODE_STRING) {
        f->at = n;
        fill_text(f, hg_slice_str(n->string), 0);
    }
    for (size_t i = 0; i < n->children; i++)
        collect(f, n->child[i]);
}

static struct names asked_by(struct hg_build *b, const struct hg_node *rule)
{
    struct names names = {.n = 0};
    struct fill f = {.b = b, .in_rule = true, .asked = &names};
    const struct hg_node *request = hg_node_get(rule, "request"), *response = hg_node_get(rule, "response");
    if (request != NULL)
        collect(&f, request);
    if (response != NULL)
        collect(&f, response);
    return names;
}

/* A typing error in `unless` looks like a parameter too. */
static const char *nearest(const struct names *asked, const char *name)
{
    const char *all[MAX_PARAMETERS + 4] = {"when", "if", "unless", "observe"};
    size_t n = 4;
    for (size_t i = 0; i < asked->n; i++)
        all[n++] = asked->text[i];
    return hg_text_nearest(hg_slice_str(name), all, n);
}

bool hg_check_parameters(struct hg_build *b, const struct hg_node *rule, const struct hg_node *entry)
{
    struct names asked = asked_by(b, rule);
    bool ok = true;
    HG_ASSERT(entry != NULL && hg_node_get(entry, "use") != NULL);
    for (size_t i = 0; i < entry->children; i++) {
        const struct hg_node *n = entry->child[i];
        if (n->schema != hg_schema_parameter() || known(&asked, n->name) || asked.n == MAX_PARAMETERS)
            continue;
        const char *near = nearest(&asked, n->name);
        HG_ERROR(b, n, "rule %s has no parameter of this name%s%s%s", rule->name,
                 near != NULL ? " [did you mean " : "", near != NULL ? near : "", near != NULL ? "?]" : "");
        ok = false;
    }
    return ok;
}

bool hg_asks_for_parameters(const struct hg_node *rule)
{
    return has_parameters(rule);
}

const struct hg_node *hg_fill_list(struct hg_build *b, const struct hg_node *list, bool in_rule,
                                   const struct hg_node *entry)
{
    struct fill f = {.b = b, .entry = entry, .in_rule = in_rule, .silent = in_rule && entry == NULL};
    HG_ASSERT(list != NULL && (in_rule || entry == NULL));
    const struct hg_node *done = copy(&f, list);
    return f.bad ? NULL : done;
}

/* A rule's parameter must not look like a key of the entry that gives it. */
void hg_check_parameter_names(struct hg_build *b, const struct hg_node *rule)
{
    struct names asked = asked_by(b, rule);
    for (size_t i = 0; i < asked.n; i++) {
        struct hg_slice name = hg_slice_str(asked.text[i]);
        if (hg_schema_find(HG_SCOPE_REQUEST, name) != NULL || hg_schema_find(HG_SCOPE_RESPONSE, name) != NULL)
            HG_ERROR(b, rule, "a parameter cannot be called %s: that is a key of an entry", asked.text[i]);
    }
    if (asked.n == MAX_PARAMETERS)
        HG_ERROR(b, rule, "more than %d parameters", MAX_PARAMETERS - 1);
}
