/* SPDX-License-Identifier: MIT
 *
 * Frames that are none, and the header that says how they are packed.
 */
#include "usage/frames.h"

#include <stdlib.h>

#include "base/limits.h"
#include "pack.h"
#include "support/unit.h"

struct told {
    char text[1024];
    size_t n, pieces;
    bool stop;
};

static bool on_text(void *ctx, struct hg_slice piece)
{
    struct told *t = ctx;

    t->pieces++;
    if (HG_CHECK(piece.n < sizeof(t->text) - t->n)) {
        memcpy(t->text + t->n, piece.p, piece.n);
        t->n += piece.n;
    }
    return !t->stop;
}

static void on_message(void *ctx)
{
    (void)on_text(ctx, HG_LIT("|"));
}

static const struct hg_frames_events events = {.text = on_text, .message = on_message};

struct count {
    size_t bytes;
};

static bool count_text(void *ctx, struct hg_slice piece)
{
    ((struct count *)ctx)->bytes += piece.n;
    return true;
}

static void count_message(void *ctx)
{
    (void)ctx;
}

static const struct hg_frames_events counting = {.text = count_text, .message = count_message};

struct packed {
    const char *bytes;
    size_t n;
};
#define BYTES(s)           \
    {                      \
        (s), sizeof(s) - 1 \
    }

/* In two spans. */
static enum hg_frames_result read_frames(struct hg_slice in, size_t cut, bool deflate, struct told *t,
                                         bool *between)
{
    const struct hg_frames_deflate how = {.on = deflate};
    struct hg_budget budget = {.ceiling = 64u * 1024u};
    struct hg_frames f;
    enum hg_frames_result result;

    hg_frames_init(&f, &how, &budget, &events, t);
    result = hg_frames_feed(&f, hg_slice(in.p, cut));
    if (result == HG_FRAMES_FINE)
        result = hg_frames_feed(&f, hg_slice_from(in, cut));
    *between = hg_frames_between(&f);
    hg_frames_free(&f);
    HG_CHECK_U64(budget.used, 0);
    return result;
}

