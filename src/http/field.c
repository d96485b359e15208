/* SPDX-License-Identifier: MIT
 *
 * What names and values of fields may consist of, and the fields that the code
 * knows. Every name on the wire is looked up once, so the lookup goes by length
 * first and compares with four names at most.
 */
#include "base/check.h"
#include "http/header.h"

static const struct {
    struct hg_slice name;
    unsigned flags;
} fields[HG_FIELD_COUNT] = {[HG_FIELD_OTHER] = {HG_LIT_INIT(""), 0},
#define X(id, name, flags) [HG_FIELD_##id] = {HG_LIT_INIT(name), flags},
                            HG_FIELDS(X)
#undef X
};

#define SAME_LENGTH 4

/* Fields by the length of their name. A unit test looks every field of HG_FIELDS up. */
static const unsigned char by_length[][SAME_LENGTH] = {
    [2] = {HG_FIELD_TE},
    [3] = {HG_FIELD_VIA},
    [4] = {HG_FIELD_HOST, HG_FIELD_DATE},
    [6] = {HG_FIELD_EXPECT, HG_FIELD_COOKIE, HG_FIELD_SERVER},
    [7] = {HG_FIELD_UPGRADE, HG_FIELD_TRAILER, HG_FIELD_API_KEY},
    [9] = {HG_FIELD_X_API_KEY, HG_FIELD_FORWARDED},
    [10] = {HG_FIELD_CONNECTION, HG_FIELD_KEEP_ALIVE, HG_FIELD_SET_COOKIE},
    [12] = {HG_FIELD_CONTENT_TYPE, HG_FIELD_X_REQUEST_ID},
    [13] = {HG_FIELD_AUTHORIZATION, HG_FIELD_CACHE_CONTROL, HG_FIELD_CONTENT_RANGE, HG_FIELD_PRIVATE_TOKEN},
    [14] = {HG_FIELD_CONTENT_LENGTH, HG_FIELD_X_GOOG_API_KEY},
    [16] = {HG_FIELD_PROXY_CONNECTION, HG_FIELD_WWW_AUTHENTICATE, HG_FIELD_CONTENT_ENCODING},
    [17] = {HG_FIELD_TRANSFER_ENCODING},
    [18] = {HG_FIELD_PROXY_AUTHENTICATE},
    [19] = {HG_FIELD_PROXY_AUTHORIZATION},
    [22] = {HG_FIELD_SEC_WEBSOCKET_PROTOCOL},
};

enum hg_field hg_field_id(struct hg_slice name)
{
    if (name.n >= sizeof(by_length) / sizeof(by_length[0]))
        return HG_FIELD_OTHER;
    for (size_t i = 0; i < SAME_LENGTH; i++) {
        unsigned id = by_length[name.n][i];
        if (id == HG_FIELD_OTHER || hg_slice_ieq(name, fields[id].name))
            return (enum hg_field)id;
    }
    return HG_FIELD_OTHER;
}

const char *hg_field_name(enum hg_field id)
{
    HG_ASSERT((unsigned)id < HG_FIELD_COUNT);
    return fields[id].name.p;
}

unsigned hg_field_flags(enum hg_field id)
{
    HG_ASSERT((unsigned)id < HG_FIELD_COUNT);
    return fields[id].flags;
}

/* tchar of RFC 9110, 5.6.2, as a bit each. */
static bool is_token_char(unsigned char c)
{
    static const uint64_t bits[2] = {0x3ff6cfa00000000u, 0x57ffffffc7fffffeu};
    return c < 128 && (bits[c >> 6] >> (c & 63) & 1);
}

bool hg_header_name_ok(struct hg_slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_token_char((unsigned char)name.p[i]))
            return false;
    return name.n > 0;
}

static bool bytes_ok(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

#define ONES 0x0101010101010101u

/* Eight bytes at a time: is none below 0x20 and none 0x7f? A false alarm (HTAB, or a neighbour's borrow)
 * is looked at again byte by byte. */
static bool surely_ok8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    uint64_t del = v ^ (0x7f * ONES);
    uint64_t low = (v - 0x20 * ONES) & ~v;
    uint64_t zero = (del - ONES) & ~del;
    return ((low | zero) & (0x80 * ONES)) == 0;
}

bool hg_header_value_ok(struct hg_slice value)
{
    size_t i = 0;
    for (; i + 8 <= value.n; i += 8)
        if (!surely_ok8(value.p + i) && !bytes_ok(value.p + i, 8))
            return false;
    return value.n == i || bytes_ok(value.p + i, value.n - i);
}
