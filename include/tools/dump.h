/* SPDX-License-Identifier: MIT
 *
 * The effective configuration as text: all files in one, what was inherited and
 * what is standard written out, $<...> as it stands with what it chose in a
 * comment. It is a valid configuration, and dumping it gives the same text.
 */
#ifndef HG_TOOLS_DUMP_H
#define HG_TOOLS_DUMP_H

#include "base/buf.h"
#include "plan/plan.h"

struct hg_dump {
    const struct hg_model *model;
    const struct hg_plan *plan; /* of the model and the environment */
    const struct hg_environment *env;
};

/* False: the buffer's ceiling or memory. Values of secrets, and user info of URLs, are not shown. */
bool hg_dump_write(const struct hg_dump *d, struct hg_buf *out);

#endif
