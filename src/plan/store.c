/* SPDX-License-Identifier: MIT
 *
 * A plan owns all that it points to, in one place: an arena for strings and
 * arrays, and a list of things with a release function of their own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "build.h"

struct hg_plan *hg_store_new_plan(void)
{
    struct hg_plan *p = calloc(1, sizeof(*p));
    struct hg_plan_store *s = calloc(1, sizeof(*s));
    if (p == NULL || s == NULL) {
        free(p);
        free(s);
        return NULL;
    }
    hg_arena_init(&s->arena, HG_LIMIT_PLAN_MEMORY);
    p->store = s;
    atomic_init(&p->refs, 1);
    return p;
}

bool hg_store_own(struct hg_build *b, void *what, void (*release)(void *what))
{
    HG_ASSERT(what != NULL && release != NULL);
    struct hg_plan_store *s = b->store;
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 16 : s->cap * 2;
        struct hg_owned *grown = realloc(s->owned, cap * sizeof(*grown));
        if (grown == NULL) {
            b->no_memory = true;
            release(what);
            return false;
        }
        s->owned = grown;
        s->cap = cap;
    }
    s->owned[s->n++] = (struct hg_owned){what, release};
    return true;
}

void *hg_store_alloc(struct hg_build *b, size_t n, size_t size)
{
    HG_ASSERT(size > 0 && n < SIZE_MAX / size);
    void *p = hg_arena_alloc(&b->store->arena, n * size > 0 ? n * size : 1);
    if (p == NULL)
        b->no_memory = true;
    else
        memset(p, 0, n * size);
    return p;
}

const char *hg_store_text(struct hg_build *b, struct hg_slice s)
{
    char *p = hg_store_alloc(b, s.n + 1, 1);
    if (p != NULL && s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

const char *hg_store_printf(struct hg_build *b, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) {
        b->no_memory = true;
        return NULL;
    }
    const char *kept = hg_store_text(b, hg_slice(text, (size_t)n));
    free(text);
    return kept;
}

struct hg_plan *hg_plan_ref(struct hg_plan *p)
{
    HG_ASSERT(p != NULL);
    unsigned before = atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    HG_ASSERT(before > 0);
    return p;
}

void hg_plan_unref(struct hg_plan **p)
{
    struct hg_plan *plan = p != NULL ? *p : NULL;
    if (plan == NULL)
        return;
    *p = NULL;
    unsigned before = atomic_fetch_sub_explicit(&plan->refs, 1, memory_order_acq_rel);
    HG_ASSERT(before > 0);
    if (before > 1)
        return;
    struct hg_plan_store *s = plan->store;
    for (size_t i = s->n; i > 0; i--) /* what came last may point to what came before */
        s->owned[i - 1].release(s->owned[i - 1].what);
    free(s->owned);
    hg_arena_reset(&s->arena);
    free(s);
    free(plan);
}
