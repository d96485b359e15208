/* SPDX-License-Identifier: MIT
 *
 * One field out of a JSON text, and texts that are none.
 */
#include "base/pick.h"

#include "support/unit.h"

static const struct {
    const char *text, *path, *value;
    enum hg_pick result;
} rows[] = {
    {"{\"a\":\"x\"}", "a", "x", HG_PICK_STRING},
    {" {\"z\":{\"a\":1},\"a\" : \"x\" } ", "a", "x", HG_PICK_STRING},
    {"{\"a\":\"\\u20ac\\ud83d\\ude00\\n\\\"\"}", "a", "\xe2\x82\xac\xf0\x9f\x98\x80\n\"", HG_PICK_STRING},
    {"{\"a\":-1.5e3}", "a", "-1.5e3", HG_PICK_OTHER},
    {"[[],[true]]", "1.0", "true", HG_PICK_OTHER},
    {"\"x\"", "", "x", HG_PICK_STRING},
    {"{\"a\":[]}", "a", "", HG_PICK_COMPOUND},
    {"{\"a\":[]}", "a.0", "", HG_PICK_MISSING},
    {"{\"a\":[1]}", "a.1", "", HG_PICK_MISSING},
    {"{\"a\":[1]}", "a.b", "", HG_PICK_MISSING},
    {"{\"a\":\"x\"}", "a.b", "", HG_PICK_MISSING},
    {"{}", "a", "", HG_PICK_MISSING},
    {"", "a", "", HG_PICK_BAD},
    {"{\"a\":\"x\"", "a", "", HG_PICK_BAD},
    {"{\"a\":\"x\"} {", "a", "", HG_PICK_BAD},
    {"{\"a\":\"x", "a", "", HG_PICK_BAD},
    {"{\"a\":\"\\ud800x\"}", "a", "", HG_PICK_BAD},
    {"{\"a\":\"\\q\"}", "a", "", HG_PICK_BAD},
    {"{\"a\":\"0123456789012345678901234567890\"}", "a", "", HG_PICK_BAD},
    {"{'a':1}", "a", "", HG_PICK_BAD},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "0", "", HG_PICK_BAD},
    {"nul", "", "", HG_PICK_BAD},
};

HG_TEST(finds_the_field_or_says_why_not)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[30];
        size_t n = 99;
        hg_unit_row(rows[i].text);
        HG_CHECK_U64(hg_pick(hg_guarded_str(rows[i].text), rows[i].path, out, sizeof(out), &n),
                     rows[i].result);
        if (rows[i].result == HG_PICK_STRING || rows[i].result == HG_PICK_OTHER)
            HG_CHECK_SLICE(hg_slice(out, n), rows[i].value);
    }
}
