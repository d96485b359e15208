/* SPDX-License-Identifier: MIT
 *
 * gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951), by zlib.
 */
#include <stddef.h>
#define ZLIB_CONST
#include <zlib.h>

#include "base/check.h"
#include "coder.h"

struct inflate {
    struct hg_coder coder;
    enum hg_inflate_form form;
    bool ready;   /* z was set up */
    bool between; /* behind a complete stream */
    bool ended;   /* and what comes is none */
    unsigned char head[2];
    size_t head_n, head_at; /* DEFLATE: its first bytes, and how many of them zlib took */
    uint64_t taken;
    z_stream z;
};

static void *zlib_alloc(void *opaque, unsigned n, unsigned size)
{
    return hg_budget_alloc(opaque, (size_t)n * size);
}

static void zlib_free(void *opaque, void *p)
{
    hg_budget_free(opaque, p);
}

static bool set_up(struct inflate *f, int bits)
{
    f->z.zalloc = zlib_alloc;
    f->z.zfree = zlib_free;
    f->z.opaque = f->coder.budget;
    f->ready = inflateInit2(&f->z, bits) == Z_OK;
    return f->ready;
}

/* A zlib header says deflate in its first byte, and both together are a multiple of 31. Senders that leave
 * it out begin with a block's header, which is hardly ever that. */
static bool is_zlib(const unsigned char head[2])
{
    return (head[0] & 15) == 8 && head[0] >> 4 <= 7 && (head[0] * 256 + head[1]) % 31 == 0;
}

/* DEFLATE: false while the first two bytes are not there. */
static bool find_form(struct inflate *f, struct hg_slice *in)
{
    while (f->head_n < sizeof(f->head) && in->n > 0) {
        f->head[f->head_n++] = (unsigned char)in->p[0];
        *in = hg_slice_from(*in, 1);
        f->taken++;
    }
    return f->head_n == sizeof(f->head);
}

/* zlib takes from `from`; what it made goes to out. */
static int inflate_some(struct inflate *f, struct hg_slice from, char *out, size_t room, size_t *took,
                        size_t *made)
{
    unsigned n = from.n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)from.n;
    int result;

    f->z.next_in = (const unsigned char *)from.p;
    f->z.avail_in = n;
    f->z.next_out = (unsigned char *)out;
    f->z.avail_out = (unsigned)room;
    result = inflate(&f->z, Z_SYNC_FLUSH);
    *took = n - f->z.avail_in;
    *made = room - f->z.avail_out;
    f->z.next_in = NULL;
    f->z.next_out = NULL;
    return result;
}

/* Behind a stream: gzip may have another one, and anything else is not ours. */
static bool goes_on(struct inflate *f, struct hg_slice in)
{
    if (f->form != INFLATE_GZIP || f->ended || (unsigned char)in.p[0] != 0x1f)
        return false;
    f->between = false;
    return inflateReset(&f->z) == Z_OK;
}

static enum hg_coder_step step_result(struct inflate *f, int result, struct hg_slice in, size_t room,
                                      size_t made)
{
    switch (result) {
    case Z_STREAM_END:
        f->between = true;
        return f->form == INFLATE_GZIP ? (in.n > 0 ? CODER_AGAIN : CODER_MORE) : CODER_END;
    case Z_OK:
    case Z_BUF_ERROR: /* nothing to do, which is no error */
        return made == room || in.n > 0 ? CODER_AGAIN : CODER_MORE;
    case Z_MEM_ERROR:
        return CODER_NO_MEMORY;
    default:
        return CODER_BAD;
    }
}

static enum hg_coder_step inflate_step(struct hg_coder *c, struct hg_slice *in, char *out, size_t room,
                                       size_t *made)
{
    struct inflate *f = HG_CONTAINER_OF(c, struct inflate, coder);
    bool head = f->head_at < sizeof(f->head) && f->form == INFLATE_DEFLATE;
    size_t took;
    int result;

    *made = 0;
    if (head && !find_form(f, in))
        return CODER_MORE;
    if (!f->ready && !set_up(f, head && is_zlib(f->head) ? MAX_WBITS : -MAX_WBITS))
        return CODER_NO_MEMORY;
    if (f->between && in->n == 0)
        return CODER_MORE;
    if (f->between && !goes_on(f, *in)) {
        f->ended = true;
        return CODER_END;
    }
    if (head) {
        result = inflate_some(f, hg_slice((char *)f->head + f->head_at, f->head_n - f->head_at), out, room,
                              &took, made);
        f->head_at += took;
        return step_result(f, result, hg_slice(in->p, result == Z_STREAM_END ? in->n : 1), room, *made);
    }
    result = inflate_some(f, *in, out, room, &took, made);
    *in = hg_slice_from(*in, took);
    f->taken += took;
    return step_result(f, result, *in, room, *made);
}

static bool inflate_whole(const struct hg_coder *c)
{
    const struct inflate *f = (const struct inflate *)(const void *)c;

    return f->between || f->taken == 0;
}

static void inflate_free(struct hg_coder *c)
{
    struct inflate *f = HG_CONTAINER_OF(c, struct inflate, coder);

    if (f->ready)
        (void)inflateEnd(&f->z);
    hg_budget_free(c->budget, f);
}

static const struct hg_coder_ops ops = {.step = inflate_step, .whole = inflate_whole, .free = inflate_free};

struct hg_coder *hg_inflate_new(enum hg_inflate_form form, struct hg_budget *budget)
{
    struct inflate *f = hg_budget_alloc(budget, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->coder = (struct hg_coder){.ops = &ops, .budget = budget};
    f->form = form;
    if (form == INFLATE_DEFLATE || set_up(f, form == INFLATE_GZIP ? MAX_WBITS + 16 : -MAX_WBITS))
        return &f->coder;
    inflate_free(&f->coder);
    return NULL;
}

void hg_inflate_reset(struct hg_coder *c)
{
    struct inflate *f = HG_CONTAINER_OF(c, struct inflate, coder);

    HG_ASSERT(f->form == INFLATE_RAW);
    f->between = false;
    HG_ASSERT(inflateReset(&f->z) == Z_OK);
}
