/* SPDX-License-Identifier: MIT
 *
 * Fuzz: bytes as a request and as a response. What is accepted must be written
 * out again as a head that is accepted and means the same; the verdict of the
 * scan must not depend on how the bytes were cut.
 */
#include <stdlib.h>

#include "base/check.h"
#include "http/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 16384u

static enum hg_scan scan(struct hg_slice in, bool request, size_t step, size_t *n, enum hg_http_error *why)
{
    struct hg_head_scan s;
    enum hg_scan got = HG_SCAN_MORE;
    *why = HG_HTTP_OK;
    hg_head_scan_init(&s, LIMIT, request);
    for (size_t at = step; got == HG_SCAN_MORE && at < in.n + step; at += step) {
        /* A block of exactly that size: one byte too far is found. */
        size_t len = at < in.n ? at : in.n;
        char *copy = malloc(len);
        HG_ASSERT(copy);
        memcpy(copy, in.p, len);
        got = hg_head_scan(&s, hg_slice(copy, len), n, why);
        free(copy);
    }
    return got;
}

static bool head_of(struct hg_slice in, bool request, struct hg_slice *head)
{
    size_t n = 0, again = 0;
    enum hg_http_error why, why_again;
    enum hg_scan got = scan(in, request, in.n + 1, &n, &why);
    HG_ASSERT(got == scan(in, request, 1 + in.n / 7, &again, &why_again));
    HG_ASSERT(why == why_again && n == again);
    *head = hg_slice(in.p, n);
    return got == HG_SCAN_DONE;
}

static void check_fields(const struct hg_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        HG_ASSERT(hg_header_name_ok(h->v[i].name) && hg_header_value_ok(h->v[i].value));
        HG_ASSERT(h->v[i].id == hg_field_id(h->v[i].name));
    }
}

static void check_request_again(struct hg_slice out, const struct hg_write_request *w,
                                const struct hg_request *r)
{
    struct hg_arena arena;
    struct hg_request again;
    struct hg_framing f;
    struct hg_slice head;
    hg_arena_init(&arena, 1u << 20);
    HG_ASSERT(head_of(out, true, &head) && head.n == out.n);
    HG_ASSERT(hg_request_parse(&again, head, &arena) == HG_HTTP_OK);
    HG_ASSERT(hg_framing_request(&again, &f) == HG_HTTP_OK);
    HG_ASSERT(f.kind == w->framing && f.length == w->length);
    HG_ASSERT(hg_slice_eq(again.path, r->path) && hg_slice_eq(again.query, r->query));
    HG_ASSERT(hg_slice_eq(again.method, r->method) && hg_slice_eq(again.authority, w->host));
    hg_arena_reset(&arena);
}

static void request(struct hg_slice in)
{
    struct hg_arena arena;
    struct hg_request r;
    struct hg_framing f;
    struct hg_hop hop;
    struct hg_slice head;
    struct hg_buf out;
    hg_arena_init(&arena, 1u << 20);
    hg_buf_init(&out, LIMIT, true);
    if (head_of(in, true, &head) && hg_request_parse(&r, head, &arena) == HG_HTTP_OK &&
        hg_framing_request(&r, &f) == HG_HTTP_OK && hg_hop_request(&r, &f, &hop) == HG_HTTP_OK) {
        check_fields(&r.headers);
        HG_ASSERT(r.path.n > 0 && (r.path.p[0] == '/' || hg_slice_eq(r.path, HG_LIT("*"))));
        HG_ASSERT(r.path.n < 2 || r.path.p[1] != '/');
        HG_ASSERT(f.kind != HG_FRAMING_CLOSE && r.method_id != HG_METHOD_CONNECT);
        struct hg_write_request w = {.method = r.method,
                                     .path = r.path,
                                     .query = r.query,
                                     .host = HG_LIT("upstream"),
                                     .headers = &r.headers,
                                     .framing = f.kind,
                                     .length = f.length,
                                     .upgrade_websocket = hop.upgrade_websocket,
                                     .te_trailers = hop.te_trailers};
        if (hg_write_request(&out, &w) && hg_buf_len(&out) < LIMIT && r.headers.n < 250)
            check_request_again(hg_buf_data(&out), &w, &r);
    }
    hg_buf_free(&out);
    hg_arena_reset(&arena);
}

static void response(struct hg_slice in, enum hg_method method)
{
    struct hg_arena arena;
    struct hg_response r;
    struct hg_framing f;
    struct hg_slice head;
    struct hg_buf out;
    hg_arena_init(&arena, 1u << 20);
    hg_buf_init(&out, LIMIT, true);
    if (head_of(in, false, &head) && hg_response_parse(&r, head, &arena) == HG_HTTP_OK &&
        hg_framing_response(&r, method, &f) == HG_HTTP_OK && hg_hop_response(&r, &f) == HG_HTTP_OK) {
        check_fields(&r.headers);
        HG_ASSERT(r.status >= 100 && r.status <= 599);
        struct hg_write_response w = {.status = r.status,
                                      .reason = r.reason,
                                      .minor = 1,
                                      .headers = &r.headers,
                                      .framing = f.kind,
                                      .length = f.length};
        if (hg_write_response(&out, &w) && hg_buf_len(&out) < LIMIT && r.headers.n < 250) {
            struct hg_response again;
            struct hg_framing g;
            HG_ASSERT(head_of(hg_buf_data(&out), false, &head) && head.n == hg_buf_len(&out));
            HG_ASSERT(hg_response_parse(&again, head, &arena) == HG_HTTP_OK && again.status == r.status);
            HG_ASSERT(hg_framing_response(&again, method, &g) == HG_HTTP_OK);
            HG_ASSERT(g.kind == f.kind && g.length == f.length);
        }
    }
    hg_buf_free(&out);
    hg_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hg_slice in = hg_slice((const char *)data, size);
    request(in);
    response(in, HG_METHOD_GET);
    response(in, HG_METHOD_HEAD);
    return 0;
}
