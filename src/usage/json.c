/* SPDX-License-Identifier: MIT
 *
 * The structure of JSON: a machine that takes a byte in each of its states, and
 * a stack of one bit for each object or array that is open. Parsers that build
 * or buffer (jansson, yajl) hold a token whole, and a token can be larger than
 * any bound we could give them.
 */
#include "base/check.h"
#include "json_text.h"

void hg_jscan_init(struct hg_jscan *s, const struct hg_jscan_events *events, void *ctx, bool many)
{
    memset(s, 0, offsetof(struct hg_jscan, text));
    s->events = events;
    s->ctx = ctx;
    s->many = many;
}

void hg_jscan_reset(struct hg_jscan *s)
{
    s->error = NULL;
    s->offset = s->documents = 0;
    s->depth = 0;
    s->state = JSCAN_VALUE;
    s->skipping = s->too_deep = false;
}

bool hg_jscan_open(const struct hg_jscan *s)
{
    return s->state != JSCAN_DONE && s->state != JSCAN_BAD && (s->state != JSCAN_VALUE || s->depth > 0);
}

static bool in_object(const struct hg_jscan *s)
{
    unsigned d = s->depth - 1;

    HG_ASSERT(s->depth > 0);
    return (s->in_object[d / 64] >> (d % 64) & 1) != 0;
}

static struct hg_jscan_text text_of(const struct hg_jscan *s)
{
    return (struct hg_jscan_text){
        .bytes = hg_slice(s->text, s->n), .escaped = s->escaped, .cut = s->cut, .lone = s->lone};
}

/* A value is complete: at s->depth, which is again that of what is around it. */
static void value_ends(struct hg_jscan *s)
{
    if (s->skipping && s->skip_depth == s->depth)
        s->skipping = false;
    if (s->depth > 0) {
        s->state = JSCAN_AFTER;
        return;
    }
    s->state = JSCAN_DONE;
    s->documents++;
    if (s->events->document)
        s->events->document(s->ctx);
}

static void scalar_ends(struct hg_jscan *s, enum hg_jscan_kind kind)
{
    if (!s->skipping) {
        struct hg_jscan_text text = text_of(s);
        bool has_text = kind == HG_JSCAN_STRING || kind == HG_JSCAN_NUMBER;
        s->events->value(s->ctx, s->depth, kind, has_text ? &text : NULL);
    }
    value_ends(s);
}

/* A member (its name is in s->text) or element comes. */
static void announce(struct hg_jscan *s, bool member)
{
    struct hg_jscan_text name = text_of(s);

    if (s->skipping)
        return;
    if (!s->events->member(s->ctx, s->depth, member ? &name : NULL)) {
        s->skipping = true;
        s->skip_depth = s->depth;
    }
}

static const char *open_container(struct hg_jscan *s, const char *p)
{
    bool object = *p == '{';
    uint64_t bit = (uint64_t)1 << (s->depth % 64);

    if (s->depth == HG_LIMIT_JSON_DEPTH) {
        s->too_deep = true;
        return hg_jscan_fail(s, p, "more levels than are read");
    }
    if (!s->skipping &&
        !s->events->value(s->ctx, s->depth, object ? HG_JSCAN_OBJECT : HG_JSCAN_ARRAY, NULL)) {
        s->skipping = true;
        s->skip_depth = s->depth;
    }
    if (object)
        s->in_object[s->depth / 64] |= bit;
    else
        s->in_object[s->depth / 64] &= ~bit;
    s->depth++;
    s->state = object ? JSCAN_FIRST_MEMBER : JSCAN_FIRST_ELEMENT;
    return p + 1;
}

static const char *close_container(struct hg_jscan *s, const char *p)
{
    if (s->depth == 0 || in_object(s) != (*p == '}'))
        return hg_jscan_fail(s, p, "a bracket that closes nothing");
    s->depth--;
    value_ends(s);
    return p + 1;
}

static const char *begin_string(struct hg_jscan *s, const char *p, bool is_key)
{
    s->is_key = is_key;
    hg_jscan_text_begin(s, !s->skipping);
    s->state = JSCAN_STRING;
    return p + 1;
}

static const char *begin_literal(struct hg_jscan *s, const char *p)
{
    s->literal = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
    s->matched = 1;
    s->state = JSCAN_LITERAL;
    return p + 1;
}

