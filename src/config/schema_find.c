/* SPDX-License-Identifier: MIT
 *
 * Looking things up in the table of all keys.
 */
#include "base/check.h"
#include "config/schema.h"

const struct hg_schema_key *hg_schema_parameter(void)
{
    static const struct hg_schema_key row = {HG_SCOPE_NONE,
                                             "",
                                             HG_KIND_TEXT,
                                             HG_FORM_ONE,
                                             HG_SCOPE_NONE,
                                             0,
                                             0,
                                             0,
                                             NULL,
                                             NULL,
                                             "a parameter of the rule that is used"};
    return &row;
}

const struct hg_schema_key *hg_schema_find(enum hg_schema_scope scope, struct hg_slice key)
{
    HG_ASSERT(scope != HG_SCOPE_NONE);
    size_t n;
    const struct hg_schema_key *keys = hg_schema_keys(&n);
    for (size_t i = 0; i < n; i++) {
        if (keys[i].scope == scope && hg_slice_eq(hg_slice_str(keys[i].key), key))
            return &keys[i];
    }
    return NULL;
}

const char *hg_schema_scope_name(enum hg_schema_scope scope)
{
    static const char *const names[] = {
#define X(id, name) name,
        HG_SCHEMA_SCOPES(X)
#undef X
    };
    HG_ASSERT((size_t)scope < sizeof(names) / sizeof(names[0]));
    return names[scope];
}
