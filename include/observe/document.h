/* SPDX-License-Identifier: MIT
 *
 * Documents about what runs: health, metrics, reflect. Made in one go from facts
 * that somebody else has gathered, so that they can be made, and tested, without
 * a gateway that runs. Values of secrets and of variables are in none.
 */
#ifndef HG_OBSERVE_DOCUMENT_H
#define HG_OBSERVE_DOCUMENT_H

#include "base/buf.h"
#include "observe/stats.h"
#include "observe/traffic.h"
#include "policy/guards.h"

/* What is known of a server now. */
struct hg_server_facts {
    const char *state; /* "up", "down", "cooling", "drain", "disabled" */
    unsigned active;
    uint64_t requests, failures;
};

/* A rate limit of requests that counts for a frontend as a whole, and has counted. */
struct hg_limit_facts {
    const char *name;
    uint64_t limit, remaining;
    uint64_t reset; /* when there is room again, seconds since 1970; 0: there is */
};

/* What a document is about; all of it the caller's. */
struct hg_facts {
    const struct hg_plan *plan;
    const struct hg_frontend *frontend; /* that was asked */
    const struct hg_request *request;
    bool draining;
    uint64_t wall; /* microseconds since 1970 */
    /* NULL where nothing runs: then nothing was counted, and all servers are up. */
    const struct hg_stats *stats;
    const struct hg_traffics *traffic;
    struct hg_guard_state *const *guard; /* [guard] of the plan */
    const struct hg_log *log;
    struct {
        uint64_t cpu_us, resident, virtual, descriptors_max; /* 0: not known */
    } process;
    void *ctx;
    void (*server)(void *ctx, const struct hg_server *s, struct hg_server_facts *out);
    size_t (*waiting)(void *ctx, const struct hg_backend *b); /* requests in its queue */
    uint16_t (*port)(void *ctx, const struct hg_frontend *f); /* where it listens; 0: on no TCP port */
    /* The i-th of the frontend; false: there are no more. */
    bool (*limit)(void *ctx, const struct hg_frontend *f, size_t i, struct hg_limit_facts *out);
};

struct hg_document {
    unsigned status;
    const char *content_type;
    struct hg_buf body; /* the caller frees it */
};

/* False: it would be larger than HG_LIMIT_DOCUMENT, or there is no memory; *out is empty. */
bool hg_document_make(const struct hg_serve *what, const struct hg_facts *facts, struct hg_document *out);

#endif
