/* SPDX-License-Identifier: MIT
 *
 * Numbers with one writer and readers in other threads. They are plain words, so
 * that a struct of them can be summed like an array; all access to those of a
 * live writer goes through here.
 */
#ifndef HG_OBSERVE_WORD_H
#define HG_OBSERVE_WORD_H

#include <stdint.h>

static inline uint64_t hg_word_get(const uint64_t *w)
{
    return __atomic_load_n(w, __ATOMIC_RELAXED);
}

/* The writer's thread only: no locked instruction is needed. */
static inline void hg_word_add(uint64_t *w, uint64_t n)
{
    __atomic_store_n(w, hg_word_get(w) + n, __ATOMIC_RELAXED);
}

#endif
