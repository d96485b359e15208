/* SPDX-License-Identifier: MIT
 *
 * Reflect: what an agent can reach through the gateway, in the shape that AWF's
 * tools read. What this gateway does not do is there, switched off.
 */
#include <stdio.h>
#include <string.h>

#include "write.h"

static const char *models_url(const struct hg_serve *s, const char *frontend)
{
    for (size_t i = 0; i < s->models_urls; i++)
        if (strcmp(s->models_url[i].frontend, frontend) == 0)
            return s->models_url[i].url;
    return NULL;
}

/* Under the name by which the client has found us. */
static struct hg_slice asked_host(const struct hg_facts *f)
{
    struct hg_slice a = f->request->authority;
    ptrdiff_t at = a.n > 0 && a.p[0] == '[' ? hg_slice_find(a, ']') + 1 : hg_slice_find(a, ':');

    return a.n == 0 ? HG_LIT("localhost") : at < 0 ? a : hg_slice(a.p, (size_t)at);
}

static void put_endpoint(const struct hg_serve *s, const struct hg_facts *f, const struct hg_frontend *one,
                         struct hg_json *j)
{
    uint16_t port = hg_facts_port(f, one);
    const char *models = models_url(s, one->name);
    char url[1024];
    int n = s->base_url != NULL ? snprintf(url, sizeof(url), "%s:%u", s->base_url, port)
                                : snprintf(url, sizeof(url), "http://%.*s:%u", HG_FMT(asked_host(f)), port);

    hg_json_open(j, NULL);
    hg_json_str(j, "provider", hg_slice_str(one->name));
    hg_json_u64(j, "port", port);
    if (n > 0 && (size_t)n < sizeof(url))
        hg_json_str(j, "base_url", hg_slice_str(url));
    else
        hg_json_null(j, "base_url");
    hg_json_bool(j, "configured", hg_facts_configured(one));
    hg_json_null(j, "models");
    hg_json_null(j, "model_metadata");
    if (models != NULL)
        hg_json_str(j, "models_url", hg_slice_str(models));
    else
        hg_json_null(j, "models_url");
    hg_json_close(j);
}

/* The names of a bound's figures; left may be NULL. */
struct words {
    const char *name, *limit, *count, *left;
};

/* { "enabled": false, LIMIT: null, COUNT: 0, LEFT: null } */
static void put_off(struct hg_json *j, const struct words *w)
{
    hg_json_open(j, w->name);
    hg_json_bool(j, "enabled", false);
    hg_json_null(j, w->limit);
    hg_json_u64(j, w->count, 0);
    if (w->left != NULL)
        hg_json_null(j, w->left);
    hg_json_close(j);
}

static void put_figure(struct hg_json *j, const struct hg_guard *g, const char *key, uint64_t n)
{
    if (g->kind == HG_GUARD_TOKENS)
        hg_json_millionths(j, key, n);
    else
        hg_json_u64(j, key, n);
}

/* As the guard itself decides, and says in its answer: what requests under way have reserved is used. */
static void put_bound(const struct hg_facts *f, enum hg_guard_kind kind, const struct words *w,
                      struct hg_json *j)
{
    struct hg_guard_reading now;
    const struct hg_guard *g = hg_facts_bound(f, kind, &now);
    uint64_t used;

    if (g == NULL) {
        put_off(j, w);
        return;
    }
    used = now.count + now.reserved;
    hg_json_open(j, w->name);
    hg_json_bool(j, "enabled", true);
    put_figure(j, g, w->limit, g->limit);
    put_figure(j, g, w->count, used);
    if (w->left != NULL)
        put_figure(j, g, w->left, used < g->limit ? g->limit - used : 0);
    hg_json_close(j);
}

static void put_bounds(const struct hg_facts *f, struct hg_json *j)
{
    static const struct words runs = {"runs", "max_runs", "invocation_count", "remaining_runs"};
    static const struct words misses = {"cache_misses", "max_cache_misses", "consecutive_cache_misses",
                                        "remaining_cache_misses"};
    static const struct words denied = {"permission_denied", "max_permission_denied", "denied_count", NULL};
    static const struct words tokens = {"effective_tokens", "max_effective_tokens", "total_effective_tokens",
                                        "remaining_effective_tokens"};

    put_bound(f, HG_GUARD_RUNS, &runs, j);
    put_off(j, &misses);
    put_bound(f, HG_GUARD_ANSWERS, &denied, j);
    put_bound(f, HG_GUARD_TOKENS, &tokens, j);
}

static void put_absent(struct hg_json *j)
{
    hg_json_null(j, "model_aliases");
    hg_json_open(j, "model_fallback");
    hg_json_bool(j, "enabled", false);
    hg_json_null(j, "strategy");
    hg_json_open_list(j, "excludeEngines");
    hg_json_close(j);
    hg_json_close(j);
    hg_json_open(j, "model_fallback_effective");
    hg_json_close(j);
    hg_json_open(j, "ai_credits");
    hg_json_bool(j, "enabled", false);
    hg_json_u64(j, "total", 0);
    hg_json_open(j, "by_model");
    hg_json_close(j);
    hg_json_close(j);
}

static void put_mapping(struct hg_json *j)
{
    hg_json_open(j, "model_api_mapping");
    hg_json_bool(j, "enabled", false);
    hg_json_bool(j, "available", false);
    hg_json_null(j, "last_updated");
    hg_json_null(j, "providers");
    hg_json_null(j, "models");
    hg_json_null(j, "error");
    hg_json_close(j);
}

void hg_reflect_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const struct hg_frontend *one;

    hg_json_open_list(j, "endpoints");
    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++)
        put_endpoint(s, f, one, j);
    hg_json_close(j);
    hg_json_bool(j, "models_fetch_complete", true);
    put_absent(j);
    put_bounds(f, j);
    put_mapping(j);
}
