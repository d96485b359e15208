/* SPDX-License-Identifier: MIT
 *
 * Conditions from the words of a config: each pattern, address and number is
 * read once, and what the environment decides is decided here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "build.h"
#include "condition_parts.h"

struct building {
    const struct hg_resolver *resolver;
    struct hg_rule_note *note;
    char key[32]; /* "when.path" */
};

const char *hg_when_key(enum hg_when_kind kind)
{
    static const char *const keys[] = {
#define X(id, key) key,
        HG_WHEN_PARTS(X)
#undef X
    };

    HG_ASSERT((size_t)kind < sizeof(keys) / sizeof(*keys));
    return keys[kind];
}

enum hg_append hg_condition_bad(struct hg_rule_note *note, const char *part, const char *fmt, ...)
{
    va_list ap;

    snprintf(note->part, sizeof(note->part), "%s", part);
    va_start(ap, fmt);
    vsnprintf(note->text, sizeof(note->text), fmt, ap);
    va_end(ap);
    return HG_APPEND_BAD;
}

/* A text with $<...> expanded. */
static enum hg_append expand(struct building *b, struct hg_slice text, char **out, size_t *n)
{
    struct hg_template_note note = {0};

    switch (hg_template_string(text, b->resolver, out, n, &note)) {
    case HG_TEMPLATE_OK:
        return HG_APPEND_OK;
    case HG_TEMPLATE_UNSET:
        snprintf(b->note->name, sizeof(b->note->name), "%s", note.name);
        return HG_APPEND_UNSET;
    case HG_TEMPLATE_VANISH:
        return HG_APPEND_VANISHED;
    case HG_TEMPLATE_BAD:
        b->note->offset = note.offset;
        return hg_condition_bad(b->note, b->key, "%s", note.text);
    }
    HG_ASSERT(false);
    return HG_APPEND_BAD;
}

static bool takes_name(enum hg_when_kind kind)
{
    return kind == HG_WHEN_HEADER || kind == HG_WHEN_QUERY || kind == HG_WHEN_CLIENT_HEADER ||
           kind == HG_WHEN_ENV;
}

static enum hg_append read_name(struct building *b, struct hg_part *part, struct hg_slice text)
{
    enum hg_append r = expand(b, text, &part->name, &part->name_n);
    bool header = part->kind == HG_WHEN_HEADER || part->kind == HG_WHEN_CLIENT_HEADER;

    if (r != HG_APPEND_OK)
        return r;
    if (part->name_n == 0 || (header && !hg_header_name_ok(hg_slice(part->name, part->name_n))))
        return hg_condition_bad(b->note, b->key, "the name is empty or has a character that is not allowed");
    return HG_APPEND_OK;
}

static enum hg_append read_network(struct building *b, struct hg_slice text, struct hg_test *t)
{
    const char *why;

    t->unix_socket = hg_slice_eq(text, HG_LIT("unix"));
    if (t->unix_socket)
        return HG_APPEND_OK;
    why = hg_cidr_parse(text, &t->cidr);
    if (why != NULL)
        return hg_condition_bad(b->note, b->key, "%s", why);
    return HG_APPEND_OK;
}

/* "7" or "7-9". */
static bool read_range(struct hg_slice text, struct hg_test *t)
{
    ptrdiff_t dash = hg_slice_find(text, '-');

    if (dash < 0) {
        bool ok = hg_slice_u64(text, &t->least);

        t->most = t->least;
        return ok;
    }
    return hg_slice_u64(hg_slice(text.p, (size_t)dash), &t->least) &&
           hg_slice_u64(hg_slice_from(text, (size_t)dash + 1), &t->most) && t->least <= t->most;
}

static enum hg_append read_id(struct building *b, struct hg_slice text, struct hg_test *t)
{
    if (read_range(text, t) && t->most < UINT32_MAX)
        return HG_APPEND_OK;
    return hg_condition_bad(b->note, b->key,
                            "is malformed (expected a number or a range such as \"1000-1999\")");
}

