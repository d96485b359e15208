/* SPDX-License-Identifier: MIT
 *
 * What tls.c (contexts) and tls_stream.c (connections) share.
 */
#ifndef HG_IO_TLS_INTERNAL_H
#define HG_IO_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "io/tls.h"

struct hg_tls {
    pthread_mutex_t lock; /* around ctx */
    SSL_CTX *ctx;
    bool server;
    bool verify; /* the peer's certificate, and as a client its name */
    /* What it was made of, to be read again; each may be NULL. */
    char *ca, *extra_ca, *cert, *key, *client_ca;
};

struct hg_tls_session {
    unsigned refs;
    SSL_SESSION *session;
    const void *mark; /* of the context it came from */
};

/* A connection with the settings of now; NULL without memory. */
SSL *hg_tls_connection(struct hg_tls *t);

/* A sentence part for an entry of OpenSSL's error queue; never NULL. */
const char *hg_tls_reason(unsigned long e);

/* Callbacks of a context; they find the stream through the connection. */
int hg_tls_on_verify(int ok, X509_STORE_CTX *x);
int hg_tls_on_session(SSL *ssl, SSL_SESSION *session);

#endif
