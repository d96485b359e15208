/* SPDX-License-Identifier: MIT
 *
 * Expectations: what may stand behind >> (what leaves) and < (what the client
 * gets).
 */
#include <stdio.h>

#include "base/check.h"
#include "read.h"

static bool take_quoted(struct hg_slice rest, struct hg_slice *text)
{
    if (rest.n < 3 || rest.p[0] != '"' || rest.p[rest.n - 1] != '"')
        return false;
    *text = hg_slice(rest.p + 1, rest.n - 2);
    return true;
}

static bool take_word(struct hg_slice rest, struct hg_slice word, struct hg_slice *value)
{
    if (!hg_slice_starts(rest, word) || rest.n < word.n + 2 || rest.p[word.n] != ' ')
        return false;
    *value = hg_slice_trim(hg_slice_from(rest, word.n));
    return hg_slice_find(*value, ':') < 0;
}

static void compile(struct hg_reader *r, struct hg_expect *e, struct hg_slice text, unsigned flags)
{
    struct hg_pattern_problem problem = {0};

    e->pattern = hg_pattern_new(text, flags, &problem);
    if (e->pattern == NULL)
        hg_read_bad(r, "%s (at offset %zu of the pattern)", problem.text, problem.offset);
}

/* "Name: value" or "Name ~ regex". */
static bool read_field(struct hg_reader *r, struct hg_expect *e, struct hg_slice rest)
{
    size_t n = 0;

    while (n < rest.n && rest.p[n] != ':' && rest.p[n] != ' ')
        n++;
    e->name = hg_slice(rest.p, n);
    if (!hg_header_name_ok(e->name))
        return false;
    if (n < rest.n && rest.p[n] == ':') {
        e->kind = HG_EXPECT_FIELD;
        e->value = hg_read_text(r, hg_slice_trim(hg_slice_from(rest, n + 1)), false);
        return true;
    }
    rest = hg_slice_trim(hg_slice_from(rest, n));
    if (rest.n < 3 || rest.p[0] != '~' || rest.p[1] != ' ')
        return false;
    e->kind = HG_EXPECT_MATCH;
    rest = hg_arena_join(&r->set->arena, HG_LIT("~"), hg_slice_trim(hg_slice_from(rest, 1)));
    if (rest.p != NULL)
        compile(r, e, rest, 0);
    else
        hg_read_no_memory(r);
    return true;
}

static bool read_more(struct hg_reader *r, struct hg_expect *e, struct hg_slice rest)
{
    if (rest.n > 1 && rest.p[0] == '!') {
        rest = hg_slice_trim(hg_slice_from(rest, 1));
        e->kind = HG_EXPECT_NO_TEXT;
        if (take_quoted(rest, &e->value))
            return true;
        e->kind = HG_EXPECT_ABSENT;
        e->name = rest;
        compile(r, e, rest, HG_PATTERN_CASELESS | HG_PATTERN_ALIASES);
        return rest.n > 0;
    }
    e->kind = HG_EXPECT_TEXT;
    if (take_quoted(rest, &e->value))
        return true;
    e->kind = HG_EXPECT_ONLY;
    if (hg_slice_eq(rest, HG_LIT("only")))
        return true;
    e->kind = HG_EXPECT_USAGE;
    if (!e->leaving && hg_slice_starts(rest, HG_LIT("usage ")) && rest.n > 6 && rest.p[6] != '~') {
        e->value = hg_slice_from(rest, 6);
        return true;
    }
    e->kind = HG_EXPECT_BACKEND;
    if (e->leaving && take_word(rest, HG_LIT("backend"), &e->value))
        return true;
    e->kind = HG_EXPECT_VIA;
    if (e->leaving && take_word(rest, HG_LIT("via"), &e->value))
        return true;
    return read_field(r, e, rest);
}

/* METHOD URL, or STATUS and a word. */
static bool read_first(struct hg_expect *e, struct hg_slice rest)
{
    ptrdiff_t at = hg_slice_find(rest, ' ');
    struct hg_slice word = at < 0 ? rest : hg_slice(rest.p, (size_t)at);
    struct hg_slice more = hg_slice_trim(hg_slice_from(rest, word.n));
    uint64_t status;

    if (e->leaving) {
        e->kind = HG_EXPECT_TARGET;
        e->name = word;
        e->value = more;
        return hg_header_name_ok(word) &&
               (hg_slice_istarts(more, HG_LIT("http://")) || hg_slice_istarts(more, HG_LIT("https://")));
    }
    e->kind = HG_EXPECT_STATUS;
    if (!hg_slice_u64(word, &status) || status < 100 || status > 599)
        return false;
    e->status = (unsigned)status;
    if (more.n > 0)
        e->value = more;
    return true;
}

static bool is_first(const struct hg_reading *c, bool leaving)
{
    for (size_t i = 0; i < c->expects; i++)
        if (c->expect[i].leaving == leaving)
            return false;
    return true;
}

/* A lasting copy of the line: the file's text is the caller's. */
static struct hg_slice keep_line(struct hg_reader *r, struct hg_slice s)
{
    struct hg_slice copy = hg_arena_copy(&r->set->arena, s);

    if (copy.p == NULL)
        hg_read_no_memory(r);
    return copy;
}

void hg_read_expect(struct hg_reader *r, bool leaving, struct hg_slice written, struct hg_slice rest)
{
    struct hg_reading *c = r->now;
    struct hg_expect e = {.leaving = leaving, .line = r->line};
    struct hg_expect *v;

    HG_ASSERT(c != NULL);
    e.written = keep_line(r, written);
    rest = keep_line(r, hg_slice_trim(rest));
    v = hg_grow(r, c->expect, c->expects, &c->cap, sizeof(*v));
    if (v == NULL || r->no_memory)
        return;
    c->expect = v;
    if (is_first(c, leaving)) {
        if (!read_first(&e, rest))
            hg_read_bad(r, leaving
                               ? "the first line of what leaves is its method and where it goes (expected >> "
                                 "GET https://host/path)"
                               : "the first line of an answer is its status (expected 100 to 599)");
    } else if (!read_more(r, &e, rest)) {
        hg_read_bad(r, "malformed (expected Name: value, Name ~ regex, !pattern, \"text\", !\"text\"%s)",
                    leaving ? ", only, backend NAME or via NAME" : ", only or usage TAP input=N ...");
    }
    c->expect[c->expects++] = e;
}
