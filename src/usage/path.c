/* SPDX-License-Identifier: MIT
 *
 * All paths of a set are followed at once. For each level the set knows the
 * different names (and numbers) that stand there, each with the paths that have
 * it, so that a name in the text is compared with few others and never with each
 * path.
 */
#include "usage/path.h"

#include <stdlib.h>

#include "base/check.h"

struct part {
    char *name; /* NULL: any (star), or an index */
    size_t n;
    bool star;
    uint64_t index;
    uint64_t paths; /* bits of those that have it at this level */
};

struct hg_paths {
    unsigned n;
    uint64_t ends[HG_LIMIT_PATH_PARTS + 1]; /* paths of so many parts */
    uint64_t longer[HG_LIMIT_PATH_PARTS + 1];
    struct level {
        struct part *part;
        size_t n;
    } level[HG_LIMIT_PATH_PARTS];
};

/* One path on its way into the set. */
struct reading {
    struct hg_slice text;
    size_t at;
    struct part part[HG_LIMIT_PATH_PARTS];
    size_t n;
};

struct hg_paths *hg_paths_new(void)
{
    return calloc(1, sizeof(struct hg_paths));
}

void hg_paths_free(struct hg_paths *set)
{
    if (set == NULL)
        return;
    for (size_t d = 0; d < HG_LIMIT_PATH_PARTS; d++) {
        for (size_t i = 0; i < set->level[d].n; i++)
            free(set->level[d].part[i].name);
        free(set->level[d].part);
    }
    free(set);
}

unsigned hg_paths_count(const struct hg_paths *set)
{
    return set->n;
}

/* ---- reading ---- */

/* A part that stands at text.p[at..end). name has room for it. */
static const char *read_name(struct reading *r, size_t end, struct part *part, char *name)
{
    size_t n = 0;

    for (; r->at < end; r->at++) {
        char c = r->text.p[r->at];
        if (c == '*')
            return "a * stands for a whole name; written \\* it is the character";
        if (c == '\\' && ++r->at == end)
            return "a backslash with nothing behind it";
        if (n == HG_LIMIT_PATH_NAME)
            return "a name that is too long";
        name[n++] = r->text.p[r->at];
    }
    part->n = n;
    part->name = hg_slice_dup(hg_slice(name, n));
    return part->name != NULL ? NULL : "there is no memory";
}

static size_t part_end(const struct reading *r)
{
    size_t i = r->at;

    while (i < r->text.n && r->text.p[i] != '.')
        i += r->text.p[i] == '\\' && i + 1 < r->text.n ? 2 : 1;
    return i;
}

static const char *read_part(struct reading *r)
{
    size_t end = part_end(r);
    struct hg_slice s = hg_slice(r->text.p + r->at, end - r->at);
    struct part *part = &r->part[r->n];
    char name[HG_LIMIT_PATH_NAME];
    const char *why = NULL;

    if (s.n == 0)
        return "a name that is empty";
    if (r->n == HG_LIMIT_PATH_PARTS)
        return "too many parts";
    *part = (struct part){0};
    if (s.p[0] == '*' && s.n == 1)
        part->star = true;
    else if (!hg_slice_u64(s, &part->index))
        why = read_name(r, end, part, name);
    if (why != NULL)
        return why;
    r->n++;
    r->at = end;
    return NULL;
}

static const char *read_path(struct reading *r)
{
    const char *why = read_part(r);

    while (why == NULL && r->at < r->text.n) {
        r->at++; /* the dot */
        why = read_part(r);
    }
    return why;
}

/* ---- building ---- */

static bool same_part(const struct part *a, const struct part *b)
{
    if (a->star || b->star)
        return a->star && b->star;
    if (a->name == NULL || b->name == NULL)
        return a->name == b->name && a->index == b->index;
    return hg_slice_eq(hg_slice(a->name, a->n), hg_slice(b->name, b->n));
}

/* Room for one more part at each level it will need, so that adding cannot fail half-way. */
static bool make_room(struct hg_paths *set, size_t levels)
{
    for (size_t d = 0; d < levels; d++) {
        struct level *l = &set->level[d];
        struct part *grown = realloc(l->part, (l->n + 1) * sizeof(*grown));
        if (grown == NULL)
            return false;
        l->part = grown;
    }
    return true;
}

/* Takes over the part's name. */
static void add_part(struct level *l, struct part *part, uint64_t bit)
{
    for (size_t i = 0; i < l->n; i++)
        if (same_part(&l->part[i], part)) {
            l->part[i].paths |= bit;
            free(part->name);
            return;
        }
    part->paths = bit;
    l->part[l->n++] = *part;
}

static void add_path(struct hg_paths *set, struct reading *r)
{
    uint64_t bit = (uint64_t)1 << set->n;

    for (size_t d = 0; d < r->n; d++) {
        add_part(&set->level[d], &r->part[d], bit);
        set->longer[d] |= bit;
    }
    set->ends[r->n] |= bit;
    set->n++;
}

const char *hg_paths_add(struct hg_paths *set, struct hg_slice path, size_t *offset)
{
    struct reading r = {.text = path};
    const char *why = set->n < HG_LIMIT_TAP_PATHS ? read_path(&r) : "too many paths";

    if (why == NULL && !make_room(set, r.n))
        why = "there is no memory";
    if (why == NULL) {
        add_path(set, &r);
        return NULL;
    }
    for (size_t i = 0; i < r.n; i++)
        free(r.part[i].name);
    *offset = r.at;
    return why;
}

/* ---- following ---- */

_Static_assert(HG_LIMIT_TAP_PATHS <= 64, "a path is a bit");
_Static_assert(HG_LIMIT_PATH_NAME < HG_JSCAN_TEXT, "a name that was cut is none of ours");

void hg_paths_begin(struct hg_paths_walk *w, const struct hg_paths *set)
{
    w->set = set;
    w->at[0] = set == NULL || set->n == 0 ? 0 : UINT64_MAX >> (64 - set->n);
}

static bool part_fits(const struct part *part, const struct hg_jscan_text *name, uint64_t index)
{
    if (part->star)
        return true;
    if (name == NULL)
        return part->name == NULL && part->index == index;
    return part->name != NULL && part->n == name->bytes.n && memcmp(part->name, name->bytes.p, part->n) == 0;
}

bool hg_paths_enter(struct hg_paths_walk *w, unsigned depth, const struct hg_jscan_text *name)
{
    const struct level *l;
    uint64_t at, next = 0, index = 0;

    HG_ASSERT(depth > 0 && depth <= HG_LIMIT_PATH_PARTS);
    l = &w->set->level[depth - 1];
    at = w->at[depth - 1];
    if (name == NULL)
        index = w->index[depth - 1]++;
    for (size_t i = 0; i < l->n; i++)
        if ((l->part[i].paths & at) != 0 && part_fits(&l->part[i], name, index))
            next |= l->part[i].paths & at;
    w->at[depth] = next;
    return next != 0;
}

uint64_t hg_paths_here(struct hg_paths_walk *w, unsigned depth, bool *inside)
{
    uint64_t at = w->at[depth];

    *inside = false;
    if (at == 0)
        return 0;
    if (depth < HG_LIMIT_PATH_PARTS) {
        *inside = (at & w->set->longer[depth]) != 0;
        w->index[depth] = 0;
    }
    return at & w->set->ends[depth];
}
