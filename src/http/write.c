/* SPDX-License-Identifier: MIT
 *
 * Writes heads. The same code runs twice: once to count and to look at every
 * byte that will leave, once to write into exactly that much room, so that a
 * head is written whole or not at all.
 */
#include "http/write.h"

#include "base/check.h"
#include "lines.h"

struct sink {
    char *to; /* NULL: only count */
    size_t n;
};

static void put(struct sink *s, struct hg_slice part)
{
    if (s->to && part.n > 0)
        memcpy(s->to + s->n, part.p, part.n);
    s->n += part.n;
}

static void put_field(struct sink *s, struct hg_slice name, struct hg_slice value)
{
    put(s, name);
    put(s, HG_LIT(": "));
    put(s, value);
    put(s, HG_LIT("\r\n"));
}

static void put_number_field(struct sink *s, struct hg_slice name, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    put_field(s, name, hg_slice(digits + at, sizeof(digits) - at));
}

/* What this file writes itself, and so never copies. */
static bool is_ours(enum hg_field id, bool keep_length)
{
    switch (id) {
    case HG_FIELD_HOST:
    case HG_FIELD_CONNECTION:
    case HG_FIELD_TRANSFER_ENCODING:
    case HG_FIELD_UPGRADE:
    case HG_FIELD_TE:
    case HG_FIELD_KEEP_ALIVE:
        return true;
    case HG_FIELD_CONTENT_LENGTH:
        return !keep_length;
    default:
        return false;
    }
}

static void put_headers(struct sink *s, const struct hg_headers *h, bool keep_length)
{
    for (size_t i = 0; h && i < h->n; i++)
        if (!is_ours(h->v[i].id, keep_length))
            put_field(s, h->v[i].name, h->v[i].value);
}

static bool headers_ok(const struct hg_headers *h)
{
    for (size_t i = 0; h && i < h->n; i++)
        if (!hg_header_name_ok(h->v[i].name) || !hg_header_value_ok(h->v[i].value))
            return false;
    return true;
}

static void put_framing(struct sink *s, enum hg_framing_kind kind, uint64_t length)
{
    if (kind == HG_FRAMING_LENGTH)
        put_number_field(s, HG_LIT("Content-Length"), length);
    else if (kind == HG_FRAMING_CHUNKED)
        put_field(s, HG_LIT("Transfer-Encoding"), HG_LIT("chunked"));
}

/* Connection with those of its options that are wanted; `also` may be empty. */
static void put_connection(struct sink *s, bool upgrade, struct hg_slice also, bool close)
{
    const struct hg_slice options[] = {upgrade ? HG_LIT("Upgrade") : HG_LIT(""), also,
                                       close ? HG_LIT("close") : HG_LIT("")};
    bool first = true;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i].n == 0)
            continue;
        put(s, first ? HG_LIT("Connection: ") : HG_LIT(", "));
        put(s, options[i]);
        first = false;
    }
    if (!first)
        put(s, HG_LIT("\r\n"));
    if (upgrade)
        put_field(s, HG_LIT("Upgrade"), HG_LIT("websocket"));
}

static void emit_request(struct sink *s, const struct hg_write_request *w)
{
    put(s, w->method);
    put(s, HG_LIT(" "));
    put(s, w->path);
    if (w->query.p) {
        put(s, HG_LIT("?"));
        put(s, w->query);
    }
    put(s, HG_LIT(" HTTP/1.1\r\n"));
    put_field(s, HG_LIT("Host"), w->host);
    put_headers(s, w->headers, false);
    put_framing(s, w->framing, w->length);
    if (w->te_trailers)
        put_field(s, HG_LIT("TE"), HG_LIT("trailers"));
    put_connection(s, w->upgrade_websocket, w->te_trailers ? HG_LIT("TE") : HG_LIT(""), w->close);
    put(s, HG_LIT("\r\n"));
}

static bool request_ok(const struct hg_write_request *w)
{
    return hg_header_name_ok(w->method) && w->path.n > 0 && hg_lines_target_ok(w->path) &&
           hg_lines_target_ok(w->query) && hg_lines_target_ok(w->host) && headers_ok(w->headers);
}

bool hg_write_request(struct hg_buf *out, const struct hg_write_request *w)
{
    struct sink count = {NULL, 0};
    HG_ASSERT(w->framing != HG_FRAMING_CLOSE);
    if (!request_ok(w))
        return false;
    emit_request(&count, w);
    struct sink sink = {hg_buf_reserve(out, count.n, NULL), 0};
    if (!sink.to)
        return false;
    emit_request(&sink, w);
    HG_ASSERT(sink.n == count.n);
    hg_buf_commit(out, sink.n);
    return true;
}

static void emit_response(struct sink *s, const struct hg_write_response *w)
{
    const char code[4] = {(char)('0' + w->status / 100), (char)('0' + w->status / 10 % 10),
                          (char)('0' + w->status % 10), ' '};
    bool no_body_status = w->status < 200 || w->status == 204;
    bool close = w->status >= 200 && (w->close || w->framing == HG_FRAMING_CLOSE);
    bool say_keep_alive = w->minor == 0 && w->status >= 200 && !close;
    put(s, HG_LIT("HTTP/1.1 "));
    put(s, hg_slice(code, sizeof(code)));
    put(s, w->reason.n > 0 ? w->reason : hg_slice_str(hg_http_reason(w->status)));
    put(s, HG_LIT("\r\n"));
    /* To HEAD and in a 304 Content-Length is information, and stays. */
    put_headers(s, w->headers, w->framing == HG_FRAMING_NONE && !no_body_status);
    put_framing(s, w->framing, w->length);
    put_connection(s, w->upgrade_websocket, say_keep_alive ? HG_LIT("keep-alive") : HG_LIT(""), close);
    put(s, HG_LIT("\r\n"));
}

bool hg_write_response(struct hg_buf *out, const struct hg_write_response *w)
{
    struct sink count = {NULL, 0};
    HG_ASSERT(w->status >= 100 && w->status <= 999);
    /* A client of HTTP/1.0 cannot read chunks; no body means no framing fields. */
    HG_ASSERT(w->minor > 0 || w->framing != HG_FRAMING_CHUNKED);
    HG_ASSERT((w->status >= 200 && w->status != 204) || w->framing == HG_FRAMING_NONE);
    if (!hg_header_value_ok(w->reason) || !headers_ok(w->headers))
        return false;
    emit_response(&count, w);
    struct sink sink = {hg_buf_reserve(out, count.n, NULL), 0};
    if (!sink.to)
        return false;
    emit_response(&sink, w);
    HG_ASSERT(sink.n == count.n);
    hg_buf_commit(out, sink.n);
    return true;
}
