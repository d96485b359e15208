/* SPDX-License-Identifier: MIT
 *
 * Text for people: the nearest known word, quoting what somebody wrote without
 * its control characters, and the time of a log line.
 */
#include "base/check.h"
#include "base/text.h"

#define WORD_MAX 48u

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Damerau-Levenshtein in its optimal string alignment form, caseless; both at most WORD_MAX long. */
static unsigned distance(struct hg_slice a, struct hg_slice b)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    HG_ASSERT(a.n <= WORD_MAX && b.n <= WORD_MAX);
    for (unsigned j = 0; j <= b.n; j++)
        last[j] = before[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            char x = hg_lower(a.p[i - 1]), y = hg_lower(b.p[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
            bool swapped = i > 1 && j > 1 && x == hg_lower(b.p[j - 2]) && y == hg_lower(a.p[i - 2]);
            if (swapped && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

static unsigned allowed(size_t length)
{
    if (length <= 2)
        return 0;
    if (length <= 4)
        return 1;
    return length <= 8 ? 2 : 3;
}

const char *hg_text_nearest(struct hg_slice word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned best_distance = allowed(word.n) + 1;
    if (word.n > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct hg_slice name = hg_slice_str(names[i]);
        if (name.n > WORD_MAX)
            continue;
        unsigned d = distance(word, name);
        if (d < best_distance) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}

void hg_text_printable(struct hg_slice s, char *out, size_t cap)
{
    size_t n = 0;
    HG_ASSERT(cap > 0);
    for (size_t i = 0; i < s.n && n + 1 < cap; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\'')
            continue;
        out[n++] = c < 0x80 ? (char)c : '?';
    }
    out[n] = '\0';
}

/* Days since 1970-01-01 to a date of the Gregorian calendar, counted from the first of March of the
 * year 0, so that the leap day is the last day of a year. */
static void date_of(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t z = days + 719468;
    unsigned era = (unsigned)(z / 146097);
    unsigned of_era = (unsigned)(z % 146097);
    unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * of_year + 2) / 153;
    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + y + (*month <= 2);
}

static void digits(char *to, unsigned value, unsigned n)
{
    while (n > 0) {
        to[--n] = (char)('0' + value % 10);
        value /= 10;
    }
}

void hg_text_time(uint64_t unix_us, char out[HG_TEXT_TIME_LEN])
{
    const uint64_t last = 253402300799999999u; /* the end of the year 9999 */
    uint64_t ms = (unix_us < last ? unix_us : last) / 1000;
    uint64_t seconds = ms / 1000;
    unsigned of_day = (unsigned)(seconds % 86400);
    unsigned year, month, day;
    date_of(seconds / 86400, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", HG_TEXT_TIME_LEN);
    digits(out, year, 4);
    digits(out + 5, month, 2);
    digits(out + 8, day, 2);
    digits(out + 11, of_day / 3600, 2);
    digits(out + 14, of_day / 60 % 60, 2);
    digits(out + 17, of_day % 60, 2);
    digits(out + 20, (unsigned)(ms % 1000), 3);
}

void hg_text_http_date(uint64_t unix_us, char out[HG_TEXT_HTTP_DATE_LEN])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const uint64_t last = 253402300799u;
    uint64_t seconds = unix_us / 1000000 < last ? unix_us / 1000000 : last;
    unsigned of_day = (unsigned)(seconds % 86400);
    unsigned year, month, day;

    date_of(seconds / 86400, &year, &month, &day);
    HG_ASSERT(month >= 1 && month <= 12);
    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", HG_TEXT_HTTP_DATE_LEN);
    memcpy(out, days + seconds / 86400 % 7 * 3, 3);
    digits(out + 5, day, 2);
    memcpy(out + 8, months + (month - 1) * 3, 3);
    digits(out + 12, year, 4);
    digits(out + 17, of_day / 3600, 2);
    digits(out + 20, of_day / 60 % 60, 2);
    digits(out + 23, of_day % 60, 2);
}
