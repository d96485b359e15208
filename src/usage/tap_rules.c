/* SPDX-License-Identifier: MIT
 *
 * The rules of a tap: one set of paths for all fields, so that a document is
 * followed once.
 */
#include <stdlib.h>

#include "base/check.h"
#include "tap.h"

const char *hg_tap_field_name(enum hg_tap_field field)
{
    static const char *const name[] = {"input", "output", "cache-read", "cache-write", "reasoning", "model"};

    HG_ASSERT(field < HG_TAP_FIELDS);
    return name[field];
}

struct hg_tap_rules *hg_tap_rules_new(bool sum)
{
    struct hg_tap_rules *rules = calloc(1, sizeof(*rules));

    if (rules == NULL)
        return NULL;
    rules->sum = sum;
    rules->paths = hg_paths_new();
    if (rules->paths == NULL) {
        free(rules);
        return NULL;
    }
    return rules;
}

void hg_tap_rules_free(struct hg_tap_rules *rules)
{
    if (rules == NULL)
        return;
    hg_paths_free(rules->paths);
    free(rules);
}

const char *hg_tap_rules_add(struct hg_tap_rules *rules, enum hg_tap_field field, struct hg_slice path,
                             size_t *offset)
{
    unsigned n = hg_paths_count(rules->paths);
    const char *why;

    HG_ASSERT(field < HG_TAP_FIELDS);
    why = hg_paths_add(rules->paths, path, offset);
    if (why != NULL)
        return why;
    rules->field[n] = (unsigned char)field;
    rules->of_field[field] |= (uint64_t)1 << n;
    return NULL;
}
