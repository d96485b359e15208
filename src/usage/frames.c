/* SPDX-License-Identifier: MIT
 *
 * Frames arrive cut anywhere, like events: the head of one (at most 14 bytes) is
 * the only thing that is put together, payload is handed on as it comes.
 */
#include "usage/frames.h"

#include "base/check.h"
#include "coder.h"

enum { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PONG = 10 };

#define FIN 0x80u
#define RSV1 0x40u /* the message is compressed */
#define RSV23 0x30u
#define OPCODE 0x0fu
#define MASKED 0x80u
#define LENGTH 0x7fu
#define CONTROL_MAX 125u

#define PIECE (4u * 1024u)

void hg_frames_init(struct hg_frames *f, const struct hg_frames_deflate *deflate, struct hg_budget *budget,
                    const struct hg_frames_events *events, void *ctx)
{
    memset(f, 0, sizeof(*f));
    f->deflate = *deflate;
    f->budget = budget;
    f->events = events;
    f->ctx = ctx;
    f->head_need = 2;
}

void hg_frames_free(struct hg_frames *f)
{
    if (f->coder != NULL)
        f->coder->ops->free(f->coder);
    f->coder = NULL;
}

bool hg_frames_between(const struct hg_frames *f)
{
    return f->closed || (!f->in_payload && f->head_n == 0 && f->message == 0);
}

/* ---- payload ---- */

static enum hg_frames_result text(struct hg_frames *f, struct hg_slice piece)
{
    if (f->message != TEXT || piece.n == 0 || f->events->text(f->ctx, piece))
        return HG_FRAMES_FINE;
    return HG_FRAMES_STOPPED;
}

/* Makes the coder ready for the begin of a compressed message. */
static enum hg_frames_result ready(struct hg_frames *f)
{
    if (f->coder != NULL) {
        if (f->deflate.fresh)
            hg_inflate_reset(f->coder);
        return HG_FRAMES_FINE;
    }
    f->coder = hg_inflate_new(INFLATE_RAW, f->budget);
    return f->coder != NULL ? HG_FRAMES_FINE : HG_FRAMES_NO_MEMORY;
}

static enum hg_frames_result inflate_piece(struct hg_frames *f, struct hg_slice in)
{
    enum hg_coder_step step = CODER_AGAIN;
    enum hg_frames_result result = HG_FRAMES_FINE;
    char out[PIECE];
    size_t made;

    f->packed += in.n;
    while (step == CODER_AGAIN && result == HG_FRAMES_FINE) {
        step = f->coder->ops->step(f->coder, &in, out, sizeof(out), &made);
        if (step == CODER_BAD)
            return HG_FRAMES_BAD_DEFLATE;
        if (step == CODER_NO_MEMORY)
            return HG_FRAMES_NO_MEMORY;
        f->made += made;
        if (hg_is_bomb(f->packed, f->made))
            return HG_FRAMES_TOO_MUCH;
        result = text(f, hg_slice(out, made));
        if (step == CODER_END) { /* a last block (RFC 7692, 7.2.3.5): a message may have several streams */
            hg_inflate_reset(f->coder);
            step = in.n > 0 ? CODER_AGAIN : CODER_MORE;
        }
    }
    return result;
}

/* A message that nobody wants need not be inflated, unless a later one refers to it. */
static bool passed_over(const struct hg_frames *f)
{
    return f->message != TEXT && (!f->compressed || f->deflate.fresh);
}

static enum hg_frames_result data(struct hg_frames *f, struct hg_slice piece)
{
    return f->compressed ? inflate_piece(f, piece) : text(f, piece);
}

static enum hg_frames_result unmasked(struct hg_frames *f, struct hg_slice in)
{
    enum hg_frames_result result = HG_FRAMES_FINE;
    char out[PIECE];

    while (in.n > 0 && result == HG_FRAMES_FINE) {
        size_t n = in.n < sizeof(out) ? in.n : sizeof(out);
        for (size_t i = 0; i < n; i++)
            out[i] = (char)((unsigned char)in.p[i] ^ f->mask[f->mask_at++ & 3]);
        f->mask_at &= 3;
        result = data(f, hg_slice(out, n));
        in = hg_slice_from(in, n);
    }
    return result;
}

/* ---- frames ---- */

static enum hg_frames_result end_frame(struct hg_frames *f)
{
    static const char tail[] = {0, 0, '\xff', '\xff'}; /* what the sender left out (RFC 7692, 7.2.2) */
    enum hg_frames_result result = HG_FRAMES_FINE;

