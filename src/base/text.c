/* SPDX-License-Identifier: MIT
 *
 * Durations, sizes and addresses as people write them. Strict: a unit that is
 * missing or a number that does not fit is an error the config can report,
 * never a guess.
 */
#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define YEAR_MS (366ull * 24 * 3600 * 1000)

struct unit {
    struct hg_slice name;
    uint64_t factor;
};

static size_t count_digits(struct hg_slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

/* number * factor of the unit behind it; the unit must be one of the table. */
static bool number_unit(struct hg_slice s, const struct unit *units, size_t n, bool caseless, uint64_t *out)
{
    uint64_t number;
    size_t digits = count_digits(s);
    struct hg_slice name = hg_slice_from(s, digits);
    if (!hg_slice_u64(hg_slice(s.p, digits), &number))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool same = caseless ? hg_slice_ieq(name, units[i].name) : hg_slice_eq(name, units[i].name);
        if (!same)
            continue;
        if (number > UINT64_MAX / units[i].factor)
            return false;
        *out = number * units[i].factor;
        return true;
    }
    return false;
}

bool hg_text_duration(struct hg_slice s, uint64_t *ms)
{
    static const struct unit units[] = {
        {HG_LIT_INIT("ms"), 1},
        {HG_LIT_INIT("s"), 1000},
        {HG_LIT_INIT("m"), 60 * 1000},
        {HG_LIT_INIT("h"), 3600 * 1000},
        {HG_LIT_INIT("d"), 24 * 3600 * 1000},
    };
    uint64_t v;
    if (hg_slice_eq(s, HG_LIT("0")))
        v = 0;
    else if (!number_unit(s, units, sizeof(units) / sizeof(units[0]), false, &v) || v > 100 * YEAR_MS)
        return false;
    *ms = v;
    return true;
}

bool hg_text_size(struct hg_slice s, uint64_t *bytes)
{
    static const struct unit units[] = {
        {HG_LIT_INIT(""), 1},          {HG_LIT_INIT("B"), 1},          {HG_LIT_INIT("k"), 1u << 10},
        {HG_LIT_INIT("kB"), 1u << 10}, {HG_LIT_INIT("kiB"), 1u << 10}, {HG_LIT_INIT("M"), 1u << 20},
        {HG_LIT_INIT("MB"), 1u << 20}, {HG_LIT_INIT("MiB"), 1u << 20}, {HG_LIT_INIT("G"), 1u << 30},
        {HG_LIT_INIT("GB"), 1u << 30}, {HG_LIT_INIT("GiB"), 1u << 30},
    };
    return number_unit(s, units, sizeof(units) / sizeof(units[0]), true, bytes);
}

static bool parse_port(struct hg_slice s, uint16_t *port)
{
    uint64_t v;
    if (s.n > 5 || !hg_slice_u64(s, &v) || v == 0 || v > UINT16_MAX)
        return false;
    *port = (uint16_t)v;
    return true;
}

static bool is_ip_family(struct hg_slice host, int family)
{
    char z[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (host.n == 0 || host.n >= sizeof(z) || memchr(host.p, '\0', host.n))
        return false;
    memcpy(z, host.p, host.n);
    z[host.n] = '\0';
    return inet_pton(family, z, address) == 1;
}

bool hg_text_is_ip(struct hg_slice host)
{
    return is_ip_family(host, AF_INET) || is_ip_family(host, AF_INET6);
}

static bool split_bracketed(struct hg_slice s, struct hg_slice *host, struct hg_slice *rest)
{
    ptrdiff_t end = hg_slice_find(s, ']');
    if (end < 0)
        return false;
    *host = hg_slice(s.p + 1, (size_t)end - 1);
    *rest = hg_slice_from(s, (size_t)end + 1);
    return is_ip_family(*host, AF_INET6);
}

static bool split_plain(struct hg_slice s, struct hg_slice *host, struct hg_slice *rest)
{
    ptrdiff_t colon = hg_slice_find(s, ':');
    size_t end = colon < 0 ? s.n : (size_t)colon;
    *host = hg_slice(s.p, end);
    *rest = hg_slice_from(s, end);
    return is_ip_family(*host, AF_INET) || hg_text_is_hostname(*host);
}

bool hg_text_host_port(struct hg_slice s, struct hg_slice *host, uint16_t *port)
{
    struct hg_slice h = s, rest = s;
    uint16_t number = 0;
    bool bracketed = s.n > 0 && s.p[0] == '[';
    if (!(bracketed ? split_bracketed(s, &h, &rest) : split_plain(s, &h, &rest)))
        return false;
    if (rest.n > 0 && (rest.p[0] != ':' || !parse_port(hg_slice_from(rest, 1), &number)))
        return false;
    *host = h;
    *port = number;
    return true;
}

static bool is_label_char(char c)
{
    char l = hg_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_label(const char *p, size_t n)
{
    if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_label_char(p[i]))
            return false;
    return true;
}

bool hg_text_is_hostname(struct hg_slice host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n == 0 || host.n > 253)
        return false;
    for (;;) {
        ptrdiff_t dot = hg_slice_find(host, '.');
        if (!is_label(host.p, dot < 0 ? host.n : (size_t)dot))
            return false;
        if (dot < 0)
            return true;
        host = hg_slice_from(host, (size_t)dot + 1);
    }
}