static const char *begin_value(struct hg_jscan *s, const char *p)
{
    switch (*p) {
    case '{':
    case '[':
        return open_container(s, p);
    case '"':
        return begin_string(s, p, false);
    case 't':
    case 'f':
    case 'n':
        return begin_literal(s, p);
    default:
        hg_jscan_text_begin(s, !s->skipping);
        if (!hg_jscan_number_begin(s, *p))
            return hg_jscan_fail(s, p, "a byte that begins no value");
        s->state = JSCAN_NUMBER;
        return p + 1;
    }
}

static const char *take_string(struct hg_jscan *s, const char *p, const char *end)
{
    bool ended;

    p = hg_jscan_string(s, p, end, &ended);
    if (p == NULL || !ended)
        return p;
    if (s->is_key) {
        announce(s, true);
        s->state = JSCAN_COLON;
    } else {
        scalar_ends(s, HG_JSCAN_STRING);
    }
    return p;
}

static const char *take_number(struct hg_jscan *s, const char *p, const char *end)
{
    bool ended;

    p = hg_jscan_number(s, p, end, &ended);
    if (p != NULL && ended)
        scalar_ends(s, HG_JSCAN_NUMBER);
    return p;
}

static const char *take_literal(struct hg_jscan *s, const char *p)
{
    if (*p != s->literal[s->matched])
        return hg_jscan_fail(s, p, "a word that is not true, false or null");
    if (s->literal[++s->matched] == '\0')
        scalar_ends(s, *s->literal == 't'   ? HG_JSCAN_TRUE
                       : *s->literal == 'f' ? HG_JSCAN_FALSE
                                            : HG_JSCAN_NULL);
    return p + 1;
}

static const char *take_after(struct hg_jscan *s, const char *p)
{
    if (*p != ',')
        return *p == '}' || *p == ']' ? close_container(s, p)
                                      : hg_jscan_fail(s, p, "no comma behind a value");
    if (in_object(s)) {
        s->state = JSCAN_MEMBER;
    } else {
        announce(s, false);
        s->state = JSCAN_VALUE;
    }
    return p + 1;
}

/* One byte that is no white space, outside of strings, numbers and words. */
static const char *take_structure(struct hg_jscan *s, const char *p)
{
    switch (s->state) {
    case JSCAN_FIRST_ELEMENT:
        if (*p == ']')
            return close_container(s, p);
        announce(s, false);
        return begin_value(s, p);
    case JSCAN_FIRST_MEMBER:
        if (*p == '}')
            return close_container(s, p);
        /* fall through */
    case JSCAN_MEMBER:
        return *p == '"' ? begin_string(s, p, true) : hg_jscan_fail(s, p, "no name where a member begins");
    case JSCAN_COLON:
        if (*p != ':')
            return hg_jscan_fail(s, p, "no colon behind a name");
        s->state = JSCAN_VALUE;
        return p + 1;
    case JSCAN_AFTER:
        return take_after(s, p);
    case JSCAN_DONE:
        return s->many ? begin_value(s, p) : hg_jscan_fail(s, p, "more behind the document");
    default:
        return begin_value(s, p);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool hg_jscan_feed(struct hg_jscan *s, struct hg_slice span)
{
    const char *p = span.p, *end = span.n > 0 ? span.p + span.n : span.p;

    if (s->state == JSCAN_BAD)
        return false;
    while (p != NULL && p < end) {
        if (s->state >= JSCAN_STRING && s->state <= JSCAN_UTF8)
            p = take_string(s, p, end);
        else if (s->state == JSCAN_NUMBER)
            p = take_number(s, p, end);
        else if (s->state == JSCAN_LITERAL)
            p = take_literal(s, p);
        else if (is_space(*p))
            p++;
        else
            p = take_structure(s, p);
    }
    s->offset += p != NULL ? span.n : (size_t)(s->wrong - span.p);
    return p != NULL || span.n == 0;
}

bool hg_jscan_end(struct hg_jscan *s)
{
    if (s->state == JSCAN_NUMBER && s->depth == 0 && hg_jscan_number_whole(s))
        scalar_ends(s, HG_JSCAN_NUMBER);
    return s->state == JSCAN_DONE || (s->state == JSCAN_VALUE && s->depth == 0 && s->documents > 0);
}
