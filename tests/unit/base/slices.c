/* SPDX-License-Identifier: MIT
 *
 * Slices, at a guard page.
 */
#include "base/slice.h"

#include <stdlib.h>

#include "support/unit.h"

HG_TEST(ieq_every_length_and_position)
{
    char a[40], b[40];
    for (size_t n = 0; n < sizeof(a); n++) {
        for (size_t i = 0; i < n; i++) {
            a[i] = (char)('A' + (i % 26));
            b[i] = (char)('a' + (i % 26));
        }
        struct hg_slice x = hg_guarded(hg_slice(a, n)), y = hg_guarded(hg_slice(b, n));
        HG_CHECK(hg_slice_ieq(x, y));
        HG_CHECK(hg_slice_istarts(x, y));
        for (size_t i = 0; i < n; i++) {
            char old = b[i];
            b[i] = '!';
            HG_CHECK(!hg_slice_ieq(x, hg_guarded(hg_slice(b, n))));
            b[i] = old;
        }
        hg_guarded_reset();
    }
}

HG_TEST(ieq_folds_letters_only)
{
    /* Every pair of bytes, in the eight-byte path and in the byte path. */
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned k = 0; k < 256; k++) {
            char x[9] = "abcdefgh", y[9] = "abcdefgh";
            x[3] = (char)i;
            y[3] = (char)k;
            bool want = hg_lower((char)i) == hg_lower((char)k);
            if (hg_slice_ieq(hg_slice(x, 8), hg_slice(y, 8)) != want ||
                hg_slice_ieq(hg_slice(x + 3, 1), hg_slice(y + 3, 1)) != want) {
                HG_CHECK_U64(i, k);
                return;
            }
        }
    }
}

HG_TEST(lengths_must_match)
{
    HG_CHECK(!hg_slice_ieq(HG_LIT("abc"), HG_LIT("abcd")));
    HG_CHECK(hg_slice_ieq(hg_slice(NULL, 0), HG_LIT("")));
    HG_CHECK(!hg_slice_starts(HG_LIT("ab"), HG_LIT("abc")));
    HG_CHECK(hg_slice_starts(HG_LIT("ab"), HG_LIT("ab")));
    HG_CHECK(!hg_slice_starts(HG_LIT("ab"), HG_LIT("AB")));
    HG_CHECK(hg_slice_istarts(HG_LIT("ABc"), HG_LIT("ab")));
}

HG_TEST(trim_takes_blanks_and_tabs_only)
{
    HG_CHECK_SLICE(hg_slice_trim(hg_guarded_str(" \t a b\t ")), "a b");
    HG_CHECK_SLICE(hg_slice_trim(hg_guarded_str(" \t ")), "");
    HG_CHECK_SLICE(hg_slice_trim(hg_guarded_str("\na\r")), "\na\r");
    HG_CHECK_SLICE(hg_slice_trim(hg_slice(NULL, 0)), "");
}

HG_TEST(find_and_from)
{
    struct hg_slice s = hg_guarded_str("abca");
    HG_CHECK(hg_slice_find(s, 'a') == 0);
    HG_CHECK(hg_slice_find(s, 'c') == 2);
    HG_CHECK(hg_slice_find(s, 'x') == -1);
    HG_CHECK(hg_slice_find(hg_slice(NULL, 0), 'x') == -1);
    HG_CHECK_SLICE(hg_slice_from(s, 3), "a");
    HG_CHECK_SLICE(hg_slice_from(s, 99), "");
}

HG_TEST(list_items)
{
    struct hg_slice list = hg_guarded_str(" , a,,b ;q=\"x,y\\\",z\" ,\tc d,"), item;
    HG_NEED(hg_slice_next_item(&list, &item));
    HG_CHECK_SLICE(item, "a");
    HG_NEED(hg_slice_next_item(&list, &item));
    HG_CHECK_SLICE(item, "b ;q=\"x,y\\\",z\"");
    HG_NEED(hg_slice_next_item(&list, &item));
    HG_CHECK_SLICE(item, "c d");
    HG_CHECK(!hg_slice_next_item(&list, &item));
    list = hg_guarded_str("\"open, \\");
    HG_NEED(hg_slice_next_item(&list, &item));
    HG_CHECK_SLICE(item, "\"open, \\");
    HG_CHECK(!hg_slice_next_item(&list, &item));
}

HG_TEST(numbers)
{
    static const char *const bad[] = {
        "", "+5", "-5", "0x5", "5 ", " 5", "5a", "18446744073709551616", "99999999999999999999999"};
    uint64_t v = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hg_unit_row(bad[i]);
        HG_CHECK(!hg_slice_u64(hg_guarded_str(bad[i]), &v));
        HG_CHECK_U64(v, 7);
    }
    HG_CHECK(hg_slice_u64(hg_guarded_str("18446744073709551615"), &v));
    HG_CHECK_U64(v, UINT64_MAX);
    HG_CHECK(hg_slice_u64(hg_guarded_str("0007"), &v));
    HG_CHECK_U64(v, 7);
}

HG_TEST(dup_ends_with_nul)
{
    char *z = hg_slice_dup(hg_guarded_str("abc"));
    HG_NEED(z != NULL);
    HG_CHECK_STR(z, "abc");
    free(z);
    z = hg_slice_dup(hg_slice(NULL, 0));
    HG_NEED(z != NULL);
    HG_CHECK_STR(z, "");
    free(z);
}
