/* SPDX-License-Identifier: MIT
 *
 * What is counted does not depend on how the bytes are cut.
 */
#include <stdlib.h>

#include "case.h"
#include "support/unit.h"

/* In two spans at `cut`; step > 0: in spans of that size instead. */
static void measure(const struct usage_case *c, const struct hg_tap_rules *rules, struct hg_slice body,
                    size_t cut, size_t step)
{
    const struct hg_tap_head head = {.status = 200, .content_type = hg_slice_str(c->type)};
    struct hg_tap *tap = hg_tap_new(rules, &head, 0);

    HG_NEED(tap != NULL);
    for (size_t at = 0, n; at < body.n; at += n) {
        n = step > 0 ? step : at == 0 && cut > 0 ? cut : body.n - at;
        n = n < body.n - at ? n : body.n - at;
        hg_tap_feed(tap, hg_slice(body.p + at, n));
    }
    hg_tap_end(tap, true);
    usage_check(c, tap);
    hg_tap_free(tap);
}

HG_TEST(each_answer_is_counted_at_every_cut)
{
    for (size_t i = 0; i < usage_cases_n; i++) {
        const struct usage_case *c = &usage_cases[i];
        struct hg_tap_rules *rules = usage_rules(c->rules);
        struct hg_slice body = usage_read(c->file), guarded = hg_guarded(body);
        hg_unit_row(c->file);
        for (size_t cut = 0; cut < body.n; cut++)
            measure(c, rules, guarded, cut, 0);
        measure(c, rules, guarded, 0, 1);
        measure(c, rules, guarded, 0, 7);
        free((void *)body.p);
        hg_tap_rules_free(rules);
    }
}
