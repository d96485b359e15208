/* SPDX-License-Identifier: MIT
 *
 * Content codings by name.
 */
#include "usage/decode.h"

bool hg_codings_parse(struct hg_slice value, struct hg_codings *out)
{
    struct hg_slice item;

    out->n = 0;
    while (hg_slice_next_item(&value, &item))
        if (!hg_slice_ieq(item, HG_LIT("identity")))
            return false;
    return true;
}
