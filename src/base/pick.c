/* SPDX-License-Identifier: MIT
 *
 * A walk over JSON that skips what was not asked for. The text is checked whole
 * before, so that half an answer is not taken for one.
 */
#include "base/pick.h"

#include <stdlib.h>

#include "base/check.h"

#define DEPTH_MAX 32u
#define NAME_MAX_BYTES 256u

struct walk {
    struct hg_slice rest;
    unsigned depth;
};

/* Where decoded bytes go; p NULL: nowhere. */
struct sink {
    char *p;
    size_t cap, n;
};

static void skip_space(struct walk *w)
{
    while (w->rest.n > 0 && strchr(" \t\r\n", w->rest.p[0]) != NULL && w->rest.p[0] != '\0')
        w->rest = hg_slice_from(w->rest, 1);
}

static bool take(struct walk *w, char c)
{
    skip_space(w);
    if (w->rest.n == 0 || w->rest.p[0] != c)
        return false;
    w->rest = hg_slice_from(w->rest, 1);
    return true;
}

static bool put(struct sink *s, char c)
{
    if (s->p == NULL)
        return true;
    if (s->n == s->cap)
        return false;
    s->p[s->n++] = c;
    return true;
}

static bool put_code(struct sink *s, uint32_t c)
{
    if (c < 0x80)
        return put(s, (char)c);
    if (c < 0x800)
        return put(s, (char)(0xc0 | c >> 6)) && put(s, (char)(0x80 | (c & 63)));
    if (c < 0x10000)
        return put(s, (char)(0xe0 | c >> 12)) && put(s, (char)(0x80 | (c >> 6 & 63))) &&
               put(s, (char)(0x80 | (c & 63)));
    return put(s, (char)(0xf0 | c >> 18)) && put(s, (char)(0x80 | (c >> 12 & 63))) &&
           put(s, (char)(0x80 | (c >> 6 & 63))) && put(s, (char)(0x80 | (c & 63)));
}

