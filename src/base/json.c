/* SPDX-License-Identifier: MIT
 *
 * JSON into a fixed buffer. Each field is written whole or taken back, and room
 * for the closing brackets is kept free at all times, so that a log line or an
 * error body is valid JSON however long its parts are.
 */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"

static void sane(const struct hg_json *j)
{
    HG_ASSERT(j->cap >= 64);
    /* Every open object's bracket and the NUL still fit. */
    HG_ASSERT(j->len + j->depth + 1 <= j->cap);
}

static bool put(struct hg_json *j, const char *p, size_t n)
{
    if (n > j->cap - j->len - j->depth - 1)
        return false;
    memcpy(j->out + j->len, p, n);
    j->len += n;
    return true;
}

size_t hg_json_utf8(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned char c = p[0], low = 0x80, high = 0xbf;
    size_t len;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf) {
        len = 2;
    } else if (c >= 0xe0 && c <= 0xef) {
        len = 3;
        low = c == 0xe0 ? 0xa0 : low;
        high = c == 0xed ? 0x9f : high; /* no surrogates */
    } else if (c >= 0xf0 && c <= 0xf4) {
        len = 4;
        low = c == 0xf0 ? 0x90 : low;
        high = c == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (n < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return len;
}

static bool put_escaped(struct hg_json *j, unsigned char c)
{
    static const char short_names[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    char text[8];
    for (size_t i = 0; i + 1 < sizeof(short_names); i += 2) {
        if ((unsigned char)short_names[i] == c) {
            text[0] = '\\';
            text[1] = short_names[i + 1];
            return put(j, text, 2);
        }
    }
    int n = snprintf(text, sizeof(text), "\\u%04x", c);
    return put(j, text, (size_t)n);
}

/* Bytes from p on that need no escape and are ASCII: most of what is ever written. */
static size_t plain_len(const char *p, size_t n)
{
    size_t len = 0;
    while (len < n && p[len] >= 0x20 && p[len] < 0x7f && p[len] != '"' && p[len] != '\\')
        len++;
    return len;
}

static bool put_string(struct hg_json *j, struct hg_slice s)
{
    if (!put(j, "\"", 1))
        return false;
    for (size_t i = 0; i < s.n;) {
        size_t len = plain_len(s.p + i, s.n - i);
        bool ok;
        if (len > 0) {
            ok = put(j, s.p + i, len);
        } else if ((len = hg_json_utf8(s.p + i, s.n - i)) == 0) {
            ok = put(j, "\xef\xbf\xbd", 3);
            len = 1;
        } else {
            ok = len > 1 ? put(j, s.p + i, len) : put_escaped(j, (unsigned char)s.p[i]);
        }
        if (!ok)
            return false;
        i += len;
    }
    return put(j, "\"", 1);
}

static bool put_key(struct hg_json *j, const char *key)
{
    if (j->need_comma && !put(j, ",", 1))
        return false;
    HG_ASSERT((key == NULL) == ((j->lists >> j->depth & 1) != 0));
    return key == NULL || (put_string(j, hg_slice_str(key)) && put(j, ":", 1));
}

/* After an attempt that began at `start`: kept whole, or taken back. */
static void settle(struct hg_json *j, size_t start, bool ok)
{
    if (ok) {
        j->need_comma = true;
    } else {
        j->len = start;
        j->truncated = true;
    }
    sane(j);
}

void hg_json_begin(struct hg_json *j, char *out, size_t cap)
{
    *j = (struct hg_json){.out = out, .cap = cap, .depth = 1};
    out[0] = '{';
    j->len = 1;
    sane(j);
}

void hg_json_str(struct hg_json *j, const char *key, struct hg_slice value)
{
    sane(j);
    if (j->skipped)
        return;
    size_t start = j->len;
    settle(j, start, put_key(j, key) && put_string(j, value));
}

/* Control characters as a terminal knows them: C0, DEL, and C1 in its UTF-8 form. */
static size_t control_len(const char *p, size_t n)
{
    unsigned char c = (unsigned char)p[0];
    if (c < 0x20 || c == 0x7f)
        return 1;
    if (c == 0xc2 && n > 1 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] <= 0x9f)
        return 2;
    return 0;
}

size_t hg_json_clean(struct hg_slice value, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < value.n && n < cap;) {
        size_t control = control_len(value.p + i, value.n - i);
        size_t len = hg_json_utf8(value.p + i, value.n - i);
        len = len ? len : 1;
        if (!control && len > cap - n)
            break;
        if (!control) {
            memcpy(out + n, value.p + i, len);
            n += len;
        }
        i += control ? control : len;
    }
    return n;
}

