/* SPDX-License-Identifier: MIT
 *
 * Codings: names, ends, what is none, and bombs.
 */
#include "usage/decode.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

#include "base/check.h"
#include "base/limits.h"
#include "pack.h"
#include "support/unit.h"

HG_TEST(names_of_codings)
{
    static const struct {
        const char *value;
        bool known;
        unsigned n;
        enum hg_coding first;
    } rows[] = {
        {NULL, true, 0, 0},
        {"", true, 0, 0},
        {"identity", true, 0, 0},
        {"gzip", true, 1, HG_CODING_GZIP},
        {" X-GZip ", true, 1, HG_CODING_GZIP},
        {"deflate", true, 1, HG_CODING_DEFLATE},
        {"br", true, 1, HG_CODING_BR},
        {"zstd,gzip", true, 2, HG_CODING_ZSTD},
        {"identity, br", true, 1, HG_CODING_BR},
        {"gzip, gzip, gzip", false, 0, 0},
        {"compress", false, 0, 0},
        {"gzip, dcb", false, 0, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_codings out;
        hg_unit_row(rows[i].value);
        HG_CHECK(hg_codings_parse(hg_slice_str(rows[i].value), &out) == rows[i].known);
        HG_CHECK(!rows[i].known || (out.n == rows[i].n && (out.n == 0 || out.v[0] == rows[i].first)));
    }
}

struct taken {
    char text[256];
    size_t n, total;
    bool stop;
};

static bool take(void *ctx, struct hg_slice piece)
{
    struct taken *t = ctx;

    t->total += piece.n;
    for (size_t i = 0; i < piece.n && t->n < sizeof(t->text); i++)
        t->text[t->n++] = piece.p[i];
    return !t->stop;
}

struct run {
    struct taken taken;
    enum hg_decode_result result;
    bool whole;
    size_t most; /* memory that was held */
};

/* In spans of `step`. */
static struct run decode(const char *codings, struct hg_slice in, size_t step, size_t ceiling)
{
    struct run run = {.result = HG_DECODE_NO_MEMORY};
    struct hg_budget all = {.ceiling = SIZE_MAX}, budget = {.ceiling = ceiling, .parent = &all};
    struct hg_codings parsed;
    struct hg_decode *d;

    HG_CHECK(hg_codings_parse(hg_slice_str(codings), &parsed));
    d = hg_decode_new(&parsed, &budget, take, &run.taken);
    if (d == NULL)
        return run;
    run.result = HG_DECODE_FINE;
    while (in.n > 0 && run.result == HG_DECODE_FINE) {
        size_t n = in.n < step ? in.n : step;
        run.result = hg_decode_feed(d, hg_slice(in.p, n));
        in = hg_slice_from(in, n);
        run.most = budget.used > run.most ? budget.used : run.most;
        HG_CHECK_U64(all.used, budget.used);
    }
    run.whole = hg_decode_whole(d);
    hg_decode_free(d);
    HG_CHECK_U64(all.used, 0);
    return run;
}

static const struct {
    const char *coding, *packer;
    bool more_behind; /* what stands behind the end is another piece of it, or an error */
} all_codings[] = {{"gzip", "gzip", false},
                   {"deflate", "deflate", false},
                   {"deflate", "raw", false},
                   {"br", "br", false},
                   {"zstd", "zstd", true}};
#define CODINGS (sizeof(all_codings) / sizeof(*all_codings))

HG_TEST(an_end_that_is_missing_and_one_that_is_not_the_end)
{
    for (size_t i = 0; i < CODINGS; i++) {
        struct hg_slice packed = pack(all_codings[i].packer, HG_LIT("{\"usage\":{\"x\":17}}"));
        char behind[300];
        struct run run;
        hg_unit_row(all_codings[i].packer);
        for (size_t n = 1; n < packed.n; n++) {
            run = decode(all_codings[i].coding, hg_slice(packed.p, n), 3, SIZE_MAX);
            HG_CHECK_U64(run.result, HG_DECODE_FINE);
            HG_CHECK(!run.whole);
        }
        HG_CHECK(decode(all_codings[i].coding, HG_LIT(""), 1, SIZE_MAX).whole);
        memcpy(behind, packed.p, packed.n);
        memcpy(behind + packed.n, "\0\0\0rubbish", 10);
        run = decode(all_codings[i].coding, hg_slice(behind, packed.n + 10), packed.n, SIZE_MAX);
        HG_CHECK_U64(run.result, all_codings[i].more_behind ? HG_DECODE_BAD : HG_DECODE_FINE);
        HG_CHECK_SLICE(hg_slice(run.taken.text, run.taken.n), "{\"usage\":{\"x\":17}}");
        free((void *)packed.p);
    }
}

HG_TEST(members_and_frames_in_a_row)
{
    static const char *const codings[] = {"gzip", "zstd"};

    for (size_t i = 0; i < 2; i++) {
        struct hg_slice a = pack(codings[i], HG_LIT("abc")), b = pack(codings[i], HG_LIT("def"));
        char both[200];
        memcpy(both, a.p, a.n);
        memcpy(both + a.n, b.p, b.n);
        for (size_t step = 1; step <= a.n + b.n; step++) {
            struct run run = decode(codings[i], hg_slice(both, a.n + b.n), step, SIZE_MAX);
            HG_CHECK(run.result == HG_DECODE_FINE && run.whole);
            HG_CHECK_SLICE(hg_slice(run.taken.text, run.taken.n), "abcdef");
        }
        free((void *)a.p);
        free((void *)b.p);
    }
}

/* A header that promises 60 bytes, and none there; formats before RFC 8878, also behind a byte that could
 * begin a frame. */
HG_TEST(a_zstd_frame_is_judged_the_same_at_every_cut)
{
    for (size_t step = 1; step <= 14; step++) {
        struct run run = decode("zstd", HG_LIT("\x28\xb5\x2f\xfd\x20\x3c\x01\x00\x00"), step, SIZE_MAX);
        HG_CHECK(run.result == HG_DECODE_FINE && run.whole);
        run = decode("zstd", HG_LIT("\x27\xb5\x2f\xfd\x60\x2a\x28\x00\x00\x00"), step, SIZE_MAX);
        HG_CHECK_U64(run.result, HG_DECODE_BAD);
        run = decode("zstd", HG_LIT("\x28\x27\xb5\x2f\xfd\x60\x2a\x28"), step, SIZE_MAX);
        HG_CHECK_U64(run.result, HG_DECODE_BAD);
        run = decode("zstd", HG_LIT("\x28\xb5\x2f\xfd\x88\x27\xb5\x2f\xfd\x60\x2a\x28\x00\x00"), step,
                     SIZE_MAX);
        HG_CHECK_U64(run.result, HG_DECODE_BAD);
    }
}

HG_TEST(what_is_not_coded)
{
    for (size_t i = 0; i < CODINGS; i++) {
        hg_unit_row(all_codings[i].coding);
        HG_CHECK_U64(
            decode(all_codings[i].coding, HG_LIT("{\"usage\": 1, this is plain text}"), 1, SIZE_MAX).result,
            HG_DECODE_BAD);
    }
}

/* Bits that fill the last byte of the data mean nothing. */
HG_TEST(a_flipped_bit_is_found_where_there_is_a_checksum)
{
    static const char body[] = "{\"usage\":{\"x\":17}}";
    struct hg_slice packed = pack("gzip", HG_LIT(body));
    unsigned found = 0;

    for (size_t i = 10; i < packed.n; i++) {
        struct run run;
        ((char *)packed.p)[i] ^= 4;
        run = decode("gzip", packed, packed.n, SIZE_MAX);
        ((char *)packed.p)[i] ^= 4;
        found += run.result != HG_DECODE_FINE || !run.whole;
        if (run.result == HG_DECODE_FINE && run.whole)
            HG_CHECK_SLICE(hg_slice(run.taken.text, run.taken.n), body);
    }
    HG_CHECK(found >= packed.n - 10 - 1);
    free((void *)packed.p);
}

HG_TEST(the_taker_can_stop)
{
    struct hg_codings codings;
    struct hg_slice packed = pack("br", HG_LIT("abc"));
    struct taken t = {.stop = true};
    struct hg_decode *d;

    HG_CHECK(hg_codings_parse(HG_LIT("br"), &codings));
    d = hg_decode_new(&codings, NULL, take, &t);
    HG_NEED(d != NULL);
    HG_CHECK_U64(hg_decode_feed(d, packed), HG_DECODE_STOPPED);
    hg_decode_free(d);
    free((void *)packed.p);
}

HG_TEST(no_budget_no_decoder)
{
    struct hg_slice body = hg_slice(calloc(1, 100000), 100000);

    HG_NEED(body.p != NULL);
    for (size_t i = 0; i < CODINGS; i++) {
        struct hg_slice packed = pack(all_codings[i].packer, body);
        hg_unit_row(all_codings[i].packer);
        for (size_t ceiling = 0; ceiling < 300000; ceiling = ceiling * 2 + 100) {
            struct run run = decode(all_codings[i].coding, packed, 100, ceiling);
            HG_CHECK(run.result == HG_DECODE_NO_MEMORY || run.result == HG_DECODE_FINE);
            HG_CHECK(run.most <= ceiling);
            HG_CHECK(ceiling > 10000 || run.result == HG_DECODE_NO_MEMORY);
        }
        HG_CHECK_U64(decode(all_codings[i].coding, packed, 100, SIZE_MAX).result, HG_DECODE_FINE);
        free((void *)packed.p);
    }
    free((void *)body.p);
}

/* ---- bombs ---- */

#define BOMB (64u * 1024u * 1024u)
#define BOMB_ROOM (1024u * 1024u)

static struct hg_slice gzip_bomb(const char *zeros)
{
    char *out = malloc(BOMB_ROOM);
    z_stream z = {.next_in = (unsigned char *)zeros,
                  .avail_in = BOMB,
                  .next_out = (unsigned char *)out,
                  .avail_out = BOMB_ROOM};

    HG_ASSERT(out != NULL && deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    HG_ASSERT(deflate(&z, Z_FINISH) == Z_STREAM_END && deflateEnd(&z) == Z_OK);
    return hg_slice(out, BOMB_ROOM - z.avail_out);
}

static struct hg_slice br_bomb(const char *zeros)
{
    size_t n = BOMB_ROOM;
    char *out = malloc(n);

    HG_ASSERT(out != NULL && BrotliEncoderCompress(5, 24, BROTLI_MODE_GENERIC, BOMB, (const uint8_t *)zeros,
                                                   &n, (uint8_t *)out));
    return hg_slice(out, n);
}

static struct hg_slice zstd_bomb(const char *zeros)
{
    char *out = malloc(BOMB_ROOM);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_inBuffer in = {zeros, BOMB, 0};
    ZSTD_outBuffer to = {out, BOMB_ROOM, 0};

    HG_ASSERT(out != NULL && c != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 23)));
    HG_ASSERT(ZSTD_compressStream2(c, &to, &in, ZSTD_e_continue) != SIZE_MAX && in.pos == BOMB);
    in.size = in.pos = 0;
    HG_ASSERT(ZSTD_compressStream2(c, &to, &in, ZSTD_e_end) == 0);
    (void)ZSTD_freeCCtx(c);
    return hg_slice(out, to.pos);
}

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* All of it in one span: what is made of it before the decoder gives up is bounded, and so are memory and
 * time. */
