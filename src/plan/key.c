/* SPDX-License-Identifier: MIT
 *
 * The key of a server: two connections with the same key are interchangeable.
 * Everything that decides who is spoken to, through whom, and as whom is in it;
 * credentials only as a digest.
 */
#include "base/check.h"
#include "base/text.h"
#include "build.h"

static const char *or_none(const char *s)
{
    return s != NULL ? s : "-";
}

static const char *proxy_key(struct hg_build *b, const struct hg_proxy *p)
{
    char digest[HG_TEXT_DIGEST_LEN] = "-";
    if (p == NULL)
        return "direct";
    if (p->authorization != NULL)
        hg_text_digest(hg_secret_bytes(p->authorization), digest);
    /* Headers of its own may hold anything: then only the same block is the same proxy. */
    return hg_store_printf(b, "%s:%u %s %s", p->host, p->port, digest, p->n_headers > 0 ? p->name : "-");
}

const char *hg_server_key(struct hg_build *b, const struct hg_backend *k, const struct hg_server *s)
{
    HG_ASSERT(s->host != NULL && s->port != 0);
    const char *proxy = proxy_key(b, k->proxy);
    if (!s->tls)
        return hg_store_printf(b, "%s|%s:%u|plain", or_none(proxy), s->host, s->port);
    return hg_store_printf(b, "%s|%s:%u|tls|%s|%s|%s|%s|%s|%s", or_none(proxy), s->host, s->port,
                           or_none(k->tls.sni), or_none(k->tls.ca), or_none(k->tls.extra_ca),
                           k->tls.verify ? "verify" : "any", or_none(k->tls.cert), or_none(k->tls.key));
}
