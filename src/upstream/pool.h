/* SPDX-License-Identifier: MIT
 *
 * Private to the upstream room: pool.c keeps links, dial.c opens them
 * (and the connections of health checks).
 */
#ifndef HG_UPSTREAM_POOL_PRIVATE_H
#define HG_UPSTREAM_POOL_PRIVATE_H

#include "upstream/pool.h"

#define HG_POOL_BUCKETS 64u
#define HG_POOL_FORGET_US (600u * 1000000u) /* an unused key's TLS session */
#define HG_LINK_MAGIC 0x6c696e6bu

struct hg_bucket {
    struct hg_bucket *next;
    struct hg_pool *pool;
    char *key;
    struct hg_list idle; /* used last first */
    size_t idles;
    size_t users; /* links and dials: the bucket must stay */
    uint64_t last_used;
    struct hg_tls_session *session;
};

struct hg_link {
    uint32_t magic;
    unsigned uses;
    struct hg_stream *stream;
    struct hg_bucket *bucket;
    struct hg_list node; /* in bucket->idle, in pool->dying, or nowhere (lent out) */
    struct hg_deferred death;
    bool abort; /* when it is buried: with RST */
    uint64_t born, idle_since, idle_us, age_us;
    uint64_t idle_until; /* too long unused, or too old */
    size_t idle_max;
};

struct hg_pool {
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_bucket *bucket[HG_POOL_BUCKETS];
    struct hg_timer sweep;
    struct hg_list dying; /* closed at the end of the turn */
    size_t idle, open;
    bool draining;
};

struct hg_bucket *hg_bucket_find(struct hg_pool *pool, const char *key);
/* NULL without memory. */
struct hg_bucket *hg_bucket_get(struct hg_pool *pool, const char *key);
/* Takes the stream over when it succeeds. */
struct hg_link *hg_link_new(struct hg_bucket *b, const struct hg_backend *backend, struct hg_stream *stream);

/* Puts a server's settings into the dialer's terms; the generation must stay until done. tls: false leaves
 * TLS out. NULL: no memory, or a credential of the proxy has no value. */
struct hg_dial *hg_server_dial(struct hg_loop *loop, struct hg_dns *dns, const struct hg_generation *g,
                               const struct hg_server *s, bool tls, struct hg_tls_session *resume,
                               const struct hg_dial_hooks *hooks, void *ctx, struct hg_failure *failure);

#endif
