/* SPDX-License-Identifier: MIT
 *
 * Bodies: every framing, cut at every byte; limits; trailers; the encoder.
 */
#include "http/body.h"

#include "base/limits.h"
#include "support/unit.h"

struct result {
    enum hg_body_step last;
    enum hg_http_error error;
    size_t n, used;
    char data[4096];
};

static void feed(struct hg_body_decoder *d, struct hg_slice in, struct result *r)
{
    do {
        size_t consumed;
        struct hg_slice data;
        r->last = hg_body_decode(d, in, &consumed, &data);
        if (r->last == HG_BODY_DATA) {
            HG_CHECK(data.n > 0 && r->n + data.n <= sizeof(r->data));
            memcpy(r->data + r->n, data.p, data.n);
            r->n += data.n;
        }
        if (r->last == HG_BODY_MORE)
            HG_CHECK_U64(consumed, in.n);
        r->used += consumed;
        in = hg_slice_from(in, consumed);
    } while (r->last == HG_BODY_DATA);
}

/* In pieces of `step` bytes, each at a guard page. */
static void decode(struct result *r, struct hg_framing f, uint64_t limit, struct hg_slice in, size_t step)
{
    struct hg_body_decoder d;
    *r = (struct result){.last = HG_BODY_MORE};
    hg_body_decoder_init(&d, &f, limit);
    for (size_t at = 0; at <= in.n && r->last == HG_BODY_MORE; at += step) {
        size_t n = in.n - at < step ? in.n - at : step;
        feed(&d, hg_guarded(hg_slice(in.p + at, n)), r);
    }
    r->error = d.error;
    hg_body_decoder_free(&d);
    hg_guarded_reset();
}

static const struct hg_framing chunked = {.kind = HG_FRAMING_CHUNKED};

struct row {
    struct hg_slice in;
    const char *data;
    enum hg_body_step last;
    enum hg_http_error error;
    size_t behind; /* bytes of the next message */
};

#define ROW(in, data, last, error, behind)                             \
    {                                                                  \
        HG_LIT_INIT(in), data, HG_BODY_##last, HG_HTTP_##error, behind \
    }

static const struct row rows[] = {
    ROW("0\r\n\r\n", "", DONE, OK, 0),
    ROW("3\r\nabc\r\n0\r\n\r\nGET", "abc", DONE, OK, 3),
    ROW("3\r\nabc\r\nA\r\n0123456789\r\n000\r\n\r\n", "abc0123456789", DONE, OK, 0),
    ROW("00000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789", DONE, OK, 0),
    ROW("3;x=y;\"q\"\r\nabc\r\n0;z\r\n\r\n", "abc", DONE, OK, 0),
    ROW("3 \t;x=y\r\nabc\r\n0\r\n\r\n", "abc", DONE, OK, 0),
    ROW("0\r\nX-T: 1\r\n\r\n", "", DONE, OK, 0),
    ROW("3\r\nab", "ab", MORE, OK, 0),
    ROW("3\r\nabc", "abc", MORE, OK, 0),
    ROW("3\r\nabc\r\n0\r\n", "abc", MORE, OK, 0),
    ROW("", "", MORE, OK, 0),
    ROW("\r\n", "", BAD, BAD_CHUNK, 2),
    ROW("g\r\n", "", BAD, BAD_CHUNK, 3),
    ROW("+3\r\nabc", "", BAD, BAD_CHUNK, 7),
    ROW("-3\r\nabc", "", BAD, BAD_CHUNK, 7),
    ROW(" 3\r\nabc", "", BAD, BAD_CHUNK, 7),
    ROW("0x3\r\nabc", "", BAD, BAD_CHUNK, 7),
    ROW("3 \r\nabc", "", BAD, BAD_CHUNK, 5),
    ROW("3 4\r\nabc", "", BAD, BAD_CHUNK, 6),
    ROW(";x\r\n", "", BAD, BAD_CHUNK, 4),
    ROW("3\nabc\r\n0\r\n\r\n", "", BAD, BAD_CHUNK, 11),
    ROW("3\rabc", "", BAD, BAD_CHUNK, 3),
    ROW("3\r\r\nabc", "", BAD, BAD_CHUNK, 5),
    ROW("3;a\nb\r\nabc", "", BAD, BAD_CHUNK, 7),
    ROW("3;a\x01\r\nabc", "", BAD, BAD_CHUNK, 6),
    ROW("3;a\0\r\nabc", "", BAD, BAD_CHUNK, 6),
    ROW("3\r\nabcd\r\n", "abc", BAD, BAD_CHUNK, 3),
    ROW("3\r\nabc\n0\r\n\r\n", "abc", BAD, BAD_CHUNK, 6),
    ROW("3\r\nabc\r0\r\n\r\n", "abc", BAD, BAD_CHUNK, 5),
    ROW("3\r\nabc0\r\n\r\n", "abc", BAD, BAD_CHUNK, 5),
    ROW("00000000000000003\r\nabc", "", BAD, BAD_CHUNK, 6),
    ROW("ffffffffffffffff\r\nabc", "abc", MORE, OK, 0),
    ROW("ffffffffffffffff0\r\nabc", "", BAD, BAD_CHUNK, 6),
    ROW("0\r\nX: 1\n\r\n", "", BAD, BAD_TRAILER, 3),
    ROW("0\r\nX: 1\rY\r\n", "", BAD, BAD_TRAILER, 3),
    ROW("0\r\nX: \x01\r\n\r\n", "", BAD, BAD_TRAILER, 5),
    ROW("0\r\n X: 1\r\n\r\n", "", BAD, BAD_TRAILER, 9),
    ROW("0\r\n\n", "", BAD, BAD_TRAILER, 1),
    ROW("0\r\n\rX", "", BAD, BAD_TRAILER, 1),
};

