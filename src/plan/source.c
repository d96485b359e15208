/* SPDX-License-Identifier: MIT
 *
 * Sources of secrets: what is to be read, and how a value is made of what was
 * read. The same when the plan is built and each time it is read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/pick.h"
#include "base/text.h"
#include "build.h"

#define EPOCH_SECONDS 1000000000u /* a larger number is a time, a smaller one a duration */

static const unsigned too_many_requests = 429;

/* ---- building ---- */

static void release_pattern(void *what)
{
    hg_pattern_free(what);
}

static void build_validate(struct hg_build *b, struct hg_built_secret *s)
{
    const struct hg_node *n = hg_node_get(s->node, "validate");
    struct hg_pattern_problem problem = {0};
    const char *text = hg_get_string(b, s->node, "validate", NULL);
    if (text == NULL)
        return;
    const char *regex = text[0] == '~' ? text : hg_store_printf(b, "~%s", text);
    struct hg_pattern *p = regex != NULL ? hg_pattern_new(hg_slice_str(regex), 0, &problem) : NULL;
    if (p == NULL)
        HG_ERROR(b, n, "is not a regular expression: %s (at offset %zu)", problem.text,
                 problem.offset > 0 && text[0] != '~' ? problem.offset - 1 : problem.offset);
    else if (hg_store_own(b, p, release_pattern))
        s->source->validate = p;
}

static void build_prefixes(struct hg_build *b, struct hg_built_secret *s)
{
    struct hg_texts t;
    const struct hg_node *n = hg_node_get(s->node, "strip-prefix");
    hg_get_texts(b, n, &t);
    if (t.unset != NULL)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, t.unset));
    s->source->prefix = t.v;
    s->source->prefixes = t.n;
}

static void build_exec(struct hg_build *b, struct hg_built_secret *s)
{
    const struct hg_node *n = hg_node_get(s->node, "exec"), *env = hg_node_get(s->node, "env");
    struct hg_texts argv, more;
    hg_get_texts(b, n, &argv);
    hg_get_texts(b, env, &more);
    if (argv.n == 0 && argv.unset == NULL && !n->broken)
        HG_ERROR(b, n, "is empty (expected a program and its arguments)");
    for (size_t i = 0; i < more.n; i++) {
        if (more.v[i][0] == '=' || more.v[i][0] == '\0')
            HG_ERROR(b, env, "has no name (expected NAME or NAME=value)");
    }
    const char *unset = argv.unset != NULL ? argv.unset : more.unset;
    if (unset != NULL)
        s->missing = hg_unset_sentence(b, unset);
    s->source->argv = argv.v;
    s->source->env = more.v;
    s->source->usable = unset == NULL && argv.n > 0;
    s->source->ttl = 3600u * 1000u;
    s->source->timeout = HG_TIME_SOURCE_DEFAULT;
    hg_get_number(b, s->node, "ttl", &s->source->ttl);
    hg_get_number(b, s->node, "timeout", &s->source->timeout);
    s->source->expires = hg_get_string(b, s->node, "expires", NULL);
}

static void build_any(struct hg_build *b, struct hg_built_secret *s)
{
    uint64_t in_order = 0;
    s->source->cool_down = HG_TIME_COOL_DOWN_DEFAULT;
    s->source->resend = true;
    hg_get_number(b, s->node, "cool-down", &s->source->cool_down);
    hg_get_bool(b, s->node, "resend", &s->source->resend);
    hg_get_number(b, s->node, "balance", &in_order); /* a word out of two */
    s->in_order = in_order != 0;
    s->source->cool_down_on = hg_get_numbers(b, hg_node_get(s->node, "cool-down-on"), &too_many_requests,
                                             &s->source->cool_down_ons);
}

