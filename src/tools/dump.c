/* SPDX-License-Identifier: MIT
 *
 * Writing a model out again. The schema's table says which groups are there
 * with their standards although nobody wrote them, and which keys were used up
 * when the files were read; nothing here knows a key by name but "proxy", which
 * makes a backend something else.
 */
#include "tools/dump.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "config/schema.h"
#include "dump.h"
#include "http/header.h"

#define INDENT 2u

static void put(struct hg_dumper *p, const char *text)
{
    p->failed = p->failed || !hg_buf_append(p->out, hg_slice_str(text));
}

static void indent(struct hg_dumper *p)
{
    for (unsigned i = 0; i < p->depth * INDENT; i++)
        put(p, " ");
}

/* The end of a line: the comment that its strings asked for. */
static void end_line(struct hg_dumper *p)
{
    if (hg_buf_len(&p->notes) > 0) {
        put(p, "  # ");
        p->failed = p->failed || !hg_buf_append(p->out, hg_buf_data(&p->notes));
        hg_buf_consume(&p->notes, hg_buf_len(&p->notes));
    }
    put(p, "\n");
}

/* As both libconfig 1.5 and 1.7 read it back. */
static void put_string(struct hg_dumper *p, const char *text)
{
    put(p, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        char one[8] = {*c, '\0'};

        if (*c == '"' || *c == '\\')
            snprintf(one, sizeof(one), "\\%c", *c);
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            snprintf(one, sizeof(one), "\\x%02x", (unsigned char)*c);
        put(p, one);
    }
    put(p, "\"");
}

static bool in_secret(const struct hg_node *n)
{
    while (n->parent != NULL && n->parent->parent != NULL)
        n = n->parent;
    return strcmp(n->name, "secret") == 0;
}

/* The second of [ "Authorization", "..." ]. */
static bool is_credential(const struct hg_node *n)
{
    const struct hg_node *list = n->parent;

    return list != NULL && list->type == HG_NODE_LIST && list->children == 2 && list->child[1] == n &&
           list->child[0]->type == HG_NODE_STRING &&
           (hg_field_flags(hg_field_id(hg_slice_str(list->child[0]->string))) & HG_FIELD_C) != 0;
}

/* A credential that stands in the config is not written out: a variable takes its place, which is to be set.
 */
static bool put_in_place(struct hg_dumper *p, const struct hg_node *n)
{
    char *text = NULL;

    if (!hg_dump_in_place(p->d->plan, n, in_secret(n), &text))
        return false;
    p->failed = p->failed || text == NULL;
    if (text != NULL) {
        put_string(p, text);
        hg_dump_note(p, hg_slice_str(text), true);
    }
    free(text);
    return true;
}

static void put_scalar(struct hg_dumper *p, const struct hg_node *n)
{
    char text[32];

    switch (n->type) {
    case HG_NODE_STRING:
        if (put_in_place(p, n))
            return;
        put_string(p, n->string);
        hg_dump_note(p, hg_slice_str(n->string),
                     in_secret(n) || is_credential(n) || hg_dump_is_hidden(p->d->plan, n));
        return;
    case HG_NODE_INT:
        snprintf(text, sizeof(text), "%lld%s", (long long)n->integer,
                 n->integer > INT32_MAX || n->integer < INT32_MIN ? "L" : "");
        break;
    case HG_NODE_BOOL:
        snprintf(text, sizeof(text), "%s", n->boolean ? "true" : "false");
        break;
    case HG_NODE_FLOAT:
        snprintf(text, sizeof(text), "%.17g", n->real);
        break;
    case HG_NODE_GROUP:
    case HG_NODE_LIST:
        HG_ASSERT(false);
        return;
    }
    put(p, text);
}

static bool is_scalar(const struct hg_node *n)
{
    return n->type != HG_NODE_GROUP && n->type != HG_NODE_LIST;
}

/* [ ] takes only scalars of one type. */
static bool is_array(const struct hg_node *n)
{
    for (size_t i = 0; i < n->children; i++)
        if (!is_scalar(n->child[i]) || n->child[i]->type != n->child[0]->type)
            return false;
    return n->children > 0;
}

