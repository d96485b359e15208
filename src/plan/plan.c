/* SPDX-License-Identifier: MIT
 *
 * From model to plan. All steps run even when earlier ones found mistakes, so
 * that one check shows everything; only lack of memory ends it.
 */
#include "plan/plan.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"

static const char *process_get(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name); /* nobody writes the environment */
}

const struct hg_environment hg_environment_process = {NULL, process_get};

static bool resolve_env(void *ctx, struct hg_slice name, struct hg_slice *value)
{
    const struct hg_build *b = ctx;
    char *z = hg_slice_dup(name);
    const char *found = z != NULL ? hg_env_value(b, z) : NULL;
    free(z);
    if (found == NULL)
        return false;
    *value = hg_slice_str(found);
    return true;
}

static struct hg_secret_slot *resolve_secret(void *ctx, struct hg_slice name)
{
    const struct hg_build *b = ctx;
    for (size_t i = 0; i < b->secrets; i++) {
        if (hg_slice_eq(hg_slice_str(b->secret[i].node->name), name))
            return b->secret[i].slot;
    }
    return NULL;
}

static const struct hg_map *resolve_map(void *ctx, struct hg_slice name)
{
    return hg_find_map(ctx, name);
}

static const struct hg_choice *resolve_choice(void *ctx, struct hg_slice name)
{
    return hg_find_choice(ctx, name);
}

static const struct hg_condition *resolve_acl(void *ctx, struct hg_slice name)
{
    return hg_find_acl(ctx, name);
}

/* Of the names that the config declares. */
static const char *resolve_nearest(void *ctx, enum hg_declared what, struct hg_slice name)
{
    static const char *const blocks[] = {"secret", "acl", "choose", "map"};
    const struct hg_build *b = ctx;
    const struct hg_node *all = hg_node_get(b->root, blocks[what]);
    const char *names[256];
    size_t n = 0;
    for (; all != NULL && n < all->children && n < sizeof(names) / sizeof(names[0]); n++)
        names[n] = all->child[n]->name;
    return hg_text_nearest(name, names, n);
}

struct hg_timeouts hg_timeouts_standard(void)
{
    return (struct hg_timeouts){
        .connect = HG_TIME_CONNECT_DEFAULT,
        .tunnel = HG_TIME_TUNNEL_DEFAULT,
        .tls = HG_TIME_TLS_DEFAULT,
        .request_head = HG_TIME_REQUEST_HEAD_DEFAULT,
        .request_body = HG_TIME_REQUEST_BODY_DEFAULT,
        .response_head = HG_TIME_RESPONSE_HEAD_DEFAULT,
        .idle = HG_TIME_IDLE_DEFAULT,
        .keep_alive = HG_TIME_KEEP_ALIVE_DEFAULT,
        .drain = HG_TIME_DRAIN_DEFAULT,
    };
}

static void build_all(struct hg_build *b)
{
    b->root = hg_expand_block(b, hg_model_root(b->model));
    if (b->root == NULL)
        b->no_memory = true;
    if (b->no_memory)
        return;
    if (!hg_declare_choices(b) || !hg_declare_maps(b) || !hg_build_choices(b) || !hg_build_secrets(b) ||
        !hg_fill_maps(b, HG_MAP_TO_SECRET))
        return;
    if (!hg_build_log_formats(b))
        return;
    hg_build_global(b);
    if (!hg_build_acls(b) || !hg_build_usages(b))
        return;
    hg_build_tables(b);
    if (!hg_build_guards(b))
        return;
    hg_build_rules(b);
    if (!hg_build_proxies(b) || !hg_build_backends(b) || !hg_fill_maps(b, HG_MAP_TO_BACKEND) ||
        !hg_build_frontends(b))
        return;
    hg_check_binds(b);
    hg_finish_log_templates(b);
    hg_finish_choices(b);
}

/* Once, wherever it is used; never the value. */
static void say_unusable(void *ctx, struct hg_slice name, const char *wanted)
{
    struct hg_build *b = ctx;
    char printable[64];

    hg_text_printable(name, printable, sizeof(printable));
    hg_diag_add(b->d, HG_SEVERITY_WARNING, NULL, 0, NULL, "the value of %s is not %s: it counts as not set",
                printable, wanted);
}

struct hg_plan *hg_plan_build(const struct hg_model *m, const struct hg_environment *env,
                              const struct hg_plan_options *options, struct hg_diag *d)
{
    HG_ASSERT(m != NULL && env != NULL && env->get != NULL && d != NULL);
    struct hg_build b = {.model = m,
                         .env = env,
                         .d = d,
                         .stand_in = options != NULL && options->stand_in_secrets,
                         .want_variables = options != NULL && options->want_variables};
    b.plan = hg_store_new_plan();
    if (b.plan == NULL)
        return NULL;
    b.store = b.plan->store;
    b.resolver = (struct hg_resolver){.ctx = &b,
                                      .env = resolve_env,
                                      .secret = resolve_secret,
                                      .uuid = b.uuid,
                                      .acl = resolve_acl,
                                      .choice = resolve_choice,
                                      .map = resolve_map,
                                      .nearest = resolve_nearest,
                                      .unusable = say_unusable};
    if (options == NULL)
        hg_build_env_files(&b, NULL, 0);
    else if (!options->given_variables)
        hg_build_env_files(&b, options->env_file, options->env_files);
    if (hg_text_uuid(b.uuid))
        build_all(&b);
    else
        hg_diag_add(d, HG_SEVERITY_ERROR, NULL, 0, NULL, "the system gives no random numbers");
    if (b.no_memory)
        hg_diag_add(d, HG_SEVERITY_ERROR, NULL, 0, NULL, "no memory for the plan");
    if (hg_diag_errors(d) > 0)
        hg_plan_unref(&b.plan);
    return b.plan;
}