HG_TEST(chunked_in_pieces_of_every_size)
{
    struct result r;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hg_unit_row(rows[i].in.p);
        for (size_t step = 1; step <= rows[i].in.n + 1; step++) {
            decode(&r, chunked, UINT64_MAX, rows[i].in, step);
            HG_CHECK(r.last == rows[i].last);
            HG_CHECK_STR(hg_http_error_name(r.error), hg_http_error_name(rows[i].error));
            HG_CHECK_SLICE(hg_slice(r.data, r.n), rows[i].data);
            HG_CHECK_U64(rows[i].in.n - r.used, rows[i].behind);
        }
    }
}

HG_TEST(length_none_and_close)
{
    struct result r;
    decode(&r, (struct hg_framing){.kind = HG_FRAMING_LENGTH, .length = 5}, 5, HG_LIT("hello!!"), 2);
    HG_CHECK(r.last == HG_BODY_DONE);
    HG_CHECK_SLICE(hg_slice(r.data, r.n), "hello");
    HG_CHECK_U64(r.used, 5);
    decode(&r, (struct hg_framing){.kind = HG_FRAMING_LENGTH}, 0, HG_LIT("x"), 1);
    HG_CHECK(r.last == HG_BODY_DONE && r.used == 0);
    decode(&r, (struct hg_framing){.kind = HG_FRAMING_NONE}, 0, HG_LIT("x"), 1);
    HG_CHECK(r.last == HG_BODY_DONE && r.used == 0);
    decode(&r, (struct hg_framing){.kind = HG_FRAMING_CLOSE}, UINT64_MAX, HG_LIT("until the end"), 3);
    HG_CHECK(r.last == HG_BODY_MORE);
    HG_CHECK_SLICE(hg_slice(r.data, r.n), "until the end");
}

