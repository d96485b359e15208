/* SPDX-License-Identifier: MIT
 *
 * libconfig joins adjacent strings, wraps integers and reports a missing quote
 * at the end of the file, all of it without a word or in the wrong place. This
 * lexer reads the same tokens, only to say so where it happens. It also refuses
 * what libconfig would open by itself (@include).
 */
#include "lint.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "syntax.h"

#define MAX_LINES 65535u /* libconfig keeps lines in 16 bits */
#define MAX_INT 2147483647u

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
    struct hg_syntax syntax;
    bool string;                             /* the last token was one */
    unsigned string_line;                    /* of the first of joined strings */
    size_t group_start[HG_SYNTAX_DEPTH + 1]; /* where the names of each open bracket begin in `seen` */
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

/* With a quote missing, every later one changes sides, and what seems wrong is right: the first string over
 * several lines is the one. */
static void wrong(struct lexer *x, unsigned line)
{
    HG_ASSERT(x->syntax.problem[0] != '\0');
    if (x->out->long_string != 0 && x->out->long_string <= line)
        fatal(x, x->out->long_string,
              "syntax error (the string that starts here goes over several lines: is its closing quote "
              "missing?)");
    else
        hg_diag_add(x->d, HG_SEVERITY_ERROR, x->file, line, NULL, "syntax error: %s", x->syntax.problem);
    x->out->syntax = true;
}

static bool token(struct lexer *x, enum hg_token what, struct hg_slice text, unsigned line)
{
    x->string = what == HG_TOKEN_STRING;
    if (hg_syntax_token(&x->syntax, what, text, line))
        return true;
    wrong(x, line);
    return false;
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

/* The value is no further mistake. */
static void refuse_value(struct lexer *x, unsigned line, size_t at, size_t n)
{
    HG_ASSERT(x->out->bads <= HG_LINT_BAD && at + n <= x->text.n);
    if (x->out->bads == HG_LINT_BAD) {
        x->out->syntax = true; /* enough */
        return;
    }
    x->out->bad[x->out->bads].line = line;
    x->out->bad[x->out->bads].at = at;
    x->out->bad[x->out->bads++].n = n;
}

/* \x00 would end the string for those who read it. */
static void check_escape(struct lexer *x)
{
    char c = peek(x, 1);
    if ((c == 'x' || c == 'X') && peek(x, 2) == '0' && peek(x, 3) == '0')
        fatal(x, x->line, "a NUL byte");
}

static void read_string(struct lexer *x)
{
    unsigned start = x->line;
    bool joined = x->string;
    size_t at = x->at;
    step(x);
    while (more(x) && peek(x, 0) != '"') {
        if (peek(x, 0) == '\\' && x->at + 1 < x->text.n) {
            check_escape(x);
            step(x);
        }
        step(x);
    }
    if (x->out->syntax)
        return;
    if (!more(x)) {
        fatal(x, x->out->long_string != 0 ? x->out->long_string : start,
              "the string that starts here has no end");
        return;
    }
    step(x);
    bool over_lines = x->line != start && x->out->long_string == 0;
    if (!token(x, HG_TOKEN_STRING, hg_slice(x->text.p + at, x->at - at), start))
        return;
    if (over_lines)
        x->out->long_string = start;
    if (joined) {
        problem(x, start, "two strings side by side would be joined (a comma or a semicolon is missing)");
        refuse_value(x, x->string_line, 0, 0);
    } else {
        x->string_line = start;
    }
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

/* The whole of it ends where the lexer is. */
static void bad_number(struct lexer *x, struct hg_slice word, const char *text)
{
    problem(x, x->line, text);
    refuse_value(x, x->line, x->at - word.n, word.n);
}

/* [0-9]+ or a float; word: without its sign. False: neither. */
static bool is_float(struct hg_slice word)
{
    size_t i = 0, digits = 0;
    while (i < word.n && (is_digit(word.p[i]) || word.p[i] == '.')) {
        digits += is_digit(word.p[i]);
        i++;
    }
    const char *dot = memchr(word.p, '.', i);
    if (digits == 0 || (dot != NULL && memchr(dot + 1, '.', (size_t)(word.p + i - dot - 1)) != NULL))
        return false;
    if (i == word.n)
        return dot != NULL;
    if (word.p[i] != 'e' && word.p[i] != 'E')
        return false;
    i++;
    if (i < word.n && (word.p[i] == '+' || word.p[i] == '-'))
        i++;
    size_t exponent = i;
    while (i < word.n && is_digit(word.p[i]))
        i++;
    return i == word.n && i > exponent;
}

/* Integers that versions of libconfig, or people, read differently. False: not an integer at all. */
static bool check_integer(struct lexer *x, struct hg_slice word)
{
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < word.n && is_digit(word.p[digits]))
        digits++;
    bool hex = word.n > 2 && word.p[0] == '0' && (word.p[1] == 'x' || word.p[1] == 'X');
    bool long_int = digits > 0 && digits < word.n && word.p[digits] == 'L';
    if (hex)
        bad_number(x, word, "a number is written in decimal here");
    else if (long_int)
        bad_number(x, word, "a number is written without L here");
    else if (digits == 0 || digits < word.n)
        return false;
    else if (digits > 1 && word.p[0] == '0')
        bad_number(x, word, "a number is written without leading zeros here (a file mode stands in quotes)");
    else if (!hg_slice_u64(word, &value) || value > MAX_INT)
        bad_number(x, word, "this number is too large (at most 2147483647)");
    return true;
}

static void read_number(struct lexer *x)
{
    size_t begin = x->at;
    if (peek(x, 0) == '+' || peek(x, 0) == '-')
        step(x);
    size_t start = x->at;
    while (more(x) && (is_word_part(peek(x, 0)) || peek(x, 0) == '.' || peek(x, 0) == '+'))
        step(x);
    struct hg_slice word = hg_slice(x->text.p + start, x->at - start);
    struct hg_slice whole = hg_slice(x->text.p + begin, x->at - begin);
    bool real = word.n > 0 && is_float(word);
    if (!real && !check_integer(x, word)) {
        char shown[60];
        hg_text_printable(whole, shown, sizeof(shown));
        (void)snprintf(x->syntax.problem, sizeof(x->syntax.problem), "%s is not a number%s", shown,
                       is_digit(whole.p[0]) ? " (a string stands in quotes)" : "");
        wrong(x, x->line);
        return;
    }
    (void)token(x, real ? HG_TOKEN_FLOAT : HG_TOKEN_INT, whole, x->line);
}

static void remember_name(struct lexer *x, struct hg_slice name)
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
    x->seen[x->names++] = (struct seen){name, x->line};
}

