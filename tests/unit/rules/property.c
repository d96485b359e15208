/* SPDX-License-Identifier: MIT
 *
 * What holds for every ruleset and every head, tried on many made at random
 * (from a fixed seed): untouched headers keep order and spelling, protected ones
 * are never changed, what was dropped is gone in every spelling, and no line is
 * ever added.
 */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

#define ROUNDS 3000u

struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(d->state >> 33) % sides;
}

static const char *const names[] = {"authorization",
                                    "x-api-key",
                                    "x-keep",
                                    "accept",
                                    "host",
                                    "via",
                                    "x-forwarded-for",
                                    "content-length",
                                    "transfer-encoding",
                                    "connection",
                                    "x-other",
                                    "proxy-authorization",
                                    "cookie",
                                    "content-type",
                                    "accept-encoding",
                                    "location",
                                    "link"};
static const char *const drops[] = {"authorization", "x-api-key", "~^x-forwarded-", "~^(via|cookie)$", "*",
                                    "~host",         "x-*",       "~^proxy-"};
static const char *const keeps[] = {"x-*", "~^a", "accept-encoding", "cookie", "*"};
static const char *const targets[] = {"authorization", "x-api-key", "x-new", "accept", "accept-encoding"};
static const char *const patterns[] = {"*", "~^value-[0-9]*[02468]$", "~(.)", "gzip", "~[[:cntrl:]]"};
/* The last one only in requests. */
static const char *const values[] = {"v",           "%{header:x-keep}", "%{path} %{host}",
                                     "%{frontend}", "$<A>; q=$<INT5>",  "$<secret:key>"};
static const char *const sent[] = {"",
                                   "gzip, br;q=1",
                                   "a=\"x, y\", z",
                                   "\"open, gzip",
                                   ",,gzip ,\t,",
                                   "caf\xc3\xa9 \xff",
                                   "$<A> %{path} $1",
                                   "https://api.test/x",
                                   "<https://api.test/y>; rel=next, <https://api.test.evil.test/>",
                                   "https://api.test//x"};
static const struct hg_origin origin = {true, {"api.test", 8}, 443, {"", 0}};
static const struct hg_origins origins = {&origin, 1, {"http://gate:1", 13}};

#define PICK(d, table) (table)[roll(d, sizeof(table) / sizeof(*(table)))]

/* The name with random case and, sometimes, '_' for '-'. */
static void spell(struct dice *d, const char *name, char *out, size_t cap)
{
    bool underscores = roll(d, 4) == 0;
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < cap; i++) {
        out[i] = name[i];
        if (out[i] >= 'a' && out[i] <= 'z' && roll(d, 2))
            out[i] = (char)(out[i] - 32);
        if (out[i] == '-' && underscores)
            out[i] = '_';
    }
    out[i] = '\0';
}

static struct hg_headers *headers_of(struct fixture *f)
{
    return f->direction == HG_RESPONSE_RULES ? &f->response.headers : &f->request.headers;
}

static void add_random_headers(struct dice *d, struct fixture *f)
{
    unsigned n = roll(d, 20);

    for (unsigned i = 0; i < n; i++) {
        char name[40], value[40];

        spell(d, PICK(d, names), name, sizeof(name));
        if (roll(d, 2))
            snprintf(value, sizeof(value), "value-%u", i);
        else
            snprintf(value, sizeof(value), "%s", PICK(d, sent));
        HG_CHECK(hg_headers_add(headers_of(f), hg_arena_copy(&f->arena, hg_slice_str(name)),
                                hg_arena_copy(&f->arena, hg_slice_str(value))));
    }
}

/* What was asked for, in order, to be judged without the ruleset. */
struct made {
    struct hg_action_spec spec[8];
    struct hg_slice names[8][2]; /* of keep-header */
    size_t n;
};

static bool is_drop(const struct hg_action_spec *spec)
{
    return spec->kind == HG_ACTION_DROP_HEADER || spec->kind == HG_ACTION_KEEP_HEADER;
}

