/* SPDX-License-Identifier: MIT
 *
 * One token in one environment: found, kept, taken out. Nothing here knows a lock or a global; the caller
 * holds the one and passes the other.
 */
#ifndef HG_ONE_SHOT_TOKEN_TAKE_H
#define HG_ONE_SHOT_TOKEN_TAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "list.h"

/* The bytes that exec filled with "NAME=value" strings, one behind the other: what /proc/PID/environ shows.
 * They can be written to. `low` == `high`: not known, nothing is taken. */
struct hg_token_area {
    char *low;
    char *high; /* past the last terminator */
};

/* The area, from a vector in which at least some strings stand where exec put them. `end` is the name of the
 * executable (AT_EXECFN), which lies right above them. */
struct hg_token_area hg_token_area(char *const *vector, char *end);

/* The entry "NAME=..." of a vector, or NULL. `vector` may be NULL. */
char **hg_token_entry(char **vector, const char *name, size_t length);

/* Gives a copy of `n` bytes, terminated, that is never freed; NULL when there is no memory. */
typedef char *hg_token_keep_fn(const char *bytes, size_t n);

/* What getenv says for a token. The first time that the inherited value is there, it is kept, taken out of
 * `vector` and overwritten in `area`; so is an equal value that the program copied into a vector of its own.
 * `strict`: what was kept is given once. Without memory nothing is taken, and the program reads its variable
 * where it stands. */
const char *hg_token_read(struct hg_token *token, char **vector, const struct hg_token_area *area,
                          bool strict, hg_token_keep_fn *keep);

#endif
