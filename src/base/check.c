/* SPDX-License-Identifier: MIT
 *
 * The end of a failed assertion: one line that names the place, then abort, so
 * that a supervisor sees a crash and not a gateway in an unknown state.
 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void hg_check_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "hdrgate: internal error: %s:%d: %s\n", file, line, expr);
    abort();
}
