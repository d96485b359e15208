/* SPDX-License-Identifier: MIT
 *
 * Private to the tools room: the two halves of a dump.
 */
#ifndef HG_TOOLS_DUMP_INTERNAL_H
#define HG_TOOLS_DUMP_INTERNAL_H

#include "tools/dump.h"

struct hg_dumper {
    const struct hg_dump *d;
    struct hg_buf *out;
    unsigned depth;      /* of the line */
    struct hg_buf notes; /* the comment of the line at hand */
    bool failed;         /* no memory */
};

/* dump_note.c: what the $<...> of a string chose, to the line's comment. hidden: its values are nobody's
 * business, only their length. */
void hg_dump_note(struct hg_dumper *p, struct hg_slice text, bool hidden);

/* dump_hide.c: is the string part of a secret, by way of a choice? */
bool hg_dump_is_hidden(const struct hg_plan *plan, const struct hg_node *n);
/* Does a credential stand in this string of the config? *text, malloc'd, is what to show in its
 * place (NULL without memory). */
bool hg_dump_in_place(const struct hg_plan *plan, const struct hg_node *n, bool in_secret, char **text);

#endif
