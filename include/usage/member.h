/* SPDX-License-Identifier: MIT
 *
 * One member of the outermost object of a JSON text, for who decides by it: the
 * whole text is read, so that a second member of that name, a name that is only
 * spelled otherwise, or a text that is no JSON after all does not pass unseen.
 * Holds no memory; a body of any size can be fed.
 */
#ifndef HG_USAGE_MEMBER_H
#define HG_USAGE_MEMBER_H

#include "usage/json.h"

struct hg_member {
    struct hg_jscan scan;
    struct hg_slice name; /* that is looked for */
    bool object;          /* the document is an object */
    unsigned times;       /* members with exactly this name, decoded; counts up to UINT_MAX */
    unsigned alike;       /* whose name differs only in the case of ASCII letters: some readers take them */
    bool escaped_name;    /* one of these names (times or alike) was written with an escape */
    enum hg_jscan_kind kind; /* of the last value of exactly this name */
    bool complete;           /* that value is scalar and here whole */
    bool escaped, cut, lone; /* of it, as in hg_jscan_text */
    size_t n;
    char value[HG_JSCAN_TEXT]; /* string: decoded; number: as written */
};

/* name is not copied. The struct must not be moved while it is fed. */
void hg_member_init(struct hg_member *m, struct hg_slice name);
/* False: not JSON (m->scan.error), and it stays so. */
bool hg_member_feed(struct hg_member *m, struct hg_slice span);
/* No more comes. False: not JSON, or it broke off, or was empty. */
bool hg_member_end(struct hg_member *m);

/* The value when it is the only one and a string that is whole; else .p is NULL. Valid while m is not fed. */
struct hg_slice hg_member_string(const struct hg_member *m);

#endif
