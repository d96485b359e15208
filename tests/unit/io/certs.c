/* SPDX-License-Identifier: MIT
 *
 * A small authority: EC keys, because they are made at once.
 */
#include "certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct issuer {
    X509 *cert;
    EVP_PKEY *key;
};

struct leaf {
    const char *path, *cn, *password;
    bool ca, names;
    long from, to; /* seconds from now */
};

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(e != NULL && X509_add_ext(cert, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static void write_pem(const struct leaf *l, X509 *cert, EVP_PKEY *key)
{
    FILE *f = fopen(l->path, "w");

    need(f != NULL);
    need(PEM_write_PrivateKey(f, key, l->password != NULL ? EVP_aes_128_cbc() : NULL,
                              (const unsigned char *)l->password,
                              l->password != NULL ? (int)strlen(l->password) : 0, NULL, NULL) == 1);
    need(PEM_write_X509(f, cert) == 1);
    fclose(f);
}

/* by NULL: signed by itself. */
static struct issuer issue(const struct leaf *l, const struct issuer *by)
{
    struct issuer made = {.cert = X509_new(), .key = EVP_EC_gen("P-256")};
    static long serial = 1;
    X509_NAME *name;

    need(made.cert != NULL && made.key != NULL);
    name = X509_get_subject_name(made.cert);
    X509_set_version(made.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.cert), l->from);
    X509_gmtime_adj(X509_getm_notAfter(made.cert), l->to);
    X509_set_pubkey(made.cert, made.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)l->cn, -1, -1, 0);
    X509_set_issuer_name(made.cert, by != NULL ? X509_get_subject_name(by->cert) : name);
    extend(made.cert, by != NULL ? by->cert : made.cert, NID_basic_constraints,
           l->ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (l->names)
        extend(made.cert, by != NULL ? by->cert : made.cert, NID_subject_alt_name,
               "DNS:upstream.test,IP:127.0.0.1");
    need(X509_sign(made.cert, by != NULL ? by->key : made.key, EVP_sha256()) > 0);
    write_pem(l, made.cert, made.key);
    return made;
}

static void drop(struct issuer i)
{
    X509_free(i.cert);
    EVP_PKEY_free(i.key);
}

static void path(struct certs *c, char out[96], const char *name)
{
    snprintf(out, 96, "%s/%s.pem", c->dir, name);
}

void certs_make(struct certs *c)
{
    const long day = 86400;
    struct issuer ca;
    FILE *junk;

    snprintf(c->dir, sizeof c->dir, "/tmp/hdrgate-certs-XXXXXX");
    need(mkdtemp(c->dir) != NULL);
    path(c, c->ca, "ca");
    path(c, c->good, "good");
    path(c, c->expired, "expired");
    path(c, c->self, "self");
    path(c, c->client, "client");
    path(c, c->locked, "locked");
    path(c, c->junk, "junk");
    ca = issue(&(struct leaf){.path = c->ca, .cn = "test authority", .ca = true, .from = -day, .to = day},
               NULL);
    drop(issue(&(struct leaf){.path = c->good, .cn = "good", .names = true, .from = -day, .to = day}, &ca));
    drop(issue(&(struct leaf){.path = c->expired, .cn = "old", .names = true, .from = -2 * day, .to = -day},
               &ca));
    drop(issue(&(struct leaf){.path = c->self, .cn = "self", .names = true, .from = -day, .to = day}, NULL));
    drop(issue(&(struct leaf){.path = c->client, .cn = "client", .from = -day, .to = day}, &ca));
    drop(issue(
        &(struct leaf){.path = c->locked, .cn = "locked", .password = "secret", .from = -day, .to = day},
        &ca));
    drop(ca);
    junk = fopen(c->junk, "w");
    need(junk != NULL);
    fputs("top secret junk\n", junk);
    fclose(junk);
}

void certs_remove(struct certs *c)
{
    unlink(c->ca);
    unlink(c->good);
    unlink(c->expired);
    unlink(c->self);
    unlink(c->client);
    unlink(c->locked);
    unlink(c->junk);
    rmdir(c->dir);
}

struct hg_tls *certs_server(const char *pem, const char *client_ca)
{
    struct hg_tls_server_options o = {.cert = pem, .client_ca = client_ca};
    char err[256];
    struct hg_tls *t = hg_tls_server_new(&o, err, sizeof err);

    need(t != NULL);
    return t;
}

struct hg_tls *certs_client(const char *ca, const char *pem)
{
    struct hg_tls_client_options o = {.ca = ca, .cert = pem, .verify = ca != NULL};
    char err[256];
    struct hg_tls *t = hg_tls_client_new(&o, err, sizeof err);

    need(t != NULL);
    return t;
}
