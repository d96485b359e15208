/* SPDX-License-Identifier: MIT
 *
 * Maps, from nodes and files. Declared before all else, so that everything may
 * name them, and filled when what they name is there: secrets or backends. A map
 * file is read when the plan is built, so a reload reads it again.
 */
#include "rules/map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/file.h"
#include "build.h"

static void release_map(void *what)
{
    hg_map_free(what);
}

/* What is being filled. */
struct filling {
    struct hg_build *b;
    const struct hg_node *node;
    struct hg_map *map;
    const char *file; /* of the entries at hand */
    size_t entries;
};

__attribute__((format(printf, 3, 4))) static void say(struct filling *f, unsigned line, const char *fmt, ...)
{
    char at[256], *text = NULL;
    va_list args;
    hg_node_path(f->node, at, sizeof(at));
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    hg_diag_add(f->b->d, HG_SEVERITY_ERROR, f->file, line, at, "%s", n < 0 ? "no memory" : text);
    if (n >= 0)
        free(text);
    hg_map_break(f->map);
}

/* The secret or backend of that name. */
static const void *find_target(struct filling *f, struct hg_slice name)
{
    struct hg_build *b = f->b;
    if (hg_map_to(f->map) == HG_MAP_TO_SECRET)
        return b->resolver.secret(b, name);
    for (size_t i = 0; i < b->plan->backends; i++) {
        if (hg_slice_eq(hg_slice_str(b->plan->backend[i].name), name))
            return &b->plan->backend[i];
    }
    return NULL;
}

static void no_target(struct filling *f, const char *name, unsigned line)
{
    bool secret = hg_map_to(f->map) == HG_MAP_TO_SECRET;
    const struct hg_node *all = hg_node_get(f->b->root, secret ? "secret" : "backend");
    if (all != NULL && all->broken)
        hg_map_break(f->map); /* it may be one that was refused */
    else if (!secret && hg_find_proxy(f->b, name) != NULL)
        say(f, line, "the backend \"%s\" is a proxy", name);
    else
        say(f, line, "the %s \"%s\" is not declared%s", secret ? "secret" : "backend", name,
            hg_near_name(f->b, all, name));
}

/* literal: $<...> in it is text. */
static void add(struct filling *f, struct hg_slice pattern, const char *name, unsigned line, bool literal)
{
    const void *target = find_target(f, hg_slice_str(name));
    struct hg_rule_note note;
    f->entries++;
    if (target == NULL) {
        no_target(f, name, line);
        return;
    }
    switch (hg_map_add(f->map, pattern, literal ? NULL : &f->b->resolver, target, f->file, line, &note)) {
    case HG_APPEND_OK:
    case HG_APPEND_VANISHED:
        break;
    case HG_APPEND_UNSET:
        say(f, line, "%s", hg_unset_sentence(f->b, note.name));
        break;
    case HG_APPEND_BAD:
        if (note.offset > 0)
            say(f, line, "%s (at offset %zu)", note.text, note.offset);
        else
            say(f, line, "%s", note.text);
    }
}

/* ---- values ---- */

static void add_pair(struct filling *f, struct hg_slice pattern, const struct hg_node *to)
{
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    f->file = hg_store_text(f->b, hg_slice_str(to->file));
    enum hg_get r = hg_get_text(f->b, to, &text, name);
    if (r == HG_GET_UNSET)
        say(f, to->line, "%s", hg_unset_sentence(f->b, name));
    if (r == HG_GET_BAD)
        hg_map_break(f->map);
    if (r == HG_GET_OK && f->file != NULL)
        add(f, pattern, text.p, to->line, false);
}

static void add_values(struct filling *f, const struct hg_node *values)
{
    bool pair =
        values->type == HG_NODE_LIST && values->children == 2 && values->child[0]->type == HG_NODE_STRING;
    if (pair)
        add_pair(f, hg_slice_str(values->child[0]->string), values->child[1]);
    for (size_t i = 0; !pair && i < values->children; i++) {
        const struct hg_node *c = values->child[i];
        if (values->type == HG_NODE_GROUP)
            add_pair(f, hg_slice_str(c->name), c);
        else
            add_pair(f, hg_slice_str(c->child[0]->string), c->child[1]);
    }
}

