/* SPDX-License-Identifier: MIT
 *
 * TLS contexts: which versions, which authorities, which certificate of our own.
 * Built once, when a plan starts; what is wrong with a file is said here.
 */
#include "io/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "tls_internal.h"

const char *hg_tls_reason(unsigned long e)
{
    const char *text;

    if (e == 0)
        return "unknown error";
    text = ERR_SYSTEM_ERROR(e) ? strerrordesc_np(ERR_GET_REASON(e)) : ERR_reason_error_string(e);
    return text != NULL ? text : "unknown error";
}

static bool complain(char *err, size_t errlen, const char *what, const char *path)
{
    /* The first entry is the cause, the later ones say where it passed through. */
    unsigned long e = ERR_get_error();

    snprintf(err, errlen, "%s %s: %s", what, path, hg_tls_reason(e));
    ERR_clear_error();
    return false;
}

/* OpenSSL would ask for it on the terminal.
 * NOLINTNEXTLINE(readability-non-const-parameter): the type is OpenSSL's */
static int no_password(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

/* A copy of a path that may be absent. */
static bool keep(char **to, const char *path)
{
    *to = path != NULL ? strdup(path) : NULL;
    return path == NULL || *to != NULL;
}

static struct hg_tls *context_new(const SSL_METHOD *method, bool server)
{
    struct hg_tls *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    if (pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return NULL;
    }
    ERR_clear_error();
    t->server = server;
    t->ctx = SSL_CTX_new(method);
    if (t->ctx == NULL || SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1) {
        ERR_clear_error();
        hg_tls_free(&t);
        return NULL;
    }
    SSL_CTX_set_options(t->ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(t->ctx, 1); /* a record in one system call instead of two */
    SSL_CTX_set_default_passwd_cb(t->ctx, no_password);
    return t;
}

static bool load_identity(struct hg_tls *t, const char *cert, const char *key, char *err, size_t errlen)
{
    if (SSL_CTX_use_certificate_chain_file(t->ctx, cert) != 1)
        return complain(err, errlen, "cannot use the certificate in", cert);
    if (key == NULL)
        key = cert;
    if (SSL_CTX_use_PrivateKey_file(t->ctx, key, SSL_FILETYPE_PEM) != 1)
        return complain(err, errlen, "cannot use the private key in", key);
    if (SSL_CTX_check_private_key(t->ctx) != 1)
        return complain(err, errlen, "the private key does not belong to the certificate in", cert);
    return true;
}

/* OpenSSL decodes the extensions of an authority at the first handshake that meets it, while others may read
 * it. Here they are decoded before any thread can see the context. */
static void decode_authorities(SSL_CTX *ctx)
{
    const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx));

    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

        if (cert != NULL)
            (void)X509_check_purpose(cert, -1, 0);
    }
    ERR_clear_error();
}

static bool is_empty(const char *text)
{
    return text != NULL && text[0] == '\0';
}

/* OpenSSL passes over a file that it cannot read, also one that SSL_CERT_FILE names: then nothing verifies,
 * and no sentence says why. A variable that is empty counts as unset, as all do. */
static bool load_system(SSL_CTX *ctx, char *err, size_t errlen)
{
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *dir = getenv(X509_get_default_cert_dir_env());

    if (SSL_CTX_set_default_verify_paths(ctx) != 1)
        return complain(err, errlen, "cannot read certificate authorities from", "the system's store");
    if (is_empty(file))
        (void)SSL_CTX_load_verify_file(ctx, X509_get_default_cert_file());
    else if (file != NULL && SSL_CTX_load_verify_file(ctx, file) != 1)
        return complain(err, errlen, "SSL_CERT_FILE: cannot read certificate authorities from", file);
    if (is_empty(dir))
        (void)SSL_CTX_load_verify_dir(ctx, X509_get_default_cert_dir());
    ERR_clear_error();
    return true;
}

static bool load_authorities(struct hg_tls *t, const struct hg_tls_client_options *o, char *err,
                             size_t errlen)
{
    if (o->ca != NULL) {
        if (SSL_CTX_load_verify_file(t->ctx, o->ca) != 1)
            return complain(err, errlen, "cannot read certificate authorities from", o->ca);
    } else if (!load_system(t->ctx, err, errlen)) {
        return false;
    }
    if (o->extra_ca != NULL && SSL_CTX_load_verify_file(t->ctx, o->extra_ca) != 1)
        return complain(err, errlen, "cannot read certificate authorities from", o->extra_ca);
    decode_authorities(t->ctx);
    return true;
}

/* Sessions carry the mark of the context they came from: with a resumed one no certificate is shown, neither
 * theirs to authorities that may have changed nor ours. */
static void mark_context(SSL_CTX *ctx)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)SSL_CTX_set_app_data(ctx, (char *)((uintptr_t)now.tv_sec * 1000000000u + (uintptr_t)now.tv_nsec));
}

struct hg_tls *hg_tls_client_new(const struct hg_tls_client_options *o, char *err, size_t errlen)
{
    struct hg_tls *t = context_new(TLS_client_method(), false);

