/* SPDX-License-Identifier: MIT
 *
 * The servers of a backend: a URL, a list of them, or groups with a weight, a
 * limit and the like.
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"
#include "http/target.h"

static void no_host(struct hg_build *b, const struct hg_node *n, const char *why)
{
    HG_ERROR(b, n, "the URL is malformed: %s", why);
}

/* "host", "[v6]", with the port when it is not the scheme's own. */
static const char *host_field(struct hg_build *b, const struct hg_server *s)
{
    bool v6 = strchr(s->host, ':') != NULL;
    char port[8] = "";
    if (s->port != (s->tls ? 443 : 80))
        (void)snprintf(port, sizeof(port), ":%u", s->port);
    return hg_store_printf(b, "%s%s%s%s", v6 ? "[" : "", s->host, v6 ? "]" : "", port);
}

static struct hg_slice keep_base(struct hg_build *b, struct hg_slice base)
{
    const char *kept = hg_store_text(b, base);
    return hg_slice_str(kept != NULL ? kept : "");
}

static void add_server(struct hg_build *b, const struct hg_node *n, struct hg_backend *k)
{
    struct hg_server *s = &k->server[k->servers];
    struct hg_slice text;
    struct hg_url url;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text(b, n, &text, name);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, name));
    else if (r == HG_GET_ABSENT)
        HG_ERROR(b, n, "has no value");
    if (r != HG_GET_OK)
        return;
    const char *why = hg_url_parse(text, &url);
    if (why != NULL) {
        no_host(b, n, why);
    } else if (!url.has_scheme) {
        no_host(b, n, "it has no scheme (expected https://host or http://host)");
    } else if (url.user.p != NULL) {
        no_host(b, n, "it has user info (set a header from a secret instead)");
        hg_wipe_text(text);
    } else if (!hg_base_path_ok(&url.path)) {
        no_host(b, n, "its path is not one to put in front of others (expected something like /v1)");
    } else {
        if (url.path.n > 0)
            s->base = keep_base(b, url.path);
        s->tls = url.tls;
        s->host = hg_store_text(b, url.host);
        s->port = url.port != 0 ? url.port : url.tls ? 443 : 80;
        s->host_field = s->host != NULL ? host_field(b, s) : NULL;
        s->backend = k;
        k->servers++;
    }
}

/* Names are what logs, metrics and commands go by. */
static void read_name(struct hg_build *b, const struct hg_node *entry, struct hg_backend *k,
                      struct hg_server *s)
{
    const char *name = hg_get_string(b, entry, "name", NULL);
    s->name = name != NULL ? name : s->host_field;
    for (const char *c = s->name; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c > ' ' && (unsigned char)*c < 127 && *c != '/' && *c != '"')
            continue;
        HG_ERROR(b, hg_node_get(entry, "name"), "has a character that a name cannot have");
        return;
    }
    for (const struct hg_server *o = k->server; o < s && s->name != NULL; o++) {
        if (strcmp(o->name, s->name) != 0)
            continue;
        HG_ERROR(b, entry, "the backend has a server %s already (give it a name of its own)", s->name);
        return;
    }
}

static void read_settings(struct hg_build *b, const struct hg_node *entry, struct hg_server *s)
{
    uint64_t weight = s->weight, limit = s->limit;
    hg_get_number(b, entry, "weight", &weight);
    hg_get_number(b, entry, "limit", &limit);
    hg_get_number(b, entry, "slow-start", &s->slow_start);
    hg_get_bool(b, entry, "backup", &s->backup);
    hg_get_bool(b, entry, "disabled", &s->disabled);
    s->weight = (unsigned)weight;
    s->limit = (unsigned)limit;
}

static void add_entry(struct hg_build *b, const struct hg_node *entry, struct hg_backend *k)
{
    bool group = entry->type == HG_NODE_GROUP;
    const struct hg_node *url = group ? hg_node_get(entry, "url") : entry;
    size_t before = k->servers;
    if (url != NULL)
        add_server(b, url, k);
    else if (!entry->broken)
        HG_ERROR(b, entry, "has no url");
    if (k->servers == before)
        return;
    struct hg_server *s = &k->server[before];
    if (group)
        read_settings(b, entry, s);
    read_name(b, group ? entry : url, k, s);
}

static struct hg_slice base_path(struct hg_build *b, const struct hg_node *node)
{
    const char *text = hg_get_string(b, node, "base-path", NULL);
    struct hg_slice base = hg_slice_str(text != NULL ? text : "");
    if (text != NULL && (base.n == 0 || !hg_base_path_ok(&base)))
        HG_ERROR(b, hg_node_get(node, "base-path"), "is no path (expected something like \"/v1\")");
    return keep_base(b, base);
}

/* What the block says for all of its servers. */
static void preset(struct hg_build *b, const struct hg_node *node, struct hg_backend *k, size_t n)
{
    uint64_t limit = 0, slow_start = 0;
    struct hg_slice base = base_path(b, node);
    hg_get_number(b, node, "limit", &limit);
    hg_get_number(b, node, "slow-start", &slow_start);
    for (size_t i = 0; i < n; i++) {
        k->server[i].base = base;
        k->server[i].weight = 1;
        k->server[i].limit = (unsigned)limit;
        k->server[i].slow_start = slow_start;
    }
}

void hg_build_servers(struct hg_build *b, const struct hg_node *node, struct hg_backend *k)
{
    const struct hg_node *server = hg_node_get(node, "server"), *url = hg_node_get(node, "url");
    bool list = server != NULL && server->type == HG_NODE_LIST;
    size_t n = list ? server->children : 1;
    k->server = hg_store_alloc(b, n, sizeof(*k->server));
    if (k->server == NULL)
        return;
    preset(b, node, k, n);
    if (server != NULL && url != NULL)
        HG_ERROR(b, url, "a backend has server or url, not both");
    else if (url != NULL)
        add_entry(b, url, k);
    else if (server == NULL && !node->broken)
        HG_ERROR(b, node, "has no server (expected server = ( { url = \"https://...\"; } ), url or proxy)");
    else if (server != NULL && n == 0 && !server->broken)
        HG_ERROR(b, server, "is empty");
    else if (n > HG_LIMIT_SERVERS)
        HG_ERROR(b, server, "has too many servers (at most %u)", HG_LIMIT_SERVERS);
    else if (server != NULL)
        for (size_t i = 0; i < n; i++)
            add_entry(b, list ? server->child[i] : server, k);
    for (size_t i = 0; i < k->servers; i++)
        k->limited = k->limited || k->server[i].limit != 0;
}
