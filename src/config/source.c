/* SPDX-License-Identifier: MIT
 *
 * The only file that knows libconfig. It turns one text into a tree of our own
 * nodes, so that nothing else depends on what libconfig keeps or forgets (the
 * file's name, for one, when it reads from memory).
 */
#include <libconfig.h>
#include <stdlib.h>

#include "base/check.h"
#include "lint.h"
#include "tree.h"

struct convert {
    struct hg_arena *a;
    const char *file;
    const struct hg_lint *lint;
};

static bool was_refused(const struct convert *c, unsigned line)
{
    for (size_t i = 0; i < c->lint->bads; i++) {
        if (c->lint->bad[i].line == line)
            return true;
    }
    return false;
}

static const char *copy_text(struct hg_arena *a, const char *text)
{
    struct hg_slice s = hg_arena_join(a, hg_slice_str(text), hg_slice("", 1));
    return s.p;
}

static enum hg_node_type type_of(const config_setting_t *s)
{
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_GROUP:
        return HG_NODE_GROUP;
    case CONFIG_TYPE_ARRAY:
    case CONFIG_TYPE_LIST:
        return HG_NODE_LIST;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return HG_NODE_INT;
    case CONFIG_TYPE_FLOAT:
        return HG_NODE_FLOAT;
    case CONFIG_TYPE_BOOL:
        return HG_NODE_BOOL;
    default:
        return HG_NODE_STRING;
    }
}

static bool set_scalar(const struct convert *c, struct hg_node *n, const config_setting_t *s)
{
    switch (n->type) {
    case HG_NODE_STRING: {
        const char *text = config_setting_get_string(s);
        n->string = copy_text(c->a, text != NULL ? text : "");
        n->broken = was_refused(c, n->line);
        return n->string != NULL;
    }
    case HG_NODE_INT:
        n->integer = config_setting_get_int64(s);
        n->broken = was_refused(c, n->line);
        return true;
    case HG_NODE_BOOL:
        n->boolean = config_setting_get_bool(s) != 0;
        return true;
    case HG_NODE_FLOAT:
        n->real = config_setting_get_float(s);
        return true;
    case HG_NODE_GROUP:
    case HG_NODE_LIST:
        break;
    }
    return true;
}

/* Recursive, but hg_lint_text has limited the depth. NULL without memory. */
static struct hg_node *convert(const struct convert *c, const config_setting_t *s)
{
    const char *name = config_setting_name(s);
    struct hg_node *n = hg_tree_node(c->a, type_of(s), copy_text(c->a, name != NULL ? name : ""));
    if (n == NULL || n->name == NULL)
        return NULL;
    n->file = c->file;
    n->line = config_setting_source_line(s);
    if (!set_scalar(c, n, s))
        return NULL;
    if (n->type != HG_NODE_GROUP && n->type != HG_NODE_LIST)
        return n;
    int length = config_setting_length(s);
    for (int i = 0; i < length; i++) {
        struct hg_node *child = convert(c, config_setting_get_elem(s, (unsigned)i));
        if (child == NULL || !hg_tree_append(c->a, n, child))
            return NULL;
    }
    return n;
}

/* The lint lets nothing through that libconfig does not take; should it once, the place is at least known. */
static void report_syntax(const config_t *cfg, const char *file, struct hg_diag *d)
{
    int line = config_error_line(cfg);
    const char *text = config_error_text(cfg);
    hg_diag_add(d, HG_SEVERITY_ERROR, file, line > 0 ? (unsigned)line : 0, NULL, "%s",
                text != NULL ? text : "syntax error");
}

/* malloc'd. For libconfig 1.5 a comment that no line break ends is no comment. Numbers that were refused
 * become 0: what they mean depends on the version. */
static char *copy_for_all(struct hg_slice text, const struct hg_lint *lint)
{
    char *z = malloc(text.n + 2);
    if (z == NULL)
        return NULL;
    if (text.n > 0)
        memcpy(z, text.p, text.n);
    memcpy(z + text.n, "\n", 2);
    for (size_t i = 0; i < lint->bads; i++) {
        HG_ASSERT(lint->bad[i].at + lint->bad[i].n <= text.n);
        memset(z + lint->bad[i].at, ' ', lint->bad[i].n);
        if (lint->bad[i].n > 0)
            z[lint->bad[i].at] = '0';
    }
    return z;
}

struct hg_node *hg_source_parse(struct hg_slice text, const char *file, struct hg_arena *a, struct hg_diag *d)
{
    HG_ASSERT(file != NULL && a != NULL && d != NULL);
    struct hg_lint lint;
    hg_lint_text(text, file, d, &lint);
    if (lint.syntax)
        return NULL;
    char *z = copy_for_all(text, &lint);
    struct hg_node *root = NULL;
    config_t cfg;
    config_init(&cfg);
    if (z == NULL) {
        hg_diag_add(d, HG_SEVERITY_ERROR, file, 0, NULL, "no memory");
        goto out;
    }
    if (config_read_string(&cfg, z) != CONFIG_TRUE) {
        report_syntax(&cfg, file, d);
        goto out;
    }
    struct convert c = {.a = a, .file = file, .lint = &lint};
    root = convert(&c, config_root_setting(&cfg));
    if (root == NULL)
        hg_diag_add(d, HG_SEVERITY_ERROR, file, 0, NULL, "no memory");
out:
    config_destroy(&cfg);
    free(z);
    return root;
}
