/* SPDX-License-Identifier: MIT
 *
 * How events become lines: our own JSON, or a log format of the config, which
 * was compiled when the plan was built. Writing a line allocates nothing.
 */
#ifndef HG_BASE_LOG_FORMAT_H
#define HG_BASE_LOG_FORMAT_H

#include "base/event.h"
#include "base/limits.h"

/* A piece of a template. */
enum hg_log_part_kind {
    HG_PART_LITERAL,
    HG_PART_VALUE,  /* of the event: id */
    HG_PART_HEADER, /* of the request: text is its name */
    HG_PART_TRUTH,  /* decided when the plan was built */
};

struct hg_log_part {
    enum hg_log_part_kind kind;
    enum hg_event_value id;
    struct hg_slice text;
    bool truth;
};

struct hg_log_template {
    const struct hg_log_part *part;
    size_t n;
};

/* A field of a JSON line. Its name "a.b.c" is c in the objects a.b. */
struct hg_log_field {
    const char *object[HG_LIMIT_LOG_DEPTH]; /* from outside inwards */
    unsigned depth;
    unsigned shared; /* of those the first that the field before it has too */
    const char *key;
    struct hg_log_template value;
};

/* What a format says of one event. */
struct hg_log_entry {
    bool named; /* it is mentioned at all */
    bool off;
    bool has_level;
    enum hg_log_level level;
    const char *event; /* its name, NULL: its own */
    const struct hg_log_field *field;
    size_t fields;
    bool is_line; /* text instead of fields: */
    struct hg_log_template line;
};

struct hg_log_format {
    const char *name;
    size_t cut;       /* bytes of a value that a peer sent */
    bool others_off;  /* events that it does not mention are not written; else as our own line */
    bool absent_null; /* a field without a value is null; else it is left out */
    struct hg_log_entry entry[HG_EVENT_COUNT];
};

/* What is done with the events of a frontend, or of the process. */
struct hg_log_use {
    const struct hg_log_format *format; /* NULL: our own lines */
    enum hg_log_level least;            /* beside the log's own */
    bool off;
};

/* Which event is written for this one: itself, the one that stands for it, or HG_EVENT_NOTHING. */
enum hg_event_id hg_log_stands_for(const struct hg_log_use *use, enum hg_event_id id);
/* The level at which it is written; own: what it has by itself. */
enum hg_log_level hg_log_level_of(const struct hg_log_use *use, enum hg_event_id id, enum hg_log_level own);

/* The line into out, which holds HG_LOG_LINE_MAX bytes; without '\n', and none inside. format NULL: our own.
 * .p NULL: it is not written. */
struct hg_slice hg_log_write(const struct hg_log_format *format, const struct hg_event *e, char *out);

#endif
