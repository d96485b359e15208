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

/* <URL> of a Link field (RFC 8288, 3). */
static void put_link(struct mapper *m, struct hg_slice s)
{
    ptrdiff_t open;

    while ((open = hg_slice_find(s, '<')) >= 0) {
        struct hg_slice inner = hg_slice_from(s, (size_t)open + 1);
        ptrdiff_t close = hg_slice_find(inner, '>');

        if (close < 0)
            break;
        put(m, hg_slice(s.p, (size_t)open + 1));
        put_url(m, hg_slice(inner.p, (size_t)close));
        s = hg_slice_from(inner, (size_t)close);
    }
    put(m, s);
}

/* Where `name` (lower case, with its '=') begins at a word; SIZE_MAX: nowhere. */
static size_t find_word(struct hg_slice s, struct hg_slice name)
{
    for (size_t i = 0; i + name.n <= s.n; i++) {
        bool begins = i == 0 || (s.p[i - 1] != '\0' && strchr(" \t,;", s.p[i - 1]) != NULL);

        if (begins && hg_slice_istarts(hg_slice_from(s, i), name))
            return i;
    }
    return SIZE_MAX;
}

/* NAME=URL or NAME="URL": url= of Refresh, which has the rest of the field, and realm= of a challenge (RFC
 * 9110, 11.6.1), which is in quotes. */
static void put_named(struct mapper *m, struct hg_slice s, struct hg_slice name, bool quoted)
{
    size_t at;

    while ((at = find_word(s, name)) != SIZE_MAX) {
        struct hg_slice rest = hg_slice_from(s, at + name.n);
        char quote = rest.n > 0 && (rest.p[0] == '"' || rest.p[0] == '\'') ? rest.p[0] : '\0';
        ptrdiff_t end;

        put(m, hg_slice(s.p, at + name.n + (quote != '\0')));
        s = hg_slice_from(rest, quote != '\0');
        end = quote != '\0' ? hg_slice_find(s, quote) : (ptrdiff_t)s.n;
        if ((quote == '\0' && quoted) || end < 0)
            continue;
        put_url(m, hg_slice(s.p, (size_t)end));
        s = hg_slice_from(s, (size_t)end);
    }
    put(m, s);
}

static bool is_ours(const struct mapper *m, struct hg_slice domain)
{
    struct hg_slice host = domain.n > 0 && domain.p[0] == '.' ? hg_slice_from(domain, 1) : domain;

    for (size_t i = 0; i < m->to->n; i++)
        if (hg_slice_ieq(host, m->to->upstream[i].host))
            return true;
    return false;
}

/* One attribute of a cookie, without its ';'. A cookie for the upstream's name becomes one for the host that
 * set it, which for the client is the gateway (RFC 6265, 5.3). */
static void put_attribute(struct mapper *m, struct hg_slice s)
{
    struct hg_slice text = hg_slice_trim(s), base = m->to->upstream[0].base, path;

    if (hg_slice_istarts(text, HG_LIT("domain=")) && is_ours(m, hg_slice_trim(hg_slice_from(text, 7)))) {
        m->changed = true;
        return;
    }
    put(m, HG_LIT(";"));
    path = hg_slice_istarts(text, HG_LIT("path=")) ? hg_slice_trim(hg_slice_from(text, 5)) : HG_LIT("");
    if (base.n == 0 || !hg_path_below(path, base)) {
        put(m, s);
        return;
    }
    m->changed = true;
    put(m, HG_LIT(" Path="));
    put(m, path.n > base.n ? hg_slice_from(path, base.n) : HG_LIT("/"));
}

static void put_cookie(struct mapper *m, struct hg_slice s)
{
    ptrdiff_t end = hg_slice_find(s, ';');

    put(m, end < 0 ? s : hg_slice(s.p, (size_t)end));
    while (end >= 0) {
        s = hg_slice_from(s, (size_t)end + 1);
        end = hg_slice_find(s, ';');
        put_attribute(m, end < 0 ? s : hg_slice(s.p, (size_t)end));
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
        put_named(m, h->value, HG_LIT("url="), false);
    else if (hg_slice_ieq(h->name, HG_LIT("www-authenticate")))
        put_named(m, h->value, HG_LIT("realm="), true);
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
