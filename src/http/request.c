/* SPDX-License-Identifier: MIT
 *
 * Request heads: request line, target forms, Host (RFC 9112, 3 and RFC 9110,
 * 7.2). A target that two servers could understand differently is refused.
 */
#include "base/check.h"
#include "base/text.h"
#include "http/head.h"
#include "http/target.h"
#include "lines.h"

static bool is_hex(char c)
{
    char l = hg_lower(c);
    return (c >= '0' && c <= '9') || (l >= 'a' && l <= 'f');
}

/* reg-name of RFC 3986 without the comma, which is how two joined Host fields look. */
static bool is_reg_name(struct hg_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], l = hg_lower(c);
        bool plain = (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
        if (c == '%' && s.n - i > 2 && is_hex(s.p[i + 1]) && is_hex(s.p[i + 2]))
            i += 2;
        else if (!plain && (c == '\0' || !strchr("-._~!$&'()*+;=", c)))
            return false;
    }
    return s.n > 0;
}

static bool is_port(struct hg_slice s)
{
    uint64_t v;
    return s.n == 0 || (s.n <= 5 && hg_slice_u64(s, &v) && v <= UINT16_MAX);
}

/* uri-host [ ":" port ]; user info, paths and spaces have no place in it. */
bool hg_authority_ok(struct hg_slice s)
{
    ptrdiff_t end = s.n > 0 && s.p[0] == '[' ? hg_slice_find(s, ']') + 1 : hg_slice_find(s, ':');
    size_t n = end < 0 ? s.n : (size_t)end;
    struct hg_slice host = hg_slice(s.p, n), rest = hg_slice_from(s, n);
    if (n == 0)
        return false;
    bool good = host.p[0] == '['
                    ? hg_slice_find(host, ':') > 0 && hg_text_is_ip(hg_slice(host.p + 1, host.n - 2))
                    : is_reg_name(host);
    return good && (rest.n == 0 || (rest.p[0] == ':' && is_port(hg_slice_from(rest, 1))));
}

/* An empty Host is what RFC 9110, 7.2 asks of a client whose target has no authority. */
static enum hg_http_error take_host(struct hg_request *r)
{
    size_t n = hg_headers_count_id(&r->headers, HG_FIELD_HOST);
    r->authority = hg_slice("", 0);
    if (n > 1)
        return HG_HTTP_DUPLICATE_HOST;
    if (n == 0)
        return r->minor == 0 ? HG_HTTP_OK : HG_HTTP_NO_HOST;
    r->authority = hg_headers_find_id(&r->headers, HG_FIELD_HOST, 0)->value;
    return r->authority.n == 0 || hg_authority_ok(r->authority) ? HG_HTTP_OK : HG_HTTP_BAD_HOST;
}

static void split_query(struct hg_request *r, struct hg_slice s)
{
    ptrdiff_t mark = hg_slice_find(s, '?');
    r->path = mark < 0 ? s : hg_slice(s.p, (size_t)mark);
    r->query = mark < 0 ? hg_slice(NULL, 0) : hg_slice_from(s, (size_t)mark + 1);
}

/* `s` is path and query. A leading // would be an authority to whoever reads it as a reference. */
static enum hg_http_error origin_form(struct hg_request *r, struct hg_slice s)
{
    HG_ASSERT(s.n > 0 && s.p[0] == '/');
    if (s.n > 1 && s.p[1] == '/')
        return HG_HTTP_TARGET_SLASHES;
    split_query(r, s);
    return HG_HTTP_OK;
}

static size_t scheme_length(struct hg_slice target)
{
    if (hg_slice_istarts(target, HG_LIT("http://")))
        return sizeof("http://") - 1;
    return hg_slice_istarts(target, HG_LIT("https://")) ? sizeof("https://") - 1 : 0;
}

static enum hg_http_error absolute_form(struct hg_request *r)
{
    struct hg_slice rest = hg_slice_from(r->target, scheme_length(r->target));
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
        n++;
    struct hg_slice authority = hg_slice(rest.p, n);
    rest = hg_slice_from(rest, n);
    if (!hg_authority_ok(authority))
        return HG_HTTP_BAD_TARGET;
    if (!hg_slice_ieq(authority, r->authority))
        return HG_HTTP_TARGET_MISMATCH;
    if (rest.n > 0 && rest.p[0] == '/')
        return origin_form(r, rest);
    split_query(r, rest);
    /* RFC 9112, 3.2.1 and 3.2.4 */
    r->path = r->method_id == HG_METHOD_OPTIONS && !r->query.p ? HG_LIT("*") : HG_LIT("/");
    return HG_HTTP_OK;
}

static enum hg_http_error take_target(struct hg_request *r)
{
    struct hg_slice t = r->target;
    if (t.p[0] == '/')
        return origin_form(r, t);
    if (scheme_length(t) > 0)
        return absolute_form(r);
    if (!hg_slice_eq(t, HG_LIT("*")) || r->method_id != HG_METHOD_OPTIONS)
        return HG_HTTP_BAD_TARGET;
    r->path = t;
    return HG_HTTP_OK;
}

static enum hg_http_error request_line(struct hg_request *r, struct hg_slice line)
{
    ptrdiff_t first = hg_slice_find(line, ' ');
    if (first <= 0)
        return HG_HTTP_BAD_REQUEST_LINE;
    struct hg_slice rest = hg_slice_from(line, (size_t)first + 1);
    ptrdiff_t second = hg_slice_find(rest, ' ');
    if (second <= 0)
        return HG_HTTP_BAD_REQUEST_LINE;
    r->method = hg_slice(line.p, (size_t)first);
    r->target = hg_slice(rest.p, (size_t)second);
    if (!hg_header_name_ok(r->method))
        return HG_HTTP_BAD_METHOD;
    rest = hg_slice_from(rest, (size_t)second + 1);
    enum hg_http_error e = hg_lines_version(rest, HG_HTTP_BAD_REQUEST_LINE, &r->minor);
    if (e != HG_HTTP_OK)
        return e;
    r->method_id = hg_method_id(r->method);
    if (r->method_id == HG_METHOD_CONNECT || r->method_id == HG_METHOD_TRACE)
        return HG_HTTP_METHOD_REFUSED;
    return hg_lines_target_ok(r->target) ? HG_HTTP_OK : HG_HTTP_BAD_TARGET;
}

enum hg_http_error hg_request_parse(struct hg_request *r, struct hg_slice head, struct hg_arena *arena)
{
    struct hg_slice line;
    *r = (struct hg_request){.method_id = HG_METHOD_OTHER};
    hg_headers_init(&r->headers, arena);
    if (hg_slice_starts(head, HG_LIT("\r\n")))
        head = hg_slice_from(head, 2);
    enum hg_http_error e = hg_lines_next(&head, &line);
    if (e == HG_HTTP_OK)
        e = request_line(r, line);
    if (e == HG_HTTP_OK)
        e = hg_lines_fields(&head, &r->headers);
    if (e == HG_HTTP_OK)
        e = take_host(r);
    if (e == HG_HTTP_OK)
        e = take_target(r);
    return e;
}
