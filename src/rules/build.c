/* SPDX-License-Identifier: MIT
 *
 * From the words of a config to an action. Everything that can be known to be
 * wrong is found here, so that running has little left that can fail; and what
 * has no value stays in the list as an action that fails who meets it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "action.h"
#include "base/check.h"
#include "base/limits.h"
#include "cache.h"
#include "segment.h"

struct build {
    struct hg_ruleset *rs;
    const struct hg_action_spec *spec;
    const struct hg_resolver *resolver;
    struct hg_rule_note *note;
    struct hg_action *a;
};

__attribute__((format(printf, 2, 3))) static enum hg_append bad(struct hg_rule_note *note, const char *fmt,
                                                                ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(note->text, sizeof(note->text), fmt, ap);
    va_end(ap);
    return HG_APPEND_BAD;
}

static enum hg_append from_template(enum hg_template_result r, const char *what,
                                    const struct hg_template_note *text, struct hg_rule_note *note)
{
    switch (r) {
    case HG_TEMPLATE_OK:
        return HG_APPEND_OK;
    case HG_TEMPLATE_VANISH:
        return HG_APPEND_VANISHED;
    case HG_TEMPLATE_UNSET:
        snprintf(note->name, sizeof(note->name), "%s", text->name);
        return HG_APPEND_UNSET;
    case HG_TEMPLATE_BAD:
        note->said = text->said;
        note->offset = text->offset;
        return bad(note, "%s%s%s", what ? what : "", what ? ": " : "", text->text);
    }
    HG_ASSERT(false);
    return HG_APPEND_BAD;
}

enum hg_append hg_build_pattern(struct hg_slice text, unsigned flags, const char *what,
                                const struct hg_resolver *resolver, struct hg_pattern **out,
                                struct hg_rule_note *note)
{
    struct hg_pattern_problem problem = {0};
    struct hg_template_note expanding;
    enum hg_append r;
    char *expanded;
    size_t n;

    r = from_template(hg_template_pattern(text, resolver, &expanded, &n, &expanding), what, &expanding, note);
    if (r != HG_APPEND_OK)
        return r;
    *out = hg_pattern_new(hg_slice(expanded, n), flags, &problem);
    free(expanded);
    if (*out != NULL)
        return HG_APPEND_OK;
    note->offset = problem.offset;
    return bad(note, "%s%s%s (at offset %zu)", what ? what : "", what ? ": " : "", problem.text,
               problem.offset);
}

/* A header's name from its text: $<...> expanded, a token, not protected. */
static enum hg_append build_name(struct build *b, struct hg_slice text, char **out, size_t *n)
{
    struct hg_template_note note;
    enum hg_append r;

    r = from_template(hg_template_string(text, b->resolver, out, n, &note), NULL, &note, b->note);
    if (r != HG_APPEND_OK)
        return r;
    if (!hg_header_name_ok(hg_slice(*out, *n)))
        return bad(b->note, "a header's name is empty or has a character that is not allowed");
    for (int id = 1; id < HG_FIELD_COUNT; id++) {
        const char *name = hg_field_name((enum hg_field)id);
        /* Transfer_Encoding too: some servers read it as the real one. */
        struct hg_action probe = {.name = *out, .name_n = *n, .aliases = true};

        if ((hg_field_flags((enum hg_field)id) & HG_FIELD_P) && hg_action_targets(&probe, hg_slice_str(name)))
            return bad(b->note, "%s is a framing or routing header: rules cannot set it", name);
    }
    return HG_APPEND_OK;
}

/* A header's value; what is known of it now is checked now. */
static enum hg_append build_value(struct build *b, struct hg_slice text, unsigned allow,
                                  struct hg_template **out)
{
    struct hg_template_note note;
    enum hg_append r;
    struct hg_slice plain;

    r = from_template(hg_template_compile(text, allow, b->resolver, out, &note), NULL, &note, b->note);
    b->note->in_value = r == HG_APPEND_BAD;
    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(*out);
    if (plain.p != NULL && !hg_header_value_ok(plain)) {
        b->note->in_value = true;
        return bad(b->note, "the value has a character that is not allowed in a header");
    }
    return HG_APPEND_OK;
}

static enum hg_append check_captures(struct build *b, const struct hg_template *t)
{
    unsigned used = hg_template_captures(t), groups = hg_condition_groups(b->a->when);

    if (used <= groups)
        return HG_APPEND_OK;
    b->note->in_value = true;
    return bad(b->note, "$%u is used, but the regex captures only %u group%s", used, groups,
               groups == 1 ? "" : "s");
}

static unsigned allow_captures(const struct build *b)
{
    return hg_condition_groups(b->a->when) > 0 ? HG_TEMPLATE_CAPTURES : 0;
}

static enum hg_append build_set(struct build *b)
{
    unsigned allow = HG_TEMPLATE_VARS | allow_captures(b);
    enum hg_append r;

