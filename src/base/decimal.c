/* SPDX-License-Identifier: MIT
 *
 * Decimal numbers as whole millionths, without a float: 0.1 ten thousand times
 * is a thousand.
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"

#define UNIT 1000000u
#define DIGITS 6u
#define WHOLE_MOST 1000000000u

bool hg_text_decimal(struct hg_slice s, uint64_t *millionths)
{
    ptrdiff_t point = hg_slice_find(s, '.');
    struct hg_slice whole = point < 0 ? s : hg_slice(s.p, (size_t)point);
    struct hg_slice part = point < 0 ? hg_slice(NULL, 0) : hg_slice_from(s, (size_t)point + 1);
    uint64_t n, fraction = 0;

    if (!hg_slice_u64(whole, &n) || part.n > DIGITS || (point >= 0 && !hg_slice_u64(part, &fraction)))
        return false;
    for (size_t i = part.n; i < DIGITS; i++)
        fraction *= 10;
    if (n > WHOLE_MOST || (n == WHOLE_MOST && fraction > 0))
        return false;
    *millionths = n * UNIT + fraction;
    return true;
}

void hg_text_put_decimal(uint64_t millionths, char out[HG_TEXT_DECIMAL_LEN])
{
    int n = snprintf(out, HG_TEXT_DECIMAL_LEN, "%llu.%06llu", (unsigned long long)(millionths / UNIT),
                     (unsigned long long)(millionths % UNIT));

    HG_ASSERT(n > 0 && n < HG_TEXT_DECIMAL_LEN);
    while (out[n - 1] == '0')
        out[--n] = '\0';
    if (out[n - 1] == '.')
        out[--n] = '\0';
}

void hg_text_put_fixed(uint64_t millionths, char out[HG_TEXT_DECIMAL_LEN])
{
    uint64_t hundredths = millionths / (UNIT / 100u);

    if (millionths % (UNIT / 100u) >= UNIT / 200u)
        hundredths++;
    (void)snprintf(out, HG_TEXT_DECIMAL_LEN, "%llu.%02llu", (unsigned long long)(hundredths / 100u),
                   (unsigned long long)(hundredths % 100u));
}
