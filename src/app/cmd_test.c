/* SPDX-License-Identifier: MIT
 *
 * hdrgate test: runs fixtures through the engine, without a network and without
 * the environment of the machine.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "base/limits.h"
#include "cmd.h"
#include "options.h"
#include "tools/fixture.h"

#define SUFFIX ".fixtures"

struct totals {
    const struct arguments *a;
    size_t files, passed, failed;
    bool bad; /* a file that could not be read, or has mistakes */
};

/* All of a file, NUL-terminated; NULL: said. */
static char *read_file(const char *path, size_t *n)
{
    FILE *in = fopen(path, "re");
    char *text = in != NULL ? malloc(HG_LIMIT_CONFIG_FILE + 1) : NULL;

    if (text == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    } else {
        *n = fread(text, 1, HG_LIMIT_CONFIG_FILE, in);
        text[*n] = '\0';
        if (ferror(in) || !feof(in)) {
            fprintf(stderr, "%s: %s\n", path, ferror(in) ? strerror(errno) : "larger than 4 MiB");
            free(text);
            text = NULL;
        }
    }
    if (in != NULL)
        fclose(in);
    return text;
}

/* NAME.cfg beside NAME.fixtures, malloc'd; NULL: there is none. */
static char *beside(const char *path)
{
    size_t n = strlen(path), suffix = sizeof(SUFFIX) - 1;
    char *name = NULL;

    if (n <= suffix || strcmp(path + n - suffix, SUFFIX) != 0 ||
        asprintf(&name, "%.*s.cfg", (int)(n - suffix), path) < 0)
        return NULL;
    if (access(name, R_OK) == 0)
        return name;
    free(name);
    return NULL;
}

static struct hg_plan *build(const struct totals *t, const char *path, const struct hg_fixture *f,
                             struct hg_diag *d)
{
    const struct hg_plan_options options = {
        .stand_in_secrets = true, .want_variables = true, .given_variables = true};
    const struct hg_environment env = hg_fixture_environment(f);
    char *own = t->a->files == 0 ? beside(path) : NULL;
    const char *const one[] = {own};
    struct hg_plan *plan = NULL;
    struct hg_model *m;

    m = own != NULL ? hg_model_read_with(one, 1, options_rules_dir(), f->config, path, d)
                    : hg_model_read_with(t->a->file, t->a->files, options_rules_dir(), f->config, path, d);
    if (m != NULL)
        plan = hg_plan_build(m, &env, &options, d);
    hg_model_free(m);
    free(own);
    return plan;
}

static void say_errors(const struct hg_diag *d)
{
    enum hg_severity severity;
    const char *line;

    for (size_t i = 0; (line = hg_diag_line(d, i, &severity)) != NULL; i++)
        if (severity == HG_SEVERITY_ERROR)
            printf("  %s\n", line);
}

/* True: it holds. Else what does not was printed. */
static bool run_one(const struct totals *t, const char *path, const struct hg_fixture *f)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *plan = d != NULL ? build(t, path, f, d) : NULL;
    struct hg_buf out;
    char why[256];
    bool ok = false;

    hg_buf_init(&out, HG_LIMIT_FIXTURES, false);
    if (plan != NULL && !hg_fixture_secrets(f, plan, why, sizeof(why)))
        (void)hg_buf_printf(&out, "  %s\n", why);
    else if (plan != NULL)
        ok = hg_fixture_check(f, plan, &out);
    if (!ok) {
        printf("%s:%u: FAILED: %s\n", path, f->line, f->name);
        if (plan == NULL && d != NULL)
            say_errors(d);
        printf("%.*s", HG_FMT(hg_buf_data(&out)));
    }
    hg_buf_free(&out);
    hg_plan_unref(&plan);
    hg_diag_free(d);
    return ok;
}

static void run_all(struct totals *t, const char *path, const struct hg_fixtures *set)
{
    size_t failed = 0, n = hg_fixtures_count(set);

    for (size_t i = 0; i < n; i++)
        if (!run_one(t, path, hg_fixtures_get(set, i)))
            failed++;
    t->failed += failed;
    t->passed += n - failed;
    if (failed == 0)
        printf("%s: %zu passed\n", path, n);
}

static void run_file(struct totals *t, const char *path)
{
    struct hg_diag *d = hg_diag_new();
    size_t n = 0;
    char *text = d != NULL ? read_file(path, &n) : NULL;
    struct hg_fixtures *set = text != NULL ? hg_fixtures_read(hg_slice(text, n), path, d) : NULL;

    t->files++;
    if (set == NULL || hg_diag_errors(d) > 0) {
        t->bad = true;
        if (d != NULL)
            hg_diag_print(d, stderr);
    } else {
        run_all(t, path, set);
    }
    hg_fixtures_free(set);
    free(text);
    hg_diag_free(d);
}

static int is_fixtures(const struct dirent *e)
{
    size_t n = strlen(e->d_name), suffix = sizeof(SUFFIX) - 1;

    return e->d_name[0] != '.' && n > suffix && strcmp(e->d_name + n - suffix, SUFFIX) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void run_folder(struct totals *t, const char *path)
{
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, is_fixtures, by_name);
    size_t len = strlen(path);

    if (n <= 0) {
        fprintf(stderr, "%s: %s\n", path, n < 0 ? strerror(errno) : "the folder has no *" SUFFIX " file");
        t->bad = true;
    }
    for (int i = 0; i < n; i++) {
        char *name = NULL;

        if (asprintf(&name, "%s%s%s", path, path[len - 1] == '/' ? "" : "/", entry[i]->d_name) >= 0)
            run_file(t, name);
        else
            t->bad = true;
        free(name);
        free(entry[i]);
    }
    free(entry);
}

static void run_path(struct totals *t, const char *path)
{
    struct stat st;

    if (path[0] != '\0' && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        run_folder(t, path);
    else
        run_file(t, path);
}

int cmd_test(int argc, char **argv)
{
    struct arguments a;
    struct totals t = {.a = &a};
    int status = arguments_read(&a, "-f", argc, argv);

    if (status == 0 && a.words == 0) {
        fputs("hdrgate: no fixtures: say hdrgate test [-f CONFIG] FIXTURES; see \"hdrgate help\"\n", stderr);
        status = 2;
    }
    if (status == 0) {
        for (size_t i = 0; i < a.words; i++)
            run_path(&t, a.word[i]);
        printf("%zu fixtures in %zu files: %zu passed, %zu failed%s\n", t.passed + t.failed, t.files,
               t.passed, t.failed, t.bad ? "; not all files could be read" : "");
        status = t.failed > 0 || t.bad ? 1 : 0;
    }
    arguments_free(&a);
    return status;
}
