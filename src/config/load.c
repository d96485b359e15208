/* SPDX-License-Identifier: MIT
 *
 * Reading the files of a config: each once, with a limit, in an order that
 * depends on nothing but their names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "tree.h"

/* A file that was not read leaves the config incomplete: what is missing then is no further mistake. */
static void report(struct hg_loader *l, const char *path, const struct hg_node *from, const char *what)
{
    l->model->root->broken = true;
    if (from != NULL)
        hg_tree_problem(l->d, HG_SEVERITY_ERROR, from, "%s: %s", path, what);
    else
        hg_diag_add(l->d, HG_SEVERITY_ERROR, path, 0, NULL, "%s", what);
}

/* Everything from fd up to the limit. NULL: *what says why. */
static char *read_all(int fd, size_t *n, const char **what)
{
    size_t cap = 16u * 1024u, len = 0;
    char *buf = malloc(cap);
    *what = "no memory";
    while (buf != NULL) {
        ssize_t got = read(fd, buf + len, cap - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *what = strerror(errno);
            break;
        }
        if (got == 0) {
            *n = len;
            return buf;
        }
        len += (size_t)got;
        if (len > HG_LIMIT_CONFIG_FILE) {
            *what = "the file is larger than 4 MiB";
            break;
        }
        if (len < cap)
            continue;
        char *grown = realloc(buf, cap * 2);
        if (grown == NULL)
            break;
        buf = grown;
        cap *= 2;
    }
    free(buf);
    return NULL;
}

/* Index of a new file record; SIZE_MAX without memory. */
static size_t add_file(struct hg_loader *l, const char *name)
{
    struct hg_model *m = l->model;
    if (m->files == m->file_cap) {
        size_t cap = m->file_cap == 0 ? 8 : m->file_cap * 2;
        struct hg_model_file *grown = realloc(m->file, cap * sizeof(*grown));
        if (grown == NULL)
            return SIZE_MAX;
        m->file = grown;
        m->file_cap = cap;
    }
    struct hg_slice copy = hg_arena_join(&m->arena, hg_slice_str(name), hg_slice("", 1));
    if (copy.p == NULL)
        return SIZE_MAX;
    m->file[m->files] = (struct hg_model_file){.name = copy.p};
    hg_diag_file(l->d, copy.p);
    return m->files++;
}

void hg_load_text(struct hg_loader *l, struct hg_slice text, size_t file)
{
    HG_ASSERT(file < l->model->files);
    struct hg_node *root = hg_source_parse(text, l->model->file[file].name, &l->model->arena, l->d);
    if (root == NULL) {
        l->model->root->broken = true;
        return;
    }
    hg_check_tree(root, l->d);
    hg_load_includes(l, root);
    hg_merge_file(l, file, root);
}

/* a.cfg -> b.cfg -> a.cfg, from the place in the stack where the file stands. */
static void report_circle(struct hg_loader *l, size_t at, const struct hg_node *from)
{
    HG_ASSERT(from != NULL && at < l->depth);
    char chain[1024] = "";
    size_t len = 0;
    for (size_t i = at; i < l->depth && len < sizeof(chain); i++)
        len += (size_t)snprintf(chain + len, sizeof(chain) - len, "%s -> ", l->model->file[l->stack[i]].name);
    hg_tree_problem(l->d, HG_SEVERITY_ERROR, from, "includes go in a circle: %s%s", chain,
                    l->model->file[l->stack[at]].name);
}

/* Was it read before? One that is still being read is a circle. */
static bool known(struct hg_loader *l, const struct stat *st, const struct hg_node *from)
{
    const struct hg_model *m = l->model;
    size_t i = 0;
    while (i < m->files && (m->file[i].device != st->st_dev || m->file[i].inode != st->st_ino))
        i++;
    if (i == m->files)
        return false;
    for (size_t at = 0; at < l->depth; at++) {
        if (l->stack[at] == i)
            report_circle(l, at, from);
    }
    return true;
}

static void read_open_file(struct hg_loader *l, int fd, const struct stat *st, const char *path,
                           const struct hg_node *from)
{
    const char *what = NULL;
    size_t n = 0;
    char *text = read_all(fd, &n, &what);
    size_t file = text != NULL ? add_file(l, path) : SIZE_MAX;
    if (text == NULL) {
        report(l, path, from, what);
    } else if (file == SIZE_MAX) {
        report(l, path, from, "no memory");
    } else {
        if (S_ISREG(st->st_mode)) {
            l->model->file[file].device = st->st_dev;
            l->model->file[file].inode = st->st_ino;
        }
        l->stack[l->depth++] = file;
        hg_load_text(l, hg_slice(text, n), file);
        l->depth--;
    }
    free(text);
}

void hg_load_path(struct hg_loader *l, const char *path, const struct hg_node *from)
{
    HG_ASSERT(l->depth <= HG_LIMIT_INCLUDE_DEPTH && !l->from_string);
    struct stat st;
    if (l->depth == HG_LIMIT_INCLUDE_DEPTH) {
        report(l, path, from, "too many files that include each other");
        return;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        report(l, path, from, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        (void)hg_load_folder(l, path, from);
    else if (!known(l, &st, from))
        read_open_file(l, fd, &st, path, from);
    if (fd >= 0)
        (void)close(fd);
}

void hg_load_string(struct hg_loader *l, const char *text, const char *name)
{
    size_t file = add_file(l, name);
    if (file == SIZE_MAX) {
        report(l, name, NULL, "no memory");
        return;
    }
    l->stack[l->depth++] = file;
    hg_load_text(l, hg_slice_str(text), file);
    l->depth--;
}
