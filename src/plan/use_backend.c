/* SPDX-License-Identifier: MIT
 *
 * Which backends stand behind a frontend: the entries of use-backend in order,
 * then backend for what none of them takes. And what follows from there being
 * several: which credentials go where.
 */
#include "base/check.h"
#include "build.h"
#include "rules/condition.h"

static void release_condition(void *what)
{
    hg_condition_free(what);
}

static const char *name_of(const struct hg_build *b, const struct hg_built_backend *k)
{
    HG_ASSERT(k >= b->backend);
    return b->plan->backend[k - b->backend].name;
}

/* What group.backend names; NULL: nothing is named, or reported. */
static const struct hg_built_backend *find(struct hg_build *b, const struct hg_node *group)
{
    const struct hg_node *all = hg_node_get(b->root, "backend");
    const struct hg_node *at = hg_node_get(group, "backend");
    const char *name = hg_get_string(b, group, "backend", NULL);
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < b->plan->backends; i++) {
        if (strcmp(b->plan->backend[i].name, name) == 0)
            return &b->backend[i];
    }
    if (hg_find_proxy(b, name) != NULL)
        HG_ERROR(b, at, "the backend of this name is a proxy (name it in via of a backend)");
    else if (all == NULL || !all->broken)
        HG_ERROR(b, at, "there is no backend of this name%s", hg_near_name(b, all, name));
    return NULL;
}

/* "$<map:NAME>", which stands alone. False: it is something else. */
static bool names_map(const struct hg_node *group, struct hg_slice *name)
{
    const struct hg_node *at = hg_node_get(group, "backend");
    struct hg_slice s = hg_slice_str(at != NULL && at->type == HG_NODE_STRING ? at->string : "");
    if (s.n < 7 || !hg_slice_starts(s, HG_LIT("$<map:")) || s.p[s.n - 1] != '>' ||
        memchr(s.p, '>', s.n - 1) != NULL)
        return false;
    *name = hg_slice(s.p + 6, s.n - 7);
    return true;
}

/* NULL: said. */
static const struct hg_map *find_map(struct hg_build *b, const struct hg_node *group, struct hg_slice name)
{
    const struct hg_node *at = hg_node_get(group, "backend");
    const struct hg_map *m = hg_find_map(b, name);
    const char *near = m == NULL ? b->resolver.nearest(b, HG_DECLARED_MAP, name) : NULL;
    if (m == NULL)
        HG_ERROR(b, at, "the map \"%.*s\" is not declared%s%s%s", HG_FMT(name), near ? " [did you mean " : "",
                 near ? near : "", near ? "?]" : "");
    else if (hg_map_to(m) != HG_MAP_TO_BACKEND)
        HG_ERROR(b, at, "the map \"%s\" names secrets (expected one with to = \"backend\")", hg_map_name(m));
    else if (!hg_map_broken(m))
        return m;
    return NULL;
}

static void add_behind(struct hg_behind *behind, const struct hg_built_backend *k)
{
    for (size_t i = 0; i < behind->n; i++) {
        if (behind->backend[i] == k)
            return;
    }
    behind->backend[behind->n++] = k;
}

/* All that the map names. */
static void add_mapped(struct hg_build *b, const struct hg_map *m, struct hg_behind *behind)
{
    const struct hg_backend *k;
    for (size_t i = 0; (k = hg_map_target(m, i)) != NULL; i++)
        add_behind(behind, &b->backend[k - b->plan->backend]);
    behind->path_condition = behind->path_condition || (hg_map_asks(m) & HG_ASKS_PATH) != 0;
}

/* False: the entry is left out. */
static bool build_condition(struct hg_build *b, const struct hg_node *entry, struct hg_use_backend *u,
                            struct hg_behind *behind)
{
    struct hg_condition_spec spec = {.direction = HG_REQUEST_RULES, .no_server = true};
    struct hg_rule_note note = {0};
    struct hg_condition *c = NULL;
    if (!hg_read_condition(b, entry, &spec))
        return false;
    switch (hg_condition_build(&spec, &b->resolver, &c, &note)) {
    case HG_APPEND_OK:
        u->when = c;
        behind->path_condition = behind->path_condition || (hg_condition_asks(c) & HG_ASKS_PATH) != 0;
        return c == NULL || hg_store_own(b, c, release_condition);
    case HG_APPEND_UNSET: /* which backend a request is for cannot be told: none is served */
        if (behind->missing == NULL)
            behind->missing = hg_unset_sentence(b, note.name);
        return false;
    case HG_APPEND_VANISHED:
        return false;
    case HG_APPEND_BAD:
        hg_say_condition(b, entry, &note);
        return false;
    }
    return false;
}

