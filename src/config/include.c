/* SPDX-License-Identifier: MIT
 *
 * include = [ "file.cfg", "dir/x*.cfg", "<installed-rule.cfg>" ]: ours and not
 * libconfig's, so that circles, missing files and order are under control.
 */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "tree.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int is_config(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".cfg") == 0;
}

static int by_entry(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool hg_load_folder(struct hg_loader *l, const char *path, const struct hg_node *from)
{
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, is_config, by_entry);
    l->model->root->broken = l->model->root->broken || n <= 0; /* what is missing is no further mistake */
    if (n < 0) {
        hg_diag_add(l->d, HG_SEVERITY_ERROR, path, 0, NULL, "%s", strerror(errno));
        return false;
    }
    if (n == 0)
        hg_diag_add(l->d, HG_SEVERITY_ERROR, path, 0, NULL, "the folder has no *.cfg file");
    for (int i = 0; i < n; i++) {
        char *name = NULL;
        if (asprintf(&name, "%s/%s", path, entry[i]->d_name) >= 0) {
            hg_load_path(l, name, from);
            free(name);
        } else {
            hg_diag_add(l->d, HG_SEVERITY_ERROR, path, 0, NULL, "no memory");
        }
        free(entry[i]);
    }
    free(entry);
    return n > 0;
}

static void load_glob(struct hg_loader *l, const char *pattern, const struct hg_node *from)
{
    glob_t found = {0};
    int rc = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (rc != 0 && rc != GLOB_NOMATCH)
        hg_tree_problem(l->d, HG_SEVERITY_ERROR, from, "%s: cannot be searched", pattern);
    if (rc == 0) {
        qsort(found.gl_pathv, found.gl_pathc, sizeof(char *), by_name);
        for (size_t i = 0; i < found.gl_pathc; i++)
            hg_load_path(l, found.gl_pathv[i], from);
    }
    globfree(&found);
}

/* malloc'd path of what an entry names; NULL: reported. */
static char *resolve(struct hg_loader *l, const struct hg_node *entry)
{
    const char *text = entry->string;
    size_t n = strlen(text);
    char *path = NULL;
    int rc;
    if (text[0] == '<' && n > 2 && text[n - 1] == '>') {
        if (l->rules_dir == NULL || strstr(text, "..") != NULL || strchr(text, '/') != NULL) {
            hg_tree_problem(l->d, HG_SEVERITY_ERROR, entry,
                            "\"<...>\" takes the name of an installed rule file");
            return NULL;
        }
        rc = asprintf(&path, "%s/%.*s", l->rules_dir, (int)(n - 2), text + 1);
    } else if (text[0] == '/' || strrchr(entry->file, '/') == NULL) {
        rc = asprintf(&path, "%s", text);
    } else {
        int folder = (int)(strrchr(entry->file, '/') - entry->file);
        rc = asprintf(&path, "%.*s/%s", folder, entry->file, text);
    }
    if (rc < 0) {
        hg_tree_problem(l->d, HG_SEVERITY_ERROR, entry, "no memory");
        return NULL;
    }
    return path;
}

static void load_entry(struct hg_loader *l, const struct hg_node *entry)
{
    HG_ASSERT(entry->type == HG_NODE_STRING);
    if (l->from_string) {
        hg_tree_problem(l->d, HG_SEVERITY_ERROR, entry, "a config that is not a file cannot include");
        return;
    }
    if (strstr(entry->string, "$<") != NULL || entry->string[0] == '\0') {
        hg_tree_problem(l->d, HG_SEVERITY_ERROR, entry,
                        "expected a file name (variables are not expanded here)");
        return;
    }
    char *path = resolve(l, entry);
    if (path == NULL)
        return;
    if (strpbrk(path, "*?[") != NULL)
        load_glob(l, path, entry);
    else
        hg_load_path(l, path, entry);
    free(path);
}

void hg_load_includes(struct hg_loader *l, const struct hg_node *root)
{
    const struct hg_node *include = hg_tree_get(root, "include");
    if (include == NULL)
        return;
    if (include->type == HG_NODE_STRING)
        load_entry(l, include);
    for (size_t i = 0; include->type == HG_NODE_LIST && i < include->children; i++)
        load_entry(l, include->child[i]);
}
