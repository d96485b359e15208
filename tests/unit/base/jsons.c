/* SPDX-License-Identifier: MIT
 *
 * JSON: escaping, and that it stays well-formed in every size of buffer.
 */
#include "base/json.h"

#include <stdio.h>

#include "support/unit.h"

HG_TEST(kinds_of_fields)
{
    char out[512];
    struct hg_json j;
    hg_json_begin(&j, out, sizeof(out));
    hg_json_str(&j, "s", HG_LIT("x"));
    hg_json_u64(&j, "u", UINT64_MAX);
    hg_json_i64(&j, "i", INT64_MIN);
    hg_json_bool(&j, "b", false);
    hg_json_ms(&j, "ms", 1250);
    hg_json_ms(&j, "small", 5);
    hg_json_open(&j, "o");
    hg_json_bool(&j, "t", true);
    hg_json_open(&j, "empty");
    hg_json_close(&j);
    hg_json_close(&j);
    hg_json_u64(&j, "z", 0);
    HG_CHECK_SLICE(hg_json_end(&j),
                   "{\"s\":\"x\",\"u\":18446744073709551615,\"i\":-9223372036854775808,\"b\":false,"
                   "\"ms\":1.250,\"small\":0.005,\"o\":{\"t\":true,\"empty\":{}},\"z\":0}");
    HG_CHECK(!j.truncated);
}

HG_TEST(escapes_and_broken_utf8)
{
    char out[256];
    struct hg_json j;
    hg_json_begin(&j, out, sizeof(out));
    hg_json_str(&j, "a", hg_guarded(HG_LIT("\"\\\n\t\x01\x7f\0")));
    hg_json_str(&j, "b", hg_guarded_str("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
    hg_json_str(&j, "c", hg_guarded_str("\xff|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82"));
    HG_CHECK_SLICE(
        hg_json_end(&j),
        "{\"a\":\"\\\"\\\\\\n\\t\\u0001\\u007f\\u0000\",\"b\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\",\"c\":"
        "\"\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\"}");
}

HG_TEST(peer_text_is_cut_and_cleaned)
{
    char out[1024], big[300];
    struct hg_json j;
    memset(big, 'x', sizeof(big));
    hg_json_begin(&j, out, sizeof(out));
    hg_json_peer(&j, "p",
                 hg_guarded_str("a\r\n\x1b[0m\xc2\x9b"
                                "b\x7f"));
    HG_CHECK_SLICE(hg_json_end(&j), "{\"p\":\"a[0mb\"}");
    hg_json_begin(&j, out, sizeof(out));
    hg_json_peer(&j, "p", hg_guarded(hg_slice(big, sizeof(big))));
    HG_CHECK_U64(hg_json_end(&j).n, HG_JSON_PEER_MAX + 8);
    memcpy(big + HG_JSON_PEER_MAX - 1, "\xc3\xa4", 2); /* would be cut in the middle */
    hg_json_begin(&j, out, sizeof(out));
    hg_json_peer(&j, "p", hg_guarded(hg_slice(big, sizeof(big))));
    HG_CHECK_U64(hg_json_end(&j).n, HG_JSON_PEER_MAX - 1 + 8);
}

/* Brackets balanced outside of strings, strings closed: enough to see that it was cut well. */
static bool well_formed(struct hg_slice s)
{
    int depth = 0;
    bool string = false;
    for (size_t i = 0; i < s.n; i++) {
        if (string && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            string = !string;
        else if (!string && s.p[i] == '{')
            depth++;
        else if (!string && s.p[i] == '}' && --depth == 0 && i + 1 != s.n)
            return false;
        if (!string && i > 0 && s.p[i] == '}' && s.p[i - 1] == ',')
            return false;
    }
    return depth == 0 && !string;
}

HG_TEST(never_broken_in_any_size)
{
    for (size_t cap = 64; cap < 400; cap++) {
        struct hg_slice room = hg_guarded(hg_slice((char[400]){0}, cap));
        char *out = (char *)(uintptr_t)room.p;
        struct hg_json j;
        hg_json_begin(&j, out, cap);
        for (int i = 0; i < 12; i++) {
            hg_json_open(&j, "object");
            hg_json_str(&j, "text", HG_LIT("with \"quotes\" and \n"));
            hg_json_u64(&j, "n", 123456);
            if (i % 3 == 2)
                hg_json_close(&j);
        }
        struct hg_slice s = hg_json_end(&j);
        HG_CHECK(s.n < cap && s.p[s.n] == '\0');
        if (!HG_CHECK(well_formed(s)))
            printf("%s\n", s.p);
        hg_guarded_reset();
    }
}

HG_TEST(a_skipped_object_takes_its_fields_along)
{
    char out[64];
    struct hg_json j;
    hg_json_begin(&j, out, sizeof(out));
    hg_json_open(&j, "a name that is far too long for this buffer, much too long, really");
    hg_json_u64(&j, "inside", 1);
    hg_json_close(&j);
    hg_json_u64(&j, "outside", 2);
    HG_CHECK(j.truncated);
    HG_CHECK_SLICE(hg_json_end(&j), "{\"outside\":2}");
}

HG_TEST(lists)
{
    char out[256];
    struct hg_json j;

    hg_json_begin(&j, out, sizeof(out));
    hg_json_open_list(&j, "l");
    hg_json_str(&j, NULL, HG_LIT("x"));
    hg_json_u64(&j, NULL, 2);
    hg_json_open(&j, NULL);
    hg_json_bool(&j, "t", true);
    hg_json_open_list(&j, "empty");
    hg_json_close(&j);
    hg_json_close(&j);
    hg_json_open_list(&j, NULL);
    hg_json_str(&j, NULL, HG_LIT("y"));
    hg_json_close(&j);
    hg_json_close(&j);
    hg_json_u64(&j, "z", 0);
    HG_CHECK_SLICE(hg_json_end(&j), "{\"l\":[\"x\",2,{\"t\":true,\"empty\":[]},[\"y\"]],\"z\":0}");
}

HG_TEST(lists_stay_well_formed_in_every_size)
{
    for (size_t cap = 64; cap < 200; cap++) {
        char out[256];
        struct hg_json j;
        struct hg_slice s;
        unsigned open = 0;

        hg_json_begin(&j, out, cap);
        for (unsigned i = 0; i < 6; i++) {
            hg_json_open_list(&j, i == 0 ? "list" : NULL);
            hg_json_str(&j, NULL, HG_LIT("0123456789"));
        }
        s = hg_json_end(&j);
        HG_CHECK(s.n < cap);
        for (size_t i = 0; i < s.n; i++) {
            open += s.p[i] == '[';
            if (s.p[i] == ']')
                HG_CHECK(open-- > 0);
        }
        HG_CHECK_U64(open, 0);
    }
}
