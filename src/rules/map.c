/* SPDX-License-Identifier: MIT
 *
 * Maps: a sorted table of exact texts beside a list of patterns, both knowing
 * their place in the order written.
 */
#include "rules/map.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "segment.h"

struct entry {
    char *text; /* exact; NULL: pattern */
    size_t n;
    struct hg_pattern *pattern;
    const void *target;
    const char *file;
    unsigned line;
};

struct hg_map {
    char *name;
    enum hg_map_to to;
    struct hg_template *key;
    struct entry *v; /* in the order written */
    size_t n, cap;
    uint32_t *exact; /* places in v, sorted by text, then by place */
    size_t exacts;
    uint32_t *pattern; /* places in v, in order */
    size_t patterns;
    struct hg_secret_slot **secret; /* each once */
    size_t secrets;
    bool broken, sealed;
};

struct hg_map *hg_map_new(const char *name, enum hg_map_to to)
{
    struct hg_map *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->name = strdup(name);
    m->to = to;
    if (m->name != NULL)
        return m;
    hg_map_free(m);
    return NULL;
}

void hg_map_free(struct hg_map *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->v[i].text);
        hg_pattern_free(m->v[i].pattern);
    }
    free(m->v);
    free(m->exact);
    free(m->pattern);
    free(m->secret);
    hg_template_free(m->key);
    free(m->name);
    free(m);
}

const char *hg_map_name(const struct hg_map *m)
{
    return m->name;
}

enum hg_map_to hg_map_to(const struct hg_map *m)
{
    return m->to;
}

void hg_map_break(struct hg_map *m)
{
    m->broken = true;
}

bool hg_map_broken(const struct hg_map *m)
{
    return m->broken;
}

unsigned hg_map_asks(const struct hg_map *m)
{
    return m->key != NULL && m->key->path ? HG_WHEN_BIT(HG_WHEN_PATH) : 0;
}

struct hg_secret_slot *hg_map_secret(const struct hg_map *m, size_t i)
{
    return i < m->secrets ? m->secret[i] : NULL;
}

const void *hg_map_target(const struct hg_map *m, size_t i)
{
    return i < m->n ? m->v[i].target : NULL;
}

enum hg_template_result hg_map_set_key(struct hg_map *m, struct hg_slice text,
                                       const struct hg_resolver *resolver, struct hg_template_note *note)
{
    HG_ASSERT(m->key == NULL);
    return hg_template_compile(text, HG_TEMPLATE_VARS, resolver, &m->key, note);
}

/* ---- building ---- */

static enum hg_append bad(struct hg_rule_note *note, const char *text)
{
    snprintf(note->text, sizeof(note->text), "%s", text);
    return HG_APPEND_BAD;
}

static bool grow(struct hg_map *m)
{
    size_t cap = m->cap > 0 ? m->cap * 2 : 16;
    struct entry *bigger;

    if (m->n < m->cap)
        return true;
    bigger = reallocarray(m->v, cap, sizeof(*bigger));
    if (bigger == NULL)
        return false;
    m->v = bigger;
    m->cap = cap;
    return true;
}

/* Most are exact: of these the text is all that is kept. */
static enum hg_append take_pattern(struct hg_map *m, struct hg_slice text, struct entry *e,
                                   struct hg_rule_note *note)
{
    struct hg_pattern_problem problem = {0};
    struct hg_slice exact;

    e->pattern = hg_pattern_new(text, 0, &problem);
    if (e->pattern == NULL) {
        note->offset = problem.offset;
        return bad(note, problem.text);
    }
    if (!hg_pattern_is_exact(e->pattern, &exact)) {
        if (++m->patterns > HG_LIMIT_MAP_PATTERNS)
            return bad(note, "the map has too many patterns that are not exact");
        return HG_APPEND_OK;
    }
    e->text = hg_slice_dup(exact);
    e->n = exact.n;
    hg_pattern_free(e->pattern);
    e->pattern = NULL;
    return e->text != NULL ? HG_APPEND_OK : bad(note, "no memory");
}

enum hg_append hg_map_add(struct hg_map *m, struct hg_slice pattern, const struct hg_resolver *resolver,
                          const void *target, const char *file, unsigned line, struct hg_rule_note *note)
{
    struct entry e = {.target = target, .file = file, .line = line};
    struct hg_template_note expanding;
    char *expanded = NULL;
    enum hg_append r = HG_APPEND_OK;

    HG_ASSERT(!m->sealed && target != NULL);
    memset(note, 0, sizeof(*note));
    if (m->n >= HG_LIMIT_MAP_ENTRIES)
        return bad(note, "the map has too many entries");
    if (resolver != NULL) {
        switch (hg_template_pattern(pattern, resolver, &expanded, &pattern.n, &expanding)) {
        case HG_TEMPLATE_OK:
            break;
        case HG_TEMPLATE_VANISH:
            return HG_APPEND_VANISHED;
        case HG_TEMPLATE_UNSET:
            snprintf(note->name, sizeof(note->name), "%s", expanding.name);
            return HG_APPEND_UNSET;
        case HG_TEMPLATE_BAD:
            note->offset = expanding.offset;
            return bad(note, expanding.text);
        }
        pattern.p = expanded;
    }
    r = grow(m) ? take_pattern(m, pattern, &e, note) : bad(note, "no memory");
    free(expanded);
    if (r != HG_APPEND_OK)
        hg_pattern_free(e.pattern);
    else
        m->v[m->n++] = e;
    return r;
}

