/* SPDX-License-Identifier: MIT
 *
 * Places in a JSON document:
 *
 *     usage.prompt_tokens_details.cached_tokens    members, joined by dots
 *     choices.0.model                              a number is an element of an array
 *     *.usageMetadata.promptTokenCount             * is any one member or element
 *     a\.b   \*   \0                               a backslash takes the meaning from what is behind it
 *
 * A set is built once and then only read, by any number of threads. Matching is
 * done level by level while the text passes: a level has one bit for each path.
 */
#ifndef HG_USAGE_PATH_H
#define HG_USAGE_PATH_H

#include "usage/json.h"

struct hg_paths;

/* NULL without memory. */
struct hg_paths *hg_paths_new(void);
/* NULL is fine. */
void hg_paths_free(struct hg_paths *set);

/* Adds one; its number is that of those added before. NULL, or what is wrong with it (a part of a sentence)
 * and *offset, where; the set is then as it was ("there is no memory" too). */
const char *hg_paths_add(struct hg_paths *set, struct hg_slice path, size_t *offset);
unsigned hg_paths_count(const struct hg_paths *set);

/* Where a scan stands among the paths of a set. */
struct hg_paths_walk {
    const struct hg_paths *set;
    uint64_t at[HG_LIMIT_PATH_PARTS + 1]; /* for each depth: paths that lead here or on from here */
    uint64_t index[HG_LIMIT_PATH_PARTS];  /* elements of the array open at this depth that were begun */
};

/* A document begins. set may be NULL (no path). */
void hg_paths_begin(struct hg_paths_walk *w, const struct hg_paths *set);
/* For hg_jscan_events.member and .value. enter: something wanted may be in what comes. */
bool hg_paths_enter(struct hg_paths_walk *w, unsigned depth, const struct hg_jscan_text *name);
/* A value at depth: bits of the paths that end here. *inside: paths go on into it. */
uint64_t hg_paths_here(struct hg_paths_walk *w, unsigned depth, bool *inside);

#endif
