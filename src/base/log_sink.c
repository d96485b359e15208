/* SPDX-License-Identifier: MIT
 *
 * What a log writes to: a file, a pipe or tty, a socket, the system's logger.
 */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

#define FILE_CHUNK (64u * 1024u)
#define SYSLOG_PATH "/dev/log"
#define SYSLOG_HEAD 96u

/* O_NONBLOCK belongs to the open file, which our parent and siblings may share; one of our own is opened
 * where the system lets us. A regular file never blocks in that sense and must keep its offset. */
void hg_log_sink_fd(struct hg_log_sink *s, int fd)
{
    struct stat st;
    char path[64];
    *s = (struct hg_log_sink){.fd = fd, .kind = HG_LOG_FILE};
    if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
        return;
    if (S_ISSOCK(st.st_mode)) {
        s->kind = HG_LOG_SOCKET;
        return;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int ours = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_APPEND);
    if (ours < 0) {
        s->kind = HG_LOG_POLLED;
        return;
    }
    s->kind = HG_LOG_STREAM;
    s->fd = ours;
    s->own = true;
}

static bool fail(char *err, size_t errlen, const char *to)
{
    snprintf(err, errlen, "global.log.to: %s: %s", to, strerror(errno));
    return false;
}

static bool open_file(struct hg_log_sink *s, const char *path, char *err, size_t errlen)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0 && errno == ENXIO) /* a FIFO whose reader is not there yet */
        fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(err, errlen, path);
    hg_log_sink_fd(s, fd);
    if (s->own)
        (void)close(fd); /* it has one of its own */
    s->own = true;
    return true;
}

/* Connected, so that a logger that was started anew is noticed. False with errno. */
static bool connect_syslog(struct hg_log_sink *s)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    memcpy(a.sun_path, s->path, sizeof(s->path));
    if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
        int code = errno;
        (void)close(fd);
        errno = code;
        return false;
    }
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = fd;
    return true;
}

static bool open_syslog(struct hg_log_sink *s, const struct hg_log_target *to, char *err, size_t errlen)
{
    const char *path = strncmp(to->to, "syslog:", 7) == 0 ? to->to + 7 : SYSLOG_PATH;
    HG_ASSERT(to->facility < 24);
    *s = (struct hg_log_sink){.fd = -1, .own = true, .kind = HG_LOG_SYSLOG, .facility = to->facility};
    if (strlen(path) >= sizeof(s->path)) {
        errno = ENAMETOOLONG;
        return fail(err, errlen, to->to);
    }
    memcpy(s->path, path, strlen(path) + 1);
    return connect_syslog(s) || fail(err, errlen, to->to);
}

static void open_standard(struct hg_log_sink *s, int fd)
{
    hg_log_sink_fd(s, fd);
    s->standard = fd;
}

bool hg_log_sink_open(struct hg_log_sink *s, const struct hg_log_target *to, char *err, size_t errlen)
{
    if (strcmp(to->to, "stdout") == 0)
        open_standard(s, STDOUT_FILENO);
    else if (strcmp(to->to, "stderr") == 0)
        open_standard(s, STDERR_FILENO);
    else if (strcmp(to->to, "syslog") == 0 || strncmp(to->to, "syslog:", 7) == 0)
        return open_syslog(s, to, err, errlen);
    else
        return open_file(s, to->to, err, errlen);
    return true;
}

bool hg_log_sink_same_standard(const struct hg_log_sink *s, const struct hg_log_target *to)
{
    return (s->standard == STDOUT_FILENO && strcmp(to->to, "stdout") == 0) ||
           (s->standard == STDERR_FILENO && strcmp(to->to, "stderr") == 0);
}

