/* SPDX-License-Identifier: MIT
 *
 * Reads files that hold credentials: nothing is buffered on the way.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static const char *reason(int code)
{
    const char *text = strerrordesc_np(code);
    return text != NULL ? text : "unknown error";
}

size_t hg_file_read(const char *path, char *buf, size_t cap, const char **why)
{
    HG_ASSERT(path != NULL && buf != NULL && cap > 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && len < cap) {
        got = read(fd, buf + len, cap - len);
        if (got > 0)
            len += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0)
        *why = reason(errno);
    else if (len == cap)
        *why = cap <= 64u * 1024u + 2u ? "larger than 64 KiB" : "larger than this file may be";
    if (fd >= 0)
        (void)close(fd);
    return got < 0 || len == cap ? SIZE_MAX : len;
}
