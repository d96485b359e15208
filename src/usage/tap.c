/* SPDX-License-Identifier: MIT
 *
 * One answer read along.
 */
#include "usage/tap.h"

#include <stdlib.h>

#include "base/check.h"
#include "tap.h"

const char *hg_tap_why_word(enum hg_tap_why why)
{
    switch (why) {
    case HG_TAP_FINE:
        return "";
    case HG_TAP_UNKNOWN_TYPE:
        return "unknown_type";
    case HG_TAP_TOO_LARGE:
        return "too_large";
    case HG_TAP_BAD_ENCODING:
        return "bad_encoding";
    case HG_TAP_BAD_JSON:
        return "bad_json";
    case HG_TAP_BAD_FRAME:
        return "bad_frame";
    case HG_TAP_INCOMPLETE:
        return "incomplete";
    case HG_TAP_NO_MEMORY:
        return "memory";
    }
    return "";
}

/* ---- what comes in ---- */

/* Decoded bytes of a body, or of a message. False: the tap gave up. */
static bool within_limit(struct hg_tap *tap, struct hg_slice piece)
{
    if (piece.n > tap->limit - (tap->bytes - tap->mark)) {
        tap->why = HG_TAP_TOO_LARGE;
        return false;
    }
    tap->bytes += piece.n;
    return true;
}

static bool take_body(void *ctx, struct hg_slice piece)
{
    struct hg_tap *tap = ctx;

    if (within_limit(tap, piece))
        hg_tap_format_feed(tap, piece);
    return tap->why == HG_TAP_FINE;
}

static bool take_text(void *ctx, struct hg_slice piece)
{
    struct hg_tap *tap = ctx;

    if (within_limit(tap, piece))
        hg_tap_event_data(tap, piece);
    return tap->why == HG_TAP_FINE;
}

static void take_message(void *ctx)
{
    hg_tap_event_end(ctx);
}

static const struct hg_frames_events frames_events = {.text = take_text, .message = take_message};

static enum hg_tap_why why_decode(enum hg_decode_result result)
{
    switch (result) {
    case HG_DECODE_BAD:
        return HG_TAP_BAD_ENCODING;
    case HG_DECODE_TOO_MUCH:
        return HG_TAP_TOO_LARGE;
    case HG_DECODE_NO_MEMORY:
        return HG_TAP_NO_MEMORY;
    default:
        return HG_TAP_FINE;
    }
}

static enum hg_tap_why why_frames(enum hg_frames_result result)
{
    switch (result) {
    case HG_FRAMES_BAD:
        return HG_TAP_BAD_FRAME;
    case HG_FRAMES_BAD_DEFLATE:
        return HG_TAP_BAD_ENCODING;
    case HG_FRAMES_TOO_MUCH:
        return HG_TAP_TOO_LARGE;
    case HG_FRAMES_NO_MEMORY:
        return HG_TAP_NO_MEMORY;
    default:
        return HG_TAP_FINE;
    }
}

/* ---- begin, feed, end ---- */

static enum hg_tap_why begin_messages(struct hg_tap *tap, const struct hg_tap_head *head)
{
    struct hg_frames_deflate deflate;
    bool known = hg_frames_extensions(head->extensions, &deflate);

    tap->format = HG_TAP_MESSAGES;
    hg_frames_init(&tap->frames, &deflate, &tap->budget, &frames_events, tap);
    return known ? HG_TAP_FINE : HG_TAP_BAD_ENCODING;
}

static enum hg_tap_why begin_body(struct hg_tap *tap, const struct hg_tap_head *head)
{
    struct hg_codings codings;

    tap->format = hg_tap_format_of(head->content_type);
    if (tap->format == HG_TAP_NO_FORMAT)
        return HG_TAP_UNKNOWN_TYPE;
    if (!hg_codings_parse(head->content_encoding, &codings))
        return HG_TAP_BAD_ENCODING;
    if (codings.n > 0) {
        tap->decode = hg_decode_new(&codings, &tap->budget, take_body, tap);
        if (tap->decode == NULL)
            return HG_TAP_NO_MEMORY;
    }
    return HG_TAP_FINE;
}

struct hg_tap *hg_tap_new(const struct hg_tap_rules *rules, const struct hg_tap_head *head, uint64_t limit)
{
    struct hg_tap *tap = calloc(1, sizeof(*tap));

