/* SPDX-License-Identifier: MIT
 *
 * The body decoder. Spans point into the input and are handed out as soon as
 * their bytes are there; of the chunked coding only the trailer section is kept.
 */
#include "base/check.h"
#include "base/limits.h"
#include "http/body.h"
#include "lines.h"

#define SIZE_DIGITS 16u

enum state {
    SIZE_FIRST, /* at least one digit */
    SIZE,
    SIZE_SPACE, /* white space that only an extension may follow (RFC 9112, 7.1.1) */
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_FIRST, /* the first byte of a trailer line */
    TRAILER,
    TRAILER_LF,
    LAST_LF, /* of the empty line at the end */
    DONE,
    BAD,
};

static void sane(const struct hg_body_decoder *d)
{
    HG_ASSERT(d->state <= BAD);
    HG_ASSERT(d->total <= d->limit);
    HG_ASSERT((d->error != HG_HTTP_OK) == (d->state == BAD));
}

void hg_body_decoder_init(struct hg_body_decoder *d, const struct hg_framing *f, uint64_t limit)
{
    *d = (struct hg_body_decoder){.kind = f->kind, .limit = limit, .error = HG_HTTP_OK};
    hg_buf_init(&d->trailers, HG_LIMIT_TRAILER, true);
    if (f->kind == HG_FRAMING_LENGTH)
        d->left = f->length;
    switch (f->kind) {
    case HG_FRAMING_NONE:
        d->state = DONE;
        break;
    case HG_FRAMING_LENGTH:
        d->state = d->left > 0 ? DATA : DONE;
        break;
    case HG_FRAMING_CLOSE:
        d->state = DATA;
        break;
    case HG_FRAMING_CHUNKED:
        d->state = SIZE_FIRST;
        break;
    }
    sane(d);
}

void hg_body_decoder_free(struct hg_body_decoder *d)
{
    hg_buf_free(&d->trailers);
}

static enum hg_body_step fail(struct hg_body_decoder *d, enum hg_http_error why)
{
    HG_ASSERT(why != HG_HTTP_OK);
    d->error = why;
    d->state = BAD;
    return HG_BODY_BAD;
}

/* -1: not a hex digit */
static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_text(unsigned char c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

static enum hg_http_error size_byte(struct hg_body_decoder *d, unsigned char c)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        if (d->line > SIZE_DIGITS)
            return HG_HTTP_BAD_CHUNK;
        d->left = d->left << 4 | (unsigned)digit;
        d->state = SIZE;
        return HG_HTTP_OK;
    }
    if (d->state == SIZE_FIRST)
        return HG_HTTP_BAD_CHUNK;
    if (c == '\r')
        d->state = SIZE_LF;
    else if (c == ';')
        d->state = EXTENSION;
    else if (c == ' ' || c == '\t')
        d->state = SIZE_SPACE;
    else
        return HG_HTTP_BAD_CHUNK;
    return HG_HTTP_OK;
}

/* White space between a size and its extension; at the end of a size line it is refused. */
static enum hg_http_error space_byte(struct hg_body_decoder *d, unsigned char c)
{
    if (c == ';')
        d->state = EXTENSION;
    return c == ';' || c == ' ' || c == '\t' ? HG_HTTP_OK : HG_HTTP_BAD_CHUNK;
}

static enum hg_http_error extension_byte(struct hg_body_decoder *d, unsigned char c)
{
    if (c == '\r')
        d->state = SIZE_LF;
    return c == '\r' || is_text(c) ? HG_HTTP_OK : HG_HTTP_BAD_CHUNK;
}

/* A size is refused when it is declared, before a byte of that chunk is passed on. */
static enum hg_http_error size_end(struct hg_body_decoder *d, unsigned char c)
{
    if (c != '\n')
        return HG_HTTP_BAD_CHUNK;
    if (d->left > d->limit - d->total)
        return HG_HTTP_BODY_TOO_LARGE;
    d->state = d->left > 0 ? DATA : TRAILER_FIRST;
    d->line = 0;
    return HG_HTTP_OK;
}

static enum hg_http_error data_end(struct hg_body_decoder *d, unsigned char c)
{
    if (c != (d->state == DATA_CR ? '\r' : '\n'))
        return HG_HTTP_BAD_CHUNK;
    d->state = d->state == DATA_CR ? DATA_LF : SIZE_FIRST;
    d->line = 0;
    return HG_HTTP_OK;
}

static enum hg_http_error trailer_state(struct hg_body_decoder *d, unsigned char c)
{
    if (d->state == TRAILER_LF || d->state == LAST_LF) {
        d->state = d->state == LAST_LF ? DONE : TRAILER_FIRST;
        return c == '\n' ? HG_HTTP_OK : HG_HTTP_BAD_TRAILER;
    }
    if (d->state == TRAILER_FIRST && (c == ' ' || c == '\t'))
        return HG_HTTP_BAD_TRAILER;
    if (c == '\r') {
        d->state = d->state == TRAILER_FIRST ? LAST_LF : TRAILER_LF;
        return HG_HTTP_OK;
    }
    d->state = TRAILER;
    return is_text(c) ? HG_HTTP_OK : HG_HTTP_BAD_TRAILER;
}

