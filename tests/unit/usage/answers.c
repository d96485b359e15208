/* SPDX-License-Identifier: MIT
 *
 * What is counted does not depend on how the bytes are coded, framed or cut.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "case.h"
#include "pack.h"
#include "support/unit.h"

struct answer {
    const struct usage_case *c;
    const struct hg_tap_rules *rules;
    struct hg_tap_head head;
    struct hg_slice body;
};

/* In two spans at `cut`; step > 0: in spans of that size instead. */
static void measure(const struct answer *a, size_t cut, size_t step)
{
    struct hg_tap *tap = hg_tap_new(a->rules, &a->head, 0);

    HG_NEED(tap != NULL);
    for (size_t at = 0, n; at < a->body.n; at += n) {
        n = step > 0 ? step : at == 0 && cut > 0 ? cut : a->body.n - at;
        n = n < a->body.n - at ? n : a->body.n - at;
        hg_tap_feed(tap, hg_slice(a->body.p + at, n));
    }
    hg_tap_end(tap, true);
    usage_check(a->c, tap);
    HG_CHECK(hg_tap_memory(tap) < HG_LIMIT_TAP_MEMORY);
    hg_tap_free(tap);
}

static void measure_at_every_cut(const struct answer *a)
{
    size_t cuts = hg_unit_scaled(a->body.n), stride = a->body.n / cuts;

    for (size_t cut = 0; cut < a->body.n; cut += stride)
        measure(a, cut, 0);
    measure(a, 0, 1);
    measure(a, 0, 7);
}

/* coding: what Content-Encoding says; NULL: none. packed: its bytes, given back. */
static void measure_coded(struct answer *a, const char *coding, struct hg_slice packed)
{
    hg_guarded_reset();
    a->head.content_encoding = hg_slice_str(coding);
    a->body = hg_guarded(packed);
    measure_at_every_cut(a);
    free((void *)packed.p);
}

static void each_coding(struct answer *a, struct hg_slice body)
{
    struct hg_slice gzip = pack("gzip", body);

    measure_coded(a, "gzip", pack("gzip", body));
    measure_coded(a, "deflate", pack("deflate", body));
    measure_coded(a, "deflate", pack("raw", body));
    measure_coded(a, "BR", pack("br", body));
    measure_coded(a, "zstd", pack("zstd", body));
    measure_coded(a, "identity, x-gzip, br", pack("br", gzip));
    free((void *)gzip.p);
}

HG_TEST(each_answer_is_counted_at_every_cut)
{
    for (size_t i = 0; i < usage_cases_n; i++) {
        const struct usage_case *c = &usage_cases[i];
        struct hg_tap_rules *rules = usage_rules(c->rules);
        struct hg_slice body = usage_read(c->file);
        struct answer a = {.c = c, .rules = rules, .body = hg_guarded(body)};
        hg_unit_row(c->file);
        a.head = (struct hg_tap_head){.status = 200, .content_type = hg_slice_str(c->type)};
        if (c->type != NULL) {
            measure_at_every_cut(&a);
            each_coding(&a, body);
        }
        free((void *)body.p);
        hg_tap_rules_free(rules);
    }
}

/* The same messages in frames of all kinds. */
static void each_framing(struct answer *a, struct hg_slice lines)
{
    static const struct {
        const char *extensions;
        struct pack_frames how;
    } rows[] = {
        {NULL, {0}},
        {NULL, {.fragment = 100, .pings = true}},
        {NULL, {.fragment = 130, .masked = true}},
        {"permessage-deflate", {.deflate = true}},
        {"permessage-deflate; server_max_window_bits=12", {.deflate = true, .fragment = 64, .pings = true}},
        {"permessage-deflate; server_no_context_takeover; client_max_window_bits=\"15\"",
         {.deflate = true, .fresh = true, .pings = true, .masked = true}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hg_slice packed = pack_messages(&rows[i].how, lines);
        hg_guarded_reset();
        a->head = (struct hg_tap_head){.status = 101, .extensions = hg_slice_str(rows[i].extensions)};
        a->body = hg_guarded(packed);
        measure_at_every_cut(a);
        free((void *)packed.p);
    }
}

HG_TEST(messages_of_a_websocket_are_counted_at_every_cut)
{
    for (size_t i = 0; i < usage_cases_n; i++) {
        const struct usage_case *c = &usage_cases[i];
        struct hg_tap_rules *rules = usage_rules(c->rules);
        struct hg_slice lines = usage_read(c->file);
        struct answer a = {.c = c, .rules = rules};
        hg_unit_row(c->file);
        if (c->type == NULL)
            each_framing(&a, lines);
        free((void *)lines.p);
        hg_tap_rules_free(rules);
    }
}
