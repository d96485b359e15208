/* SPDX-License-Identifier: MIT
 *
 * Folders of a test program: one below another that is removed at its end.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

static char base[64];
static unsigned made;

static int gone(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void remove_all(void)
{
    (void)nftw(base, gone, 16, FTW_DEPTH | FTW_PHYS);
}

bool hg_unit_folder(char *path, size_t cap)
{
    if (made == 0) {
        (void)snprintf(base, sizeof(base), "/tmp/hdrgate-unit-XXXXXX");
        if (mkdtemp(base) == NULL || atexit(remove_all) != 0)
            return false;
    }
    (void)snprintf(path, cap, "%s/%u", base, ++made);
    return mkdir(path, 0700) == 0;
}
