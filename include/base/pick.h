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

enum hg_members {
    HG_MEMBERS_ARRAY,
    HG_MEMBERS_OBJECT,
    HG_MEMBERS_OTHER,   /* JSON, but neither */
    HG_MEMBERS_BAD,     /* not JSON: *offset says where */
    HG_MEMBERS_STOPPED, /* by each; *offset is where its value begins */
    HG_MEMBERS_NO_MEMORY,
};

/* What an array or object consists of, in order; nothing of it when the text is not sound as a whole. name:
 * of a member of an object, .p NULL in arrays. value: STRING: decoded; OTHER and COMPOUND: as written. Both
 * are valid during the call. offset: of the value. False ends it. */
typedef bool hg_each_member(void *ctx, struct hg_slice name, enum hg_pick kind, struct hg_slice value,
                            size_t offset);
enum hg_members hg_pick_members(struct hg_slice text, hg_each_member *each, void *ctx, size_t *offset);

#endif
