/* SPDX-License-Identifier: MIT
 *
 * The tables of upstream failures and of the gateway's own, without what makes
 * them happen: configs name them (`errors`), so they are known before there are
 * connections.
 */
#ifndef HG_HTTP_FAILURES_H
#define HG_HTTP_FAILURES_H

/* id, name in logs and JSON, status the client gets, sentence */
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

/* Failures that are found without a message or a connection being wrong: name. */
#define HG_OWN_FAILURES(X)                                                             \
    X("denied")                 /* a deny action without an answer of its own */       \
    X("not_configured")         /* a variable or a credential has no value */          \
    X("credential_unavailable") /* a command has given no value, or it has run out */  \
    X("credential_resting")     /* all secrets of an any rest */                       \
    X("no_backend")             /* no rule answered, and there is no backend */        \
    X("request_timeout")        /* the client did not send its head or body in time */ \
    X("no_server")              /* no server of the backend is up */                   \
    X("queue_full")             /* too many requests wait for a server */              \
    X("queue_timeout")          /* the request waited too long for one */              \
    X("placeholder_leak")       /* a secret's placeholder was about to leave */        \
    X("rate_limit_error")       /* a rate-limit without an answer of its own */        \
    X("map_no_match")           /* a map has no entry for this request */

#endif
