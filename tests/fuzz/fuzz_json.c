/* SPDX-License-Identifier: MIT
 *
 * Fuzz: JSON whole and cut anywhere must give the same calls and the same
 * verdict; what is passed over is judged like what is read.
 */
#include <stdlib.h>

#include "base/check.h"
#include "usage/member.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    uint64_t hash, calls;
    bool all;
};

static void add(struct told *t, const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t->hash = (t->hash ^ ((const unsigned char *)p)[i]) * 1099511628211u;
    t->calls++;
}

static void add_text(struct told *t, unsigned depth, unsigned kind, const struct hg_jscan_text *text)
{
    unsigned what[] = {depth,
                       kind,
                       text != NULL,
                       text != NULL && text->cut,
                       text != NULL && text->escaped,
                       text != NULL && text->lone};

    add(t, what, sizeof(what));
    if (text == NULL)
        return;
    HG_ASSERT(text->bytes.n <= HG_JSCAN_TEXT);
    add(t, text->bytes.p, text->bytes.n);
}

static bool on_member(void *ctx, unsigned depth, const struct hg_jscan_text *name)
{
    struct told *t = ctx;

    HG_ASSERT(depth > 0 && depth <= HG_LIMIT_JSON_DEPTH);
    add_text(t, depth, 100, name);
    return t->all || t->calls % 3 != 0;
}

static bool on_value(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    struct told *t = ctx;

    HG_ASSERT((text != NULL) == (kind == HG_JSCAN_STRING || kind == HG_JSCAN_NUMBER));
    add_text(t, depth, kind, text);
    return t->all || t->calls % 5 != 0;
}

static void on_document(void *ctx)
{
    add(ctx, "end", 3);
}

static const struct hg_jscan_events events = {
    .member = on_member, .value = on_value, .document = on_document};

struct verdict {
    struct told told;
    bool sound, deep;
    uint64_t offset, documents;
    const char *error;
};

/* Each span in memory of its own, so that a byte too far is found. */
static bool feed(struct hg_jscan *s, struct hg_slice in)
{
    char *copy = malloc(in.n ? in.n : 1);
    bool fine;

    HG_ASSERT(copy != NULL);
    if (in.n > 0)
        memcpy(copy, in.p, in.n);
    fine = hg_jscan_feed(s, hg_slice(copy, in.n));
    free(copy);
    return fine;
}

static struct verdict scan(struct hg_slice in, struct hg_slice cuts, bool all, bool many)
{
    struct verdict v = {.told = {.all = all}};
    struct hg_jscan s;

    hg_jscan_init(&s, &events, &v.told, many);
    for (size_t i = 0; in.n > 0; i++) {
        size_t n = cuts.n > 0 ? 1 + (size_t)(unsigned char)cuts.p[i % cuts.n] % 32 : in.n;
        n = n < in.n ? n : in.n;
        if (!feed(&s, hg_slice(in.p, n)))
            break;
        in = hg_slice_from(in, n);
    }
    v.sound = hg_jscan_end(&s);
    HG_ASSERT(!(v.sound && s.error != NULL));
    v.deep = s.too_deep;
    v.offset = s.offset;
    v.documents = s.documents;
    v.error = s.error;
    return v;
}

static void same(const struct verdict *a, const struct verdict *b)
{
    HG_ASSERT(a->sound == b->sound && a->deep == b->deep && a->offset == b->offset &&
              a->documents == b->documents && a->error == b->error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 5)
        return 0;
    struct hg_slice cuts = hg_slice((const char *)bytes, 4), in = hg_slice((const char *)bytes + 5, size - 5);
    bool many = (bytes[4] & 1) != 0;
    struct verdict whole = scan(in, hg_slice(NULL, 0), true, many), cut = scan(in, cuts, true, many);
    struct verdict some = scan(in, cuts, false, many);
    struct hg_member m;

    same(&whole, &cut);
    HG_ASSERT(whole.told.hash == cut.told.hash && whole.told.calls == cut.told.calls);
    same(&whole, &some);
    hg_member_init(&m, HG_LIT("model"));
    HG_ASSERT(many || (hg_member_feed(&m, in) && hg_member_end(&m)) == whole.sound);
    return 0;
}
