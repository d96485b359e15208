/* SPDX-License-Identifier: MIT
 *
 * hdrgate reload, drain, status, log-level, server: one line to the control
 * socket of a running hdrgate, and its answer to stdout (or stderr).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cmd.h"

#define STANDARD_PATH "/run/hdrgate/control.sock"

static int wrong(const char *what, const char *which)
{
    fprintf(stderr, "hdrgate: %s%s; see \"hdrgate help\"\n", what, which);
    return 2;
}

static const char *control_path(void)
{
    const char *path = getenv("HDRGATE_CONTROL");

    return path != NULL && path[0] != '\0' ? path : STANDARD_PATH;
}

/* 0, or 2: said. */
static int read_words(int argc, char **argv, struct hg_buf *line, const char **path)
{
    for (int i = 0; i < argc; i++) {
        if (i > 0 && strcmp(argv[i], "--control") == 0) {
            if (i + 1 == argc)
                return wrong("a path is missing behind ", argv[i]);
            *path = argv[++i];
            continue;
        }
        if (argv[i][0] == '\0' || strpbrk(argv[i], " \r\n\t") != NULL)
            return wrong("an argument of a command is one word: ", argv[i]);
        if (i > 0 && argv[i][0] == '-' && strcmp(argv[i], "--json") != 0)
            return wrong("unknown option ", argv[i]);
        if (!hg_buf_printf(line, "%s%s", i != 0 ? " " : "", argv[i]))
            return wrong("the command is too long", "");
    }
    return hg_buf_append(line, HG_LIT("\n")) ? 0 : wrong("the command is too long", "");
}

/* -1: said. */
static int connect_to(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd;

    if (strncmp(path, "unix:", 5) == 0)
        path += 5;
    if (strlen(path) >= sizeof(a.sun_path)) {
        fprintf(stderr, "hdrgate: %s: the path of a unix socket has at most 107 bytes\n", path);
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    fprintf(stderr,
            "hdrgate: the control socket %s: %s (global.control of the configuration sets it; name it "
            "with --control)\n",
            path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool send_all(int fd, struct hg_slice data)
{
    while (data.n > 0) {
        ssize_t n = send(fd, data.p, data.n, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data = hg_slice_from(data, (size_t)n);
    }
    return true;
}

static bool receive_all(int fd, struct hg_buf *answer)
{
    for (;;) {
        size_t room;
        char *p = hg_buf_reserve(answer, 4096, &room);
        ssize_t n = p != NULL ? recv(fd, p, room, 0) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            return true;
        hg_buf_commit(answer, (size_t)n);
    }
}

static int show(struct hg_buf *answer)
{
    struct hg_slice text = hg_buf_data(answer);
    ptrdiff_t end = hg_slice_find(text, '\n');
    bool ok = end >= 0 && hg_slice_eq(hg_slice(text.p, (size_t)end), HG_LIT("ok"));

    if (end < 0) {
        fprintf(stderr, "hdrgate: the running process did not answer\n");
        return 1;
    }
    text = hg_slice_from(text, (size_t)end + 1);
    (void)fwrite(text.p, 1, text.n, ok ? stdout : stderr);
    return ok && fflush(stdout) == 0 ? 0 : 1;
}

int cmd_control(int argc, char **argv)
{
    const char *path = control_path();
    struct hg_buf line, answer;
    int status, fd;

    hg_buf_init(&line, HG_LIMIT_CONTROL_LINE, false);
    hg_buf_init(&answer, 2 * HG_LIMIT_CONTROL_ANSWER, false);
    status = read_words(argc, argv, &line, &path);
    if (status == 0) {
        fd = connect_to(path);
        status = fd >= 0 && send_all(fd, hg_buf_data(&line)) && receive_all(fd, &answer) ? show(&answer) : 1;
        if (fd >= 0)
            close(fd);
    }
    hg_buf_free(&line);
    hg_buf_free(&answer);
    return status;
}