/* Four hex digits. */
static bool take_hex(struct walk *w, uint32_t *out)
{
    uint32_t v = 0;
    if (w->rest.n < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        char c = hg_lower(w->rest.p[i]);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        v = v * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    w->rest = hg_slice_from(w->rest, 4);
    *out = v;
    return true;
}

/* Behind "\u": one code point, of two halves when it is a surrogate. */
static bool take_unicode(struct walk *w, struct sink *s)
{
    uint32_t c, low;
    if (!take_hex(w, &c))
        return false;
    if (c >= 0xdc00 && c < 0xe000)
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!hg_slice_starts(w->rest, HG_LIT("\\u")))
            return false;
        w->rest = hg_slice_from(w->rest, 2);
        if (!take_hex(w, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    return put_code(s, c);
}

static bool take_escape(struct walk *w, struct sink *s)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (w->rest.n == 0 || w->rest.p[0] == '\0')
        return false;
    char c = w->rest.p[0];
    w->rest = hg_slice_from(w->rest, 1);
    if (c == 'u')
        return take_unicode(w, s);
    const char *at = strchr(from, c);
    return at != NULL && put(s, to[at - from]);
}

static bool take_string(struct walk *w, struct sink *s)
{
    if (!take(w, '"'))
        return false;
    while (w->rest.n > 0) {
        char c = w->rest.p[0];
        w->rest = hg_slice_from(w->rest, 1);
        if (c == '"')
            return true;
        if ((unsigned char)c < 0x20 || !(c == '\\' ? take_escape(w, s) : put(s, c)))
            return false;
    }
    return false;
}

/* A number or a word; its bytes. */
static bool take_scalar(struct walk *w, struct hg_slice *out)
{
    skip_space(w);
    size_t n = 0;
    while (n < w->rest.n && w->rest.p[n] != '\0' &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", w->rest.p[n]) != NULL)
        n++;
    *out = hg_slice(w->rest.p, n);
    w->rest = hg_slice_from(w->rest, n);
    if (n == 0)
        return false;
    if (out->p[0] == '-' || (out->p[0] >= '0' && out->p[0] <= '9'))
        return true;
    return hg_slice_eq(*out, HG_LIT("true")) || hg_slice_eq(*out, HG_LIT("false")) ||
           hg_slice_eq(*out, HG_LIT("null"));
}

static bool skip_value(struct walk *w);

static bool skip_members(struct walk *w, bool object)
{
    struct sink nowhere = {0};
    char end = object ? '}' : ']';
    if (take(w, end))
        return true;
    do {
        if (object && (!take_string(w, &nowhere) || !take(w, ':')))
            return false;
        if (!skip_value(w))
            return false;
    } while (take(w, ','));
    return take(w, end);
}

static bool skip_value(struct walk *w)
{
    struct sink nowhere = {0};
    struct hg_slice scalar;
    bool ok;
    if (w->depth == DEPTH_MAX)
        return false;
    w->depth++;
    skip_space(w);
    if (w->rest.n > 0 && w->rest.p[0] == '"')
        ok = take_string(w, &nowhere);
    else if (take(w, '{'))
        ok = skip_members(w, true);
    else if (take(w, '['))
        ok = skip_members(w, false);
    else
        ok = take_scalar(w, &scalar);
    w->depth--;
    return ok;
}

/* Stands before the value of the member of that name, or false: there is none (the text is known to be
 * sound). */
static bool enter_object(struct walk *w, struct hg_slice name)
{
    char text[NAME_MAX_BYTES];
    if (take(w, '}'))
        return false;
    do {
        struct sink s = {text, sizeof(text), 0};
        struct walk before = *w;
        bool fits = take_string(w, &s);
        if (!fits) { /* longer than any name that is asked for */
            struct sink nowhere = {0};
            *w = before;
            (void)take_string(w, &nowhere);
        }
        (void)take(w, ':');
        if (fits && hg_slice_eq(hg_slice(text, s.n), name))
            return true;
        (void)skip_value(w);
    } while (take(w, ','));
    return false;
}

static bool enter_array(struct walk *w, struct hg_slice name)
{
    uint64_t left;
    if (!hg_slice_u64(name, &left) || take(w, ']'))
        return false;
    for (; left > 0; left--) {
        (void)skip_value(w);
        if (!take(w, ','))
            return false;
    }
    return true;
}

static enum hg_pick read_value(struct walk *w, char *out, size_t cap, size_t *n)
{
    struct sink s = {out, cap, 0};
    struct hg_slice scalar;
    skip_space(w);
    HG_ASSERT(w->rest.n > 0);
    if (w->rest.p[0] == '{' || w->rest.p[0] == '[')
        return HG_PICK_COMPOUND;
    if (w->rest.p[0] == '"') {
        if (!take_string(w, &s))
            return HG_PICK_BAD;
        *n = s.n;
        return HG_PICK_STRING;
    }
    if (!take_scalar(w, &scalar) || scalar.n > cap)
        return HG_PICK_BAD;
    memcpy(out, scalar.p, scalar.n);
    *n = scalar.n;
    return HG_PICK_OTHER;
}

enum hg_pick hg_pick(struct hg_slice text, const char *path, char *out, size_t cap, size_t *n)
{
    struct walk w = {.rest = text}, whole = w;
    struct hg_slice left = hg_slice_str(path);
    HG_ASSERT(path != NULL && out != NULL && n != NULL);
    *n = 0;
    if (!skip_value(&whole))
        return HG_PICK_BAD;
    skip_space(&whole);
    if (whole.rest.n > 0)
        return HG_PICK_BAD;
    while (left.n > 0) {
        ptrdiff_t dot = hg_slice_find(left, '.');
        struct hg_slice name = dot < 0 ? left : hg_slice(left.p, (size_t)dot);
        left = dot < 0 ? hg_slice(NULL, 0) : hg_slice_from(left, (size_t)dot + 1);
        bool found = take(&w, '{') ? enter_object(&w, name) : take(&w, '[') && enter_array(&w, name);
        if (!found)
            return HG_PICK_MISSING;
    }
    return read_value(&w, out, cap, n);
}

/* ---- all members ---- */

struct members {
    struct walk w;
    struct hg_slice text;
    char *name, *value; /* as large as the text */
    hg_each_member *each;
    void *ctx;
    size_t offset;
};

/* The value in front of the walk, which is known to be sound. */
static enum hg_pick member_value(struct members *m, struct hg_slice *value)
{
    struct sink s = {m->value, m->text.n, 0};
    struct walk before;
    skip_space(&m->w);
    HG_ASSERT(m->w.rest.n > 0);
    before = m->w;
    m->offset = m->text.n - m->w.rest.n;
    if (before.rest.p[0] == '"') {
        (void)take_string(&m->w, &s);
        *value = hg_slice(m->value, s.n);
        return HG_PICK_STRING;
    }
    (void)skip_value(&m->w);
    *value = hg_slice(before.rest.p, before.rest.n - m->w.rest.n);
    return before.rest.p[0] == '{' || before.rest.p[0] == '[' ? HG_PICK_COMPOUND : HG_PICK_OTHER;
}

static bool each_member(struct members *m, bool object)
{
    if (take(&m->w, object ? '}' : ']'))
        return true;
    do {
        struct sink s = {m->name, m->text.n, 0};
        struct hg_slice name = {NULL, 0}, value;
        if (object) {
            (void)take_string(&m->w, &s);
            (void)take(&m->w, ':');
            name = hg_slice(m->name, s.n);
        }
        enum hg_pick kind = member_value(m, &value);
        if (!m->each(m->ctx, name, kind, value, m->offset))
            return false;
    } while (take(&m->w, ','));
    return true;
}

enum hg_members hg_pick_members(struct hg_slice text, hg_each_member *each, void *ctx, size_t *offset)
{
    struct members m = {.w = {.rest = text}, .text = text, .each = each, .ctx = ctx};
    struct walk whole = m.w;
    bool object, ok = skip_value(&whole);
    HG_ASSERT(each != NULL && offset != NULL);
    skip_space(&whole);
    *offset = text.n - whole.rest.n;
    if (!ok || whole.rest.n > 0)
        return HG_MEMBERS_BAD;
    object = take(&m.w, '{');
    if (!object && !take(&m.w, '['))
        return HG_MEMBERS_OTHER;
    m.name = malloc(2 * text.n);
    if (m.name == NULL)
        return HG_MEMBERS_NO_MEMORY;
    m.value = m.name + text.n;
    ok = each_member(&m, object);
    explicit_bzero(m.name, 2 * text.n);
    free(m.name);
    *offset = m.offset;
    return !ok ? HG_MEMBERS_STOPPED : object ? HG_MEMBERS_OBJECT : HG_MEMBERS_ARRAY;
}
