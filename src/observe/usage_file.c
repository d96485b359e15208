/* SPDX-License-Identifier: MIT
 *
 * The file of the usage log: others read it, rotate it, and fill the disk it is
 * on. What is in it is whole lines, whatever happens to it.
 */
#include "usage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

static bool fail(const char *path, const char *what, char *err, size_t errlen)
{
    snprintf(err, errlen, "global.usage-log.to: %s: %s%s", path, what, strerror(errno));
    return false;
}

/* The folders in front of the last name, each that is missing. */
static bool make_folders(const char *path)
{
    char *name = strdup(path);
    bool ok = name != NULL;

    for (char *at = name; ok && (at = strchr(at + 1, '/')) != NULL;) {
        *at = '\0';
        ok = mkdir(name, 0755) == 0 || errno == EEXIST;
        *at = '/';
    }
    free(name);
    return ok;
}

/* A file of ours gets its mode whatever the umask is. */
static int create(const char *path, unsigned mode)
{
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(path, flags | O_CREAT | O_EXCL, mode);

    if (fd >= 0 && fchmod(fd, mode) == 0)
        return fd;
    if (fd >= 0) {
        close(fd);
        return -1;
    }
    if (errno == EEXIST)
        fd = open(path, flags | O_CREAT, mode);
    if (fd < 0 && errno == ENXIO) /* a FIFO whose reader is not there yet */
        fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd;
}

bool hg_usage_file_open(struct hg_usage_file *f, const char *path, unsigned mode, char *err, size_t errlen)
{
    struct stat st;

    *f = (struct hg_usage_file){.fd = -1, .mode = mode};
    if (!make_folders(path))
        return fail(path, "its folder: ", err, errlen);
    f->path = strdup(path);
    f->fd = f->path != NULL ? create(path, mode) : -1;
    if (f->fd >= 0 && fstat(f->fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
        f->dev = st.st_dev;
        f->ino = st.st_ino;
        return true;
    }
    (void)fail(path, "", err, errlen);
    hg_usage_file_close(f);
    return false;
}

void hg_usage_file_close(struct hg_usage_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    *f = (struct hg_usage_file){.fd = -1};
}

bool hg_usage_file_moved(const struct hg_usage_file *f)
{
    struct stat st;

    HG_ASSERT(f->path != NULL);
    if (stat(f->path, &st) != 0)
        return errno == ENOENT;
    return st.st_dev != f->dev || st.st_ino != f->ino;
}

enum hg_usage_written hg_usage_file_write(struct hg_usage_file *f, struct hg_slice line)
{
    HG_ASSERT(f->fd >= 0 && f->begun < line.n);
    while (f->begun < line.n) {
        ssize_t n = write(f->fd, line.p + f->begun, line.n - f->begun);

        if (n > 0)
            f->begun += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return HG_USAGE_LATER;
        else
            return HG_USAGE_FAILED;
    }
    f->begun = 0;
    return HG_USAGE_WRITTEN;
}
