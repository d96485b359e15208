/* SPDX-License-Identifier: MIT
 *
 * map-origin: URLs of the upstream's origins in the fields that lead somewhere
 * become those of the gateway, as the client knows it, so that whoever follows
 * them comes back here, where the credential is. Another host's URL stays as it
 * is, whatever it looks like, and so does everything in bodies.
 */
#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/target.h"
#include "run.h"

struct mapper {
    const struct hg_origins *to;
    struct hg_buf out;
    bool changed, full;
};

static void put(struct mapper *m, struct hg_slice s)
{
    if (!m->full && s.n > 0 && !hg_buf_append(&m->out, s))
        m->full = true;
}

static const struct hg_origin *find(const struct mapper *m, bool any_scheme, bool tls,
                                    struct hg_slice authority)
{
    struct hg_slice host;
    uint16_t port;

    if (!hg_text_host_port(authority, &host, &port))
        return NULL;
    for (size_t i = 0; i < m->to->n; i++) {
        const struct hg_origin *o = &m->to->upstream[i];
        bool scheme = any_scheme ? o->tls : tls;

        if (o->tls == scheme || any_scheme)
            if (hg_slice_ieq(host, o->host) && (port != 0 ? port : o->tls ? 443 : 80) == o->port)
                return o;
    }
    return NULL;
}

/* What the client has to ask for to get this path there. False: there is no such thing, or what is left would
 * be read as another host. */
static bool strip_base(struct hg_slice *rest, struct hg_slice base)
{
    size_t n = 0;

    while (n < rest->n && rest->p[n] != '?' && rest->p[n] != '#')
        n++;
    if (base.n > 0 && !hg_path_below(hg_slice(rest->p, n), base))
        return false;
    *rest = hg_slice_from(*rest, base.n);
    if (rest->n > 0 && rest->p[0] == '\\')
        return false;
    return rest->n < 2 || rest->p[0] != '/' || (rest->p[1] != '/' && rest->p[1] != '\\');
}

/* The URL as the client can use it, or as it is. */
static void put_url(struct mapper *m, struct hg_slice url)
{
    struct hg_slice authority = {0}, rest = url;
    const struct hg_origin *o = NULL;
    bool tls = false, path = url.n > 0 && url.p != NULL && url.p[0] == '/' && (url.n == 1 || url.p[1] != '/');
    size_t n = hg_url_origin(url, &tls, &authority);

    if (url.p == NULL || url.n == 0)
        return;
    if (n > 0) {
        o = find(m, false, tls, authority);
    } else if (path) {
        o = m->to->upstream[0].base.n > 0 ? &m->to->upstream[0] : NULL;
    } else if (hg_slice_starts(url, HG_LIT("//"))) {
        for (n = 2; n < url.n && url.p[n] != '/' && url.p[n] != '?' && url.p[n] != '#' && url.p[n] != '\\';)
            n++;
        o = find(m, true, false, hg_slice(url.p + 2, n - 2));
    }
    rest = hg_slice_from(url, n);
    if (o == NULL || !strip_base(&rest, o->base)) {
        put(m, url);
        return;
    }
    m->changed = true;
    if (!path)
        put(m, m->to->client);
    if (rest.n == 0 || rest.p[0] != '/')
        put(m, HG_LIT("/"));
    put(m, rest);
}

/* Behind the quote that ends the string that begins at `at`; the end when none does. */
static size_t quoted_end(struct hg_slice s, size_t at)
{
    HG_ASSERT(s.p[at] == '"');
    for (at++; at < s.n && s.p[at] != '"'; at++)
        at += s.p[at] == '\\';
    return at < s.n ? at + 1 : s.n;
}

static size_t skip_spaces(struct hg_slice s, size_t at)
{
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
        at++;
    return at;
}

