/* SPDX-License-Identifier: MIT
 *
 * Certificates made on the spot: nothing to expire in the tree, no key in it.
 */
#ifndef HG_TESTS_IO_CERTS_H
#define HG_TESTS_IO_CERTS_H

#include "io/tls.h"

/* Each file holds a key and its certificate. The leaves are for upstream.test and 127.0.0.1. */
struct certs {
    char dir[64];
    char ca[96], good[96], expired[96], self[96], client[96], locked[96], junk[96];
};

void certs_make(struct certs *c);
void certs_remove(struct certs *c);

struct hg_tls *certs_server(const char *pem, const char *client_ca);
/* ca NULL: no verification. */
struct hg_tls *certs_client(const char *ca, const char *pem);

#endif
