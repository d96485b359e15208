/* SPDX-License-Identifier: MIT
 *
 * TLS settings, ready to use. A context is built when a plan starts (errors are
 * start errors) and is shared by threads. Its files may be read again: then new
 * connections get what they hold now, and those that exist keep what they have.
 */
#ifndef HG_IO_TLS_H
#define HG_IO_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct hg_tls;         /* a client or a server context */
struct hg_tls_session; /* a session that can be resumed */

struct hg_tls_client_options {
    const char *ca; /* replaces all other CAs; NULL: the system's, honouring SSL_CERT_FILE and SSL_CERT_DIR */
    const char *extra_ca; /* added to the system's; NULL: none */
    const char *cert, *key;
    bool verify;
};

/* TLS 1.2 and later, no ALPN. NULL and a sentence in err (without file contents). */
struct hg_tls *hg_tls_client_new(const struct hg_tls_client_options *o, char *err, size_t errlen);

struct hg_tls_server_options {
    const char *cert, *key; /* PEM; key NULL: in the same file */
    const char *client_ca;  /* NULL: clients show no certificate */
};
struct hg_tls *hg_tls_server_new(const struct hg_tls_server_options *o, char *err, size_t errlen);

void hg_tls_free(struct hg_tls **t);

/* The i-th file that it was made of, NULL behind the last. The system's CAs are not among them. */
const char *hg_tls_file(const struct hg_tls *t, size_t i);
/* Reads its files again. False with a sentence in err: everything stays as it was. Sessions of a client with
 * a certificate are not resumed across this: they would show the old one. Any thread. */
bool hg_tls_reload(struct hg_tls *t, char *err, size_t errlen);

/* Counted; all references are used by one thread. */
struct hg_tls_session *hg_tls_session_ref(struct hg_tls_session *s);
void hg_tls_session_free(struct hg_tls_session *s);

#endif
