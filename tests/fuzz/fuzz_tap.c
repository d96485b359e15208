/* SPDX-License-Identifier: MIT
 *
 * Fuzz: whole taps, of all formats and codings, and paths that are made of the
 * input too. What is counted does not depend on the cuts.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "usage/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct hg_tap_rules *rules, enum hg_tap_field field, const char *path)
{
    size_t offset;

    HG_ASSERT(hg_tap_rules_add(rules, field, hg_slice_str(path), &offset) == NULL);
}

/* Names are short, so that they are found. The input's first line is one more path. */
static struct hg_tap_rules *make_rules(bool sum, struct hg_slice path)
{
    struct hg_tap_rules *rules = hg_tap_rules_new(sum);
    size_t offset = SIZE_MAX;
    const char *why;

    HG_ASSERT(rules != NULL);
    add(rules, HG_TAP_INPUT, "u.i");
    add(rules, HG_TAP_INPUT, "*.u.i");
    add(rules, HG_TAP_OUTPUT, "u.o");
    add(rules, HG_TAP_OUTPUT, "0");
    add(rules, HG_TAP_CACHE_READ, "u.*.c");
    add(rules, HG_TAP_MODEL, "m");
    add(rules, HG_TAP_MODEL, "*.m");
    why = hg_tap_rules_add(rules, HG_TAP_REASONING, path, &offset);
    HG_ASSERT(why == NULL || offset <= path.n);
    return rules;
}

static void measure(const struct hg_tap_rules *rules, const struct hg_tap_head *head, struct hg_slice in,
                    struct hg_slice cuts, bool whole, struct hg_tap_usage *out, char *model)
{
    struct hg_tap *tap = hg_tap_new(rules, head, 1u << 20);

    HG_ASSERT(tap != NULL);
    for (size_t i = 0; in.n > 0; i++) {
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] % 64 : in.n;
        char *copy;
        n = n < in.n ? n : in.n;
        copy = malloc(n);
        HG_ASSERT(copy != NULL);
        memcpy(copy, in.p, n);
        hg_tap_feed(tap, hg_slice(copy, n));
        HG_ASSERT(hg_tap_memory(tap) <= HG_LIMIT_TAP_MEMORY);
        free(copy);
        in = hg_slice_from(in, n);
    }
    hg_tap_end(tap, whole);
    hg_tap_usage(tap, out);
    HG_ASSERT(out->model.n <= HG_LIMIT_TAP_MODEL);
    for (size_t i = 0; i < out->model.n; i++)
        HG_ASSERT((unsigned char)out->model.p[i] >= 0x20 && out->model.p[i] != 0x7f);
    if (out->model.n > 0)
        memcpy(model, out->model.p, out->model.n);
    HG_ASSERT(head->budget->used + 20000 > hg_tap_memory(tap));
    hg_tap_free(tap);
    HG_ASSERT(head->budget->used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const types[] = {"application/json", "text/event-stream", "application/x-ndjson",
                                        NULL};
    static const char *const codings[] = {NULL, NULL, NULL, "gzip", "deflate", "br", "zstd", "deflate, gzip"};
    static const char *const extensions[] = {NULL, "permessage-deflate",
                                             "permessage-deflate; server_no_context_takeover"};
    if (size < 6)
        return 0;
    struct hg_slice cuts = hg_slice((const char *)bytes, 4), in = hg_slice((const char *)bytes + 6, size - 6);
    ptrdiff_t lf = hg_slice_find(in, '\n');
    struct hg_tap_rules *rules = make_rules((bytes[5] & 1) != 0, hg_slice(in.p, lf < 0 ? 0 : (size_t)lf));
    struct hg_budget budget = {.ceiling = SIZE_MAX};
    struct hg_tap_head head = {.budget = &budget};
    struct hg_tap_usage whole, cut;
    char models[2][HG_LIMIT_TAP_MODEL];
    bool to_end = (bytes[5] & 2) != 0;

    in = hg_slice_from(in, (size_t)(lf + 1));
    head.content_type = hg_slice_str(types[bytes[4] % 4]);
    head.status = bytes[4] % 4 == 3 ? 101 : 200;
    head.content_encoding = hg_slice_str(codings[(bytes[4] >> 2) % 8]);
    head.extensions = hg_slice_str(extensions[(bytes[4] >> 5) % 3]);
    measure(rules, &head, in, hg_slice(NULL, 0), to_end, &whole, models[0]);
    measure(rules, &head, in, cuts, to_end, &cut, models[1]);
    hg_tap_rules_free(rules);
    if (whole.why == HG_TAP_TOO_LARGE || cut.why == HG_TAP_TOO_LARGE)
        return 0;
    /* How far a decoder gets before it finds its mistake is its own affair. */
    if (whole.why == HG_TAP_BAD_ENCODING || cut.why == HG_TAP_BAD_ENCODING)
        return 0;
    HG_ASSERT(whole.state == cut.state && whole.why == cut.why);
    HG_ASSERT(whole.found == cut.found && whole.documents == cut.documents && whole.bad == cut.bad);
    HG_ASSERT(memcmp(whole.tokens, cut.tokens, sizeof(whole.tokens)) == 0);
    HG_ASSERT(whole.model.n == cut.model.n && memcmp(models[0], models[1], whole.model.n) == 0);
    return 0;
}
