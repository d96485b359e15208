/* SPDX-License-Identifier: MIT
 *
 * Where a body ends (RFC 9112, 6.3), decided here and nowhere else. Two answers
 * to that question in one message are an error, also where the RFC would let a
 * recipient pick one.
 */
#include "http/framing.h"

static bool keeps_alive(const struct hg_headers *h, unsigned minor)
{
    if (hg_headers_has_token(h, HG_FIELD_CONNECTION, HG_LIT("close")))
        return false;
    return minor > 0 || hg_headers_has_token(h, HG_FIELD_CONNECTION, HG_LIT("keep-alive"));
}

/* The one Content-Length, if any. Above 2^63-1 nobody means it, and sums could wrap. */
static enum hg_http_error content_length(const struct hg_headers *h, bool *found, uint64_t *length)
{
    const struct hg_header *f = hg_headers_find_id(h, HG_FIELD_CONTENT_LENGTH, 0);
    *found = f != NULL;
    if (!f)
        return HG_HTTP_OK;
    if (hg_headers_find_id(h, HG_FIELD_CONTENT_LENGTH, (size_t)(f - h->v) + 1))
        return HG_HTTP_DUPLICATE_LENGTH;
    if (hg_slice_find(f->value, ',') >= 0)
        return HG_HTTP_DUPLICATE_LENGTH;
    return hg_slice_u64(f->value, length) && *length <= INT64_MAX ? HG_HTTP_OK : HG_HTTP_BAD_LENGTH;
}

/* Just "chunked", in one field: a list, even with empty elements, is read differently by others. */
static enum hg_http_error transfer_coding(const struct hg_headers *h, unsigned minor)
{
    const struct hg_header *f = hg_headers_find_id(h, HG_FIELD_TRANSFER_ENCODING, 0);
    if (minor == 0)
        return HG_HTTP_CODING_VERSION;
    if (hg_headers_count_id(h, HG_FIELD_TRANSFER_ENCODING) != 1)
        return HG_HTTP_BAD_CODING;
    return hg_slice_ieq(f->value, HG_LIT("chunked")) ? HG_HTTP_OK : HG_HTTP_BAD_CODING;
}

/* What the fields say; `otherwise` is what their absence means. */
static enum hg_http_error decide(const struct hg_headers *h, unsigned minor, enum hg_framing_kind otherwise,
                                 struct hg_framing *f)
{
    bool has_length = hg_headers_count_id(h, HG_FIELD_CONTENT_LENGTH) > 0;
    bool has_coding = hg_headers_count_id(h, HG_FIELD_TRANSFER_ENCODING) > 0;
    f->kind = otherwise;
    if (has_length && has_coding)
        return HG_HTTP_TWO_FRAMINGS;
    if (has_coding) {
        f->kind = HG_FRAMING_CHUNKED;
        return transfer_coding(h, minor);
    }
    if (has_length)
        f->kind = HG_FRAMING_LENGTH;
    return content_length(h, &has_length, &f->length);
}

enum hg_http_error hg_framing_request(const struct hg_request *r, struct hg_framing *f)
{
    *f = (struct hg_framing){.keep_alive = keeps_alive(&r->headers, r->minor)};
    return decide(&r->headers, r->minor, HG_FRAMING_NONE, f);
}

static bool never_has_body(unsigned status, enum hg_method method)
{
    return status < 200 || status == 204 || (method == HG_METHOD_CONNECT && status < 300);
}

enum hg_http_error hg_framing_response(const struct hg_response *r, enum hg_method method,
                                       struct hg_framing *f)
{
    const struct hg_headers *h = &r->headers;
    bool found;
    uint64_t length = 0;
    *f = (struct hg_framing){.keep_alive = keeps_alive(h, r->minor)};
    if (never_has_body(r->status, method)) {
        /* A server that frames a body here may also send one: do not use its connection again. */
        bool bad = content_length(h, &found, &length) != HG_HTTP_OK;
        if (bad || length > 0 || hg_headers_find_id(h, HG_FIELD_TRANSFER_ENCODING, 0))
            f->keep_alive = false;
        return HG_HTTP_OK;
    }
    if (method == HG_METHOD_HEAD || r->status == 304)
        return content_length(h, &found, &length); /* it is passed on, so it must be well-formed */
    enum hg_http_error e = decide(h, r->minor, HG_FRAMING_CLOSE, f);
    if (f->kind == HG_FRAMING_CLOSE)
        f->keep_alive = false;
    return e;
}