/* <URL> of a Link field (RFC 8288, 3), not in the strings of its parameters. */
static void put_link(struct mapper *m, struct hg_slice s)
{
    size_t from = 0, at = 0;

    while (at < s.n) {
        ptrdiff_t close = s.p[at] == '<' ? hg_slice_find(hg_slice_from(s, at), '>') : -1;

        if (close > 0) {
            put(m, hg_slice(s.p + from, at + 1 - from));
            put_url(m, hg_slice(s.p + at + 1, (size_t)close - 1));
            from = at += (size_t)close;
        } else {
            at = s.p[at] == '"' ? quoted_end(s, at) : at + 1;
        }
    }
    put(m, hg_slice_from(s, from));
}

/* "5; url=URL", also without the word, or in quotes: what browsers take. */
static void put_refresh(struct mapper *m, struct hg_slice s)
{
    size_t at = 0, word, end = s.n;

    while (at < s.n && s.p[at] != ';' && s.p[at] != ',')
        at++;
    at = skip_spaces(s, at < s.n ? at + 1 : at);
    word = hg_slice_istarts(hg_slice_from(s, at), HG_LIT("url")) ? skip_spaces(s, at + 3) : s.n;
    if (word < s.n && s.p[word] == '=')
        at = skip_spaces(s, word + 1);
    if (at < s.n && (s.p[at] == '"' || s.p[at] == '\'')) {
        ptrdiff_t quote = hg_slice_find(hg_slice_from(s, at + 1), s.p[at]);

        at++;
        end = quote < 0 ? s.n : at + (size_t)quote;
    }
    put(m, hg_slice(s.p, at));
    put_url(m, hg_slice(s.p + at, end - at));
    put(m, hg_slice_from(s, end));
}

/* Where the string of a realm that begins at `at` opens (RFC 9110, 11.6.1); 0: none begins there. */
static size_t realm_open(struct hg_slice s, size_t at)
{
    bool begins = at == 0 || (s.p[at - 1] != '\0' && strchr(" \t,", s.p[at - 1]) != NULL);

    if (!begins || !hg_slice_istarts(hg_slice_from(s, at), HG_LIT("realm")))
        return 0;
    at = skip_spaces(s, at + 5);
    if (at >= s.n || s.p[at] != '=')
        return 0;
    at = skip_spaces(s, at + 1);
    return at < s.n && s.p[at] == '"' ? at : 0;
}

static void put_challenge(struct mapper *m, struct hg_slice s)
{
    size_t from = 0, at = 0;

    while (at < s.n) {
        size_t open = realm_open(s, at), end = open > 0 ? quoted_end(s, open) : 0;

        if (end > open + 1 && s.p[end - 1] == '"') {
            put(m, hg_slice(s.p + from, open + 1 - from));
            put_url(m, hg_slice(s.p + open + 1, end - open - 2));
            from = end - 1;
            at = end;
        } else {
            at = s.p[at] == '"' ? quoted_end(s, at) : at + 1;
        }
    }
    put(m, hg_slice_from(s, from));
}

static bool is_ours(const struct mapper *m, struct hg_slice domain)
{
    struct hg_slice host = domain.n > 0 && domain.p[0] == '.' ? hg_slice_from(domain, 1) : domain;

    for (size_t i = 0; i < m->to->n; i++)
        if (hg_slice_ieq(host, m->to->upstream[i].host))
            return true;
    return false;
}

/* The next attribute of a cookie off *rest, with the ';' in front of it. */
static struct hg_slice next_attribute(struct hg_slice *rest, struct hg_slice *name, struct hg_slice *value)
{
    ptrdiff_t end = hg_slice_find(hg_slice_from(*rest, 1), ';'), equals;
    struct hg_slice whole = end < 0 ? *rest : hg_slice(rest->p, (size_t)end + 1);