/* May it bring a header where there was none? */
static bool brings(const struct hg_action_spec *spec)
{
    return spec->kind == HG_ACTION_SET_HEADER || spec->kind == HG_ACTION_ADD_HEADER ||
           spec->kind == HG_ACTION_DEFAULT_HEADER || spec->kind == HG_ACTION_ADD_TO_LIST;
}

static void add_random_rules(struct dice *d, struct fixture *f, struct made *m)
{
    static const enum hg_action_kind kinds[] = {
        HG_ACTION_DROP_HEADER,    HG_ACTION_DROP_HEADER,       HG_ACTION_DROP_HEADER,
        HG_ACTION_KEEP_HEADER,    HG_ACTION_SET_HEADER,        HG_ACTION_ADD_HEADER,
        HG_ACTION_DEFAULT_HEADER, HG_ACTION_DROP_HEADER_VALUE, HG_ACTION_REPLACE_HEADER,
        HG_ACTION_ADD_TO_LIST,    HG_ACTION_DROP_FROM_LIST};
    unsigned n = 1 + roll(d, 6), secrets = f->direction == HG_RESPONSE_RULES ? 1 : 0;

    for (unsigned i = 0; i < n; i++) {
        struct hg_action_spec *spec = &m->spec[m->n];

        *spec = (struct hg_action_spec){.kind = PICK(d, kinds), .name = hg_slice_str(PICK(d, targets))};
        if (spec->kind == HG_ACTION_DROP_HEADER)
            spec->name = hg_slice_str(PICK(d, drops));
        if (f->direction == HG_RESPONSE_RULES && roll(d, 4) == 0)
            spec->kind = HG_ACTION_MAP_ORIGIN;
        m->names[m->n][0] = hg_slice_str(PICK(d, keeps));
        m->names[m->n][1] = hg_slice_str(PICK(d, keeps));
        spec->names = m->names[m->n];
        spec->n_names = 1 + roll(d, 2);
        spec->pattern = hg_slice_str(PICK(d, patterns));
        spec->value = hg_slice_str(values[roll(d, sizeof(values) / sizeof(*values) - secrets)]);
        spec->aliases = is_drop(spec) && roll(d, 2);
        m->n++;
        HG_CHECK_U64(fixture_append(f, spec), HG_APPEND_OK);
    }
}

static bool is_protected(const struct hg_header *h)
{
    return hg_field_flags(h->id) & HG_FIELD_P;
}

/* Asked of a fresh pattern, without the ruleset, its merging and its cache. */
static bool matches(struct hg_scratch *scratch, struct hg_slice pattern, bool aliases, struct hg_slice name)
{
    struct hg_pattern_problem problem;
    unsigned flags = HG_PATTERN_CASELESS | (aliases ? HG_PATTERN_ALIASES : 0);
    struct hg_pattern *p = hg_pattern_new(pattern, flags, &problem);
    bool yes;

    if (!HG_CHECK(p != NULL))
        return false;
    yes = hg_pattern_match(p, scratch, name, NULL) == HG_MATCH_YES;
    hg_pattern_free(p);
    return yes;
}

static bool drops_name(const struct hg_action_spec *spec, struct hg_scratch *scratch, struct hg_slice name)
{
    if (spec->kind == HG_ACTION_DROP_HEADER)
        return matches(scratch, spec->name, spec->aliases, name);
    if (spec->kind != HG_ACTION_KEEP_HEADER || hg_slice_istarts(name, HG_LIT("content-")))
        return false;
    for (size_t i = 0; i < spec->n_names; i++)
        if (matches(scratch, spec->names[i], spec->aliases, name))
            return false;
    return true;
}

static bool leads(const struct hg_header *h)
{
    return hg_slice_ieq(h->name, HG_LIT("location")) || hg_slice_ieq(h->name, HG_LIT("link"));
}

