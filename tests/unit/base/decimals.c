/* SPDX-License-Identifier: MIT
 *
 * Decimal numbers of a config.
 */
#include "base/text.h"
#include "support/unit.h"

HG_TEST(decimals_are_exact)
{
    static const struct {
        const char *text;
        uint64_t millionths;
        const char *again;
    } rows[] = {
        {"0", 0, "0"},
        {"4", 4000000, "4"},
        {"0.1", 100000, "0.1"},
        {"2.50", 2500000, "2.5"},
        {"0.000001", 1, "0.000001"},
        {"0010.0", 10000000, "10"},
        {"1000000000", 1000000000000000u, "1000000000"},
    };
    char out[HG_TEXT_DECIMAL_LEN];
    uint64_t n;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        HG_CHECK(hg_text_decimal(hg_guarded_str(rows[i].text), &n));
        HG_CHECK_U64(n, rows[i].millionths);
        hg_text_put_decimal(n, out);
        HG_CHECK_STR(out, rows[i].again);
    }
}

HG_TEST(what_is_no_decimal_is_refused)
{
    static const char *const rows[] = {"",    ".",     ".5",        "5.",           "-1", "+1", "1,5", "1e3",
                                       "0x1", "1.2.3", "0.1234567", "1000000000.1", " 1", "1 ", "inf", "nan"};
    uint64_t n;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        HG_CHECK(!hg_text_decimal(hg_guarded_str(rows[i]), &n));
}

HG_TEST(two_digits_are_rounded)
{
    char out[HG_TEXT_DECIMAL_LEN];

    hg_text_put_fixed(1234000000, out);
    HG_CHECK_STR(out, "1234.00");
    hg_text_put_fixed(1005000, out);
    HG_CHECK_STR(out, "1.01");
    hg_text_put_fixed(1004999, out);
    HG_CHECK_STR(out, "1.00");
    hg_text_put_fixed(999999, out);
    HG_CHECK_STR(out, "1.00");
}
