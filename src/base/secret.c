/* SPDX-License-Identifier: MIT
 *
 * Secret values in pages of their own: between two guard pages, read-only once
 * written, locked, kept out of core dumps and of children, wiped at the end.
 * The bytes end right before the upper guard page, so an over-read faults.
 */
#include "base/secret.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

#define MAGIC_SECRET 0x5ec7e701u

struct hg_secret {
    uint32_t magic;
    atomic_uint refs;
    char *pages; /* between the guards */
    size_t size; /* of the pages */
    size_t page;
    size_t n;      /* of the value, at the end of the pages */
    uint64_t made; /* wall clock, microseconds */
};

static size_t page_size(void)
{
    long n = sysconf(_SC_PAGESIZE);
    HG_ASSERT(n > 0);
    return (size_t)n;
}

static uint64_t wall_clock(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* Guard, pages, guard. The locks are best effort: an unprivileged process has a small RLIMIT_MEMLOCK. */
static char *map_pages(size_t size, size_t page)
{
    char *at = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    char *pages = at + page;
    if (mprotect(pages, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(at, size + 2 * page);
        return NULL;
    }
    (void)mlock(pages, size);
    (void)madvise(pages, size, MADV_DONTDUMP);
    (void)madvise(pages, size, MADV_DONTFORK);
    return pages;
}

struct hg_secret *hg_secret_new(struct hg_slice bytes)
{
    size_t page = page_size();
    if (bytes.n > SIZE_MAX / 2)
        return NULL;
    struct hg_secret *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->magic = MAGIC_SECRET;
    s->page = page;
    s->size = (bytes.n + page) / page * page;
    s->n = bytes.n;
    s->pages = map_pages(s->size, page);
    if (!s->pages) {
        free(s);
        return NULL;
    }
    atomic_init(&s->refs, 1);
    if (bytes.n > 0)
        memcpy(s->pages + s->size - s->n, bytes.p, bytes.n);
    (void)mprotect(s->pages, s->size, PROT_READ);
    s->made = wall_clock();
    return s;
}

uint64_t hg_secret_made(const struct hg_secret *s)
{
    HG_ASSERT(s && s->magic == MAGIC_SECRET);
    return s->made;
}

static void destroy(struct hg_secret *s)
{
    if (mprotect(s->pages, s->size, PROT_READ | PROT_WRITE) == 0)
        explicit_bzero(s->pages, s->size);
    munmap(s->pages - s->page, s->size + 2 * s->page);
    s->magic = 0;
    free(s);
}

void hg_secret_release(struct hg_secret **s)
{
    if (!*s)
        return;
    struct hg_secret *gone = HG_CAST(struct hg_secret, MAGIC_SECRET, *s);
    *s = NULL;
    unsigned before = atomic_fetch_sub_explicit(&gone->refs, 1, memory_order_acq_rel);
    HG_ASSERT(before > 0);
    if (before == 1)
        destroy(gone);
}

struct hg_secret *hg_secret_ref(struct hg_secret *s)
{
    HG_ASSERT(s && s->magic == MAGIC_SECRET);
    unsigned before = atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    HG_ASSERT(before > 0);
    return s;
}

struct hg_slice hg_secret_bytes(const struct hg_secret *s)
{
    HG_ASSERT(s && s->magic == MAGIC_SECRET);
    return hg_slice(s->pages + s->size - s->n, s->n);
}

static size_t whole_pages(size_t n)
{
    size_t page = page_size();
    return (n + page) / page * page;
}

char *hg_locked_new(size_t n)
{
    HG_ASSERT(n < SIZE_MAX / 2);
    return map_pages(whole_pages(n), page_size());
}

void hg_locked_free(char *p, size_t n)
{
    if (!p)
        return;
    explicit_bzero(p, n);
    munmap(p - page_size(), whole_pages(n) + 2 * page_size());
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct hg_slice trim_space(struct hg_slice s)
{
    while (s.n > 0 && is_space(s.p[0]))
        s = hg_slice_from(s, 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* A source that holds nothing but the prefix is empty, although trimming took the prefix's space. */
static struct hg_slice without_prefix(struct hg_slice s, const char *prefix)
{
    struct hg_slice whole = hg_slice_str(prefix);
    if (whole.n > 0 && hg_slice_istarts(s, whole))
        return trim_space(hg_slice_from(s, whole.n));
    bool spaced = whole.n > 0 && is_space(prefix[whole.n - 1]);
    if (spaced && hg_slice_ieq(s, trim_space(whole)))
        return hg_slice_from(s, s.n);
    return s;
}

/* What no header can carry, and neither name nor password of Basic (RFC 7617, 2). */
static const char *forbidden(struct hg_slice s)
{
    if (memchr(s.p, '\r', s.n) || memchr(s.p, '\n', s.n) || memchr(s.p, '\0', s.n))
        return "has a line break or NUL inside";
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
            return "has a control character inside";
    return NULL;
}

const char *hg_secret_clean(struct hg_slice *raw, const char *const *prefixes, size_t n)
{
    struct hg_slice s = trim_space(*raw);
    for (size_t i = 0; i < n; i++) {
        struct hg_slice rest = without_prefix(s, prefixes[i]);
        if (rest.n != s.n) {
            s = rest;
            break;
        }
    }
    *raw = s;
    if (s.n == 0)
        return "is empty";
    return forbidden(s);
}
