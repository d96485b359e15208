/* SPDX-License-Identifier: MIT
 *
 * URLs of servers and proxies: scheme, user info, host, port. A sentence about a
 * bad URL never quotes it: it may hold a password.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"

static struct hg_slice before(struct hg_slice s, ptrdiff_t n)
{
    return n < 0 ? s : hg_slice(s.p, (size_t)n);
}

/* Takes "https://" or "http://" off. */
static const char *take_scheme(struct hg_slice *s, struct hg_url *url)
{
    for (size_t i = 0; i + 2 < s->n; i++) {
        if (s->p[i] != ':' || s->p[i + 1] != '/' || s->p[i + 2] != '/')
            continue;
        struct hg_slice scheme = hg_slice(s->p, i);
        url->tls = hg_slice_ieq(scheme, HG_LIT("https"));
        if (!url->tls && !hg_slice_ieq(scheme, HG_LIT("http")))
            return "its scheme is not known here (expected https:// or http://)";
        url->has_scheme = true;
        *s = hg_slice_from(*s, i + 3);
        return NULL;
    }
    return NULL;
}

const char *hg_url_parse(struct hg_slice text, struct hg_url *url)
{
    HG_ASSERT(url != NULL);
    *url = (struct hg_url){0};
    struct hg_slice rest = text;
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 127)
            return "it has a character that a URL cannot have";
    }
    const char *why = take_scheme(&rest, url);
    if (why != NULL)
        return why;
    size_t end = 0;
    while (end < rest.n && strchr("/?#", rest.p[end]) == NULL)
        end++;
    struct hg_slice authority = before(rest, (ptrdiff_t)end), path = hg_slice_from(rest, end);
    if (path.n > 0 && path.p[0] != '/')
        return "it has a query or a fragment";
    if (hg_slice_find(path, '?') >= 0 || hg_slice_find(path, '#') >= 0)
        return "it has a query or a fragment";
    url->path = path;
    for (size_t i = authority.n; i > 0; i--) {
        if (authority.p[i - 1] != '@')
            continue;
        url->user = before(authority, (ptrdiff_t)i - 1);
        authority = hg_slice_from(authority, i);
        break;
    }
    if (!hg_text_host_port(authority, &url->host, &url->port))
        return "its host or port is malformed";
    if (!hg_text_is_ip(url->host) && !hg_text_is_hostname(url->host))
        return "its host is neither a name nor an address";
    return NULL;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = hg_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t percent_decode(struct hg_slice in, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        int high = i + 2 < in.n && in.p[i] == '%' ? hex(in.p[i + 1]) : -1;
        int low = high >= 0 ? hex(in.p[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = in.p[i];
        }
    }
    HG_ASSERT(n <= in.n);
    return n;
}

struct hg_secret *hg_url_basic(struct hg_slice user)
{
    HG_ASSERT(user.p != NULL);
    static const char basic[] = "Basic ";
    size_t plain_cap = user.n + 1, coded_cap = sizeof(basic) + HG_BASE64_LEN(user.n + 1);
    char *plain = malloc(plain_cap), *coded = malloc(coded_cap);
    struct hg_secret *s = NULL;
    if (plain != NULL && coded != NULL) {
        size_t n = percent_decode(user, plain);
        if (hg_slice_find(user, ':') < 0)
            plain[n++] = ':';
        memcpy(coded, basic, sizeof(basic) - 1);
        size_t len = sizeof(basic) - 1 + hg_text_base64(hg_slice(plain, n), coded + sizeof(basic) - 1);
        s = hg_secret_new(hg_slice(coded, len));
    }
    if (plain != NULL)
        explicit_bzero(plain, plain_cap);
    if (coded != NULL)
        explicit_bzero(coded, coded_cap);
    free(plain);
    free(coded);
    return s;
}
