/* SPDX-License-Identifier: MIT
 *
 * Parts of a request target. What was received is only looked at, and stays as
 * it is; what rules make of it is made and judged here.
 */
#include "http/target.h"

#include "base/check.h"
#include "lines.h"

bool hg_query_next(struct hg_slice *rest, struct hg_slice *name, struct hg_slice *value,
                   struct hg_slice *whole)
{
    if (!rest->p)
        return false;
    ptrdiff_t amp = hg_slice_find(*rest, '&');
    *whole = amp < 0 ? *rest : hg_slice(rest->p, (size_t)amp);
    *rest = amp < 0 ? hg_slice(NULL, 0) : hg_slice_from(*rest, (size_t)amp + 1);
    ptrdiff_t equals = hg_slice_find(*whole, '=');
    *name = equals < 0 ? *whole : hg_slice(whole->p, (size_t)equals);
    *value = equals < 0 ? hg_slice(NULL, 0) : hg_slice_from(*whole, (size_t)equals + 1);
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = hg_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%XX" at the front of s means, or -1. */
static int escape(struct hg_slice s)
{
    if (s.n < 3 || s.p[0] != '%' || hex_value(s.p[1]) < 0 || hex_value(s.p[2]) < 0)
        return -1;
    return hex_value(s.p[1]) << 4 | hex_value(s.p[2]);
}

struct hg_slice hg_query_decode(struct hg_arena *arena, struct hg_slice raw)
{
    size_t n = 0;
    char *out = hg_arena_alloc(arena, raw.n);
    if (!out)
        return hg_slice(NULL, 0);
    for (size_t i = 0; i < raw.n; i++) {
        int byte = escape(hg_slice_from(raw, i));
        out[n++] = byte >= 0 ? (char)byte : raw.p[i] == '+' ? ' ' : raw.p[i];
        i += byte >= 0 ? 2 : 0;
    }
    HG_ASSERT(n <= raw.n);
    return hg_slice(out, n);
}

/* The byte at the front, decoded once; *len is how many bytes of s it took. */
static unsigned char path_byte(struct hg_slice s, size_t *len)
{
    int byte = escape(s);
    *len = byte >= 0 ? 3 : 1;
    return byte >= 0 ? (unsigned char)byte : (unsigned char)s.p[0];
}

bool hg_path_is_ambiguous(struct hg_slice path)
{
    /* Of the current segment: how many dots, and is there nothing else? A ';' ends it for some servers
     * ("..;/"), and so does an encoded slash. */
    size_t dots = 0;
    bool only_dots = true, parameters = false;
    for (size_t i = 0, len; i < path.n; i += len) {
        unsigned char c = path_byte(hg_slice_from(path, i), &len);
        if (c < 0x20 || c == 0x7f || c == '\\')
            return true;
        if (c == '/') {
            if (only_dots && (dots == 1 || dots == 2))
                return true;
            dots = 0;
            only_dots = true;
            parameters = false;
        } else if (c == ';') {
            parameters = true;
        } else if (!parameters) {
            only_dots = only_dots && c == '.';
            dots += c == '.';
        }
    }
    return only_dots && (dots == 1 || dots == 2);
}

static bool is_unreserved(char c)
{
    char l = hg_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

struct hg_slice hg_query_encode(struct hg_arena *arena, struct hg_slice plain)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = plain.n < SIZE_MAX / 3 ? hg_arena_alloc(arena, plain.n * 3 + 1) : NULL;
    size_t n = 0;
    if (!out)
        return hg_slice(NULL, 0);
    for (size_t i = 0; i < plain.n; i++) {
        unsigned char c = (unsigned char)plain.p[i];
        if (is_unreserved(plain.p[i])) {
            out[n++] = plain.p[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    HG_ASSERT(n <= plain.n * 3);
    return hg_slice(out, n);
}

size_t hg_url_origin(struct hg_slice url, bool *tls, struct hg_slice *authority)
{
    size_t from = hg_slice_istarts(url, HG_LIT("https://"))  ? 8
                  : hg_slice_istarts(url, HG_LIT("http://")) ? 7
                                                             : 0;
    size_t n = from;
    if (from == 0)
        return 0;
    while (n < url.n && strchr("/?#\\", url.p[n] != '\0' ? url.p[n] : '/') == NULL)
        n++;
    *tls = from == 8;
    *authority = hg_slice(url.p + from, n - from);
    return n;
}

bool hg_path_ok(struct hg_slice path)
{
    return path.n > 0 && path.p[0] == '/' && (path.n == 1 || path.p[1] != '/') && hg_lines_target_ok(path) &&
           hg_slice_find(path, '?') < 0 && !hg_path_is_ambiguous(path);
}

bool hg_base_path_ok(struct hg_slice *base)
{
    while (base->n > 0 && base->p[base->n - 1] == '/')
        base->n--;
    return base->n == 0 || hg_path_ok(*base);
}

bool hg_path_below(struct hg_slice path, struct hg_slice base)
{
    return hg_slice_starts(path, base) && (path.n == base.n || path.p[base.n] == '/');
}

struct hg_slice hg_path_join(struct hg_arena *arena, struct hg_slice base, struct hg_slice path)
{
    HG_ASSERT(base.n == 0 || (base.p[0] == '/' && base.p[base.n - 1] != '/'));
    if (base.n == 0 || path.n == 0 || path.p[0] != '/' || hg_path_below(path, base))
        return path;
    char *out = hg_arena_alloc(arena, base.n + path.n);
    if (!out)
        return hg_slice(NULL, 0);
    memcpy(out, base.p, base.n);
    memcpy(out + base.n, path.p, path.n);
    return hg_slice(out, base.n + path.n);
}
