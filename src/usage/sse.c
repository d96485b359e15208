/* SPDX-License-Identifier: MIT
 *
 * Events arrive cut anywhere. All that has to be remembered between two spans is
 * where in a line we stand; the name of a field is short, its value is handed on.
 */
#include "usage/sse.h"

#include "base/check.h"

enum {
    SSE_BEGIN, /* of the stream: there may be a byte order mark */
    SSE_NAME,  /* of a field; n bytes of it are in name */
    SSE_SPACE, /* behind the colon: one space may come */
    SSE_VALUE,
};

enum { FIELD_OTHER, FIELD_DATA, FIELD_EVENT };

static const unsigned char mark[] = {0xef, 0xbb, 0xbf};

void hg_sse_init(struct hg_sse *s, const struct hg_sse_events *events, void *ctx)
{
    memset(s, 0, sizeof(*s));
    s->events = events;
    s->ctx = ctx;
}

/* The name is complete. */
static void begin_value(struct hg_sse *s)
{
    struct hg_slice name = hg_slice(s->name, s->n);

    s->state = SSE_SPACE;
    s->field = FIELD_OTHER;
    if (hg_slice_eq(name, HG_LIT("data"))) {
        s->field = FIELD_DATA;
        if (s->has_data)
            s->events->data(s->ctx, HG_LIT("\n"));
        s->has_data = true;
    } else if (hg_slice_eq(name, HG_LIT("event"))) {
        s->field = FIELD_EVENT;
        s->type_n = 0;
    }
}

static void add_value(struct hg_sse *s, struct hg_slice piece)
{
    size_t room = sizeof(s->type) - s->type_n;

    if (piece.n == 0)
        return;
    if (s->field == FIELD_DATA) {
        s->events->data(s->ctx, piece);
    } else if (s->field == FIELD_EVENT) {
        size_t n = piece.n < room ? piece.n : room;
        memcpy(s->type + s->type_n, piece.p, n);
        s->type_n = (unsigned char)(s->type_n + n);
    }
}

static void end_event(struct hg_sse *s)
{
    if (s->has_data)
        s->events->event(s->ctx, hg_slice(s->type, s->type_n));
    s->has_data = false;
    s->type_n = 0;
}

static void end_line(struct hg_sse *s)
{
    if (s->state == SSE_NAME && s->n == 0)
        end_event(s);
    else if (s->state == SSE_NAME)
        begin_value(s); /* a name without a colon: the value is empty */
    s->state = SSE_NAME;
    s->n = 0;
}

/* A byte that ends no line, in the name of a field or before it. */
static void take_name(struct hg_sse *s, char c)
{
    if (c == ':') {
        begin_value(s); /* a comment has an empty name */
        return;
    }
    if (s->n < sizeof(s->name))
        s->name[s->n++] = c;
}

/* At the begin of the stream; false: the byte is not part of a mark. */
static bool take_mark(struct hg_sse *s, char c)
{
    if ((unsigned char)c == mark[s->bom]) {
        if (++s->bom == sizeof(mark))
            s->state = SSE_NAME;
        return true;
    }
    /* Part of a mark would be the begin of a name that is none of ours. */
    for (s->state = SSE_NAME; s->n < s->bom; s->n++)
        s->name[s->n] = (char)mark[s->n];
    return false;
}

/* Up to the next line end, or to the end. */
static struct hg_slice line_part(struct hg_slice in)
{
    const char *lf = memchr(in.p, '\n', in.n);
    size_t n = lf != NULL ? (size_t)(lf - in.p) : in.n;
    const char *cr = memchr(in.p, '\r', n);

    return hg_slice(in.p, cr != NULL ? (size_t)(cr - in.p) : n);
}

/* At least one byte; returns how many were taken. */
static size_t take(struct hg_sse *s, struct hg_slice in)
{
    char c = in.p[0];
    bool after_cr = s->after_cr;

    s->after_cr = false;
    if (c == '\n' && after_cr)
        return 1;
    if (s->state == SSE_BEGIN && take_mark(s, c))
        return 1;
    if (c == '\n' || c == '\r') {
        s->after_cr = c == '\r';
        end_line(s);
        return 1;
    }
    if (s->state == SSE_NAME) {
        take_name(s, c);
        return 1;
    }
    if (s->state == SSE_SPACE) {
        s->state = SSE_VALUE;
        if (c == ' ')
            return 1;
    }
    in = line_part(in);
    add_value(s, in);
    return in.n;
}

void hg_sse_feed(struct hg_sse *s, struct hg_slice span)
{
    while (span.n > 0)
        span = hg_slice_from(span, take(s, span));
}

void hg_sse_end(struct hg_sse *s)
{
    if (s->state == SSE_NAME && s->n > 0)
        begin_value(s);
    end_event(s);
    s->state = SSE_NAME;
    s->n = 0;
}
