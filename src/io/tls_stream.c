/* SPDX-License-Identifier: MIT
 *
 * TLS on a stream: OpenSSL works on the socket itself, without memory in between.
 * Everything odd about it ends here: crossed wishes, records that are half
 * there, errors in a queue, a peer that leaves without saying so.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "stream_internal.h"
#include "tls_internal.h"

#define RECORD_MAX 16384u

/* ---- results ---- */

static int fail_queue(struct hg_stream *s, const char *op)
{
    unsigned long e = ERR_peek_error();

    if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        hg_stream_fail(s, "closed without close_notify");
    else if (s->bad_certificate)
        s->failed = true; /* the text is there */
    else
        hg_stream_fail(s, "%s: %s", op, hg_tls_reason(e));
    ERR_clear_error();
    return HG_STREAM_ERROR;
}

static int fail_syscall(struct hg_stream *s, int e)
{
    const char *text = strerrordesc_np(e);

    if (e == 0)
        text = "closed without close_notify";
    return hg_stream_fail(s, "%s", text != NULL ? text : "unknown error");
}

/* What an operation that did not succeed means. needs: where its wish is remembered. */
static int result(struct hg_stream *s, int ret, unsigned char *needs, const char *op)
{
    int saved = errno;

    switch (SSL_get_error(s->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
        *needs = HG_IO_READ;
        s->starved = true;
        return HG_STREAM_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        *needs = HG_IO_WRITE;
        return HG_STREAM_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        s->starved = true; /* nothing behind close_notify counts */
        return HG_STREAM_EOF;
    case SSL_ERROR_SYSCALL:
        if (ERR_peek_error() == 0)
            return fail_syscall(s, saved);
        return fail_queue(s, op);
    default:
        return fail_queue(s, op);
    }
}

static void begin(void)
{
    ERR_clear_error();
    errno = 0;
}

/* ---- bytes ---- */

/* Messages behind the handshake, session tickets above all, leave an empty buffer for writing behind: 16 KiB
 * that an answer would hold until its end. Only after a record that was read whole: before 3.0.14 OpenSSL
 * also freed the buffer of one whose header had come alone. */
static void free_buffers(SSL *ssl)
{
    if (SSL_has_pending(ssl) == 0)
        (void)SSL_free_buffers(ssl);
}

ssize_t hg_tls_read(struct hg_stream *s, char *p, size_t n)
{
    size_t got = 0;
    int ret;

    begin();
    ret = SSL_read_ex(s->ssl, p, n, &got);
    if (ret == 1) {
        HG_ASSERT(got > 0 && got <= n);
        s->starved = false;
        s->read_needs = HG_IO_READ;
        free_buffers(s->ssl);
        return (ssize_t)got;
    }
    return result(s, ret, &s->read_needs, "TLS read");
}

/* The system's error when it was the socket that failed and not TLS; 0 otherwise. From 3.2 on OpenSSL puts
 * it into its own queue too. */
static int broken_below(const struct hg_stream *s, int ret)
{
    int saved = errno;
    unsigned long e;

    if (SSL_get_error(s->ssl, ret) != SSL_ERROR_SYSCALL)
        return 0;
    e = ERR_peek_error();
    return e != 0 && ERR_SYSTEM_ERROR(e) ? ERR_GET_REASON(e) : saved;
}

static ssize_t write_record(struct hg_stream *s, const char *p, size_t n)
{
    size_t put = 0;
    int ret, code;

    begin();
    ret = SSL_write_ex(s->ssl, p, n, &put);
    if (ret == 1) {
        HG_ASSERT(put > 0 && put <= n);
        s->owed = 0;
        s->write_needs = HG_IO_WRITE;
        return (ssize_t)put;
    }
    code = broken_below(s, ret);
    if (code != 0)
        return hg_stream_fail_write(s, code);
    ret = result(s, ret, &s->write_needs, "TLS write");
    if (ret == HG_STREAM_EOF)
        return hg_stream_fail(s, "write after the close_notify of the peer");
    if (ret == HG_STREAM_AGAIN && SSL_is_init_finished(s->ssl))
        s->owed = n < RECORD_MAX ? (unsigned)n : RECORD_MAX;
    return ret;
}

/* OpenSSL takes a record at a time; a short count must mean that the socket is full. */
ssize_t hg_tls_write(struct hg_stream *s, const char *p, size_t n)
{
    size_t done = 0;

    HG_ASSERT(n >= s->owed);
    while (done < n) {
        ssize_t put = write_record(s, p + done, n - done);
        if (put < 0)
            return done > 0 ? (ssize_t)done : put;
        done += (size_t)put;
    }
    return (ssize_t)done;
}

bool hg_tls_pending(const struct hg_stream *s)
{
    return SSL_pending(s->ssl) > 0 || (!s->starved && SSL_has_pending(s->ssl) == 1);
}

/* ---- the end ---- */

bool hg_tls_shutdown(struct hg_stream *s)
{
    int ret;

    if (!SSL_is_init_finished(s->ssl))
        return true;
    /* Once it is out, a second call would wait for the peer's and throw data away. */
    if ((SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN) && !s->shut_pending)
        return true;
    begin();
    ret = SSL_shutdown(s->ssl);
    if (ret < 0) {
        int why = SSL_get_error(s->ssl, ret);
        ERR_clear_error();
        return why != SSL_ERROR_WANT_WRITE;
    }
    return true;
}

void hg_tls_detach(struct hg_stream *s, bool polite)
{
    SSL *ssl = s->ssl;

    ERR_clear_error();
    if (!s->failed && !s->write_failed && polite && SSL_is_init_finished(ssl) && s->owed == 0 &&
        !(SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN))
        (void)SSL_shutdown(ssl);
    SSL_set_app_data(ssl, NULL);
    SSL_free(ssl);
    ERR_clear_error();
    s->ssl = NULL;
}

/* ---- the beginning ---- */

static bool attach(struct hg_stream *s, struct hg_tls *tls)
{
    begin();
    s->ssl = hg_tls_connection(tls);
    if (s->ssl == NULL || SSL_set_app_data(s->ssl, s) != 1 || SSL_set_fd(s->ssl, s->io.fd) != 1) {
        ERR_clear_error();
        return false;
    }
    return true;
}

bool hg_tls_attach_server(struct hg_stream *s, struct hg_tls *tls)
{
    HG_ASSERT(tls->server);
    if (!attach(s, tls))
        return false;
    SSL_set_accept_state(s->ssl);
    return true;
}

/* The name that is sent and verified. A last dot belongs to DNS, not to certificates. */
static bool set_name(SSL *ssl, const char *name, bool verify)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    struct hg_slice bare = hg_slice_str(name);
    char copy[256];

    if (hg_text_is_ip(bare))
        return !verify || X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    if (bare.n > 1 && bare.p[bare.n - 1] == '.')
        bare.n--;
    if (bare.n == 0 || bare.n >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", HG_FMT(bare));
    if (SSL_set_tlsext_host_name(ssl, copy) != 1)
        return false;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return !verify || X509_VERIFY_PARAM_set1_host(param, copy, bare.n) == 1;
}

/* A copy: OpenSSL spoils what it has offered once, but connections that are opened in a burst share the
 * newest session. Without memory it is a full handshake. */
static void offer(SSL *ssl, const struct hg_tls_session *session)
{
    SSL_SESSION *copy;

    /* One of before the files were read anew would show the old certificate, or be believed on the word of
     * authorities that are trusted no more. */
    if (session->mark != SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))
        return;
    copy = SSL_SESSION_dup(session->session);
    if (copy != NULL)
        (void)SSL_set_session(ssl, copy);
    SSL_SESSION_free(copy);
}

