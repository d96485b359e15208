/* SPDX-License-Identifier: MIT
 *
 * IP addresses as 16 bytes and networks in CIDR notation (RFC 4632, RFC 4291,
 * 2.3). An IPv4 address stands as ::ffff:a.b.c.d, so that one comparison does
 * for both, and it is the same address when a peer writes it so.
 */
#ifndef HG_BASE_IP_H
#define HG_BASE_IP_H

#include "base/slice.h"

#define HG_IP_TEXT_LEN 46

/* A literal without brackets, port or zone. */
bool hg_ip_parse(struct hg_slice text, unsigned char addr[16]);
/* IPv4 dotted, IPv6 as RFC 5952 writes it. */
void hg_ip_text(const unsigned char addr[16], char out[HG_IP_TEXT_LEN]);
bool hg_ip_is_v4(const unsigned char addr[16]);
void hg_ip_from_v4(const unsigned char v4[4], unsigned char addr[16]);

struct hg_cidr {
    unsigned char addr[16];
    unsigned bits; /* of the 128: an IPv4 network has 96 and more */
};

/* "10.0.0.0/8", "2001:db8::/32", or one address. NULL, or what is wrong with it: also bits behind the prefix,
 * which are a mistake more often than not. */
const char *hg_cidr_parse(struct hg_slice text, struct hg_cidr *out);
/* An IPv6 network (::/0 too) has no IPv4 address in it. */
bool hg_cidr_has(const struct hg_cidr *c, const unsigned char addr[16]);
bool hg_cidr_any(const struct hg_cidr *list, size_t n, const unsigned char addr[16]);

#endif
