/* SPDX-License-Identifier: MIT
 *
 * Reads a proxy's answer to CONNECT (RFC 9110, 9.3.6). A 2xx has no body whatever
 * its fields say, and neither a TLS nor an HTTP server speaks first: a byte behind
 * the head is a proxy that is confused or tries to confuse us.
 */
#include "tunnel_answer.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

#define SQUID_ERROR_MAX 64

enum judged { JUDGED_INTERIM, JUDGED_OPEN, JUDGED_REFUSED };

void hg_tunnel_answer_init(struct hg_tunnel_answer *a)
{
    a->interim = 0;
    hg_head_scan_init(&a->scan, HG_LIMIT_CONNECT_HEAD, false);
}

static enum judged bad(struct hg_failure *f, const char *why)
{
    hg_failure_set(f, HG_FAILURE_TUNNEL_BAD, "%s", why);
    return JUDGED_REFUSED;
}

static enum judged bad_head(struct hg_failure *f, enum hg_http_error why)
{
    if (why == HG_HTTP_NO_MEMORY) {
        hg_failure_set(f, HG_FAILURE_NO_RESOURCES, "no memory for the answer of the proxy");
        return JUDGED_REFUSED;
    }
    return bad(f, hg_http_answer_error_text(why));
}

static enum judged refused(const struct hg_response *r, struct hg_failure *f)
{
    const struct hg_header *why = hg_headers_find(&r->headers, HG_LIT("X-Squid-Error"));
    enum hg_failure_kind kind = HG_FAILURE_TUNNEL_FAILED;
    char text[SQUID_ERROR_MAX + 1] = "";

    if (r->status == 403)
        kind = HG_FAILURE_TUNNEL_DENIED;
    else if (r->status == 407)
        kind = HG_FAILURE_TUNNEL_AUTH;
    if (why != NULL)
        hg_text_printable(why->value, text, sizeof text);
    if (text[0] != '\0')
        hg_failure_set(f, kind, "HTTP %u, X-Squid-Error: %s", r->status, text);
    else
        hg_failure_set(f, kind, "HTTP %u", r->status);
    return JUDGED_REFUSED;
}

static enum judged judge_response(struct hg_tunnel_answer *a, const struct hg_response *r, size_t behind,
                                  struct hg_failure *f)
{
    HG_ASSERT(r->status >= 100 && r->status <= 599);
    if (r->status == 101)
        return bad(f, "HTTP 101 is no answer to CONNECT");
    if (r->status < 200) {
        if (++a->interim > HG_LIMIT_INTERIM)
            return bad(f, "too many interim answers");
        return JUDGED_INTERIM;
    }
    if (r->status >= 300)
        return refused(r, f);
    if (behind > 0)
        return bad(f, "bytes came behind the answer, before anything was sent");
    return JUDGED_OPEN;
}

static enum judged judge(struct hg_tunnel_answer *a, struct hg_slice head, size_t behind,
                         struct hg_failure *f)
{
    struct hg_arena arena;
    struct hg_response r;
    enum hg_http_error why;
    enum judged v;

    memset(&r, 0, sizeof r);
    hg_arena_init(&arena, 8u * HG_LIMIT_CONNECT_HEAD);
    why = hg_response_parse(&r, head, &arena);
    v = why == HG_HTTP_OK ? judge_response(a, &r, behind, f) : bad_head(f, why);
    hg_arena_reset(&arena);
    return v;
}

enum hg_tunnel_verdict hg_tunnel_answer_feed(struct hg_tunnel_answer *a, struct hg_slice data, size_t *used,
                                             struct hg_failure *f)
{
    *used = 0;
    for (;;) {
        struct hg_slice rest = hg_slice_from(data, *used);
        enum hg_http_error why = HG_HTTP_OK;
        size_t n = 0;

        switch (hg_head_scan(&a->scan, rest, &n, &why)) {
        case HG_SCAN_MORE:
            return HG_TUNNEL_MORE;
        case HG_SCAN_BAD:
            (void)bad_head(f, why);
            return HG_TUNNEL_REFUSED;
        case HG_SCAN_DONE:
            break;
        }
        HG_ASSERT(n > 0 && n <= rest.n);
        switch (judge(a, hg_slice(rest.p, n), rest.n - n, f)) {
        case JUDGED_OPEN:
            return HG_TUNNEL_OPEN;
        case JUDGED_REFUSED:
            return HG_TUNNEL_REFUSED;
        case JUDGED_INTERIM:
            *used += n;
            hg_head_scan_init(&a->scan, HG_LIMIT_CONNECT_HEAD, false);
            break;
        }
    }
}
