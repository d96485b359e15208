/* SPDX-License-Identifier: MIT
 *
 * Names to addresses. The channel itself (hg_dns_new) is in io/dial.h.
 */
#ifndef HG_IO_DNS_H
#define HG_IO_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "io/failure.h"

struct hg_dns;
struct hg_dns_query;

union hg_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct hg_addresses {
    size_t n;
    union hg_address v[HG_LIMIT_ADDRESSES];
};

socklen_t hg_address_len(const union hg_address *a);
/* "192.0.2.1 port 443"; out holds HG_ADDRESS_TEXT_LEN bytes. */
#define HG_ADDRESS_TEXT_LEN 64
void hg_address_text(const union hg_address *a, char out[HG_ADDRESS_TEXT_LEN]);
/* False when host is not a literal. */
bool hg_address_parse(const char *host, uint16_t port, union hg_address *out);

/* failure is NULL exactly when there is an address. */
typedef void hg_dns_done(void *ctx, const struct hg_addresses *found, const struct hg_failure *failure);

/* done is called once, at the end of a turn and never from in here; the query is gone then. NULL: no memory.
 */
struct hg_dns_query *hg_dns_resolve(struct hg_dns *r, const char *host, uint16_t port, hg_dns_done *done,
                                    void *ctx);
/* done is not called any more. */
void hg_dns_cancel(struct hg_dns_query *q);

/* "127.0.0.1:5353": instead of the system's servers. False when c-ares does not take it. */
bool hg_dns_use_servers(struct hg_dns *r, const char *list);

#endif
