/* SPDX-License-Identifier: MIT
 *
 * Opens links: puts a plan's server, proxy and TLS settings into the dialer's
 * terms, and files the TLS sessions that come back under the server's key.
 */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

#define DIALING_MAGIC 0x6469616cu

struct hg_dialing {
    uint32_t magic;
    struct hg_bucket *bucket;
    struct hg_generation *generation; /* keeps the target's strings alive */
    const struct hg_server *server;
    struct hg_dial *dial;
    void (*done)(void *ctx, struct hg_link *link, const struct hg_failure *failure,
                 const struct hg_dial_times *times);
    void *ctx;
};

static void dialing_free(struct hg_dialing *d)
{
    HG_ASSERT(d->bucket->users > 0);
    d->bucket->users--;
    hg_generation_unref(&d->generation);
    d->magic = 0;
    free(d);
}

static void keep_session(void *ctx, struct hg_tls_session *session)
{
    struct hg_bucket *b = ctx;

    hg_tls_session_free(b->session);
    b->session = session;
}

static void dialed(void *ctx, struct hg_stream *stream, const struct hg_failure *failure,
                   const struct hg_dial_times *times)
{
    struct hg_dialing *d = HG_CAST(struct hg_dialing, DIALING_MAGIC, ctx);
    struct hg_failure none = {0};
    struct hg_link *link = NULL;

    d->dial = NULL;
    if (stream != NULL) {
        link = hg_link_new(d->bucket, d->server->backend, stream);
        if (link == NULL) {
            hg_stream_close(&stream);
            hg_failure_set(&none, HG_FAILURE_NO_RESOURCES, "out of memory");
            failure = &none;
        }
    }
    d->done(d->ctx, link, failure, times);
    dialing_free(d);
}

/* The proxy's own headers; their values may be credentials, so they live in a wiped arena. */
static bool connect_headers(const struct hg_proxy *proxy, struct hg_arena *arena, struct hg_headers *out,
                            struct hg_failure *failure)
{
    const struct hg_vars none = {0};

    hg_headers_init(out, arena);
    if (proxy->authorization != NULL &&
        !hg_headers_add(out, HG_LIT("Proxy-Authorization"), hg_secret_bytes(proxy->authorization)))
        goto memory;
    for (size_t i = 0; i < proxy->n_headers; i++) {
        const struct hg_secret_slot *missing = NULL;
        struct hg_slice value;

        switch (hg_template_expand(proxy->headers[i].value, &none, arena, &value, &missing)) {
        case HG_EXPAND_NO_SECRET:
            hg_failure_set(failure, HG_FAILURE_TUNNEL_AUTH, "connect-header of proxy %s: %s has no value",
                           proxy->name, hg_secret_slot_source(missing));
            return false;
        case HG_EXPAND_NO_MATCH: /* there are no maps here */
        case HG_EXPAND_LIMIT:
        case HG_EXPAND_NO_MEMORY:
            goto memory;
        case HG_EXPAND_OK:
            break;
        }
        if (!hg_header_value_ok(value)) {
            hg_failure_set(failure, HG_FAILURE_TUNNEL_AUTH,
                           "connect-header of proxy %s: its value has a control character", proxy->name);
            return false;
        }
        if (!hg_headers_add(out, proxy->headers[i].name, value))
            goto memory;
    }
    return true;
memory:
    hg_failure_set(failure, HG_FAILURE_NO_RESOURCES, "out of memory");
    return false;
}

struct hg_dial *hg_server_dial(struct hg_loop *loop, struct hg_dns *dns, const struct hg_generation *g,
                               const struct hg_server *s, bool tls, struct hg_tls_session *resume,
                               const struct hg_dial_hooks *hooks, void *ctx, struct hg_failure *failure)
{
    const struct hg_backend *b = s->backend;
    struct hg_headers headers;
    struct hg_arena arena;
    struct hg_dial *dial;
    struct hg_dial_target target = {
        .host = s->host,
        .port = s->port,
        .tls = tls ? hg_generation_tls(g, s) : NULL,
        .sni = b->tls.sni,
        .resume = resume,
        .connect_ms = b->timeout.connect,
        .tunnel_ms = b->timeout.tunnel,
        .tls_ms = b->timeout.tls,
    };

    hg_arena_init(&arena, HG_LIMIT_HEAD_MAX);
    if (b->proxy != NULL) {
        if (!connect_headers(b->proxy, &arena, &headers, failure)) {
            hg_arena_reset(&arena);
            return NULL;
        }
        target.proxy_host = b->proxy->host;
        target.proxy_port = b->proxy->port;
        target.connect_headers = &headers;
    }
    dial = hg_dial_start(loop, dns, &target, hooks, ctx);
    hg_arena_reset(&arena);
    if (dial == NULL)
        hg_failure_set(failure, HG_FAILURE_NO_RESOURCES, "out of memory");
    return dial;
}

static bool dialing_start(struct hg_dialing *d, struct hg_pool *pool, struct hg_failure *failure)
{
    const struct hg_dial_hooks hooks = {.done = dialed, .session = keep_session, .session_ctx = d->bucket};

    d->dial = hg_server_dial(pool->loop, pool->dns, d->generation, d->server, true, d->bucket->session,
                             &hooks, d, failure);
    return d->dial != NULL;
}

struct hg_dialing *hg_pool_dial(struct hg_pool *pool, struct hg_generation *g, const struct hg_server *server,
                                void (*done)(void *ctx, struct hg_link *link,
                                             const struct hg_failure *failure,
                                             const struct hg_dial_times *times),
                                void *ctx, struct hg_failure *failure)
{
    struct hg_bucket *b = hg_bucket_get(pool, server->key);
    struct hg_dialing *d = b != NULL ? calloc(1, sizeof(*d)) : NULL;

    if (d == NULL) {
        hg_failure_set(failure, HG_FAILURE_NO_RESOURCES, "out of memory");
        return NULL;
    }
    d->magic = DIALING_MAGIC;
    d->bucket = b;
    d->generation = hg_generation_ref(g);
    d->server = server;
    d->done = done;
    d->ctx = ctx;
    b->users++;
    b->last_used = hg_loop_now(pool->loop);
    if (dialing_start(d, pool, failure))
        return d;
    dialing_free(d);
    return NULL;
}

void hg_pool_dial_cancel(struct hg_dialing *d)
{
    HG_ASSERT(d->magic == DIALING_MAGIC && d->dial != NULL);
    hg_dial_cancel(d->dial);
    dialing_free(d);
}