    /* In an answer a secret would go to the client. */
    if (b->rs->direction == HG_REQUEST_RULES)
        allow |= HG_TEMPLATE_SECRETS;
    b->a->aliases = b->spec->aliases;
    r = build_name(b, b->spec->name, &b->a->name, &b->a->name_n);
    if (r != HG_APPEND_OK)
        return r;
    b->a->field = hg_field_id(hg_slice(b->a->name, b->a->name_n));
    r = build_value(b, b->spec->value, allow, &b->a->value);
    return r == HG_APPEND_OK ? check_captures(b, b->a->value) : r;
}

static enum hg_append build_drop(struct build *b)
{
    unsigned flags = HG_PATTERN_CASELESS | (b->spec->aliases ? HG_PATTERN_ALIASES : 0);
    struct hg_slice exact;
    enum hg_append r;

    if (b->spec->name.n == 0)
        return bad(b->note, "the name is empty");
    b->a->drop = calloc(1, sizeof(*b->a->drop));
    if (b->a->drop == NULL)
        return bad(b->note, "no memory");
    r = hg_build_pattern(b->spec->name, flags, NULL, b->resolver, &b->a->drop->pattern, b->note);
    if (r != HG_APPEND_OK) {
        free(b->a->drop);
        b->a->drop = NULL;
        return r;
    }
    b->a->drops = 1;
    b->a->id = hg_cache_id();
    b->a->drop->where = strdup(b->a->where);
    if (b->a->drop->where == NULL)
        return bad(b->note, "no memory");
    if (b->a->kind == HG_ACTION_DROP_HEADER && hg_pattern_is_exact(b->a->drop->pattern, &exact) &&
        !hg_header_name_ok(exact))
        return bad(b->note, "a header's name is empty or has a character that is not allowed");
    return HG_APPEND_OK;
}

static enum hg_append build_answer_headers(struct build *b)
{
    const struct hg_action_spec *spec = b->spec;

    if (spec->headers == 0)
        return HG_APPEND_OK;
    b->a->header = calloc(spec->headers, sizeof(*b->a->header));
    if (b->a->header == NULL)
        return bad(b->note, "no memory");
    for (size_t i = 0; i < spec->headers; i++) {
        struct hg_answer_header *h = &b->a->header[b->a->headers++];
        enum hg_append r;
        size_t n;

        r = build_name(b, spec->header[i].name, &h->name, &n);
        if (r == HG_APPEND_OK)
            r = build_value(b, spec->header[i].value, HG_TEMPLATE_VARS | allow_captures(b), &h->value);
        if (r == HG_APPEND_OK)
            r = check_captures(b, h->value);
        if (r != HG_APPEND_OK)
            return r;
    }
    return HG_APPEND_OK;
}

/* %{headers} shows what the rules before it have put in. */
static enum hg_append check_echo(struct build *b, bool echoes)
{
    if (!echoes)
        return HG_APPEND_OK;
    if (b->rs->all.n > 0)
        return bad(b->note, "%%{headers} would show the client the credential that an action before it sets");
    b->rs->echoes = true;
    return HG_APPEND_OK;
}

static enum hg_append build_answer(struct build *b)
{
    bool respond = b->a->kind == HG_ACTION_RESPOND;
    unsigned allow = HG_TEMPLATE_VARS | allow_captures(b) | (respond ? HG_TEMPLATE_HEADERS : 0);
    struct hg_template_note note;
    enum hg_append r;

    b->a->status = b->spec->status != 0 ? b->spec->status : respond ? 200 : 403;
    if (b->a->status < 200 || b->a->status > 599)
        return bad(b->note, "the status must be between 200 and 599");
    r = build_answer_headers(b);
    if (r != HG_APPEND_OK || b->spec->body.p == NULL)
        return r;
    if ((b->a->status == 204 || b->a->status == 304) && b->spec->body.n > 0)
        return bad(b->note, "an answer with status %u has no body", b->a->status);
    r = from_template(hg_template_compile(b->spec->body, allow, b->resolver, &b->a->body, &note), "body",
                      &note, b->note);
    b->note->in_value = r == HG_APPEND_BAD;
    if (r == HG_APPEND_OK)
        r = check_captures(b, b->a->body);
    return r == HG_APPEND_OK ? check_echo(b, hg_template_echoes(b->a->body)) : r;
}

static enum hg_append build_use(struct build *b)
{
    struct hg_ruleset *child = b->spec->child;
    enum hg_append r;

    HG_ASSERT(child != NULL && child != b->rs && child->direction == b->rs->direction);
    if (child->depth + 1 > HG_LIMIT_USE_DEPTH)
        return bad(b->note, "rules use rules more than %u deep", HG_LIMIT_USE_DEPTH);
    r = check_echo(b, child->echoes);
    if (r != HG_APPEND_OK)
        return r;
    b->a->child = child;
    if (b->rs->depth < child->depth + 1)
        b->rs->depth = child->depth + 1;
    return r;
}

