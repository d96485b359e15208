/* SPDX-License-Identifier: MIT
 *
 * libconfig joins adjacent strings, wraps integers and reports a missing quote
 * at the end of the file, all of it without a word or in the wrong place. This
 * lexer reads the same tokens, only to say so where it happens. It also refuses
 * what libconfig would open by itself (@include).
 */
#include "lint.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"

#define MAX_DEPTH 32u
#define MAX_LINES 65535u /* libconfig keeps lines in 16 bits */
#define MAX_INT 2147483647u

enum token { START, STRING, NUMBER, WORD, ASSIGN, COMMA, OPEN, CLOSE, OTHER };

struct seen {
    struct hg_slice name;
    unsigned line;
};

struct lexer {
    struct hg_slice text;
    size_t at;
    unsigned line;
    const char *file;
    struct hg_diag *d;
    struct hg_lint *out;
    enum token last;
    struct hg_slice word; /* of the last WORD */
    unsigned word_line;
    unsigned string_line; /* of the first of joined strings */
    size_t depth;
    size_t group_start[MAX_DEPTH + 1]; /* where the names of each open bracket begin in `seen` */
    bool in_group[MAX_DEPTH + 1];
    struct seen *seen;
    size_t names, cap;
};

static void problem(struct lexer *x, unsigned line, const char *text)
{
    hg_diag_add(x->d, HG_SEVERITY_ERROR, x->file, line, NULL, "%s", text);
}

static void fatal(struct lexer *x, unsigned line, const char *text)
{
    problem(x, line, text);
    x->out->syntax = true;
}

static bool more(const struct lexer *x)
{
    return x->at < x->text.n && !x->out->syntax;
}

static char peek(const struct lexer *x, size_t ahead)
{
    return x->at + ahead < x->text.n ? x->text.p[x->at + ahead] : '\0';
}

static void step(struct lexer *x)
{
    HG_ASSERT(x->at < x->text.n);
    if (x->text.p[x->at] == '\n')
        x->line++;
    x->at++;
}

static void skip_line(struct lexer *x)
{
    while (more(x) && peek(x, 0) != '\n')
        step(x);
}

static void skip_comment(struct lexer *x)
{
    unsigned start = x->line;
    x->at += 2;
    while (more(x)) {
        if (peek(x, 0) == '*' && peek(x, 1) == '/') {
            x->at += 2;
            return;
        }
        step(x);
    }
    fatal(x, start, "the comment that starts here has no end");
}

/* The value on that line is no further mistake. */
static void refuse_line(struct lexer *x, unsigned line)
{
    HG_ASSERT(x->out->bad_lines <= HG_LINT_BAD_LINES);
    if (x->out->bad_lines < HG_LINT_BAD_LINES)
        x->out->bad_line[x->out->bad_lines++] = line;
}

static bool string_can_stand(const struct lexer *x)
{
    if (x->last == STRING || x->last == ASSIGN)
        return true;
    return !x->in_group[x->depth] && (x->last == OPEN || x->last == COMMA);
}

