/* SPDX-License-Identifier: MIT
 *
 * PROXY protocol, versions 1 (a line) and 2 (binary). Strict: a sender that
 * cannot write its own header is not one to believe.
 */
#include "http/proxy_header.h"

#include "base/check.h"
#include "base/ip.h"
#include "base/limits.h"

#define V1_MAX 107u /* with CRLF, says the specification */
#define V2_FIXED 16u

#define V2_LOCAL 0x20
#define V2_PROXY 0x21
#define TLV_CRC32C 0x03

static const unsigned char v2_signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                               0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

static enum hg_proxy_read bad(const char **why, const char *text)
{
    *why = text;
    return HG_PROXY_BAD;
}

/* ---- version 1 ---- */

/* The part up to the next space, or the rest; false when there is none. */
static bool next_word(struct hg_slice *line, struct hg_slice *word)
{
    ptrdiff_t space = hg_slice_find(*line, ' ');

    if (space < 0) {
        *word = *line;
        *line = hg_slice(line->p + line->n, 0);
    } else {
        *word = hg_slice(line->p, (size_t)space);
        *line = hg_slice_from(*line, (size_t)space + 1);
    }
    return word->n != 0;
}

static bool read_port(struct hg_slice s, uint16_t *port)
{
    uint64_t n;

    if (s.n == 0 || s.n > 5 || (s.n > 1 && s.p[0] == '0') || !hg_slice_u64(s, &n) || n > UINT16_MAX)
        return false;
    *port = (uint16_t)n;
    return true;
}

/* An address of the family that the line says it is. */
static bool read_address(struct hg_slice s, bool v6, unsigned char addr[16])
{
    return (hg_slice_find(s, ':') >= 0) == v6 && hg_ip_parse(s, addr);
}

static bool ends_there(struct hg_slice rest, struct hg_slice last)
{
    return rest.n == 0 && last.p + last.n == rest.p;
}

static enum hg_proxy_read v1_line(struct hg_slice line, struct hg_proxy_header *out, const char **why)
{
    struct hg_slice family, source, target, from, to;
    unsigned char ignored[16];
    uint16_t port;
    bool v6;

    line = hg_slice_from(line, sizeof("PROXY ") - 1);
    if (!next_word(&line, &family))
        return bad(why, "its protocol is missing (expected TCP4, TCP6 or UNKNOWN)");
    if (hg_slice_eq(family, HG_LIT("UNKNOWN")))
        return HG_PROXY_DONE; /* what follows is to be ignored */
    v6 = hg_slice_eq(family, HG_LIT("TCP6"));
    if (!v6 && !hg_slice_eq(family, HG_LIT("TCP4")))
        return bad(why, "its protocol is not TCP4, TCP6 or UNKNOWN");
    if (!next_word(&line, &source) || !read_address(source, v6, out->addr) || !next_word(&line, &target) ||
        !read_address(target, v6, ignored))
        return bad(why, "an address in it is malformed");
    if (!next_word(&line, &from) || !read_port(from, &out->port) || !next_word(&line, &to) ||
        !read_port(to, &port) || !ends_there(line, to))
        return bad(why, "a port in it is malformed");
    out->known = out->has_addr = true;
    return HG_PROXY_DONE;
}

static enum hg_proxy_read read_v1(struct hg_slice data, struct hg_proxy_header *out, size_t *length,
                                  const char **why)
{
    static const char start[] = "PROXY ";
    size_t n = data.n < sizeof(start) - 1 ? data.n : sizeof(start) - 1, end;
    ptrdiff_t lf;

    if (memcmp(data.p, start, n) != 0)
        return bad(why, "the connection does not begin with one");
    out->version = 1;
    lf = hg_slice_find(data, '\n');
    end = lf < 0 ? data.n : (size_t)lf + 1;
    if (end > V1_MAX || (lf < 0 && end == V1_MAX))
        return bad(why, "its line is longer than 107 bytes");
    for (size_t i = 0; i < end; i++) {
        bool last = lf >= 0 && i + 2 >= end;

        if (data.p[i] == '\r' ? (i + 1 < end && data.p[i + 1] != '\n')
                              : !last && (data.p[i] < 0x20 || data.p[i] > 0x7e))
            return bad(why, "its line has a character that does not belong there");
    }
    if (lf < 0)
        return HG_PROXY_MORE;
    if (data.p[lf - 1] != '\r')
        return bad(why, "its line does not end with CR LF");
    *length = end;
    return v1_line(hg_slice(data.p, end - 2), out, why);
}