bool hg_tls_attach_client(struct hg_stream *s, const struct hg_stream_client *o)
{
    HG_ASSERT(!o->tls->server);
    HG_ASSERT(o->name != NULL);
    if (!attach(s, o->tls) || !set_name(s->ssl, o->name, o->tls->verify)) {
        ERR_clear_error();
        return false;
    }
    if (o->resume != NULL)
        offer(s->ssl, o->resume);
    ERR_clear_error();
    s->session = o->session;
    s->session_ctx = o->session_ctx;
    SSL_set_connect_state(s->ssl);
    return true;
}

int hg_stream_handshake(struct hg_stream *s, struct hg_failure *f)
{
    int ret;

    hg_stream_check(s);
    HG_ASSERT(s->ssl != NULL && !s->failed);
    begin();
    ret = SSL_do_handshake(s->ssl);
    if (ret == 1) {
        s->read_needs = HG_IO_READ;
        s->starved = false;
        return 1;
    }
    ret = result(s, ret, &s->read_needs, "TLS handshake");
    if (ret == HG_STREAM_AGAIN)
        return ret;
    if (ret == HG_STREAM_EOF)
        ret = hg_stream_fail(s, "closed during the handshake");
    hg_failure_set(f, s->bad_certificate ? HG_FAILURE_TLS_VERIFY : HG_FAILURE_TLS, "%s", hg_stream_error(s));
    return ret;
}

/* ---- callbacks ---- */

int hg_tls_on_verify(int ok, X509_STORE_CTX *x)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct hg_stream *s = ssl != NULL ? SSL_get_app_data(ssl) : NULL;
    X509 *cert = X509_STORE_CTX_get_current_cert(x);
    char subject[96] = "no subject";

    if (ok || s == NULL || s->bad_certificate)
        return ok;
    if (cert != NULL)
        X509_NAME_oneline(X509_get_subject_name(cert), subject, (int)sizeof subject);
    s->bad_certificate = true;
    hg_stream_note(s, "%s (depth %d, %s)", X509_verify_cert_error_string(X509_STORE_CTX_get_error(x)),
                   X509_STORE_CTX_get_error_depth(x), subject);
    return 0;
}

int hg_tls_on_session(SSL *ssl, SSL_SESSION *session)
{
    struct hg_stream *s = SSL_get_app_data(ssl);
    struct hg_tls_session *kept;

    if (s == NULL || s->session == NULL || !SSL_SESSION_is_resumable(session))
        return 0;
    kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return 0;
    kept->refs = 1;
    /* A connection that ends badly spoils its own session; the copy stays good. */
    kept->session = SSL_SESSION_dup(session);
    kept->mark = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (kept->session != NULL)
        s->session(s->session_ctx, kept);
    else
        free(kept);
    return 0;
}

/* ---- for the log ---- */

bool hg_stream_established(const struct hg_stream *s)
{
    hg_stream_check(s);
    return s->ssl == NULL || SSL_is_init_finished(s->ssl);
}

const char *hg_stream_tls_version(const struct hg_stream *s)
{
    hg_stream_check(s);
    return s->ssl != NULL && SSL_is_init_finished(s->ssl) ? SSL_get_version(s->ssl) : NULL;
}

bool hg_stream_tls_resumed(const struct hg_stream *s)
{
    hg_stream_check(s);
    return s->ssl != NULL && SSL_is_init_finished(s->ssl) && SSL_session_reused(s->ssl);
}