    if (tap == NULL)
        return NULL;
    tap->rules = rules;
    tap->limit = limit > 0 ? limit : HG_LIMIT_TAP_DEFAULT;
    tap->budget = (struct hg_budget){.ceiling = HG_LIMIT_TAP_MEMORY - sizeof(*tap), .parent = head->budget};
    tap->why = head->status == 101 ? begin_messages(tap, head) : begin_body(tap, head);
    hg_tap_format_init(tap);
    return tap;
}

/* Decoders go as soon as they are of no use. */
static void drop_decoders(struct hg_tap *tap)
{
    hg_decode_free(tap->decode);
    tap->decode = NULL;
    if (tap->format == HG_TAP_MESSAGES)
        hg_frames_free(&tap->frames);
}

void hg_tap_free(struct hg_tap *tap)
{
    if (tap == NULL)
        return;
    drop_decoders(tap);
    free(tap);
}

void hg_tap_feed(struct hg_tap *tap, struct hg_slice span)
{
    enum hg_tap_why why = HG_TAP_FINE;

    HG_ASSERT(!tap->ended);
    if (tap->why != HG_TAP_FINE)
        return;
    if (tap->format == HG_TAP_MESSAGES)
        why = why_frames(hg_frames_feed(&tap->frames, span));
    else if (tap->decode != NULL)
        why = why_decode(hg_decode_feed(tap->decode, span));
    else
        (void)take_body(tap, span);
    if (tap->why == HG_TAP_FINE)
        tap->why = why;
    if (tap->why != HG_TAP_FINE)
        drop_decoders(tap);
}

enum hg_tap_place hg_tap_place(const struct hg_tap *tap)
{
    if (tap->format != HG_TAP_MESSAGES || tap->why != HG_TAP_FINE)
        return HG_TAP_LOST;
    if (tap->frames.closed)
        return HG_TAP_CLOSING;
    return tap->frames.in_payload || tap->frames.head_n > 0 ? HG_TAP_IN_FRAME : HG_TAP_BETWEEN;
}

static unsigned found_fields(const struct hg_tap *tap)
{
    unsigned found = 0;

    for (unsigned field = 0; field < HG_TAP_FIELDS; field++)
        if ((tap->rules->of_field[field] & tap->all.seen) != 0)
            found |= 1u << field;
    return found;
}

static bool has_count(unsigned found)
{
    return (found & ~(1u << HG_TAP_MODEL)) != 0;
}

void hg_tap_end(struct hg_tap *tap, bool whole)
{
    if (tap->ended)
        return;
    tap->ended = true;
    if (tap->why != HG_TAP_FINE)
        return;
    hg_tap_format_end(tap, whole);
    if (tap->why == HG_TAP_FINE && !has_count(found_fields(tap))) {
        if (!whole)
            tap->why = HG_TAP_INCOMPLETE;
        else if (tap->decode != NULL && !hg_decode_whole(tap->decode))
            tap->why = HG_TAP_BAD_ENCODING;
    }
    drop_decoders(tap);
}

void hg_tap_usage(const struct hg_tap *tap, struct hg_tap_usage *out)
{
    *out = (struct hg_tap_usage){.why = tap->why,
                                 .found = found_fields(tap),
                                 .documents = tap->documents,
                                 .bad = tap->bad,
                                 .bytes = tap->bytes};
    for (unsigned field = 0; field < HG_TAP_COUNTS; field++) {
        unsigned path = hg_tap_first(tap->rules, (enum hg_tap_field)field, tap->all.seen);
        if (path < HG_LIMIT_TAP_PATHS)
            out->tokens[field] = tap->all.value[path];
    }
    if ((out->found >> HG_TAP_MODEL & 1) != 0)
        out->model = hg_slice(tap->all.model, tap->all.model_n);
    if (out->why == HG_TAP_FINE && !has_count(out->found) && tap->bad > 0)
        out->why = HG_TAP_BAD_JSON;
    if (out->why != HG_TAP_FINE)
        out->state = HG_TAP_NOT_MEASURED;
    else
        out->state = has_count(out->found) ? HG_TAP_MEASURED : HG_TAP_NOTHING;
}

size_t hg_tap_memory(const struct hg_tap *tap)
{
    return sizeof(*tap) + tap->budget.used;
}
