/* SPDX-License-Identifier: MIT
 *
 * Bodies in a fixture: of a server's answer, and of a request for guards that read it.
 */
#include "read.h"

/* The space behind the bar is not part of it. */
void hg_read_body_line(struct hg_reader *r, struct hg_slice rest)
{
    struct hg_pair p = {HG_LIT(""), hg_slice_from(rest, 1)};

    if (p.value.n > 0 && p.value.p[0] == ' ')
        p.value = hg_slice_from(p.value, 1);
    p.value = hg_read_text(r, p.value, true);
    hg_read_pair(r, &r->now->body, p);
}

/* The lines with line ends between them. */
struct hg_slice hg_read_body(struct hg_reader *r, const struct hg_list_of_pairs *lines)
{
    struct hg_slice all = {NULL, 0};

    for (size_t i = 0; i < lines->n; i++) {
        all = i == 0 ? lines->v[i].value
                     : hg_arena_join(&r->set->arena, all,
                                     hg_arena_join(&r->set->arena, HG_LIT("\n"), lines->v[i].value));
        if (all.p == NULL)
            hg_read_no_memory(r);
    }
    return all;
}

void hg_read_request_body(struct hg_reader *r, struct hg_fixture *f, struct hg_slice rest)
{
    struct hg_slice text = hg_read_text(r, rest, true);

    /* Several lines are one body. */
    if (f->ask.body.p != NULL)
        text = hg_arena_join(&r->set->arena, f->ask.body, text);
    if (text.p == NULL)
        hg_read_no_memory(r);
    f->ask.body = text;
}
