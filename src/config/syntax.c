/* SPDX-License-Identifier: MIT
 *
 * Which token may follow which, and the sentence about the one that may not.
 */
#include "syntax.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"

static struct hg_syntax_level *top(struct hg_syntax *s)
{
    HG_ASSERT(s->depth <= HG_SYNTAX_DEPTH);
    return &s->level[s->depth];
}

bool hg_syntax_in_group(const struct hg_syntax *s)
{
    HG_ASSERT(s->depth <= HG_SYNTAX_DEPTH);
    char open = s->level[s->depth].open;
    return open == '{' || open == '\0';
}

void hg_syntax_begin(struct hg_syntax *s)
{
    memset(s, 0, sizeof(*s));
    s->level[0].state = HG_SYNTAX_NAME;
}

__attribute__((format(printf, 2, 3))) static bool refuse(struct hg_syntax *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(s->problem, sizeof(s->problem), fmt, args);
    va_end(args);
    return false;
}

static char closing(char open)
{
    return open == '{' ? '}' : open == '(' ? ')' : ']';
}

/* What the reader sees there. A string may be a secret: never its text. */
static const char *found(enum hg_token token, struct hg_slice text, char out[80])
{
    char shown[60];
    hg_text_printable(text, shown, sizeof(shown));
    if (token == HG_TOKEN_STRING)
        (void)snprintf(out, 80, "a string");
    else if (token == HG_TOKEN_NAME || token == HG_TOKEN_BOOL)
        (void)snprintf(out, 80, "the word %s", shown);
    else if (token == HG_TOKEN_INT || token == HG_TOKEN_FLOAT)
        (void)snprintf(out, 80, "a number");
    else
        (void)snprintf(out, 80, "%s", shown);
    return out;
}

static bool unexpected(struct hg_syntax *s, const char *expected, enum hg_token token, struct hg_slice text)
{
    char what[80];
    return refuse(s, "expected %s, found %s", expected, found(token, text, what));
}

static bool open_level(struct hg_syntax *s, struct hg_slice text, unsigned line)
{
    HG_ASSERT(text.n == 1);
    if (s->depth == HG_SYNTAX_DEPTH)
        return refuse(s, "too many brackets inside each other");
    s->depth++;
    *top(s) = (struct hg_syntax_level){
        .open = text.p[0], .line = line, .state = text.p[0] == '{' ? HG_SYNTAX_NAME : HG_SYNTAX_FIRST};
    return true;
}

static bool close_level(struct hg_syntax *s, struct hg_slice text)
{
    const struct hg_syntax_level *l = top(s);
    HG_ASSERT(text.n == 1);
    if (l->open == '\0')
        return refuse(s, "a %c that closes nothing", text.p[0]);
    if (text.p[0] != closing(l->open))
        return refuse(s, "expected %c for the %c of line %u, found %c", closing(l->open), l->open, l->line,
                      text.p[0]);
    s->depth--;
    return true;
}

/* A value begins; a bracket is one. */
static bool value(struct hg_syntax *s, enum hg_token token, struct hg_slice text, unsigned line)
{
    struct hg_syntax_level *l = top(s);
    bool group = hg_syntax_in_group(s);
    if (l->open == '[') {
        if (token == HG_TOKEN_OPEN)
            return refuse(s, "[ ] holds strings, numbers or truth values, no %c (write ( ) instead)",
                          text.p[0]);
        if (l->any && l->element != token)
            return refuse(s, "[ ] holds values of one type (write ( ) instead)");
        l->element = token;
        l->any = true;
    }
    l->state = group ? HG_SYNTAX_DONE : HG_SYNTAX_AFTER;
    return token != HG_TOKEN_OPEN || open_level(s, text, line);
}

static bool is_value(enum hg_token token)
{
    return token == HG_TOKEN_BOOL || token == HG_TOKEN_STRING || token == HG_TOKEN_INT ||
           token == HG_TOKEN_FLOAT || token == HG_TOKEN_OPEN;
}

