/* SPDX-License-Identifier: MIT
 *
 * What a request brings, made harmless for the kind of text it is put into: it
 * can end neither a JSON string nor an HTML element.
 */
#include "base/check.h"
#include "base/json.h"
#include "segment.h"

#define GROWTH 6u /* of one byte at most: \\u0000, &quot; */

/* The JSON writer's own string, without its quotes. */
static bool escape_json(struct hg_slice s, struct hg_arena *arena, struct hg_slice *out)
{
    static const char before[] = "{\"\":\"", after[] = "\"}";
    size_t cap = s.n * GROWTH + 64;
    char *text = hg_arena_alloc(arena, cap);
    struct hg_json j;

    if (text == NULL)
        return false;
    hg_json_begin(&j, text, cap);
    hg_json_str(&j, "", s);
    *out = hg_json_end(&j);
    HG_ASSERT(!j.truncated && out->n >= sizeof(before) + sizeof(after) - 2);
    *out = hg_slice(out->p + sizeof(before) - 1, out->n - (sizeof(before) + sizeof(after) - 2));
    return true;
}

static struct hg_slice html_name(char c)
{
    switch (c) {
    case '&':
        return HG_LIT("&amp;");
    case '<':
        return HG_LIT("&lt;");
    case '>':
        return HG_LIT("&gt;");
    case '"':
        return HG_LIT("&quot;");
    case '\'':
        return HG_LIT("&#39;");
    default:
        return hg_slice(NULL, 0);
    }
}

static bool escape_html(struct hg_slice s, struct hg_arena *arena, struct hg_slice *out)
{
    char *text = hg_arena_alloc(arena, s.n * GROWTH), *at = text;

    if (text == NULL)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        struct hg_slice name = html_name(s.p[i]);

        if (name.p == NULL)
            name = hg_slice(s.p + i, 1);
        memcpy(at, name.p, name.n);
        at += name.n;
    }
    *out = hg_slice(text, (size_t)(at - text));
    return true;
}

bool hg_escape_text(enum hg_escape escape, struct hg_slice s, struct hg_arena *arena, struct hg_slice *out)
{
    *out = s;
    if (escape == HG_ESCAPE_NONE || s.n == 0)
        return true;
    if (s.n > SIZE_MAX / GROWTH - 64)
        return false;
    return escape == HG_ESCAPE_JSON ? escape_json(s, arena, out) : escape_html(s, arena, out);
}
