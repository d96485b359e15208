/* SPDX-License-Identifier: MIT
 *
 * What a document says is put aside until the document is known to be sound;
 * only then it counts.
 */
#include "base/check.h"
#include "tap.h"

static unsigned lowest(uint64_t bits)
{
    HG_ASSERT(bits != 0);
    return (unsigned)__builtin_ctzll(bits);
}

unsigned hg_tap_first(const struct hg_tap_rules *rules, enum hg_tap_field field, uint64_t seen)
{
    uint64_t of = rules->of_field[field] & seen;

    return of != 0 ? lowest(of) : HG_LIMIT_TAP_PATHS;
}

/* ---- in a document ---- */

/* Bytes of a control character at p (C0, DEL, and C1 as UTF-8); 0: it is none. */
static size_t control(const unsigned char *p, size_t n)
{
    if (p[0] < 0x20 || p[0] == 0x7f)
        return 1;
    return n > 1 && p[0] == 0xc2 && p[1] < 0xa0 ? 2 : 0;
}

static size_t character(const unsigned char *p)
{
    return p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
}

static void note_model(struct hg_tap_found *found, unsigned path, struct hg_slice text)
{
    const unsigned char *p = (const unsigned char *)text.p, *end = p + text.n;
    size_t n = 0, step;

    found->model_path = path;
    for (; p < end; p += step) {
        step = control(p, (size_t)(end - p));
        if (step > 0)
            continue;
        step = character(p);
        if (step > (size_t)(end - p) || step > sizeof(found->model) - n)
            break;
        memcpy(found->model + n, p, step);
        n += step;
    }
    found->model_n = n;
}

static void note(struct hg_tap *tap, unsigned path, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    struct hg_tap_found *found = &tap->document;
    uint64_t value;

    if (tap->rules->field[path] == HG_TAP_MODEL) {
        unsigned before = hg_tap_first(tap->rules, HG_TAP_MODEL, found->seen);
        if (kind != HG_JSCAN_STRING || path > before)
            return;
        note_model(found, path, text->bytes);
    } else {
        if (kind != HG_JSCAN_NUMBER || text->cut || !hg_slice_u64(text->bytes, &value))
            return;
        found->value[path] = value;
    }
    found->seen |= (uint64_t)1 << path;
}

static bool on_member(void *ctx, unsigned depth, const struct hg_jscan_text *name)
{
    struct hg_tap *tap = ctx;

    return hg_paths_enter(&tap->walk, depth, name);
}

static bool on_value(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    struct hg_tap *tap = ctx;
    bool inside;
    uint64_t here = hg_paths_here(&tap->walk, depth, &inside);

    for (; here != 0 && text != NULL; here &= here - 1)
        note(tap, lowest(here), kind, text);
    return inside;
}

/* In a body documents stand by themselves; of an event or message it is known only at its end whether it was
 * one document and no more. */
static void on_document(void *ctx)
{
    struct hg_tap *tap = ctx;

    if (tap->format == HG_TAP_JSON || tap->format == HG_TAP_LINES) {
        hg_tap_count_take(tap);
        tap->document.seen = 0;
        tap->mark = tap->format == HG_TAP_LINES ? tap->bytes : 0;
    }
}

static const struct hg_jscan_events events = {
    .member = on_member, .value = on_value, .document = on_document};

void hg_tap_count_init(struct hg_tap *tap, bool many)
{
    hg_jscan_init(&tap->scan, &events, tap, many);
    hg_paths_begin(&tap->walk, tap->rules->paths);
}

void hg_tap_count_begin(struct hg_tap *tap)
{
    hg_jscan_reset(&tap->scan);
    tap->document.seen = 0;
}

/* ---- in all of them ---- */

static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void take_model(struct hg_tap *tap)
{
    const struct hg_tap_found *from = &tap->document;
    struct hg_tap_found *to = &tap->all;

    if (from->model_path > hg_tap_first(tap->rules, HG_TAP_MODEL, to->seen))
        return;
    to->model_path = from->model_path;
    to->model_n = from->model_n;
    memcpy(to->model, from->model, from->model_n);
}

void hg_tap_count_take(struct hg_tap *tap)
{
    tap->documents++;
    if (tap->document.seen == 0)
        return;
    if ((tap->document.seen & tap->rules->of_field[HG_TAP_MODEL]) != 0)
        take_model(tap);
    for (uint64_t bits = tap->document.seen; bits != 0; bits &= bits - 1) {
        unsigned path = lowest(bits);
        bool more = tap->rules->sum && (tap->all.seen >> path & 1) != 0;
        uint64_t before = more ? tap->all.value[path] : 0;
        tap->all.value[path] = add(before, tap->document.value[path]);
    }
    tap->all.seen |= tap->document.seen;
}
