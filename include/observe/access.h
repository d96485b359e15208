/* SPDX-License-Identifier: MIT
 *
 * The access log: one event per exchange, request_complete or one that a log
 * format has for it. What a peer sent is cleaned and cut when it is written;
 * query values and credentials never get here.
 */
#ifndef HG_OBSERVE_ACCESS_H
#define HG_OBSERVE_ACCESS_H

#include "base/log.h"
#include "http/header.h"

/* Why an exchange ended: id, word in the log, severity (0 info, 1 warn, 2 error) */
#define HG_CLOSES(X)                                                                      \
    X(OK, "ok", 0)           /* answered, by upstream or by a rule */                     \
    X(REFUSED, "refused", 1) /* by a check of ours; error says which */                   \
    X(DENIED, "denied", 1)   /* by a deny action */                                       \
    X(LIMITED, "rate_limited", 1)                                                         \
    X(NOT_CONFIGURED, "not_configured", 1)                                                \
    X(RULE_FAILED, "rule_failed", 2)                                                      \
    X(BAD_REQUEST_BODY, "bad_request_body", 1)                                            \
    X(CLIENT_LEFT, "client_left", 1)                                                      \
    X(CLIENT_TIMEOUT, "client_timeout", 1)                                                \
    X(CLIENT_STALLED, "client_stalled", 1)   /* did not read for the idle time */         \
    X(UPSTREAM_FAILED, "upstream_failed", 2) /* no answer; error says why */              \
    X(UPSTREAM_RESET, "upstream_reset", 2)   /* broke off in the middle of its answer */  \
    X(UPSTREAM_BAD, "upstream_bad_body", 2)  /* its body's framing is malformed */        \
    X(UPSTREAM_IDLE, "upstream_idle", 2)     /* silent for the idle time in mid-answer */ \
    X(TUNNEL_CLOSED, "tunnel_closed", 0)     /* an upgraded connection ended */           \
    X(SHUTDOWN, "shutdown", 1)               /* cut at the end of the grace time */

enum hg_close {
#define X(id, word, severity) HG_CLOSE_##id,
    HG_CLOSES(X)
#undef X
        HG_CLOSE_COUNT
};
const char *hg_close_word(enum hg_close c);
/* It broke: nobody meant it to end so. What was refused by a check or a rule was answered as intended. */
bool hg_close_is_failure(enum hg_close c);

struct hg_usage_record;

struct hg_access {
    struct hg_slice request_id, frontend, backend, server, method, path, client, upstream,
        upstream_request_id;
    struct hg_slice hop; /* the trusted one that said who the client is; .n 0: the client itself */
    bool has_query;
    unsigned status; /* sent to the client; 499: the client left before an answer */
    enum hg_close close;
    const char *error;            /* type of our own error answer, or NULL */
    const char *error_detail;     /* printable, or NULL */
    const char *where;            /* file:line of the rule that decided, or NULL */
    uint64_t bytes_in, bytes_out; /* body bytes from the client and to it */
    uint64_t queue_us;            /* waiting for a server */
    uint64_t connect_us, first_byte_us, total_us;
    const char *connection; /* "new", "reused", "none" */
    const char *tls;        /* upstream's TLS version, or NULL */
    unsigned retries;
    bool upgraded;
    bool wants_upgrade;                  /* the client asked for one */
    unsigned minor;                      /* of the request's HTTP/1.x */
    const struct hg_headers *headers;    /* of the request as it arrived, or NULL */
    const struct hg_usage_record *usage; /* NULL: no tap looked at the answer */
};

/* The event of an exchange that is over. */
void hg_access_log(struct hg_log *log, const struct hg_log_use *use, const struct hg_access *a);

/* Begins another event of an exchange, with what is known of it so far: whose it is in our own line, the rest
 * for formats. False: nobody wants it. */
bool hg_access_event(const struct hg_log *log, const struct hg_log_use *use, const struct hg_access *a,
                     enum hg_event_id id, enum hg_log_level level, struct hg_event *e);

#endif
