/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "probe.h"

const char *probe_early(void)
{
    return NULL;
}
