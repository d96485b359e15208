/* SPDX-License-Identifier: MIT
 *
 * The model: config as it was written. A tree of nodes, each with its file and
 * line, read from libconfig files (the only place where libconfig is known),
 * merged across files and checked against the schema table.
 */
#ifndef HG_CONFIG_MODEL_H
#define HG_CONFIG_MODEL_H

#include <stdint.h>

#include "base/slice.h"
#include "config/diag.h"

enum hg_node_type {
    HG_NODE_GROUP,
    HG_NODE_LIST /* ( ) and [ ] */,
    HG_NODE_STRING,
    HG_NODE_INT,
    HG_NODE_BOOL,
    HG_NODE_FLOAT
};

struct hg_schema_key;

struct hg_node {
    enum hg_node_type type;
    const char *name; /* key in its group; "" for list elements */
    const char *file;
    unsigned line;
    const char *string;
    int64_t integer;
    double real;
    bool boolean;
    struct hg_node **child; /* GROUP and LIST, in the order written */
    size_t children, capacity;
    size_t index; /* element of a list: its place as written */
    struct hg_node *parent;
    const struct hg_schema_key
        *schema; /* the key's row; of an element: its list's row; NULL for named blocks */
    bool broken; /* a part of it was refused and taken out: what is missing now is no further mistake */
};

struct hg_model;

/* Reads files and folders (a folder: its *.cfg in C order) with their includes; merges the blocks; checks
 * everything against the schema. Never NULL except without memory: problems are in d, and the model holds
 * what was good. rules_dir: where include = "<x.cfg>" is looked up. */
struct hg_model *hg_model_read(const char *const *paths, size_t n, const char *rules_dir, struct hg_diag *d);
/* The same, and after it a text as if it were a file of that name (what stands in a file of another kind). It
 * may include; name gives the folder. */
struct hg_model *hg_model_read_with(const char *const *paths, size_t n, const char *rules_dir,
                                    const char *text, const char *name, struct hg_diag *d);
/* The same from a string, as if it were a file of that name (tests, fuzzing). */
struct hg_model *hg_model_read_string(const char *text, const char *name, struct hg_diag *d);
void hg_model_free(struct hg_model *m);

/* The merged root: children global, defaults, secret, rule, frontend, backend ... (each at most once). */
const struct hg_node *hg_model_root(const struct hg_model *m);
/* Child of a group by key, or NULL. */
const struct hg_node *hg_node_get(const struct hg_node *group, const char *key);
/* The defaults of a frontend or backend: those it names with defaults = "...", else those of its file; or
 * NULL. */
const struct hg_node *hg_model_defaults(const struct hg_model *m, const struct hg_node *block);
/* "backend.x.server[0].url" into out. */
void hg_node_path(const struct hg_node *n, char *out, size_t cap);

#endif