    HG_ASSERT(whole.n > 0);
    *rest = hg_slice_from(*rest, whole.n);
    *name = hg_slice_from(whole, 1);
    equals = hg_slice_find(*name, '=');
    *value = equals < 0 ? hg_slice(NULL, 0) : hg_slice_trim(hg_slice_from(*name, (size_t)equals + 1));
    *name = hg_slice_trim(equals < 0 ? *name : hg_slice(name->p, (size_t)equals));
    return whole;
}

/* Is the cookie for somebody else? The last Domain counts (RFC 6265, 5.3). */
static bool is_foreign(const struct mapper *m, struct hg_slice attributes)
{
    struct hg_slice name, value;
    bool foreign = false;

    while (attributes.n > 0) {
        (void)next_attribute(&attributes, &name, &value);
        if (hg_slice_ieq(name, HG_LIT("domain")) && value.n > 0)
            foreign = !is_ours(m, value);
    }
    return foreign;
}

/* A cookie for the upstream's name becomes one for the host that set it, which for the client is the gateway.
 */
static void put_cookie(struct mapper *m, struct hg_slice s)
{
    ptrdiff_t end = hg_slice_find(s, ';');
    struct hg_slice rest = end < 0 ? hg_slice(s.p, 0) : hg_slice_from(s, (size_t)end), name, value;
    struct hg_slice base = m->to->upstream[0].base;

    if (is_foreign(m, rest)) {
        put(m, s);
        return;
    }
    put(m, hg_slice(s.p, s.n - rest.n));
    while (rest.n > 0) {
        struct hg_slice whole = next_attribute(&rest, &name, &value);

        if (hg_slice_ieq(name, HG_LIT("domain")) && value.n > 0) {
            m->changed = true;
        } else if (hg_slice_ieq(name, HG_LIT("path")) && base.n > 0 && value.n > 0 &&
                   hg_path_below(value, base)) {
            m->changed = true;
            put(m, hg_slice(whole.p, (size_t)(value.p - whole.p)));
            put(m, value.n > base.n ? hg_slice_from(value, base.n) : HG_LIT("/"));
            put(m, hg_slice_from(whole, (size_t)(value.p - whole.p) + value.n));
        } else {
            put(m, whole);
        }
    }
}

/* False: this field leads nowhere. */
static bool map_field(struct mapper *m, const struct hg_header *h)
{
    if (hg_slice_ieq(h->name, HG_LIT("location")) || hg_slice_ieq(h->name, HG_LIT("content-location")))
        put_url(m, h->value);
    else if (hg_slice_ieq(h->name, HG_LIT("link")))
        put_link(m, h->value);
    else if (hg_slice_ieq(h->name, HG_LIT("refresh")))
        put_refresh(m, h->value);
    else if (hg_slice_ieq(h->name, HG_LIT("www-authenticate")))
        put_challenge(m, h->value);
    else if (hg_slice_ieq(h->name, HG_LIT("set-cookie")))
        put_cookie(m, h->value);
    else
        return false;
    return true;
}

enum hg_verdict hg_run_map_origin(struct hg_runner *r, const struct hg_action *a)
{
    struct mapper m = {.to = r->run->origins};

    if (m.to == NULL || m.to->n == 0)
        return HG_VERDICT_PASS;
    hg_buf_init(&m.out, HG_LIMIT_MAPPED, false);
    for (size_t i = 0; i < r->headers->n && !m.full; i++) {
        struct hg_header *h = &r->headers->v[i];
        struct hg_slice value;

        m.changed = false;
        hg_buf_consume(&m.out, hg_buf_len(&m.out));
        if (!map_field(&m, h) || !m.changed || m.full)
            continue;
        value = hg_arena_copy(r->run->arena, hg_buf_data(&m.out));
        m.full = value.p == NULL;
        if (m.full)
            break;
        h->value = value;
        hg_run_did(r, "%s%.*s", r->did ? ", " : "", HG_FMT(h->name));
    }
    hg_buf_free(&m.out);
    return m.full ? hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "") : HG_VERDICT_PASS;
}
