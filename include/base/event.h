/* SPDX-License-Identifier: MIT
 *
 * An event of the log before it is text: a name, a level, and typed values by
 * name. Whoever has something to say fills one; how it is written (our own JSON
 * line, or what a log format of the config makes of it) is decided by
 * base/log_format.h alone.
 *
 * Two tables are the vocabulary of the log. A new event or a new value is a row
 * here; formats, their checks, `keys --json` and the documentation follow.
 */
#ifndef HG_BASE_EVENT_H
#define HG_BASE_EVENT_H

#include "base/json.h"
#include "base/log_level.h"
#include "base/slice.h"

/* id, name, what it is about, what is written when no format names it: ITSELF, another event, or NOTHING;
 * when it happens */
#define HG_EVENTS(X)                                                                                        \
    X(REQUEST_START, "request_start", REQUEST, NOTHING, "a request goes to a server, before the first try") \
    X(REQUEST_COMPLETE, "request_complete", REQUEST, ITSELF, "an exchange is over")                         \
    X(REQUEST_ERROR, "request_error", REQUEST, REQUEST_COMPLETE,                                            \
      "an exchange is over that broke: the upstream failed, somebody broke off, or a rule failed")          \
    X(UPGRADE_START, "upgrade_start", REQUEST, REQUEST_START, "a request for an upgrade goes to a server")  \
    X(UPGRADE_COMPLETE, "upgrade_complete", REQUEST, REQUEST_COMPLETE, "an upgraded connection has ended")  \
    X(UPGRADE_ERROR, "upgrade_error", REQUEST, REQUEST_ERROR, "a request for an upgrade did not get one")   \
    X(UPSTREAM_REFUSED, "upstream_refused", REQUEST, NOTHING, "an upstream answered 401 or 403")            \
    X(RATE_LIMITED, "rate_limited", REQUEST, ITSELF, "a request was over a limit")                          \
    X(GUARD_DENIED, "guard_denied", REQUEST, ITSELF, "a guard refused a request")                           \
    X(TOKEN_USAGE, "token_usage", REQUEST, ITSELF, "an answer said how many tokens it took")                \
    X(TOKEN_LOG_ERROR, "token_log_error", PROCESS, ITSELF, "the usage log cannot be written")               \
    X(TOKEN_LOG_RECOVERED, "token_log_recovered", PROCESS, ITSELF, "it can be written again")               \
    X(TOKEN_LOG_BACKPRESSURE, "token_log_backpressure", PROCESS, ITSELF,                                    \
      "its queue is full: lines are lost")                                                                  \
    X(TOKEN_LOG_INIT_ERROR, "token_log_init_error", PROCESS, ITSELF, "it could not be opened anew")         \
    X(TOKEN_LOG_LOST, "token_log_lost", PROCESS, ITSELF, "lines of it could not be written before the end") \
    X(RULE_LOG, "rule_log", REQUEST, ITSELF, "a log action")                                                \
    X(WOULD_DENY, "would_deny", REQUEST, ITSELF, "an action with observe = true would have answered")       \
    X(STARTUP, "startup", PROCESS, ITSELF, "all is open")                                                   \
    X(START_FAILED, "start_failed", PROCESS, ITSELF, "it could not start")                                  \
    X(LISTENING, "listening", PROCESS, ITSELF, "a bind is open")                                            \
    X(LISTENER_CLOSED, "listener_closed", PROCESS, ITSELF, "a bind was closed by a reload")                 \
    X(NOT_CONFIGURED, "not_configured", PROCESS, ITSELF, "a frontend lacks what every request needs")       \
    X(STATUS, "status", PROCESS, ITSELF, "SIGUSR1")                                                         \
    X(SHUTDOWN, "shutdown", PROCESS, ITSELF, "SIGTERM or drain: no new connections")                        \
    X(DRAIN_TIMEOUT, "drain_timeout", PROCESS, ITSELF, "the grace time is over")                            \
    X(STOPPED, "stopped", PROCESS, ITSELF, "the last line")                                                 \
    X(RELOAD, "reload", PROCESS, ITSELF, "another config is in force")                                      \
    X(RELOAD_FAILED, "reload_failed", PROCESS, ITSELF, "it is not")                                         \
    X(CONFIG_ERROR, "config_error", PROCESS, ITSELF, "what a reload found wrong")                           \
    X(CONFIG_WARNING, "config_warning", PROCESS, ITSELF, "what a reload found strange")                     \
    X(READY_FILE, "ready_file", PROCESS, ITSELF, "it could not be written")                                 \
    X(GUARD_FILE, "guard_file", PROCESS, ITSELF, "the count of a guard could not be written")               \
    X(CONTROL, "control", PROCESS, ITSELF, "a command on the control socket")                               \
    X(LOG_REOPENED, "log_reopened", PROCESS, ITSELF, "the log was opened anew")                             \
    X(LOG_REOPEN_FAILED, "log_reopen_failed", PROCESS, ITSELF, "it could not be")                           \
    X(SERVER_UP, "server_up", PROCESS, ITSELF, "a server can be used again")                                \
    X(SERVER_DOWN, "server_down", PROCESS, ITSELF, "a server is put aside")                                 \
    X(HEALTH_OFF, "health_off", PROCESS, ITSELF, "there are no health checks for want of memory")           \
    X(SECRET_LOADED, "secret_loaded", PROCESS, ITSELF, "a secret got its first value")                      \
    X(SECRET_ROTATED, "secret_rotated", PROCESS, ITSELF, "a secret got another value")                      \
    X(SECRET_RECOVERED, "secret_recovered", PROCESS, ITSELF, "its source is good again")                    \
    X(SECRET_KEPT, "secret_kept", PROCESS, ITSELF, "its source went bad, the value stays")                  \
    X(SECRET_UNAVAILABLE, "secret_unavailable", PROCESS, ITSELF, "its source is bad, there is no value")    \
    X(SECRET_EXPIRED, "secret_expired", PROCESS, ITSELF, "its value ran out")                               \
    X(SECRET_RESTING, "secret_resting", PROCESS, ITSELF, "a secret of a pool rests after an answer")        \
    X(SECRETS_OFF, "secrets_off", PROCESS, ITSELF, "sources cannot be read again")                          \
    X(TLS_ROTATED, "tls_rotated", PROCESS, ITSELF, "a certificate was taken anew")                          \
    X(TLS_KEPT, "tls_kept", PROCESS, ITSELF, "a new certificate is bad, the old one stays")                 \
    X(ACCEPT_FAILED, "accept_failed", PROCESS, ITSELF, "no memory for a connection")                        \
    X(ACCEPT_PAUSED, "accept_paused", PROCESS, ITSELF, "no descriptors for connections")                    \
    X(ACCEPT_RESUMED, "accept_resumed", PROCESS, ITSELF, "accepting again")                                 \
    X(CLIENT_TLS_FAILED, "client_tls_failed", PROCESS, ITSELF, "a handshake with a client failed")          \
    X(PROXY_HEADER_REFUSED, "proxy_header_refused", PROCESS, ITSELF, "a bad header of the PROXY protocol")  \
    X(WATCHDOG, "watchdog", PROCESS, ITSELF, "a thread does not take its turns")

