/* SPDX-License-Identifier: MIT
 *
 * Templates at build time: text to segments. No value ever enters a sentence,
 * only names.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "compile.h"

void hg_compile_bad(struct hg_compiler *c, size_t offset, const char *fmt, ...)
{
    va_list ap;

    if (c->result == HG_TEMPLATE_BAD)
        return; /* the first is the one to mend */
    c->result = HG_TEMPLATE_BAD;
    c->note->offset = offset;
    va_start(ap, fmt);
    vsnprintf(c->note->text, sizeof(c->note->text), fmt, ap);
    va_end(ap);
}

struct hg_segment *hg_compile_add(struct hg_compiler *c, struct hg_template *t, enum hg_segment_kind kind)
{
    struct hg_segment *s;

    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 4;
        struct hg_segment *bigger = reallocarray(t->v, cap, sizeof(*bigger));

        if (bigger == NULL) {
            hg_compile_bad(c, 0, "no memory");
            return NULL;
        }
        t->v = bigger;
        t->cap = cap;
    }
    s = &t->v[t->n++];
    memset(s, 0, sizeof(*s));
    s->kind = kind;
    return s;
}

/* Neighbouring literals become one, so that a static template has one segment. */
void hg_compile_literal(struct hg_compiler *c, struct hg_template *t, struct hg_slice text)
{
    struct hg_segment *s;
    char *bigger;

    if (text.n == 0)
        return;
    s = t->n > 0 && t->v[t->n - 1].kind == HG_SEGMENT_LITERAL ? &t->v[t->n - 1]
                                                              : hg_compile_add(c, t, HG_SEGMENT_LITERAL);
    if (s == NULL)
        return;
    bigger = malloc(s->n + text.n);
    if (bigger == NULL) {
        hg_compile_bad(c, 0, "no memory");
        return;
    }
    if (s->n > 0) {
        memcpy(bigger, s->text, s->n);
        explicit_bzero(s->text, s->n); /* it may be part of a secret: realloc would leave it behind */
    }
    free(s->text);
    memcpy(bigger + s->n, text.p, text.n);
    s->text = bigger;
    s->n += text.n;
}

/* $1 in the value of a choice: text of a variable. */
static void known_capture(struct hg_compiler *c, struct hg_template *t, char digit, size_t at)
{
    size_t i = (size_t)(digit - '0');

    if (c->captured->n == 0) {
        hg_compile_bad(c, at,
                       "$%c cannot be used here: no pattern of this entry captures (a regex begins with ~)",
                       digit);
    } else if (i == 0) {
        hg_compile_bad(c, at, "captures are $1 to $9");
    } else if (i >= c->captured->n) {
        hg_compile_bad(c, at, "$%c is used, but the regex captures only %zu group%s", digit,
                       c->captured->n - 1, c->captured->n == 2 ? "" : "s");
    } else if (!hg_compile_clean(c->captured->group[i])) {
        hg_compile_bad(c, at, "what $%c stands for has a line break or NUL inside", digit);
    } else {
        t->env = true;
        hg_compile_literal(c, t, c->captured->group[i]);
    }
}

static void capture(struct hg_compiler *c, struct hg_template *t, char digit, size_t at)
{
    struct hg_segment *s;

    if (c->captured != NULL) {
        known_capture(c, t, digit, at);
        return;
    }
    if (!(c->allow & HG_TEMPLATE_CAPTURES)) {
        hg_compile_bad(
            c, at, "$%c cannot be used here: no regex captures for it (write $$ for the character)", digit);
    } else if (digit == '0') {
        hg_compile_bad(c, at, "captures are $1 to $9");
    } else {
        s = hg_compile_add(c, t, HG_SEGMENT_CAPTURE);
        if (s != NULL)
            s->capture = (unsigned)(digit - '0');
    }
}

static void header_variable(struct hg_compiler *c, struct hg_template *t, enum hg_segment_kind kind,
                            struct hg_slice name, size_t at)
{
    struct hg_segment *s;

    if (!hg_header_name_ok(name)) {
        hg_compile_bad(c, at, "%%{%s:NAME} needs the name of a header",
                       kind == HG_SEGMENT_HEADER ? "header" : "client-header");
        return;
    }
    s = hg_compile_add(c, t, kind);
    if (s == NULL)
        return;
    t->credential |= (hg_field_flags(hg_field_id(name)) & HG_FIELD_C) != 0;
    s->text = hg_slice_dup(name);
    s->n = name.n;
    if (s->text == NULL)
        hg_compile_bad(c, at, "no memory");
}

