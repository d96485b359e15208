/* SPDX-License-Identifier: MIT
 *
 * Listening unix sockets: of frontends, and the one for control.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "internal.h"

/* A socket file that nobody answers on is left over from a crash and is removed; a live one is in use. */
static bool remove_stale(const struct sockaddr_un *a)
{
    struct stat st;
    int fd, rc, code;

    if (lstat(a->sun_path, &st) != 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    rc = connect(fd, (const struct sockaddr *)a, sizeof(*a));
    code = errno;
    close(fd);
    if (rc == 0 || code != ECONNREFUSED) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(a->sun_path) == 0 || errno == ENOENT;
}

static bool listen_at(int fd, const struct sockaddr_un *a, unsigned mode)
{
    /* Nobody may slip in between bind and chmod. */
    mode_t old = umask(0177);
    int rc = bind(fd, (const struct sockaddr *)a, sizeof(*a));

    umask(old);
    return rc == 0 && chmod(a->sun_path, mode) == 0 && listen(fd, HG_LIMIT_BACKLOG) == 0;
}

int hg_unix_listen(const char *path, unsigned mode, struct hg_unix_file *file)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    int fd, code;

    *file = (struct hg_unix_file){0};
    if (strlen(path) >= sizeof(a.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    if (!remove_stale(&a))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (!listen_at(fd, &a, mode)) {
        code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    if (lstat(path, &st) == 0) {
        file->dev = st.st_dev;
        file->ino = st.st_ino;
    }
    return fd;
}

bool hg_unix_ours(const char *path, const struct hg_unix_file *file)
{
    struct stat st;

    return file->ino != 0 && lstat(path, &st) == 0 && st.st_dev == file->dev && st.st_ino == file->ino;
}

void hg_unix_remove(const char *path, const struct hg_unix_file *file)
{
    /* Our successor may have put its own socket there while we drained. */
    if (hg_unix_ours(path, file))
        unlink(path);
}
