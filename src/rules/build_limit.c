/* SPDX-License-Identifier: MIT
 *
 * Building the actions that count.
 */
#include "base/check.h"
#include "base/limits.h"
#include "build.h"

enum hg_append hg_build_takes(struct hg_builder *b, unsigned n)
{
    if (b->rs->takes + n > HG_LIMIT_HOLDS)
        return hg_build_bad(b->note, "a request would meet more than %u actions that count it",
                            HG_LIMIT_HOLDS);
    b->rs->takes += n;
    return HG_APPEND_OK;
}

enum hg_append hg_build_rate_limit(struct hg_builder *b)
{
    const unsigned allow = HG_TEMPLATE_VARS | HG_TEMPLATE_LIMITS;
    enum hg_append r = HG_APPEND_OK;

    HG_ASSERT(b->spec->limit != NULL && b->spec->limit->rate.amount > 0);
    b->a->limit = b->spec->limit;
    if (b->spec->value.p != NULL)
        r = hg_build_template(b, b->spec->value, HG_TEMPLATE_VARS, "key", &b->a->value);
    if (r == HG_APPEND_OK)
        r = hg_build_own_answer(b, 429, allow);
    return r == HG_APPEND_OK ? hg_build_takes(b, 1) : r;
}
