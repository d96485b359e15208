/* SPDX-License-Identifier: MIT
 *
 * Private to the tools room: a fixture file while it is read.
 */
#ifndef HG_TOOLS_READ_H
#define HG_TOOLS_READ_H

#include "tools/fixture.h"

struct hg_list_of_pairs {
    struct hg_pair *v;
    size_t n, cap;
};

/* A fixture and the lists it grows. */
struct hg_reading {
    struct hg_fixture fixture;
    struct hg_list_of_pairs env, secret, field, answer, body; /* body: the lines, as values */
    struct hg_expect *expect;
    size_t expects, cap;
};

struct hg_fixtures {
    struct hg_arena arena;
    struct hg_reading **v;
    size_t n, cap;
};

struct hg_reader {
    struct hg_fixtures *set;
    struct hg_diag *d;
    const char *file;
    unsigned line;
    struct hg_reading common; /* what stands before the first fixture */
    struct hg_reading *now;   /* NULL: before the first */
    bool no_memory;
};

/* fixture_read.c */
/* The list, moved where it has room for one more. NULL: no memory, noted. */
void *hg_grow(struct hg_reader *r, void *list, size_t n, size_t *cap, size_t size);
void hg_read_no_memory(struct hg_reader *r);
/* A diagnostic at the reader's line. */
void hg_read_bad(struct hg_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A copy with $<base64:...> and, if asked for, escapes replaced. */
struct hg_slice hg_read_text(struct hg_reader *r, struct hg_slice s, bool escapes);

void hg_read_pair(struct hg_reader *r, struct hg_list_of_pairs *to, struct hg_pair p);

/* fixture_body.c */
/* A line of a body, from its bar on. */
void hg_read_body_line(struct hg_reader *r, struct hg_slice rest);
/* The lines with line ends between them; .p NULL: there are none. */
struct hg_slice hg_read_body(struct hg_reader *r, const struct hg_list_of_pairs *lines);
/* A line of the request's body; several are one body, with nothing between them. */
void hg_read_request_body(struct hg_reader *r, struct hg_fixture *f, struct hg_slice rest);

/* expect.c */
void hg_read_expect(struct hg_reader *r, bool leaving, struct hg_slice written, struct hg_slice rest);

#endif
