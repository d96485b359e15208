/* SPDX-License-Identifier: MIT
 *
 * Rules from hostile text: a template is compiled and expanded, a pattern is
 * compiled and matched, and both act on a request. Input: the template, the
 * pattern and the subject, with a line break between them.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "http/target.h"
#include "rules/choice.h"
#include "rules/map.h"
#include "rules/ruleset.h"

#define SECRET "k=Qz7~Qz8^Qz9#QzQ"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool env(void *ctx, struct hg_slice name, struct hg_slice *value)
{
    (void)ctx;
    if (!hg_slice_eq(name, HG_LIT("A")))
        return false;
    *value = HG_LIT("https://user@a.test:1/%{path}$<A>$1*~");
    return true;
}

static struct hg_secret_slot *secret(void *ctx, struct hg_slice name)
{
    return hg_slice_eq(name, HG_LIT("k")) ? ctx : NULL;
}

/* $<choose:c> holds the text that is being tried: what it may name is itself among what it may hold. */
static struct hg_choice_entry entries[2];
static struct hg_choice the_choice = {
    .name = "c", .where = "fuzz:1", .entry = entries, .entries = 2, .won = 1};
static struct hg_map *the_map;

static const struct hg_choice *choice(void *ctx, struct hg_slice name)
{
    (void)ctx;
    return hg_slice_eq(name, HG_LIT("c")) ? &the_choice : NULL;
}

static const struct hg_map *map(void *ctx, struct hg_slice name)
{
    (void)ctx;
    return hg_slice_eq(name, HG_LIT("m")) ? the_map : NULL;
}

static struct hg_slice take_line(struct hg_slice *rest)
{
    ptrdiff_t end = hg_slice_find(*rest, '\n');
    struct hg_slice line = end < 0 ? *rest : hg_slice(rest->p, (size_t)end);

    *rest = end < 0 ? hg_slice(rest->p, 0) : hg_slice_from(*rest, (size_t)end + 1);
    return line;
}

/* What of it can be a header's value. */
static struct hg_slice line_of(struct hg_slice s)
{
    for (size_t n = 0; n < s.n; n++)
        if (!hg_header_value_ok(hg_slice(s.p + n, 1)))
            return hg_slice_trim(hg_slice(s.p, n));
    return hg_slice_trim(s);
}

struct state {
    struct hg_resolver resolver;
    struct hg_scratch *scratch;
    struct hg_arena arena;
    struct hg_request request;
    struct hg_vars vars;
    struct hg_ruleset *made[2]; /* by direction; headers that they set point into them */
    bool guessed;               /* the secret is in the input */
};

static void try_template(struct state *s, struct hg_slice text)
{
    const struct hg_secret_slot *missing;
    struct hg_template_note note;
    struct hg_template *t;
    struct hg_slice out;

    if (hg_template_compile(text, 15, &s->resolver, &t, &note) != HG_TEMPLATE_OK)
        return;
    if (hg_template_expand(t, &s->vars, &s->arena, &out, &missing) == HG_EXPAND_OK)
        HG_ASSERT(out.p != NULL);
    hg_template_free(t);
}

static void try_pattern(struct state *s, struct hg_slice text, struct hg_slice subject)
{
    for (unsigned flags = 0; flags < 4; flags++) {
        struct hg_pattern_problem problem;
        struct hg_captures captures;
        struct hg_pattern *p = hg_pattern_new(text, flags, &problem);

        if (p == NULL) {
            HG_ASSERT(problem.offset <= text.n);
            return;
        }
        if (hg_pattern_match(p, s->scratch, subject, &captures) == HG_MATCH_YES)
            HG_ASSERT(captures.n >= 1);
        hg_pattern_free(p);
    }
}

/* The secret, or what becomes it when some characters are left out. */
static bool guesses(struct hg_slice text)
{
    size_t found = 0;

    for (size_t i = 0; i < text.n && SECRET[found] != '\0'; i++)
        found += text.p[i] == SECRET[found];
    return SECRET[found] == '\0';
}

/* Unless the input itself has guessed it. */
static bool shows_secret(const struct state *s, struct hg_slice text)
{
    return !s->guessed && text.n > 0 && memmem(text.p, text.n, SECRET, strlen(SECRET)) != NULL;
}

