/* SPDX-License-Identifier: MIT
 *
 * The ready file: for scripts and tests that bind port 0, and for supervisors
 * that want to know when to send traffic.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

static void print(FILE *f, const struct hg_bindings *b)
{
    fprintf(f, "{\"pid\":%ld,\"listeners\":[", (long)getpid());
    for (size_t i = 0; i < b->entries.n; i++) {
        const struct hg_entry *e = &b->entries.entry[i];
        char text[1024];
        struct hg_json j;

        hg_json_begin(&j, text, sizeof(text));
        hg_json_str(&j, "frontend", hg_slice_str(e->frontend->name));
        hg_json_str(&j, "bind", hg_slice_str(e->frontend->bind[e->bind].text));
        hg_json_str(&j, "address", hg_slice_str(b->listener[i]->address));
        fprintf(f, "%s%s", i != 0 ? "," : "", hg_json_end(&j).p);
    }
    fprintf(f, "]}\n");
}

bool hg_ready_write(const char *path, const struct hg_bindings *b, char *err, size_t errlen)
{
    char temp[4096];
    FILE *f;
    bool ok;

    if (snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid()) >= (int)sizeof(temp)) {
        snprintf(err, errlen, "ready file: the path is too long");
        return false;
    }
    f = fopen(temp, "we");
    if (f == NULL) {
        snprintf(err, errlen, "ready file %s: %s", temp, strerror(errno));
        return false;
    }
    print(f, b);
    ok = fflush(f) == 0;
    ok = fclose(f) == 0 && ok && rename(temp, path) == 0;
    if (!ok) {
        snprintf(err, errlen, "ready file %s: %s", path, strerror(errno));
        unlink(temp);
    }
    return ok;
}
