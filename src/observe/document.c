/* SPDX-License-Identifier: MIT
 *
 * Which document, in which format, and the buffer that it is made in.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "write.h"

#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

/* The q of a media range in thousandths; its parameters begin behind the first ';'. */
static unsigned quality(struct hg_slice range)
{
    ptrdiff_t at;

    while ((at = hg_slice_find(range, ';')) >= 0) {
        struct hg_slice p = hg_slice_trim(hg_slice_from(range, (size_t)at + 1));
        unsigned q = 0, unit = 1000;

        range = p;
        if (!hg_slice_istarts(p, HG_LIT("q=")))
            continue;
        for (size_t i = 2; i < p.n && unit > 0; i++) {
            if (p.p[i] >= '0' && p.p[i] <= '9') {
                q += (unsigned)(p.p[i] - '0') * unit;
                unit /= 10;
            } else if (p.p[i] != '.') {
                break;
            }
        }
        return q;
    }
    return 1000;
}

/* How much the client wants this media type, named as such; wildcards say nothing. */
static unsigned wants(const struct hg_request *r, struct hg_slice type)
{
    unsigned best = 0;

    for (size_t i = 0; i < r->headers.n; i++) {
        struct hg_slice rest = r->headers.v[i].value;

        if (!hg_slice_ieq(r->headers.v[i].name, HG_LIT("Accept")))
            continue;
        while (rest.n > 0) {
            ptrdiff_t comma = hg_slice_find(rest, ',');
            struct hg_slice range = hg_slice_trim(comma < 0 ? rest : hg_slice(rest.p, (size_t)comma));
            ptrdiff_t end = hg_slice_find(range, ';');
            struct hg_slice name = hg_slice_trim(end < 0 ? range : hg_slice(range.p, (size_t)end));
            unsigned q = hg_slice_ieq(name, type) ? quality(range) : 0;

            best = q > best ? q : best;
            rest = comma < 0 ? hg_slice("", 0) : hg_slice_from(rest, (size_t)comma + 1);
        }
    }
    return best;
}

/* format=... of the query; .p NULL: there is none. */
static struct hg_slice format_of(struct hg_slice query)
{
    while (query.n > 0) {
        ptrdiff_t amp = hg_slice_find(query, '&');
        struct hg_slice one = amp < 0 ? query : hg_slice(query.p, (size_t)amp);

        if (hg_slice_starts(one, HG_LIT("format=")))
            return hg_slice_from(one, 7);
        query = amp < 0 ? hg_slice("", 0) : hg_slice_from(query, (size_t)amp + 1);
    }
    return hg_slice(NULL, 0);
}

/* Metrics are Prometheus' text, but for AWF's form when nobody asks for the text. */
static bool as_text(const struct hg_serve *s, const struct hg_request *r)
{
    struct hg_slice format = format_of(r->query);
    unsigned text, open;

    if (s->form == HG_SERVE_STANDARD || hg_slice_eq(format, HG_LIT("prometheus")))
        return true;
    if (format.p != NULL)
        return false;
    text = wants(r, HG_LIT("text/plain"));
    open = wants(r, HG_LIT("application/openmetrics-text"));
    text = open > text ? open : text;
    return text > wants(r, HG_LIT("application/json"));
}

static unsigned write_json(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    switch (s->what) {
    case HG_SERVE_HEALTH:
        return hg_health_write(s, f, j);
    case HG_SERVE_METRICS:
        hg_awf_metrics_write(s, f, j);
        return 200;
    case HG_SERVE_REFLECT:
        hg_reflect_write(s, f, j);
        return 200;
    case HG_SERVE_WHATS:
        break;
    }
    HG_ASSERT(false);
    return 500;
}

/* A document without a part of it would say something wrong: it is made again with more room. */
static bool make_json(const struct hg_serve *s, const struct hg_facts *f, struct hg_document *out)
{
    for (size_t cap = HG_LIMIT_DOCUMENT / 256; cap <= HG_LIMIT_DOCUMENT; cap *= 4) {
        struct hg_json j;
        size_t room;
        char *to = hg_buf_reserve(&out->body, cap, &room);

        if (to == NULL)
            return false;
        hg_json_begin(&j, to, cap);
        out->status = write_json(s, f, &j);
        if (!j.truncated) {
            hg_buf_commit(&out->body, hg_json_end(&j).n);
            return true;
        }
    }
    return false;
}

bool hg_document_make(const struct hg_serve *what, const struct hg_facts *facts, struct hg_document *out)
{
    bool text = what->what == HG_SERVE_METRICS && as_text(what, facts->request), ok;

    HG_ASSERT(facts->plan != NULL && facts->frontend != NULL && facts->request != NULL);
    *out = (struct hg_document){.status = 200, .content_type = text ? PROMETHEUS : "application/json"};
    hg_buf_init(&out->body, HG_LIMIT_DOCUMENT, false);
    ok = text ? hg_prometheus_write(what, facts, &out->body) : make_json(what, facts, out);
    if (!ok)
        hg_buf_free(&out->body);
    return ok;
}
