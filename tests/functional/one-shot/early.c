/* SPDX-License-Identifier: MIT
 *
 * A library that asks for a token in its constructor: before that of the preload library has run, since
 * libraries are set up from the last one loaded to the first.
 */
#include <stdlib.h>

#include "probe.h"

static const char *seen;

__attribute__((constructor)) static void start(void)
{
    seen = getenv("GITHUB_TOKEN");
}

__attribute__((visibility("default"))) const char *probe_early(void)
{
    return seen;
}
