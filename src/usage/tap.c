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

struct hg_tap *hg_tap_new(const struct hg_tap_rules *rules, const struct hg_tap_head *head, uint64_t limit)
{
    struct hg_tap *tap = calloc(1, sizeof(*tap));
    struct hg_codings codings;

    if (tap == NULL)
        return NULL;
    tap->rules = rules;
    tap->limit = limit > 0 ? limit : HG_LIMIT_TAP_DEFAULT;
    tap->format = head->status == 101 ? HG_TAP_NO_FORMAT : hg_tap_format_of(head->content_type);
    if (tap->format == HG_TAP_NO_FORMAT)
        tap->why = HG_TAP_UNKNOWN_TYPE;
    else if (!hg_codings_parse(head->content_encoding, &codings))
        tap->why = HG_TAP_BAD_ENCODING;
    hg_tap_format_init(tap);
    return tap;
}

void hg_tap_free(struct hg_tap *tap)
{
    free(tap);
}

void hg_tap_feed(struct hg_tap *tap, struct hg_slice span)
{
    HG_ASSERT(!tap->ended);
    if (tap->why != HG_TAP_FINE)
        return;
    if (span.n > tap->limit - tap->bytes) {
        tap->why = HG_TAP_TOO_LARGE;
        return;
    }
    tap->bytes += span.n;
    hg_tap_format_feed(tap, span);
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
    if (!whole && tap->why == HG_TAP_FINE && !has_count(found_fields(tap)))
        tap->why = HG_TAP_INCOMPLETE;
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
    return sizeof(*tap);
}
