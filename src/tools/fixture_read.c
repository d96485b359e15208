/* SPDX-License-Identifier: MIT
 *
 * Reading fixture files: one line at a time, each known by its first sign. A
 * mistake is reported with its line, and reading goes on.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "read.h"

/* A list that grows in the arena: what is left behind stays there. */
void *hg_grow(struct hg_reader *r, void *list, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 8 : *cap * 2;
    void *grown;

    if (n < *cap)
        return list;
    grown = hg_arena_alloc(&r->set->arena, more * size);
    if (grown == NULL) {
        hg_read_no_memory(r);
        return NULL;
    }
    if (n > 0)
        memcpy(grown, list, n * size);
    *cap = more;
    return grown;
}

void hg_read_pair(struct hg_reader *r, struct hg_list_of_pairs *to, struct hg_pair p)
{
    struct hg_pair *v = hg_grow(r, to->v, to->n, &to->cap, sizeof(*v));

    if (v == NULL)
        return;
    to->v = v;
    to->v[to->n++] = p;
}

void hg_read_bad(struct hg_reader *r, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    hg_diag_add(r->d, HG_SEVERITY_ERROR, r->file, r->line, NULL, "%s", text);
}

void hg_read_no_memory(struct hg_reader *r)
{
    if (!r->no_memory)
        hg_read_bad(r, "no memory for the fixtures");
    r->no_memory = true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = hg_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape behind the backslash at s.p[0]; *used: bytes of it. -1: unknown. */
static int unescape(struct hg_slice s, size_t *used)
{
    *used = 2;
    switch (s.n > 1 ? s.p[1] : '\0') {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '\\':
        return '\\';
    case 'x':
        *used = 4;
        return s.n > 3 && hex(s.p[2]) >= 0 && hex(s.p[3]) >= 0 ? hex(s.p[2]) * 16 + hex(s.p[3]) : -1;
    default:
        return -1;
    }
}

/* Appends the base64 of what stands in $<base64:...>, which s begins with. Bytes of s that were used; 0:
 * none. */
static size_t put_base64(struct hg_reader *r, struct hg_slice s, char *out, size_t *n)
{
    static const char begin[] = "$<base64:";
    size_t from = sizeof(begin) - 1, end = from, open = 0;

    if (!hg_slice_starts(s, HG_LIT("$<base64:")))
        return 0;
    for (; end < s.n && (s.p[end] != '>' || open > 0); end++) {
        if (s.p[end] == '>')
            open--;
        else if (s.p[end] == '<' && s.p[end - 1] == '$')
            open++;
    }
    if (end == s.n) {
        hg_read_bad(r, "$<base64: is not closed by >");
        return 0;
    }
    *n += hg_text_base64(hg_slice(s.p + from, end - from), out + *n);
    return end + 1;
}

struct hg_slice hg_read_text(struct hg_reader *r, struct hg_slice s, bool escapes)
{
    /* Base64 makes 4 bytes of 3, and its frame has 10. */
    char *out = hg_arena_alloc(&r->set->arena, s.n * 2 + 8);
    size_t n = 0;

    if (out == NULL) {
        hg_read_no_memory(r);
        return hg_slice("", 0);
    }
    for (size_t i = 0, used; i < s.n; i += used) {
        int c = (unsigned char)s.p[i];

        used = put_base64(r, hg_slice_from(s, i), out, &n);
        if (used > 0)
            continue;
        used = 1;
        if (escapes && c == '\\')
            c = unescape(hg_slice_from(s, i), &used);
        if (c < 0 && used > 1) {
            hg_read_bad(r, "unknown escape (expected \\r, \\n, \\t, \\xNN or \\\\)");
            return hg_slice(out, n);
        }
        out[n++] = (char)c;
        HG_ASSERT(n <= s.n * 2 + 8);
    }
    out[n] = '\0';
    return hg_slice(out, n);
}

/* "NAME=value" to a set. */
static void add_set(struct hg_reader *r, struct hg_list_of_pairs *to, struct hg_slice rest, const char *what)
{
    ptrdiff_t at = hg_slice_find(rest, '=');
    struct hg_pair p;

    if (at <= 0) {
        hg_read_bad(r, "%s without a name and a value (expected %s NAME=value)", what, what);
        return;
    }
    p.name = hg_slice_trim(hg_slice(rest.p, (size_t)at));
    p.value = hg_read_text(r, hg_slice_from(rest, (size_t)at + 1), true);
    hg_read_pair(r, to, p);
}

/* "Name: value" of a message that is sent; the space behind the colon is not part of it. */
static void add_field(struct hg_reader *r, struct hg_list_of_pairs *to, struct hg_slice rest)
{
    ptrdiff_t at = hg_slice_find(rest, ':');
    struct hg_pair p;

    if (at < 0) {
        hg_read_bad(r, "a header without a colon (expected Name: value)");
        return;
    }
    p.name = hg_read_text(r, hg_slice(rest.p, (size_t)at), true);
    p.value = hg_slice_from(rest, (size_t)at + 1);
    if (p.value.n > 0 && p.value.p[0] == ' ')
        p.value = hg_slice_from(p.value, 1);
    p.value = hg_read_text(r, p.value, true);
    hg_read_pair(r, to, p);
}

static struct hg_slice take_word(struct hg_slice *s)
{
    ptrdiff_t at = hg_slice_find(*s, ' ');
    struct hg_slice word = at < 0 ? *s : hg_slice(s->p, (size_t)at);

    *s = hg_slice_trim(hg_slice_from(*s, word.n));
    return word;
}

static void client_line(struct hg_reader *r, struct hg_slice rest)
{
    struct hg_fixture *f = &r->now->fixture;

    if (f->ask.method.p != NULL) {
        add_field(r, &r->now->field, rest);
        return;
    }
    f->ask.method = hg_read_text(r, take_word(&rest), true);
    f->ask.url = hg_read_text(r, rest, true);
    if (rest.n == 0)
        hg_read_bad(r, "the first line of a request is its method and URL (expected > GET /path)");
}

static bool read_status(struct hg_reader *r, struct hg_slice word, unsigned *status)
{
    uint64_t n;

    if (hg_slice_u64(word, &n) && n >= 100 && n <= 599) {
        *status = (unsigned)n;
        return true;
    }
    hg_read_bad(r, "the first line of an answer is its status (expected 100 to 599)");
    return false;
}

static void server_line(struct hg_reader *r, struct hg_slice rest)
{
    struct hg_fixture *f = &r->now->fixture;

    if (f->answers && rest.n > 0 && rest.p[0] == '|') {
        hg_read_body_line(r, rest);
        return;
    }
    if (f->answers) {
        add_field(r, &r->now->answer, rest);
        return;
    }
    f->answers = true;
    if (!read_status(r, rest, &f->status))
        f->status = 200;
}

static const char *keep(struct hg_reader *r, struct hg_slice s)
{
    struct hg_slice z = hg_arena_join(&r->set->arena, s, hg_slice("", 1));

    if (z.p == NULL)
        hg_read_no_memory(r);
    return z.p != NULL ? z.p : "";
}

/* A fixture is whole when its next begins, or the file ends. */
static void finish(struct hg_reader *r)
{
    struct hg_reading *c = r->now;
    unsigned line = r->line;

    if (c == NULL)
        return;
    r->line = c->fixture.line;
    if (c->fixture.ask.method.p == NULL)
        hg_read_bad(r, "the fixture sends nothing (expected > METHOD URL)");
    else if (c->expects == 0)
        hg_read_bad(r, "the fixture expects nothing (expected lines with >> or <)");
    r->line = line;
    c->fixture.ask.field = c->field.v;
    c->fixture.ask.fields = c->field.n;
    c->fixture.body = hg_read_body(r, &c->body);
    c->fixture.answer = (struct hg_fixture_set){c->answer.v, c->answer.n};
    c->fixture.env = (struct hg_fixture_set){c->env.v, c->env.n};
    c->fixture.secret = (struct hg_fixture_set){c->secret.v, c->secret.n};
    c->fixture.expect = c->expect;
    c->fixture.expects = c->expects;
}

/* What stands before the first fixture holds for all of them. */
static void inherit(struct hg_reader *r, struct hg_list_of_pairs *to, const struct hg_list_of_pairs *from)
{
    for (size_t i = 0; i < from->n; i++)
        hg_read_pair(r, to, from->v[i]);
}

static void begin(struct hg_reader *r, struct hg_slice name)
{
    struct hg_fixtures *s = r->set;
    struct hg_reading *c = hg_arena_alloc(&s->arena, sizeof(*c));
    struct hg_reading **v = hg_grow(r, s->v, s->n, &s->cap, sizeof(struct hg_reading *));

    finish(r);
    if (name.n == 0)
        hg_read_bad(r, "the fixture has no name (expected == what it shows)");
    if (c == NULL || v == NULL) {
        hg_read_no_memory(r);
        return;
    }
    memset(c, 0, sizeof(*c));
    c->fixture.name = keep(r, name);
    c->fixture.line = r->line;
    c->fixture.ask.frontend = r->common.fixture.ask.frontend;
    c->fixture.ask.from = r->common.fixture.ask.from;
    c->fixture.ask.exceeded = r->common.fixture.ask.exceeded;
    c->fixture.ask.body = r->common.fixture.ask.body;
    inherit(r, &c->env, &r->common.env);
    inherit(r, &c->secret, &r->common.secret);
    s->v = v;
    s->v[s->n++] = c;
    r->now = c;
}

static void word_line(struct hg_reader *r, struct hg_slice line)
{
    struct hg_reading *c = r->now != NULL ? r->now : &r->common;
    struct hg_slice word = take_word(&line);

    if (hg_slice_eq(word, HG_LIT("env")))
        add_set(r, &c->env, line, "env");
    else if (hg_slice_eq(word, HG_LIT("secret")))
        add_set(r, &c->secret, line, "secret");
    else if (hg_slice_eq(word, HG_LIT("frontend")) && line.n > 0)
        c->fixture.ask.frontend = keep(r, line);
    else if (hg_slice_eq(word, HG_LIT("from")) && line.n > 0)
        c->fixture.ask.from = keep(r, line);
    else if (hg_slice_eq(word, HG_LIT("exceeded")) && line.n > 0)
        c->fixture.ask.exceeded = keep(r, line);
    else if (hg_slice_eq(word, HG_LIT("body")))
        hg_read_request_body(r, &c->fixture, line);
    else
        hg_read_bad(
            r,
            "unknown line (expected ==, >, >>, <<, <, |, #, env, secret, frontend, from, exceeded or body)");
}

static bool takes(struct hg_slice line, const char *sign, struct hg_slice *rest)
{
    struct hg_slice s = hg_slice_str(sign);

    if (!hg_slice_starts(line, s))
        return false;
    *rest = hg_slice_from(line, s.n);
    if (rest->n > 0 && rest->p[0] == ' ')
        *rest = hg_slice_from(*rest, 1);
    return true;
}

static void read_line(struct hg_reader *r, struct hg_slice line)
{
    struct hg_slice rest = {NULL, 0};

    if (line.n == 0 || line.p[0] == '#' || line.p[0] == '|')
        return; /* config lines are gathered by themselves */
    if (takes(line, "==", &rest))
        begin(r, hg_slice_trim(rest));
    else if (strchr("<>", line.p[0]) == NULL)
        word_line(r, line);
    else if (r->now == NULL)
        hg_read_bad(r, "stands before the first fixture (expected == its name)");
    else if (takes(line, ">>", &rest))
        hg_read_expect(r, true, line, rest);
    else if (takes(line, "<<", &rest))
        server_line(r, rest);
    else if (takes(line, ">", &rest))
        client_line(r, rest);
    else if (takes(line, "<", &rest))
        hg_read_expect(r, false, line, rest);
}

/* Takes a line off, without its end and the blanks around it. */
static struct hg_slice next_line(struct hg_slice *text)
{
    ptrdiff_t at = hg_slice_find(*text, '\n');
    struct hg_slice line = at < 0 ? *text : hg_slice(text->p, (size_t)at);

    *text = hg_slice_from(*text, line.n + 1);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return hg_slice_trim(line);
}

/* The config lines of the file and of the fixture that begins at line `own` and ends before `end`, each on
 * its own line, so that what is said about them names the right one. */
static const char *gather(struct hg_reader *r, struct hg_slice text, unsigned first, unsigned own,
                          unsigned end)
{
    char *out = hg_arena_alloc(&r->set->arena, text.n + 2);
    unsigned line = 0;
    size_t n = 0;
    bool any = false;

    if (out == NULL) {
        hg_read_no_memory(r);
        return NULL;
    }
    while (text.n > 0) {
        struct hg_slice s = next_line(&text);

        line++;
        if (s.n > 1 && s.p[0] == '|' && (line < first || (line > own && line < end))) {
            memcpy(out + n, s.p + 1, s.n - 1);
            n += s.n - 1;
            any = true;
        }
        out[n++] = '\n';
    }
    out[n] = '\0';
    return any ? out : NULL;
}

static void gather_all(struct hg_reader *r, struct hg_slice text)
{
    struct hg_fixtures *s = r->set;

    for (size_t i = 0; i < s->n && !r->no_memory; i++)
        s->v[i]->fixture.config = gather(r, text, s->v[0]->fixture.line, s->v[i]->fixture.line,
                                         i + 1 < s->n ? s->v[i + 1]->fixture.line : r->line + 1);
}

struct hg_fixtures *hg_fixtures_read(struct hg_slice text, const char *file, struct hg_diag *d)
{
    struct hg_fixtures *s = calloc(1, sizeof(*s));
    struct hg_reader r = {.set = s, .d = d};
    struct hg_slice rest = text;

    HG_ASSERT(file != NULL && d != NULL);
    if (s == NULL)
        return NULL;
    hg_arena_init(&s->arena, HG_LIMIT_FIXTURES);
    hg_diag_file(d, file);
    r.file = keep(&r, hg_slice_str(file));
    while (rest.n > 0 && !r.no_memory) {
        struct hg_slice line = next_line(&rest);

        r.line++;
        read_line(&r, line);
    }
    finish(&r);
    if (s->n == 0)
        hg_read_bad(&r, "there is no fixture in this file (expected == its name)");
    gather_all(&r, text);
    return s;
}

void hg_fixtures_free(struct hg_fixtures *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->v[i]->expects; k++)
            hg_pattern_free(f->v[i]->expect[k].pattern);
    hg_arena_reset(&f->arena);
    free(f);
}

size_t hg_fixtures_count(const struct hg_fixtures *f)
{
    return f->n;
}

const struct hg_fixture *hg_fixtures_get(const struct hg_fixtures *f, size_t i)
{
    HG_ASSERT(i < f->n);
    return &f->v[i]->fixture;
}
