/* SPDX-License-Identifier: MIT
 *
 * What would become of a request, and why: the frontend, each rule that was
 * considered, the backend with its way there, and what leaves or is answered.
 */
#ifndef HG_TOOLS_EXPLAIN_H
#define HG_TOOLS_EXPLAIN_H

#include "base/buf.h"
#include "tools/trial.h"

/* Writes to out, as text or as one JSON object with a line end. Secrets are shown as source and length: while
 * this runs, the plan's slots hold markers instead of their values, and they keep them: the plan is of no use
 * for sending afterwards. UNDECIDED: *problem (cap bytes) says why, and out is empty. */
enum hg_trial_end hg_explain(const struct hg_plan *plan, const struct hg_trial_ask *ask, bool json,
                             struct hg_buf *out, char *problem, size_t cap);

#endif
