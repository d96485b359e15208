/* SPDX-License-Identifier: MIT
 *
 * A request may use only so much memory. Wherever an action reaches that
 * ceiling, the run fails and says so: it never passes with less than it should
 * have done.
 */
#include "base/limits.h"
#include "fixture.h"

#define MOST 4000u /* bytes that any of these needs */

static void nothing(void *ctx, const char *where, unsigned depth, const char *action, enum hg_considered what,
                    const char *why)
{
    (void)ctx, (void)where, (void)depth, (void)action, (void)what, (void)why;
}

static void no_line(void *ctx, const char *where, struct hg_slice text)
{
    (void)ctx, (void)where, (void)text;
}

/* The run with room for `room` more bytes. */
static enum hg_verdict run_with(const struct hg_action_spec *spec, bool listening, size_t room,
                                const char *after)
{
    static const struct hg_rule_hooks hooks = {.considered = nothing, .log = no_line};
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    enum hg_verdict v;

    HG_CHECK_U64(fixture_append(f, spec), HG_APPEND_OK);
    fixture_header(f, "Cookie", "c");
    fixture_header(f, "X-List", "br, gzip;q=1");
    fixture_header(f, "X-List", "x");
    f->hooks = listening ? &hooks : NULL;
    f->arena.ceiling = f->arena.used + room;
    v = fixture_run(f);
    f->arena.ceiling = HG_LIMIT_ARENA;
    if (v == HG_VERDICT_FAIL)
        HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_MEMORY);
    else
        HG_CHECK_SLICE(fixture_headers(f), after);
    fixture_free(f);
    return v;
}

struct row {
    struct hg_action_spec spec;
    const char *after;
    bool needs_none; /* it works without memory when nobody listens */
};

HG_TEST(no_action_passes_half_done)
{
    const struct hg_slice names[] = {HG_LIT("x-*")};
    const struct row rows[] = {
        {{.kind = HG_ACTION_DROP_HEADER, .name = HG_LIT("cookie")}, "X-List: br, gzip;q=1|X-List: x", true},
        {{.kind = HG_ACTION_KEEP_HEADER, .names = names, .n_names = 1},
         "X-List: br, gzip;q=1|X-List: x",
         true},
        {{.kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x-list"), .value = HG_LIT("%{path} $<secret:key>")},
         "Cookie: c|x-list: /a/b s3cret",
         false},
        {{.kind = HG_ACTION_ADD_HEADER, .name = HG_LIT("a"), .value = HG_LIT("$<base64:%{path}>")},
         "Cookie: c|X-List: br, gzip;q=1|X-List: x|a: L2EvYg==",
         false},
        {{.kind = HG_ACTION_REPLACE_HEADER,
          .name = HG_LIT("x-list"),
          .pattern = HG_LIT("~(.)$"),
          .value = HG_LIT("<$1>")},
         "Cookie: c|X-List: <1>|X-List: <x>",
         false},
        {{.kind = HG_ACTION_ADD_TO_LIST, .name = HG_LIT("x-list"), .value = HG_LIT("%{method}")},
         "Cookie: c|X-List: br, gzip;q=1|X-List: x, GET",
         false},
        {{.kind = HG_ACTION_DROP_FROM_LIST, .name = HG_LIT("x-list"), .pattern = HG_LIT("gzip")},
         "Cookie: c|X-List: br|X-List: x",
         false},
        {{.kind = HG_ACTION_LOG, .value = HG_LIT("%{path} %{path}")},
         "Cookie: c|X-List: br, gzip;q=1|X-List: x",
         true},
    };

    /* Each size; every seventh one where sizes are scaled down. */
    size_t step = hg_unit_scaled(100) < 100 ? 7 : 1;

    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
        const struct row *row = &rows[i / 2];
        bool listening = i % 2 == 1;
        size_t room = 0;

        hg_unit_row(row->after);
        while (room < MOST && run_with(&row->spec, listening, room, row->after) == HG_VERDICT_FAIL)
            room += step;
        HG_CHECK(room < MOST);
        if (!row->needs_none)
            HG_CHECK(room > 0);
    }
}
