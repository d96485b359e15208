/* SPDX-License-Identifier: MIT
 *
 * Conditions of actions: every part that is given must hold. A part that could
 * not be evaluated is neither yes nor no, and the request fails.
 */
#include <stdio.h>
#include <stdlib.h>

#include "action.h"
#include "base/check.h"
#include "http/target.h"
#include "segment.h"

enum part_kind { PART_METHOD, PART_PATH, PART_HOST, PART_HEADER, PART_QUERY };

struct part {
    enum part_kind kind;
    char *name; /* HEADER and QUERY */
    size_t name_n;
    struct hg_pattern *pattern;
};

struct hg_condition {
    struct part *v;
    size_t n;
    unsigned groups;
    size_t capturing; /* index of the part whose regex captures; n: none or more than one */
};

void hg_condition_free(struct hg_condition *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].name);
        hg_pattern_free(c->v[i].pattern);
    }
    free(c->v);
    free(c);
}

static enum hg_append add_part(struct hg_condition *c, enum part_kind kind, struct hg_slice text,
                               unsigned flags, const char *what, const struct hg_resolver *resolver,
                               struct hg_rule_note *note)
{
    if (text.p == NULL)
        return HG_APPEND_OK;
    c->v[c->n++].kind = kind;
    return hg_build_pattern(text, flags, what, resolver, &c->v[c->n - 1].pattern, note);
}

static enum hg_append bad_name(struct hg_rule_note *note, const char *what)
{
    snprintf(note->text, sizeof(note->text), "%s: the name is empty or has a character that is not allowed",
             what);
    return HG_APPEND_BAD;
}

static enum hg_append add_pair(struct hg_condition *c, enum part_kind kind, const struct hg_pair *pair,
                               const char *what, const struct hg_resolver *resolver,
                               struct hg_rule_note *note)
{
    struct hg_template_note text = {0};
    struct part *part;
    enum hg_append r;

    r = add_part(c, kind, pair->value.p != NULL ? pair->value : HG_LIT(""), 0, what, resolver, note);
    if (r != HG_APPEND_OK)
        return r;
    part = &c->v[c->n - 1];
    switch (hg_template_string(pair->name, resolver, &part->name, &part->name_n, &text)) {
    case HG_TEMPLATE_OK:
        break;
    case HG_TEMPLATE_UNSET:
        snprintf(note->name, sizeof(note->name), "%s", text.name);
        return HG_APPEND_UNSET;
    case HG_TEMPLATE_VANISH:
        return HG_APPEND_VANISHED;
    case HG_TEMPLATE_BAD:
        snprintf(note->text, sizeof(note->text), "%s: %s", what, text.text);
        note->offset = text.offset;
        return HG_APPEND_BAD;
    }
    if (part->name_n == 0 || (kind == PART_HEADER && !hg_header_name_ok(hg_slice(part->name, part->name_n))))
        return bad_name(note, what);
    return HG_APPEND_OK;
}

static void find_capturing(struct hg_condition *c)
{
    c->capturing = c->n;
    for (size_t i = 0; i < c->n; i++) {
        unsigned groups = hg_pattern_groups(c->v[i].pattern);

        if (groups == 0)
            continue;
        if (c->groups != 0) { /* which of them $1 means would be a guess */
            c->capturing = c->n;
            c->groups = 0;
            return;
        }
        c->capturing = i;
        c->groups = groups;
    }
}

enum hg_append hg_condition_build(const struct hg_when *when, const struct hg_resolver *resolver,
                                  struct hg_condition **out, struct hg_rule_note *note)
{
    struct hg_condition *c;
    enum hg_append r;

