/* SPDX-License-Identifier: MIT
 *
 * Fuzz: a stream of events, whole and cut anywhere, against a reading that has
 * all of it before it begins.
 */
#include <stdlib.h>

#include "base/check.h"
#include "usage/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    char *p;
    size_t n, cap;
};

static void put(struct told *t, struct hg_slice s)
{
    HG_ASSERT(s.n <= t->cap - t->n);
    if (s.n > 0)
        memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
}

static void on_data(void *ctx, struct hg_slice piece)
{
    HG_ASSERT(piece.n > 0);
    put(ctx, piece);
}

static void on_event(void *ctx, struct hg_slice type)
{
    HG_ASSERT(type.n <= HG_SSE_TYPE);
    put(ctx, HG_LIT("|"));
    put(ctx, type);
    put(ctx, HG_LIT(";"));
}

static const struct hg_sse_events events = {.data = on_data, .event = on_event};

static void stream(struct told *t, struct hg_slice in, struct hg_slice cuts)
{
    struct hg_sse s;

    hg_sse_init(&s, &events, t);
    for (size_t i = 0; in.n > 0; i++) {
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] % 32 : in.n;
        char *copy;
        n = n < in.n ? n : in.n;
        copy = malloc(n);
        HG_ASSERT(copy != NULL);
        memcpy(copy, in.p, n);
        hg_sse_feed(&s, hg_slice(copy, n));
        free(copy);
        in = hg_slice_from(in, n);
    }
    hg_sse_end(&s);
}

/* ---- the same, line by line ---- */

/* Takes a line with its end off *in. */
static struct hg_slice next_line(struct hg_slice *in)
{
    size_t n = 0, end;
    struct hg_slice line;

    while (n < in->n && in->p[n] != '\n' && in->p[n] != '\r')
        n++;
    line = hg_slice(in->p, n);
    end = n + (n < in->n);
    if (end < in->n && in->p[n] == '\r' && in->p[n + 1] == '\n')
        end++;
    *in = hg_slice_from(*in, end);
    return line;
}

static void one_field(struct told *t, struct hg_slice line, struct hg_slice *type, bool *has_data)
{
    ptrdiff_t colon = hg_slice_find(line, ':');
    struct hg_slice name = hg_slice(line.p, colon < 0 ? line.n : (size_t)colon);
    struct hg_slice value = colon < 0 ? hg_slice(NULL, 0) : hg_slice_from(line, (size_t)colon + 1);

    if (value.n > 0 && value.p[0] == ' ')
        value = hg_slice_from(value, 1);
    if (hg_slice_eq(name, HG_LIT("event"))) {
        *type = value;
        type->n = value.n < HG_SSE_TYPE ? value.n : HG_SSE_TYPE;
    } else if (hg_slice_eq(name, HG_LIT("data"))) {
        if (*has_data)
            put(t, HG_LIT("\n"));
        put(t, value);
        *has_data = true;
    }
}

static void by_lines(struct told *t, struct hg_slice in)
{
    struct hg_slice type = hg_slice(NULL, 0), line;
    bool has_data = false;

    if (hg_slice_starts(in, HG_LIT("\xef\xbb\xbf")))
        in = hg_slice_from(in, 3);
    while (in.n > 0) {
        line = next_line(&in);
        if (line.n > 0)
            one_field(t, line, &type, &has_data);
        if (line.n > 0 && in.n > 0)
            continue;
        if (has_data)
            on_event(t, type);
        has_data = false;
        type.n = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 4 || size > 65536)
        return 0;
    struct hg_slice cuts = hg_slice((const char *)bytes, 4), in = hg_slice((const char *)bytes + 4, size - 4);
    struct told t[3];

    for (size_t i = 0; i < 3; i++) {
        t[i] = (struct told){.p = malloc(2 * size + 128), .cap = 2 * size + 128};
        HG_ASSERT(t[i].p != NULL);
    }
    stream(&t[0], in, hg_slice(NULL, 0));
    stream(&t[1], in, cuts);
    by_lines(&t[2], in);
    for (size_t i = 1; i < 3; i++)
        HG_ASSERT(hg_slice_eq(hg_slice(t[0].p, t[0].n), hg_slice(t[i].p, t[i].n)));
    for (size_t i = 0; i < 3; i++)
        free(t[i].p);
    return 0;
}
