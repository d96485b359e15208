/* SPDX-License-Identifier: MIT
 *
 * Problems come up in the order in which the code meets them; people want them
 * in the order of their files. So each line is put in its place when it is
 * added, once, and the list never needs sorting again.
 */
#include "config/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

#define NO_FILE SIZE_MAX /* sorts behind all files */

struct entry {
    char *text;
    size_t file;
    unsigned line;
    enum hg_severity severity;
};

struct hg_diag {
    char **file;
    size_t files;
    struct entry *entry;
    size_t entries;
    size_t errors, warnings;
    size_t left_out; /* above HG_LIMIT_DIAGNOSTICS, or without memory */
    char left_out_text[64];
};

struct hg_diag *hg_diag_new(void)
{
    return calloc(1, sizeof(struct hg_diag));
}

void hg_diag_free(struct hg_diag *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->entries; i++)
        free(d->entry[i].text);
    for (size_t i = 0; i < d->files; i++)
        free(d->file[i]);
    free(d->entry);
    free(d->file);
    free(d);
}

static size_t file_index(struct hg_diag *d, const char *file)
{
    if (file == NULL)
        return NO_FILE;
    for (size_t i = 0; i < d->files; i++) {
        if (strcmp(d->file[i], file) == 0)
            return i;
    }
    char **grown = realloc(d->file, (d->files + 1) * sizeof(*grown));
    if (grown == NULL)
        return NO_FILE;
    d->file = grown;
    d->file[d->files] = strdup(file);
    if (d->file[d->files] == NULL)
        return NO_FILE;
    return d->files++;
}

void hg_diag_file(struct hg_diag *d, const char *file)
{
    HG_ASSERT(d != NULL && file != NULL);
    (void)file_index(d, file);
}

static void count(struct hg_diag *d, enum hg_severity severity)
{
    if (severity == HG_SEVERITY_ERROR)
        d->errors++;
    else
        d->warnings++;
}

static void leave_out(struct hg_diag *d, enum hg_severity severity)
{
    count(d, severity);
    d->left_out++;
    (void)snprintf(d->left_out_text, sizeof(d->left_out_text), "%zu more left out", d->left_out);
}

/* The whole line as it is printed; NULL without memory. */
static char *compose(enum hg_severity severity, const char *file, unsigned line, const char *at,
                     const char *text)
{
    char place[32] = "";
    if (file != NULL && line > 0)
        (void)snprintf(place, sizeof(place), ":%u", line);
    char *out = NULL;
    int n = asprintf(&out, "%s%s%s%s%s%s%s", file != NULL ? file : "", place, file != NULL ? ": " : "",
                     at != NULL ? at : "", at != NULL && at[0] != '\0' ? ": " : "",
                     severity == HG_SEVERITY_WARNING ? "warning: " : "", text);
    return n < 0 ? NULL : out;
}

/* Where the entry belongs; false when the same line is there already. */
static bool find_place(const struct hg_diag *d, const struct entry *e, size_t *place)
{
    size_t at = d->entries;
    while (at > 0) {
        const struct entry *before = &d->entry[at - 1];
        if (before->file < e->file || (before->file == e->file && before->line < e->line))
            break;
        if (before->file == e->file && before->line == e->line) {
            for (size_t i = at; i > 0 && d->entry[i - 1].file == e->file && d->entry[i - 1].line == e->line;
                 i--) {
                if (strcmp(d->entry[i - 1].text, e->text) == 0)
                    return false;
            }
            break;
        }
        at--;
    }
    *place = at;
    return true;
}

static bool insert(struct hg_diag *d, const struct entry *e, size_t place)
{
    HG_ASSERT(place <= d->entries);
    struct entry *grown = realloc(d->entry, (d->entries + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    d->entry = grown;
    memmove(&grown[place + 1], &grown[place], (d->entries - place) * sizeof(*grown));
    grown[place] = *e;
    d->entries++;
    return true;
}

void hg_diag_add(struct hg_diag *d, enum hg_severity severity, const char *file, unsigned line,
                 const char *at, const char *fmt, ...)
{
    HG_ASSERT(d != NULL && fmt != NULL);
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) {
        leave_out(d, severity);
        return;
    }
    struct entry e = {.text = compose(severity, file, line, at, text),
                      .file = file_index(d, file),
                      .line = line,
                      .severity = severity};
    free(text);
    size_t place = 0;
    if (e.text == NULL) {
        leave_out(d, severity);
        return;
    }
    if (!find_place(d, &e, &place)) {
        free(e.text);
        return;
    }
    if (d->entries >= HG_LIMIT_DIAGNOSTICS || !insert(d, &e, place)) {
        free(e.text);
        leave_out(d, severity);
        return;
    }
    count(d, severity);
}

size_t hg_diag_errors(const struct hg_diag *d)
{
    return d->errors;
}

size_t hg_diag_warnings(const struct hg_diag *d)
{
    return d->warnings;
}

const char *hg_diag_line(const struct hg_diag *d, size_t i, enum hg_severity *severity)
{
    HG_ASSERT(d != NULL);
    enum hg_severity seen = HG_SEVERITY_ERROR;
    const char *text = NULL;
    if (i < d->entries) {
        text = d->entry[i].text;
        seen = d->entry[i].severity;
    } else if (i == d->entries && d->left_out > 0) {
        text = d->left_out_text;
    }
    if (severity != NULL)
        *severity = seen;
    return text;
}

void hg_diag_print(const struct hg_diag *d, FILE *out)
{
    const char *line;
    for (size_t i = 0; (line = hg_diag_line(d, i, NULL)) != NULL; i++)
        (void)fprintf(out, "%s\n", line);
}
