/* SPDX-License-Identifier: MIT
 *
 * Reads the command line of the tools.
 */
#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad(const char *what, const char *which)
{
    fprintf(stderr, "hdrgate: %s%s; see \"hdrgate help\"\n", what, which);
    return 2;
}

static bool is_allowed(const char *allowed, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = allowed; p != NULL && (p = strstr(p, name)) != NULL; p += n)
        if ((p == allowed || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

/* Keeps the value of an option that has one. */
static void keep(struct arguments *a, const char *name, const char *value)
{
    if (strcmp(name, "-f") == 0)
        a->file[a->files++] = value;
    else if (strcmp(name, "--env-file") == 0)
        a->env_file[a->env_files++] = value;
    else if (strcmp(name, "-H") == 0)
        a->header[a->headers++] = value;
    else if (strcmp(name, "--frontend") == 0)
        a->frontend = value;
    else
        a->from = value;
}

int arguments_read(struct arguments *a, const char *allowed, int argc, char **argv)
{
    memset(a, 0, sizeof(*a));
    a->file = calloc((size_t)argc, sizeof(*a->file));
    a->env_file = calloc((size_t)argc, sizeof(*a->env_file));
    a->header = calloc((size_t)argc, sizeof(*a->header));
    a->word = calloc((size_t)argc, sizeof(*a->word));
    if (a->file == NULL || a->env_file == NULL || a->header == NULL || a->word == NULL) {
        fputs("no memory\n", stderr);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];

        if (name[0] != '-')
            a->word[a->words++] = name;
        else if (!is_allowed(allowed, name))
            return bad("unknown option ", name);
        else if (strcmp(name, "--json") == 0)
            a->json = true;
        else if (strcmp(name, "--resolve") == 0)
            a->resolve = true;
        else if (i + 1 == argc)
            return bad("a value is missing behind ", name);
        else
            keep(a, name, argv[++i]);
    }
    return 0;
}

void arguments_free(struct arguments *a)
{
    free(a->file);
    free(a->env_file);
    free(a->header);
    free(a->word);
}
