/* SPDX-License-Identifier: MIT
 *
 * One member of a request's body, as a guard needs it.
 */
#include "usage/member.h"

#include "support/unit.h"

static bool read_member(struct hg_member *m, const char *text, size_t cut)
{
    struct hg_slice in = hg_guarded_str(text);

    hg_member_init(m, HG_LIT("model"));
    return hg_member_feed(m, hg_slice(in.p, cut)) && hg_member_feed(m, hg_slice_from(in, cut)) &&
           hg_member_end(m);
}

HG_TEST(finds_the_member)
{
    static const struct {
        const char *text;
        unsigned times, alike;
        bool escaped_name;
        const char *value; /* NULL: no string that could be gone by */
    } rows[] = {
        {"{\"model\":\"gpt-5\"}", 1, 0, false, "gpt-5"},
        {"{\"a\":{\"model\":\"x\"},\"model\":\"\\u0067pt\",\"b\":[{\"model\":1}]}", 1, 0, false, "gpt"},
        {"{\"m\\u006fdel\":\"y\"}", 1, 0, true, "y"},
        {"{\"model\":\"a\",\"model\":\"b\"}", 2, 0, false, NULL},
        {"{\"model\":\"a\",\"Model\":\"b\"}", 1, 1, false, "a"},
        {"{\"model\":\"a\",\"\\u004dodel\":\"b\"}", 1, 1, true, "a"},
        {"{\"model\":7}", 1, 0, false, NULL},
        {"{\"model\":null}", 1, 0, false, NULL},
        {"{\"model\":{\"model\":\"a\"}}", 1, 0, false, NULL},
        {"{\"model\":\"\"}", 1, 0, false, ""},
        {"{\"modell\":\"a\",\"mode\":\"b\"}", 0, 0, false, NULL},
        {"[{\"model\":\"a\"}]", 0, 0, false, NULL},
        {"\"model\"", 0, 0, false, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        hg_unit_row(rows[i].text);
        for (size_t cut = 0; cut <= strlen(rows[i].text); cut++) {
            struct hg_member m;
            HG_CHECK(read_member(&m, rows[i].text, cut));
            HG_CHECK_U64(m.times, rows[i].times);
            HG_CHECK_U64(m.alike, rows[i].alike);
            HG_CHECK(m.escaped_name == rows[i].escaped_name);
            HG_CHECK(m.object == (rows[i].text[0] == '{'));
            HG_CHECK((hg_member_string(&m).p == NULL) == (rows[i].value == NULL));
            if (rows[i].value != NULL)
                HG_CHECK_SLICE(hg_member_string(&m), rows[i].value);
        }
    }
}

HG_TEST(a_broken_text_is_not_believed)
{
    struct hg_member m;

    HG_CHECK(!read_member(&m, "{\"model\":\"a\"", 5));
    HG_CHECK(!read_member(&m, "{\"model\":\"a\"}}", 5));
    HG_CHECK(!read_member(&m, "", 0));
    HG_CHECK(!read_member(&m, "{\"model\":\"a\",\"x\":tru}", 5));
}

HG_TEST(a_value_over_the_bound_is_none)
{
    char text[HG_JSCAN_TEXT + 32] = "{\"model\":\"";
    struct hg_member m;
    size_t n = strlen(text);

    memset(text + n, 'x', HG_JSCAN_TEXT);
    memcpy(text + n + HG_JSCAN_TEXT, "\"}", 3);
    HG_CHECK(read_member(&m, text, 20));
    HG_CHECK_U64(hg_member_string(&m).n, HG_JSCAN_TEXT);
    memcpy(text + n + HG_JSCAN_TEXT, "x\"}", 4);
    HG_CHECK(read_member(&m, text, 20));
    HG_CHECK(m.cut && hg_member_string(&m).p == NULL);
}
