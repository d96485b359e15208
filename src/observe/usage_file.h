/* SPDX-License-Identifier: MIT
 *
 * Private to the observe room: the file of the usage log. One thread uses it.
 */
#ifndef HG_OBSERVE_USAGE_FILE_H
#define HG_OBSERVE_USAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/slice.h"

struct hg_usage_file {
    int fd; /* -1: none */
    char *path;
    unsigned mode;
    dev_t dev;
    ino_t ino;
    size_t begun; /* bytes of the line at hand that are written */
};

enum hg_usage_written {
    HG_USAGE_WRITTEN,
    HG_USAGE_LATER,  /* a pipe whose reader is slow: ask again when it can be written */
    HG_USAGE_FAILED, /* errno */
};

/* Makes the folder if it is missing, and the file with exactly this mode; one that is there is appended to
 * and keeps its mode. False with a sentence in err, and nothing is open. */
bool hg_usage_file_open(struct hg_usage_file *f, const char *path, unsigned mode, char *err, size_t errlen);
void hg_usage_file_close(struct hg_usage_file *f);
/* Somebody has renamed or removed the file: its name is not that of what we have open. */
bool hg_usage_file_moved(const struct hg_usage_file *f);
/* Writes a line (with its end). A line that was written in part goes on where it stopped, so it must be the
 * same one until WRITTEN. */
enum hg_usage_written hg_usage_file_write(struct hg_usage_file *f, struct hg_slice line);

#endif