static void named_variable(struct hg_compiler *c, struct hg_template *t, struct hg_slice name, size_t at)
{
    static const char *const names[] = {
#define X(id, text) text,
        HG_TEMPLATE_VARIABLES(X)
#undef X
            "header:NAME",
        "client-header:NAME"};
    const char *nearest;
    char word[64];

    for (size_t i = 0; i + 2 < sizeof(names) / sizeof(*names); i++) {
        if (!hg_slice_eq(name, hg_slice_str(names[i])))
            continue;
        if (i == HG_SEGMENT_HEADERS && !(c->allow & HG_TEMPLATE_HEADERS)) {
            hg_compile_bad(c, at, "%%{headers} can only be used in the body of a respond action");
            return;
        }
        if ((i == HG_SEGMENT_ERROR_TYPE || i == HG_SEGMENT_ERROR_MESSAGE) &&
            !(c->allow & HG_TEMPLATE_ERRORS)) {
            hg_compile_bad(c, at, "%%{%s} can only be used in errors", names[i]);
            return;
        }
        if (i >= HG_SEGMENT_LIMIT && i <= HG_SEGMENT_RETRY_AFTER && !(c->allow & HG_TEMPLATE_LIMITS)) {
            hg_compile_bad(c, at, "%%{%s} can only be used in the answer of a rate-limit", names[i]);
            return;
        }
        if (i >= HG_SEGMENT_GUARD_NAME && i <= HG_SEGMENT_GUARD_MESSAGE && !(c->allow & HG_TEMPLATE_GUARDS)) {
            hg_compile_bad(c, at, "%%{%s} can only be used in the answer of a guard", names[i]);
            return;
        }
        t->echo |= i == HG_SEGMENT_HEADERS;
        t->path |= i == HG_SEGMENT_PATH;
        (void)hg_compile_add(c, t, (enum hg_segment_kind)i);
        return;
    }
    hg_text_printable(name, word, sizeof(word));
    nearest = hg_text_nearest(name, names, sizeof(names) / sizeof(*names));
    hg_compile_bad(c, at, "%%{%s} is not known%s%s%s", word, nearest ? ", did you mean %{" : "",
                   nearest ? nearest : "", nearest ? "}?" : "");
}

/* At a "%{"; returns its length. */
static size_t percent_brace(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t at)
{
    ptrdiff_t end = hg_slice_find(text, '}');
    struct hg_slice name;

    if (end < 0) {
        hg_compile_bad(c, at, "%%{ is not closed by }");
        return text.n;
    }
    name = hg_slice(text.p + 2, (size_t)end - 2);
    if (!(c->allow & HG_TEMPLATE_VARS))
        hg_compile_bad(c, at, "%%{...} cannot be used here: its value comes with a request");
    else if (hg_slice_starts(name, HG_LIT("header:")))
        header_variable(c, t, HG_SEGMENT_HEADER, hg_slice_from(name, 7), at);
    else if (hg_slice_starts(name, HG_LIT("client-header:")))
        header_variable(c, t, HG_SEGMENT_CLIENT_HEADER, hg_slice_from(name, 14), at);
    else
        named_variable(c, t, name, at);
    return (size_t)end + 1;
}

void hg_compile_text(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t base)
{
    size_t i = 0;

    while (i < text.n && c->result != HG_TEMPLATE_BAD) {
        struct hg_slice rest = hg_slice_from(text, i);
        char ch = rest.p[0], next = rest.n > 1 ? rest.p[1] : '\0';

        if (ch == '$' && next == '<') {
            i += hg_compile_reference(c, t, rest, base + i);
        } else if (ch == '$' && next >= '0' && next <= '9') {
            capture(c, t, next, base + i);
            i += 2;
        } else if (ch == '%' && next == '{') {
            i += percent_brace(c, t, rest, base + i);
        } else {
            size_t run = 1;

            while (ch != '$' && ch != '%' && run < rest.n && rest.p[run] != '$' && rest.p[run] != '%')
                run++;
            hg_compile_literal(c, t, hg_slice(rest.p, run));
            i += (ch == '$' || ch == '%') && next == ch ? 2 : run;
        }
    }
}

enum hg_template_result hg_template_compile(struct hg_slice text, unsigned allow,
                                            const struct hg_resolver *resolver, struct hg_template **out,
                                            struct hg_template_note *note)
{
    struct hg_compiler c = {.resolver = resolver, .note = note, .allow = allow, .result = HG_TEMPLATE_OK};
    struct hg_template *t = hg_template_new();

    HG_ASSERT(resolver != NULL && note != NULL && out != NULL);
    memset(note, 0, sizeof(*note));
    *out = NULL;
    if (t == NULL)
        hg_compile_bad(&c, 0, "no memory");
    else
        hg_compile_text(&c, t, text, 0);
    if (c.result == HG_TEMPLATE_OK)
        *out = t;
    else
        hg_template_free(t);
    return c.result;
}
