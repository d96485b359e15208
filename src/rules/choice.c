/* SPDX-License-Identifier: MIT
 *
 * choose: asking the environment, with the reasons in words. Names of variables
 * and patterns are shown, values never: some are credentials.
 */
#include "rules/choice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"
#include "compile.h"

struct asking {
    const struct hg_resolver *resolver;
    struct hg_scratch *scratch;
    struct hg_choice_asked *out;
    struct hg_rule_note *note;
    size_t n;       /* of the text in out->why */
    bool capturing; /* a pattern with groups was seen */
};

__attribute__((format(printf, 2, 3))) static void say(struct asking *a, const char *fmt, ...)
{
    size_t cap = sizeof(a->out->why);
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(a->out->why + a->n, cap - a->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        a->n = a->n + (size_t)n < cap ? a->n + (size_t)n : cap - 1;
}

__attribute__((format(printf, 2, 3))) static enum hg_append bad(struct hg_rule_note *note, const char *fmt,
                                                                ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(note->text, sizeof(note->text), fmt, ap);
    va_end(ap);
    return HG_APPEND_BAD;
}

/* One part: a variable and the patterns of which one must match. */
struct variable {
    char *name;
    struct hg_slice value; /* .n 0: unset */
    bool holds;
    char tried[200]; /* the patterns, in words */
    size_t n;
};

static void note_pattern(struct variable *v, const struct hg_pattern *p)
{
    char text[100];
    int n;

    hg_text_printable(hg_slice_str(hg_pattern_text(p)), text, sizeof(text));
    n = snprintf(v->tried + v->n, sizeof(v->tried) - v->n, "%s\"%s\"", v->n > 0 ? " or " : "", text);
    v->n = n > 0 && v->n + (size_t)n < sizeof(v->tried) ? v->n + (size_t)n : v->n;
    v->tried[v->n] = '\0';
}

/* People who know other languages leave the ~ out, and an exact text would silently never match. */
static bool looks_like_regex(struct hg_slice text)
{
    return (text.n > 1 && text.p[0] == '^') || hg_slice_eq(text, HG_LIT(".")) ||
           hg_slice_eq(text, HG_LIT(".+")) || hg_slice_eq(text, HG_LIT(".*"));
}

static enum hg_append ask_pattern(struct asking *a, struct variable *v, const struct hg_pattern *p)
{
    struct hg_captures captures = {.n = 0};
    struct hg_slice exact;
    enum hg_match m = HG_MATCH_NO;
    unsigned groups = hg_pattern_groups(p);

    if (groups > 0 && a->capturing)
        return bad(a->note, "more than one pattern captures (write (?:...) for groups that need not)");
    a->capturing = a->capturing || groups > 0;
    note_pattern(v, p);
    if (v->value.n > 0)
        m = hg_pattern_match(p, a->scratch, v->value, &captures);
    else if (hg_pattern_is_exact(p, &exact) && exact.n == 0)
        m = HG_MATCH_YES;
    if (m == HG_MATCH_ERROR)
        return bad(a->note, "a pattern reached its match limit");
    if (groups > 0) {
        /* Those that took no part are empty. */
        a->out->captures = captures;
        a->out->captures.n = groups + 1 < HG_CAPTURES ? groups + 1 : HG_CAPTURES;
        for (size_t i = m == HG_MATCH_YES ? captures.n : 0; i < HG_CAPTURES; i++)
            a->out->captures.group[i] = HG_LIT("");
    }
    v->holds = v->holds || m == HG_MATCH_YES;
    return HG_APPEND_OK;
}

static enum hg_append ask_patterns(struct asking *a, struct variable *v, const struct hg_when_part *part)
{
    size_t kept = 0;

    for (size_t i = 0; i < part->n; i++) {
        struct hg_pattern *p = NULL;
        enum hg_append r;

        if (looks_like_regex(part->any[i]))
            return bad(a->note, "a regex begins with ~ (without it a pattern is exact, or a glob with *)");
        r = hg_build_pattern(part->any[i], 0, NULL, a->resolver, &p, a->note);
        if (r == HG_APPEND_VANISHED)
            continue;
        if (r == HG_APPEND_OK)
            r = ask_pattern(a, v, p);
        hg_pattern_free(p);
        if (r != HG_APPEND_OK)
            return r;
        kept++;
    }
    return kept > 0 ? HG_APPEND_OK : HG_APPEND_VANISHED;
}

static void say_part(struct asking *a, const struct variable *v)
{
    char name[64];

    hg_text_printable(hg_slice_str(v->name), name, sizeof(name));
    if (a->out->holds && !v->holds) {
        /* What held so far is no longer of interest. */
        a->n = 0;
        a->out->holds = false;
    } else if (!a->out->holds) {
        return;
    }
    if (a->n > 0)
        say(a, " and ");
    if (v->value.n == 0)
        say(a, "%s is not set", name);
    else
        say(a, "%s %s %s", name, v->holds ? "matches" : "does not match", v->tried);
}

static enum hg_append ask_part(struct asking *a, const struct hg_when_part *part)
{
    struct hg_template_note text = {0};
    struct variable v = {.holds = false};
    enum hg_append r;
    size_t n;

    HG_ASSERT(part->kind == HG_WHEN_ENV);
    switch (hg_template_string(part->name, a->resolver, &v.name, &n, &text)) {
    case HG_TEMPLATE_OK:
        break;
    case HG_TEMPLATE_VANISH:
        return HG_APPEND_VANISHED;
    case HG_TEMPLATE_UNSET:
        snprintf(a->note->name, sizeof(a->note->name), "%s", text.name);
        return HG_APPEND_UNSET;
    case HG_TEMPLATE_BAD:
        a->note->said = text.said;
        return bad(a->note, "%s", text.text);
    }
    if (a->resolver->env == NULL || !a->resolver->env(a->resolver->ctx, hg_slice(v.name, n), &v.value))
        v.value = hg_slice(NULL, 0);
    r = n > 0 ? ask_patterns(a, &v, part) : bad(a->note, "the name of a variable is empty");
    if (r == HG_APPEND_OK)
        say_part(a, &v);
    free(v.name);
    return r;
}

enum hg_append hg_choice_ask(const struct hg_when *when, const struct hg_resolver *resolver,
                             struct hg_choice_asked *out, struct hg_rule_note *note)
{
    struct asking a = {.resolver = resolver, .out = out, .note = note};
    enum hg_append r = HG_APPEND_OK;

    memset(out, 0, sizeof(*out));
    memset(note, 0, sizeof(*note));
    out->holds = true;
    if (when == NULL) {
        say(&a, "it has no condition");
        return HG_APPEND_OK;
    }
    a.scratch = hg_scratch_new();
    if (a.scratch == NULL)
        return bad(note, "no memory");
    /* All are asked, so that a mistake does not hide behind a pattern that does not match. */
    for (size_t i = 0; i < when->parts && r == HG_APPEND_OK; i++)
        r = ask_part(&a, &when->part[i]);
    hg_scratch_free(a.scratch);
    return r;
}

enum hg_template_result hg_choice_try(const struct hg_choice_entry *entry, const struct hg_resolver *resolver,
                                      struct hg_template_note *note)
{
    struct hg_compiler c = {.resolver = resolver,
                            .note = note,
                            .allow = HG_TEMPLATE_VARS | HG_TEMPLATE_SECRETS,
                            .captured = &entry->captures};
    struct hg_template *t = hg_template_new();

    memset(note, 0, sizeof(*note));
    if (t == NULL)
        hg_compile_bad(&c, 0, "no memory");
    else
        hg_compile_text(&c, t, entry->value, 0);
    hg_template_free(t);
    return c.result;
}

const char *hg_choice_shown(const struct hg_choice *c)
{
    if (c->value != NULL)
        return c->value;
    return c->hidden || c->won == c->entries || !c->dynamic ? "" : c->entry[c->won].value.p;
}