/* ---- version 2 ---- */

static uint32_t crc32c(uint32_t crc, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    return crc;
}

/* The sum over the header, with the four bytes that hold it counted as zero. */
static bool sum_holds(const unsigned char *p, size_t n, size_t at)
{
    static const unsigned char zero[4] = {0};
    uint32_t told = (uint32_t)p[at] << 24 | (uint32_t)p[at + 1] << 16 | (uint32_t)p[at + 2] << 8 | p[at + 3];
    uint32_t crc = crc32c(UINT32_MAX, p, at);

    crc = crc32c(crc, zero, sizeof(zero));
    return (crc32c(crc, p + at + sizeof(zero), n - at - sizeof(zero)) ^ UINT32_MAX) == told;
}

/* What stands behind the addresses: type, length, value, again and again. Only the checksum means something
 * to us. */
static enum hg_proxy_read v2_extras(const unsigned char *p, size_t n, size_t at, const char **why)
{
    while (at < n) {
        size_t size;

        if (n - at < 3)
            return bad(why, "a field of it is cut off");
        size = (size_t)p[at + 1] << 8 | p[at + 2];
        if (size > n - at - 3)
            return bad(why, "a field of it is longer than the header");
        if (p[at] == TLV_CRC32C && (size != 4 || !sum_holds(p, n, at + 3)))
            return bad(why, "its checksum does not match");
        at += 3 + size;
    }
    return HG_PROXY_DONE;
}

/* A whole header of the command PROXY. */
static enum hg_proxy_read v2_proxied(const unsigned char *p, size_t n, struct hg_proxy_header *out,
                                     const char **why)
{
    size_t addresses;

    switch (p[13]) {
    case 0x00: /* UNSPEC: its sender does not know */
        return HG_PROXY_DONE;
    case 0x11:
        addresses = 12;
        break;
    case 0x21:
        addresses = 36;
        break;
    case 0x31:
        addresses = 216;
        break;
    default:
        return bad(why, "it is not of a stream connection over IPv4, IPv6 or a unix socket");
    }
    if (n - V2_FIXED < addresses)
        return bad(why, "it is too short for its addresses");
    out->known = true;
    if (p[13] == 0x11) {
        hg_ip_from_v4(p + V2_FIXED, out->addr);
        out->port = (uint16_t)(p[24] << 8 | p[25]);
    } else if (p[13] == 0x21) {
        memcpy(out->addr, p + V2_FIXED, 16);
        out->port = (uint16_t)(p[48] << 8 | p[49]);
    }
    out->has_addr = p[13] != 0x31;
    return v2_extras(p, n, V2_FIXED + addresses, why);
}

static enum hg_proxy_read read_v2(struct hg_slice data, struct hg_proxy_header *out, size_t *length,
                                  const char **why)
{
    const unsigned char *p = (const unsigned char *)data.p;
    size_t n = data.n < sizeof(v2_signature) ? data.n : sizeof(v2_signature), total;

    if (memcmp(p, v2_signature, n) != 0)
        return bad(why, "the connection does not begin with one");
    out->version = 2;
    if (data.n > 12 && p[12] != V2_LOCAL && p[12] != V2_PROXY)
        return bad(why, "its version or command is not known");
    if (data.n < V2_FIXED)
        return HG_PROXY_MORE;
    total = V2_FIXED + ((size_t)p[14] << 8 | p[15]);
    if (total > HG_LIMIT_PROXY_HEADER)
        return bad(why, "it is too large");
    if (data.n < total)
        return HG_PROXY_MORE;
    *length = total;
    return p[12] == V2_LOCAL ? HG_PROXY_DONE : v2_proxied(p, total, out, why);
}

enum hg_proxy_read hg_proxy_header_read(struct hg_slice data, struct hg_proxy_header *out, size_t *length,
                                        const char **why)
{
    HG_ASSERT(data.n > 0);
    *out = (struct hg_proxy_header){0};
    *length = 0;
    *why = NULL;
    if ((unsigned char)data.p[0] == v2_signature[0])
        return read_v2(data, out, length, why);
    return read_v1(data, out, length, why);
}
