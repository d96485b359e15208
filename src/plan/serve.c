/* SPDX-License-Identifier: MIT
 *
 * The action serve: which document, in which words, about which frontends. Names
 * of frontends are only checked here: a rule may be read before they are built.
 */
#include <stdio.h>

#include "base/check.h"
#include "build.h"

static void check_frontend(struct hg_build *b, const struct hg_node *n, const char *name, bool *bad)
{
    const struct hg_node *all = hg_node_get(b->root, "frontend");
    if (all != NULL && (all->broken || hg_node_get(all, name) != NULL))
        return;
    HG_ERROR(b, n, "there is no frontend of this name%s", all != NULL ? hg_near_name(b, all, name) : "");
    *bad = true;
}

static void read_frontends(struct hg_build *b, const struct hg_node *n, struct hg_serve *s, bool *bad)
{
    struct hg_texts texts;
    if (n == NULL)
        return;
    hg_get_texts(b, n, &texts);
    if (texts.unset != NULL) {
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, texts.unset));
        *bad = true;
    }
    for (size_t i = 0; i < texts.n; i++)
        check_frontend(b, n, texts.v[i], bad);
    s->frontend = texts.v;
    s->frontends = texts.n;
}

static void read_models(struct hg_build *b, const struct hg_node *n, struct hg_serve *s, bool *bad)
{
    if (n == NULL)
        return;
    struct hg_serve_url *v = hg_store_alloc(b, n->children, sizeof(*v));
    if (v == NULL)
        return;
    for (size_t i = 0; i < n->children; i++) {
        struct hg_slice url;
        char name[HG_NAME_TEXT];
        enum hg_get r = hg_get_text(b, n->child[i], &url, name);
        if (r == HG_GET_UNSET)
            HG_ERROR(b, n->child[i], "%s", hg_unset_sentence(b, name));
        *bad = *bad || r == HG_GET_UNSET || r == HG_GET_BAD;
        check_frontend(b, n->child[i], n->child[i]->name, bad);
        if (r != HG_GET_OK)
            continue;
        v[s->models_urls].frontend = hg_store_text(b, hg_slice_str(n->child[i]->name));
        v[s->models_urls++].url = url.p;
    }
    s->models_url = v;
}

/* A proxy's URL may hold a password, which nobody gets to see. */
static const char *without_user(struct hg_build *b, const char *text)
{
    const char *host = text != NULL ? strstr(text, "://") : NULL;
    const char *end, *at = NULL;
    if (host == NULL)
        return text;
    host += 3;
    end = host + strcspn(host, "/?#");
    for (const char *p = host; p < end; p++)
        at = *p == '@' ? p : at;
    return at != NULL ? hg_store_printf(b, "%.*s%s", (int)(host - text), text, at + 1) : text;
}

/* What says something only in one document. */
static void check_use(struct hg_build *b, const struct hg_node *group, const struct hg_serve *s, bool *bad)
{
    static const struct {
        const char *key;
        enum hg_serve_what what;
        bool awf;
    } only[] = {
        {"of", HG_SERVE_HEALTH, false},        {"service", HG_SERVE_HEALTH, false},
        {"proxy", HG_SERVE_HEALTH, true},      {"error", HG_SERVE_HEALTH, true},
        {"base-url", HG_SERVE_REFLECT, false}, {"models-url", HG_SERVE_REFLECT, false},
    };
    for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
        const struct hg_node *n = hg_node_get(group, only[i].key);
        if (n == NULL || (s->what == only[i].what && (!only[i].awf || s->form == HG_SERVE_AWF)))
            continue;
        HG_ERROR(b, n, "says nothing here (expected beside what = \"%s\"%s)", hg_serve_word(only[i].what),
                 only[i].awf ? " and form = \"awf\"" : "");
        *bad = true;
    }
}

static void read_group(struct hg_build *b, const struct hg_node *group, struct hg_serve *s, bool *bad)
{
    uint64_t what = HG_SERVE_WHATS, form = HG_SERVE_STANDARD, of = 0;
    hg_get_number(b, group, "what", &what);
    hg_get_number(b, group, "form", &form);
    hg_get_number(b, group, "of", &of);
    *bad = group->broken || what >= HG_SERVE_WHATS;
    if (hg_node_get(group, "what") == NULL && !group->broken)
        HG_ERROR(b, group, "has no what (expected what = \"health\", \"metrics\" or \"reflect\")");
    if (*bad)
        return;
    s->what = (enum hg_serve_what)what;
    s->form = (enum hg_serve_form)form;
    s->process = of != 0;
    s->service = hg_get_string(b, group, "service", bad);
    s->proxy = without_user(b, hg_get_string(b, group, "proxy", bad));
    s->error = hg_get_string(b, group, "error", bad);
    s->base_url = hg_get_string(b, group, "base-url", bad);
    read_frontends(b, hg_node_get(group, "frontends"), s, bad);
    read_models(b, hg_node_get(group, "models-url"), s, bad);
    check_use(b, group, s, bad);
}

const struct hg_serve *hg_read_serve(struct hg_build *b, const struct hg_node *entry,
                                     const struct hg_node *action)
{
    struct hg_serve *s = hg_store_alloc(b, 1, sizeof(*s));
    uint64_t what = HG_SERVE_WHATS;
    bool bad = false;
    if (s == NULL)
        return NULL;
    if (action->type == HG_NODE_GROUP) {
        read_group(b, action, s, &bad);
        return bad || b->no_memory ? NULL : s;
    }
    hg_get_number(b, entry, action->name, &what);
    s->what = (enum hg_serve_what)what;
    return what < HG_SERVE_WHATS ? s : NULL;
}
