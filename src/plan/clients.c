/* SPDX-License-Identifier: MIT
 *
 * Whom a frontend believes when it is told who the client is: senders of the
 * PROXY protocol, and the hops in front that write a header.
 */
#include "base/check.h"
#include "build.h"

static void add_network(struct hg_build *b, const struct hg_node *n, struct hg_cidr *net,
                        struct hg_networks *out)
{
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text(b, n, &text, name);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, name));
    if (r != HG_GET_OK)
        return;
    if (hg_slice_eq(text, HG_LIT("unix"))) {
        out->unix_sockets = true;
        return;
    }
    const char *why = hg_cidr_parse(text, &net[out->n]);
    if (why == NULL)
        out->n++;
    else
        HG_ERROR(b, n, "%s", why);
}

void hg_build_networks(struct hg_build *b, const struct hg_node *group, const char *key,
                       struct hg_networks *out)
{
    const struct hg_node *n = hg_node_get(group, key);
    bool list = n != NULL && n->type == HG_NODE_LIST;
    size_t count = n == NULL ? 0 : list ? n->children : 1;
    struct hg_cidr *net = hg_store_alloc(b, count, sizeof(*net));
    *out = (struct hg_networks){.net = net};
    if (net == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        add_network(b, list ? n->child[i] : n, net, out);
    HG_ASSERT(out->n <= count);
}

/* An empty list would mean everybody, or nobody; neither is a guess to make. */
static void check_list(struct hg_build *b, const struct hg_node *n, const struct hg_networks *list)
{
    if (n != NULL && !n->broken && n->type == HG_NODE_LIST && n->children == 0)
        HG_ERROR(b, n, "is empty");
    else if (n != NULL && !n->broken && list->n == 0 && !list->unix_sockets && hg_diag_errors(b->d) == 0)
        HG_ERROR(b, n, "has no address left in it");
}

void hg_build_proxy_protocol(struct hg_build *b, const struct hg_node *group, struct hg_bind *bind)
{
    const struct hg_node *trusted = hg_node_get(group, "trusted");
    hg_get_bool(b, group, "proxy-protocol", &bind->proxy_protocol);
    hg_build_networks(b, group, "trusted", &bind->trusted);
    if (trusted == NULL)
        return;
    check_list(b, trusted, &bind->trusted);
    if (!bind->proxy_protocol)
        HG_ERROR(b, trusted, "belongs to proxy-protocol = true");
    else if (bind->kind == HG_BIND_UNIX)
        HG_ERROR(b, trusted, "belongs to TCP addresses only (mode says who may use a unix socket)");
    else if (bind->trusted.unix_sockets)
        HG_ERROR(b, trusted, "has \"unix\" in it, but this is a TCP address");
}

void hg_build_hops(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f)
{
    const struct hg_node *hops = hg_node_get(node, "trusted-hops");
    const struct hg_node *header = hg_node_get(node, "client-ip-header");
    const char *name = hg_get_string(b, node, "client-ip-header", NULL);
    hg_build_networks(b, node, "trusted-hops", &f->trusted_hops);
    check_list(b, hops, &f->trusted_hops);
    f->client_ip_header = name != NULL ? hg_slice_str(name) : HG_LIT("X-Forwarded-For");
    if (header != NULL && hops == NULL)
        HG_ERROR(b, header, "belongs to trusted-hops");
    if (name != NULL && !hg_header_name_ok(f->client_ip_header))
        HG_ERROR(b, header, "is not a header name");
}
