/* SPDX-License-Identifier: MIT
 *
 * Response heads (RFC 9112, 4). An upstream's bytes are as hostile as a
 * client's, and are held to the same rules.
 */
#include "http/head.h"
#include "lines.h"

static bool status_code(struct hg_slice s, unsigned *status)
{
    uint64_t v;
    if (s.n != 3 || !hg_slice_u64(s, &v) || v < 100 || v > 599)
        return false;
    *status = (unsigned)v;
    return true;
}

/* "HTTP/1.x SP 3DIGIT [SP reason]": the space behind the code is missing often enough when there is no
 * reason, and its absence is not ambiguous. */
static enum hg_http_error status_line(struct hg_response *r, struct hg_slice line)
{
    ptrdiff_t space = hg_slice_find(line, ' ');
    if (space < 0)
        return HG_HTTP_BAD_STATUS_LINE;
    enum hg_http_error e =
        hg_lines_version(hg_slice(line.p, (size_t)space), HG_HTTP_BAD_STATUS_LINE, &r->minor);
    if (e != HG_HTTP_OK)
        return e;
    struct hg_slice rest = hg_slice_from(line, (size_t)space + 1);
    struct hg_slice code = hg_slice(rest.p, rest.n < 3 ? rest.n : 3);
    rest = hg_slice_from(rest, code.n);
    if (!status_code(code, &r->status) || (rest.n > 0 && rest.p[0] != ' '))
        return HG_HTTP_BAD_STATUS_LINE;
    r->reason = hg_slice_trim(rest);
    return hg_header_value_ok(r->reason) ? HG_HTTP_OK : HG_HTTP_CONTROL;
}

enum hg_http_error hg_response_parse(struct hg_response *r, struct hg_slice head, struct hg_arena *arena)
{
    struct hg_slice line;
    *r = (struct hg_response){.status = 0};
    hg_headers_init(&r->headers, arena);
    enum hg_http_error e = hg_lines_next(&head, &line);
    if (e == HG_HTTP_OK)
        e = status_line(r, line);
    if (e == HG_HTTP_OK)
        e = hg_lines_fields(&head, &r->headers);
    return e;
}
