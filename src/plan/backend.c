/* SPDX-License-Identifier: MIT
 *
 * Backends with servers: where requests go, through which proxy, and with which
 * rules. Going without a proxy has to be written.
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"

static void build_tls(struct hg_build *b, const struct hg_node *node, struct hg_backend *k)
{
    const struct hg_node *tls = hg_node_get(node, "tls");
    bool bad = tls != NULL && tls->broken;
    k->tls.verify = true;
    hg_get_bool(b, tls, "verify", &k->tls.verify);
    k->tls.ca = hg_get_path(b, tls, "ca", &bad);
    k->tls.sni = hg_get_string(b, tls, "sni", &bad);
    k->tls.cert = hg_get_path(b, tls, "cert", &bad);
    k->tls.key = hg_get_path(b, tls, "key", &bad);
    if (!bad && (k->tls.cert == NULL) != (k->tls.key == NULL))
        HG_ERROR(b, tls, "cert and key belong together");
    if (k->tls.sni != NULL && !hg_text_is_hostname(hg_slice_str(k->tls.sni)))
        HG_ERROR(b, hg_node_get(tls, "sni"), "is not a host name");
    if (!k->tls.verify)
        HG_WARN(b, hg_node_get(tls, "verify"), "the server's certificate is not verified");
    const char *extra = hg_env_value(b, "NODE_EXTRA_CA_CERTS");
    if (k->tls.ca == NULL && extra != NULL)
        k->tls.extra_ca = hg_store_text(b, hg_slice_str(extra));
}

static void go_direct(struct hg_build *b, const struct hg_node *node)
{
    HG_WARN(b, node, "connects directly, without a proxy");
}

static void build_via(struct hg_build *b, struct hg_built_backend *built, struct hg_backend *k)
{
    const struct hg_node *node = built->node, *defaults = hg_defaults(b, node);
    const struct hg_node *from = hg_node_get(node, "via") != NULL ? node : defaults;
    const struct hg_node *via = hg_node_get(from, "via");
    const struct hg_node *all = hg_node_get(b->root, "backend");
    const char *name = hg_get_string(b, from, "via", NULL);
    if (via == NULL && !node->broken && (defaults == NULL || !defaults->broken))
        HG_ERROR(
            b, node,
            "has no via (expected the name of a proxy backend, or via = \"direct\" to connect without one)");
    if (name == NULL)
        return;
    const struct hg_built_proxy *p = hg_find_proxy(b, name);
    if (strcmp(name, "direct") == 0 || (p != NULL && p->direct)) {
        go_direct(b, node);
    } else if (p != NULL) {
        k->proxy = p->proxy;
        built->missing = p->missing;
    } else if (hg_node_get(all, name) != NULL) {
        if (!hg_node_get(all, name)->broken)
            HG_ERROR(b, via, "the backend of this name is not a proxy");
    } else {
        HG_ERROR(b, via, "there is no backend of this name (expected a proxy backend, or \"direct\")%s",
                 hg_near_name(b, all, name));
    }
}

static void build_pool(struct hg_build *b, const struct hg_node *group, struct hg_backend *k)
{
    uint64_t idle_max = k->pool.idle_max;
    hg_get_number(b, group, "idle-max", &idle_max);
    hg_get_number(b, group, "idle", &k->pool.idle_ms);
    hg_get_number(b, group, "age", &k->pool.age_ms);
    hg_get_number(b, group, "idle-unsafe", &k->pool.idle_unsafe_ms);
    k->pool.idle_max = (size_t)idle_max;
}

static void build_settings(struct hg_build *b, const struct hg_node *group, struct hg_backend *k)
{
    if (group == NULL)
        return;
    hg_get_timeouts(b, hg_node_get(group, "timeout"), &k->timeout);
    build_pool(b, hg_node_get(group, "pool"), k);
    hg_build_balance(b, group, k);
}

/* A secret must not go out in the clear unless that is written. */
static void check_plain(struct hg_build *b, const struct hg_built_backend *built, const struct hg_backend *k)
{
    bool plain_ok = false;
    hg_get_bool(b, built->node, "plain-ok", &plain_ok);
    struct hg_secret_slot *slot = hg_ruleset_secret(built->request.rules, 0, false);
    for (size_t i = 0; i < k->servers && slot != NULL && !plain_ok; i++) {
        if (k->server[i].tls)
            continue;
        HG_ERROR(b, hg_node_get(built->node, "request"),
                 "secret %s would be sent over http:// (write plain-ok = true if that is meant)",
                 hg_secret_slot_name(slot));
        return;
    }
}

static void build_backend(struct hg_build *b, struct hg_built_backend *built, struct hg_backend *k)
{
    const struct hg_node *node = built->node;
    k->name = hg_store_text(b, hg_slice_str(node->name));
    k->file = hg_store_text(b, hg_slice_str(node->file));
    k->line = node->line;
    k->timeout = hg_timeouts_standard();
    k->pool.idle_max = HG_LIMIT_POOL_IDLE_DEFAULT;
    k->pool.idle_ms = HG_LIMIT_POOL_IDLE_TIME_DEFAULT;
    k->pool.age_ms = HG_LIMIT_POOL_AGE_DEFAULT;
    k->pool.idle_unsafe_ms = HG_LIMIT_POOL_IDLE_UNSAFE_DEFAULT;
    hg_balance_standard(k);
    build_settings(b, hg_defaults(b, node), k);
    build_settings(b, node, k);
    hg_build_servers(b, node, k);
    hg_check_balance(b, node, k);
    build_via(b, built, k);
    k->refresh_on = hg_get_numbers(b, hg_node_get(node, "refresh-on"), NULL, &k->refresh_ons);
    build_tls(b, node, k);
    hg_build_errors(b, node, &k->errors);
    built->request = hg_build_list(b, node, HG_REQUEST_RULES);
    built->response = hg_build_list(b, node, HG_RESPONSE_RULES);
    if (b->no_memory)
        return;
    k->request = built->request.rules;
    k->response = built->response.rules;
    k->missing = built->missing != NULL           ? built->missing
                 : built->request.missing != NULL ? built->request.missing
                                                  : built->response.missing;
    check_plain(b, built, k);
    if (hg_node_get(node, "connect-header") != NULL)
        HG_ERROR(b, hg_node_get(node, "connect-header"), "belongs to a backend that is a proxy");
    for (size_t i = 0; i < k->servers; i++) {
        k->server[i].index = b->plan->servers++;
        k->server[i].key = hg_server_key(b, k, &k->server[i]);
    }
}

bool hg_build_backends(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "backend");
    size_t n = all != NULL ? all->children : 0;
    b->plan->backend = hg_store_alloc(b, n, sizeof(*b->plan->backend));
    b->backend = hg_store_alloc(b, n, sizeof(*b->backend));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        if (hg_node_get(all->child[i], "proxy") != NULL)
            continue;
        b->backend[b->plan->backends].node = all->child[i];
        build_backend(b, &b->backend[b->plan->backends], &b->plan->backend[b->plan->backends]);
        b->plan->backends++;
    }
    return !b->no_memory;
}
