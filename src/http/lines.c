/* SPDX-License-Identifier: MIT
 *
 * Splits a head into lines and lines into fields (RFC 9112, 5). Nothing is
 * repaired: white space before a colon or a folded line is an error.
 */
#include "lines.h"

#include "base/limits.h"

enum hg_http_error hg_lines_next(struct hg_slice *rest, struct hg_slice *line)
{
    ptrdiff_t lf = hg_slice_find(*rest, '\n');
    if (lf < 0)
        return HG_HTTP_BARE_CR;
    if (lf == 0 || rest->p[lf - 1] != '\r')
        return HG_HTTP_BARE_LF;
    *line = hg_slice(rest->p, (size_t)lf - 1);
    *rest = hg_slice_from(*rest, (size_t)lf + 1);
    return HG_HTTP_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static enum hg_http_error field(struct hg_slice line, struct hg_headers *out)
{
    ptrdiff_t colon = hg_slice_find(line, ':');
    if (is_space(line.p[0]))
        return HG_HTTP_OBS_FOLD;
    if (colon < 0)
        return HG_HTTP_NO_COLON;
    struct hg_slice name = hg_slice(line.p, (size_t)colon);
    struct hg_slice value = hg_slice_trim(hg_slice_from(line, (size_t)colon + 1));
    if (name.n > 0 && is_space(name.p[name.n - 1]))
        return HG_HTTP_SPACE_COLON;
    if (!hg_header_name_ok(name))
        return HG_HTTP_BAD_NAME;
    if (!hg_header_value_ok(value))
        return HG_HTTP_CONTROL;
    if (out->n == HG_LIMIT_HEADERS)
        return HG_HTTP_TOO_MANY_HEADERS;
    return hg_headers_add(out, name, value) ? HG_HTTP_OK : HG_HTTP_NO_MEMORY;
}

static size_t count_lines(struct hg_slice s)
{
    size_t n = 0;

    for (ptrdiff_t lf; (lf = hg_slice_find(s, '\n')) >= 0; n++)
        s = hg_slice_from(s, (size_t)lf + 1);
    return n;
}

enum hg_http_error hg_lines_fields(struct hg_slice *rest, struct hg_headers *out)
{
    if (out->n == 0 && !hg_headers_reserve(out, count_lines(*rest)))
        return HG_HTTP_NO_MEMORY;
    while (rest->n > 0) {
        struct hg_slice line;
        enum hg_http_error e = hg_lines_next(rest, &line);
        if (e != HG_HTTP_OK || line.n == 0)
            return e;
        e = field(line, out);
        if (e != HG_HTTP_OK)
            return e;
    }
    return HG_HTTP_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum hg_http_error hg_lines_version(struct hg_slice s, enum hg_http_error malformed, unsigned *minor)
{
    if (s.n != 8 || !hg_slice_starts(s, HG_LIT("HTTP/")) || !is_digit(s.p[5]) || s.p[6] != '.' ||
        !is_digit(s.p[7]))
        return malformed;
    if (s.p[5] != '1')
        return HG_HTTP_BAD_VERSION;
    *minor = s.p[7] == '0' ? 0 : 1;
    return HG_HTTP_OK;
}

bool hg_lines_target_ok(struct hg_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return false;
    }
    return true;
}