static enum hg_append read_status(struct building *b, struct hg_slice text, struct hg_test *t)
{
    if (text.n == 3 && text.p[0] >= '1' && text.p[0] <= '5' && text.p[1] == 'x' && text.p[2] == 'x') {
        t->least = (uint64_t)(text.p[0] - '0') * 100;
        t->most = t->least + 99;
        return HG_APPEND_OK;
    }
    if (read_range(text, t) && t->least >= 100 && t->most <= 599)
        return HG_APPEND_OK;
    return hg_condition_bad(b->note, b->key,
                            "is malformed (expected a status such as 401, \"2xx\" or \"500-599\")");
}

static enum hg_append read_plain(struct building *b, enum hg_when_kind kind, struct hg_slice text,
                                 struct hg_test *t)
{
    enum hg_append r;
    size_t n;

    r = expand(b, text, &t->text, &n);
    if (r != HG_APPEND_OK)
        return r;
    if (kind == HG_WHEN_CLIENT_IP)
        return read_network(b, hg_slice(t->text, n), t);
    return kind == HG_WHEN_STATUS ? read_status(b, hg_slice(t->text, n), t)
                                  : read_id(b, hg_slice(t->text, n), t);
}

static enum hg_append read_test(struct building *b, const struct hg_part *part, struct hg_slice text,
                                struct hg_test *t)
{
    bool caseless = part->kind == HG_WHEN_HOST || part->kind == HG_WHEN_SERVER_HOST;
    enum hg_append r;

    if (part->kind == HG_WHEN_CLIENT_IP || part->kind == HG_WHEN_PEER_UID || part->kind == HG_WHEN_PEER_GID ||
        part->kind == HG_WHEN_STATUS)
        return read_plain(b, part->kind, text, t);
    r = hg_build_pattern(text, caseless ? HG_PATTERN_CASELESS : 0, NULL, b->resolver, &t->pattern, b->note);
    if (r == HG_APPEND_BAD)
        snprintf(b->note->part, sizeof(b->note->part), "%s", b->key);
    return r;
}

/* A variable without a value is met by the empty pattern only: "*" asks for one that is set. */
static enum hg_append ask_environment(struct building *b, struct hg_part *part)
{
    struct hg_slice value = {NULL, 0}, exact, name = hg_slice(part->name, part->name_n);
    struct hg_scratch *scratch = hg_scratch_new();
    enum hg_match m = HG_MATCH_NO;
    bool set = b->resolver->env != NULL && b->resolver->env(b->resolver->ctx, name, &value) && value.n > 0;

    for (size_t i = 0; scratch != NULL && i < part->n && m == HG_MATCH_NO; i++) {
        if (set)
            m = hg_pattern_match(part->test[i].pattern, scratch, value, NULL);
        else if (hg_pattern_is_exact(part->test[i].pattern, &exact) && exact.n == 0)
            m = HG_MATCH_YES;
    }
    hg_scratch_free(scratch);
    if (scratch == NULL || m == HG_MATCH_ERROR)
        return hg_condition_bad(b->note, b->key,
                                scratch == NULL ? "no memory" : "a pattern reached its match limit");
    part->env_holds = m == HG_MATCH_YES;
    return HG_APPEND_OK;
}

static enum hg_append read_part(struct building *b, const struct hg_when_part *from, struct hg_part *part)
{
    enum hg_append r = HG_APPEND_OK;

    part->kind = from->kind;
    snprintf(b->key, sizeof(b->key), "when.%s", hg_when_key(from->kind));
    if (takes_name(from->kind))
        r = read_name(b, part, from->name);
    if (r != HG_APPEND_OK)
        return r;
    if (from->n == 0)
        return hg_condition_bad(b->note, b->key, "is empty");
    part->test = calloc(from->n, sizeof(*part->test));
    if (part->test == NULL)
        return hg_condition_bad(b->note, b->key, "no memory");
    for (size_t i = 0; i < from->n; i++) {
        /* What vanishes is left out of a list. */
        r = read_test(b, part, from->any[i], &part->test[part->n]);
        if (r == HG_APPEND_BAD || r == HG_APPEND_UNSET) {
            part->n++; /* what it holds is freed with the rest */
            return r;
        }
        part->n += r == HG_APPEND_OK;
    }
    if (part->n == 0)
        return HG_APPEND_VANISHED;
    return part->kind == HG_WHEN_ENV ? ask_environment(b, part) : HG_APPEND_OK;
}