static void add_entry(struct hg_build *b, const struct hg_node *entry, struct hg_frontend *f,
                      struct hg_behind *behind)
{
    struct hg_use_backend *u = &f->use_backend[f->use_backends];
    struct hg_slice name;
    bool maps = names_map(entry, &name);
    const struct hg_map *map = maps ? find_map(b, entry, name) : NULL;
    const struct hg_built_backend *k = maps ? NULL : find(b, entry);
    const struct hg_use_backend *always = f->use_backends > 0 ? u - 1 : NULL;
    *u = (struct hg_use_backend){.backend = NULL}; /* an entry before may have been left out half-way */
    if (hg_node_get(entry, "backend") == NULL && !entry->broken)
        HG_ERROR(b, entry, "has no backend (expected backend = \"name\")");
    if (!build_condition(b, entry, u, behind) || (k == NULL && map == NULL))
        return;
    if (always != NULL && always->when == NULL) {
        HG_WARN(b, entry, "is never reached: the entry at %s takes every request", always->where);
        return;
    }
    u->map = map;
    u->where = hg_store_printf(b, "%s:%u", entry->file, entry->line);
    if (map != NULL) {
        add_mapped(b, map, behind);
    } else {
        u->backend = &b->plan->backend[k - b->backend];
        add_behind(behind, k);
    }
    f->use_backends++;
}

/* What every request needs from a backend; with several, only a request that goes there needs it. */
static void note_missing(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                         struct hg_behind *behind)
{
    bool only = behind->n == 1 && (f->backend != NULL || f->use_backend[0].when == NULL);
    for (size_t i = 0; i < behind->n; i++) {
        const struct hg_backend *k = &b->plan->backend[behind->backend[i] - b->backend];
        if (k->missing == NULL)
            continue;
        if (only)
            behind->missing = behind->missing != NULL ? behind->missing : k->missing;
        else
            HG_WARN(b, node, "backend %s is not configured, requests for it get %u: %s", k->name,
                    f->missing.status, k->missing);
    }
}

/* Then ".." in a path would lead out of it. */
static bool has_base(const struct hg_backend *k)
{
    for (size_t i = 0; i < k->servers; i++)
        if (k->server[i].base.n > 0)
            return true;
    return false;
}

struct hg_behind hg_build_behind(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f)
{
    const struct hg_node *use = hg_node_get(node, "use-backend");
    bool list = use != NULL && use->type == HG_NODE_LIST;
    size_t n = list ? use->children : use != NULL ? 1 : 0;
    struct hg_behind behind = {
        .backend = hg_store_alloc(b, b->plan->backends + 1, sizeof(struct hg_built_backend *))};
    f->use_backend = hg_store_alloc(b, n + 1, sizeof(*f->use_backend));
    if (behind.backend == NULL || f->use_backend == NULL)
        return behind;
    for (size_t i = 0; i < n; i++)
        add_entry(b, list ? use->child[i] : use, f, &behind);
    HG_ASSERT(f->use_backend != NULL);
    struct hg_slice name;
    bool maps = names_map(node, &name);
    const struct hg_map *map = maps ? find_map(b, node, name) : NULL;
    const struct hg_built_backend *k = maps ? NULL : find(b, node);
    const struct hg_use_backend *last = f->use_backends > 0 ? &f->use_backend[f->use_backends - 1] : NULL;
    if ((k != NULL || map != NULL) && last != NULL && last->when == NULL) {
        HG_WARN(b, hg_node_get(node, "backend"),
                "is never used: the use-backend entry at %s takes every request", last->where);
    } else if (map != NULL) { /* as the last entry of use-backend */
        const struct hg_node *at = hg_node_get(node, "backend");
        f->use_backend[f->use_backends++] =
            (struct hg_use_backend){.map = map, .where = hg_store_printf(b, "%s:%u", at->file, at->line)};
        add_mapped(b, map, &behind);
    } else if (k != NULL) {
        f->backend = &b->plan->backend[k - b->backend];
        add_behind(&behind, k);
    }
    note_missing(b, node, f, &behind);
    for (size_t i = 0; i < behind.n; i++)
        behind.path_condition = behind.path_condition || behind.backend[i]->request.path_condition ||
                                behind.backend[i]->response.path_condition ||
                                has_base(&b->plan->backend[behind.backend[i] - b->backend]);
    return behind;
}

