/* SPDX-License-Identifier: MIT
 *
 * Addresses and networks: what is read, what is refused, and who is inside.
 */
#include "base/ip.h"
#include "support/unit.h"

HG_TEST(addresses_have_one_form)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::FFFF:c000:207", "192.0.2.7"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"::1", "::1"},
        {"192.0.2.07", NULL},
        {"192.0.2", NULL},
        {"0x7f.0.0.1", NULL},
        {"192.0.2.256", NULL},
        {" 192.0.2.1", NULL},
        {"192.0.2.1 ", NULL},
        {"[::1]", NULL},
        {"fe80::1%eth0", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"", NULL},
        {"0000000000000000000000000000000000000000000000000000:1", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char addr[16];
        char text[HG_IP_TEXT_LEN];
        hg_unit_row(rows[i].in);
        bool ok = hg_ip_parse(hg_guarded_str(rows[i].in), addr);
        HG_CHECK(ok == (rows[i].out != NULL));
        if (!ok || rows[i].out == NULL)
            continue;
        hg_ip_text(addr, text);
        HG_CHECK_STR(text, rows[i].out);
    }
    unsigned char addr[16];
    HG_CHECK(!hg_ip_parse(hg_guarded(hg_slice("::1\0", 4)), addr));
}

HG_TEST(networks_and_who_is_in_them)
{
    static const struct {
        const char *net, *in, *out;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
        {"10.0.0.0/8", "::ffff:10.1.2.3", "9.255.255.255"},
        {"192.0.2.128/25", "192.0.2.200", "192.0.2.127"},
        {"192.0.2.4/31", "192.0.2.5", "192.0.2.6"},
        {"192.0.2.7", "192.0.2.7", "192.0.2.6"},
        {"192.0.2.7/32", "192.0.2.7", "192.0.2.8"},
        {"0.0.0.0/0", "255.1.2.3", "::1"},
        {"::/0", "2001:db8::1", "127.0.0.1"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
        {"2001:db8::1", "2001:db8::1", "2001:db8::2"},
        {"::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_cidr net;
        unsigned char addr[16];
        hg_unit_row(rows[i].net);
        HG_NEED(hg_cidr_parse(hg_guarded_str(rows[i].net), &net) == NULL);
        HG_NEED(hg_ip_parse(hg_slice_str(rows[i].in), addr));
        HG_CHECK(hg_cidr_has(&net, addr) && hg_cidr_any(&net, 1, addr));
        HG_NEED(hg_ip_parse(hg_slice_str(rows[i].out), addr));
        HG_CHECK(!hg_cidr_has(&net, addr) && !hg_cidr_any(&net, 1, addr) && !hg_cidr_any(NULL, 0, addr));
    }
}

HG_TEST(networks_that_are_not)
{
    static const char *const rows[][2] = {
        {"10.0.0.0/33", "has no valid prefix length (expected 0 to 32)"},
        {"10.0.0.0/", "has no valid prefix length (expected 0 to 32)"},
        {"10.0.0.0/+8", "has no valid prefix length (expected 0 to 32)"},
        {"10.0.0.0/8/8", "has no valid prefix length (expected 0 to 32)"},
        {"::/129", "has no valid prefix length (expected 0 to 128)"},
        {"10.0.0.1/8", "has address bits behind its prefix (write the network's first address)"},
        {"2001:db8::1/64", "has address bits behind its prefix (write the network's first address)"},
        {"10/8", NULL},
        {"localhost", NULL},
        {"/8", NULL},
        {"", NULL},
        {"*", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_cidr net;
        hg_unit_row(rows[i][0]);
        const char *why = hg_cidr_parse(hg_guarded_str(rows[i][0]), &net);
        HG_NEED(why != NULL);
        if (rows[i][1] != NULL)
            HG_CHECK_STR(why, rows[i][1]);
        else
            HG_CHECK(strncmp(why, "is not an IP address or network", 31) == 0);
    }
}
