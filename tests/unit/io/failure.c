/* SPDX-License-Identifier: MIT
 *
 * The table of failures.
 */
#include "io/failure.h"

#include "support/unit.h"

HG_TEST(every_kind_has_its_own_row)
{
    HG_CHECK_STR(hg_failure_name(HG_FAILURE_NONE), "none");
    HG_CHECK_STR(hg_failure_name(HG_FAILURE_TUNNEL_DENIED), "proxy_denied");
    HG_CHECK_U64(hg_failure_status(HG_FAILURE_TUNNEL_DENIED), 403);
    HG_CHECK_U64(hg_failure_status(HG_FAILURE_TLS_TIMEOUT), 504);
    HG_CHECK_U64(hg_failure_status(HG_FAILURE_NO_RESOURCES), 503);
    for (int k = HG_FAILURE_NONE; k <= HG_FAILURE_NO_RESOURCES; k++) {
        HG_CHECK(hg_failure_text((enum hg_failure_kind)k)[0] != '\0');
        for (int j = HG_FAILURE_NONE; j < k; j++)
            HG_CHECK(strcmp(hg_failure_name((enum hg_failure_kind)k),
                            hg_failure_name((enum hg_failure_kind)j)) != 0);
    }
}

HG_TEST(detail_is_printable_and_cut)
{
    struct hg_failure f;
    char big[1000];

    hg_failure_set(&f, HG_FAILURE_CONNECT, "a%sb", "\r\n\x1b[0m");
    HG_CHECK(f.kind == HG_FAILURE_CONNECT);
    HG_CHECK_STR(f.detail, "a[0mb");
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    hg_failure_set(&f, HG_FAILURE_DNS, "%s", big);
    HG_CHECK_U64(strlen(f.detail), sizeof f.detail - 1);
}
