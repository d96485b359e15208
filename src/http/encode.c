/* SPDX-License-Identifier: MIT
 *
 * The body encoder: one chunk for each span of data, so that what arrived in
 * this turn leaves in this turn.
 */
#include "base/check.h"
#include "http/body.h"

/* The size line in out (HG_BODY_OVERHEAD bytes are enough); its length. */
static size_t size_line(size_t n, char *out)
{
    char reversed[2 * sizeof(n)];
    size_t digits = 0, at = 0;
    do {
        reversed[digits++] = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n > 0);
    while (digits > 0)
        out[at++] = reversed[--digits];
    out[at++] = '\r';
    out[at++] = '\n';
    return at;
}

static char *put(char *to, struct hg_slice s)
{
    if (s.n > 0)
        memcpy(to, s.p, s.n);
    return to + s.n;
}

bool hg_body_encode(struct hg_buf *out, enum hg_framing_kind kind, struct hg_slice data)
{
    char line[HG_BODY_OVERHEAD];
    HG_ASSERT(kind != HG_FRAMING_NONE || data.n == 0);
    /* An empty chunk would end the body. */
    if (data.n == 0)
        return true;
    if (kind != HG_FRAMING_CHUNKED)
        return hg_buf_append(out, data);
    if (data.n > hg_buf_space(out))
        return false;
    size_t n = size_line(data.n, line), total = n + data.n + 2;
    HG_ASSERT(n + 2 <= HG_BODY_OVERHEAD);
    char *to = hg_buf_reserve(out, total, NULL);
    if (!to)
        return false;
    to = put(to, hg_slice(line, n));
    to = put(to, data);
    put(to, HG_LIT("\r\n"));
    hg_buf_commit(out, total);
    return true;
}

/* Length of the trailer section's fields; false when one of them must not leave. */
static bool trailers_length(const struct hg_headers *t, size_t *n)
{
    *n = 0;
    for (size_t i = 0; t && i < t->n; i++) {
        if (!hg_header_name_ok(t->v[i].name) || !hg_header_value_ok(t->v[i].value))
            return false;
        *n += t->v[i].name.n + t->v[i].value.n + 4;
    }
    return true;
}

bool hg_body_encode_end(struct hg_buf *out, enum hg_framing_kind kind, const struct hg_headers *trailers)
{
    size_t fields;
    if (kind != HG_FRAMING_CHUNKED)
        return true;
    if (!trailers_length(trailers, &fields))
        return false;
    size_t total = fields + sizeof("0\r\n\r\n") - 1;
    char *start = hg_buf_reserve(out, total, NULL);
    if (!start)
        return false;
    char *to = put(start, HG_LIT("0\r\n"));
    for (size_t i = 0; trailers && i < trailers->n; i++) {
        to = put(to, trailers->v[i].name);
        to = put(to, HG_LIT(": "));
        to = put(to, trailers->v[i].value);
        to = put(to, HG_LIT("\r\n"));
    }
    to = put(to, HG_LIT("\r\n"));
    HG_ASSERT((size_t)(to - start) == total);
    hg_buf_commit(out, total);
    return true;
}
