/* SPDX-License-Identifier: MIT
 *
 * Where the documents are: the body itself, its lines, or the data of its events.
 * An event that is no JSON is passed over; a body that is none cannot be read on.
 */
#include "tap.h"

static const char sentinel[] = "[DONE]"; /* how some APIs end a stream of events */
#define SENTINEL_N (sizeof(sentinel) - 1)

/* ---- events ---- */

static void begin_event(struct hg_tap *tap)
{
    hg_tap_count_begin(tap);
    tap->event_begun = true;
    tap->sentinel = 0;
}

/* As long as the data is a begin of the sentinel it is held back, which needs no copy. */
void hg_tap_event_data(struct hg_tap *tap, struct hg_slice piece)
{
    if (!tap->event_begun)
        begin_event(tap);
    if (tap->sentinel <= SENTINEL_N) {
        size_t i = 0;
        while (i < piece.n && tap->sentinel < SENTINEL_N && piece.p[i] == sentinel[tap->sentinel]) {
            tap->sentinel++;
            i++;
        }
        piece = hg_slice_from(piece, i);
        if (piece.n == 0)
            return;
        hg_jscan_feed(&tap->scan, hg_slice(sentinel, tap->sentinel));
        tap->sentinel = SENTINEL_N + 1;
    }
    hg_jscan_feed(&tap->scan, piece);
}

void hg_tap_event_end(struct hg_tap *tap)
{
    bool begun = tap->event_begun;

    tap->event_begun = false;
    tap->mark = tap->bytes;
    if (!begun || tap->sentinel == SENTINEL_N)
        return;
    if (hg_jscan_end(&tap->scan))
        hg_tap_count_take(tap);
    else
        tap->bad++;
    tap->document.seen = 0;
}

static void on_data(void *ctx, struct hg_slice piece)
{
    hg_tap_event_data(ctx, piece);
}

static void on_event(void *ctx, struct hg_slice type)
{
    (void)type;
    hg_tap_event_end(ctx);
}

static const struct hg_sse_events events = {.data = on_data, .event = on_event};

/* ---- all formats ---- */

static bool ends_in(struct hg_slice s, struct hg_slice suffix)
{
    return s.n >= suffix.n && hg_slice_ieq(hg_slice_from(s, s.n - suffix.n), suffix);
}

enum hg_tap_format hg_tap_format_of(struct hg_slice content_type)
{
    static const struct hg_slice lines[] = {
        HG_LIT_INIT("application/x-ndjson"), HG_LIT_INIT("application/ndjson"),
        HG_LIT_INIT("application/jsonl"), HG_LIT_INIT("application/x-jsonlines")};
    ptrdiff_t semicolon = hg_slice_find(content_type, ';');
    struct hg_slice type = content_type;

    if (semicolon >= 0)
        type.n = (size_t)semicolon;
    type = hg_slice_trim(type);
    if (hg_slice_ieq(type, HG_LIT("text/event-stream")))
        return HG_TAP_EVENTS;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        if (hg_slice_ieq(type, lines[i]))
            return HG_TAP_LINES;
    if (hg_slice_ieq(type, HG_LIT("application/json")) || ends_in(type, HG_LIT("+json")))
        return HG_TAP_JSON;
    return HG_TAP_NO_FORMAT;
}

void hg_tap_format_init(struct hg_tap *tap)
{
    hg_tap_count_init(tap, tap->format == HG_TAP_LINES);
    hg_sse_init(&tap->sse, &events, tap);
}

void hg_tap_format_feed(struct hg_tap *tap, struct hg_slice span)
{
    if (tap->format == HG_TAP_EVENTS)
        hg_sse_feed(&tap->sse, span);
    else if (!hg_jscan_feed(&tap->scan, span))
        tap->why = tap->scan.too_deep ? HG_TAP_TOO_LARGE : HG_TAP_BAD_JSON;
}

void hg_tap_format_end(struct hg_tap *tap, bool whole)
{
    bool open;

    /* What a document said before it broke off counts too. */
    if (!whole && tap->document.seen != 0 && tap->scan.error == NULL)
        hg_tap_count_take(tap);
    if (tap->format == HG_TAP_EVENTS && whole)
        hg_sse_end(&tap->sse);
    if (tap->format == HG_TAP_EVENTS || tap->format == HG_TAP_MESSAGES)
        return;
    open = hg_jscan_open(&tap->scan);
    if (!hg_jscan_end(&tap->scan) && open && whole)
        tap->why = HG_TAP_BAD_JSON;
}
