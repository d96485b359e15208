/* SPDX-License-Identifier: MIT
 *
 * The last look at a head: a placeholder that a client was given instead of a
 * credential must have been replaced by now. It is looked for in the bytes as
 * they leave, in the target with its escapes undone, and inside Basic.
 */
#include "placeholder.h"

#include "base/check.h"
#include "http/header.h"

static bool contains(struct hg_slice text, struct hg_slice part)
{
    return text.n >= part.n && memmem(text.p, text.n, part.p, part.n) != NULL;
}

static const char *find(const struct hg_plan *p, struct hg_slice text)
{
    for (size_t i = 0; i < p->placeholders; i++)
        if (contains(text, p->placeholder[i].text))
            return p->placeholder[i].secret;
    return NULL;
}

static int hex(char c)
{
    c = hg_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct hg_slice unescape(struct hg_slice in, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        int high = in.p[i] == '%' && i + 2 < in.n ? hex(in.p[i + 1]) : -1;
        int low = high >= 0 ? hex(in.p[i + 2]) : -1;

        out[n++] = low >= 0 ? (char)(high * 16 + low) : in.p[i];
        i += low >= 0 ? 2 : 0;
    }
    return hg_slice(out, n);
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    if (c == '-' || c == '_') /* the URL's alphabet */
        return c == '-' ? 62 : 63;
    return at != NULL ? (int)(at - digits) : -1;
}

/* What can be decoded of it; anything else is passed over. */
static struct hg_slice decode(struct hg_slice in, char *out)
{
    unsigned bits = 0, have = 0;
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        int d = base64_digit(in.p[i]);

        if (d < 0)
            continue;
        bits = (bits << 6 | (unsigned)d) & 0xffffffu;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        out[n++] = (char)(bits >> have & 0xffu);
    }
    HG_ASSERT(n <= in.n);
    return hg_slice(out, n);
}

static const char *find_decoded(const struct hg_plan *p, const struct hg_request *q, struct hg_arena *arena,
                                bool *no_memory)
{
    const struct hg_slice target[] = {q->path, q->query};
    const char *found = NULL;

    for (size_t i = 0; i < 2 && found == NULL; i++) {
        char *text =
            target[i].n > 0 && hg_slice_find(target[i], '%') >= 0 ? hg_arena_alloc(arena, target[i].n) : NULL;

        *no_memory |= text == NULL && target[i].n > 0 && hg_slice_find(target[i], '%') >= 0;
        if (text != NULL)
            found = find(p, unescape(target[i], text));
    }
    for (size_t i = 0; i < q->headers.n && found == NULL; i++) {
        struct hg_slice value = q->headers.v[i].value;
        char *text;

        if (!hg_slice_istarts(value, HG_LIT("basic ")))
            continue;
        text = hg_arena_alloc(arena, value.n);
        *no_memory |= text == NULL;
        if (text != NULL)
            found = find(p, decode(hg_slice_from(value, 6), text));
    }
    return found;
}

bool hg_placeholder_leaks(const struct hg_plan *p, const struct hg_request *leaving, struct hg_slice head,
                          struct hg_arena *arena, const char **secret)
{
    bool no_memory = false;

    *secret = "";
    if (p->placeholders == 0)
        return false;
    const char *found = find(p, head);
    if (found == NULL)
        found = find_decoded(p, leaving, arena, &no_memory);
    if (found != NULL)
        *secret = found;
    return found != NULL || no_memory;
}
