/* SPDX-License-Identifier: MIT
 *
 * Environment, secrets and message for the tests of rules.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "fixture.h"

static bool env(void *ctx, struct hg_slice name, struct hg_slice *value)
{
    static const char *const vars[][2] = {
        {"A", "one"},
        {"HOST_URL", "https://user:pw@api.example.com:8443/v1?x"},
        {"INT5", "5"},
        {"NEG", "-5"},
        {"EMPTY", ""},
        {"BIG", "99999999999999999999"},
        {"META", "a.b*c"},
        {"LF", "hush\nhush"},
        {"BARE", "h.test"},
        {"V6", "http://[::1]:80/"},
        {"TEMPLATE", "$<A>%{path}$1$$%%"},
        {"TILDE", "~x"},
        {"BADHOST", "https:///x"},
        {"BACKSLASH", "https://api.example.com\\@evil.example"},
        {"LONG", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
    };

    (void)ctx;
    for (size_t i = 0; i < sizeof(vars) / sizeof(*vars); i++) {
        if (hg_slice_eq(name, hg_slice_str(vars[i][0]))) {
            *value = hg_slice_str(vars[i][1]);
            return true;
        }
    }
    return false;
}

static struct hg_secret_slot *secret(void *ctx, struct hg_slice name)
{
    struct fixture *f = ctx;

    if (hg_slice_eq(name, HG_LIT("key")))
        return f->key;
    return hg_slice_eq(name, HG_LIT("gone")) ? f->gone : NULL;
}

static const struct hg_condition *acl(void *ctx, struct hg_slice name)
{
    struct fixture *f = ctx;

    for (size_t i = 0; i < f->acls; i++)
        if (hg_slice_eq(name, hg_slice_str(f->acl[i].name)))
            return f->acl[i].condition;
    return NULL;
}

enum hg_append fixture_acl(struct fixture *f, const char *name, const struct hg_when *when)
{
    struct hg_condition *c = (struct hg_condition *)(uintptr_t)acl(f, hg_slice_str(name));

    if (c == NULL) {
        c = hg_acl_new();
        if (c == NULL || f->acls == sizeof(f->acl) / sizeof(*f->acl))
            abort();
        f->acl[f->acls].name = name;
        f->acl[f->acls++].condition = c;
    }
    return hg_acl_add(c, when, &f->resolver, &f->note);
}

struct fixture *fixture_new(enum hg_direction direction)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        abort();
    f->key = hg_secret_slot_new("key", "environment variable KEY");
    f->gone = hg_secret_slot_new("gone", "file /run/gone");
    f->scratch = hg_scratch_new();
    f->direction = direction;
    f->rs = hg_ruleset_new(direction);
    if (f->key == NULL || f->gone == NULL || f->scratch == NULL || f->rs == NULL)
        abort();
    hg_secret_slot_set(f->key, hg_secret_new(HG_LIT("s3cret")));
    f->resolver = (struct hg_resolver){
        .ctx = f, .env = env, .secret = secret, .uuid = "11111111-2222-4333-8444-555555555555", .acl = acl};
    hg_arena_init(&f->arena, HG_LIMIT_ARENA);
    f->request = (struct hg_request){
        .method = HG_LIT("GET"),
        .method_id = HG_METHOD_GET,
        .target = HG_LIT("/a/b?x=1"),
        .path = HG_LIT("/a/b"),
        .query = HG_LIT("x=1"),
        .authority = HG_LIT("api.test:8443"),
        .minor = 1,
    };
    hg_headers_init(&f->request.headers, &f->arena);
    f->response = (struct hg_response){.status = 200, .minor = 1};
    hg_headers_init(&f->response.headers, &f->arena);
    f->vars = (struct hg_vars){
        .request_id = HG_LIT("id-1"),
        .client_ip = HG_LIT("192.0.2.1"),
        .frontend = HG_LIT("front"),
        .server_host = HG_LIT("up.test"),
        .time = HG_LIT("2026-04-12T10:00:00.000Z"),
        .request = &f->request,
    };
    return f;
}

void fixture_free(struct fixture *f)
{
    hg_ruleset_free(f->rs);
    for (size_t i = 0; i < f->acls; i++)
        hg_condition_free(f->acl[i].condition);
    hg_arena_reset(&f->arena);
    hg_scratch_free(f->scratch);
    hg_secret_slot_free(f->key);
    hg_secret_slot_free(f->gone);
    free(f);
}

static bool is_response(const struct fixture *f)
{
    return f->direction == HG_RESPONSE_RULES;
}

void fixture_header(struct fixture *f, const char *name, const char *value)
{
    HG_CHECK(hg_headers_add(is_response(f) ? &f->response.headers : &f->request.headers, hg_guarded_str(name),
                            hg_guarded_str(value)));
}

void fixture_query(struct fixture *f, const char *query)
{
    f->request.query = query != NULL ? hg_guarded_str(query) : hg_slice(NULL, 0);
}

enum hg_append fixture_append(struct fixture *f, const struct hg_action_spec *spec)
{
    return hg_ruleset_append(f->rs, spec, &f->resolver, &f->note);
}

void fixture_action(struct fixture *f, enum hg_action_kind kind, const char *name, const char *value)
{
    struct hg_action_spec spec = {
        .kind = kind, .where = "test.cfg:1", .name = hg_slice_str(name), .value = hg_slice_str(value)};

    HG_CHECK_U64(fixture_append(f, &spec), HG_APPEND_OK);
}

enum hg_verdict fixture_run(struct fixture *f)
{
    struct hg_rules_run run = {.arena = &f->arena,
                               .scratch = f->scratch,
                               .vars = &f->vars,
                               .request = &f->request,
                               .arrived = f->arrived,
                               .client = f->client,
                               .hooks = f->hooks,
                               .origins = f->origins,
                               .limiter = f->limiter,
                               .response = is_response(f) ? &f->response : NULL};

    return hg_ruleset_run(f->rs, &run, &f->out);
}

struct hg_slice fixture_headers(struct fixture *f)
{
    const struct hg_headers *h = is_response(f) ? &f->response.headers : &f->request.headers;
    struct hg_slice text = HG_LIT("");

    for (size_t i = 0; i < h->n; i++)
        text = hg_arena_printf(&f->arena, "%.*s%s%.*s: %.*s", HG_FMT(text), i ? "|" : "",
                               HG_FMT(h->v[i].name), HG_FMT(h->v[i].value));
    return text;
}
