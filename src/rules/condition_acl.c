/* SPDX-License-Identifier: MIT
 *
 * Acls and the expressions that name them; and the condition as a whole: when,
 * if and unless.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "condition_parts.h"

void hg_expression_clear(struct hg_expression *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->v[i].name);
    free(e->v);
    free(e->text);
    memset(e, 0, sizeof(*e));
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word of the expression, .n 0 at its end. "!" and "||" are words of their own. */
static struct hg_slice next_word(struct hg_slice *rest)
{
    struct hg_slice word;
    size_t n = 0;

    while (rest->n > 0 && is_space(rest->p[0]))
        *rest = hg_slice_from(*rest, 1);
    if (hg_slice_starts(*rest, HG_LIT("!")))
        n = 1;
    else if (hg_slice_starts(*rest, HG_LIT("||")))
        n = 2;
    else
        while (n < rest->n && !is_space(rest->p[n]) && rest->p[n] != '!' && rest->p[n] != '|')
            n++;
    if (n == 0 && rest->n > 0)
        n = 1; /* a lone '|' */
    word = hg_slice(rest->p, n);
    *rest = hg_slice_from(*rest, n);
    return word;
}

/* What people write who know another language. */
static const char *advice(struct hg_slice word)
{
    if (hg_slice_eq(word, HG_LIT("or")) || hg_slice_eq(word, HG_LIT("|")))
        return " (or is written ||)";
    if (hg_slice_eq(word, HG_LIT("and")) || hg_slice_eq(word, HG_LIT("&&")))
        return " (and is a space)";
    if (hg_slice_eq(word, HG_LIT("not")))
        return " (not is written !)";
    if (word.n > 0 && (word.p[0] == '(' || word.p[0] == '{'))
        return " (brackets are not known here: declare an acl for what is in them)";
    return "";
}

static enum hg_append unknown(struct hg_slice word, const char *key, const struct hg_resolver *resolver,
                              struct hg_rule_note *note)
{
    const char *hint = advice(word), *nearest = NULL;
    char name[64];

    hg_text_printable(word, name, sizeof(name));
    if (hint[0] == '\0' && resolver->nearest != NULL)
        nearest = resolver->nearest(resolver->ctx, HG_DECLARED_ACL, word);
    return hg_condition_bad(note, key, "there is no acl \"%s\"%s%s%s%s", name, hint,
                            nearest ? " [did you mean " : "", nearest ? nearest : "", nearest ? "?]" : "");
}

static enum hg_append add_term(struct hg_expression *e, struct hg_slice word, struct hg_term term,
                               const char *key, const struct hg_resolver *resolver, struct hg_rule_note *note)
{
    struct hg_term *bigger;

    term.acl = resolver->acl != NULL ? resolver->acl(resolver->ctx, word) : NULL;
    if (term.acl == NULL)
        return unknown(word, key, resolver, note);
    HG_ASSERT(term.acl->acl);
    if (term.acl->unset != NULL) {
        snprintf(note->name, sizeof(note->name), "%s", term.acl->unset);
        return HG_APPEND_UNSET;
    }
    if (e->n >= HG_LIMIT_TERMS)
        return hg_condition_bad(note, key, "names more than %u acls", HG_LIMIT_TERMS);
    bigger = reallocarray(e->v, e->n + 1, sizeof(*bigger));
    if (bigger == NULL)
        return hg_condition_bad(note, key, "no memory");
    e->v = bigger;
    term.name = hg_slice_dup(word);
    e->v[e->n] = term;
    if (term.name == NULL)
        return hg_condition_bad(note, key, "no memory");
    e->n++;
    return HG_APPEND_OK;
}

enum hg_append hg_expression_read(struct hg_slice text, const char *key, const struct hg_resolver *resolver,
                                  struct hg_expression *out, struct hg_rule_note *note)
{
    struct hg_slice rest = text, word;
    bool negated = false, starts = true;
    enum hg_append r = HG_APPEND_OK;

    if (text.p == NULL)
        return HG_APPEND_OK;
    out->text = hg_slice_dup(text);
    if (out->text == NULL)
        return hg_condition_bad(note, key, "no memory");
    while (r == HG_APPEND_OK && (word = next_word(&rest)).n > 0) {
        if (hg_slice_eq(word, HG_LIT("!"))) {
            if (negated)
                return hg_condition_bad(note, key, "has two ! in a row");
            negated = true;
        } else if (hg_slice_eq(word, HG_LIT("||"))) {
            if (starts || negated)
                return hg_condition_bad(note, key, "has no acl before ||");
            starts = true;
        } else {
            r = add_term(out, word, (struct hg_term){.negated = negated, .starts = starts}, key, resolver,
                         note);
            negated = starts = false;
        }
    }
    if (r == HG_APPEND_OK && out->n == 0)
        return hg_condition_bad(note, key, "names no acl");
    if (r == HG_APPEND_OK && (negated || starts))
        return hg_condition_bad(note, key, "has no acl behind %s", negated ? "!" : "||");
    return r;
}

