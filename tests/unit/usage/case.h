/* SPDX-License-Identifier: MIT
 *
 * Answers in the shape of each provider, and what has to be counted in them.
 */
#ifndef HG_TESTS_USAGE_CASE_H
#define HG_TESTS_USAGE_CASE_H

#include "base/slice.h"
#include "usage/tap.h"

struct usage_case {
    const char *file; /* in data */
    const char *type; /* Content-Type; NULL: messages of a WebSocket, one a line */
    const char *rules;
    uint64_t tokens[HG_TAP_COUNTS]; /* input, output, cache-read, cache-write, reasoning */
    unsigned found;                 /* bits of the counts that are there */
    const char *model;
};

extern const struct usage_case usage_cases[];
extern const size_t usage_cases_n;

/* The file of a case, whole. The caller frees .p; a failed check and .p NULL when it cannot be read. */
struct hg_slice usage_read(const char *file);

/* "field = path path; ..." with "sum;" first when counts add up. The caller frees them. */
struct hg_tap_rules *usage_rules(const char *text);

/* Does a tap that has ended say what the case wants? */
void usage_check(const struct usage_case *c, const struct hg_tap *tap);

#endif
