/* SPDX-License-Identifier: MIT
 *
 * $<json:NAME>: a list or a map that a variable holds as JSON. Where one is
 * expected, the string is replaced by the nodes that somebody would have written
 * instead, so that nothing else needs to know. The texts in it are data: they are
 * quoted, and no $<...> or %{...} in them means anything. The JSON itself may be
 * a credential and is in no sentence.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/pick.h"
#include "build.h"
#include "config/schema.h"

#define MEMBERS_MAX 10000u

struct reading {
    struct hg_build *b;
    const struct hg_node *at; /* the string that is replaced */
    const struct hg_schema_key *row;
    struct hg_slice name; /* of the variable */
    bool standby;         /* it is the default that is read */
    bool pairs;
    struct hg_node *list; /* NULL: only looked at */
    bool said;
};

static struct hg_node *node_new(struct hg_build *b, const struct hg_node *like, enum hg_node_type type,
                                struct hg_node *parent)
{
    struct hg_node *n = hg_store_alloc(b, 1, sizeof(*n));
    if (n == NULL)
        return NULL;
    *n = (struct hg_node){.type = type,
                          .name = "",
                          .file = like->file,
                          .line = like->line,
                          .schema = like->schema,
                          .parent = parent};
    return n;
}

bool hg_node_push(struct hg_build *b, struct hg_node *list, struct hg_node *child)
{
    if (list->children == list->capacity) {
        size_t cap = list->capacity > 0 ? list->capacity * 2 : 4;
        struct hg_node **grown = hg_store_alloc(b, cap, sizeof(struct hg_node *));
        if (grown == NULL)
            return false;
        if (list->children > 0)
            memcpy(grown, list->child, list->children * sizeof(struct hg_node *));
        list->child = grown;
        list->capacity = cap;
    }
    list->child[list->children++] = child;
    return true;
}

/* A new node, which knows its place. */
static bool append(struct hg_build *b, struct hg_node *list, struct hg_node *child)
{
    child->index = list->children;
    return hg_node_push(b, list, child);
}

/* ---- texts ---- */

static bool takes_numbers(const struct hg_schema_key *row)
{
    return row->kind == HG_KIND_NUMBER || row->kind == HG_KIND_ID || row->kind == HG_KIND_STATUS;
}

/* { "gpt-5": 2.5 } */
static bool takes_decimals(const struct hg_schema_key *row)
{
    return row->kind == HG_KIND_DECIMAL;
}

static const char *expected(const struct hg_schema_key *row)
{
    bool list = (row->forms & HG_FORM_LIST) != 0;
    bool pairs = (row->forms & (HG_FORM_PAIR | HG_FORM_PAIRS)) != 0;
    if (list && takes_numbers(row))
        return "an array of numbers, such as [1, 2]";
    if (pairs && takes_decimals(row))
        return "an object with numbers, such as {\"a\": 2.5}";
    return list && pairs ? "an array of strings or an object with strings"
           : list        ? "an array of strings, such as [\"a\", \"b\"]"
                         : "an object with strings, such as {\"a\": \"b\"}";
}

__attribute__((format(printf, 2, 3))) static bool bad(struct reading *r, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (!r->said)
        HG_ERROR(r->b, r->at, "%s%.*s %s (expected %s)",
                 r->standby ? "the default of " : "the value of environment variable ", HG_FMT(r->name),
                 n >= 0 ? text : "is not usable", expected(r->row));
    r->said = true;
    if (n >= 0)
        free(text);
    return false;
}

/* As a config would have to write it so that it stands for itself. */
static const char *quote(struct reading *r, struct hg_slice text, bool pattern)
{
    if (pattern) {
        char *quoted = hg_pattern_quote(text, false);
        const char *kept = quoted != NULL ? hg_store_text(r->b, hg_slice_str(quoted)) : NULL;
        r->b->no_memory = r->b->no_memory || quoted == NULL;
        free(quoted);
        return kept;
    }
    char *out = hg_store_alloc(r->b, 2 * text.n + 1, 1), *p = out;
    for (size_t i = 0; out != NULL && i < text.n; i++) {
        if (text.p[i] == '$' || text.p[i] == '%')
            *p++ = text.p[i];
        *p++ = text.p[i];
    }
    return out;
}