/* On the line at hand. */
static void put_inline(struct hg_dumper *p, const struct hg_node *n)
{
    bool array;

    if (is_scalar(n)) {
        put_scalar(p, n);
        return;
    }
    if (n->type == HG_NODE_GROUP) {
        put(p, n->children > 0 ? "{ " : "{ }");
        for (size_t i = 0; i < n->children; i++) {
            put(p, n->child[i]->name);
            put(p, n->child[i]->type == HG_NODE_GROUP ? ": " : " = ");
            put_inline(p, n->child[i]);
            put(p, i + 1 < n->children ? "; " : "; }");
        }
        return;
    }
    array = is_array(n);
    put(p, n->children == 0 ? "( )" : array ? "[ " : "( ");
    for (size_t i = 0; i < n->children; i++) {
        put_inline(p, n->child[i]);
        put(p, i + 1 < n->children ? ", " : array ? " ]" : " )");
    }
}

/* A list of other things than plain values has a line for each. */
static void put_list(struct hg_dumper *p, const struct hg_node *n)
{
    put(p, "(");
    end_line(p);
    p->depth++;
    for (size_t i = 0; i < n->children; i++) {
        indent(p);
        put_inline(p, n->child[i]);
        put(p, i + 1 < n->children ? "," : "");
        end_line(p);
    }
    p->depth--;
    indent(p);
    put(p, ")");
}

/* ---- groups and their standards ---- */

/* What stands behind a group: as written, inherited from the defaults, or nothing. */
struct layer {
    const struct hg_node *own, *inherited;
};

static void put_group(struct hg_dumper *p, struct layer l, enum hg_schema_scope scope);

static const struct hg_node *get(const struct hg_node *n, const char *key)
{
    return n != NULL && n->type == HG_NODE_GROUP ? hg_node_get(n, key) : NULL;
}

/* May a value of another row of the same key stand here? */
static bool fits(const struct hg_schema_key *key, const struct hg_node *n)
{
    unsigned form = n->type == HG_NODE_GROUP ? HG_FORM_GROUP | HG_FORM_NAMED | HG_FORM_PAIR_MAP
                    : n->type == HG_NODE_LIST
                        ? HG_FORM_LIST | HG_FORM_GROUPS | HG_FORM_PAIR | HG_FORM_TRIPLE | HG_FORM_PAIRS
                        : HG_FORM_ONE;

    return (key->forms & form) != 0 && n->schema != NULL &&
           (key->sub == n->schema->sub || n->type == HG_NODE_GROUP);
}

/* What defaults give to frontends and backends alike is looked up from the backend outwards, so that it must
 * not end up in front of what the frontend says. */
static bool is_outer(const struct hg_schema_key *key)
{
    const struct hg_schema_key *front = hg_schema_find(HG_SCOPE_FRONTEND, hg_slice_str(key->key));

    return key->scope == HG_SCOPE_BACKEND && front != NULL && front->sub == key->sub;
}

static const struct hg_node *inherited(const struct hg_schema_key *key, const struct hg_node *from)
{
    const struct hg_node *n = get(from, key->key);

    return n != NULL && fits(key, n) && !is_outer(key) ? n : NULL;
}

static void begin_key(struct hg_dumper *p, const char *name, bool group)
{
    indent(p);
    put(p, name);
    put(p, group ? ": " : " = ");
}

static void put_node(struct hg_dumper *p, const struct hg_node *n, const char *name)
{
    begin_key(p, name, n->type == HG_NODE_GROUP);
    if (n->type == HG_NODE_LIST && n->children > 0 && !is_array(n))
        put_list(p, n);
    else
        put_inline(p, n);
    put(p, ";");
    end_line(p);
}

static void put_standard(struct hg_dumper *p, const struct hg_schema_key *key)
{
    begin_key(p, key->key, false);
    if (key->kind == HG_KIND_NUMBER || key->kind == HG_KIND_BOOL)
        put(p, key->standard);
    else
        put_string(p, key->standard);
    put(p, ";");
    end_line(p);
}

/* A group shown in full: it is there, or its row says that it always is. */
static bool is_whole(const struct hg_schema_key *key, const struct hg_node *own, const struct hg_node *more)
{
    if (own != NULL && own->type != HG_NODE_GROUP)
        return false;
    return (key->flags & HG_SCHEMA_SETTINGS) != 0 ||
           (own != NULL && more != NULL && (key->forms & HG_FORM_GROUP) != 0);
}

/* Named things of both, by name; but "any" of one's own leaves nothing to what stands behind it. */
static void put_names(struct hg_dumper *p, const struct hg_schema_key *key, struct layer l)
{
    const struct hg_node *more = get(l.own, "any") == NULL ? l.inherited : NULL;

    begin_key(p, key->key, true);
    put(p, "{");
    end_line(p);
    p->depth++;
    for (size_t i = 0; l.own != NULL && i < l.own->children; i++)
        put_node(p, l.own->child[i], l.own->child[i]->name);
    for (size_t i = 0; more != NULL && i < more->children; i++)
        if (get(l.own, more->child[i]->name) == NULL)
            put_node(p, more->child[i], more->child[i]->name);
    p->depth--;
    indent(p);
    put(p, "};");
    end_line(p);
}

