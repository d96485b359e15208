/* SPDX-License-Identifier: MIT
 *
 * A request's head before any rule sees it: parsed, framed, rid of what ends at
 * this hop, and refused when the frontend's own settings say so.
 */
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/target.h"
#include "route/client.h"
#include "route/route.h"

static bool request_id_ok(struct hg_slice id)
{
    if (id.n == 0 || id.n > HG_LIMIT_REQUEST_ID)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = hg_lower(id.p[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

void hg_route_request_id(struct hg_route *r)
{
    const struct hg_header *h = hg_headers_find_id(&r->request->headers, HG_FIELD_X_REQUEST_ID, 0);
    char uuid[HG_TEXT_UUID_LEN];

    if (h != NULL && request_id_ok(h->value))
        r->vars.request_id = h->value;
    else if (r->vars.request_id.p == NULL && hg_text_uuid(uuid))
        r->vars.request_id = hg_arena_copy(r->arena, hg_slice_str(uuid));
    if (r->vars.request_id.p == NULL)
        r->vars.request_id = HG_LIT("none");
}

enum hg_http_error hg_route_receive(struct hg_route *r, struct hg_slice head, struct hg_client *client,
                                    struct hg_framing *f, struct hg_hop *hop)
{
    const struct hg_client peer = *client;
    struct hg_request *q = r->request;
    enum hg_http_error e;

    HG_ASSERT(r->frontend != NULL && r->client == client && f == r->framing && hop == r->hop);
    e = hg_request_parse(q, head, r->arena);
    hg_route_request_id(r);
    if (e == HG_HTTP_OK && !hg_client_find(r->frontend, &peer, &q->headers, r->arena, client))
        e = HG_HTTP_NO_MEMORY;
    r->vars.client_ip = client->ip;
    if (e == HG_HTTP_OK)
        e = hg_framing_request(q, f);
    if (e == HG_HTTP_OK)
        e = hg_hop_request(q, f, hop);
    if (e != HG_HTTP_OK)
        return e;
    if (f->kind == HG_FRAMING_LENGTH && f->length > r->frontend->limit_body)
        return HG_HTTP_BODY_TOO_LARGE;
    if (r->frontend->path_strict && hg_path_is_ambiguous(q->path))
        return HG_HTTP_BAD_TARGET;
    if (!hg_headers_set(&q->headers, HG_LIT("X-Request-ID"), r->vars.request_id))
        return HG_HTTP_NO_MEMORY;
    return HG_HTTP_OK;
}