static void considered(void *ctx, const char *where, unsigned depth, const char *action,
                       enum hg_considered what, const char *why)
{
    HG_ASSERT(where != NULL && depth == 0 && action[0] != '\0' && what <= HG_CONSIDERED_FAILED);
    HG_ASSERT(!shows_secret(ctx, hg_slice_str(why)));
}

static void logged(void *ctx, const char *where, struct hg_slice text)
{
    HG_ASSERT(where != NULL && text.n <= HG_LIMIT_RULE_LOG && !shows_secret(ctx, text));
    for (size_t i = 0; i < text.n; i++)
        HG_ASSERT((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f);
}

static const struct hg_origin origin[] = {{true, {"a.test", 6}, 443, {"/v", 2}},
                                          {false, {"h", 1}, 1, {"", 0}}};
static const struct hg_origins origins = {origin, 2, {"http://gate:1", 13}};
static const char *const mapped[] = {"Location", "Link", "Refresh", "WWW-Authenticate", "Set-Cookie"};

/* The same actions in either direction; those that are not for it are refused. */
static void try_ruleset(struct state *s, struct hg_slice value, struct hg_slice pattern,
                        enum hg_direction direction)
{
    const struct hg_rule_hooks hooks = {.ctx = s, .considered = considered, .log = logged};
    struct hg_response response = {.status = 200, .minor = 1};
    struct hg_headers *headers = direction == HG_RESPONSE_RULES ? &response.headers : &s->request.headers;
    struct hg_rules_run run = {.arena = &s->arena,
                               .scratch = s->scratch,
                               .vars = &s->vars,
                               .request = &s->request,
                               .response = direction == HG_RESPONSE_RULES ? &response : NULL,
                               .origins = &origins,
                               .hooks = value.n % 2 == 0 ? &hooks : NULL};
    struct hg_when when = {.path = pattern};
    const struct hg_slice names[] = {pattern, HG_LIT("x-*")};
    const struct hg_action_spec spec[] = {
        {.kind = HG_ACTION_DROP_FROM_LIST, .name = HG_LIT("x-list"), .pattern = pattern},
        {.kind = HG_ACTION_ADD_TO_LIST, .name = HG_LIT("x-list"), .value = value},
        {.kind = HG_ACTION_DROP_HEADER_VALUE, .name = HG_LIT("x-a"), .pattern = pattern},
        {.kind = HG_ACTION_REPLACE_HEADER, .name = HG_LIT("x-list"), .pattern = pattern, .value = value},
        {.kind = HG_ACTION_LOG, .value = value},
        {.kind = HG_ACTION_DROP_HEADER, .name = pattern, .aliases = true},
        {.kind = HG_ACTION_KEEP_HEADER, .names = names, .n_names = 2},
        {.kind = HG_ACTION_DROP_QUERY, .name = pattern},
        {.kind = HG_ACTION_SET_HEADER, .name = HG_LIT("x-a"), .value = value},
        {.kind = HG_ACTION_DEFAULT_HEADER, .name = HG_LIT("x-b"), .value = value},
        {.kind = HG_ACTION_ADD_HEADER, .name = value, .value = value},
        {.kind = HG_ACTION_DENY, .body = value, .observe = true},
        {.kind = HG_ACTION_SET_QUERY, .name = pattern, .value = value},
        {.kind = HG_ACTION_REPLACE_PATH, .pattern = pattern, .value = value},
        {.kind = HG_ACTION_BASE_PATH, .name = value},
        {.kind = HG_ACTION_SET_HOST, .value = value},
        {.kind = HG_ACTION_MAP_ORIGIN},
        {.kind = HG_ACTION_SET_STATUS, .status = 418},
        {.kind = HG_ACTION_REDIRECT, .value = value, .when = &when},
        {.kind = HG_ACTION_DENY, .body = value, .when = &when},
    };
    struct hg_ruleset *rs = hg_ruleset_new(direction);
    struct hg_rule_note note;
    struct hg_outcome out;

    HG_ASSERT(rs != NULL);
    hg_headers_init(&response.headers, &s->arena);
    HG_ASSERT(hg_headers_add(&response.headers, HG_LIT("Host"), HG_LIT("h")));
    HG_ASSERT(hg_headers_add(&response.headers, HG_LIT("X-List"), s->request.target));
    for (size_t i = 0; i < sizeof(mapped) / sizeof(*mapped); i++)
        HG_ASSERT(hg_headers_add(&response.headers, hg_slice_str(mapped[i]), s->request.target));
    for (size_t i = 0; i < sizeof(spec) / sizeof(*spec); i++)
        (void)hg_ruleset_append(rs, &spec[i], &s->resolver, &note);
    if (hg_ruleset_run(rs, &run, &out) == HG_VERDICT_PASS) {
        HG_ASSERT(hg_headers_count_id(headers, HG_FIELD_HOST) == 1);
        for (size_t i = 0; i < headers->n; i++)
            HG_ASSERT(hg_header_value_ok(headers->v[i].value));
        HG_ASSERT(s->request.host.p == NULL || hg_authority_ok(s->request.host));
    }
    for (size_t i = 0; i < response.headers.n; i++)
        HG_ASSERT(!shows_secret(s, response.headers.v[i].value));
    HG_ASSERT(!shows_secret(s, out.body));
    s->made[direction - 1] = rs;
}

/* A choice whose value is the text, and a map with the text as key and the pattern in its only entry. */
static void declare(struct state *s, struct hg_secret_slot *slot, struct hg_slice text,
                    struct hg_slice pattern)
{
    struct hg_map *m = hg_map_new("m", HG_MAP_TO_SECRET);
    struct hg_template_note note;
    struct hg_rule_note why;

    HG_ASSERT(m != NULL);
    entries[0] = (struct hg_choice_entry){.value = pattern, .where = "fuzz:1"};
    entries[1] = (struct hg_choice_entry){.value = text, .where = "fuzz:2", .captures = {.n = 2}};
    entries[1].captures.group[0] = entries[1].captures.group[1] = HG_LIT("a$<choose:c>%{path}");
    the_map = NULL; /* nothing can name it before it is there */
    if (hg_map_set_key(m, text, &s->resolver, &note) == HG_TEMPLATE_OK &&
        hg_map_add(m, pattern, &s->resolver, slot, "fuzz", 3, &why) == HG_APPEND_OK) {
        HG_ASSERT(hg_map_seal(m, NULL, NULL));
        the_map = m;
    } else {
        hg_map_free(m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hg_slice rest = hg_slice((const char *)data, size);
    struct hg_slice text = take_line(&rest), pattern = take_line(&rest);
    struct hg_secret_slot *slot = hg_secret_slot_new("k", "fuzz");
    struct state s = {
        .resolver = {.ctx = slot, .env = env, .secret = secret, .uuid = "uuid", .choice = choice, .map = map},
        .scratch = hg_scratch_new()};

    HG_ASSERT(slot != NULL && s.scratch != NULL);
    hg_secret_slot_set(slot, hg_secret_new(HG_LIT(SECRET)));
    hg_arena_init(&s.arena, HG_LIMIT_ARENA);
    s.request = (struct hg_request){
        .method = HG_LIT("GET"),
        .target = line_of(rest),
        .path = rest.n > 0 ? rest : HG_LIT("/"),
        .query = rest,
        .authority = HG_LIT("h:1"),
        .minor = 1,
    };
    s.guessed = guesses(hg_slice((const char *)data, size));
    hg_headers_init(&s.request.headers, &s.arena);
    s.vars.request = &s.request;
    s.vars.scratch = s.scratch;
    HG_ASSERT(hg_headers_add(&s.request.headers, HG_LIT("Host"), HG_LIT("h:1")));
    HG_ASSERT(hg_headers_add(&s.request.headers, HG_LIT("X_A"), HG_LIT("1")));
    HG_ASSERT(hg_headers_add(&s.request.headers, HG_LIT("x-a"), HG_LIT("2")));
    declare(&s, slot, text, pattern);
    try_template(&s, text);
    try_pattern(&s, pattern, rest);
    HG_ASSERT(hg_headers_add(&s.request.headers, HG_LIT("X-List"), s.request.target));
    try_ruleset(&s, text, pattern, HG_REQUEST_RULES);
    try_ruleset(&s, text, pattern, HG_RESPONSE_RULES); /* on the request that the first has made */
    hg_ruleset_free(s.made[0]);
    hg_ruleset_free(s.made[1]);
    hg_map_free(the_map);
    hg_arena_reset(&s.arena);
    hg_scratch_free(s.scratch);
    hg_secret_slot_free(slot);
    return 0;
}