HG_TEST(limits_of_data)
{
    struct result r;
    decode(&r, chunked, 3, HG_LIT("3\r\nabc\r\n0\r\n\r\n"), 100);
    HG_CHECK(r.last == HG_BODY_DONE);
    decode(&r, chunked, 3, HG_LIT("2\r\nab\r\n2\r\ncd\r\n"), 100);
    HG_CHECK(r.last == HG_BODY_BAD && r.error == HG_HTTP_BODY_TOO_LARGE);
    HG_CHECK_SLICE(hg_slice(r.data, r.n), "ab");
    /* The declared size is enough: nothing of that chunk need have come. */
    decode(&r, chunked, 3, HG_LIT("4\r\n"), 100);
    HG_CHECK(r.last == HG_BODY_BAD && r.error == HG_HTTP_BODY_TOO_LARGE);
    decode(&r, (struct hg_framing){.kind = HG_FRAMING_LENGTH, .length = 4}, 3, HG_LIT("abcd"), 1);
    HG_CHECK(r.last == HG_BODY_BAD && r.error == HG_HTTP_BODY_TOO_LARGE && r.n == 0);
    decode(&r, (struct hg_framing){.kind = HG_FRAMING_CLOSE}, 3, HG_LIT("abcd"), 2);
    HG_CHECK(r.last == HG_BODY_BAD && r.error == HG_HTTP_BODY_TOO_LARGE && r.n == 3);
}

static enum hg_http_error long_line(const char *start, size_t fill, const char *end)
{
    static char in[HG_LIMIT_TRAILER + 1000];
    struct result r;
    size_t n = strlen(start);
    memcpy(in, start, n);
    memset(in + n, 'x', fill);
    n += fill;
    memcpy(in + n, end, strlen(end));
    decode(&r, chunked, UINT64_MAX, hg_slice(in, n + strlen(end)), 700);
    return r.error;
}

HG_TEST(limits_of_lines)
{
    HG_CHECK(long_line("3;", HG_LIMIT_CHUNK_EXT - 4, "\r\nabc\r\n0\r\n\r\n") == HG_HTTP_OK);
    HG_CHECK(long_line("3;", HG_LIMIT_CHUNK_EXT - 3, "\r\nabc\r\n0\r\n\r\n") == HG_HTTP_BAD_CHUNK);
    HG_CHECK(long_line("0\r\nX:", HG_LIMIT_TRAILER - 4, "\r\n\r\n") == HG_HTTP_OK);
    HG_CHECK(long_line("0\r\nX:", HG_LIMIT_TRAILER - 3, "\r\n\r\n") == HG_HTTP_BAD_TRAILER);
}

HG_TEST(what_a_close_means)
{
    struct hg_body_decoder d;
    size_t used;
    struct hg_slice data;
    hg_body_decoder_init(&d, &(struct hg_framing){.kind = HG_FRAMING_CLOSE}, 10);
    HG_CHECK(hg_body_decoder_eof_is_end(&d) && !hg_body_decoder_done(&d));
    hg_body_decoder_free(&d);
    hg_body_decoder_init(&d, &(struct hg_framing){.kind = HG_FRAMING_LENGTH, .length = 2}, 10);
    HG_CHECK(!hg_body_decoder_eof_is_end(&d) && !hg_body_decoder_done(&d));
    HG_CHECK(hg_body_decode(&d, HG_LIT("ab"), &used, &data) == HG_BODY_DATA);
    HG_CHECK(hg_body_decoder_eof_is_end(&d) && hg_body_decoder_done(&d));
    HG_CHECK(hg_body_decode(&d, HG_LIT(""), &used, &data) == HG_BODY_DONE);
    hg_body_decoder_free(&d);
    hg_body_decoder_init(&d, &chunked, 10);
    HG_CHECK(hg_body_decode(&d, HG_LIT("x"), &used, &data) == HG_BODY_BAD);
    HG_CHECK(hg_body_decode(&d, HG_LIT("0"), &used, &data) == HG_BODY_BAD);
    HG_CHECK(!hg_body_decoder_eof_is_end(&d));
    hg_body_decoder_free(&d);
}

static enum hg_http_error trailers_of(const char *fields, struct hg_arena *arena, struct hg_headers *out)
{
    struct hg_body_decoder d;
    struct result r = {.last = HG_BODY_MORE};
    hg_body_decoder_init(&d, &chunked, UINT64_MAX);
    feed(&d, HG_LIT("1\r\na\r\n0\r\n"), &r);
    feed(&d, hg_slice_str(fields), &r);
    feed(&d, HG_LIT("\r\n"), &r);
    hg_unit_row(fields);
    HG_CHECK(r.last == HG_BODY_DONE);
    enum hg_http_error e = hg_body_trailers(&d, arena, out);
    hg_body_decoder_free(&d);
    return e;
}