static int compare(struct hg_slice a, struct hg_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

static struct hg_slice text_of(const struct entry *e)
{
    return hg_slice(e->text, e->n);
}

static int by_text(const void *a, const void *b, void *map)
{
    const struct hg_map *m = map;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = compare(text_of(&m->v[x]), text_of(&m->v[y]));

    return order != 0 ? order : x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b)
{
    const struct hg_secret_slot *x = *(struct hg_secret_slot *const *)a,
                                *y = *(struct hg_secret_slot *const *)b;

    return strcmp(hg_secret_slot_name(x), hg_secret_slot_name(y));
}

static bool collect_secrets(struct hg_map *m)
{
    size_t kept = 0;

    if (m->to != HG_MAP_TO_SECRET || m->n == 0)
        return true;
    m->secret = calloc(m->n, sizeof(struct hg_secret_slot *));
    for (size_t i = 0; m->secret != NULL && i < m->n; i++)
        m->secret[i] = (struct hg_secret_slot *)(uintptr_t)m->v[i].target;
    if (m->secret == NULL)
        return false;
    qsort(m->secret, m->n, sizeof(struct hg_secret_slot *), by_name);
    for (size_t i = 0; i < m->n; i++)
        if (kept == 0 || m->secret[kept - 1] != m->secret[i])
            m->secret[kept++] = m->secret[i];
    m->secrets = kept;
    return true;
}

bool hg_map_seal(struct hg_map *m,
                 void (*double_)(void *ctx, const char *file, unsigned line, unsigned first), void *ctx)
{
    HG_ASSERT(!m->sealed);
    m->exact = calloc(m->n + 1, sizeof(*m->exact));
    m->pattern = calloc(m->n + 1, sizeof(*m->pattern));
    if (m->exact == NULL || m->pattern == NULL || !collect_secrets(m))
        return false;
    m->patterns = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->v[i].text != NULL)
            m->exact[m->exacts++] = (uint32_t)i;
        else
            m->pattern[m->patterns++] = (uint32_t)i;
    }
    qsort_r(m->exact, m->exacts, sizeof(*m->exact), by_text, m);
    m->sealed = true;
    for (size_t i = 1, first = 0; i < m->exacts; i++) {
        const struct entry *a = &m->v[m->exact[first]], *b = &m->v[m->exact[i]];

        if (compare(text_of(a), text_of(b)) != 0)
            first = i;
        else if (double_ != NULL)
            double_(ctx, b->file, b->line, a->line);
    }
    return true;
}

/* ---- looking up ---- */

/* Place in v of the first entry with exactly this text; m->n: none. */
static size_t find_exact(const struct hg_map *m, struct hg_slice key)
{
    size_t low = 0, high = m->exacts;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(text_of(&m->v[m->exact[middle]]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->exacts && compare(text_of(&m->v[m->exact[low]]), key) == 0 ? m->exact[low] : m->n;
}

enum hg_map_found hg_map_find(const struct hg_map *m, const struct hg_vars *vars, struct hg_arena *arena,
                              struct hg_map_taken *out)
{
    struct hg_vars plain = *vars;
    const struct hg_secret_slot *missing;
    size_t found;

    HG_ASSERT(m->sealed && !m->broken && m->key != NULL && vars->scratch != NULL);
    plain.escape = HG_ESCAPE_NONE;
    *out = (struct hg_map_taken){.map = m, .hidden = m->key->credential};
    if (hg_template_expand(m->key, &plain, arena, &out->key, &missing) != HG_EXPAND_OK)
        return HG_MAP_NO_MEMORY;
    found = find_exact(m, out->key);
    for (size_t i = 0; i < m->patterns && m->pattern[i] < found; i++) {
        enum hg_match is = hg_pattern_match(m->v[m->pattern[i]].pattern, vars->scratch, out->key, NULL);

        if (is == HG_MATCH_ERROR)
            return HG_MAP_LIMIT;
        if (is == HG_MATCH_YES)
            found = m->pattern[i];
    }
    if (found == m->n)
        return HG_MAP_NONE;
    out->target = m->v[found].target;
    out->file = m->v[found].file;
    out->line = m->v[found].line;
    return HG_MAP_FOUND;
}

void hg_map_say(const struct hg_map_taken *taken, const char *target, char *out, size_t cap)
{
    char key[100], quoted[104];

    HG_ASSERT(taken->map != NULL);
    hg_text_printable(taken->key, key, sizeof(key));
    if (taken->hidden)
        snprintf(quoted, sizeof(quoted), "of %zu bytes", taken->key.n);
    else
        snprintf(quoted, sizeof(quoted), "\"%s\"", key);
    if (taken->target == NULL)
        snprintf(out, cap, "%s: key %s has no entry", taken->map->name, quoted);
    else
        snprintf(out, cap, "%s: key %s is %s (%s:%u)", taken->map->name, quoted, target, taken->file,
                 taken->line);
}
