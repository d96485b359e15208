/* SPDX-License-Identifier: MIT
 *
 * Files of variables: NAME=value a line, as service managers and container tools
 * read them. They stand behind the environment of the process, which wins. Values
 * may be credentials: they are wiped with the plan, and never said.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "build.h"

struct hg_variables {
    struct hg_variable {
        char *name, *value;
    } * v;
    size_t n, cap;
};

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void release(void *what)
{
    struct hg_variables *all = what;
    for (size_t i = 0; i < all->n; i++) {
        free(all->v[i].name);
        wipe(all->v[i].value);
    }
    free(all->v);
    free(all);
}

const char *hg_plan_variable(const struct hg_plan *p, const char *name)
{
    const struct hg_variables *all = p->variables;
    for (size_t i = all != NULL ? all->n : 0; i > 0; i--) { /* the last one counts */
        if (strcmp(all->v[i - 1].name, name) == 0)
            return all->v[i - 1].value;
    }
    return NULL;
}

static bool add(struct hg_variables *all, struct hg_slice name, struct hg_slice value)
{
    if (all->n == all->cap) {
        size_t cap = all->cap == 0 ? 16 : all->cap * 2;
        struct hg_variable *grown = realloc(all->v, cap * sizeof(*grown));
        if (grown == NULL)
            return false;
        all->v = grown;
        all->cap = cap;
    }
    struct hg_variable v = {hg_slice_dup(name), hg_slice_dup(value)};
    if (v.name == NULL || v.value == NULL) {
        free(v.name);
        wipe(v.value);
        return false;
    }
    all->v[all->n++] = v;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct hg_slice trim(struct hg_slice s)
{
    while (s.n > 0 && is_space(s.p[0]))
        s = hg_slice_from(s, 1);
    while (s.n > 0 && (is_space(s.p[s.n - 1]) || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static bool name_ok(struct hg_slice s)
{
    if (s.n == 0 || (s.p[0] >= '0' && s.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = hg_lower(s.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return true;
}

/* Takes the quotes off, in place. NULL, or what is wrong. Between double quotes a backslash takes the next
 * character as it is; between single quotes nothing is special. */
static const char *unquote(char *p, struct hg_slice *value)
{
    char quote = value->n > 0 ? p[0] : '\0';
    size_t in = 1, out = 0;
    if (quote != '"' && quote != '\'')
        return NULL;
    while (in < value->n && p[in] != quote) {
        if (quote == '"' && p[in] == '\\' && in + 1 < value->n)
            in++;
        p[out++] = p[in++];
    }
    if (in == value->n)
        return "has a quote that is not closed";
    struct hg_slice rest = trim(hg_slice_from(*value, in + 1));
    if (rest.n > 0 && rest.p[0] != '#')
        return "has something behind the closing quote";
    *value = hg_slice(p, out);
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct hg_variables *all, struct hg_slice line)
{
    line = trim(line);
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return NULL;
    if (line.n > 7 && hg_slice_starts(line, HG_LIT("export")) && is_space(line.p[6]))
        line = trim(hg_slice_from(line, 7));
    ptrdiff_t at = hg_slice_find(line, '=');
    if (at < 0)
        return "has no = (expected NAME=value)";
    struct hg_slice name = trim(hg_slice(line.p, (size_t)at)),
                    value = trim(hg_slice_from(line, (size_t)at + 1));
    if (!name_ok(name))
        return "does not begin with a variable's name (expected NAME=value)";
    if (memchr(value.p != NULL ? value.p : "", '\0', value.n) != NULL)
        return "has a NUL byte inside";
    const char *why = value.n > 0 ? unquote((char *)(uintptr_t)value.p, &value) : NULL;
    if (why != NULL)
        return why;
    return add(all, name, value) ? NULL : "no memory";
}

static void read_text(struct hg_build *b, const char *path, struct hg_slice text)
{
    for (unsigned line = 1; text.n > 0; line++) {
        ptrdiff_t end = hg_slice_find(text, '\n');
        size_t n = end >= 0 ? (size_t)end : text.n;
        const char *why = read_line(b->plan->variables, hg_slice(text.p, n));
        if (why != NULL)
            hg_diag_add(b->d, HG_SEVERITY_ERROR, hg_store_text(b, hg_slice_str(path)), line, NULL,
                        "the line %s", why);
        text = end >= 0 ? hg_slice_from(text, n + 1) : hg_slice(text.p, 0);
    }
}

/* from: the key that names it; NULL: the command line. */
static void say(struct hg_build *b, enum hg_severity severity, const struct hg_node *from, const char *path,
                const char *why)
{
    if (from != NULL)
        hg_build_say(b, severity, from, "%s: %s", path, why);
    else
        hg_diag_add(b->d, severity, NULL, 0, "--env-file", "%s: %s", path, why);
}

static bool anybody_reads(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0;
}

static void read_file(struct hg_build *b, const struct hg_node *from, const char *path)
{
    bool optional = path[0] == '-';
    const char *why = NULL;
    char *text = malloc(HG_LIMIT_ENV_FILE + 1);
    path += optional;
    if (text == NULL) {
        b->no_memory = true;
        return;
    }
    size_t n = optional && access(path, F_OK) != 0 && errno == ENOENT
                   ? 0
                   : hg_file_read(path, text, HG_LIMIT_ENV_FILE + 1, &why);
    if (n == SIZE_MAX) {
        say(b, b->stand_in ? HG_SEVERITY_WARNING : HG_SEVERITY_ERROR, from, path, why);
        explicit_bzero(text, HG_LIMIT_ENV_FILE + 1); /* what was read until then */
        n = 0;
    }
    if (path[0] != '\0' && anybody_reads(path))
        say(b, HG_SEVERITY_WARNING, from, path,
            "anybody on this system can read it: its mode should be 0600");
    read_text(b, path, hg_slice(text, n));
    explicit_bzero(text, n);
    free(text);
}

static void read_named(struct hg_build *b, const struct hg_node *entry)
{
    struct hg_slice path;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text(b, entry, &path, name);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, entry, "environment variable %s is not set", name);
    else if (r == HG_GET_OK)
        read_file(b, entry, path.p);
}

void hg_build_env_files(struct hg_build *b, const char *const *more, size_t n)
{
    const struct hg_node *all = hg_node_get(hg_model_root(b->model), "env-file");
    HG_ASSERT(b->plan->variables == NULL && (more != NULL || n == 0));
    if (all == NULL && n == 0)
        return;
    struct hg_variables *v = calloc(1, sizeof(*v));
    if (v == NULL) {
        b->no_memory = true;
        return;
    }
    if (!hg_store_own(b, v, release))
        return;
    b->plan->variables = v;
    if (all != NULL && all->type != HG_NODE_LIST)
        read_named(b, all);
    for (size_t i = 0; all != NULL && all->type == HG_NODE_LIST && i < all->children; i++)
        read_named(b, all->child[i]);
    for (size_t i = 0; i < n; i++)
        read_file(b, NULL, more[i]);
}
