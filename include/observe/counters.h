/* SPDX-License-Identifier: MIT
 *
 * Counters of one thread. Only that thread writes them; any thread may read
 * them at any time (relaxed atomics), and readers sum over threads.
 */
#ifndef HG_OBSERVE_COUNTERS_H
#define HG_OBSERVE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

/* name, is a gauge (goes down again), what it counts. In the metrics each is hdrgate_NAME. */
#define HG_COUNTERS(X)                                                                                \
    X(sessions, 1, "Client connections now")                                                          \
    X(active_requests, 1, "Requests under way now, with the one that asks")                           \
    X(upstream_open, 1, "Connections to upstreams now, in use or idle")                               \
    X(upstream_idle, 1, "Connections to upstreams that are idle now")                                 \
    X(retry_kept_bytes, 1, "Bytes of requests kept for sending them again")                           \
    X(guard_held_bytes, 1, "Bytes of requests held for guards that read them")                        \
    X(sessions_total, 0, "Client connections accepted")                                               \
    X(requests_total, 0, "Requests that have begun")                                                  \
    X(requests_refused_total, 0, "Requests answered by the gateway itself with 4xx or 5xx")           \
    X(upstream_connects_total, 0, "Connections to upstreams begun")                                   \
    X(upstream_reused_total, 0, "Requests sent on a connection that was there")                       \
    X(upstream_retries_total, 0, "Requests sent again")                                               \
    X(upstream_redispatches_total, 0, "Requests sent again to another server")                        \
    X(retry_budget_empty_total, 0, "Requests not sent again because the budget was empty")            \
    X(upstream_failures_total, 0, "Requests for which no answer could be had")                        \
    X(queue_waiting, 1, "Requests that wait for a server now")                                        \
    X(queue_waited_total, 0, "Requests that had to wait for a server")                                \
    X(queue_full_total, 0, "Requests refused because the queue was full")                             \
    X(queue_timeout_total, 0, "Requests that waited for a server in vain")                            \
    X(no_server_total, 0, "Requests for which no server was up")                                      \
    X(tls_resumed_total, 0, "TLS sessions resumed with upstreams")                                    \
    X(client_left_total, 0, "Requests whose client left before their end")                            \
    X(rate_limited_total, 0, "Requests refused by a rate limit")                                      \
    X(rate_limit_observed_total, 0, "Requests over a rate limit that is only observed")               \
    X(bytes_in_total, 0, "Bytes of request bodies received")                                          \
    X(bytes_out_total, 0, "Bytes of answer bodies sent")                                              \
    X(accept_pauses_total, 0, "Times that accepting had to pause for want of descriptors")            \
    X(proxy_headers_refused_total, 0, "Connections refused for a bad header of the PROXY protocol")   \
    X(secret_runs_total, 0, "Commands run for a secret")                                              \
    X(secret_failures_total, 0, "Times that a source of a secret gave nothing usable")                \
    X(secrets_rotated_total, 0, "New values of secrets taken")                                        \
    X(secrets_kept_total, 0, "Times that a source went bad and its last value stayed")                \
    X(secrets_expired_total, 0, "Values of secrets that ran out")                                     \
    X(secret_resends_total, 0, "Requests sent again with another credential")                         \
    X(secret_rests_total, 0, "Credentials put to rest by an answer")                                  \
    X(guard_denied_total, 0, "Requests refused by a guard")                                           \
    X(guard_file_failures_total, 0, "Times that the count of a guard could not be written")           \
    X(tls_rotated_total, 0, "Certificates taken anew")                                                \
    X(usage_taps, 1, "Answers that a tap reads now")                                                  \
    X(usage_tap_bytes, 1, "Memory of taps")                                                           \
    X(usage_measured_total, 0, "Answers whose usage was measured")                                    \
    X(usage_partial_total, 0, "Answers that were measured until they broke off or could not be read") \
    X(usage_not_measured_total, 0, "Answers with a tap that found no figure")                         \
    X(usage_tap_refused_total, 0, "Answers for whose tap no memory was left")                         \
    X(usage_lines_total, 0, "Lines written to the usage log")                                         \
    X(usage_lines_delayed_total, 0, "Lines of the usage log that their answer did not wait for")      \
    X(usage_lines_dropped_total, 0, "Lines lost because the queue of the usage log was full")         \
    X(usage_log_errors_total, 0, "Writes to the usage log that failed")

struct hg_counters {
#define X(name, gauge, help) _Atomic uint64_t name;
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
#define X(name, gauge, help) uint64_t name;
    HG_COUNTERS(X)
#undef X
};
void hg_counts_add(struct hg_counts *sum, const struct hg_counters *c);

struct hg_json;
/* All of them as fields of the open object. */
void hg_counts_json(const struct hg_counts *c, struct hg_json *j);

#endif