/* Nothing names or drops it, or it is protected: must be there as it was. */
static bool is_untouched(const struct made *m, struct hg_scratch *scratch, const struct hg_header *h)
{
    if (is_protected(h))
        return true;
    for (size_t i = 0; i < m->n; i++)
        if (m->spec[i].kind == HG_ACTION_MAP_ORIGIN ? leads(h)
            : is_drop(&m->spec[i])                  ? drops_name(&m->spec[i], scratch, h->name)
                                                    : hg_slice_ieq(h->name, m->spec[i].name))
            return false;
    return true;
}

/* May it be there at the end: not dropped, or brought by an action behind the last drop? */
static bool may_remain(const struct made *m, struct hg_scratch *scratch, const struct hg_header *h)
{
    bool may = true;

    if (is_protected(h))
        return true;
    for (size_t i = 0; i < m->n; i++) {
        if (drops_name(&m->spec[i], scratch, h->name))
            may = false;
        else if (brings(&m->spec[i]) && hg_slice_ieq(h->name, m->spec[i].name))
            may = true;
    }
    return may;
}

/* Some actions refuse what they cannot do without harm. */
static bool may_fail(const struct made *m, const struct fixture *f, bool hostile)
{
    bool list = false;

    for (size_t i = 0; i < m->n; i++)
        list = list || m->spec[i].kind == HG_ACTION_ADD_TO_LIST;
    return (f->out.fail == HG_RULE_FAIL_VALUE && hostile) || (f->out.fail == HG_RULE_FAIL_MEMBER && list);
}

static bool same(const struct hg_header *a, const struct hg_header *b)
{
    return hg_slice_eq(a->name, b->name) && hg_slice_eq(a->value, b->value);
}

static void check_result(struct fixture *f, const struct made *m, const struct hg_header *before, size_t n)
{
    const struct hg_headers *after = headers_of(f);
    struct hg_scratch *scratch = hg_scratch_new();
    size_t at = 0;
    bool ok = true;

    HG_NEED(scratch != NULL);
    for (size_t i = 0; i < n; i++) { /* the untouched ones, in their order */
        if (!is_untouched(m, scratch, &before[i]))
            continue;
        while (at < after->n && !is_untouched(m, scratch, &after->v[at]))
            at++;
        ok = ok && at < after->n && same(&before[i], &after->v[at]);
        at++;
    }
    for (; at < after->n; at++)
        ok = ok && !is_untouched(m, scratch, &after->v[at]);
    for (size_t i = 0; i < after->n; i++) {
        const struct hg_header *h = &after->v[i];

        ok = ok && hg_header_value_ok(h->value) && hg_header_name_ok(h->name);
        ok = ok && may_remain(m, scratch, h);
        /* Mapped as a whole or not at all, and never to what is another host. */
        ok = ok && (memmem(h->value.p, h->value.n, "gate:1", 6) == NULL || leads(h)) &&
             memmem(h->value.p, h->value.n, "gate:1.", 7) == NULL &&
             memmem(h->value.p, h->value.n, "gate:1//", 8) == NULL;
    }
    HG_CHECK(ok);
    hg_scratch_free(scratch);
}

HG_TEST(random_rules_on_random_heads)
{
    struct dice d = {20260412};
    unsigned passed = 0, rounds = (unsigned)hg_unit_scaled(ROUNDS);

    for (unsigned round = 0; round < rounds; round++) {
        struct fixture *f = fixture_new(roll(&d, 3) == 0 ? HG_RESPONSE_RULES : HG_REQUEST_RULES);
        struct hg_header before[32];
        struct made m = {.n = 0};
        bool hostile = roll(&d, 8) == 0;
        size_t n;

        add_random_rules(&d, f, &m);
        add_random_headers(&d, f);
        f->origins = &origins;
        if (hostile)
            f->vars.frontend = HG_LIT("x\r\nx-evil: 1");
        n = headers_of(f)->n;
        if (n > 0)
            memcpy(before, headers_of(f)->v, n * sizeof(*before));
        if (fixture_run(f) == HG_VERDICT_PASS) {
            check_result(f, &m, before, n);
            passed++;
        } else {
            HG_CHECK(may_fail(&m, f, hostile));
        }
        fixture_free(f);
    }
    HG_CHECK(passed > rounds / 2); /* else the others would not have been tried */
}