/* A pattern that must match whatever else holds: then what it captured is known. */
static void look_for_groups(struct hg_condition *c, const struct hg_parts *parts, unsigned *found)
{
    for (size_t i = 0; i < parts->n; i++) {
        const struct hg_part *p = &parts->v[i];
        unsigned groups = p->n == 1 && p->test[0].pattern != NULL ? hg_pattern_groups(p->test[0].pattern) : 0;

        if (groups == 0 || p->kind == HG_WHEN_ENV)
            continue;
        ++*found;
        c->capturing = p;
        c->groups = groups;
    }
}

static void find_capturing(struct hg_condition *c)
{
    unsigned found = 0;
    size_t alternatives = 0;

    if (c->n > 0)
        look_for_groups(c, &c->any[0], &found);
    for (size_t i = 0; i < c->if_.n; i++)
        alternatives += c->if_.v[i].starts;
    for (size_t i = 0; i < c->if_.n && alternatives == 1; i++) {
        const struct hg_term *t = &c->if_.v[i];

        if (!t->negated && t->acl->n == 1)
            look_for_groups(c, &t->acl->any[0], &found);
    }
    if (found == 1)
        return;
    c->capturing = NULL; /* which of them $1 means would be a guess */
    c->groups = 0;
}

static void collect_asks(struct hg_condition *c, const struct hg_expression *e)
{
    for (size_t i = 0; i < e->n; i++)
        c->asks |= e->v[i].acl->asks;
}

/* What is not known yet where the condition stands. */
static enum hg_append check_place(const struct hg_condition_spec *spec, const struct hg_condition *c,
                                  unsigned own, struct hg_rule_note *note)
{
    unsigned bit = HG_WHEN_BIT(HG_WHEN_STATUS);
    const char *where = "is known in response lists only";

    if (!(c->asks & bit) || spec->direction == HG_RESPONSE_RULES) {
        bit = HG_WHEN_BIT(HG_WHEN_SERVER_HOST);
        where = "is not known yet here (expected in a backend's lists or in response lists)";
        if (!(c->asks & bit) || !spec->no_server)
            return HG_APPEND_OK;
    }
    if (own & bit)
        return hg_condition_bad(note, bit == HG_WHEN_BIT(HG_WHEN_STATUS) ? "when.status" : "when.server-host",
                                "%s", where);
    return hg_condition_bad(note, c->if_.text != NULL ? "if" : "unless", "an acl looks at %s, which %s",
                            bit == HG_WHEN_BIT(HG_WHEN_STATUS) ? "status" : "server-host", where);
}

enum hg_append hg_condition_build(const struct hg_condition_spec *spec, const struct hg_resolver *resolver,
                                  struct hg_condition **out, struct hg_rule_note *note)
{
    struct hg_condition *c = calloc(1, sizeof(*c));
    enum hg_append r = HG_APPEND_OK;
    unsigned own;

    HG_ASSERT(spec->direction == HG_REQUEST_RULES || spec->direction == HG_RESPONSE_RULES);
    *out = NULL;
    if (c == NULL)
        return hg_condition_bad(note, "when", "no memory");
    if (spec->when != NULL)
        r = hg_condition_add(c, spec->when, resolver, note);
    own = c->asks;
    if (r == HG_APPEND_OK)
        r = hg_expression_read(spec->if_, "if", resolver, &c->if_, note);
    if (r == HG_APPEND_OK)
        r = hg_expression_read(spec->unless, "unless", resolver, &c->unless, note);
    collect_asks(c, &c->if_);
    collect_asks(c, &c->unless);
    if (r == HG_APPEND_OK)
        r = check_place(spec, c, own, note);
    if (r != HG_APPEND_OK || (c->n == 0 && c->if_.n == 0 && c->unless.n == 0)) {
        hg_condition_free(c);
        return r;
    }
    find_capturing(c);
    *out = c;
    return HG_APPEND_OK;
}

struct hg_condition *hg_acl_new(void)
{
    struct hg_condition *c = calloc(1, sizeof(*c));

    if (c != NULL)
        c->acl = true;
    return c;
}

enum hg_append hg_acl_add(struct hg_condition *acl, const struct hg_when *when,
                          const struct hg_resolver *resolver, struct hg_rule_note *note)
{
    enum hg_append r;

    HG_ASSERT(acl->acl);
    memset(note, 0, sizeof(*note));
    r = hg_condition_add(acl, when, resolver, note);
    if (r != HG_APPEND_UNSET || acl->unset != NULL)
        return r;
    acl->unset = strdup(note->name);
    return acl->unset != NULL ? r : hg_condition_bad(note, "when", "no memory");
}

unsigned hg_condition_asks(const struct hg_condition *c)
{
    return c != NULL ? c->asks : 0;
}

unsigned hg_condition_groups(const struct hg_condition *c)
{
    return c != NULL ? c->groups : 0;
}