    f->in_payload = false;
    f->head_n = 0;
    f->head_need = 2;
    if (f->control || !f->last)
        return HG_FRAMES_FINE;
    if (f->compressed && !passed_over(f))
        result = inflate_piece(f, hg_slice(tail, sizeof(tail)));
    if (result == HG_FRAMES_FINE && f->message == TEXT)
        f->events->message(f->ctx);
    f->message = 0;
    f->compressed = false;
    return result;
}

static bool control_fits(const struct hg_frames *f, unsigned opcode)
{
    unsigned first = f->head[0], second = f->head[1];

    return opcode <= PONG && (first & FIN) != 0 && (first & RSV1) == 0 && (second & LENGTH) <= CONTROL_MAX;
}

static bool data_fits(const struct hg_frames *f, unsigned opcode)
{
    bool first_of_message = opcode != CONTINUATION, compressed = (f->head[0] & RSV1) != 0;

    if (opcode > BINARY || first_of_message != (f->message == 0))
        return false;
    return !compressed || (first_of_message && f->deflate.on);
}

/* The first two bytes of a head: how long is it? */
static bool begin_head(struct hg_frames *f)
{
    unsigned opcode = f->head[0] & OPCODE, length = f->head[1] & LENGTH;

    f->control = opcode >= CLOSE;
    if ((f->head[0] & RSV23) != 0)
        return false;
    if (f->control ? !control_fits(f, opcode) : !data_fits(f, opcode))
        return false;
    f->masked = (f->head[1] & MASKED) != 0;
    f->head_need = (unsigned char)(2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (f->masked ? 4 : 0));
    return true;
}

/* Lengths are written as short as they go, and with 63 bits at most. */
static bool read_length(struct hg_frames *f)
{
    unsigned length = f->head[1] & LENGTH, bytes = length == 126 ? 2 : length == 127 ? 8 : 0;

    f->left = bytes == 0 ? length : 0;
    for (unsigned i = 0; i < bytes; i++)
        f->left = f->left << 8 | f->head[2 + i];
    if (f->masked)
        memcpy(f->mask, f->head + 2 + bytes, sizeof(f->mask));
    f->mask_at = 0;
    return bytes == 0 || (bytes == 2 ? f->left > CONTROL_MAX : f->left > UINT16_MAX && f->left <= INT64_MAX);
}

static enum hg_frames_result begin_payload(struct hg_frames *f)
{
    unsigned opcode = f->head[0] & OPCODE;
    enum hg_frames_result result = HG_FRAMES_FINE;

    if (!read_length(f))
        return HG_FRAMES_BAD;
    f->in_payload = true;
    if (opcode == CLOSE)
        f->closed = true;
    if (!f->control) {
        f->last = (f->head[0] & FIN) != 0;
        if (opcode != CONTINUATION) {
            f->message = (unsigned char)opcode;
            f->compressed = (f->head[0] & RSV1) != 0;
            if (f->compressed && !passed_over(f))
                result = ready(f);
        }
    }
    return result == HG_FRAMES_FINE && f->left == 0 ? end_frame(f) : result;
}

static enum hg_frames_result take_head(struct hg_frames *f, struct hg_slice *in)
{
    while (in->n > 0 && f->head_n < f->head_need) {
        f->head[f->head_n++] = (unsigned char)in->p[0];
        *in = hg_slice_from(*in, 1);
        if (f->head_n == 2 && !begin_head(f))
            return HG_FRAMES_BAD;
    }
    return f->head_n == f->head_need ? begin_payload(f) : HG_FRAMES_FINE;
}

static enum hg_frames_result take_payload(struct hg_frames *f, struct hg_slice *in)
{
    size_t n = f->left < in->n ? (size_t)f->left : in->n;
    struct hg_slice piece = hg_slice(in->p, n);
    enum hg_frames_result result = HG_FRAMES_FINE;

    *in = hg_slice_from(*in, n);
    f->left -= n;
    if (!f->control && !passed_over(f))
        result = f->masked ? unmasked(f, piece) : data(f, piece);
    return result == HG_FRAMES_FINE && f->left == 0 ? end_frame(f) : result;
}

enum hg_frames_result hg_frames_feed(struct hg_frames *f, struct hg_slice span)
{
    enum hg_frames_result result = HG_FRAMES_FINE;

    while (span.n > 0 && result == HG_FRAMES_FINE && !f->closed)
        result = f->in_payload ? take_payload(f, &span) : take_head(f, &span);
    return result;
}