enum hg_event_about { HG_ABOUT_REQUEST = 1, HG_ABOUT_PROCESS = 2, HG_ABOUT_ANY = 3 };

enum hg_event_id {
#define X(id, name, about, otherwise, when) HG_EVENT_##id,
    HG_EVENTS(X)
#undef X
        HG_EVENT_ITSELF,
    HG_EVENT_NOTHING,
};
#define HG_EVENT_COUNT ((size_t)HG_EVENT_ITSELF)

/* How a value is written. */
enum hg_value_kind {
    HG_VALUE_TEXT,
    HG_VALUE_PEER, /* sent by a peer: cleaned of control characters and cut */
    HG_VALUE_NUMBER,
    HG_VALUE_MS, /* microseconds, written as milliseconds with three decimals */
    HG_VALUE_TRUTH,
    HG_VALUE_OWN, /* of the event itself: base/log_format.c makes it */
};

/* id, its field in our own lines ("": only formats have it), its name in %{...}, kind, events of what, what
 * it is */
#define HG_EVENT_VALUES(X)                                                                                   \
    X(TIME, "timestamp", "time", OWN, ANY, "the time, RFC 3339 in UTC with milliseconds")                    \
    X(TIME_CLF, "", "time-clf", OWN, ANY, "the time as the Common Log Format has it")                        \
    X(LEVEL, "level", "level", OWN, ANY, "the level: debug, info, warn or error")                            \
    X(EVENT, "event", "event", OWN, ANY, "the name of the event, or what the format calls it")               \
    X(MESSAGE, "message", "message", TEXT, ANY, "a sentence")                                                \
    X(REQUEST_ID, "request_id", "request-id", TEXT, REQUEST, "the id of the request")                        \
    X(FRONTEND, "frontend", "frontend", TEXT, ANY, "the name of the frontend")                               \
    X(BACKEND, "backend", "backend", TEXT, ANY, "the name of the backend")                                   \
    X(SERVER, "server", "server", TEXT, ANY, "the name of the server")                                       \
    X(METHOD, "method", "method", PEER, REQUEST, "the method")                                               \
    X(PATH, "path", "path", PEER, REQUEST, "the path as the client sent it, without query")                  \
    X(QUERY, "query", "has-query", TRUTH, REQUEST, "true: there was a query; its text is never logged")      \
    X(PROTOCOL, "", "protocol", TEXT, REQUEST, "HTTP/1.1 or HTTP/1.0")                                       \
    X(STATUS, "status", "status", NUMBER, REQUEST, "the status that the client got; 499: it left before")    \
    X(CLOSE, "close", "close", TEXT, REQUEST, "how the exchange ended")                                      \
    X(ERROR, "error", "error", TEXT, REQUEST, "the name of the failure")                                     \
    X(ERROR_DETAIL, "error_detail", "error-detail", TEXT, REQUEST, "what exactly failed")                    \
    X(FAILURE, "", "failure", TEXT, REQUEST,                                                                 \
      "what failed, as exactly as is known: error-detail, error or close")                                   \
    X(RULE, "rule", "rule", TEXT, REQUEST, "file and line of the rule that decided")                         \
    X(BYTES_IN, "bytes_in", "bytes-in", NUMBER, REQUEST, "bytes of the request's body")                      \
    X(BYTES_OUT, "bytes_out", "bytes-out", NUMBER, REQUEST, "bytes of the answer's body")                    \
    X(QUEUE_MS, "queue_ms", "queue-ms", MS, REQUEST, "how long it waited for a server")                      \
    X(CONNECT_MS, "connect_ms", "connect-ms", MS, REQUEST, "how long connecting took")                       \
    X(FIRST_BYTE_MS, "first_byte_ms", "first-byte-ms", MS, REQUEST, "until the first byte of the answer")    \
    X(TOTAL_MS, "total_ms", "total-ms", MS, REQUEST, "how long the whole exchange took")                     \
    X(CONNECTION, "connection", "connection", TEXT, REQUEST, "to the upstream: new, reused or none")         \
    X(TLS, "tls", "tls", TEXT, REQUEST, "the version of TLS to the upstream")                                \
    X(UPSTREAM, "upstream", "upstream", TEXT, REQUEST,                                                       \
      "host of the upstream, with a port that is not usual")                                                 \
    X(UPSTREAM_REQUEST_ID, "upstream_request_id", "upstream-request-id", PEER, REQUEST,                      \
      "the upstream's own id of the request")                                                                \
    X(RETRIES, "retries", "retries", NUMBER, REQUEST, "how often it was sent again")                         \
    X(UPGRADED, "upgraded", "upgraded", TRUTH, REQUEST, "true: the connection was upgraded")                 \
    X(CLIENT, "client", "client-ip", TEXT, REQUEST, "the address of the client")                             \
    X(HOP, "hop", "hop", TEXT, REQUEST, "the trusted proxy that said who the client is")                     \
    X(WHERE, "where", "where", TEXT, REQUEST, "file and line of the entry that speaks")                      \
    X(TEXT, "text", "text", TEXT, REQUEST, "what a log action says")                                         \
    X(ACTION, "action", "action", TEXT, REQUEST, "the action that would have answered")                      \
    X(LIMIT_NAME, "limit", "limit-name", TEXT, REQUEST, "rate-limit: its name")                              \
    X(LIMIT_COUNTS, "counts", "limit-counts", TEXT, REQUEST, "rate-limit: requests, bytes or tokens")        \
    X(LIMIT, "amount", "limit", NUMBER, REQUEST, "rate-limit: how many are allowed")                         \
    X(LIMIT_PER, "per", "limit-per", TEXT, REQUEST, "rate-limit: in which time")                             \
    X(RETRY_AFTER, "retry_after", "retry-after", NUMBER, REQUEST, "rate-limit: seconds until there is room") \
    X(TABLE_FULL, "table_full", "table-full", TRUTH, REQUEST, "true: there was no place for another key")    \
    X(OBSERVED, "observed", "observed", TRUTH, REQUEST, "true: it is only watched, the request went on")     \
    X(GUARD, "guard", "guard", TEXT, REQUEST, "guard: its name")                                             \
    X(GUARD_KIND, "kind", "guard-kind", TEXT, REQUEST, "guard: what it bounds")                              \
    X(GUARD_REASON, "reason", "guard-reason", TEXT, REQUEST, "guard: why it refused")                        \
    X(GUARD_COUNT, "count", "guard-count", TEXT, REQUEST, "guard: what was counted")                         \
    X(GUARD_MAX, "max", "guard-max", TEXT, REQUEST, "guard: how much is allowed")                            \
    X(USAGE, "usage", "usage", TEXT, REQUEST,                                                                \
      "how the tokens were counted: measured, partial or not_measured")                                      \
    X(MODEL, "model", "model", PEER, REQUEST, "the model that the answer, or a guarded request, names")      \
    X(INPUT_TOKENS, "input_tokens", "input-tokens", NUMBER, REQUEST, "tokens of the question")               \
    X(OUTPUT_TOKENS, "output_tokens", "output-tokens", NUMBER, REQUEST, "tokens of the answer")              \
    X(CACHE_READ_TOKENS, "cache_read_tokens", "cache-read-tokens", NUMBER, REQUEST,                          \
      "tokens read from a cache")                                                                            \
    X(CACHE_WRITE_TOKENS, "cache_write_tokens", "cache-write-tokens", NUMBER, REQUEST,                       \
      "tokens written to a cache")                                                                           \
    X(REASONING_TOKENS, "reasoning_tokens", "reasoning-tokens", NUMBER, REQUEST, "tokens of reasoning")      \
    X(STREAMING, "streaming", "streaming", TRUTH, REQUEST, "true: the answer came in events or frames")      \
    X(TRANSPORT, "transport", "transport", TEXT, REQUEST, "websocket, if the usage came over one")           \
    X(PARTIAL, "partial", "partial", TRUTH, REQUEST,                                                         \
      "true: the answer broke off, there may have been more tokens")                                         \
    X(PARTIAL_REASON, "partial_reason", "partial-reason", TEXT, REQUEST, "why the count is partial")         \
    X(BIND, "bind", "bind", TEXT, PROCESS, "the address that is listened on")                                \
    X(REASON, "reason", "reason", TEXT, PROCESS, "why a server is up or down")                               \
    X(VERSION, "version", "version", TEXT, PROCESS, "the version of hdrgate")                                \
    X(THREADS, "threads", "threads", NUMBER, PROCESS, "how many worker threads there are")                   \
    X(LISTENERS, "listeners", "listeners", NUMBER, PROCESS, "how many binds are open")                       \
    X(CAUSE, "cause", "cause", TEXT, PROCESS, "what asked for it: SIGTERM, SIGINT or a command")