HG_TEST(trailers)
{
    static const char *const bad[] = {"Content-Length: 5\r\n",
                                      "transfer-encoding: chunked\r\n",
                                      "Host: x\r\n",
                                      "X-Good: 1\r\nAuthorization: Bearer x\r\n",
                                      "Connection: close\r\n",
                                      "Set-Cookie: a=b\r\n",
                                      "X-Api-Key: x\r\n",
                                      "no colon\r\n",
                                      "X : y\r\n",
                                      ": y\r\n",
                                      "Content-Type: x\r\n",
                                      "Trailer: x\r\n"};
    struct hg_arena arena;
    struct hg_headers out;
    hg_arena_init(&arena, 64 * 1024);
    HG_CHECK(trailers_of("", &arena, &out) == HG_HTTP_OK && out.n == 0);
    HG_CHECK(trailers_of("X-Sum: abc \r\nY:\r\n", &arena, &out) == HG_HTTP_OK);
    HG_CHECK_U64(out.n, 2);
    HG_CHECK_SLICE(out.v[0].name, "X-Sum");
    HG_CHECK_SLICE(out.v[0].value, "abc");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        HG_CHECK(trailers_of(bad[i], &arena, &out) == HG_HTTP_BAD_TRAILER);
    hg_arena_reset(&arena);
    hg_arena_init(&arena, 8);
    HG_CHECK(trailers_of("X-Sum: abcdefgh\r\n", &arena, &out) == HG_HTTP_NO_MEMORY);
    hg_arena_reset(&arena);
}

HG_TEST(encoder)
{
    struct hg_buf b;
    struct hg_arena arena;
    struct hg_headers t;
    hg_buf_init(&b, 4096, false);
    hg_arena_init(&arena, 4096);
    hg_headers_init(&t, &arena);
    hg_headers_add(&t, HG_LIT("X-T"), HG_LIT("v"));
    HG_CHECK(hg_body_encode(&b, HG_FRAMING_CHUNKED, HG_LIT("0123456789abcdefg")));
    HG_CHECK(hg_body_encode(&b, HG_FRAMING_CHUNKED, HG_LIT("")));
    HG_CHECK(hg_body_encode_end(&b, HG_FRAMING_CHUNKED, &t));
    HG_CHECK_SLICE(hg_buf_data(&b), "11\r\n0123456789abcdefg\r\n0\r\nX-T: v\r\n\r\n");
    hg_buf_consume(&b, hg_buf_len(&b));
    HG_CHECK(hg_body_encode(&b, HG_FRAMING_LENGTH, HG_LIT("plain")));
    HG_CHECK(hg_body_encode_end(&b, HG_FRAMING_LENGTH, NULL));
    HG_CHECK_SLICE(hg_buf_data(&b), "plain");
    t.v[0].value = HG_LIT("v\r\nEvil: 1");
    HG_CHECK(!hg_body_encode_end(&b, HG_FRAMING_CHUNKED, &t));
    HG_CHECK_SLICE(hg_buf_data(&b), "plain");
    hg_buf_free(&b);
    hg_arena_reset(&arena);
}

HG_TEST(encoder_adds_all_or_nothing)
{
    for (size_t ceiling = 0; ceiling < 12; ceiling++) {
        struct hg_buf b;
        hg_buf_init(&b, ceiling, false);
        bool fits = ceiling >= 8;
        HG_CHECK(hg_body_encode(&b, HG_FRAMING_CHUNKED, HG_LIT("abc")) == fits);
        HG_CHECK_U64(hg_buf_len(&b), fits ? 8 : 0);
        hg_buf_free(&b);
        hg_buf_init(&b, ceiling, false);
        HG_CHECK(hg_body_encode_end(&b, HG_FRAMING_CHUNKED, NULL) == (ceiling >= 5));
        hg_buf_free(&b);
    }
}
