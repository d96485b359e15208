/* SPDX-License-Identifier: MIT
 *
 * The log sink: whole lines from any thread, written without ever blocking a
 * worker. Lines gather in a bounded buffer; a flush writes as much as the
 * descriptor takes. When the reader is slow and the buffer is full, lines are
 * dropped, counted, and the count is reported in a line of its own when there
 * is room again. The descriptor is written non-blocking: a pipe or a tty is
 * opened anew through /proc/self/fd so that the flag is ours alone.
 */
#ifndef HG_BASE_LOG_H
#define HG_BASE_LOG_H

#include "base/event.h"
#include "base/json.h"
#include "base/log_format.h"
#include "base/log_level.h"
#include "base/slice.h"

struct hg_log;
/* Every function here takes a NULL log and then does nothing: a log that is off. hg_log_dropped counts in
 * lines. The process must ignore SIGPIPE. */

#define HG_LOG_LINE_MAX 4096 /* PIPE_BUF: one write is one line for the reader */

/* A log to a descriptor the caller keeps open (it is not closed by the log). NULL without memory. */
struct hg_log *hg_log_new(int fd, enum hg_log_level least);
/* Where a log goes. */
struct hg_log_target {
    const char *to;    /* "stdout", "stderr", a file's name, or "syslog" or "syslog:/path" (/dev/log) */
    unsigned facility; /* syslog: its number, 0 to 23 */
};
/* A log to a file is appended to. NULL with a sentence in err. */
struct hg_log *hg_log_open(const struct hg_log_target *to, enum hg_log_level least, char *err, size_t errlen);
/* Opens the target (anew) and goes on there; no line is lost or torn. False with a sentence in err:
 * all is as it was. */
bool hg_log_reopen(struct hg_log *log, const struct hg_log_target *to, char *err, size_t errlen);
/* Waits at most wait_ms for the rest to be written, then frees. */
void hg_log_free(struct hg_log *log, unsigned wait_ms);

/* From any thread, at any time. */
void hg_log_set_level(struct hg_log *log, enum hg_log_level least);
enum hg_log_level hg_log_level(const struct hg_log *log);
const char *hg_log_level_name(enum hg_log_level level);
/* "debug", "info", "warn", "error". */
bool hg_log_level_read(const char *name, enum hg_log_level *level);
bool hg_log_on(const struct hg_log *log, enum hg_log_level level);

/* Adds one line ('\n' is appended). Thread-safe, does not write. */
void hg_log_line(struct hg_log *log, struct hg_slice line);

/* The format of the events of the process, NULL: our own lines. It must live until another is set. */
void hg_log_set_format(struct hg_log *log, const struct hg_log_format *format);
/* Would this event be written? For what is costly to put together. */
bool hg_log_wants(const struct hg_log *log, const struct hg_log_use *use, enum hg_event_id id,
                  enum hg_log_level own);
/* Writes an event as `use` says (of a request: the use of its frontend), NULL: as an event of the process. */
void hg_log_put(struct hg_log *log, const struct hg_log_use *use, struct hg_event *e);

/* Shorthand for an event of the process with just a "message". */
void hg_log_event(struct hg_log *log, enum hg_log_level level, enum hg_event_id event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes what the descriptor takes now. Called at the end of a loop's turn, and before exit.
 * Returns false when lines are still waiting (call again later). */
bool hg_log_flush(struct hg_log *log);

uint64_t hg_log_dropped(const struct hg_log *log);

#endif
