/* SPDX-License-Identifier: MIT
 *
 * A guard's state. `taken` alone decides: what was counted and what is reserved
 * are one number, so one compare-and-swap is the whole reservation. `settled` is
 * for those who take no share, and for readers.
 */
#include "policy/guards.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define MAGIC "hdrgate-guard"
#define VERSION "1"

struct hg_guard_state {
    atomic_uint refs;
    enum hg_guard_kind kind;
    char *name;
    _Atomic uint64_t taken; /* settled and reserved */
    _Atomic uint64_t settled, denied;
};

const char *hg_guard_kind_name(enum hg_guard_kind kind)
{
    static const char *const names[] = {
#define X(id, name) name,
        HG_GUARD_KINDS(X)
#undef X
    };

    HG_ASSERT(kind < HG_GUARD_KIND_COUNT);
    return names[kind];
}

struct hg_guard_state *hg_guard_state_new(const char *name, enum hg_guard_kind kind, uint64_t count)
{
    struct hg_guard_state *s = calloc(1, sizeof(*s));

    HG_ASSERT(name != NULL && kind < HG_GUARD_KIND_COUNT);
    if (s == NULL)
        return NULL;
    atomic_init(&s->refs, 1);
    atomic_init(&s->taken, count);
    atomic_init(&s->settled, count);
    s->kind = kind;
    s->name = strdup(name);
    if (s->name != NULL)
        return s;
    free(s);
    return NULL;
}

struct hg_guard_state *hg_guard_state_ref(struct hg_guard_state *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void hg_guard_state_unref(struct hg_guard_state **sp)
{
    struct hg_guard_state *s = *sp;

    *sp = NULL;
    if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(s->name);
    free(s);
}

const char *hg_guard_state_name(const struct hg_guard_state *s)
{
    return s->name;
}

enum hg_guard_kind hg_guard_state_kind(const struct hg_guard_state *s)
{
    return s->kind;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t hg_guard_reserve(struct hg_guard_state *s, uint64_t amount, uint64_t limit, uint64_t *count)
{
    uint64_t taken = atomic_load_explicit(&s->taken, memory_order_relaxed);

    HG_ASSERT(amount > 0 && limit > 0);
    if (amount > limit)
        amount = limit;
    do {
        if (taken > limit - amount) {
            *count = taken >= limit ? taken : add(taken, amount);
            return 0;
        }
    } while (!atomic_compare_exchange_weak_explicit(&s->taken, &taken, taken + amount, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return amount;
}

bool hg_guard_open(const struct hg_guard_state *s, uint64_t limit, uint64_t *count)
{
    *count = atomic_load_explicit(&s->settled, memory_order_acquire);
    return *count < limit;
}

void hg_guard_settle(struct hg_guard_state *s, uint64_t reserved, uint64_t came_to)
{
    uint64_t was = atomic_load_explicit(&s->taken, memory_order_relaxed), now;

    if (came_to > 0) {
        uint64_t settled = atomic_load_explicit(&s->settled, memory_order_relaxed);

        while (!atomic_compare_exchange_weak_explicit(&s->settled, &settled, add(settled, came_to),
                                                      memory_order_acq_rel, memory_order_relaxed))
            ;
    }
    if (came_to == reserved)
        return;
    do {
        HG_ASSERT(was >= reserved);
        now = was == UINT64_MAX ? was : add(was - reserved, came_to); /* a full one stays so */
    } while (!atomic_compare_exchange_weak_explicit(&s->taken, &was, now, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

void hg_guard_note_denied(struct hg_guard_state *s)
{
    atomic_fetch_add_explicit(&s->denied, 1, memory_order_relaxed);
}

void hg_guard_read(const struct hg_guard_state *s, struct hg_guard_reading *out)
{
    uint64_t settled = atomic_load_explicit(&s->settled, memory_order_acquire);
    uint64_t taken = atomic_load_explicit(&s->taken, memory_order_acquire);

    out->count = settled;
    out->reserved = taken > settled ? taken - settled : 0;
    out->denied = atomic_load_explicit(&s->denied, memory_order_relaxed);
}

size_t hg_guard_text(const struct hg_guard_state *s, char out[HG_GUARD_TEXT])
{
    uint64_t taken = atomic_load_explicit(&s->taken, memory_order_acquire);
    int n = snprintf(out, HG_GUARD_TEXT, MAGIC " " VERSION " %s %s %llu\n", s->name,
                     hg_guard_kind_name(s->kind), (unsigned long long)taken);

    return n > 0 && (size_t)n < HG_GUARD_TEXT ? (size_t)n : 0;
}

/* Takes "word " off the front. */
static struct hg_slice next_word(struct hg_slice *rest)
{
    ptrdiff_t at = hg_slice_find(*rest, ' ');
    struct hg_slice word = at < 0 ? *rest : hg_slice(rest->p, (size_t)at);

    *rest = hg_slice_from(*rest, word.n + 1);
    return word;
}

const char *hg_guard_parse(struct hg_slice text, const char *name, enum hg_guard_kind kind, uint64_t *count)
{
    if (text.n == 0)
        return "it is empty";
    if (text.p[text.n - 1] != '\n' || hg_slice_find(text, '\n') != (ptrdiff_t)text.n - 1)
        return "it is not one whole line";
    text.n--;
    if (!hg_slice_eq(next_word(&text), HG_LIT(MAGIC)))
        return "it is not a guard's file";
    if (!hg_slice_eq(next_word(&text), HG_LIT(VERSION)))
        return "it is of another version";
    if (!hg_slice_eq(next_word(&text), hg_slice_str(name)))
        return "it is the file of a guard with another name";
    if (!hg_slice_eq(next_word(&text), hg_slice_str(hg_guard_kind_name(kind))))
        return "it is the file of a guard of another kind";
    return hg_slice_u64(text, count) ? NULL : "its count is not a number";
}