static bool clean(struct hg_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || s.p[i] == '\r' || s.p[i] == '\n')
            return false;
    return true;
}

static struct hg_node *string_node(struct reading *r, struct hg_slice text, bool pattern,
                                   struct hg_node *parent)
{
    struct hg_node *n = node_new(r->b, r->at, HG_NODE_STRING, parent);
    if (n != NULL)
        n->string = quote(r, text, pattern);
    return n != NULL && n->string != NULL ? n : NULL;
}

static bool is_text_ok(struct reading *r, enum hg_pick kind, struct hg_slice value, size_t offset)
{
    if (kind != HG_PICK_STRING)
        return bad(r, "has %s at offset %zu", takes_numbers(r->row) ? "no number" : "no string", offset);
    if (!clean(value))
        return bad(r, "has a string with a line break or NUL at offset %zu", offset);
    if (r->row->kind == HG_KIND_PATTERN && memmem(value.p, value.n, "$<", 2) != NULL)
        return bad(r, "has a $< at offset %zu, which a pattern cannot have", offset);
    return true;
}

/* ---- members ---- */

static bool add_element(struct reading *r, enum hg_pick kind, struct hg_slice value, size_t offset)
{
    uint64_t number;
    struct hg_node *n;
    char why[200];
    if (kind == HG_PICK_OTHER && takes_numbers(r->row) && hg_slice_u64(value, &number) &&
        number <= INT64_MAX) {
        if (!hg_schema_value(r->row, value, &number, why, sizeof(why)))
            return bad(r, "has a number at offset %zu that cannot be used here", offset);
        (void)hg_slice_u64(value, &number);
        n = node_new(r->b, r->at, HG_NODE_INT, r->list);
        if (n != NULL)
            n->integer = (int64_t)number;
    } else {
        if (!is_text_ok(r, kind, value, offset))
            return false;
        n = string_node(r, value, r->row->kind == HG_KIND_PATTERN, r->list);
    }
    return n != NULL && append(r->b, r->list, n);
}

static bool add_pair(struct reading *r, struct hg_slice name, struct hg_slice value)
{
    struct hg_node *pair = node_new(r->b, r->at, HG_NODE_LIST, r->list), *n, *v;
    if (pair == NULL)
        return false;
    n = string_node(r, name, false, pair);
    v = string_node(r, value, r->row->kind == HG_KIND_PATTERN, pair);
    return n != NULL && v != NULL && append(r->b, pair, n) && append(r->b, pair, v) &&
           append(r->b, r->list, pair);
}

static bool add_member(void *ctx, struct hg_slice name, enum hg_pick kind, struct hg_slice value,
                       size_t offset)
{
    struct reading *r = ctx;
    if (r->list->children >= MEMBERS_MAX)
        return bad(r, "has more than %u members", MEMBERS_MAX);
    if ((name.p != NULL) != r->pairs)
        return bad(r, "is %s", name.p != NULL ? "an object" : "an array");
    if (name.p == NULL)
        return add_element(r, kind, value, offset);
    if (!clean(name) || memchr(name.p, '\0', name.n) != NULL)
        return bad(r, "has a name with a line break or NUL before offset %zu", offset);
    if (kind == HG_PICK_OTHER && takes_decimals(r->row)) {
        char why[200];
        uint64_t number;
        if (!hg_schema_value(r->row, value, &number, why, sizeof(why)))
            return bad(r, "has a number at offset %zu that cannot be used here", offset);
        return add_pair(r, name, value);
    }
    return is_text_ok(r, kind, value, offset) && add_pair(r, name, value);
}