static enum hg_append build_kind(struct build *b)
{
    static const unsigned char directions[] = {
#define X(id, name, in) in,
        HG_ACTIONS(X)
#undef X
    };

    if (!(directions[b->spec->kind] & b->rs->direction))
        return bad(b->note, "this action is not for responses");
    switch (b->spec->kind) {
    case HG_ACTION_USE:
        return build_use(b);
    case HG_ACTION_DROP_HEADER:
    case HG_ACTION_DROP_QUERY:
        return build_drop(b);
    case HG_ACTION_SET_HEADER:
    case HG_ACTION_ADD_HEADER:
    case HG_ACTION_DEFAULT_HEADER:
        return build_set(b);
    case HG_ACTION_DENY:
    case HG_ACTION_RESPOND:
        return build_answer(b);
    }
    HG_ASSERT(false);
    return HG_APPEND_BAD;
}

static bool collect_secrets(struct hg_ruleset *rs, const struct hg_action *a)
{
    struct hg_secret_slot *slot;
    bool ok = true;

    rs->asks |= hg_condition_asks(a->when) | (a->child != NULL ? a->child->asks : 0);
    for (size_t i = 0; a->value != NULL && (slot = hg_template_secret(a->value, i)) != NULL; i++) {
        ok = ok && hg_slots_add(&rs->all, slot);
        ok = ok && (a->when != NULL || hg_slots_add(&rs->always, slot));
    }
    if (a->child == NULL)
        return ok;
    for (size_t i = 0; ok && i < a->child->all.n; i++)
        ok = hg_slots_add(&rs->all, a->child->all.v[i]);
    for (size_t i = 0; ok && a->when == NULL && i < a->child->always.n; i++)
        ok = hg_slots_add(&rs->always, a->child->always.v[i]);
    return ok;
}

static bool is_mergeable(const struct hg_action *a)
{
    return a->kind == HG_ACTION_DROP_HEADER && a->when == NULL && a->unset == NULL && a->drops > 0;
}

/* Joins a drop with the one before: nothing can happen between them, and they cost one look-up. */
static bool merge(struct hg_ruleset *rs, struct hg_action *a)
{
    struct hg_action *last = rs->n > 0 ? &rs->v[rs->n - 1] : NULL;
    struct hg_drop *bigger;

    if (last == NULL || !is_mergeable(last) || !is_mergeable(a))
        return false;
    HG_ASSERT(a->drops == 1);
    bigger = reallocarray(last->drop, last->drops + 1, sizeof(*bigger));
    if (bigger == NULL)
        return false;
    last->drop = bigger;
    last->drop[last->drops++] = a->drop[0];
    last->id = a->id; /* what was remembered of the smaller set no longer holds */
    a->drops = 0;
    hg_action_clear(a);
    return true;
}

static bool store(struct hg_ruleset *rs, struct hg_action *a)
{
    if (!collect_secrets(rs, a))
        return false;
    if (merge(rs, a))
        return true;
    if (rs->n == rs->cap) {
        size_t cap = rs->cap ? rs->cap * 2 : 8;
        struct hg_action *bigger = reallocarray(rs->v, cap, sizeof(*bigger));

        if (bigger == NULL)
            return false;
        rs->v = bigger;
        rs->cap = cap;
    }
    rs->v[rs->n++] = *a;
    memset(a, 0, sizeof(*a));
    return true;
}

/* What has no value becomes an action that fails. When not even its condition is known, every request meets
 * it. */
static enum hg_append keep_unset(struct build *b, bool conditional)
{
    b->a->unset = strdup(b->note->name);
    if (b->a->unset == NULL || !store(b->rs, b->a))
        return bad(b->note, "no memory");
    return conditional ? HG_APPEND_OK : HG_APPEND_UNSET;
}

enum hg_append hg_ruleset_append(struct hg_ruleset *rs, const struct hg_action_spec *spec,
                                 const struct hg_resolver *resolver, struct hg_rule_note *note)
{
    struct hg_action a = {.kind = spec->kind};
    struct build b = {rs, spec, resolver, note, &a};
    const struct hg_condition_spec when = {rs->direction, spec->no_server, spec->when, spec->if_,
                                           spec->unless};
    bool conditional;
    enum hg_append r;

    HG_ASSERT(rs != NULL && resolver != NULL && note != NULL);
    memset(note, 0, sizeof(*note));
    a.where = strdup(spec->where ? spec->where : "");
    if (a.where == NULL)
        return bad(note, "no memory");
    r = hg_condition_build(&when, resolver, &a.when, note);
    conditional = a.when != NULL;
    if (r == HG_APPEND_OK)
        r = build_kind(&b);
    if (r == HG_APPEND_UNSET)
        r = keep_unset(&b, conditional);
    else if (r == HG_APPEND_OK && !store(rs, &a))
        r = bad(note, "no memory");
    if (r == HG_APPEND_BAD)
        a.child = NULL; /* still the caller's */
    hg_action_clear(&a);
    return r;
}