/* The parts of a source in a text that two of them share only when they are the same. */
static const char *key_of(struct hg_build *b, const struct hg_source *s)
{
    const char *key =
        hg_store_printf(b, "%d\1%s\1%s\1%s\1%s\1%s", (int)s->kind, s->name, s->path != NULL ? s->path : "",
                        s->field != NULL ? s->field : "", s->expires != NULL ? s->expires : "",
                        s->validate != NULL ? hg_pattern_text(s->validate) : "");
    for (size_t i = 0; key != NULL && s->argv != NULL && s->argv[i] != NULL; i++)
        key = hg_store_printf(b, "%s\2%s", key, s->argv[i]);
    for (size_t i = 0; key != NULL && s->env != NULL && s->env[i] != NULL; i++)
        key = hg_store_printf(b, "%s\3%s", key, s->env[i]);
    for (size_t i = 0; key != NULL && i < s->prefixes; i++)
        key = hg_store_printf(b, "%s\4%s", key, s->prefix[i]);
    return key;
}

/* Keys that mean something with some kinds of source only. */
static void check_keys(struct hg_build *b, const struct hg_built_secret *s)
{
    static const struct {
        const char *key;
        unsigned kinds; /* bits */
        const char *with;
    } rows[] = {
        {"ttl", 1u << HG_SOURCE_EXEC, "exec"},      {"timeout", 1u << HG_SOURCE_EXEC, "exec"},
        {"expires", 1u << HG_SOURCE_EXEC, "exec"},  {"env", 1u << HG_SOURCE_EXEC, "exec"},
        {"cool-down", 1u << HG_SOURCE_ANY, "any"},  {"cool-down-on", 1u << HG_SOURCE_ANY, "any"},
        {"balance", 1u << HG_SOURCE_ANY, "any"},    {"resend", 1u << HG_SOURCE_ANY, "any"},
        {"field", 7u, "from, file or exec"},        {"validate", 7u, "from, file or exec"},
        {"strip-prefix", 7u, "from, file or exec"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct hg_node *n = hg_node_get(s->node, rows[i].key);
        if (n != NULL && (rows[i].kinds >> s->source->kind & 1u) == 0)
            HG_ERROR(b, n, "belongs to a secret with %s", rows[i].with);
    }
}

void hg_build_source(struct hg_build *b, struct hg_built_secret *s)
{
    struct hg_source *source = s->source;
    HG_ASSERT(source != NULL && source->name != NULL);
    check_keys(b, s);
    source->usable = true;
    if (source->kind == HG_SOURCE_EXEC)
        build_exec(b, s);
    if (source->kind == HG_SOURCE_ANY)
        build_any(b, s);
    source->field = hg_get_string(b, s->node, "field", NULL);
    if (source->expires != NULL && source->field == NULL)
        HG_ERROR(b, hg_node_get(s->node, "expires"), "needs field: only JSON output has fields");
    build_prefixes(b, s);
    build_validate(b, s);
    if (!b->no_memory)
        source->key = key_of(b, source);
}

const struct hg_source *hg_plan_source(const struct hg_plan *p, const struct hg_secret_slot *slot)
{
    for (size_t i = 0; i < p->sources; i++) {
        if (p->source[i].slot == slot)
            return &p->source[i];
    }
    return NULL;
}

/* ---- reading ---- */

/* Takes n digits off the front. */
static bool take_digits(const char **text, size_t n, int *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static bool take_char(const char **text, const char *any_of)
{
    bool there = **text != '\0' && strchr(any_of, **text) != NULL;
    *text += there;
    return there;
}

/* "Z" or "+hh:mm", to the end; in seconds. */
static bool read_offset(const char *text, int *out)
{
    int hours = 0, minutes = 0, sign = *text == '-' ? -1 : 1;
    *out = 0;
    if (take_char(&text, "Zz"))
        return *text == '\0';
    if (!take_char(&text, "+-") || !take_digits(&text, 2, &hours) || !take_char(&text, ":") ||
        !take_digits(&text, 2, &minutes))
        return false;
    *out = sign * (hours * 3600 + minutes * 60);
    return *text == '\0';
}

/* Seconds since 1970 of "2026-04-12T10:00:00.000Z" or with an offset; false: it is none. */
static bool read_time(const char *text, uint64_t *out)
{
    struct tm tm = {0};
    int offset;
    if (!take_digits(&text, 4, &tm.tm_year) || !take_char(&text, "-") || !take_digits(&text, 2, &tm.tm_mon) ||
        !take_char(&text, "-") || !take_digits(&text, 2, &tm.tm_mday) || !take_char(&text, "Tt ") ||
        !take_digits(&text, 2, &tm.tm_hour) || !take_char(&text, ":") || !take_digits(&text, 2, &tm.tm_min) ||
        !take_char(&text, ":") || !take_digits(&text, 2, &tm.tm_sec))
        return false;
    if (take_char(&text, "."))
        text += strspn(text, "0123456789");
    if (!read_offset(text, &offset))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t at = (int64_t)timegm(&tm) - offset;
    *out = (uint64_t)at;
    return at >= 0;
}

/* How long the value holds by its own word. False: the field is not there or is neither of the two. */
static bool read_expiry(const struct hg_source *s, struct hg_slice raw, uint64_t wall, uint64_t *ms)
{
    char text[64];
    size_t n;
    uint64_t at, now = wall / 1000000;
    enum hg_pick r = hg_pick(raw, s->expires, text, sizeof(text) - 1, &n);
    if (r != HG_PICK_STRING && r != HG_PICK_OTHER)
        return false;
    text[n] = '\0';
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && (digits == n || text[digits] == '.')) {
        if (!hg_slice_u64(hg_slice(text, digits), &at))
            return false;
        if (at < EPOCH_SECONDS)
            at += now;
    } else if (!read_time(text, &at)) {
        return false;
    }
    *ms = at > now ? (at - now) * 1000 : 1;
    return true;
}

/* The field asked for into buf; why not. */
static const char *read_field(const struct hg_source *s, struct hg_slice *raw, char *buf, size_t cap)
{
    size_t n;
    switch (hg_pick(*raw, s->field, buf, cap, &n)) {
    case HG_PICK_STRING:
        *raw = hg_slice(buf, n);
        return NULL;
    case HG_PICK_OTHER:
        *raw = hg_slice(buf, n);
        return hg_slice_eq(*raw, HG_LIT("null")) ? "has nothing in the field that was asked for" : NULL;
    case HG_PICK_MISSING:
        return "has no field of the name that was asked for";
    case HG_PICK_COMPOUND:
        return "has an object or an array in the field that was asked for";
    case HG_PICK_BAD:
        break;
    }
    return "is not JSON";
}

/* False without memory. */
static bool validate(const struct hg_source *s, struct hg_slice value, const char **why)
{
    if (s->validate == NULL)
        return true;
    struct hg_scratch *scratch = hg_scratch_new();
    if (scratch == NULL)
        return false;
    if (hg_pattern_match(s->validate, scratch, value, NULL) != HG_MATCH_YES)
        *why = "does not match validate";
    hg_scratch_free(scratch);
    return true;
}

bool hg_source_read(const struct hg_source *s, struct hg_slice raw, uint64_t wall,
                    struct hg_source_value *out)
{
    HG_ASSERT(s != NULL && out != NULL);
    size_t cap = raw.n + 1;
    struct hg_slice value = raw;
    bool ok = true;
    char *buf = s->field != NULL ? hg_locked_new(cap) : NULL;
    *out = (struct hg_source_value){0};
    if (s->field != NULL && buf == NULL)
        return false;
    /* A file that was truncated is empty, whatever it should have been. */
    out->why = hg_secret_clean(&value, NULL, 0);
    out->empty = value.n == 0;
    if (!out->empty && s->field != NULL)
        out->why = read_field(s, &value, buf, cap);
    else if (!out->empty)
        out->why = NULL;
    if (out->why == NULL && s->expires != NULL && !read_expiry(s, raw, wall, &out->holds))
        out->why = "does not say in the field named by expires how long it holds";
    if (out->why == NULL)
        out->why = hg_secret_clean(&value, s->prefix, s->prefixes);
    out->empty = out->empty || value.n == 0;
    if (out->why == NULL && value.n > HG_LIMIT_SECRET)
        out->why = "is larger than 64 KiB";
    if (out->why == NULL)
        ok = validate(s, value, &out->why);
    if (ok && out->why == NULL) {
        out->secret = hg_secret_new(value);
        ok = out->secret != NULL;
    }
    hg_locked_free(buf, cap);
    return ok;
}
