/* SPDX-License-Identifier: MIT
 *
 * Most patterns in a config are plain names or have one `*`. They are split at
 * the stars once; matching then places each piece as far left as it goes, which
 * needs no backtracking, so no subject can make it slow.
 */
#include <stdlib.h>

#include "base/check.h"
#include "glob.h"

struct hg_glob {
    unsigned flags;
    char *text;            /* without escapes and stars, as written */
    char *folded;          /* the same bytes as they are compared */
    struct hg_slice *part; /* into folded, never fewer than one; between two parts is a star */
    size_t parts;
};

static char fold(unsigned flags, char c)
{
    if (flags & HG_PATTERN_CASELESS)
        c = hg_lower(c);
    if ((flags & HG_PATTERN_ALIASES) && c == '_')
        c = '-';
    return c;
}

static bool is_escape(struct hg_slice text, size_t i)
{
    return text.p[i] == '\\' && i + 1 < text.n &&
           (text.p[i + 1] == '*' || text.p[i + 1] == '~' || text.p[i + 1] == '\\');
}

static size_t count_stars(struct hg_slice text)
{
    size_t stars = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (is_escape(text, i))
            i++;
        else if (text.p[i] == '*')
            stars++;
    }
    return stars;
}

static void split(struct hg_glob *g, struct hg_slice text)
{
    size_t n = 0, start = 0, part = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '*') {
            g->part[part++] = hg_slice(g->folded + start, n - start);
            start = n;
            continue;
        }
        if (is_escape(text, i))
            i++;
        g->text[n] = text.p[i];
        g->folded[n++] = fold(g->flags, text.p[i]);
    }
    g->text[n] = g->folded[n] = '\0';
    g->part[part++] = hg_slice(g->folded + start, n - start);
    HG_ASSERT(part == g->parts);
}

struct hg_glob *hg_glob_new(struct hg_slice text, unsigned flags)
{
    struct hg_glob *g = calloc(1, sizeof(*g));

    if (g == NULL)
        return NULL;
    g->flags = flags;
    g->parts = count_stars(text) + 1;
    g->text = malloc(text.n + 1);
    g->folded = malloc(text.n + 1);
    g->part = calloc(g->parts, sizeof(*g->part));
    if (g->text == NULL || g->folded == NULL || g->part == NULL) {
        hg_glob_free(g);
        return NULL;
    }
    split(g, text);
    return g;
}

void hg_glob_free(struct hg_glob *g)
{
    if (g == NULL)
        return;
    free(g->text);
    free(g->folded);
    free(g->part);
    free(g);
}

static bool equal_at(const struct hg_glob *g, struct hg_slice part, const char *subject)
{
    for (size_t i = 0; i < part.n; i++)
        if (fold(g->flags, subject[i]) != part.p[i])
            return false;
    return true;
}

/* Takes the first place of part off the front of *rest. */
static bool take_first(const struct hg_glob *g, struct hg_slice part, struct hg_slice *rest)
{
    for (size_t at = 0; at + part.n <= rest->n; at++) {
        if (part.n == 0 || equal_at(g, part, rest->p + at)) {
            *rest = hg_slice_from(*rest, at + part.n);
            return true;
        }
    }
    return false;
}

bool hg_glob_match(const struct hg_glob *g, struct hg_slice subject)
{
    struct hg_slice first, last, rest;

    HG_ASSERT(g->parts > 0);
    first = g->part[0];
    last = g->part[g->parts - 1];
    if (g->parts == 1)
        return subject.n == first.n && equal_at(g, first, subject.p);
    if (subject.n < first.n + last.n || !equal_at(g, first, subject.p) ||
        !equal_at(g, last, subject.n ? subject.p + (subject.n - last.n) : subject.p))
        return false;
    rest = subject.n ? hg_slice(subject.p + first.n, subject.n - first.n - last.n) : subject;
    for (size_t i = 1; i + 1 < g->parts; i++)
        if (!take_first(g, g->part[i], &rest))
            return false;
    return true;
}

bool hg_glob_is_exact(const struct hg_glob *g, struct hg_slice *text)
{
    if (g->parts != 1)
        return false;
    *text = hg_slice(g->text, g->part[0].n);
    return true;
}
