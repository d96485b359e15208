/* SPDX-License-Identifier: MIT
 *
 * Members of a comma-separated field value (RFC 9110, 5.6.1), read so that a
 * quotation mark cannot hide one: it opens a quoted string only where one may
 * begin (a member's first character, or behind '='), and only if it is closed.
 */
#ifndef HG_RULES_MEMBER_H
#define HG_RULES_MEMBER_H

#include "base/slice.h"

struct hg_member {
    struct hg_slice whole; /* trimmed, not empty */
    struct hg_slice token; /* without its parameters: up to the first ';' outside of quotes, trimmed */
};

/* Takes the next one off *rest, skipping empty ones; false at the end. */
bool hg_member_next(struct hg_slice *rest, struct hg_member *m);

/* Is it exactly one member with a token, also for one who does not know quotes? */
bool hg_member_ok(struct hg_slice text);

#endif