void hg_log_sink_close(struct hg_log_sink *s)
{
    if (s->own && s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
    s->own = false;
}

/* Whole lines, at most one pipe write where that matters. */
static size_t next_chunk(const struct hg_log_sink *s, struct hg_slice lines)
{
    size_t most = s->kind == HG_LOG_FILE ? FILE_CHUNK : HG_LOG_LINE_MAX;
    HG_ASSERT(lines.p && lines.n > 0);
    if (lines.n <= most)
        return lines.n;
    const char *end = memrchr(lines.p, '\n', most);
    return end ? (size_t)(end - lines.p) + 1 : most;
}

#define LEVEL_LEN 3u

bool hg_log_sink_wants_level(const struct hg_log_sink *s)
{
    return s->kind == HG_LOG_SYSLOG;
}

/* As the kernel's own log has it (RFC 5424, 6.2.1). */
struct hg_slice hg_log_sink_level(enum hg_log_level level)
{
    static const char *const heads[] = {"<7>", "<6>", "<4>", "<3>"};
    HG_ASSERT((size_t)level < sizeof(heads) / sizeof(heads[0]));
    return hg_slice(heads[level], LEVEL_LEN);
}

static bool has_level(struct hg_slice line)
{
    return line.n >= LEVEL_LEN && line.p[0] == '<' && line.p[2] == '>';
}

/* The severity of a line is that in front of it, or of the level it has written near its beginning. */
static unsigned severity(struct hg_slice line)
{
    if (has_level(line))
        return (unsigned)(line.p[1] - '0');
    static const char key[] = "\"level\":\"";
    const char *at = memmem(line.p, line.n < 128 ? line.n : 128, key, sizeof(key) - 1);
    char first = at && (size_t)(at - line.p) + sizeof(key) - 1 < line.n ? at[sizeof(key) - 1] : 'i';
    return first == 'e' ? 3 : first == 'w' ? 4 : first == 'd' ? 7 : 6;
}

/* What syslog(3) writes to /dev/log: <priority>time program[process]: (RFC 3164, 4.1, without the host). */
static size_t syslog_head(const struct hg_log_sink *s, struct hg_slice line, char out[SYSLOG_HEAD])
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) == NULL || strftime(when, sizeof(when), "%b %e %H:%M:%S", &local) == 0)
        memcpy(when, "Jan  1 00:00:00", 16);
    int n = snprintf(out, SYSLOG_HEAD, "<%u>%s hdrgate[%ld]: ", s->facility * 8 + severity(line), when,
                     (long)getpid());
    HG_ASSERT(n > 0 && n < (int)SYSLOG_HEAD);
    return (size_t)n;
}

static ssize_t write_syslog(struct hg_log_sink *s, struct hg_slice lines)
{
    char out[SYSLOG_HEAD + HG_LOG_LINE_MAX];
    const char *end = memchr(lines.p, '\n', lines.n);
    struct hg_slice line = hg_slice(lines.p, end ? (size_t)(end - lines.p) : lines.n);
    struct hg_slice text = hg_slice_from(line, has_level(line) ? LEVEL_LEN : 0);
    size_t n = syslog_head(s, line, out), most = text.n < HG_LOG_LINE_MAX ? text.n : HG_LOG_LINE_MAX;
    if (most > 0)
        memcpy(out + n, text.p, most);
    n += most;
    ssize_t sent = send(s->fd, out, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == ECONNREFUSED || errno == ENOTCONN || errno == ECONNRESET) && connect_syslog(s))
        sent = send(s->fd, out, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -1 : (ssize_t)(line.n + (end ? 1 : 0));
}

ssize_t hg_log_sink_write(struct hg_log_sink *s, struct hg_slice lines)
{
    if (s->kind == HG_LOG_SYSLOG)
        return write_syslog(s, lines);
    size_t n = next_chunk(s, lines);
    if (s->kind == HG_LOG_SOCKET)
        return send(s->fd, lines.p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (s->kind == HG_LOG_POLLED) {
        struct pollfd p = {.fd = s->fd, .events = POLLOUT};
        if (poll(&p, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
    }
    return write(s->fd, lines.p, n);
}
