/* SPDX-License-Identifier: MIT
 *
 * Compressors of the libraries that the room decodes with, and a writer of
 * frames that knows nothing of the reader.
 */
#include "pack.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/check.h"

#define ROOM (256u * 1024u)

static size_t deflate_all(z_stream *z, struct hg_slice in, char *out, int flush)
{
    z->next_in = (unsigned char *)in.p;
    z->avail_in = (unsigned)in.n;
    z->next_out = (unsigned char *)out;
    z->avail_out = ROOM;
    HG_ASSERT(deflate(z, flush) != Z_STREAM_ERROR && z->avail_in == 0);
    return ROOM - z->avail_out;
}

static size_t pack_zlib(int bits, struct hg_slice body, char *out)
{
    z_stream z = {0};
    size_t n;

    HG_ASSERT(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    n = deflate_all(&z, body, out, Z_FINISH);
    HG_ASSERT(deflateEnd(&z) == Z_OK);
    return n;
}

static size_t pack_br(struct hg_slice body, char *out)
{
    size_t n = ROOM;

    HG_ASSERT(BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body.n,
                                    (const uint8_t *)body.p, &n, (uint8_t *)out));
    return n;
}

static size_t pack_zstd(struct hg_slice body, char *out)
{
    size_t n = ZSTD_compress(out, ROOM, body.p, body.n, 3);

    HG_ASSERT(!ZSTD_isError(n));
    return n;
}

struct hg_slice pack(const char *name, struct hg_slice body)
{
    struct hg_slice coding = hg_slice_str(name);
    char *out = malloc(ROOM);
    size_t n = 0;

    HG_ASSERT(out != NULL);
    if (hg_slice_eq(coding, HG_LIT("gzip")))
        n = pack_zlib(MAX_WBITS + 16, body, out);
    else if (hg_slice_eq(coding, HG_LIT("deflate")))
        n = pack_zlib(MAX_WBITS, body, out);
    else if (hg_slice_eq(coding, HG_LIT("raw")))
        n = pack_zlib(-MAX_WBITS, body, out);
    else if (hg_slice_eq(coding, HG_LIT("br")))
        n = pack_br(body, out);
    else if (hg_slice_eq(coding, HG_LIT("zstd")))
        n = pack_zstd(body, out);
    HG_ASSERT(n > 0);
    return hg_slice(out, n);
}

/* ---- events ---- */

struct packer {
    z_stream z;
    BrotliEncoderState *br;
    ZSTD_CCtx *zstd;
    char *out;
    size_t n;
};

/* One of the three is set up. */
static void pack_some(struct packer *p, struct hg_slice in, bool last)
{
    char *out = p->out + p->n;
    size_t room = ROOM / 2;

    if (p->br != NULL) {
        const uint8_t *from = (const uint8_t *)in.p;
        uint8_t *to = (uint8_t *)out;
        BrotliEncoderOperation op = last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
        HG_ASSERT(BrotliEncoderCompressStream(p->br, op, &in.n, &from, &room, &to, NULL));
        p->n += ROOM / 2 - room;
    } else if (p->zstd != NULL) {
        ZSTD_inBuffer from = {in.p, in.n, 0};
        ZSTD_outBuffer to = {out, room, 0};
        HG_ASSERT(ZSTD_compressStream2(p->zstd, &to, &from, last ? ZSTD_e_end : ZSTD_e_flush) == 0);
        p->n += to.pos;
    } else {
        p->n += deflate_all(&p->z, in, out, last ? Z_FINISH : Z_SYNC_FLUSH);
    }
    HG_ASSERT(p->n < ROOM / 2);
}

struct hg_slice pack_events(const char *name, struct hg_slice body, size_t *at, size_t most, size_t *n)
{
    struct packer p = {.out = malloc(2 * ROOM)};
    const char *end;