void hg_json_peer(struct hg_json *j, const char *key, struct hg_slice value)
{
    char kept[HG_JSON_PEER_MAX];
    size_t n = hg_json_clean(value, kept, sizeof(kept));
    hg_json_str(j, key, hg_slice(kept, n));
}

__attribute__((format(printf, 3, 4))) static void put_number(struct hg_json *j, const char *key,
                                                             const char *fmt, ...)
{
    char text[32];
    sane(j);
    if (j->skipped)
        return;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    HG_ASSERT(n > 0 && (size_t)n < sizeof(text));
    size_t start = j->len;
    settle(j, start, put_key(j, key) && put(j, text, (size_t)n));
}

void hg_json_u64(struct hg_json *j, const char *key, uint64_t value)
{
    put_number(j, key, "%llu", (unsigned long long)value);
}

void hg_json_i64(struct hg_json *j, const char *key, int64_t value)
{
    put_number(j, key, "%lld", (long long)value);
}

void hg_json_bool(struct hg_json *j, const char *key, bool value)
{
    put_number(j, key, "%s", value ? "true" : "false");
}

void hg_json_null(struct hg_json *j, const char *key)
{
    put_number(j, key, "null");
}

void hg_json_ms(struct hg_json *j, const char *key, uint64_t us)
{
    put_number(j, key, "%llu.%03u", (unsigned long long)(us / 1000), (unsigned)(us % 1000));
}

void hg_json_millionths(struct hg_json *j, const char *key, uint64_t n)
{
    char text[HG_TEXT_DECIMAL_LEN];
    hg_text_put_decimal(n, text);
    put_number(j, key, "%s", text);
}

static void open_one(struct hg_json *j, const char *key, bool list)
{
    sane(j);
    HG_ASSERT(j->depth < 60);
    size_t start = j->len;
    /* Two bytes: the bracket and the room for its closing one. */
    if (j->skipped || !put_key(j, key) || !put(j, list ? "[ " : "{ ", 2)) {
        j->skipped++;
        settle(j, start, false);
        return;
    }
    j->len--;
    j->depth++;
    j->lists = list ? j->lists | 1ull << j->depth : j->lists & ~(1ull << j->depth);
    j->need_comma = false;
    sane(j);
}

void hg_json_open(struct hg_json *j, const char *key)
{
    open_one(j, key, false);
}

void hg_json_open_list(struct hg_json *j, const char *key)
{
    open_one(j, key, true);
}

static void close_one(struct hg_json *j)
{
    j->out[j->len++] = j->lists >> j->depth & 1 ? ']' : '}';
    j->depth--;
}

void hg_json_close(struct hg_json *j)
{
    sane(j);
    if (j->skipped) {
        j->skipped--;
        return;
    }
    HG_ASSERT(j->depth > 1);
    close_one(j);
    j->need_comma = true;
    sane(j);
}

struct hg_slice hg_json_end(struct hg_json *j)
{
    sane(j);
    while (j->depth > 0)
        close_one(j);
    j->skipped = 0;
    j->out[j->len] = '\0';
    return hg_slice(j->out, j->len);
}
