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

/* What the proxy's own headers say now: a reload that changes them must not find tunnels opened with the old
 * ones. A secret without a value yet counts by its place alone. */
static bool headers_digest(const struct hg_proxy *p, char digest[HG_TEXT_DIGEST_LEN])
{
    const struct hg_vars none = {0};
    struct hg_slice all = HG_LIT("");
    struct hg_arena arena;
    hg_arena_init(&arena, 2u * HG_LIMIT_HEAD_MAX);
    for (size_t i = 0; i < p->n_headers && all.p != NULL; i++) {
        const struct hg_connect_header *h = &p->headers[i];
        const struct hg_secret_slot *missing = NULL;
        struct hg_slice value;
        if (hg_template_expand(h->value, &none, &arena, &value, &missing) != HG_EXPAND_OK)
            value = HG_LIT("");
        hg_text_digest(value, digest);
        all = hg_arena_printf(&arena, "%.*s%.*s %s\n", HG_FMT(all), HG_FMT(h->name), digest);
    }
    hg_text_digest(all, digest);
    hg_arena_reset(&arena);
    return all.p != NULL;
}

static const char *proxy_key(struct hg_build *b, const struct hg_proxy *p)
{
    char digest[HG_TEXT_DIGEST_LEN] = "-", headers[HG_TEXT_DIGEST_LEN] = "-";
    if (p == NULL)
        return "direct";
    if (p->authorization != NULL)
        hg_text_digest(hg_secret_bytes(p->authorization), digest);
    if (p->n_headers > 0 && !headers_digest(p, headers))
        b->no_memory = true;
    /* Headers of its own may come from anywhere: then only the same block is the same proxy. */
    return hg_store_printf(b, "%s:%u %s %s %s", p->host, p->port, digest, p->n_headers > 0 ? p->name : "-",
                           headers);
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
