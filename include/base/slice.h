/* SPDX-License-Identifier: MIT
 *
 * Slices: bytes somebody else owns. Everything that comes from the wire is a
 * slice, never a C string. A slice is passed by value and is valid only as
 * long as its owner (a buffer, an arena, the plan) says.
 */
#ifndef HG_BASE_SLICE_H
#define HG_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hg_slice {
    const char *p; /* not NUL-terminated; may be NULL only when n is 0 */
    size_t n;
};

/* A slice of a string literal. HG_LIT_INIT is the form for static initialisers. */
#define HG_LIT(s) ((struct hg_slice){(s), sizeof(s) - 1})
#define HG_LIT_INIT(s)     \
    {                      \
        (s), sizeof(s) - 1 \
    }
/* For printf's "%.*s". */
#define HG_FMT(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct hg_slice hg_slice(const char *p, size_t n)
{
    return (struct hg_slice){p, n};
}

static inline struct hg_slice hg_slice_str(const char *z)
{
    return (struct hg_slice){z, z ? strlen(z) : 0};
}

/* ASCII only; locale never matters on the wire. */
static inline char hg_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c + ('a' - 'A')) : c;
}

static inline bool hg_slice_eq(struct hg_slice a, struct hg_slice b)
{
    return a.n == b.n && (a.n == 0 || (a.p && b.p && memcmp(a.p, b.p, a.n) == 0));
}

/* Caseless (ASCII). */
bool hg_slice_ieq(struct hg_slice a, struct hg_slice b);
bool hg_slice_starts(struct hg_slice s, struct hg_slice prefix);
bool hg_slice_istarts(struct hg_slice s, struct hg_slice prefix);

/* The slice without leading and trailing SP and HTAB (OWS of RFC 9110, 5.6.3). */
struct hg_slice hg_slice_trim(struct hg_slice s);

/* Index of the first c, or -1. */
ptrdiff_t hg_slice_find(struct hg_slice s, char c);

/* Bytes from `at` to the end (empty when at >= n). */
static inline struct hg_slice hg_slice_from(struct hg_slice s, size_t at)
{
    return at >= s.n ? hg_slice(s.p ? s.p + s.n : NULL, 0) : hg_slice(s.p + at, s.n - at);
}

/* Takes the next element of a comma-separated list (RFC 9110, 5.6.1) off *list,
 * trimmed, skipping empty elements; false at the end. Quoted strings are kept whole. */
bool hg_slice_next_item(struct hg_slice *list, struct hg_slice *item);

/* Strict decimal: digits only, at least one, no overflow. */
bool hg_slice_u64(struct hg_slice s, uint64_t *out);

/* A malloc'd NUL-terminated copy the caller frees; NULL without memory. */
char *hg_slice_dup(struct hg_slice s);

#endif
