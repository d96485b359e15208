/* SPDX-License-Identifier: MIT
 *
 * What passed through a frontend. Each thread counts for itself, without a lock
 * and without an atomic operation on a shared line; readers sum. The figures
 * belong to the frontend's name: generations share them, so a reload forgets
 * nothing, and they go with the last generation that has the name.
 */
#ifndef HG_OBSERVE_TRAFFIC_H
#define HG_OBSERVE_TRAFFIC_H

#include "http/head.h"
#include "observe/access.h"
#include "observe/histogram.h"
#include "observe/tally.h"
#include "plan/plan.h"

/* id, label. What is none of these is OTHER: no client can make new labels. */
#define HG_TRAFFIC_METHODS(X) \
    X(GET, "GET")             \
    X(HEAD, "HEAD")           \
    X(POST, "POST")           \
    X(PUT, "PUT")             \
    X(PATCH, "PATCH")         \
    X(DELETE, "DELETE")       \
    X(OPTIONS, "OPTIONS")     \
    X(OTHER, "OTHER")

enum {
#define X(id, label) HG_TRAFFIC_##id,
    HG_TRAFFIC_METHODS(X)
#undef X
        HG_TRAFFIC_METHOD_COUNT
};
const char *hg_traffic_method(size_t i);

#define HG_TRAFFIC_CODES 6 /* by the first digit; 0: ended without an answer */

/* id, label */
#define HG_TOKENS(X)              \
    X(INPUT, "input")             \
    X(OUTPUT, "output")           \
    X(CACHE_READ, "cache_read")   \
    X(CACHE_WRITE, "cache_write") \
    X(REASONING, "reasoning")

enum hg_tokens {
#define X(id, label) HG_TOKENS_##id,
    HG_TOKENS(X)
#undef X
        HG_TOKENS_COUNT
};
const char *hg_tokens_word(enum hg_tokens kind);

/* Only uint64_t in here. */
struct hg_traffic_numbers {
    uint64_t active;                                                /* under way now */
    uint64_t requests[HG_TRAFFIC_METHOD_COUNT][HG_TRAFFIC_CODES];   /* by the status that the client got */
    uint64_t unanswered[HG_TRAFFIC_METHOD_COUNT][HG_TRAFFIC_CODES]; /* of them: without a whole answer */
    uint64_t closes[HG_CLOSE_COUNT];                                /* by why they ended */
    uint64_t bytes_in, bytes_out;                                   /* of bodies */
    uint64_t tokens[HG_TOKENS_COUNT];
    uint64_t served[HG_SERVE_WHATS]; /* documents of our own; counted nowhere else here */
    struct hg_histogram duration;    /* of requests that were let in: not refused by a check of ours */
    struct hg_histogram first_byte, connect, queue; /* of those that had such a time */
};

struct hg_traffic;
/* The figures of a plan's frontends. */
struct hg_traffics {
    struct hg_traffic **frontend; /* [frontend] */
    size_t n;
};

/* previous: of the generation in service, whose figures go on, or NULL. False without memory (nothing is
 * kept). */
bool hg_traffics_init(struct hg_traffics *t, const struct hg_plan *plan, const struct hg_traffics *previous);
void hg_traffics_free(struct hg_traffics *t);

/* ---- the thread's own ---- */

/* A request has begun. thread: from 0, less than global.threads of the first plan. */
void hg_traffic_begin(struct hg_traffic *t, size_t thread);
/* It is over. */
void hg_traffic_end(struct hg_traffic *t, size_t thread, enum hg_method method, const struct hg_access *a);
/* Instead: it was answered with a document of ours. */
void hg_traffic_served(struct hg_traffic *t, size_t thread, enum hg_serve_what what);
void hg_traffic_tokens(struct hg_traffic *t, size_t thread, enum hg_tokens kind, uint64_t n);

/* ---- any thread ---- */

/* Requests of the frontend that a rate limit or a guard of this name refused. */
enum hg_refuser { HG_REFUSER_LIMIT, HG_REFUSER_GUARD, HG_REFUSERS };
void hg_traffic_refused(struct hg_traffic *t, enum hg_refuser by, const char *name);
const struct hg_tallies *hg_traffic_refusals(const struct hg_traffic *t, enum hg_refuser by);

/* Adds all threads to *sum. */
void hg_traffic_sum(const struct hg_traffic *t, struct hg_traffic_numbers *sum);
/* Requests that got a whole answer, ours or the upstream's. */
uint64_t hg_traffic_answered(const struct hg_traffic_numbers *n);
/* Errors: those that the log calls so (severity of HG_CLOSES). */
uint64_t hg_traffic_errors(const struct hg_traffic_numbers *n);

#endif
