/* SPDX-License-Identifier: MIT
 *
 * Reads the options of a command.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static int bad(const char *what, const char *which)
{
    fprintf(stderr, "hdrgate: %s%s; see \"hdrgate help\"\n", what, which);
    return 2;
}

int options_read(struct options *o, int argc, char **argv, unsigned allow)
{
    bool ready = (allow & OPTIONS_READY_FILE) != 0, strict = (allow & OPTIONS_STRICT) != 0;

    memset(o, 0, sizeof(*o));
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

        HG_ASSERT(name != NULL);
        if (strcmp(name, "-f") == 0 && value != NULL) {
            if (o->files == OPTIONS_FILES_MAX)
                return bad("too many -f; name a folder instead of ", value);
            o->file[o->files++] = value;
            i++;
        } else if (strcmp(name, "--env-file") == 0 && value != NULL) {
            if (o->env_files == OPTIONS_FILES_MAX)
                return bad("too many --env-file: ", value);
            o->env_file[o->env_files++] = value;
            i++;
        } else if (ready && strcmp(name, "--ready-file") == 0 && value != NULL) {
            o->ready_file = value;
            i++;
        } else if (strict && strcmp(name, "--strict") == 0) {
            o->strict = true;
        } else if (strict && strcmp(name, "--resolve") == 0) {
            o->resolve = true;
        } else if (strcmp(name, "-f") == 0 || strcmp(name, "--env-file") == 0 ||
                   (ready && strcmp(name, "--ready-file") == 0)) {
            return bad("a path is missing behind ", name);
        } else {
            return bad(name[0] == '-' ? "unknown option " : "unexpected argument ", name);
        }
    }
    return o->files != 0 ? 0 : bad("no configuration: say -f FILE or -f FOLDER", "");
}

const char *options_rules_dir(void)
{
    const char *dir = getenv("HDRGATE_RULES_DIR");

    return dir != NULL && dir[0] != '\0' ? dir : HG_RULES_DIR;
}
