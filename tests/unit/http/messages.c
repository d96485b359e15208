/* SPDX-License-Identifier: MIT
 *
 * See messages.h.
 */
#include "messages.h"

static enum hg_http_error scan(struct hg_slice *raw, bool request)
{
    struct hg_head_scan s;
    enum hg_http_error why = HG_HTTP_OK;
    size_t n = 0;
    hg_head_scan_init(&s, 64 * 1024, request);
    switch (hg_head_scan(&s, *raw, &n, &why)) {
    case HG_SCAN_DONE:
        *raw = hg_slice(raw->p, n);
        return HG_HTTP_OK;
    case HG_SCAN_BAD:
        return why;
    case HG_SCAN_MORE:
        break;
    }
    return HG_HTTP_NO_MEMORY;
}

enum hg_http_error message_request(struct message *m, struct hg_slice raw)
{
    raw = hg_guarded(raw);
    hg_arena_init(&m->arena, 1u << 20);
    enum hg_http_error e = scan(&raw, true);
    if (e == HG_HTTP_OK)
        e = hg_request_parse(&m->request, hg_guarded(raw), &m->arena);
    if (e == HG_HTTP_OK)
        e = hg_framing_request(&m->request, &m->framing);
    return e;
}

enum hg_http_error message_response(struct message *m, struct hg_slice raw, enum hg_method method)
{
    raw = hg_guarded(raw);
    hg_arena_init(&m->arena, 1u << 20);
    enum hg_http_error e = scan(&raw, false);
    if (e == HG_HTTP_OK)
        e = hg_response_parse(&m->response, hg_guarded(raw), &m->arena);
    if (e == HG_HTTP_OK)
        e = hg_framing_response(&m->response, method, &m->framing);
    return e;
}

void message_free(struct message *m)
{
    hg_arena_reset(&m->arena);
}
