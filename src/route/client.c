/* SPDX-License-Identifier: MIT
 *
 * The client behind trusted hops: X-Forwarded-For and its like, Forwarded (RFC
 * 7239), and headers with one address.
 */
#include "route/client.h"

#include "base/check.h"
#include "base/text.h"

static bool trusted(const struct hg_frontend *f, const struct hg_client *c)
{
    if (!c->has_addr)
        return f->trusted_hops.unix_sockets;
    return hg_cidr_any(f->trusted_hops.net, f->trusted_hops.n, c->addr);
}

/* The part of *rest behind its last separator, trimmed; *rest keeps what is before it. Quotes do not count:
 * what stands to the left may be anybody's, and must not change how the right is read. */
static struct hg_slice last_part(struct hg_slice *rest, char separator, bool *more)
{
    size_t at = rest->n;
    struct hg_slice part;

    while (at > 0 && rest->p[at - 1] != separator)
        at--;
    part = hg_slice_trim(hg_slice(rest->p + at, rest->n - at));
    *more = at > 0;
    rest->n = at > 0 ? at - 1 : 0;
    return part;
}

/* What for= says in one element of Forwarded; empty: nothing. */
static struct hg_slice forwarded_for(struct hg_slice element)
{
    bool more = true;

    while (more) {
        struct hg_slice pair = last_part(&element, ';', &more), value;
        ptrdiff_t equals = hg_slice_find(pair, '=');

        if (equals < 0 || !hg_slice_ieq(hg_slice(pair.p, (size_t)equals), HG_LIT("for")))
            continue;
        value = hg_slice_from(pair, (size_t)equals + 1);
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = hg_slice(value.p + 1, value.n - 2);
        return value;
    }
    return HG_LIT("");
}

/* An address with or without a port. */
static bool read_address(struct hg_slice text, struct hg_client *out)
{
    struct hg_slice host = text;
    unsigned char addr[16];
    uint16_t port;

    if (!hg_ip_parse(text, addr) && (!hg_text_host_port(text, &host, &port) || !hg_ip_parse(host, addr)))
        return false;
    memcpy(out->addr, addr, sizeof(addr));
    out->has_addr = true;
    return true;
}

/* One field, from its end. False: the search is over. */
static bool read_field(const struct hg_frontend *f, struct hg_slice value, bool forwarded,
                       struct hg_client *out)
{
    bool more = true;

    while (more) {
        struct hg_slice part = last_part(&value, ',', &more);

        if (part.n == 0)
            continue;
        if (!read_address(forwarded ? forwarded_for(part) : part, out) || !trusted(f, out))
            return false;
    }
    return true;
}

struct hg_slice hg_client_text(const struct hg_client *c, struct hg_arena *arena)
{
    char text[HG_IP_TEXT_LEN];

    if (!c->has_addr)
        return HG_LIT("unix");
    hg_ip_text(c->addr, text);
    return hg_arena_copy(arena, hg_slice_str(text));
}

/* Whether the client speaks TLS, as the hop before us says. */
static void read_scheme(const struct hg_headers *headers, struct hg_client *out)
{
    const struct hg_header *h = hg_headers_find(headers, HG_LIT("X-Forwarded-Proto"));

    if (h != NULL && hg_slice_ieq(h->value, HG_LIT("https")))
        out->tls = true;
    else if (h != NULL && hg_slice_ieq(h->value, HG_LIT("http")))
        out->tls = false;
}

bool hg_client_find(const struct hg_frontend *f, const struct hg_client *peer,
                    const struct hg_headers *headers, struct hg_arena *arena, struct hg_client *out)
{
    struct hg_slice name = f->client_ip_header;
    bool forwarded = hg_slice_ieq(name, HG_LIT("forwarded")), more = true;
    struct hg_client found = *peer;

    *out = *peer;
    if ((f->trusted_hops.n == 0 && !f->trusted_hops.unix_sockets) || !trusted(f, peer))
        return true;
    read_scheme(headers, &found);
    for (size_t i = headers->n; more && i-- > 0;)
        if (hg_slice_ieq(headers->v[i].name, name))
            more = read_field(f, headers->v[i].value, forwarded, &found);
    found.ip = hg_client_text(&found, arena);
    if (found.ip.p == NULL)
        return false;
    *out = found;
    return true;
}