    *out = NULL;
    if (when == NULL || (when->method.p == NULL && when->path.p == NULL && when->host.p == NULL &&
                         when->headers == 0 && when->queries == 0))
        return HG_APPEND_OK;
    c = calloc(1, sizeof(*c));
    if (c != NULL)
        c->v = calloc(3 + when->headers + when->queries, sizeof(*c->v));
    if (c == NULL || c->v == NULL) {
        free(c);
        snprintf(note->text, sizeof(note->text), "no memory");
        return HG_APPEND_BAD;
    }
    r = add_part(c, PART_METHOD, when->method, 0, "when.method", resolver, note);
    if (r == HG_APPEND_OK)
        r = add_part(c, PART_PATH, when->path, 0, "when.path", resolver, note);
    if (r == HG_APPEND_OK)
        r = add_part(c, PART_HOST, when->host, HG_PATTERN_CASELESS, "when.host", resolver, note);
    for (size_t i = 0; i < when->headers && r == HG_APPEND_OK; i++)
        r = add_pair(c, PART_HEADER, &when->header[i], "when.header", resolver, note);
    for (size_t i = 0; i < when->queries && r == HG_APPEND_OK; i++)
        r = add_pair(c, PART_QUERY, &when->query[i], "when.query", resolver, note);
    if (r != HG_APPEND_OK) {
        hg_condition_free(c);
        return r;
    }
    find_capturing(c);
    *out = c;
    return HG_APPEND_OK;
}

unsigned hg_condition_groups(const struct hg_condition *c)
{
    return c != NULL ? c->groups : 0;
}

/* One evaluation. */
struct look {
    const struct hg_rules_run *run;
    struct hg_captures *captures; /* NULL: this part does not capture */
    enum hg_rule_fail fail;
};

static enum hg_match ask(struct look *l, const struct part *part, struct hg_slice subject)
{
    enum hg_match m = hg_pattern_match(part->pattern, l->run->scratch, subject, l->captures);

    if (m == HG_MATCH_ERROR)
        l->fail = HG_RULE_FAIL_PATTERN;
    return m;
}

static enum hg_match ask_headers(struct look *l, const struct part *part)
{
    const struct hg_headers *h = &l->run->request->headers;

    for (size_t i = 0; i < h->n; i++) {
        enum hg_match m;

        if (!hg_slice_ieq(h->v[i].name, hg_slice(part->name, part->name_n)))
            continue;
        m = ask(l, part, h->v[i].value);
        if (m != HG_MATCH_NO)
            return m;
    }
    return HG_MATCH_NO;
}

static enum hg_match ask_query(struct look *l, const struct part *part)
{
    struct hg_slice rest = l->run->request->query, name, value, whole;

    while (rest.p != NULL && hg_query_next(&rest, &name, &value, &whole)) {
        enum hg_match m;

        name = hg_query_decode(l->run->arena, name);
        value = hg_query_decode(l->run->arena, value.p != NULL ? value : HG_LIT(""));
        if (name.p == NULL || value.p == NULL) {
            l->fail = HG_RULE_FAIL_MEMORY;
            return HG_MATCH_ERROR;
        }
        if (!hg_slice_ieq(name, hg_slice(part->name, part->name_n)))
            continue;
        m = ask(l, part, value);
        if (m != HG_MATCH_NO)
            return m;
    }
    return HG_MATCH_NO;
}

static enum hg_match ask_part(struct look *l, const struct part *part)
{
    const struct hg_request *r = l->run->request;

    switch (part->kind) {
    case PART_METHOD:
        return ask(l, part, r->method);
    case PART_PATH:
        return ask(l, part, r->path);
    case PART_HOST:
        return ask(l, part, hg_template_host(r->authority));
    case PART_HEADER:
        return ask_headers(l, part);
    case PART_QUERY:
        return ask_query(l, part);
    }
    HG_ASSERT(false);
    return HG_MATCH_ERROR;
}

enum hg_match hg_condition_holds(const struct hg_condition *c, const struct hg_rules_run *run,
                                 struct hg_captures *captures, enum hg_rule_fail *fail)
{
    struct look l = {.run = run, .fail = HG_RULE_FAIL_NONE};

    memset(captures, 0, sizeof(*captures));
    if (c == NULL)
        return HG_MATCH_YES;
    HG_ASSERT(run->request != NULL);
    for (size_t i = 0; i < c->n; i++) {
        enum hg_match m;

        l.captures = i == c->capturing ? captures : NULL;
        m = ask_part(&l, &c->v[i]);
        if (m != HG_MATCH_YES) {
            *fail = l.fail;
            return m;
        }
    }
    return HG_MATCH_YES;
}
