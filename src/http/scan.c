/* SPDX-License-Identifier: MIT
 *
 * Finds the end of a head while it arrives. Each byte is looked at once, and a
 * byte that no valid head has ends it at once: such a client is answered, not
 * waited for.
 */
#include "base/check.h"
#include "http/head.h"

enum state {
    BEGIN,    /* nothing yet: a request may have an empty line here */
    EMPTY_LF, /* behind the CR of that empty line */
    FIRST,    /* the first byte of the start line, no empty line allowed any more */
    LINE,     /* inside the start line or a field line */
    LINE_LF,  /* behind the CR of such a line */
    NEXT,     /* the first byte of the next line */
    END_LF,   /* behind the CR of the last, empty line */
    END,
};

void hg_head_scan_init(struct hg_head_scan *s, size_t limit, bool request)
{
    *s = (struct hg_head_scan){.limit = limit, .state = BEGIN, .request = request};
}

bool hg_head_scan_begun(const struct hg_head_scan *s)
{
    return s->state != BEGIN && s->state != EMPTY_LF && s->state != FIRST;
}

/* Bytes of a line: everything but controls; HTAB is white space of values. */
static bool is_line_byte(unsigned char c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

static enum hg_http_error bad_byte(unsigned char c)
{
    return c == '\n' ? HG_HTTP_BARE_LF : HG_HTTP_CONTROL;
}

static enum hg_http_error line_byte(struct hg_head_scan *s, unsigned char c)
{
    s->state = c == '\r' ? LINE_LF : LINE;
    return c == '\r' || is_line_byte(c) ? HG_HTTP_OK : bad_byte(c);
}

static enum hg_http_error first_byte(struct hg_head_scan *s, unsigned char c)
{
    if (c == '\r' && s->request && s->state == BEGIN) {
        s->state = EMPTY_LF;
        return HG_HTTP_OK;
    }
    if (c == '\r' || c == ' ' || c == '\t')
        return s->request ? HG_HTTP_BAD_REQUEST_LINE : HG_HTTP_BAD_STATUS_LINE;
    return line_byte(s, c);
}

static enum hg_http_error next_line_byte(struct hg_head_scan *s, unsigned char c)
{
    if (c == ' ' || c == '\t')
        return HG_HTTP_OBS_FOLD;
    if (c != '\r')
        return line_byte(s, c);
    s->state = END_LF;
    return HG_HTTP_OK;
}

static enum hg_http_error lf_byte(struct hg_head_scan *s, unsigned char c, enum state then)
{
    s->state = (unsigned char)then;
    return c == '\n' ? HG_HTTP_OK : HG_HTTP_BARE_CR;
}

static enum hg_http_error step(struct hg_head_scan *s, unsigned char c)
{
    switch ((enum state)s->state) {
    case BEGIN:
    case FIRST:
        return first_byte(s, c);
    case EMPTY_LF:
        return lf_byte(s, c, FIRST);
    case LINE:
        return line_byte(s, c);
    case LINE_LF:
        return lf_byte(s, c, NEXT);
    case NEXT:
        return next_line_byte(s, c);
    case END_LF:
        return lf_byte(s, c, END);
    case END:
        break;
    }
    hg_check_failed("a scan that is not finished", __FILE__, __LINE__);
}

/* The rest of a line is most of a head: skip it without the state machine. */
static size_t skip_line(struct hg_slice data, size_t at)
{
    while (at < data.n && is_line_byte((unsigned char)data.p[at]))
        at++;
    return at;
}

enum hg_scan hg_head_scan(struct hg_head_scan *s, struct hg_slice data, size_t *n, enum hg_http_error *why)
{
    HG_ASSERT(data.n >= s->at && s->at <= s->limit);
    if (data.n > s->limit)
        data.n = s->limit;
    while (s->at < data.n && s->state != END) {
        if (s->state == LINE) {
            s->at = skip_line(data, s->at);
            if (s->at == data.n)
                break;
        }
        *why = step(s, (unsigned char)data.p[s->at]);
        if (*why != HG_HTTP_OK)
            return HG_SCAN_BAD;
        s->at++;
    }
    if (s->state == END) {
        *n = s->at;
        return HG_SCAN_DONE;
    }
    if (s->at < s->limit)
        return HG_SCAN_MORE;
    *why = HG_HTTP_HEAD_TOO_LARGE;
    return HG_SCAN_BAD;
}
