/* SPDX-License-Identifier: MIT
 *
 * Why there is no (more) connection to an upstream: one row per cause with the
 * name for logs and JSON, the status the client gets, and the sentence.
 */
#ifndef HG_IO_FAILURE_H
#define HG_IO_FAILURE_H

#include <stdbool.h>

#define HG_FAILURES(X)                                                                               \
    X(NONE, "none", 200, "no failure")                                                               \
    X(DNS, "dns_failed", 502, "the name could not be resolved")                                      \
    X(DNS_TIMEOUT, "dns_timeout", 504, "the name was not resolved in time")                          \
    X(CONNECT, "connect_failed", 502, "the connection could not be made")                            \
    X(CONNECT_TIMEOUT, "connect_timeout", 504, "the connection was not made in time")                \
    X(PROXY_CONNECT, "proxy_unreachable", 502, "the proxy could not be reached")                     \
    X(PROXY_CONNECT_TIMEOUT, "proxy_timeout", 504, "the proxy did not accept a connection in time")  \
    X(TUNNEL_TIMEOUT, "tunnel_timeout", 504, "the proxy did not answer CONNECT in time")             \
    X(TUNNEL_DENIED, "proxy_denied", 403, "the proxy refused this destination")                      \
    X(TUNNEL_AUTH, "proxy_auth_required", 502,                                                       \
      "the proxy asks for credentials that it was not given or did not accept")                      \
    X(TUNNEL_FAILED, "proxy_error", 502, "the proxy could not open the tunnel")                      \
    X(TUNNEL_BAD, "proxy_bad_answer", 502, "the proxy's answer to CONNECT is not valid HTTP")        \
    X(TLS_TIMEOUT, "tls_timeout", 504, "the TLS handshake was not finished in time")                 \
    X(TLS_VERIFY, "tls_certificate", 502, "the upstream's certificate does not verify")              \
    X(TLS, "tls_failed", 502, "the TLS handshake failed")                                            \
    X(RESPONSE_TIMEOUT, "response_timeout", 504, "the upstream did not begin to answer in time")     \
    X(IDLE_TIMEOUT, "upstream_idle", 504, "the upstream was silent for too long")                    \
    X(CLOSED_EARLY, "upstream_closed", 502, "the upstream closed the connection before it answered") \
    X(RESET, "upstream_reset", 502, "the upstream broke the connection off before it answered")      \
    X(BAD_RESPONSE, "upstream_bad_response", 502, "the upstream's answer is not valid HTTP/1.1")     \
    X(NO_RESOURCES, "no_resources", 503, "no descriptor or memory is left for a connection")

enum hg_failure_kind {
#define X(id, name, status, text) HG_FAILURE_##id,
    HG_FAILURES(X)
#undef X
};

const char *hg_failure_name(enum hg_failure_kind k);
unsigned hg_failure_status(enum hg_failure_kind k);
const char *hg_failure_text(enum hg_failure_kind k);

struct hg_failure {
    enum hg_failure_kind kind;
    char detail[256]; /* printable, without credentials: errno's text, OpenSSL's reason, "HTTP 407",
                         X-Squid-Error */
};

void hg_failure_set(struct hg_failure *f, enum hg_failure_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