static void check_bomb(const char *codings, struct hg_slice bomb)
{
    uint64_t begun = now_ms(), took;
    struct run run = decode(codings, bomb, SIZE_MAX, HG_LIMIT_TAP_MEMORY);

    took = now_ms() - begun;
    hg_unit_row(codings);
    HG_CHECK_U64(run.result, HG_DECODE_TOO_MUCH);
    HG_CHECK(run.taken.total <= HG_LIMIT_TAP_FREE + HG_LIMIT_TAP_RATIO * bomb.n);
    HG_CHECK(run.most <= HG_LIMIT_TAP_MEMORY);
    HG_CHECK(took < 2000);
    printf("    %s: %zu bytes for %u MiB; gave up after %zu KiB with %zu KiB of memory in %u ms\n", codings,
           bomb.n, BOMB >> 20, run.taken.total >> 10, run.most >> 10, (unsigned)took);
}

HG_TEST(bombs)
{
    char *zeros = calloc(1, BOMB);
    struct hg_slice bomb[3], twice;

    HG_NEED(zeros != NULL);
    bomb[0] = gzip_bomb(zeros);
    bomb[1] = br_bomb(zeros);
    bomb[2] = zstd_bomb(zeros);
    twice = pack("gzip", bomb[0]);
    free(zeros);
    check_bomb("gzip", bomb[0]);
    check_bomb("br", bomb[1]);
    check_bomb("zstd", bomb[2]);
    check_bomb("gzip, gzip", twice);
    for (size_t i = 0; i < 3; i++)
        free((void *)bomb[i].p);
    free((void *)twice.p);
}

HG_TEST(windows_that_are_too_large)
{
    /* zstd: a frame that asks for 16 MiB; br: the large-window extension. */
    HG_CHECK_U64(decode("zstd", HG_LIT("\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00"), 99, SIZE_MAX).result,
                 HG_DECODE_TOO_MUCH);
    HG_CHECK_U64(decode("br", HG_LIT("\x11\x1e\x00\x00\x00\x00"), 99, SIZE_MAX).result, HG_DECODE_BAD);
}