static bool expect_value(struct hg_syntax *s, enum hg_token token, struct hg_slice text, unsigned line)
{
    if (is_value(token))
        return value(s, token, text, line);
    if (token == HG_TOKEN_NAME)
        return unexpected(s, "a value (a string stands in quotes)", token, text);
    return unexpected(s, "a value", token, text);
}

static bool expect_name(struct hg_syntax *s, enum hg_token token, struct hg_slice text)
{
    struct hg_syntax_level *l = top(s);
    if (token == HG_TOKEN_CLOSE)
        return close_level(s, text);
    if (token != HG_TOKEN_NAME)
        return unexpected(s, "a name", token, text);
    l->name = text;
    l->state = HG_SYNTAX_ASSIGN;
    return true;
}

static bool in_group(struct hg_syntax *s, enum hg_token token, struct hg_slice text, unsigned line)
{
    struct hg_syntax_level *l = top(s);
    char name[60];
    switch (l->state) {
    case HG_SYNTAX_ASSIGN:
        if (token == HG_TOKEN_ASSIGN) {
            l->state = HG_SYNTAX_VALUE;
            return true;
        }
        hg_text_printable(l->name, name, sizeof(name));
        char expected[100];
        (void)snprintf(expected, sizeof(expected), "= or : behind %s", name);
        return unexpected(s, expected, token, text);
    case HG_SYNTAX_VALUE:
        return expect_value(s, token, text, line);
    case HG_SYNTAX_DONE:
        if (token == HG_TOKEN_STRING && l->element == HG_TOKEN_STRING)
            return true; /* joined: said elsewhere */
        if (token == HG_TOKEN_COMMA || token == HG_TOKEN_SEMICOLON) {
            l->state = HG_SYNTAX_NAME;
            return true;
        }
        return token == HG_TOKEN_NAME || token == HG_TOKEN_CLOSE ? expect_name(s, token, text)
                                                                 : unexpected(s, "a semicolon", token, text);
    default:
        HG_ASSERT(l->state == HG_SYNTAX_NAME);
        return expect_name(s, token, text);
    }
}

static bool in_list(struct hg_syntax *s, enum hg_token token, struct hg_slice text, unsigned line)
{
    struct hg_syntax_level *l = top(s);
    char expected[32];
    if (l->state == HG_SYNTAX_FIRST && token == HG_TOKEN_CLOSE)
        return close_level(s, text);
    if (l->state == HG_SYNTAX_NEXT && token == HG_TOKEN_CLOSE)
        return refuse(s, "a comma before the end of a list");
    if (l->state != HG_SYNTAX_AFTER)
        return expect_value(s, token, text, line);
    if (token == HG_TOKEN_CLOSE)
        return close_level(s, text);
    if (token == HG_TOKEN_STRING && l->element == HG_TOKEN_STRING)
        return true; /* joined: said elsewhere */
    (void)snprintf(expected, sizeof(expected), "a comma or %c", closing(l->open));
    if (token != HG_TOKEN_COMMA)
        return unexpected(s, expected, token, text);
    l->state = HG_SYNTAX_NEXT;
    return true;
}

bool hg_syntax_token(struct hg_syntax *s, enum hg_token token, struct hg_slice text, unsigned line)
{
    HG_ASSERT(text.n > 0 || token == HG_TOKEN_STRING);
    size_t depth = s->depth;
    bool ok = hg_syntax_in_group(s) ? in_group(s, token, text, line) : in_list(s, token, text, line);
    /* For two strings side by side. Arrays keep what their first element is. */
    if (ok && s->depth == depth && top(s)->open != '[')
        top(s)->element = token;
    HG_ASSERT(ok == (s->problem[0] == '\0'));
    return ok;
}

bool hg_syntax_end(struct hg_syntax *s, unsigned *line)
{
    struct hg_syntax_level *l = top(s);
    char name[60];
    if (s->depth > 0) {
        *line = l->line;
        return refuse(s, "the %c that opens here is not closed", l->open);
    }
    hg_text_printable(l->name, name, sizeof(name));
    if (l->state == HG_SYNTAX_ASSIGN || l->state == HG_SYNTAX_VALUE)
        return refuse(s, "%s has no value", name);
    return true;
}