static void put_key(struct hg_dumper *p, const struct hg_schema_key *key, struct layer l, bool standards)
{
    const struct hg_node *own = get(l.own, key->key), *more = inherited(key, l.inherited);

    if ((key->flags & HG_SCHEMA_READING) != 0)
        return;
    if (is_whole(key, own, more) && (standards || own != NULL)) {
        begin_key(p, key->key, true);
        put_group(p, (struct layer){own, more}, key->sub);
        put(p, ";");
        end_line(p);
    } else if ((own != NULL || more != NULL) && (key->forms & HG_FORM_NAMED) != 0) {
        put_names(p, key, (struct layer){own, more});
    } else if (own != NULL) {
        put_node(p, own, key->key);
    } else if (more != NULL) {
        put_node(p, more, key->key);
    } else if (standards && key->standard != NULL && (key->forms & HG_FORM_ONE) != 0 &&
               (key->flags & HG_SCHEMA_BESIDE) == 0) {
        put_standard(p, key);
    }
}

/* Its keys in the order of the table. */
static void put_group(struct hg_dumper *p, struct layer l, enum hg_schema_scope scope)
{
    size_t n;
    const struct hg_schema_key *keys = hg_schema_keys(&n);
    /* A proxy has an address and nothing of what the requests need. */
    bool standards = scope != HG_SCOPE_BACKEND || get(l.own, "proxy") == NULL;

    put(p, "{");
    end_line(p);
    p->depth++;
    for (size_t i = 0; i < n; i++)
        if (keys[i].scope == scope)
            put_key(p, &keys[i], standards ? l : (struct layer){l.own, NULL}, standards);
    p->depth--;
    indent(p);
    put(p, "}");
}

/* A named block: of frontends and backends in full, of the others a line or a group as written. */
static void put_named(struct hg_dumper *p, const struct hg_node *n, const struct hg_schema_key *row)
{
    bool full = row->sub == HG_SCOPE_FRONTEND || row->sub == HG_SCOPE_BACKEND;
    struct layer l = {n, full ? hg_model_defaults(p->d->model, n) : NULL};

    if (full) {
        begin_key(p, n->name, true);
        put_group(p, l, row->sub);
    } else if (n->type != HG_NODE_GROUP) {
        put_node(p, n, n->name);
        return;
    } else {
        begin_key(p, n->name, true);
        put(p, "{");
        end_line(p);
        p->depth++;
        for (size_t i = 0; i < n->children; i++)
            put_node(p, n->child[i], n->child[i]->name);
        p->depth--;
        indent(p);
        put(p, "}");
    }
    put(p, ";");
    end_line(p);
}

static void put_block(struct hg_dumper *p, const struct hg_schema_key *row)
{
    const struct hg_node *n = hg_node_get(hg_model_root(p->d->model), row->key);

    if ((row->flags & HG_SCHEMA_READING) != 0)
        return;
    if (hg_buf_len(p->out) > 0 && (n != NULL || (row->flags & HG_SCHEMA_SETTINGS) != 0))
        put(p, "\n");
    if ((row->forms & HG_FORM_NAMED) == 0) {
        put_key(p, row, (struct layer){hg_model_root(p->d->model), NULL}, true);
        return;
    }
    if (n == NULL)
        return;
    begin_key(p, row->key, true);
    put(p, "{");
    end_line(p);
    p->depth++;
    for (size_t i = 0; i < n->children; i++)
        put_named(p, n->child[i], row);
    p->depth--;
    put(p, "};\n");
}

bool hg_dump_write(const struct hg_dump *d, struct hg_buf *out)
{
    struct hg_dumper p = {.d = d, .out = out};
    size_t n;
    const struct hg_schema_key *keys = hg_schema_keys(&n);

    HG_ASSERT(d->model != NULL && d->plan != NULL && d->env != NULL);
    hg_buf_init(&p.notes, HG_LIMIT_CONFIG_FILE, true);
    for (size_t i = 0; i < n; i++)
        if (keys[i].scope == HG_SCOPE_ROOT)
            put_block(&p, &keys[i]);
    hg_buf_free(&p.notes);
    return !p.failed;
}
