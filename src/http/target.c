/* SPDX-License-Identifier: MIT
 *
 * Parts of a request target. What no rule names is forwarded as the bytes that
 * were received.
 */
#include "http/target.h"

#include "base/check.h"
#include "http/head.h"
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

size_t hg_path_ambiguities(struct hg_slice path)
{
    /* Of the current segment: how many dots, and is there nothing else? A ';' ends it for some servers
     * ("..;/"), and so does an encoded slash. */
    size_t dots = 0, found = 0;
    bool only_dots = true, parameters = false;
    for (size_t i = 0, len; i < path.n; i += len) {
        unsigned char c = path_byte(hg_slice_from(path, i), &len);
        if (c < 0x20 || c == 0x7f || c == '\\')
            found++;
        if (c == '/') {
            found += only_dots && (dots == 1 || dots == 2);
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
    return found + (only_dots && (dots == 1 || dots == 2));
}

bool hg_path_is_ambiguous(struct hg_slice path)
{
    return hg_path_ambiguities(path) > 0;
}

static bool is_unreserved(char c)
{
    char l = hg_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

struct hg_slice hg_query_encode(struct hg_arena *arena, struct hg_slice plain)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = plain.n <= SIZE_MAX / 4 ? hg_arena_alloc(arena, plain.n * 3 + 1) : NULL;
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
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    HG_ASSERT(n <= plain.n * 3);
    return hg_slice(out, n);
}

bool hg_path_ok(struct hg_slice path)
{
    return path.n > 0 && path.p[0] == '/' && (path.n == 1 || path.p[1] != '/') && hg_lines_target_ok(path) &&
           hg_slice_find(path, '?') < 0;
}

bool hg_path_below(struct hg_slice path, struct hg_slice base)
{
    return hg_slice_starts(path, base) && (path.n == base.n || path.p[base.n] == '/');
}

struct hg_slice hg_path_join(struct hg_arena *arena, struct hg_slice base, struct hg_slice path, bool *added)
{
    HG_ASSERT(base.n == 0 || (base.p[0] == '/' && base.p[base.n - 1] != '/'));
    *added = base.n > 0 && path.n > 0 && path.p[0] == '/' && !hg_path_below(path, base);
    return *added ? hg_arena_join(arena, base, path) : path;
}

bool hg_request_add_base(struct hg_request *r, struct hg_slice base, struct hg_arena *arena, bool *added)
{
    struct hg_slice path = hg_path_join(arena, base, r->path, added);
    if (!path.p)
        return false;
    if (*added)
        r->base = r->base.p ? hg_arena_join(arena, base, r->base) : base;
    r->path = path;
    return !*added || r->base.p;
}
