/* SPDX-License-Identifier: MIT
 *
 * The header list: an array in wire order that rules edit in place.
 */
#include "http/header.h"

#include "base/check.h"
#include "base/limits.h"

#define FIRST_CAP 8u
#define SPARE 4u /* what rules add, as a rule */

static void sane(const struct hg_headers *h)
{
    HG_ASSERT(h->n <= h->cap && h->cap <= HG_LIMIT_HEADER_LIST);
    HG_ASSERT(h->arena && (h->v == NULL) == (h->cap == 0));
}

void hg_headers_init(struct hg_headers *h, struct hg_arena *arena)
{
    *h = (struct hg_headers){.arena = arena};
    sane(h);
}

bool hg_headers_reserve(struct hg_headers *h, size_t n)
{
    size_t cap = n < HG_LIMIT_HEADER_LIST - SPARE ? n + SPARE : HG_LIMIT_HEADER_LIST;

    sane(h);
    HG_ASSERT(h->n == 0);
    if (cap <= h->cap)
        return true;
    h->v = hg_arena_alloc(h->arena, cap * sizeof(*h->v));
    h->cap = h->v != NULL ? cap : 0;
    return h->v != NULL;
}

bool hg_headers_copy(struct hg_headers *to, const struct hg_headers *from, struct hg_arena *arena)
{
    sane(from);
    hg_headers_init(to, arena);
    if (from->n == 0)
        return true;
    if (!hg_headers_reserve(to, from->n))
        return false;
    memcpy(to->v, from->v, from->n * sizeof(*to->v));
    to->n = from->n;
    sane(to);
    return true;
}

static bool grow(struct hg_headers *h)
{
    size_t cap = h->cap ? h->cap * 2 : FIRST_CAP;
    if (cap > HG_LIMIT_HEADER_LIST)
        cap = HG_LIMIT_HEADER_LIST;
    if (cap == h->cap)
        return false;
    struct hg_header *v = hg_arena_alloc(h->arena, cap * sizeof(*v));
    if (!v)
        return false;
    if (h->n > 0)
        memcpy(v, h->v, h->n * sizeof(*v));
    h->v = v;
    h->cap = cap;
    return true;
}

bool hg_headers_add(struct hg_headers *h, struct hg_slice name, struct hg_slice value)
{
    sane(h);
    if (h->n == h->cap && !grow(h))
        return false;
    h->v[h->n++] = (struct hg_header){.name = name, .value = value, .id = hg_field_id(name)};
    return true;
}

struct hg_header *hg_headers_find_id(const struct hg_headers *h, enum hg_field id, size_t from)
{
    HG_ASSERT(id != HG_FIELD_OTHER);
    for (size_t i = from; i < h->n; i++)
        if (h->v[i].id == id)
            return &h->v[i];
    return NULL;
}

static bool is_named(const struct hg_header *f, enum hg_field id, struct hg_slice name)
{
    return f->id == id && (id != HG_FIELD_OTHER || hg_slice_ieq(f->name, name));
}

struct hg_header *hg_headers_find(const struct hg_headers *h, struct hg_slice name)
{
    enum hg_field id = hg_field_id(name);
    for (size_t i = 0; i < h->n; i++)
        if (is_named(&h->v[i], id, name))
            return &h->v[i];
    return NULL;
}

struct hg_slice hg_headers_joined(const struct hg_headers *h, struct hg_slice name, struct hg_arena *arena)
{
    struct hg_slice all = {NULL, 0};

    for (size_t i = 0; i < h->n; i++) {
        if (!hg_slice_ieq(h->v[i].name, name))
            continue;
        all = all.p == NULL ? h->v[i].value
                            : hg_arena_printf(arena, "%.*s, %.*s", HG_FMT(all), HG_FMT(h->v[i].value));
    }
    return all;
}

size_t hg_headers_count_id(const struct hg_headers *h, enum hg_field id)
{
    size_t count = 0;
    for (size_t i = 0; i < h->n; i++)
        count += h->v[i].id == id;
    return count;
}

/* Removes those with that id and, for HG_FIELD_OTHER, that name, from index `from` on. */
static size_t remove_from(struct hg_headers *h, size_t from, enum hg_field id, struct hg_slice name)
{
    size_t kept = from;
    sane(h);
    HG_ASSERT(from <= h->n);
    for (size_t i = from; i < h->n; i++)
        if (!is_named(&h->v[i], id, name))
            h->v[kept++] = h->v[i];
    size_t removed = h->n - kept;
    h->n = kept;
    return removed;
}

size_t hg_headers_remove_id(struct hg_headers *h, enum hg_field id)
{
    HG_ASSERT(id != HG_FIELD_OTHER);
    return remove_from(h, 0, id, hg_slice(NULL, 0));
}

size_t hg_headers_remove(struct hg_headers *h, struct hg_slice name)
{
    return remove_from(h, 0, hg_field_id(name), name);
}

void hg_headers_remove_at(struct hg_headers *h, size_t i)
{
    sane(h);
    HG_ASSERT(i < h->n);
    memmove(&h->v[i], &h->v[i + 1], (h->n - i - 1) * sizeof(h->v[0]));
    h->n--;
}

bool hg_headers_set(struct hg_headers *h, struct hg_slice name, struct hg_slice value)
{
    struct hg_header *first = hg_headers_find(h, name);
    if (!first)
        return hg_headers_add(h, name, value);
    first->name = name;
    first->value = value;
    remove_from(h, (size_t)(first - h->v) + 1, first->id, name);
    return true;
}

bool hg_headers_has_token(const struct hg_headers *h, enum hg_field id, struct hg_slice token)
{
    for (size_t i = 0; i < h->n; i++) {
        struct hg_slice list = h->v[i].value, item;
        if (h->v[i].id != id)
            continue;
        while (hg_slice_next_item(&list, &item))
            if (hg_slice_ieq(item, token))
                return true;
    }
    return false;
}