/* ---- a file: "pattern name" in each line ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct hg_slice next_word(struct hg_slice *rest)
{
    size_t n = 0;
    while (rest->n > 0 && is_blank(rest->p[0]))
        *rest = hg_slice_from(*rest, 1);
    while (n < rest->n && !is_blank(rest->p[n]))
        n++;
    struct hg_slice word = hg_slice(rest->p, n);
    *rest = hg_slice_from(*rest, n);
    return word;
}

static void add_line(struct filling *f, struct hg_slice line, unsigned number)
{
    struct hg_slice pattern = next_word(&line), name = next_word(&line), more = next_word(&line);
    char text[HG_NAME_TEXT];
    if (pattern.n == 0 || pattern.p[0] == '#')
        return;
    if (name.n == 0 || name.p[0] == '#' || (more.n > 0 && more.p[0] != '#')) {
        say(f, number, "is malformed (expected a pattern, a space and a name)");
    } else if (memchr(pattern.p, '\0', pattern.n) != NULL || memchr(name.p, '\0', name.n) != NULL) {
        say(f, number, "has a NUL in it");
    } else if (name.n >= sizeof(text)) {
        say(f, number, "the name is too long");
    } else {
        memcpy(text, name.p, name.n);
        text[name.n] = '\0';
        add(f, pattern, text, number, true);
    }
}

static void add_file(struct filling *f, const struct hg_node *n, const char *path)
{
    const char *why = NULL;
    char *buf = malloc(HG_LIMIT_MAP_FILE);
    size_t size = buf != NULL ? hg_file_read(path, buf, HG_LIMIT_MAP_FILE, &why) : SIZE_MAX;
    if (size == SIZE_MAX) {
        HG_ERROR(f->b, n, "the file cannot be read: %s", buf != NULL ? why : "no memory");
        hg_map_break(f->map);
        free(buf);
        return;
    }
    struct hg_slice rest = hg_slice(buf, size);
    f->file = hg_store_text(f->b, hg_slice_str(path));
    if (f->file != NULL)
        hg_diag_file(f->b->d, f->file);
    for (unsigned line = 1; f->file != NULL && rest.n > 0; line++) {
        ptrdiff_t end = hg_slice_find(rest, '\n');
        add_line(f, end < 0 ? rest : hg_slice(rest.p, (size_t)end), line);
        rest = end < 0 ? hg_slice(rest.p, 0) : hg_slice_from(rest, (size_t)end + 1);
    }
    free(buf);
}

/* ---- a map ---- */

static void set_key(struct filling *f)
{
    const struct hg_node *key = hg_node_get(f->node, "key");
    struct hg_template_note note;
    if (key == NULL) {
        if (!f->node->broken)
            HG_ERROR(f->b, f->node, "has no key (expected key = \"%%{...}\", what a request is told by)");
        hg_map_break(f->map);
        return;
    }
    switch (hg_map_set_key(f->map, hg_slice_str(key->string), &f->b->resolver, &note)) {
    case HG_TEMPLATE_OK:
        return;
    case HG_TEMPLATE_UNSET:
    case HG_TEMPLATE_VANISH:
        HG_ERROR(f->b, key, "%s", hg_unset_sentence(f->b, note.name));
        break;
    case HG_TEMPLATE_BAD:
        HG_ERROR(f->b, key, "%s (at offset %zu)", note.text, note.offset);
        break;
    }
    hg_map_break(f->map);
}

static void warn_double(void *ctx, const char *file, unsigned line, unsigned first)
{
    struct filling *f = ctx;
    char at[256];
    hg_node_path(f->node, at, sizeof(at));
    hg_diag_add(f->b->d, HG_SEVERITY_WARNING, file, line, at,
                "is never reached: the entry in line %u has the same pattern", first);
}

static void fill(struct hg_build *b, const struct hg_node *node, struct hg_map *map)
{
    struct filling f = {.b = b, .node = node, .map = map};
    const struct hg_node *values = hg_node_get(node, "values"), *file = hg_node_get(node, "file");
    bool bad = node->broken || (values != NULL && values->broken);
    const char *path = hg_get_string(b, node, "file", &bad);
    set_key(&f);
    if (node->broken) /* which names it would have is not known */
        hg_map_break(map);
    else if (values != NULL && file != NULL)
        HG_ERROR(b, file, "a map has values or a file, not both");
    else if (values != NULL)
        add_values(&f, values);
    else if (path != NULL)
        add_file(&f, file, path);
    else if (!bad)
        HG_ERROR(b, node,
                 "has no entries (expected values = ( [ \"pattern\", \"name\" ], ... ) or file = \"...\")");
    if (bad || (values == NULL) == (path == NULL))
        hg_map_break(map);
    else if (f.entries == 0 && !hg_map_broken(map))
        HG_WARN(b, values != NULL ? values : file, "is empty: the map matches no request");
    if (!hg_map_seal(map, warn_double, &f))
        b->no_memory = true;
}

bool hg_fill_maps(struct hg_build *b, enum hg_map_to to)
{
    for (size_t i = 0; i < b->maps && !b->no_memory; i++) {
        if (hg_map_to(b->map[i].map) == to)
            fill(b, b->map[i].node, b->map[i].map);
    }
    return !b->no_memory;
}

bool hg_declare_maps(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "map");
    size_t n = all != NULL ? all->children : 0;
    b->map = hg_store_alloc(b, n, sizeof(*b->map));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        const struct hg_node *node = all->child[i];
        uint64_t to = HG_MAP_TO_SECRET;
        hg_get_number(b, node, "to", &to);
        struct hg_map *m =
            hg_map_new(node->name, to == HG_MAP_TO_SECRET ? HG_MAP_TO_SECRET : HG_MAP_TO_BACKEND);
        if (m == NULL || !hg_store_own(b, m, release_map)) {
            b->no_memory = true;
            break;
        }
        b->map[i] = (struct hg_built_map){node, m};
        b->maps = i + 1;
    }
    return !b->no_memory;
}

const struct hg_map *hg_find_map(const struct hg_build *b, struct hg_slice name)
{
    for (size_t i = 0; i < b->maps; i++) {
        if (hg_slice_eq(hg_slice_str(b->map[i].node->name), name))
            return b->map[i].map;
    }
    return NULL;
}