static enum hg_http_error trailer_byte(struct hg_body_decoder *d, unsigned char c)
{
    char byte = (char)c;
    enum hg_http_error e = trailer_state(d, c);
    /* The empty line at the end is not kept: without trailers nothing is. */
    if (e != HG_HTTP_OK || d->state == LAST_LF || d->state == DONE)
        return e;
    if (hg_buf_space(&d->trailers) == 0)
        return HG_HTTP_BAD_TRAILER;
    return hg_buf_append(&d->trailers, hg_slice(&byte, 1)) ? HG_HTTP_OK : HG_HTTP_NO_MEMORY;
}

static enum hg_http_error chunk_byte(struct hg_body_decoder *d, unsigned char c)
{
    if (d->state <= SIZE_LF && ++d->line > HG_LIMIT_CHUNK_EXT)
        return HG_HTTP_BAD_CHUNK;
    switch ((enum state)d->state) {
    case SIZE_FIRST:
    case SIZE:
        return size_byte(d, c);
    case SIZE_SPACE:
        return space_byte(d, c);
    case EXTENSION:
        return extension_byte(d, c);
    case SIZE_LF:
        return size_end(d, c);
    case DATA_CR:
    case DATA_LF:
        return data_end(d, c);
    case TRAILER_FIRST:
    case TRAILER:
    case TRAILER_LF:
    case LAST_LF:
        return trailer_byte(d, c);
    case DATA:
    case DONE:
    case BAD:
        break;
    }
    hg_check_failed("a state of chunk framing", __FILE__, __LINE__);
}

/* Data from the front of `in` (not empty), as much as belongs to this body or chunk. */
static enum hg_body_step take_data(struct hg_body_decoder *d, struct hg_slice in, struct hg_slice *data)
{
    uint64_t allowed = d->limit - d->total;
    size_t n = in.n;
    HG_ASSERT(d->state == DATA && in.n > 0);
    if (d->kind == HG_FRAMING_CLOSE) {
        if (allowed == 0)
            return fail(d, HG_HTTP_BODY_TOO_LARGE);
        n = n > allowed ? (size_t)allowed : n;
    } else {
        if (d->left > allowed)
            return fail(d, HG_HTTP_BODY_TOO_LARGE);
        n = n > d->left ? (size_t)d->left : n;
        d->left -= n;
        if (d->left == 0)
            d->state = d->kind == HG_FRAMING_CHUNKED ? DATA_CR : DONE;
    }
    d->total += n;
    *data = hg_slice(in.p, n);
    return HG_BODY_DATA;
}

enum hg_body_step hg_body_decode(struct hg_body_decoder *d, struct hg_slice in, size_t *consumed,
                                 struct hg_slice *data)
{
    size_t at = 0;
    enum hg_body_step step = HG_BODY_MORE;
    sane(d);
    *data = hg_slice(NULL, 0);
    while (step == HG_BODY_MORE && at < in.n && d->state < DONE) {
        if (d->state == DATA) {
            step = take_data(d, hg_slice_from(in, at), data);
            at += data->n;
            continue;
        }
        enum hg_http_error e = chunk_byte(d, (unsigned char)in.p[at]);
        if (e != HG_HTTP_OK)
            step = fail(d, e);
        else
            at++;
    }
    if (step == HG_BODY_MORE && d->state == DONE)
        step = HG_BODY_DONE;
    else if (d->state == BAD)
        step = HG_BODY_BAD;
    *consumed = at;
    sane(d);
    return step;
}

bool hg_body_decoder_eof_is_end(const struct hg_body_decoder *d)
{
    return d->state == DONE || (d->kind == HG_FRAMING_CLOSE && d->state == DATA);
}

bool hg_body_decoder_done(const struct hg_body_decoder *d)
{
    return d->state == DONE;
}

enum hg_http_error hg_body_trailers(const struct hg_body_decoder *d, struct hg_arena *arena,
                                    struct hg_headers *out)
{
    HG_ASSERT(d->state == DONE);
    hg_headers_init(out, arena);
    if (hg_buf_len(&d->trailers) == 0)
        return HG_HTTP_OK;
    struct hg_slice raw = hg_arena_copy(arena, hg_buf_data(&d->trailers));
    if (!raw.p)
        return HG_HTTP_NO_MEMORY;
    enum hg_http_error e = hg_lines_fields(&raw, out);
    if (e != HG_HTTP_OK)
        return e == HG_HTTP_NO_MEMORY ? e : HG_HTTP_BAD_TRAILER;
    for (size_t i = 0; i < out->n; i++)
        if (hg_field_flags(out->v[i].id) & HG_FIELD_T)
            return HG_HTTP_BAD_TRAILER;
    return HG_HTTP_OK;
}