/* The list that a JSON text stands for; NULL: said. */
static struct hg_node *read_text(struct reading *r, struct hg_slice text)
{
    size_t offset = 0;
    struct hg_slice trimmed = hg_slice_trim(text);
    r->list = node_new(r->b, r->at, HG_NODE_LIST, r->at->parent);
    if (r->list == NULL)
        return NULL;
    r->list->name = r->at->name;
    r->pairs = (r->row->forms & HG_FORM_LIST) == 0 ||
               ((r->row->forms & HG_FORM_PAIRS) != 0 && trimmed.n > 0 && trimmed.p[0] == '{');
    if (text.n > HG_LIMIT_JSON) {
        (void)bad(r, "is larger than %u KiB", HG_LIMIT_JSON / 1024u);
        return NULL;
    }
    switch (hg_pick_members(text, add_member, r, &offset)) {
    case HG_MEMBERS_ARRAY:
        if (r->pairs && r->list->children == 0)
            (void)bad(r, "is an array");
        break;
    case HG_MEMBERS_OBJECT:
        if (!r->pairs)
            (void)bad(r, "is an object");
        break;
    case HG_MEMBERS_OTHER:
        (void)bad(r, "is neither an array nor an object");
        break;
    case HG_MEMBERS_BAD:
        (void)bad(r, "is not valid JSON at offset %zu", offset);
        break;
    case HG_MEMBERS_STOPPED:
        break;
    case HG_MEMBERS_NO_MEMORY:
        r->b->no_memory = true;
    }
    return r->said || r->b->no_memory ? NULL : r->list;
}

/* What is unset stays so for whoever reads the list: its one element is the plain reference. */
static struct hg_node *unset_list(struct reading *r, bool vanish)
{
    const char *text = hg_store_printf(r->b, "$<%.*s%s>", HG_FMT(r->name), vanish ? "?" : "");
    struct hg_node *list = node_new(r->b, r->at, HG_NODE_LIST, r->at->parent), *at = list;
    bool pairs = (r->row->forms & HG_FORM_LIST) == 0;
    if (list == NULL || text == NULL)
        return NULL;
    list->name = r->at->name;
    if (pairs) {
        at = node_new(r->b, r->at, HG_NODE_LIST, list);
        if (at == NULL || !append(r->b, list, at))
            return NULL;
    }
    for (size_t i = 0; i < (pairs ? 2u : 1u); i++) {
        struct hg_node *n = node_new(r->b, r->at, HG_NODE_STRING, at);
        if (n == NULL || !append(r->b, at, n))
            return NULL;
        n->string = text;
    }
    return list;
}

static size_t name_length(struct hg_slice s)
{
    size_t n = 0;
    while (n < s.n && (s.p[n] == '_' || (s.p[n] >= 'a' && s.p[n] <= 'z') ||
                       (s.p[n] >= 'A' && s.p[n] <= 'Z') || (n > 0 && s.p[n] >= '0' && s.p[n] <= '9')))
        n++;
    return n;
}

struct hg_node *hg_read_json(struct hg_build *b, const struct hg_node *n, struct hg_slice inner)
{
    struct reading r = {.b = b, .at = n, .row = n->schema, .name = hg_slice(inner.p, name_length(inner))};
    struct hg_slice tail = hg_slice_from(inner, r.name.n), value = {NULL, 0};
    bool vanish = hg_slice_eq(tail, HG_LIT("?")), standby = hg_slice_starts(tail, HG_LIT(":-"));
    struct hg_node *list = NULL;
    if (r.name.n == 0 || (tail.n > 0 && !vanish && !standby)) {
        HG_ERROR(b, n,
                 "is malformed (expected \"$<json:NAME>\", \"$<json:NAME?>\" or \"$<json:NAME:-[ ... ]>\")");
        return NULL;
    }
    if (standby) { /* looked at in any case, so that a mistake in it does not wait for its day */
        r.standby = true;
        list = read_text(&r, hg_slice_from(tail, 2));
        if (list == NULL)
            return NULL;
        r.standby = false;
    }
    const char *name = hg_store_text(b, r.name);
    if (name != NULL && hg_env_value(b, name) != NULL)
        value = hg_slice_str(hg_env_value(b, name));
    if (value.n > 0)
        return read_text(&r, value);
    return list != NULL ? list : unset_list(&r, vanish);
}
