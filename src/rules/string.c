/* SPDX-License-Identifier: MIT
 *
 * $<...> in texts that are not templates: names, which must be known when the
 * plan is built, and patterns, where a value may only match itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "compile.h"

enum hg_template_result hg_template_string(struct hg_slice text, const struct hg_resolver *resolver,
                                           char **out, size_t *n, struct hg_template_note *note)
{
    struct hg_template *t;
    enum hg_template_result r = hg_template_compile(text, 0, resolver, &t, note);
    struct hg_slice plain;

    *out = NULL;
    if (r != HG_TEMPLATE_OK)
        return r;
    plain = hg_template_static(t);
    HG_ASSERT(plain.p != NULL);
    *out = hg_slice_dup(plain);
    *n = plain.n;
    hg_template_free(t);
    if (*out != NULL)
        return HG_TEMPLATE_OK;
    snprintf(note->text, sizeof(note->text), "no memory");
    return HG_TEMPLATE_BAD;
}

struct text {
    char *p;
    size_t n;
};

static bool append(struct text *t, struct hg_slice s)
{
    char *bigger = realloc(t->p, t->n + s.n + 1);

    if (bigger == NULL)
        return false;
    t->p = bigger;
    if (s.n > 0)
        memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
    t->p[t->n] = '\0';
    return true;
}

/* Appends the quoted value of the $<...> that `piece` is. */
static enum hg_template_result append_quoted(struct text *t, struct hg_slice piece, bool regex,
                                             const struct hg_resolver *resolver,
                                             struct hg_template_note *note)
{
    enum hg_template_result r;
    char *value, *quoted;
    size_t n;

    r = hg_template_string(piece, resolver, &value, &n, note);
    if (r != HG_TEMPLATE_OK)
        return r;
    quoted = hg_pattern_quote(hg_slice(value, n), regex);
    if (quoted == NULL || !append(t, hg_slice_str(quoted))) {
        snprintf(note->text, sizeof(note->text), "no memory");
        r = HG_TEMPLATE_BAD;
    }
    free(value);
    free(quoted);
    return r;
}

enum hg_template_result hg_template_pattern(struct hg_slice text, const struct hg_resolver *resolver,
                                            char **out, size_t *n, struct hg_template_note *note)
{
    bool regex = text.n > 0 && text.p[0] == '~';
    enum hg_template_result r = HG_TEMPLATE_OK;
    struct text built = {0};
    size_t i = 0;

    memset(note, 0, sizeof(*note));
    *out = NULL;
    *n = 0;
    if (!append(&built, hg_slice(NULL, 0)))
        goto memory;
    while (i < text.n && r == HG_TEMPLATE_OK) {
        struct hg_slice rest = hg_slice_from(text, i);
        bool found = hg_slice_starts(rest, HG_LIT("$<"));
        ptrdiff_t inner = found ? hg_compile_inner(rest) : 0;
        size_t length = !found ? 1 : inner < 0 ? rest.n : (size_t)inner + 3;

        if (found)
            r = append_quoted(&built, hg_slice(rest.p, length), regex, resolver, note);
        else if (!append(&built, hg_slice(rest.p, 1)))
            goto memory;
        if (r != HG_TEMPLATE_OK)
            note->offset += i;
        i += length;
    }
    if (r == HG_TEMPLATE_OK) {
        *out = built.p;
        *n = built.n;
    } else {
        free(built.p);
    }
    return r;
memory:
    free(built.p);
    snprintf(note->text, sizeof(note->text), "no memory");
    return HG_TEMPLATE_BAD;
}
