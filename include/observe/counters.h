/* SPDX-License-Identifier: MIT
 *
 * Counters of one thread. Only that thread writes them; any thread may read
 * them at any time (relaxed atomics), and readers sum over threads.
 */
#ifndef HG_OBSERVE_COUNTERS_H
#define HG_OBSERVE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

/* name, is a gauge (goes down again) */
#define HG_COUNTERS(X)                                                           \
    X(sessions, 1)        /* client connections now */                           \
    X(active_requests, 1) /* exchanges now */                                    \
    X(upstream_open, 1)   /* upstream connections now, lent or idle */           \
    X(upstream_idle, 1)                                                          \
    X(retry_kept_bytes, 1) /* request bytes kept for sending again */            \
    X(sessions_total, 0)                                                         \
    X(requests_total, 0)                                                         \
    X(requests_refused_total, 0) /* answered by us with 4xx or 5xx */            \
    X(upstream_connects_total, 0)                                                \
    X(upstream_reused_total, 0)                                                  \
    X(upstream_retries_total, 0)                                                 \
    X(upstream_redispatches_total, 0) /* sent again, to another server */        \
    X(retry_budget_empty_total, 0)                                               \
    X(upstream_failures_total, 0)                                                \
    X(queue_waiting, 1) /* requests that wait for a server now */                \
    X(queue_waited_total, 0)                                                     \
    X(queue_full_total, 0)                                                       \
    X(queue_timeout_total, 0)                                                    \
    X(no_server_total, 0)                                                        \
    X(tls_resumed_total, 0)                                                      \
    X(client_left_total, 0)                                                      \
    X(bytes_in_total, 0)                                                         \
    X(bytes_out_total, 0)                                                        \
    X(accept_pauses_total, 0)                                                    \
    X(proxy_headers_refused_total, 0) /* PROXY protocol */                       \
    X(secret_runs_total, 0)           /* commands run for a secret */            \
    X(secret_failures_total, 0)       /* a source that gave nothing usable */    \
    X(secrets_rotated_total, 0)                                                  \
    X(secrets_kept_total, 0) /* a source went bad and its last value stayed */   \
    X(secrets_expired_total, 0)                                                  \
    X(secret_resends_total, 0) /* requests sent again with another credential */ \
    X(secret_rests_total, 0)   /* credentials put to rest by an answer */        \
    X(tls_rotated_total, 0)    /* certificates taken anew */

struct hg_counters {
#define X(name, gauge) _Atomic uint64_t name;
    HG_COUNTERS(X)
#undef X
};

/* One writer per struct: no locked instruction is needed. */
#define HG_COUNT_ADD(c, name, n)                                                                  \
    atomic_store_explicit(&(c)->name,                                                             \
                          atomic_load_explicit(&(c)->name, memory_order_relaxed) + (uint64_t)(n), \
                          memory_order_relaxed)
#define HG_COUNT_SUB(c, name, n)                                                                  \
    atomic_store_explicit(&(c)->name,                                                             \
                          atomic_load_explicit(&(c)->name, memory_order_relaxed) - (uint64_t)(n), \
                          memory_order_relaxed)
#define HG_COUNT_SET(c, name, n) atomic_store_explicit(&(c)->name, (uint64_t)(n), memory_order_relaxed)

/* A reader's sum. */
struct hg_counts {
#define X(name, gauge) uint64_t name;
    HG_COUNTERS(X)
#undef X
};
void hg_counts_add(struct hg_counts *sum, const struct hg_counters *c);

struct hg_json;
/* All of them as fields of the open object. */
void hg_counts_json(const struct hg_counts *c, struct hg_json *j);

#endif