void hg_review_behind(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                      const struct hg_behind *behind)
{
    const struct hg_ruleset *lists[2] = {f->request, NULL};
    const struct hg_node *use = hg_node_get(node, "use-backend"), *backend = hg_node_get(node, "backend");
    const char *answered = hg_review_lists(b, lists, 1);
    if (answered != NULL && behind->n > 0) {
        HG_WARN(b, use != NULL ? use : backend, "is never reached: the action at %s answers every request",
                answered);
        return;
    }
    for (size_t i = 0; i < behind->n; i++) {
        lists[1] = behind->backend[i]->request.rules;
        (void)hg_review_lists(b, lists, 2);
    }
}

static void check_plain(struct hg_build *b, const struct hg_node *list, const char *secret,
                        const struct hg_built_backend *k)
{
    const struct hg_backend *backend = &b->plan->backend[k - b->backend];
    bool plain_ok = false;
    hg_get_bool(b, k->node, "plain-ok", &plain_ok);
    for (size_t i = 0; i < backend->servers && !plain_ok; i++) {
        if (backend->server[i].tls)
            continue;
        HG_ERROR(b, list,
                 "secret %s would be sent over http:// by backend %s (write plain-ok = true there if that is "
                 "meant)",
                 secret, backend->name);
        return;
    }
}

/* A secret in a frontend's list goes to whatever is behind the frontend. */
void hg_check_credentials(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                          const struct hg_behind *behind)
{
    const struct hg_node *list = hg_node_get(node, "request");
    struct hg_secret_slot *slot = hg_ruleset_secret(f->request, 0, false);
    bool shared = false,
         named = hg_node_get(node, "backend") != NULL || hg_node_get(node, "use-backend") != NULL;
    hg_get_bool(b, node, "shared-credential", &shared);
    if (slot == NULL)
        return;
    const char *secret = hg_secret_slot_name(slot);
    if (behind->n == 0 && !shared && !node->broken && !named)
        HG_ERROR(
            b, list,
            "secret %s is used in a frontend without a backend (write shared-credential = true if that is "
            "meant)",
            secret);
    if (behind->n > 1 && !shared)
        HG_ERROR(
            b, list,
            "secret %s would go to backends %s and %s alike (set it in the list of the backend that it is "
            "for, or write shared-credential = true if that is meant)",
            secret, name_of(b, behind->backend[0]), name_of(b, behind->backend[1]));
    for (size_t i = 0; i < behind->n; i++)
        check_plain(b, list, secret, behind->backend[i]);
}

void hg_check_hosts(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                    const struct hg_behind *behind)
{
    for (size_t i = 0; i < behind->n; i++) {
        const struct hg_ruleset *lists[] = {f->request, behind->backend[i]->request.rules};
        struct hg_secret_slot *slot = NULL;
        const char *open = NULL;
        for (size_t j = 0; j < 2; j++) {
            open = open != NULL ? open : hg_ruleset_open_host(lists[j]);
            slot = slot != NULL ? slot : hg_ruleset_secret(lists[j], 0, false);
        }
        if (open == NULL || slot == NULL)
            continue;
        HG_ERROR(
            b, node,
            "the set-host at %s lets the request choose the Host that secret %s goes to (write the host, "
            "or keep the secret out of this frontend and its backends)",
            open, hg_secret_slot_name(slot));
        return;
    }
}
