/* SPDX-License-Identifier: MIT
 *
 * What a request brings cannot end the text it is put into.
 */
#include "segment.h"
#include "support/unit.h"

static const struct {
    enum hg_escape escape;
    const char *in, *out;
} rows[] = {
    {HG_ESCAPE_NONE, "\"<'&\\", "\"<'&\\"},
    {HG_ESCAPE_JSON, "plain /path", "plain /path"},
    {HG_ESCAPE_JSON, "\"}, {\"a\\", "\\\"}, {\\\"a\\\\"},
    {HG_ESCAPE_JSON, "a\tb\x01\x7f", "a\\tb\\u0001\\u007f"},
    {HG_ESCAPE_JSON, "\xc3\xa4\xff", "\xc3\xa4\xef\xbf\xbd"},
    {HG_ESCAPE_JSON, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {HG_ESCAPE_JSON, "", ""},
    {HG_ESCAPE_HTML, "<script a='b' c=\"d\">&", "&lt;script a=&#39;b&#39; c=&quot;d&quot;&gt;&amp;"},
    {HG_ESCAPE_HTML, "", ""},
};

HG_TEST(escapes)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_arena arena;
        struct hg_slice out;
        hg_unit_row(rows[i].in);
        hg_arena_init(&arena, 65536);
        HG_CHECK(hg_escape_text(rows[i].escape, hg_guarded_str(rows[i].in), &arena, &out));
        HG_CHECK_SLICE(out, rows[i].out);
        hg_arena_reset(&arena);
    }
}

HG_TEST(only_what_is_put_in_is_escaped)
{
    struct hg_template_note note;
    struct hg_template *t = NULL;
    const struct hg_resolver none = {0};
    const struct hg_request request = {.method = HG_LIT("\"<"), .path = HG_LIT("/")};
    struct hg_vars vars = {.request = &request,
                           .error_type = HG_LIT("t"),
                           .error_message = HG_LIT("a \"b\""),
                           .escape = HG_ESCAPE_JSON};
    const struct hg_secret_slot *missing;
    struct hg_arena arena;
    struct hg_slice out;
    struct hg_slice text = HG_LIT("{\"t\":\"%{error-type}\",\"m\":\"%{error-message} %{method}\"}");
    HG_CHECK(hg_template_compile(text, HG_TEMPLATE_VARS, &none, &t, &note) == HG_TEMPLATE_BAD);
    HG_CHECK_STR(note.text, "%{error-type} can only be used in errors");
    HG_NEED(hg_template_compile(text, HG_TEMPLATE_VARS | HG_TEMPLATE_ERRORS, &none, &t, &note) ==
            HG_TEMPLATE_OK);
    hg_arena_init(&arena, 65536);
    HG_CHECK(hg_template_expand(t, &vars, &arena, &out, &missing) == HG_EXPAND_OK);
    HG_CHECK_SLICE(out, "{\"t\":\"t\",\"m\":\"a \\\"b\\\" \\\"<\"}");
    hg_template_free(t);
    HG_NEED(hg_template_compile(HG_LIT("$<base64:%{method}>"), HG_TEMPLATE_VARS, &none, &t, &note) ==
            HG_TEMPLATE_OK);
    HG_CHECK(hg_template_expand(t, &vars, &arena, &out, &missing) == HG_EXPAND_OK);
    HG_CHECK_SLICE(out, "Ijw=");
    hg_template_free(t);
    hg_arena_reset(&arena);
}
