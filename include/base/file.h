/* SPDX-License-Identifier: MIT
 *
 * Small files, read whole.
 */
#ifndef HG_BASE_FILE_H
#define HG_BASE_FILE_H

#include <stddef.h>

/* Up to cap - 1 bytes into buf (no NUL is added), without waiting for a FIFO's writer. Returns their number,
 * or SIZE_MAX with a sentence part in *why: the system's reason, or that it is larger. */
size_t hg_file_read(const char *path, char *buf, size_t cap, const char **why);

#endif
