/* SPDX-License-Identifier: MIT
 *
 * Slice functions that are too long to be inline. Caseless comparison is on the
 * hot path of every header lookup, so it works on eight bytes at a time.
 */
#include "base/slice.h"

#include <stdlib.h>

#include "base/check.h"

#define ONES 0x0101010101010101u

static uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Lower case of the ASCII letters among eight bytes; other bytes stay. */
static uint64_t lower8(uint64_t v)
{
    uint64_t low7 = v & (0x7f * ONES);
    uint64_t above_z = low7 + (0x7f - 'Z') * ONES;
    uint64_t from_a = low7 + (0x80 - 'A') * ONES;
    uint64_t upper = ~v & (from_a ^ above_z) & (0x80 * ONES);
    return v | (upper >> 2);
}

static bool ieq_bytes(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (hg_lower(a[i]) != hg_lower(b[i]))
            return false;
    return true;
}

static bool ieq(const char *a, const char *b, size_t n)
{
    if (n < 8)
        return ieq_bytes(a, b, n);
    for (size_t i = 0; i + 8 <= n; i += 8)
        if (lower8(load8(a + i)) != lower8(load8(b + i)))
            return false;
    /* The last eight again: they overlap bytes that were compared, which is cheaper than a loop. */
    return lower8(load8(a + n - 8)) == lower8(load8(b + n - 8));
}

bool hg_slice_ieq(struct hg_slice a, struct hg_slice b)
{
    return a.n == b.n && ieq(a.p, b.p, a.n);
}

bool hg_slice_starts(struct hg_slice s, struct hg_slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool hg_slice_istarts(struct hg_slice s, struct hg_slice prefix)
{
    return s.n >= prefix.n && ieq(s.p, prefix.p, prefix.n);
}

static bool is_ows(char c)
{
    return c == ' ' || c == '\t';
}

struct hg_slice hg_slice_trim(struct hg_slice s)
{
    while (s.n > 0 && is_ows(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_ows(s.p[s.n - 1]))
        s.n--;
    return s;
}

ptrdiff_t hg_slice_find(struct hg_slice s, char c)
{
    const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

/* Where the element that begins at 0 ends: at a comma outside of quotes, or at the end. */
static size_t item_end(struct hg_slice s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (quoted && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (s.p[i] == ',' && !quoted)
            return i;
    }
    return s.n;
}

bool hg_slice_next_item(struct hg_slice *list, struct hg_slice *item)
{
    while (list->n > 0) {
        size_t end = item_end(*list);
        HG_ASSERT(end <= list->n);
        *item = hg_slice_trim(hg_slice(list->p, end));
        *list = hg_slice_from(*list, end + 1);
        if (item->n > 0)
            return true;
    }
    return false;
}

bool hg_slice_u64(struct hg_slice s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

char *hg_slice_dup(struct hg_slice s)
{
    if (s.n == SIZE_MAX)
        return NULL;
    char *z = malloc(s.n + 1);
    if (!z)
        return NULL;
    if (s.n > 0)
        memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return z;
}
