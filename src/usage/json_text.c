/* SPDX-License-Identifier: MIT
 *
 * Strings and numbers. Nearly all bytes of an answer stand inside strings that
 * nobody wants, so plain bytes are passed over eight at a time.
 */
#include "json_text.h"

/* What a number still needs, or may have. */
enum {
    NUMBER_SIGN,
    NUMBER_ZERO,
    NUMBER_DIGITS,
    NUMBER_DOT,
    NUMBER_FRACTION,
    NUMBER_E,
    NUMBER_E_SIGN,
    NUMBER_E_DIGITS
};

const char *hg_jscan_fail(struct hg_jscan *s, const char *p, const char *why)
{
    s->wrong = p;
    s->state = JSCAN_BAD;
    s->error = why;
    return NULL;
}

void hg_jscan_text_begin(struct hg_jscan *s, bool keep)
{
    s->keep = keep;
    s->n = 0;
    s->escaped = s->cut = s->lone = false;
    s->high = 0;
}

static void keep_bytes(struct hg_jscan *s, const char *p, size_t n)
{
    size_t room = HG_JSCAN_TEXT - s->n;

    if (!s->keep || n == 0)
        return;
    if (n > room) {
        s->cut = true;
        n = room;
    }
    memcpy(s->text + s->n, p, n);
    s->n = (uint16_t)(s->n + n);
}

static void keep_code(struct hg_jscan *s, uint32_t c)
{
    char out[4];
    size_t n = 0;

    if (c < 0x80) {
        out[n++] = (char)c;
    } else if (c < 0x800) {
        out[n++] = (char)(0xc0 | c >> 6);
        out[n++] = (char)(0x80 | (c & 63));
    } else {
        if (c < 0x10000) {
            out[n++] = (char)(0xe0 | c >> 12);
        } else {
            out[n++] = (char)(0xf0 | c >> 18);
            out[n++] = (char)(0x80 | (c >> 12 & 63));
        }
        out[n++] = (char)(0x80 | (c >> 6 & 63));
        out[n++] = (char)(0x80 | (c & 63));
    }
    keep_bytes(s, out, n);
}

/* The first half of a pair stood alone. */
static void end_of_pair(struct hg_jscan *s)
{
    if (s->high == 0)
        return;
    s->high = 0;
    s->lone = true;
    keep_code(s, 0xfffd);
}

static void take_unit(struct hg_jscan *s, uint32_t unit)
{
    if (unit >= 0xdc00 && unit <= 0xdfff && s->high != 0) {
        keep_code(s, 0x10000 + ((s->high - 0xd800) << 10) + (unit - 0xdc00));
        s->high = 0;
        return;
    }
    end_of_pair(s);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        s->high = unit;
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
        s->lone = true;
        keep_code(s, 0xfffd);
    } else {
        keep_code(s, unit);
    }
}

#define EACH(byte) ((uint64_t)(byte)*0x0101010101010101u)

/* Has one of the eight bytes its highest bit, or is it below 0x20, a quote or a backslash? May also say so
 * when only a byte behind such a one is like it. */
static bool any_special(uint64_t x)
{
    uint64_t quote = x ^ EACH('"'), slash = x ^ EACH('\\');
    uint64_t found =
        x | ((x - EACH(0x20)) & ~x) | ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash);

    return (found & EACH(0x80)) != 0;
}

static bool special(unsigned char c)
{
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

static const char *skip_plain(const char *p, const char *end)
{
    uint64_t x;

    while (end - p >= 8) {
        memcpy(&x, p, 8);
        if (any_special(x))
            break;
        p += 8;
    }
    while (p < end && !special((unsigned char)*p))
        p++;
    return p;
}

/* The first byte of a character that has more than one: which may follow (Unicode, table 3-7). */
static bool utf8_begin(struct hg_jscan *s, unsigned char c)
{
    if (c < 0xc2 || c > 0xf4)
        return false;
    s->utf8_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    s->utf8_low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    s->utf8_high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    return true;
}

static const char *utf8_go_on(struct hg_jscan *s, const char *p, const char *end)
{
    const char *from = p;

    while (p < end && s->utf8_left > 0) {
        unsigned char c = (unsigned char)*p;
        if (c < s->utf8_low || c > s->utf8_high)
            return hg_jscan_fail(s, p, "a string that is not UTF-8");
        s->utf8_low = 0x80;
        s->utf8_high = 0xbf;
        s->utf8_left--;
        p++;
    }
    keep_bytes(s, from, (size_t)(p - from));
    if (s->utf8_left == 0)
        s->state = JSCAN_STRING;
    return p;
}

static const char *take_escape(struct hg_jscan *s, const char *p)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = *p != '\0' ? strchr(from, *p) : NULL;

    s->escaped = true;
    if (*p == 'u') {
        s->state = JSCAN_HEX;
        s->digits = 0;
        s->code = 0;
        return p + 1;
    }
    if (at == NULL)
        return hg_jscan_fail(s, p, "an escape that JSON does not have");
    end_of_pair(s);
    keep_bytes(s, &to[at - from], 1);
    s->state = JSCAN_STRING;
    return p + 1;
}