/* libconfig refuses the second of the same name, without saying where the first is. */
static void check_name(struct lexer *x, struct hg_slice name)
{
    HG_ASSERT(hg_syntax_in_group(&x->syntax));
    for (size_t i = x->group_start[x->syntax.depth]; i < x->names; i++) {
        if (!hg_slice_eq(x->seen[i].name, name))
            continue;
        char shown[80];
        hg_text_printable(name, shown, sizeof(shown));
        hg_diag_add(x->d, HG_SEVERITY_ERROR, x->file, x->line, NULL,
                    "%s is written twice in the same place (first at %s:%u)", shown, x->file,
                    x->seen[i].line);
        x->out->syntax = true;
        return;
    }
    remember_name(x, name);
}

static void read_word(struct lexer *x)
{
    size_t start = x->at;
    while (more(x) && is_word_part(peek(x, 0)))
        step(x);
    struct hg_slice word = hg_slice(x->text.p + start, x->at - start);
    bool truth = hg_slice_ieq(word, HG_LIT("true")) || hg_slice_ieq(word, HG_LIT("false"));
    if (token(x, truth ? HG_TOKEN_BOOL : HG_TOKEN_NAME, word, x->line) && !truth)
        check_name(x, word);
}

static void read_bracket(struct lexer *x, enum hg_token what)
{
    size_t outer = x->group_start[x->syntax.depth];
    if (!token(x, what, hg_slice(x->text.p + x->at, 1), x->line))
        return;
    if (what == HG_TOKEN_OPEN)
        x->group_start[x->syntax.depth] = x->names;
    else
        x->names = outer;
    step(x);
}

static void odd_character(struct lexer *x, char c)
{
    if (c == '@')
        fatal(x, x->line, "@include is not used here: write include = [ \"file.cfg\" ];");
    else if (c == '\0')
        fatal(x, x->line, "a NUL byte");
    else if (c == '\'')
        fatal(x, x->line, "syntax error: a string stands in double quotes");
    else if (c > ' ' && c < 127)
        hg_diag_add(x->d, HG_SEVERITY_ERROR, x->file, x->line, NULL, "syntax error: %c has no meaning here",
                    c);
    else
        hg_diag_add(x->d, HG_SEVERITY_ERROR, x->file, x->line, NULL,
                    "syntax error: the byte 0x%02x has no meaning here", (unsigned char)c);
    x->out->syntax = true;
}

static void read_punctuation(struct lexer *x)
{
    char c = peek(x, 0);
    struct hg_slice text = hg_slice(x->text.p + x->at, 1);
    bool ok = true;
    if (c == '{' || c == '(' || c == '[') {
        read_bracket(x, HG_TOKEN_OPEN);
        return;
    }
    if (c == '}' || c == ')' || c == ']') {
        read_bracket(x, HG_TOKEN_CLOSE);
        return;
    }
    if (c == '=' || c == ':')
        ok = token(x, HG_TOKEN_ASSIGN, text, x->line);
    else if (c == ',' || c == ';')
        ok = token(x, c == ',' ? HG_TOKEN_COMMA : HG_TOKEN_SEMICOLON, text, x->line);
    else
        odd_character(x, c);
    if (ok && !x->out->syntax)
        step(x);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void next(struct lexer *x)
{
    char c = peek(x, 0);
    if (is_space(c))
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

static void end(struct lexer *x)
{
    unsigned line = x->line;
    if (!x->out->syntax && !hg_syntax_end(&x->syntax, &line))
        wrong(x, line);
}

void hg_lint_text(struct hg_slice text, const char *file, struct hg_diag *d, struct hg_lint *out)
{
    HG_ASSERT(d != NULL && out != NULL);
    memset(out, 0, sizeof(*out));
    struct lexer x = {.text = text, .line = 1, .file = file, .d = d, .out = out};
    hg_syntax_begin(&x.syntax);
    const char *nul = text.n > 0 ? memchr(text.p, '\0', text.n) : NULL;
    if (nul != NULL)
        x.text.n = (size_t)(nul - text.p) + 1; /* libconfig would stop reading there */
    while (more(&x))
        next(&x);
    if (nul != NULL && !out->syntax)
        fatal(&x, x.line, "a NUL byte");
    end(&x);
    if (x.line > MAX_LINES)
        fatal(&x, MAX_LINES, "the file has too many lines");
    free(x.seen);
}
