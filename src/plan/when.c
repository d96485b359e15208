/* SPDX-License-Identifier: MIT
 *
 * What stands beside an action or a choice of backend: when, if and unless; and
 * the acls that if and unless name.
 */
#include "base/check.h"
#include "build.h"
#include "config/schema.h"

static void release_condition(void *what)
{
    hg_condition_free(what);
}

static struct hg_slice text_of(struct hg_build *b, const struct hg_node *n)
{
    const char *number;
    if (n->type != HG_NODE_INT)
        return hg_slice_str(n->string);
    number = hg_store_printf(b, "%lld", (long long)n->integer);
    return hg_slice_str(number != NULL ? number : "");
}

static struct hg_slice *texts_of(struct hg_build *b, const struct hg_node *n, size_t *count)
{
    bool list = n->type == HG_NODE_LIST;
    struct hg_slice *text = hg_store_alloc(b, list ? n->children : 1, sizeof(*text));
    *count = 0;
    for (size_t i = 0; text != NULL && i < (list ? n->children : 1); i++)
        text[(*count)++] = text_of(b, list ? n->child[i] : n);
    return text;
}

struct reading {
    struct hg_build *b;
    struct hg_when_part *part;
    size_t n, cap;
};

static struct hg_when_part *add(struct reading *r, enum hg_when_kind kind)
{
    HG_ASSERT(r->n < r->cap);
    r->part[r->n].kind = kind;
    return &r->part[r->n++];
}

static void add_pair(struct reading *r, enum hg_when_kind kind, struct hg_slice name,
                     const struct hg_node *value)
{
    struct hg_when_part *p = add(r, kind);
    p->name = name;
    p->any = texts_of(r->b, value, &p->n);
}

static bool is_pair(const struct hg_node *n)
{
    return n->type == HG_NODE_LIST && n->children == 2 && n->child[0]->type == HG_NODE_STRING;
}

/* [n, v], ( [n, v], ... ) or { n = v; } */
static void add_pairs(struct reading *r, enum hg_when_kind kind, const struct hg_node *n)
{
    if (is_pair(n)) {
        add_pair(r, kind, hg_slice_str(n->child[0]->string), n->child[1]);
        return;
    }
    for (size_t i = 0; i < n->children; i++) {
        const struct hg_node *c = n->child[i];
        if (n->type == HG_NODE_GROUP)
            add_pair(r, kind, hg_slice_str(c->name), c);
        else
            add_pair(r, kind, hg_slice_str(c->child[0]->string), c->child[1]);
    }
}

static void read_key(struct reading *r, enum hg_when_kind kind, const struct hg_node *n)
{
    if ((n->schema->forms & HG_FORM_PAIR) != 0) {
        add_pairs(r, kind, n);
    } else {
        struct hg_when_part *p = add(r, kind);
        p->any = texts_of(r->b, n, &p->n);
    }
}

/* How many parts the group can have. */
static size_t count_parts(const struct hg_node *when)
{
    size_t n = 0;
    for (size_t i = 0; i < when->children; i++)
        n += when->child[i]->children + 1;
    return n;
}

const struct hg_when *hg_read_when(struct hg_build *b, const struct hg_node *group)
{
    static const char *const keys[] = {
#define X(id, key) key,
        HG_WHEN_PARTS(X)
#undef X
    };
    struct reading r = {.b = b, .cap = count_parts(group)};
    struct hg_when *when = hg_store_alloc(b, 1, sizeof(*when));
    bool broken = group->broken;
    r.part = hg_store_alloc(b, r.cap, sizeof(*r.part));
    if (when == NULL || r.part == NULL)
        return NULL;
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        const struct hg_node *n = hg_node_get(group, keys[k]);
        broken = broken || (n != NULL && n->broken);
        if (n != NULL && !n->broken)
            read_key(&r, (enum hg_when_kind)k, n);
    }
    if (r.n == 0 && !broken)
        HG_ERROR(b, group, "has no condition");
    when->part = r.part;
    when->parts = r.n;
    return r.n == 0 || broken ? NULL : when;
}

bool hg_read_condition(struct hg_build *b, const struct hg_node *entry, struct hg_condition_spec *spec)
{
    const struct hg_node *when = hg_node_get(entry, "when"), *given = hg_node_get(entry, "if"),
                         *unless = hg_node_get(entry, "unless");
    if (when != NULL)
        spec->when = hg_read_when(b, when);
    if (given != NULL)
        spec->if_ = hg_slice_str(given->string);
    if (unless != NULL)
        spec->unless = hg_slice_str(unless->string);
    return when == NULL || spec->when != NULL;
}

/* The node that "when.path" names below the entry; what is not there is its nearest ancestor's matter. */
static const struct hg_node *find(const struct hg_node *entry, const char *part)
{
    const struct hg_node *at = entry;
    while (at != NULL && *part != '\0') {
        size_t n = strcspn(part, ".");
        char key[32];
        HG_ASSERT(n < sizeof(key));
        memcpy(key, part, n);
        key[n] = '\0';
        const struct hg_node *next = hg_node_get(at, key);
        if (next == NULL)
            break;
        at = next;
        part += n + (part[n] == '.');
    }
    return at;
}

void hg_say_condition(struct hg_build *b, const struct hg_node *entry, const struct hg_rule_note *note)
{
    const struct hg_node *at = find(entry, note->part);
    HG_ASSERT(note->part[0] != '\0');
    if (note->offset > 0 && strstr(note->text, "offset") == NULL)
        HG_ERROR(b, at, "%s (at offset %zu)", note->text, note->offset);
    else
        HG_ERROR(b, at, "%s", note->text);
}

/* In an acl a part's name is not behind "when". */
static void add_alternative(struct hg_build *b, const struct hg_node *group, struct hg_condition *acl)
{
    const struct hg_when *when = hg_read_when(b, group);
    struct hg_rule_note note = {0};
    if (when == NULL || hg_acl_add(acl, when, &b->resolver, &note) != HG_APPEND_BAD)
        return;
    if (strncmp(note.part, "when.", 5) == 0)
        memmove(note.part, note.part + 5, strlen(note.part + 5) + 1);
    hg_say_condition(b, group, &note);
}

bool hg_build_acls(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "acl");
    size_t n = all != NULL ? all->children : 0;
    b->acl = hg_store_alloc(b, n, sizeof(*b->acl));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        const struct hg_node *node = all->child[i];
        struct hg_condition *acl = hg_acl_new();
        if (acl == NULL || !hg_store_own(b, acl, release_condition)) {
            b->no_memory = true;
            break;
        }
        if (node->type == HG_NODE_GROUP)
            add_alternative(b, node, acl);
        for (size_t k = 0; node->type == HG_NODE_LIST && k < node->children; k++)
            add_alternative(b, node->child[k], acl);
        if (node->children == 0 && node->type == HG_NODE_LIST && !node->broken)
            HG_ERROR(b, node, "is empty");
        b->acl[i] = (struct hg_built_acl){node->name, acl};
        b->acls = i + 1;
    }
    return !b->no_memory;
}

const struct hg_condition *hg_find_acl(const struct hg_build *b, struct hg_slice name)
{
    for (size_t i = 0; i < b->acls; i++) {
        if (hg_slice_eq(hg_slice_str(b->acl[i].name), name))
            return b->acl[i].condition;
    }
    return NULL;
}
