/* SPDX-License-Identifier: MIT
 *
 * Private to the base room: what a log writes to. A descriptor and how to write
 * to it without waiting; the lines are the log's.
 */
#ifndef HG_BASE_LOG_SINK_H
#define HG_BASE_LOG_SINK_H

#include <sys/types.h>

#include "base/log.h"

enum hg_log_kind {
    HG_LOG_FILE,   /* a regular file */
    HG_LOG_STREAM, /* our own non-blocking descriptor */
    HG_LOG_SOCKET, /* send with MSG_DONTWAIT */
    HG_LOG_POLLED, /* could not be opened anew: ask poll before each write of at most PIPE_BUF */
    HG_LOG_SYSLOG, /* a datagram for each line */
};

struct hg_log_sink {
    int fd;
    bool own; /* closed with the sink */
    enum hg_log_kind kind;
    int standard; /* stdout or stderr was asked for: its descriptor; else 0 */
    unsigned facility;
    char path[108]; /* of syslog's socket */
};

/* A descriptor that the caller keeps open. */
void hg_log_sink_fd(struct hg_log_sink *s, int fd);
/* False with a sentence in err. */
bool hg_log_sink_open(struct hg_log_sink *s, const struct hg_log_target *to, char *err, size_t errlen);
/* It is stdout or stderr already: opening it anew could only fail, once privileges are dropped. */
bool hg_log_sink_same_standard(const struct hg_log_sink *s, const struct hg_log_target *to);
void hg_log_sink_close(struct hg_log_sink *s);
/* Lines for syslog may have what hg_log_sink_level gives in front, which is not sent as text. */
bool hg_log_sink_wants_level(const struct hg_log_sink *s);
struct hg_slice hg_log_sink_level(enum hg_log_level level);
/* Writes some of these lines, each with its '\n'. How many bytes of them; -1 with errno, EAGAIN: not now. */
ssize_t hg_log_sink_write(struct hg_log_sink *s, struct hg_slice lines);

#endif