enum hg_event_value {
#define X(id, field, name, kind, about, what) HG_EV_##id,
    HG_EVENT_VALUES(X)
#undef X
        HG_EV_COUNT
};

struct hg_event_row {
    const char *name;
    enum hg_event_about about;
    enum hg_event_id otherwise;
    const char *when;
};
const struct hg_event_row *hg_event_row(enum hg_event_id id);
/* By its name with '_' or with '-'; HG_EVENT_NOTHING: there is none. */
enum hg_event_id hg_event_find(struct hg_slice name);

struct hg_value_row {
    const char *field, *name;
    enum hg_value_kind kind;
    enum hg_event_about about;
    const char *what;
};
const struct hg_value_row *hg_value_row(enum hg_event_value id);
/* By its name in %{...}; HG_EV_COUNT: there is none. */
enum hg_event_value hg_value_find(struct hg_slice name);

struct hg_event {
    enum hg_event_id id;
    enum hg_log_level level;
    uint64_t at;                /* microseconds since 1970 */
    uint8_t order[HG_EV_COUNT]; /* values in the order given */
    bool given[HG_EV_COUNT];
    bool aside; /* what is given from now on is for formats, our own line does not have it */
    size_t n;
    union {
        struct hg_slice text;
        uint64_t number;
    } value[HG_EV_COUNT];
    const void *ctx;
    /* A header of the request as it arrived, for %{client-header:NAME}; .p NULL: there is none. May be NULL.
     */
    struct hg_slice (*header)(const void *ctx, struct hg_slice name);
    /* More fields of our own line, which formats do not have. May be NULL. */
    void (*more)(const void *ctx, struct hg_json *j);
};

/* Texts are not copied: they live until the event is written. A value is given once. */
void hg_event_begin(struct hg_event *e, enum hg_event_id id, enum hg_log_level level);
void hg_event_text(struct hg_event *e, enum hg_event_value id, struct hg_slice text); /* TEXT and PEER */
/* NULL or "" is not given. */
void hg_event_word(struct hg_event *e, enum hg_event_value id, const char *text);
void hg_event_number(struct hg_event *e, enum hg_event_value id, uint64_t n); /* NUMBER and MS */
void hg_event_truth(struct hg_event *e, enum hg_event_value id, bool truth);
/* Puts a value that was given aside, if it was, into our own line too. */
void hg_event_show(struct hg_event *e, enum hg_event_value id);

#endif
