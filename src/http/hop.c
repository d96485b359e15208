/* SPDX-License-Identifier: MIT
 *
 * What ends at this hop (RFC 9110, 7.6.1). Connection may name further fields,
 * but not those that would change framing or routing behind our back.
 */
#include "http/framing.h"

/* More options than this in Connection are an attack (each costs a walk over the list), not a message. */
#define OPTIONS_MAX 64u

struct options {
    struct hg_slice v[OPTIONS_MAX];
    size_t n;
};

static enum hg_http_error read_options(struct hg_slice list, struct options *out)
{
    struct hg_slice item;
    while (hg_slice_next_item(&list, &item)) {
        if (out->n == OPTIONS_MAX || !hg_header_name_ok(item))
            return HG_HTTP_BAD_CONNECTION;
        if (hg_field_flags(hg_field_id(item)) & HG_FIELD_N)
            return HG_HTTP_BAD_CONNECTION;
        out->v[out->n++] = item;
    }
    return HG_HTTP_OK;
}

/* First all are read, then all removed: a Connection field may name itself. */
static enum hg_http_error remove_nominated(struct hg_headers *h)
{
    struct options options;
    options.n = 0;
    for (size_t i = 0; i < h->n; i++) {
        if (h->v[i].id != HG_FIELD_CONNECTION)
            continue;
        enum hg_http_error e = read_options(h->v[i].value, &options);
        if (e != HG_HTTP_OK)
            return e;
    }
    for (size_t i = 0; i < options.n; i++)
        hg_headers_remove(h, options.v[i]);
    return HG_HTTP_OK;
}

static void remove_hop_fields(struct hg_headers *h, bool keep_length)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->n; i++) {
        enum hg_field id = h->v[i].id;
        bool gone = (hg_field_flags(id) & HG_FIELD_H) || (id == HG_FIELD_CONTENT_LENGTH && !keep_length);
        if (!gone)
            h->v[kept++] = h->v[i];
    }
    h->n = kept;
}

static bool no_body(const struct hg_framing *f)
{
    return f->kind == HG_FRAMING_NONE || (f->kind == HG_FRAMING_LENGTH && f->length == 0);
}

static enum hg_http_error read_expect(const struct hg_request *r, const struct hg_framing *f, bool *expect)
{
    size_t at = 0;
    *expect = false;
    for (const struct hg_header *h; (h = hg_headers_find_id(&r->headers, HG_FIELD_EXPECT, at)) != NULL;) {
        at = (size_t)(h - r->headers.v) + 1;
        if (!hg_slice_ieq(h->value, HG_LIT("100-continue")))
            return HG_HTTP_BAD_EXPECT;
        /* RFC 9110, 10.1.1: not in HTTP/1.0; and without a body there is nothing to wait for. */
        *expect = r->minor > 0 && !no_body(f);
    }
    return HG_HTTP_OK;
}

enum hg_http_error hg_hop_request(struct hg_request *r, const struct hg_framing *f, struct hg_hop *hop)
{
    struct hg_headers *h = &r->headers;
    *hop = (struct hg_hop){.expect_continue = false};
    enum hg_http_error e = read_expect(r, f, &hop->expect_continue);
    if (e != HG_HTTP_OK)
        return e;
    hop->upgrade_websocket = r->method_id == HG_METHOD_GET && r->minor > 0 && no_body(f) &&
                             hg_headers_has_token(h, HG_FIELD_CONNECTION, HG_LIT("upgrade")) &&
                             hg_headers_has_token(h, HG_FIELD_UPGRADE, HG_LIT("websocket"));
    hop->te_trailers = r->minor > 0 && hg_headers_has_token(h, HG_FIELD_CONNECTION, HG_LIT("te")) &&
                       hg_headers_has_token(h, HG_FIELD_TE, HG_LIT("trailers"));
    e = remove_nominated(h);
    if (e != HG_HTTP_OK)
        return e;
    remove_hop_fields(h, false);
    return HG_HTTP_OK;
}

enum hg_http_error hg_hop_response(struct hg_response *r, const struct hg_framing *f)
{
    enum hg_http_error e = remove_nominated(&r->headers);
    if (e != HG_HTTP_OK)
        return e;
    bool head_or_304 = f->kind == HG_FRAMING_NONE && r->status >= 200 && r->status != 204;
    remove_hop_fields(&r->headers, head_or_304);
    return HG_HTTP_OK;
}
