/* SPDX-License-Identifier: MIT
 *
 * One field out of a JSON text, and texts that are none.
 */
#include "base/pick.h"

#include <stdio.h>

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

struct seen {
    char text[400];
    size_t n, stop;
};

static bool see(void *ctx, struct hg_slice name, enum hg_pick kind, struct hg_slice value, size_t offset)
{
    struct seen *s = ctx;
    s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n, "%.*s%s%.*s%s@%zu ", HG_FMT(name),
                             name.p != NULL ? "=" : "", HG_FMT(value),
                             kind == HG_PICK_COMPOUND ? "!"
                             : kind == HG_PICK_OTHER  ? "#"
                                                      : "",
                             offset);
    return s->stop == 0 || --s->stop > 0;
}

static const struct {
    const char *text;
    enum hg_members result;
    const char *seen;
    size_t offset, stop;
} member_rows[] = {
    {"[\"a\", 1 ,[true], {\"x\":1}]", HG_MEMBERS_ARRAY, "a@1 1#@6 [true]!@9 {\"x\":1}!@17 ", 17, 0},
    {" {\"a\":\"\\u00e9\", \"b c\" : null}", HG_MEMBERS_OBJECT, "a=\xc3\xa9@6 b c=null#@24 ", 24, 0},
    {"[]", HG_MEMBERS_ARRAY, "", 0, 0},
    {"{ }", HG_MEMBERS_OBJECT, "", 0, 0},
    {"7", HG_MEMBERS_OTHER, "", 1, 0},
    {"[1,2,3]", HG_MEMBERS_STOPPED, "1#@1 2#@3 ", 3, 2},
    {"[1,2", HG_MEMBERS_BAD, "", 4, 0},
    {"[1,2] x", HG_MEMBERS_BAD, "", 6, 0},
    {"[1 2]", HG_MEMBERS_BAD, "", 3, 0},
    {"", HG_MEMBERS_BAD, "", 0, 0},
    {"{\"a\"}", HG_MEMBERS_BAD, "", 4, 0},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", HG_MEMBERS_BAD, "", 32, 0},
};

HG_TEST(all_members_or_where_it_is_wrong)
{
    for (size_t i = 0; i < sizeof(member_rows) / sizeof(member_rows[0]); i++) {
        struct seen s = {.stop = member_rows[i].stop};
        size_t offset = 999;
        hg_unit_row(member_rows[i].text);
        HG_CHECK_U64(hg_pick_members(hg_guarded_str(member_rows[i].text), see, &s, &offset),
                     member_rows[i].result);
        HG_CHECK_STR(s.text, member_rows[i].seen);
        if (member_rows[i].result >= HG_MEMBERS_BAD)
            HG_CHECK_U64(offset, member_rows[i].offset);
    }
}
