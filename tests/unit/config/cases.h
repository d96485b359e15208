/* SPDX-License-Identifier: MIT
 *
 * Broken configs as data: each x.cfg of a folder stands beside x.expect, which
 * holds exactly the lines that are to be printed. Lines "# env: NAME=value" of
 * the config give it its environment.
 */
#ifndef HG_TESTS_CONFIG_CASES_H
#define HG_TESTS_CONFIG_CASES_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/diag.h"
#include "config/model.h"
#include "support/unit.h"

/* The whole file, NUL-terminated, or NULL. */
static inline char *case_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t n = 0;
    FILE *out = f != NULL ? open_memstream(&text, &n) : NULL;
    for (int c; out != NULL && (c = fgetc(f)) != EOF;)
        (void)fputc(c, out);
    if (out != NULL)
        (void)fclose(out);
    if (f != NULL)
        (void)fclose(f);
    return text;
}

static inline char *case_print(const struct hg_diag *d)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (out == NULL)
        return NULL;
    hg_diag_print(d, out);
    (void)fclose(out);
    return text;
}

/* Into the folder that the test's source file stands in, so that names in diagnostics are short. The caller
 * gives what it returns to case_leave. */
static inline int case_enter(const char *source, const char *below)
{
    char path[1024];
    const char *slash = strrchr(source, '/');
    int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)snprintf(path, sizeof(path), "%.*s/%s", slash != NULL ? (int)(slash - source) : 1,
                   slash != NULL ? source : ".", below);
    if (back >= 0 && chdir(path) == 0)
        return back;
    if (back >= 0)
        (void)close(back);
    return -1;
}

static inline void case_leave(int back)
{
    HG_CHECK(fchdir(back) == 0);
    (void)close(back);
}

/* check fills d from the file. */
static inline void case_run(const char *name, void (*check)(const char *path, struct hg_diag *d))
{
    char expect[300];
    (void)snprintf(expect, sizeof(expect), "%.*s.expect", (int)(strlen(name) - 4), name);
    struct hg_diag *d = hg_diag_new();
    char *wanted = case_read(expect);
    hg_unit_row(name);
    HG_CHECK(wanted != NULL);
    check(name, d);
    char *got = case_print(d);
    HG_CHECK_STR(got, wanted != NULL ? wanted : "");
    hg_diag_free(d);
    free(got);
    free(wanted);
}

/* All of the working folder; returns how many. */
static inline size_t case_run_all(void (*check)(const char *path, struct hg_diag *d))
{
    struct dirent **entry = NULL;
    int n = scandir(".", &entry, NULL, alphasort);
    size_t cases = 0;
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entry[i]->d_name);
        if (len > 4 && strcmp(entry[i]->d_name + len - 4, ".cfg") == 0) {
            case_run(entry[i]->d_name, check);
            cases++;
        }
        free(entry[i]);
    }
    free(entry);
    return cases;
}

#endif
