/* SPDX-License-Identifier: MIT
 *
 * Private to the guards' files of the route room: what a models guard says of a
 * request.
 */
#ifndef HG_ROUTE_GUARD_MODEL_H
#define HG_ROUTE_GUARD_MODEL_H

#include "route/guard.h"

struct hg_model_judged {
    enum hg_model_verdict verdict;
    struct hg_slice model; /* that decided; .p NULL: UNKNOWN, or the body that nobody has seen would decide */
    const char *why;       /* UNKNOWN: a part of a sentence */
};

/* Every place that the guard names is looked at: a model that is denied anywhere is denied, a place that
 * cannot be read makes it unknown, and so does a request that names none at all. */
void hg_guard_judge(const struct hg_route *r, const struct hg_guard *g, const struct hg_model_reading *body,
                    struct hg_model_judged *out);

#endif