static const char *take_hex(struct hg_jscan *s, const char *p)
{
    char c = hg_lower(*p);

    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
        return hg_jscan_fail(s, p, "\\u without four hexadecimal digits");
    s->code = s->code * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++s->digits == 4) {
        take_unit(s, s->code);
        s->state = JSCAN_STRING;
    }
    return p + 1;
}

/* Plain bytes, and what comes behind them. */
static const char *take_plain(struct hg_jscan *s, const char *p, const char *end, bool *ended)
{
    const char *from = p;
    unsigned char c;

    p = skip_plain(p, end);
    if (p > from) {
        end_of_pair(s);
        keep_bytes(s, from, (size_t)(p - from));
    }
    if (p == end)
        return p;
    c = (unsigned char)*p;
    if (c == '\\') {
        s->state = JSCAN_ESCAPE;
        return p + 1;
    }
    end_of_pair(s);
    if (c == '"') {
        *ended = true;
        return p + 1;
    }
    if (c < 0x20)
        return hg_jscan_fail(s, p, "a control character in a string");
    if (!utf8_begin(s, c))
        return hg_jscan_fail(s, p, "a string that is not UTF-8");
    keep_bytes(s, p, 1);
    s->state = JSCAN_UTF8;
    return p + 1;
}

const char *hg_jscan_string(struct hg_jscan *s, const char *p, const char *end, bool *ended)
{
    *ended = false;
    while (p != NULL && p < end && !*ended) {
        switch (s->state) {
        case JSCAN_ESCAPE:
            p = take_escape(s, p);
            break;
        case JSCAN_HEX:
            p = take_hex(s, p);
            break;
        case JSCAN_UTF8:
            p = utf8_go_on(s, p, end);
            break;
        default:
            p = take_plain(s, p, end, ended);
            break;
        }
    }
    return p;
}

bool hg_jscan_number_begin(struct hg_jscan *s, char c)
{
    if (c == '-')
        s->number = NUMBER_SIGN;
    else if (c == '0')
        s->number = NUMBER_ZERO;
    else if (c >= '1' && c <= '9')
        s->number = NUMBER_DIGITS;
    else
        return false;
    keep_bytes(s, &c, 1);
    return true;
}

/* The state behind one more byte; -1: it does not belong to the number. */
static int number_next(unsigned state, char c)
{
    bool digit = c >= '0' && c <= '9', e = c == 'e' || c == 'E';

    switch (state) {
    case NUMBER_SIGN:
        return c == '0' ? NUMBER_ZERO : digit ? NUMBER_DIGITS : -1;
    case NUMBER_ZERO:
    case NUMBER_DIGITS:
        if (digit)
            return state == NUMBER_DIGITS ? NUMBER_DIGITS : -1;
        return c == '.' ? NUMBER_DOT : e ? NUMBER_E : -1;
    case NUMBER_DOT:
        return digit ? NUMBER_FRACTION : -1;
    case NUMBER_FRACTION:
        return digit ? NUMBER_FRACTION : e ? NUMBER_E : -1;
    case NUMBER_E:
        return digit ? NUMBER_E_DIGITS : c == '+' || c == '-' ? NUMBER_E_SIGN : -1;
    default:
        return digit ? NUMBER_E_DIGITS : -1;
    }
}

bool hg_jscan_number_whole(const struct hg_jscan *s)
{
    return s->number == NUMBER_ZERO || s->number == NUMBER_DIGITS || s->number == NUMBER_FRACTION ||
           s->number == NUMBER_E_DIGITS;
}

const char *hg_jscan_number(struct hg_jscan *s, const char *p, const char *end, bool *ended)
{
    const char *from = p;
    int next = 0;

    while (p < end && (next = number_next(s->number, *p)) >= 0) {
        s->number = (unsigned char)next;
        p++;
    }
    keep_bytes(s, from, (size_t)(p - from));
    *ended = p < end;
    if (*ended && !hg_jscan_number_whole(s))
        return hg_jscan_fail(s, p, "a number that is not complete");
    return p;
}
