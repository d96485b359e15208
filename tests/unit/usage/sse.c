/* SPDX-License-Identifier: MIT
 *
 * Lines and events, at every cut.
 */
#include "usage/sse.h"

#include <stdio.h>

#include "support/unit.h"

struct told {
    char text[512];
    size_t n;
};

static void tell(struct told *t, const char *what, struct hg_slice s)
{
    int n = snprintf(t->text + t->n, sizeof(t->text) - t->n, "%s%.*s", what, HG_FMT(s));

    if (HG_CHECK(n >= 0 && (size_t)n < sizeof(t->text) - t->n))
        t->n += (size_t)n;
}

static void on_data(void *ctx, struct hg_slice piece)
{
    tell(ctx, "", piece);
}

static void on_event(void *ctx, struct hg_slice type)
{
    tell(ctx, "|", type);
    tell(ctx, ";", HG_LIT(""));
}

static const struct hg_sse_events events = {.data = on_data, .event = on_event};

HG_TEST(events_of_a_stream)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"data: a\n\n", "a|;"},
        {"data:a\n\n", "a|;"},
        {"data:  a \n\n", " a |;"},
        {"data: a\r\n\r\n", "a|;"},
        {"data: a\r\r", "a|;"},
        {"data: a\r\ndata: b\r\n\r\n", "a\nb|;"},
        {"data: a\r\n\ndata: b\n\r\n", "a|;b|;"},
        {"event: x\ndata: a\n\n", "a|x;"},
        {"data: a\nevent: x\nevent:y\n\ndata: b\n\n", "a|y;b|;"},
        {"data: a\ndata: b\ndata\ndata:\ndata: c\n\n", "a\nb\n\n\nc|;"},
        {": comment\n\n:data: x\ndata: a\nid: 7\nretry: 5\n\n", "a|;"},
        {"event: ping\n\n", ""},
        {"event: ping\n\ndata: a\n\n", "a|;"},
        {"\xef\xbb\xbf"
         "data: a\n\n",
         "a|;"},
        {"\xef\xbb"
         "data: a\n\ndata: b\n\n",
         "b|;"},
        {"\xef\xbb\xbf\xef\xbb\xbf"
         "data: a\n\ndata: b\n\n",
         "b|;"},
        {"\n\n\r\n\rdata: a\n\n", "a|;"},
        {"dat: a\n data: b\ndatax: c\nDATA: d\ndatadatadata: e\n\ndata: f\n\n", "f|;"},
        {"data: last", "last|;"},
        {"data: last\n", "last|;"},
        {"data: a\n\ndata", "a|;|;"},
        {"data: a:b\n\n", "a:b|;"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_slice in = hg_guarded_str(rows[i].text);
        hg_unit_row(rows[i].text);
        for (size_t cut = 0; cut <= in.n; cut++) {
            struct told t = {0};
            struct hg_sse s;
            hg_sse_init(&s, &events, &t);
            hg_sse_feed(&s, hg_slice(in.p, cut));
            hg_sse_feed(&s, hg_slice_from(in, cut));
            hg_sse_end(&s);
            HG_CHECK_SLICE(hg_slice(t.text, t.n), rows[i].expected);
        }
    }
}

HG_TEST(a_long_type_is_cut)
{
    struct told t = {0};
    struct hg_sse s;

    hg_sse_init(&s, &events, &t);
    hg_sse_feed(&s, HG_LIT("data: a\nevent: "));
    for (unsigned i = 0; i < 300; i++)
        hg_sse_feed(&s, HG_LIT("x"));
    hg_sse_feed(&s, HG_LIT("\n\n"));
    HG_CHECK_U64(t.n, sizeof("a|;") - 1 + HG_SSE_TYPE);
}
