/* SPDX-License-Identifier: MIT
 *
 * Addresses to listen on. "0.0.0.0:8080", "[::1]:8080", ":8080" and "*:8080"
 * (any), port 0 (any free one), "unix:/path".
 */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"

static bool read_port(struct hg_slice s, uint16_t *port)
{
    uint64_t n;
    if (!hg_slice_u64(s, &n) || n > 65535)
        return false;
    *port = (uint16_t)n;
    return true;
}

/* Splits at the last colon; brackets only around IPv6. NULL or what is wrong. */
static const char *read_tcp(struct hg_build *b, struct hg_slice text, struct hg_bind *bind)
{
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon == 0 || !read_port(hg_slice_from(text, colon), &bind->port))
        return "has no valid port (expected an address such as \"127.0.0.1:8080\", \"[::1]:8080\", \":8080\" "
               "or \"unix:/path\")";
    struct hg_slice host = hg_slice(text.p, colon - 1);
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = hg_slice(host.p + 1, host.n - 2);
    if (host.n == 0 || hg_slice_eq(host, HG_LIT("*")))
        bind->host = "*";
    else if (!hg_text_is_ip(host))
        return "is not an IP address (expected a literal such as 127.0.0.1 or [::1], or * for any)";
    else if (bracketed != (hg_slice_find(host, ':') >= 0))
        return "an IPv6 address stands in brackets: \"[::1]:8080\"";
    else
        bind->host = hg_store_text(b, host);
    return NULL;
}

static const char *read_address(struct hg_build *b, struct hg_slice text, struct hg_bind *bind)
{
    bind->text = text.p;
    if (!hg_slice_starts(text, HG_LIT("unix:")))
        return read_tcp(b, text, bind);
    bind->kind = HG_BIND_UNIX;
    bind->path = text.p + 5;
    bind->mode = 0600;
    if (text.n <= 6 || bind->path[0] != '/')
        return "a unix socket needs an absolute path (expected \"unix:/path\")";
    return text.n - 5 < 108 ? NULL : "the path of a unix socket has at most 107 bytes";
}

static void read_tls(struct hg_build *b, const struct hg_node *tls, struct hg_bind_tls *out)
{
    bool bad = tls->broken;
    out->cert = hg_get_path(b, tls, "cert", &bad);
    out->key = hg_get_path(b, tls, "key", &bad);
    out->client_ca = hg_get_path(b, tls, "client-ca", &bad);
    if (!bad && (out->cert == NULL || out->key == NULL))
        HG_ERROR(b, tls, "needs cert and key");
}

static void read_mode(struct hg_build *b, const struct hg_node *group, struct hg_bind *bind)
{
    const struct hg_node *mode = hg_node_get(group, "mode");
    uint64_t bits = bind->mode;
    hg_get_number(b, group, "mode", &bits);
    bind->mode = (unsigned)bits;
    if (mode != NULL && bind->kind != HG_BIND_UNIX)
        HG_ERROR(b, mode, "belongs to unix sockets only");
}

/* One entry: a string, or a group with `to`. */
static void add_bind(struct hg_build *b, const struct hg_node *entry, const struct hg_node *tls,
                     struct hg_frontend *f)
{
    const struct hg_node *group = entry->type == HG_NODE_GROUP ? entry : NULL;
    const struct hg_node *where = group != NULL ? hg_node_get(group, "to") : entry;
    struct hg_bind *bind = &f->bind[f->binds];
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    if (where == NULL && !group->broken)
        HG_ERROR(b, group, "has no address (expected to = \"...\")");
    enum hg_get r = hg_get_text(b, where, &text, name);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, where, "%s", hg_unset_sentence(b, name));
    if (r != HG_GET_OK)
        return;
    bind->file = hg_store_text(b, hg_slice_str(entry->file));
    bind->line = entry->line;
    const char *why = read_address(b, text, bind);
    if (why != NULL) {
        HG_ERROR(b, where, "%s", why);
        return;
    }
    if (group != NULL) {
        read_mode(b, group, bind);
        hg_build_proxy_protocol(b, group, bind);
    }
    if (group != NULL && hg_node_get(group, "tls") != NULL)
        read_tls(b, hg_node_get(group, "tls"), &bind->tls);
    else if (tls != NULL && bind->kind == HG_BIND_TCP)
        read_tls(b, tls, &bind->tls);
    f->binds++;
}

void hg_build_binds(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f)
{
    const struct hg_node *bind = hg_node_get(node, "bind"), *tls = hg_node_get(node, "tls");
    bool list = bind != NULL && bind->type == HG_NODE_LIST;
    size_t n = list ? bind->children : bind != NULL ? 1 : 0;
    f->bind = hg_store_alloc(b, n, sizeof(*f->bind));
    if (f->bind == NULL)
        return;
    if (n == 0 && !node->broken && (bind == NULL || !bind->broken))
        HG_ERROR(b, bind != NULL ? bind : node,
                 "has no address to listen on (expected bind = \"127.0.0.1:8080\")");
    for (size_t i = 0; i < n; i++)
        add_bind(b, list ? bind->child[i] : bind, tls, f);
}

static bool is_any(const char *host)
{
    return strcmp(host, "*") == 0 || strcmp(host, "::") == 0 || strcmp(host, "0.0.0.0") == 0;
}

static bool same_address(const struct hg_bind *x, const struct hg_bind *y)
{
    if (x->kind != y->kind)
        return false;
    if (x->kind == HG_BIND_UNIX)
        return strcmp(x->path, y->path) == 0;
    if (x->port == 0 || x->port != y->port)
        return false;
    return strcasecmp(x->host, y->host) == 0 ||
           (is_any(x->host) && is_any(y->host) && (strcmp(x->host, "*") == 0 || strcmp(y->host, "*") == 0));
}

static void check_against(struct hg_build *b, const struct hg_frontend *f, const struct hg_bind *bind,
                          const struct hg_frontend *other, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!same_address(bind, &other->bind[i]))
            continue;
        char at[200];
        (void)snprintf(at, sizeof(at), "frontend.%s.bind", f->name);
        hg_diag_add(b->d, HG_SEVERITY_ERROR, bind->file, bind->line, at,
                    "%s is bound already (by frontend %s at %s:%u)", bind->text, other->name,
                    other->bind[i].file, other->bind[i].line);
        return;
    }
}

void hg_check_binds(struct hg_build *b)
{
    const struct hg_plan *p = b->plan;
    for (size_t i = 0; i < p->frontends; i++) {
        for (size_t k = 0; k < p->frontend[i].binds; k++) {
            for (size_t o = 0; o < i; o++)
                check_against(b, &p->frontend[i], &p->frontend[i].bind[k], &p->frontend[o],
                              p->frontend[o].binds);
            check_against(b, &p->frontend[i], &p->frontend[i].bind[k], &p->frontend[i], k);
        }
    }
}