static void read_string(struct lexer *x)
{
    unsigned start = x->line;
    if (!string_can_stand(x) && x->out->parse_line == 0) {
        x->out->parse = x->at;
        x->out->parse_line = x->line;
    }
    step(x);
    while (more(x) && peek(x, 0) != '"') {
        if (peek(x, 0) == '\\' && x->at + 1 < x->text.n)
            step(x);
        step(x);
    }
    if (!more(x)) {
        /* With a quote missing, every later one changes sides: the first string over several lines is the
         * one. */
        fatal(x, x->out->long_string != 0 ? x->out->long_string : start,
              "the string that starts here has no end");
        return;
    }
    step(x);
    if (x->line != start && x->out->long_string == 0)
        x->out->long_string = start;
    if (x->last == STRING) {
        problem(x, start, "two strings side by side would be joined (a comma or a semicolon is missing)");
        refuse_line(x, x->string_line);
    } else {
        x->string_line = start;
    }
    x->last = STRING;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_word_part(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '*';
}

static void bad_number(struct lexer *x, const char *text)
{
    problem(x, x->line, text);
    refuse_line(x, x->line);
}

/* word: without its sign */
static void check_number(struct lexer *x, struct hg_slice word)
{
    uint64_t value = 0;
    if (word.n > 1 && word.p[0] == '0' && (word.p[1] == 'x' || word.p[1] == 'X')) {
        bad_number(x, "a number is written in decimal here");
        return;
    }
    size_t digits = 0;
    while (digits < word.n && is_digit(word.p[digits]))
        digits++;
    if (digits < word.n && word.p[digits] == 'L') {
        bad_number(x, "a number is written without L here");
        return;
    }
    if (digits < word.n)
        return; /* a float, or an error of syntax */
    if (digits > 1 && word.p[0] == '0')
        bad_number(x, "a number is written without leading zeros here (a file mode stands in quotes)");
    else if (!hg_slice_u64(word, &value) || value > MAX_INT)
        bad_number(x, "this number is too large (at most 2147483647)");
}

static void read_number(struct lexer *x)
{
    if (peek(x, 0) == '+' || peek(x, 0) == '-')
        step(x);
    size_t start = x->at;
    while (more(x) && (is_word_part(peek(x, 0)) || peek(x, 0) == '.' || peek(x, 0) == '+'))
        step(x);
    check_number(x, hg_slice(x->text.p + start, x->at - start));
    x->last = NUMBER;
}

static void read_word(struct lexer *x)
{
    size_t start = x->at;
    while (more(x) && is_word_part(peek(x, 0)))
        step(x);
    x->word = hg_slice(x->text.p + start, x->at - start);
    x->word_line = x->line;
    x->last = WORD;
}

static void remember_name(struct lexer *x)
{
    if (x->names == x->cap) {
        size_t cap = x->cap == 0 ? 64 : x->cap * 2;
        struct seen *grown = realloc(x->seen, cap * sizeof(*grown));
        if (grown == NULL) {
            fatal(x, x->line, "no memory");
            return;
        }
        x->seen = grown;
        x->cap = cap;
    }
    x->seen[x->names++] = (struct seen){x->word, x->word_line};
}

/* A name was given a value: libconfig refuses the second of the same name, without saying where the first is.
 */
static void assign(struct lexer *x)
{
    if (x->last == WORD && x->in_group[x->depth]) {
        for (size_t i = x->group_start[x->depth]; i < x->names; i++) {
            if (!hg_slice_eq(x->seen[i].name, x->word))
                continue;
            char name[80];
            hg_text_printable(x->word, name, sizeof(name));
            hg_diag_add(x->d, HG_SEVERITY_ERROR, x->file, x->word_line, NULL,
                        "%s is written twice in the same place (first at %s:%u)", name, x->file,
                        x->seen[i].line);
            x->out->syntax = true;
            return;
        }
        remember_name(x);
    }
    x->last = ASSIGN;
}

static void open_bracket(struct lexer *x, bool group)
{
    if (x->depth == MAX_DEPTH) {
        fatal(x, x->line, "too many brackets inside each other");
        return;
    }
    x->depth++;
    x->group_start[x->depth] = x->names;
    x->in_group[x->depth] = group;
    x->last = OPEN;
}

static void close_bracket(struct lexer *x, bool group)
{
    if (x->last == COMMA && !group) {
        fatal(x, x->line, "a comma before the end of a list");
        return;
    }
    if (x->depth > 0) {
        x->names = x->group_start[x->depth];
        x->depth--;
    }
    x->last = CLOSE;
}

static void read_punctuation(struct lexer *x)
{
    char c = peek(x, 0);
    if (c == '{' || c == '(' || c == '[')
        open_bracket(x, c == '{');
    else if (c == '}' || c == ')' || c == ']')
        close_bracket(x, c == '}');
    else if (c == '=' || c == ':')
        assign(x);
    else if (c == '@')
        fatal(x, x->line, "@include is not used here: write include = [ \"file.cfg\" ];");
    else if (c == '\0')
        fatal(x, x->line, "a NUL byte");
    else
        x->last = c == ',' ? COMMA : OTHER;
    if (!x->out->syntax)
        step(x);
}

static void next(struct lexer *x)
{
    char c = peek(x, 0);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v')
        step(x);
    else if (c == '#' || (c == '/' && peek(x, 1) == '/'))
        skip_line(x);
    else if (c == '/' && peek(x, 1) == '*')
        skip_comment(x);
    else if (c == '"')
        read_string(x);
    else if (is_digit(c) || c == '+' || c == '-' || c == '.')
        read_number(x);
    else if (is_letter(c) || c == '*')
        read_word(x);
    else
        read_punctuation(x);
}

void hg_lint_text(struct hg_slice text, const char *file, struct hg_diag *d, struct hg_lint *out)
{
    HG_ASSERT(d != NULL && out != NULL);
    memset(out, 0, sizeof(*out));
    struct lexer x = {.text = text, .line = 1, .file = file, .d = d, .out = out, .last = START};
    x.in_group[0] = true;
    const char *nul = text.n > 0 ? memchr(text.p, '\0', text.n) : NULL;
    if (nul != NULL)
        x.text.n = (size_t)(nul - text.p) + 1; /* libconfig would stop reading there */
    while (more(&x))
        next(&x);
    if (nul != NULL && !out->syntax)
        fatal(&x, x.line, "a NUL byte");
    if (out->parse_line == 0)
        out->parse = x.text.n;
    if (x.line > MAX_LINES)
        fatal(&x, MAX_LINES, "the file has too many lines");
    free(x.seen);
}
