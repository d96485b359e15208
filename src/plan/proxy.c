/* SPDX-License-Identifier: MIT
 *
 * Backends of kind proxy. Their URL may come from the environment and carry a
 * password: it goes into a secret, and nothing else of the user info is kept.
 */
#include "base/check.h"
#include "build.h"
#include "http/header.h"

#define PROXY_PORT 3128u

static void release_secret(void *what)
{
    struct hg_secret *s = what;
    hg_secret_release(&s);
}

static void release_template(void *what)
{
    hg_template_free(what);
}

static bool name_is_allowed(struct hg_slice name)
{
    enum hg_field id = hg_field_id(name);
    return id == HG_FIELD_PROXY_AUTHORIZATION || id == HG_FIELD_OTHER ||
           (hg_field_flags(id) & HG_FIELD_P) == 0;
}

static void note_secrets(struct hg_build *b, struct hg_built_proxy *p, const struct hg_template *t)
{
    struct hg_secret_slot *slot;
    for (size_t i = 0; p->missing == NULL && (slot = hg_template_secret(t, i)) != NULL; i++)
        p->missing = hg_find_secret(b, slot)->missing;
}

static void add_header(struct hg_build *b, struct hg_built_proxy *p, const struct hg_node *pair)
{
    const struct hg_node *name_node = pair->child[0], *value_node = pair->child[1];
    struct hg_connect_header *h = &p->proxy->headers[p->proxy->n_headers];
    struct hg_template_note note = {0};
    struct hg_template *t = NULL;
    h->name = hg_slice_str(hg_store_text(b, hg_slice_str(name_node->string)));
    if (!hg_header_name_ok(h->name) || !name_is_allowed(h->name)) {
        HG_ERROR(b, name_node, "is not the name of a header that can be set here");
        return;
    }
    enum hg_template_result r =
        hg_template_compile(hg_slice_str(value_node->string), HG_TEMPLATE_SECRETS, &b->resolver, &t, &note);
    if (r == HG_TEMPLATE_BAD)
        HG_ERROR(b, value_node, "%s (at offset %zu)", note.text, note.offset);
    if (r == HG_TEMPLATE_UNSET && p->missing == NULL)
        p->missing = hg_unset_sentence(b, note.name);
    if (r != HG_TEMPLATE_OK || !hg_store_own(b, t, release_template))
        return;
    struct hg_slice fixed = hg_template_static(t);
    if (fixed.p != NULL && !hg_header_value_ok(fixed))
        HG_ERROR(b, value_node, "the value has a character that is not allowed in a header");
    note_secrets(b, p, t);
    h->value = t;
    p->proxy->n_headers++;
}

static void add_headers(struct hg_build *b, struct hg_built_proxy *p)
{
    const struct hg_node *n = hg_node_get(p->node, "connect-header");
    if (n == NULL)
        return;
    bool pair = n->children == 2 && n->child[0]->type == HG_NODE_STRING;
    p->proxy->headers = hg_store_alloc(b, pair ? 1 : n->children, sizeof(*p->proxy->headers));
    for (size_t i = 0; p->proxy->headers != NULL && i < (pair ? 1 : n->children); i++)
        add_header(b, p, pair ? n : n->child[i]);
}

static void fill(struct hg_build *b, struct hg_built_proxy *p, const struct hg_url *url)
{
    p->proxy = hg_store_alloc(b, 1, sizeof(*p->proxy));
    if (p->proxy == NULL)
        return;
    p->proxy->name = hg_store_text(b, hg_slice_str(p->node->name));
    p->proxy->host = hg_store_text(b, url->host);
    p->proxy->port = url->port != 0 ? url->port : PROXY_PORT;
    if (url->user.p != NULL) {
        p->proxy->authorization = hg_url_basic(url->user);
        if (p->proxy->authorization == NULL)
            b->no_memory = true;
        else
            (void)hg_store_own(b, p->proxy->authorization, release_secret);
    }
    add_headers(b, p);
}

static void resolve(struct hg_build *b, struct hg_built_proxy *p)
{
    const struct hg_node *n = hg_node_get(p->node, "proxy");
    struct hg_slice text;
    struct hg_url url;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text(b, n, &text, name);
    if (r == HG_GET_UNSET)
        p->missing = hg_unset_sentence(b, name);
    else if (r == HG_GET_ABSENT)
        p->missing = hg_store_printf(b, "proxy %s has no address", p->node->name);
    if (r != HG_GET_OK)
        return;
    p->direct = hg_slice_eq(text, HG_LIT("direct"));
    const char *why = p->direct ? NULL : hg_url_parse(text, &url);
    if (why != NULL)
        HG_ERROR(b, n, "the proxy's URL is malformed: %s", why);
    else if (!p->direct && url.path.n > 1)
        HG_ERROR(b, n, "the proxy's URL is malformed: it has a path (expected http://host:port)");
    else if (!p->direct && url.tls)
        HG_ERROR(b, n, "https:// proxies are not available in this version (expected http://host:port)");
    else if (!p->direct)
        fill(b, p, &url);
    hg_wipe_text(text);
}

/* Keys that mean something only with servers. */
static void check_keys(struct hg_build *b, const struct hg_node *node)
{
    static const char *const others[] = {"server",   "url",   "via",   "tls",        "request",
                                         "response", "pool",  "retry", "plain-ok",   "balance",
                                         "health",   "queue", "limit", "slow-start", "base-path"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct hg_node *n = hg_node_get(node, others[i]);
        if (n != NULL)
            HG_ERROR(b, n, "does not belong to a backend that is a proxy");
    }
}

bool hg_build_proxies(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "backend");
    size_t n = all != NULL ? all->children : 0;
    b->proxy = hg_store_alloc(b, n, sizeof(*b->proxy));
    for (size_t i = 0; b->proxy != NULL && i < n; i++) {
        if (hg_node_get(all->child[i], "proxy") == NULL)
            continue;
        struct hg_built_proxy *p = &b->proxy[b->proxies++];
        p->node = all->child[i];
        check_keys(b, p->node);
        resolve(b, p);
    }
    return !b->no_memory;
}

const struct hg_built_proxy *hg_find_proxy(const struct hg_build *b, const char *name)
{
    HG_ASSERT(name != NULL);
    for (size_t i = 0; i < b->proxies; i++) {
        if (strcmp(b->proxy[i].node->name, name) == 0)
            return &b->proxy[i];
    }
    return NULL;
}
