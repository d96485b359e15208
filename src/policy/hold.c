/* SPDX-License-Identifier: MIT
 *
 * Holds as a list: whoever knows a real number says it once for all of them.
 */
#include "policy/hold.h"

#include "base/check.h"

void hg_holds_add(struct hg_holds *h, const struct hg_hold *hold)
{
    HG_ASSERT(h->n < h->cap && !h->left && hold->kind != NULL);
    h->v[h->n++] = *hold;
}

/* The last one first: debts are given back before what stands below them. */
void hg_holds_give_back(struct hg_holds *h, uint64_t now)
{
    HG_ASSERT(!h->left || h->n == 0);
    while (h->n > 0) {
        struct hg_hold *last = &h->v[--h->n];

        last->kind->give_back(last, now);
    }
}

void hg_holds_correct(struct hg_holds *h, enum hg_measure measure, uint64_t real, bool final, uint64_t now)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i].measure == measure)
            h->v[i].kind->correct(&h->v[i], real, final, now);
}

bool hg_holds_have(const struct hg_holds *h, enum hg_measure measure)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i].measure == measure)
            return true;
    return false;
}

void hg_holds_settle(struct hg_holds *h, uint64_t now)
{
    for (size_t i = 0; i < h->n; i++)
        h->v[i].kind->correct(&h->v[i], h->v[i].n, true, now);
    h->n = 0;
}
