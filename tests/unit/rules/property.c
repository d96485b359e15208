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

#define ROUNDS 3000

struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(d->state >> 33) % sides;
}

static const char *const names[] = {"authorization",   "x-api-key",      "x-keep",
                                    "accept",          "host",           "via",
                                    "x-forwarded-for", "content-length", "transfer-encoding",
                                    "connection",      "x-other",        "proxy-authorization",
                                    "cookie"};
static const char *const drops[] = {"authorization", "x-api-key", "~^x-forwarded-", "~^(via|cookie)$", "*",
                                    "~host",         "x-*",       "~^proxy-"};
static const char *const sets[] = {"authorization", "x-api-key", "x-new", "accept"};
static const char *const values[] = {"v", "%{header:x-keep}", "$<secret:key>", "%{path} %{host}",
                                     "%{frontend}"};

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

static void add_random_headers(struct dice *d, struct fixture *f)
{
    unsigned n = roll(d, 20);

    for (unsigned i = 0; i < n; i++) {
        char name[40], value[40];

        spell(d, PICK(d, names), name, sizeof(name));
        snprintf(value, sizeof(value), "value-%u", i);
        HG_CHECK(hg_headers_add(&f->request.headers, hg_arena_copy(&f->arena, hg_slice_str(name)),
                                hg_arena_copy(&f->arena, hg_slice_str(value))));
    }
}

struct made {
    const char *drop[8];
    bool aliases[8];
    size_t drops;
    bool set[sizeof(sets) / sizeof(*sets)];
};

static void add_random_rules(struct dice *d, struct fixture *f, struct made *m)
{
    unsigned n = 1 + roll(d, 6);

    for (unsigned i = 0; i < n; i++) {
        struct hg_action_spec spec = {.kind = HG_ACTION_DROP_HEADER};

        if (roll(d, 2)) {
            spec.aliases = m->aliases[m->drops] = roll(d, 2);
            m->drop[m->drops] = PICK(d, drops);
            spec.name = hg_slice_str(m->drop[m->drops++]);
        } else {
            unsigned which = roll(d, sizeof(sets) / sizeof(*sets));
            static const enum hg_action_kind kinds[] = {HG_ACTION_SET_HEADER, HG_ACTION_ADD_HEADER,
                                                        HG_ACTION_DEFAULT_HEADER};

            spec.kind = PICK(d, kinds);
            spec.name = hg_slice_str(sets[which]);
            spec.value = hg_slice_str(PICK(d, values));
            m->set[which] = true;
        }
        HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
    }
}

static bool is_protected(const struct hg_header *h)
{
    return hg_field_flags(h->id) & HG_FIELD_P;
}

/* Asked of fresh patterns, one by one, without the ruleset, its merging and its cache. */
static bool is_dropped(const struct made *m, struct hg_scratch *scratch, struct hg_slice name)
{
    bool dropped = false;

    for (size_t i = 0; i < m->drops; i++) {
        struct hg_pattern_problem problem;
        unsigned flags = HG_PATTERN_CASELESS | (m->aliases[i] ? HG_PATTERN_ALIASES : 0);
        struct hg_pattern *p = hg_pattern_new(hg_slice_str(m->drop[i]), flags, &problem);

        if (!HG_CHECK(p != NULL))
            return false;
        dropped = dropped || hg_pattern_match(p, scratch, name, NULL) == HG_MATCH_YES;
        hg_pattern_free(p);
    }
    return dropped;
}

static bool is_set(const struct made *m, struct hg_slice name)
{
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
        if (m->set[i] && hg_slice_ieq(name, hg_slice_str(sets[i])))
            return true;
    return false;
}

/* Neither set nor dropped, or protected: must be there as it was. */
static bool is_untouched(const struct made *m, struct hg_scratch *scratch, const struct hg_header *h)
{
    return is_protected(h) || (!is_set(m, h->name) && !is_dropped(m, scratch, h->name));
}

static bool same(const struct hg_header *a, const struct hg_header *b)
{
    return hg_slice_eq(a->name, b->name) && hg_slice_eq(a->value, b->value);
}

static void check_result(struct fixture *f, const struct made *m, const struct hg_header *before, size_t n)
{
    const struct hg_headers *after = &f->request.headers;
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
        ok = ok && (is_protected(h) || is_set(m, h->name) || !is_dropped(m, scratch, h->name));
    }
    HG_CHECK(ok);
    hg_scratch_free(scratch);
}

HG_TEST(random_rules_on_random_heads)
{
    struct dice d = {20260412};

    for (int round = 0; round < ROUNDS; round++) {
        struct fixture *f = fixture_new(HG_REQUEST_RULES);
        struct hg_header before[32];
        struct made m = {.drops = 0};
        bool hostile = roll(&d, 4) == 0;
        enum hg_verdict v;
        size_t n;

        add_random_rules(&d, f, &m);
        add_random_headers(&d, f);
        if (hostile)
            f->vars.frontend = HG_LIT("x\r\nx-evil: 1");
        n = f->request.headers.n;
        if (n > 0)
            memcpy(before, f->request.headers.v, n * sizeof(*before));
        v = fixture_run(f);
        if (v == HG_VERDICT_PASS)
            check_result(f, &m, before, n);
        else
            HG_CHECK(v == HG_VERDICT_FAIL && hostile && f->out.fail == HG_RULE_FAIL_VALUE);
        fixture_free(f);
    }
}
