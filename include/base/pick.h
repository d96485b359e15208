/* SPDX-License-Identifier: MIT
 *
 * One field out of a JSON text (RFC 8259) that may hold credentials: nothing is
 * copied but the value that was asked for.
 */
#ifndef HG_BASE_PICK_H
#define HG_BASE_PICK_H

#include "base/slice.h"

enum hg_pick {
    HG_PICK_STRING,
    HG_PICK_OTHER,    /* a number, true, false or null: as written */
    HG_PICK_MISSING,  /* the text is JSON and has no such field */
    HG_PICK_COMPOUND, /* the field is an object or an array */
    HG_PICK_BAD,      /* the text is not JSON, or the value does not fit */
};

/* path: names joined by dots; a number is an element of an array ("items.0.token"). The value goes to out
 * (cap bytes; a string decoded to UTF-8), *n of them. */
enum hg_pick hg_pick(struct hg_slice text, const char *path, char *out, size_t cap, size_t *n);

#endif
