/* SPDX-License-Identifier: MIT
 *
 * Frontends: binds, rules, the backend behind them, and whether all that every
 * request needs is there. If not, the frontend still binds and says what it
 * lacks.
 */
#include "base/check.h"
#include "build.h"

static void build_settings(struct hg_build *b, const struct hg_node *group, struct hg_frontend *f)
{
    uint64_t head = f->limit_head, strict = f->path_strict;
    if (group == NULL)
        return;
    hg_get_timeouts(b, hg_node_get(group, "timeout"), &f->timeout);
    hg_get_number(b, hg_node_get(group, "limit"), "head", &head);
    hg_get_number(b, hg_node_get(group, "limit"), "body", &f->limit_body);
    hg_get_number(b, group, "path", &strict);
    f->limit_head = (size_t)head;
    f->path_strict = strict != 0;
}

static void build_missing(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f)
{
    const struct hg_node *missing = hg_node_get(node, "missing");
    uint64_t status = 503;
    hg_get_number(b, missing, "status", &status);
    f->missing.status = (unsigned)status;
    const char *body = hg_get_string(b, missing, "body", NULL);
    f->missing.body = body != NULL ? hg_slice_str(body) : hg_slice(NULL, 0);
}

static const char *first_missing(const struct hg_built_list *request, const struct hg_built_list *response,
                                 const struct hg_behind *behind)
{
    const char *all[] = {request->missing, behind->missing, response->missing};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != NULL)
            return all[i];
    }
    return NULL;
}

static void check_answers(struct hg_build *b, const struct hg_node *node)
{
    const struct hg_node *list = hg_node_get(node, "request");
    if (hg_node_get(node, "use-backend") == NULL && hg_node_get(node, "backend") == NULL && !node->broken &&
        (list == NULL || list->children == 0))
        HG_ERROR(b, node, "has neither a backend nor rules that answer");
}

static void build_frontend(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f)
{
    f->plan = b->plan;
    f->name = hg_store_text(b, hg_slice_str(node->name));
    f->file = hg_store_text(b, hg_slice_str(node->file));
    f->line = node->line;
    f->timeout = hg_timeouts_standard();
    f->limit_head = HG_LIMIT_HEAD_DEFAULT;
    f->limit_body = HG_LIMIT_BODY_DEFAULT;
    build_settings(b, hg_defaults(b, node), f);
    build_settings(b, node, f);
    f->log = b->plan->global.log;
    hg_build_log_use(b, hg_node_get(hg_defaults(b, node), "log"), &f->log);
    hg_build_log_use(b, hg_node_get(node, "log"), &f->log);
    hg_build_binds(b, node, f);
    hg_build_hops(b, node, f);
    hg_build_errors(b, node, &f->errors);
    hg_build_errors(b, hg_defaults(b, node), &f->standard_errors);
    build_missing(b, node, f);
    struct hg_behind behind = hg_build_behind(b, node, f);
    struct hg_built_list request = hg_build_list(b, node, HG_REQUEST_RULES);
    struct hg_built_list response = hg_build_list(b, node, HG_RESPONSE_RULES);
    if (b->no_memory)
        return;
    f->request = request.rules;
    f->response = response.rules;
    HG_ASSERT(f->request != NULL && f->response != NULL);
    f->path_strict =
        f->path_strict || request.path_condition || response.path_condition || behind.path_condition;
    hg_check_credentials(b, node, f, &behind);
    hg_check_hosts(b, node, f, &behind);
    hg_review_behind(b, node, f, &behind);
    check_answers(b, node);
    f->missing.what = first_missing(&request, &response, &behind);
    if (f->missing.what != NULL)
        HG_WARN(b, node, "not configured, requests get %u: %s", f->missing.status, f->missing.what);
}

bool hg_build_frontends(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "frontend");
    size_t n = all != NULL ? all->children : 0;
    b->plan->frontend = hg_store_alloc(b, n, sizeof(*b->plan->frontend));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        b->plan->frontend[i].index = i;
        build_frontend(b, all->child[i], &b->plan->frontend[i]);
        b->plan->frontends = i + 1;
    }
    if (n == 0 && !b->root->broken && (all == NULL || !all->broken))
        hg_diag_add(b->d, HG_SEVERITY_ERROR, NULL, 0, NULL, "there is no frontend");
    return !b->no_memory;
}
