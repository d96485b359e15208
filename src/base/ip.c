/* SPDX-License-Identifier: MIT
 *
 * IP addresses and networks. The C library reads and writes the text; it takes
 * neither leading zeros nor shortened IPv4.
 */
#include "base/ip.h"

#include <arpa/inet.h>

#include "base/check.h"

static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool hg_ip_is_v4(const unsigned char addr[16])
{
    return memcmp(addr, v4_prefix, sizeof(v4_prefix)) == 0;
}

void hg_ip_from_v4(const unsigned char v4[4], unsigned char addr[16])
{
    memcpy(addr, v4_prefix, sizeof(v4_prefix));
    memcpy(addr + sizeof(v4_prefix), v4, 4);
}

bool hg_ip_parse(struct hg_slice text, unsigned char addr[16])
{
    char z[HG_IP_TEXT_LEN];
    unsigned char v4[4];

    if (text.n == 0 || text.n >= sizeof(z) || memchr(text.p, '\0', text.n) != NULL)
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    if (inet_pton(AF_INET, z, v4) == 1) {
        hg_ip_from_v4(v4, addr);
        return true;
    }
    return inet_pton(AF_INET6, z, addr) == 1;
}

void hg_ip_text(const unsigned char addr[16], char out[HG_IP_TEXT_LEN])
{
    bool v4 = hg_ip_is_v4(addr);
    const char *text =
        inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + sizeof(v4_prefix) : addr, out, HG_IP_TEXT_LEN);

    HG_ASSERT(text == out); /* it fits */
}

static bool beyond_prefix(const struct hg_cidr *c)
{
    for (unsigned i = c->bits; i < 128; i++)
        if (c->addr[i / 8] & (0x80u >> i % 8))
            return true;
    return false;
}

const char *hg_cidr_parse(struct hg_slice text, struct hg_cidr *out)
{
    ptrdiff_t slash = hg_slice_find(text, '/');
    struct hg_slice ip = slash < 0 ? text : hg_slice(text.p, (size_t)slash);
    uint64_t bits;

    if (!hg_ip_parse(ip, out->addr))
        return "is not an IP address or network (expected such as \"10.0.0.0/8\", \"192.0.2.7\" or "
               "\"2001:db8::/32\")";
    out->bits = 128;
    if (slash < 0)
        return NULL;
    /* What is written with a colon has 128 bits, ::ffff:10.0.0.0/104 too. */
    bool v4 = hg_slice_find(ip, ':') < 0;
    struct hg_slice digits = hg_slice_from(text, (size_t)slash + 1);
    if (digits.n == 0 || digits.n > 3 || !hg_slice_u64(digits, &bits) || bits > (v4 ? 32 : 128))
        return v4 ? "has no valid prefix length (expected 0 to 32)"
                  : "has no valid prefix length (expected 0 to 128)";
    out->bits = (unsigned)bits + (v4 ? 96 : 0);
    return beyond_prefix(out) ? "has address bits behind its prefix (write the network's first address)"
                              : NULL;
}

bool hg_cidr_has(const struct hg_cidr *c, const unsigned char addr[16])
{
    unsigned whole = c->bits / 8, rest = c->bits % 8;

    HG_ASSERT(c->bits <= 128);
    if (c->bits < 96 && hg_ip_is_v4(addr))
        return false;
    if (memcmp(c->addr, addr, whole) != 0)
        return false;
    return rest == 0 || ((c->addr[whole] ^ addr[whole]) & (0xff00u >> rest) & 0xffu) == 0;
}

bool hg_cidr_any(const struct hg_cidr *list, size_t n, const unsigned char addr[16])
{
    for (size_t i = 0; i < n; i++)
        if (hg_cidr_has(&list[i], addr))
            return true;
    return false;
}