static enum hg_append add_part(struct building *b, struct hg_condition *c, struct hg_parts *parts,
                               const struct hg_when_part *from)
{
    if (from->n > 0 && from->any[0].p == NULL)
        return HG_APPEND_OK; /* not given */
    c->asks |= HG_WHEN_BIT(from->kind);
    return read_part(b, from, &parts->v[parts->n++]);
}

static enum hg_append add_pairs(struct building *b, struct hg_condition *c, struct hg_parts *parts,
                                enum hg_when_kind kind, const struct hg_pair *pair, size_t n)
{
    enum hg_append r = HG_APPEND_OK;

    for (size_t i = 0; i < n && r == HG_APPEND_OK; i++) {
        struct hg_slice value = pair[i].value.p != NULL ? pair[i].value : HG_LIT("");
        const struct hg_when_part part = {kind, pair[i].name, &value, 1};

        r = add_part(b, c, parts, &part);
    }
    return r;
}

static enum hg_append fill(struct building *b, struct hg_condition *c, const struct hg_when *w,
                           struct hg_parts *parts)
{
    const struct hg_when_part simple[] = {{HG_WHEN_METHOD, {NULL, 0}, &w->method, 1},
                                          {HG_WHEN_PATH, {NULL, 0}, &w->path, 1},
                                          {HG_WHEN_HOST, {NULL, 0}, &w->host, 1}};
    enum hg_append r = HG_APPEND_OK;

    parts->v = calloc(3 + w->headers + w->queries + w->parts, sizeof(*parts->v));
    if (parts->v == NULL)
        return hg_condition_bad(b->note, "when", "no memory");
    for (size_t i = 0; i < 3 && r == HG_APPEND_OK; i++)
        r = add_part(b, c, parts, &simple[i]);
    if (r == HG_APPEND_OK)
        r = add_pairs(b, c, parts, HG_WHEN_HEADER, w->header, w->headers);
    if (r == HG_APPEND_OK)
        r = add_pairs(b, c, parts, HG_WHEN_QUERY, w->query, w->queries);
    for (size_t i = 0; i < w->parts && r == HG_APPEND_OK; i++)
        r = add_part(b, c, parts, &w->part[i]);
    return r;
}

static void clear_parts(struct hg_parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        struct hg_part *p = &parts->v[i];

        for (size_t k = 0; k < p->n; k++) {
            hg_pattern_free(p->test[k].pattern);
            free(p->test[k].text);
        }
        free(p->test);
        free(p->name);
    }
    free(parts->v);
    memset(parts, 0, sizeof(*parts));
}

enum hg_append hg_condition_add(struct hg_condition *c, const struct hg_when *when,
                                const struct hg_resolver *resolver, struct hg_rule_note *note)
{
    struct building b = {.resolver = resolver, .note = note};
    struct hg_parts parts = {NULL, 0}, *bigger;
    enum hg_append r = fill(&b, c, when, &parts);

    if (r != HG_APPEND_OK || parts.n == 0) {
        clear_parts(&parts);
        return r;
    }
    bigger = reallocarray(c->any, c->n + 1, sizeof(*bigger));
    if (bigger == NULL) {
        clear_parts(&parts);
        return hg_condition_bad(note, "when", "no memory");
    }
    c->any = bigger;
    c->any[c->n++] = parts;
    return HG_APPEND_OK;
}

void hg_condition_free(struct hg_condition *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n; i++)
        clear_parts(&c->any[i]);
    free(c->any);
    hg_expression_clear(&c->if_);
    hg_expression_clear(&c->unless);
    free(c->unset);
    free(c);
}