    HG_ASSERT(p.out != NULL && body.n > 0);
    if (strcmp(name, "br") == 0)
        p.br = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    else if (strcmp(name, "zstd") == 0)
        p.zstd = ZSTD_createCCtx();
    else
        HG_ASSERT(deflateInit2(&p.z, 6, Z_DEFLATED, MAX_WBITS + (strcmp(name, "gzip") == 0 ? 16 : 0), 8,
                               Z_DEFAULT_STRATEGY) == Z_OK);
    for (*n = 0; *n < most && (end = memmem(body.p, body.n, "\n\n", 2)) != NULL; ++*n) {
        size_t event = (size_t)(end - body.p) + 2;
        pack_some(&p, hg_slice(body.p, event), false);
        at[*n] = p.n;
        body = hg_slice_from(body, event);
    }
    pack_some(&p, body, true);
    BrotliEncoderDestroyInstance(p.br);
    (void)ZSTD_freeCCtx(p.zstd);
    if (p.br == NULL && p.zstd == NULL)
        (void)deflateEnd(&p.z);
    return hg_slice(p.out, p.n);
}

/* ---- frames ---- */

struct writer {
    const struct pack_frames *how;
    char *out;
    size_t n;
};

static void put(struct writer *w, unsigned char byte)
{
    HG_ASSERT(w->n < ROOM);
    w->out[w->n++] = (char)byte;
}

static void put_frame(struct writer *w, unsigned first, struct hg_slice payload)
{
    static const unsigned char mask[] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned masked = w->how->masked ? 0x80u : 0;

    put(w, (unsigned char)first);
    if (payload.n <= 125) {
        put(w, (unsigned char)(masked | payload.n));
    } else {
        HG_ASSERT(payload.n <= UINT16_MAX);
        put(w, (unsigned char)(masked | 126));
        put(w, (unsigned char)(payload.n >> 8));
        put(w, (unsigned char)payload.n);
    }
    for (size_t i = 0; masked && i < sizeof(mask); i++)
        put(w, mask[i]);
    for (size_t i = 0; i < payload.n; i++)
        put(w, (unsigned char)payload.p[i] ^ (masked ? mask[i % 4] : 0));
}

static void put_message(struct writer *w, unsigned opcode, struct hg_slice payload)
{
    size_t most = w->how->fragment > 0 ? w->how->fragment : payload.n;
    unsigned first = opcode | (w->how->deflate ? 0x40u : 0);

    do {
        size_t n = payload.n < most ? payload.n : most;
        put_frame(w, first | (n == payload.n ? 0x80u : 0), hg_slice(payload.p, n));
        payload = hg_slice_from(payload, n);
        first = 0;
        if (w->how->pings)
            put_frame(w, 0x89, HG_LIT("{\"usage\":"));
    } while (payload.n > 0);
}

/* As RFC 7692, 7.2.1 has it: flushed, without the four bytes of the empty block. */
static void put_packed(struct writer *w, unsigned opcode, struct hg_slice message, z_stream *z)
{
    char *packed = malloc(ROOM);
    size_t n;

    HG_ASSERT(packed != NULL);
    n = deflate_all(z, message, packed, Z_SYNC_FLUSH);
    HG_ASSERT(n > 4);
    put_message(w, opcode, hg_slice(packed, n - 4));
    free(packed);
    if (w->how->fresh)
        HG_ASSERT(deflateReset(z) == Z_OK);
}

struct hg_slice pack_messages(const struct pack_frames *how, struct hg_slice lines)
{
    struct writer w = {.how = how, .out = malloc(ROOM)};
    z_stream z = {0};

    HG_ASSERT(w.out != NULL && deflateInit2(&z, 6, Z_DEFLATED, -12, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    while (lines.n > 0) {
        ptrdiff_t lf = hg_slice_find(lines, '\n');
        struct hg_slice line = hg_slice(lines.p, lf < 0 ? lines.n : (size_t)lf);
        for (unsigned opcode = how->pings ? 2 : 1; opcode > 0; opcode--) {
            if (how->deflate)
                put_packed(&w, opcode, line, &z);
            else
                put_message(&w, opcode, line);
        }
        lines = hg_slice_from(lines, line.n + 1);
    }
    (void)deflateEnd(&z);
    return hg_slice(w.out, w.n);
}
