/* SPDX-License-Identifier: MIT
 *
 * Remembers for each thread what a set of drop patterns said of a header name,
 * so that regexes run only for names not seen lately. Bounded in entries and in
 * the length of names; a newer name pushes an older one out.
 */
#ifndef HG_RULES_CACHE_H
#define HG_RULES_CACHE_H

#include "rules/pattern.h"

struct hg_cache;

struct hg_cache *hg_cache_new(void);
void hg_cache_free(struct hg_cache *c);

/* A number no other caller in this process has got or will get; never 0. Used as key instead of an
 * address, which could belong to something else after a reload. */
uint64_t hg_cache_id(void);

/* True when known. Names are compared byte by byte: a regex may look at their case. */
bool hg_cache_get(const struct hg_cache *c, uint64_t id, struct hg_slice name, bool *yes);
void hg_cache_put(struct hg_cache *c, uint64_t id, struct hg_slice name, bool yes);

/* The cache of a scratch (pattern.c). */
struct hg_cache *hg_scratch_cache(struct hg_scratch *s);

#endif