    HG_ASSERT(o != NULL && err != NULL && errlen > 0);
    if (t == NULL) {
        snprintf(err, errlen, "no memory for a TLS context");
        return NULL;
    }
    t->verify = o->verify;
    if (!keep(&t->ca, o->ca) || !keep(&t->extra_ca, o->extra_ca) || !keep(&t->cert, o->cert) ||
        !keep(&t->key, o->key)) {
        snprintf(err, errlen, "no memory for a TLS context");
        hg_tls_free(&t);
        return NULL;
    }
    mark_context(t->ctx);
    if ((o->verify && !load_authorities(t, o, err, errlen)) ||
        (o->cert != NULL && !load_identity(t, o->cert, o->key, err, errlen))) {
        hg_tls_free(&t);
        return NULL;
    }
    SSL_CTX_set_verify(t->ctx, o->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       o->verify ? hg_tls_on_verify : NULL);
    /* The pool keeps the sessions, under its own keys. */
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(t->ctx, hg_tls_on_session);
    return t;
}

static bool load_client_authorities(struct hg_tls *t, const char *path, char *err, size_t errlen)
{
    STACK_OF(X509_NAME) * names;

    if (SSL_CTX_load_verify_file(t->ctx, path) != 1)
        return complain(err, errlen, "cannot read certificate authorities from", path);
    names = SSL_load_client_CA_file(path);
    if (names == NULL)
        return complain(err, errlen, "cannot read certificate authorities from", path);
    SSL_CTX_set_client_CA_list(t->ctx, names);
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, hg_tls_on_verify);
    t->verify = true;
    return true;
}

struct hg_tls *hg_tls_server_new(const struct hg_tls_server_options *o, char *err, size_t errlen)
{
    static const unsigned char context_id[] = "hdrgate";
    struct hg_tls *t = context_new(TLS_server_method(), true);

    HG_ASSERT(o != NULL && o->cert != NULL && err != NULL && errlen > 0);
    if (t == NULL) {
        snprintf(err, errlen, "no memory for a TLS context");
        return NULL;
    }
    if (!keep(&t->cert, o->cert) || !keep(&t->key, o->key) || !keep(&t->client_ca, o->client_ca)) {
        snprintf(err, errlen, "no memory for a TLS context");
        hg_tls_free(&t);
        return NULL;
    }
    if (!load_identity(t, o->cert, o->key, err, errlen) ||
        (o->client_ca != NULL && !load_client_authorities(t, o->client_ca, err, errlen))) {
        hg_tls_free(&t);
        return NULL;
    }
    /* Tickets only: the client keeps its session, not we. */
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(t->ctx, context_id, sizeof context_id - 1);
    return t;
}

void hg_tls_free(struct hg_tls **t)
{
    if (*t == NULL)
        return;
    SSL_CTX_free((*t)->ctx);
    pthread_mutex_destroy(&(*t)->lock);
    free((*t)->ca);
    free((*t)->extra_ca);
    free((*t)->cert);
    free((*t)->key);
    free((*t)->client_ca);
    free(*t);
    *t = NULL;
}

SSL *hg_tls_connection(struct hg_tls *t)
{
    SSL *ssl;

    pthread_mutex_lock(&t->lock);
    ssl = SSL_new(t->ctx); /* holds its own reference */
    pthread_mutex_unlock(&t->lock);
    return ssl;
}

const char *hg_tls_file(const struct hg_tls *t, size_t i)
{
    const char *all[] = {t->cert, t->key, t->ca, t->extra_ca, t->client_ca};

    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
        if (all[k] != NULL && i-- == 0)
            return all[k];
    return NULL;
}

bool hg_tls_reload(struct hg_tls *t, char *err, size_t errlen)
{
    const struct hg_tls_client_options co = {
        .ca = t->ca, .extra_ca = t->extra_ca, .cert = t->cert, .key = t->key, .verify = t->verify};
    const struct hg_tls_server_options so = {.cert = t->cert, .key = t->key, .client_ca = t->client_ca};
    struct hg_tls *fresh =
        t->server ? hg_tls_server_new(&so, err, errlen) : hg_tls_client_new(&co, err, errlen);
    SSL_CTX *old;

    if (fresh == NULL)
        return false;
    pthread_mutex_lock(&t->lock);
    old = t->ctx;
    t->ctx = fresh->ctx;
    pthread_mutex_unlock(&t->lock);
    fresh->ctx = old;
    hg_tls_free(&fresh);
    return true;
}

struct hg_tls_session *hg_tls_session_ref(struct hg_tls_session *s)
{
    HG_ASSERT(s->refs > 0);
    s->refs++;
    return s;
}

void hg_tls_session_free(struct hg_tls_session *s)
{
    if (s == NULL)
        return;
    HG_ASSERT(s->refs > 0);
    if (--s->refs > 0)
        return;
    SSL_SESSION_free(s->session);
    free(s);
}
