/* SPDX-License-Identifier: MIT
 *
 * Private to the config room: how the tree of nodes is built, read and checked.
 */
#ifndef HG_CONFIG_TREE_H
#define HG_CONFIG_TREE_H

#include "base/arena.h"
#include "base/limits.h"
#include "config/model.h"
#include "config/schema.h"

struct hg_model_file {
    const char *name;         /* the pointer that every node of it carries */
    struct hg_node *defaults; /* or NULL */
    uint64_t device, inode;   /* 0, 0: not a file (a string) */
};

struct hg_model {
    struct hg_arena arena;
    struct hg_node *root;
    struct hg_node *named; /* defaults.named of all files, or NULL */
    struct hg_model_file *file;
    size_t files, file_cap;
};

/* tree.c */
struct hg_node *hg_tree_node(struct hg_arena *a, enum hg_node_type type, const char *name);
bool hg_tree_append(struct hg_arena *a, struct hg_node *parent, struct hg_node *child);
/* The child stands here too, but keeps its parent: where it was written. */
bool hg_tree_share(struct hg_arena *a, struct hg_node *parent, struct hg_node *child);
/* Takes a child out that has been dealt with. */
void hg_tree_take(struct hg_node *parent, const struct hg_node *child);
/* Takes out what is refused: the parent is broken. */
void hg_tree_remove(struct hg_node *parent, size_t i);
struct hg_node *hg_tree_get(const struct hg_node *group, const char *key);
/* A diagnostic at the node's place; key may be NULL, else it is a child that need not exist. */
void hg_tree_problem(struct hg_diag *d, enum hg_severity severity, const struct hg_node *n, const char *fmt,
                     ...) __attribute__((format(printf, 4, 5)));

/* source.c: the tree of one text, or NULL (reported). file lives as long as the arena. */
struct hg_node *hg_source_parse(struct hg_slice text, const char *file, struct hg_arena *a,
                                struct hg_diag *d);

/* check.c: reports and takes out what the schema does not know or has otherwise. */
void hg_check_tree(struct hg_node *root, struct hg_diag *d);

/* load.c */
struct hg_loader {
    struct hg_model *model;
    struct hg_diag *d;
    const char *rules_dir;
    bool from_string; /* nothing may be opened */
    size_t depth;
    size_t stack[HG_LIMIT_INCLUDE_DEPTH + 1]; /* indexes of the files that are being read */
};
/* from: the include entry that names it, or NULL for the command line. */
void hg_load_path(struct hg_loader *l, const char *path, const struct hg_node *from);
void hg_load_string(struct hg_loader *l, const char *text, const char *name);
void hg_load_text(struct hg_loader *l, struct hg_slice text, size_t file);

/* include.c */
void hg_load_includes(struct hg_loader *l, const struct hg_node *root);
/* The *.cfg of a folder, or what a glob finds, in C order. False: reported. */
bool hg_load_folder(struct hg_loader *l, const char *path, const struct hg_node *from);

/* merge.c: adds one file's checked tree to the model. */
void hg_merge_file(struct hg_loader *l, size_t file, struct hg_node *root);

/* inherit.c: from = "...", when all files are read. False: no memory. */
bool hg_inherit(struct hg_loader *l);

#endif