HG_TEST(messages_in_frames)
{
    static const struct {
        struct packed in;
        const char *expected;
        bool between;
    } rows[] = {
        {BYTES("\x81\x05Hello"), "Hello|", true}, /* RFC 6455, 5.7 */
        {BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "Hello|", true},
        {BYTES("\x01\x03Hel\x80\x02lo"), "Hello|", true},
        {BYTES("\x01\x03Hel\x89\x05Hello\x8a\x00\x80\x02lo"), "Hello|", true},
        {BYTES("\x82\x05Hello\x02\x01x\x80\x01y\x81\x01z"), "z|", true},
        {BYTES("\x81\x00\x01\x00\x80\x00"), "||", true},
        {BYTES("\x81\x01"
               "a\x88\x02\x03\xe8\xff\xff\xff"),
         "a|", true},
        {BYTES("\x81\x05Hel"), "Hel", false},
        {BYTES("\x01\x01x"), "x", false},
        {BYTES("\x81"), "", false},
        {BYTES(""), "", true},
        {BYTES("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello|", true}, /* RFC 7692, 7.2.3 */
        {BYTES("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), "Hello|", true},
        {BYTES("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"), "Hello|Hello|", true},
        {BYTES("\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"), "Hello|", true},
        {BYTES("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello|", true},
        {BYTES("\xc1\x0e\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"), "HelloHello|", true},
        {BYTES("\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello|", true},
        {BYTES("\x81\x02ok\xc2\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"), "ok|Hello|",
         true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_slice in = hg_guarded(hg_slice(rows[i].in.bytes, rows[i].in.n));
        hg_unit_row(rows[i].expected);
        for (size_t cut = 0; cut <= in.n; cut++) {
            struct told t = {0};
            bool between;
            HG_CHECK_U64(read_frames(in, cut, true, &t, &between), HG_FRAMES_FINE);
            HG_CHECK_SLICE(hg_slice(t.text, t.n), rows[i].expected);
            HG_CHECK(between == rows[i].between);
        }
    }
}

HG_TEST(what_is_no_frame)
{
    static const struct {
        const char *what;
        struct packed in;
        bool deflate;
    } rows[] = {
        {"RSV2", BYTES("\xa1\x00"), true},
        {"RSV3", BYTES("\x91\x00"), true},
        {"RSV1 without deflate", BYTES("\xc1\x00"), false},
        {"RSV1 in a continuation", BYTES("\x41\x00\xc0\x00"), true},
        {"RSV1 in a control frame", BYTES("\xc9\x00"), true},
        {"opcode 3", BYTES("\x83\x00"), true},
        {"opcode 11", BYTES("\x8b\x00"), true},
        {"continuation of nothing", BYTES("\x80\x00"), true},
        {"a message in a message", BYTES("\x01\x00\x81\x00"), true},
        {"a fragmented ping", BYTES("\x09\x00"), true},
        {"a long ping", BYTES("\x89\x7e\x00\x7e"), true},
        {"126 for 125", BYTES("\x81\x7e\x00\x7d"), true},
        {"127 for 65535", BYTES("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), true},
        {"64 bits", BYTES("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), true},
        {"HTTP", BYTES("HTTP/1.1 200 OK\r\n"), true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_slice in = hg_guarded(hg_slice(rows[i].in.bytes, rows[i].in.n));
        hg_unit_row(rows[i].what);
        for (size_t cut = 0; cut <= in.n; cut++) {
            struct told t = {0};
            bool between;
            HG_CHECK_U64(read_frames(in, cut, rows[i].deflate, &t, &between), HG_FRAMES_BAD);
        }
    }
}

HG_TEST(deflate_that_is_none)
{
    struct told t = {0};
    bool between;

    HG_CHECK_U64(read_frames(HG_LIT("\xc1\x04\xff\xff\xff\xff"), 6, true, &t, &between),
                 HG_FRAMES_BAD_DEFLATE);
    /* Refers to a message that was not there. */
    HG_CHECK_U64(read_frames(HG_LIT("\xc1\x05\xf2\x00\x11\x00\x00"), 7, true, &t, &between),
                 HG_FRAMES_BAD_DEFLATE);
}

/* With server_no_context_takeover nothing before the message may be referred to. */
HG_TEST(a_message_stands_by_itself_when_that_was_agreed)
{
    static const struct hg_frames_deflate takeover = {.on = true}, fresh = {.on = true, .fresh = true};
    const struct hg_frames_deflate *const how[] = {&takeover, &fresh};
    const enum hg_frames_result expected[] = {HG_FRAMES_FINE, HG_FRAMES_BAD_DEFLATE};

    for (size_t i = 0; i < 2; i++) {
        struct hg_budget budget = {.ceiling = 64u * 1024u};
        struct told t = {0};
        struct hg_frames f;
        hg_frames_init(&f, how[i], &budget, &events, &t);
        HG_CHECK_U64(hg_frames_feed(&f, HG_LIT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00")), HG_FRAMES_FINE);
        HG_CHECK_U64(hg_frames_feed(&f, HG_LIT("\xc1\x05\xf2\x00\x11\x00\x00")), expected[i]);
        hg_frames_free(&f);
    }
}

HG_TEST(the_taker_can_stop)
{
    struct told t = {.stop = true};
    bool between;

    HG_CHECK_U64(read_frames(HG_LIT("\x81\x02"
                                    "ab\x81\x02"
                                    "cd"),
                             3, false, &t, &between),
                 HG_FRAMES_STOPPED);
    HG_CHECK_U64(t.n, 1);
}

HG_TEST(without_memory_for_the_window)
{
    const struct hg_frames_deflate how = {.on = true};
    struct hg_budget budget = {.ceiling = 20u * 1024u};
    struct told t = {0};
    struct hg_frames f;

    hg_frames_init(&f, &how, &budget, &events, &t);
    HG_CHECK_U64(hg_frames_feed(&f, HG_LIT("\x81\x01y")), HG_FRAMES_FINE);
    HG_CHECK_U64(hg_frames_feed(&f, HG_LIT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00")), HG_FRAMES_NO_MEMORY);
    hg_frames_free(&f);
    HG_CHECK_U64(budget.used, 0);
}

/* 16 MiB of zeros in a message of 16 KiB. */
HG_TEST(a_bomb_in_a_message)
{
    const struct pack_frames how = {.deflate = true};
    const struct hg_frames_deflate deflate = {.on = true};
    struct hg_budget budget = {.ceiling = 64u * 1024u};
    struct hg_slice zeros = hg_slice(calloc(1, 16u << 20), 16u << 20), packed;
    struct count count = {0};
    struct hg_frames f;

    HG_NEED(zeros.p != NULL);
    packed = pack_messages(&how, zeros);
    hg_frames_init(&f, &deflate, &budget, &counting, &count);
    HG_CHECK_U64(hg_frames_feed(&f, packed), HG_FRAMES_TOO_MUCH);
    HG_CHECK(count.bytes > 0 && count.bytes <= HG_LIMIT_TAP_FREE + HG_LIMIT_TAP_RATIO * packed.n);
    hg_frames_free(&f);
    free((void *)packed.p);
    free((void *)zeros.p);
}

HG_TEST(extensions_of_the_101)
{
    static const struct {
        const char *value;
        bool known, on, fresh;
    } rows[] = {
        {NULL, true, false, false},
        {"", true, false, false},
        {"permessage-deflate", true, true, false},
        {"Permessage-Deflate ; server_no_context_takeover", true, true, true},
        {"permessage-deflate; client_no_context_takeover; server_max_window_bits=10", true, true, false},
        {"permessage-deflate; server_max_window_bits=\"15\"; client_max_window_bits", true, true, false},
        {"permessage-deflate; client_max_window_bits=9", true, true, false},
        {"permessage-deflate; server_max_window_bits", false, false, false},
        {"permessage-deflate; server_max_window_bits=7", false, false, false},
        {"permessage-deflate; server_max_window_bits=16", false, false, false},
        {"permessage-deflate; server_no_context_takeover=1", false, false, false},
        {"permessage-deflate; something", false, false, false},
        {"permessage-deflate, permessage-deflate", false, false, false},
        {"permessage-bzip2", false, false, false},
        {"x-webkit-deflate-frame", false, false, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_frames_deflate out;
        hg_unit_row(rows[i].value);
        HG_CHECK(hg_frames_extensions(hg_slice_str(rows[i].value), &out) == rows[i].known);
        HG_CHECK(!rows[i].known || (out.on == rows[i].on && out.fresh == rows[i].fresh));
    }
}
