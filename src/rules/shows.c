/* SPDX-License-Identifier: MIT
 *
 * Credentials on their way through templates. What a rule puts into a header or
 * the target is marked there, and whatever is made of it is marked in turn, so
 * that no detour (another header, a capture, base64) brings it into an answer or
 * a log.
 */
#include "base/check.h"
#include "segment.h"

static bool is_inside(struct hg_slice part, struct hg_slice whole)
{
    uintptr_t p = (uintptr_t)part.p, w = (uintptr_t)whole.p;

    return part.p != NULL && whole.p != NULL && p >= w && p < w + whole.n;
}

static bool any_header(const struct hg_headers *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i].secret)
            return true;
    return false;
}

/* Captures of a header's value point into it; those of a decoded query cannot be told apart. */
static bool capture_shows(const struct hg_vars *vars, unsigned i)
{
    const struct hg_headers *h = &vars->request->headers;
    struct hg_slice group;

    if (vars->captures == NULL || i >= vars->captures->n)
        return false;
    if (vars->request->secret)
        return true;
    group = vars->captures->group[i];
    for (size_t k = 0; k < h->n; k++)
        if (h->v[k].secret && is_inside(group, h->v[k].value))
            return true;
    return false;
}

static bool header_shows(const struct hg_request *r, const struct hg_segment *s)
{
    const struct hg_header *h = hg_headers_find(&r->headers, hg_slice(s->text, s->n));

    return h != NULL && h->secret;
}

static bool segment_shows(const struct hg_segment *s, const struct hg_vars *vars)
{
    const struct hg_request *r = vars->request;

    switch (s->kind) {
    case HG_SEGMENT_SECRET:
    case HG_SEGMENT_MAP:
        return true;
    case HG_SEGMENT_BASE64:
        return hg_template_shows(s->sub, vars);
    case HG_SEGMENT_HEADER:
        return header_shows(r, s);
    case HG_SEGMENT_CLIENT_HEADER: /* nothing was put into what arrived */
        return vars->arrived == NULL && header_shows(r, s);
    case HG_SEGMENT_HEADERS:
        return r->secret || any_header(&r->headers);
    case HG_SEGMENT_PATH:
        return r->secret;
    case HG_SEGMENT_CAPTURE:
        return capture_shows(vars, s->capture);
    default:
        return false;
    }
}

bool hg_template_shows(const struct hg_template *t, const struct hg_vars *vars)
{
    HG_ASSERT(t != NULL && vars->request != NULL);
    for (size_t i = 0; i < t->n; i++)
        if (segment_shows(&t->v[i], vars))
            return true;
    return false;
}
