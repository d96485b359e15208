/* SPDX-License-Identifier: MIT
 *
 * A guard decides by the value that an upstream will read. Readers differ in
 * which of two members they take and in how they compare names, so this one
 * tells all that could matter and decides nothing.
 */
#include "usage/member.h"

#include <limits.h>

#include "base/check.h"

static bool on_member(void *ctx, unsigned depth, const struct hg_jscan_text *name)
{
    struct hg_member *m = ctx;

    if (depth != 1 || name == NULL || name->cut || !hg_slice_ieq(name->bytes, m->name))
        return false;
    m->escaped_name = m->escaped_name || name->escaped;
    if (!hg_slice_eq(name->bytes, m->name)) {
        m->alike += m->alike < UINT_MAX;
        return false;
    }
    m->times += m->times < UINT_MAX;
    m->complete = false;
    return true;
}

static bool on_value(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    struct hg_member *m = ctx;

    if (depth == 0) {
        m->object = kind == HG_JSCAN_OBJECT;
        return m->object;
    }
    m->kind = kind;
    m->n = 0;
    m->escaped = m->cut = m->lone = false;
    m->complete = kind != HG_JSCAN_OBJECT && kind != HG_JSCAN_ARRAY;
    if (text != NULL) {
        HG_ASSERT(text->bytes.n <= sizeof(m->value));
        memcpy(m->value, text->bytes.p, text->bytes.n);
        m->n = text->bytes.n;
        m->escaped = text->escaped;
        m->cut = text->cut;
        m->lone = text->lone;
        m->complete = !text->cut;
    }
    return false;
}

static const struct hg_jscan_events events = {.member = on_member, .value = on_value};

void hg_member_init(struct hg_member *m, struct hg_slice name)
{
    HG_ASSERT(name.n < HG_JSCAN_TEXT);
    memset(m, 0, offsetof(struct hg_member, value));
    m->name = name;
    hg_jscan_init(&m->scan, &events, m, false);
}

bool hg_member_feed(struct hg_member *m, struct hg_slice span)
{
    return hg_jscan_feed(&m->scan, span);
}

bool hg_member_end(struct hg_member *m)
{
    return hg_jscan_end(&m->scan);
}

struct hg_slice hg_member_string(const struct hg_member *m)
{
    if (m->times != 1 || m->kind != HG_JSCAN_STRING || !m->complete)
        return hg_slice(NULL, 0);
    return hg_slice(m->value, m->n);
}
