/* SPDX-License-Identifier: MIT
 *
 * Prints how each file named is read: what is said about it, and its tree of
 * settings with lines and values; then the same for copies of it that were
 * changed at random, always the same ones. For comparing versions of libconfig.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model.h"
#include "config/schema.h"

#define MAX_TEXT (256u * 1024u)

static void print_text(const char *text)
{
    (void)putchar('"');
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\')
            (void)putchar(*text);
        else
            (void)printf("\\x%02x", (unsigned char)*text);
    }
    (void)putchar('"');
}

static void print_value(const struct hg_node *n)
{
    switch (n->type) {
    case HG_NODE_GROUP:
        (void)printf("{}");
        break;
    case HG_NODE_LIST:
        (void)printf("()");
        break;
    case HG_NODE_STRING:
        print_text(n->string);
        break;
    case HG_NODE_INT:
        (void)printf("%" PRId64, n->integer);
        break;
    case HG_NODE_BOOL:
        (void)printf("%s", n->boolean ? "true" : "false");
        break;
    case HG_NODE_FLOAT:
        (void)printf("%.17g", n->real);
        break;
    }
}

static void print_tree(const struct hg_node *n, int depth)
{
    (void)printf("%*s%s:%u %s = ", depth * 2, "", n->file != NULL ? n->file : "", n->line, n->name);
    print_value(n);
    (void)putchar('\n');
    for (size_t i = 0; i < n->children; i++)
        print_tree(n->child[i], depth + 1);
}

static int print_model(const char *title, struct hg_model *m, struct hg_diag *d)
{
    if (m == NULL || d == NULL) {
        (void)fputs("no memory\n", stderr);
        return 1;
    }
    (void)printf("== %s\n", title);
    hg_diag_print(d, stdout);
    print_tree(hg_model_root(m), 0);
    return 0;
}

static int print_file(const char *path)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = d != NULL ? hg_model_read(&path, 1, "rules", d) : NULL;
    int status = print_model(path, m, d);
    hg_model_free(m);
    hg_diag_free(d);
    return status;
}

/* The same numbers on every system. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* What versions of libconfig are likely to see differently. */
static const char *const snippets[] = {",",
                                       ";",
                                       "{",
                                       "}",
                                       "(",
                                       ")",
                                       "[",
                                       "]",
                                       "=",
                                       ":",
                                       "\"",
                                       "\\",
                                       "'",
                                       "\"a\"",
                                       "1",
                                       "1L",
                                       "0x1F",
                                       "0b1",
                                       "0o7",
                                       "08",
                                       "0777",
                                       "1.5",
                                       ".5",
                                       "1.",
                                       "1e5",
                                       ".",
                                       "-",
                                       "+5",
                                       "1-2",
                                       "true",
                                       "FALSE",
                                       "yes",
                                       "*x",
                                       "_a",
                                       "#",
                                       "//",
                                       "/*",
                                       "*/",
                                       "\r\n",
                                       "\f",
                                       "\v",
                                       "\xef\xbb\xbf",
                                       "@",
                                       "\"\\x41\"",
                                       "\"\\x4\"",
                                       "\"\\q\"",
                                       "\"\\x00z\"",
                                       "4294967296",
                                       "a = 1;",
                                       "a = ( 1,, 2 );",
                                       "a = [ 1, ];",
                                       "a = [ 1, \"x\" ];",
                                       "a = [ ( ) ];",
                                       "a = [ ];",
                                       ";;",
                                       "\x01",
                                       "\"a\" \"b\"",
                                       "@include \"x\"\n",
                                       "\n"};

/* One copy of text with a few places cut, doubled or filled. malloc'd. */
static char *mutate(const char *text, uint64_t *state)
{
    size_t n = strlen(text);
    char *out = NULL;
    FILE *f = open_memstream(&out, &(size_t){0});
    if (f == NULL)
        return NULL;
    for (uint64_t times = 1 + next_random(state) % 3, from = 0; times > 0; times--) {
        uint64_t at = from + next_random(state) % (n - from + 1), kind = next_random(state) % 4;
        (void)fwrite(text + from, 1, at - from, f);
        from = at;
        if (kind == 0 && at < n)
            from++;
        else if (kind == 1 && at < n)
            (void)fputc(text[at], f);
        else
            (void)fputs(snippets[next_random(state) % (sizeof(snippets) / sizeof(snippets[0]))], f);
        if (times == 1)
            (void)fwrite(text + from, 1, n - from, f);
    }
    return fclose(f) == 0 ? out : NULL;
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, MAX_TEXT + 1);
    if (f != NULL && text != NULL)
        (void)fread(text, 1, MAX_TEXT, f);
    if (f != NULL)
        (void)fclose(f);
    return text;
}

static int print_mutations(const char *path, long times)
{
    uint64_t state = 88172645463325252u;
    char *text = read_text(path);
    int status = text == NULL;
    for (long i = 0; i < times && status == 0; i++) {
        char title[300];
        char *changed = mutate(text, &state);
        struct hg_diag *d = hg_diag_new();
        struct hg_model *m = d != NULL && changed != NULL ? hg_model_read_string(changed, "m", d) : NULL;
        (void)snprintf(title, sizeof(title), "%s, changed %ld", path, i);
        status = print_model(title, m, d);
        hg_model_free(m);
        hg_diag_free(d);
        free(changed);
    }
    free(text);
    return status;
}

/* config-tree CHANGES FILE...: each file, and that many changed copies of it. */
int main(int argc, char **argv)
{
    long times = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    int status = argc < 3;
    for (int i = 2; i < argc && status == 0; i++) {
        status = print_file(argv[i]);
        if (status == 0)
            status = print_mutations(argv[i], times);
    }
    return fflush(stdout) == 0 ? status : 1;
}
