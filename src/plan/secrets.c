/* SPDX-License-Identifier: MIT
 *
 * Declared secrets become slots with their value in locked memory. A secret
 * without a usable value is no reason not to start: whoever needs it is not
 * configured, and says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "build.h"

#define STAND_IN "stand-in-for-check"

static void release_slot(void *what)
{
    hg_secret_slot_free(what);
}

/* "environment variable NAME" of the first $<...>, for people. */
static const char *source_of(struct hg_build *b, const struct hg_node *from)
{
    const char *open = strstr(from->string, "$<");
    if (open == NULL)
        return "the config";
    const char *name = open + 2;
    for (const char *colon = strchr(name, ':'); colon != NULL && colon[1] != '-'; colon = strchr(name, ':'))
        name = strncmp(colon + 1, "$<", 2) == 0 ? colon + 3 : colon + 1;
    int n = (int)strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return hg_store_printf(b, "environment variable %.*s", n, name);
}

/* The file's bytes into buf; SIZE_MAX: *why says why not. */
static size_t read_file(const char *path, char *buf, size_t cap, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && len < cap) {
        got = read(fd, buf + len, cap - len);
        if (got > 0)
            len += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0)
        *why = strerror(errno);
    else if (len == cap)
        *why = "larger than 64 KiB";
    if (fd >= 0)
        (void)close(fd);
    return got < 0 || len == cap ? SIZE_MAX : len;
}

struct prefixes {
    const char *v[16];
    size_t n;
};

static void add_prefix(struct hg_build *b, const struct hg_node *n, struct prefixes *p)
{
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    if (p->n == sizeof(p->v) / sizeof(p->v[0])) {
        HG_ERROR(b, n, "more than 16 prefixes");
        return;
    }
    enum hg_get r = hg_get_text(b, n, &text, name);
    if (r == HG_GET_OK)
        p->v[p->n++] = text.p;
    else if (r == HG_GET_UNSET)
        HG_ERROR(b, n, "environment variable %s is not set", name);
}

static struct prefixes read_prefixes(struct hg_build *b, const struct hg_node *secret)
{
    struct prefixes p = {0};
    const struct hg_node *n = hg_node_get(secret, "strip-prefix");
    if (n != NULL && n->type == HG_NODE_STRING)
        add_prefix(b, n, &p);
    for (size_t i = 0; n != NULL && n->type == HG_NODE_LIST && i < n->children; i++)
        add_prefix(b, n->child[i], &p);
    return p;
}

/* Tells what is wrong with a value, never the value. */
static void unusable(struct hg_build *b, struct hg_built_secret *s, const char *why)
{
    const char *source = hg_secret_slot_source(s->slot);
    s->missing = hg_store_printf(b, "secret %s (%s) %s", s->node->name, source, why);
    s->unusable = true;
    if (b->stand_in)
        HG_ERROR(b, s->node, "%s %s", source, why);
}

/* Puts a raw value into the slot, or notes why not. */
static void set_value(struct hg_build *b, struct hg_built_secret *s, struct hg_slice raw)
{
    struct prefixes p = read_prefixes(b, s->node);
    const char *why = hg_secret_clean(&raw, p.v, p.n);
    if (why == NULL && raw.n > HG_LIMIT_SECRET)
        why = "is larger than 64 KiB";
    if (why == NULL) {
        struct hg_secret *value = hg_secret_new(raw);
        if (value != NULL)
            hg_secret_slot_set(s->slot, value);
        else
            b->no_memory = true;
        return;
    }
    const char *source = hg_secret_slot_source(s->slot);
    if (raw.n == 0)
        s->missing = strncmp(source, "environment", 11) == 0 ? hg_store_printf(b, "%s is not set", source)
                                                             : hg_store_printf(b, "%s is empty", source);
    else
        unusable(b, s, why);
}

static bool make_slot(struct hg_build *b, struct hg_built_secret *s, const char *source)
{
    s->slot = source != NULL ? hg_secret_slot_new(s->node->name, source) : NULL;
    if (s->slot == NULL) {
        b->no_memory = true;
        return false;
    }
    return hg_store_own(b, s->slot, release_slot);
}

/* $<...> of a secret: values are trimmed, and one with a line break inside counts as unset, remembered here.
 */
struct from {
    struct hg_build *b;
    bool broken_value;
};

static bool from_env(void *ctx, struct hg_slice name, struct hg_slice *value)
{
    struct from *f = ctx;
    const struct hg_resolver *outer = &f->b->resolver;
    if (!outer->env(outer->ctx, name, value))
        return false;
    const char *why = hg_secret_clean(value, NULL, 0);
    f->broken_value = f->broken_value || (why != NULL && value->n > 0);
    return why == NULL;
}

/* The name in "$<NAME>" when that is all. */
static struct hg_slice plain_name(const char *text)
{
    struct hg_slice s = hg_slice_str(text);
    if (!hg_slice_starts(s, HG_LIT("$<")) || s.p[s.n - 1] != '>')
        return hg_slice(NULL, 0);
    s = hg_slice(s.p + 2, s.n - 3);
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", s.p[i]) == NULL)
            return hg_slice(NULL, 0);
    }
    return s;
}

/* The usual case needs no copy of the value outside of locked memory. */
static bool load_plain(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *from)
{
    struct hg_slice name = plain_name(from->string), value;
    if (name.n == 0 || !b->resolver.env(b->resolver.ctx, name, &value))
        return false;
    set_value(b, s, value);
    return true;
}

static void load_template(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *from)
{
    struct from f = {.b = b};
    struct hg_resolver own = {.ctx = &f, .env = from_env, .uuid = b->uuid};
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text_with(b, &own, from, &text, name);
    if (f.broken_value)
        unusable(b, s, "has a line break or NUL inside");
    else if (r == HG_GET_OK)
        set_value(b, s, text);
    else if (r == HG_GET_UNSET)
        s->missing = hg_unset_sentence(b, name);
    else
        s->missing = hg_store_printf(b, "secret %s has no value", s->node->name);
    hg_wipe_text(text);
}

static void load_from(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *from)
{
    if (!make_slot(b, s, source_of(b, from)))
        return;
    if (!load_plain(b, s, from))
        load_template(b, s, from);
    if (strstr(from->string, "$<") == NULL)
        HG_WARN(b, from, "the secret itself stands in the config");
}

static void load_file(struct hg_build *b, struct hg_built_secret *s, const struct hg_node *file)
{
    struct hg_slice path;
    char name[HG_NAME_TEXT];
    enum hg_get r = hg_get_text(b, file, &path, name);
    if (!make_slot(b, s, r == HG_GET_OK ? hg_store_printf(b, "file %s", path.p) : "a file"))
        return;
    if (r != HG_GET_OK) {
        s->missing = r == HG_GET_UNSET ? hg_unset_sentence(b, name)
                                       : hg_store_printf(b, "secret %s has no value", s->node->name);
        return;
    }
    size_t cap = HG_LIMIT_SECRET + 1u;
    const char *why = NULL;
    char *buf = malloc(cap);
    size_t n = buf != NULL ? read_file(path.p, buf, cap, &why) : SIZE_MAX;
    if (buf == NULL)
        b->no_memory = true;
    else if (n == SIZE_MAX)
        s->missing = hg_store_printf(b, "file %s cannot be read: %s", path.p, why);
    else
        set_value(b, s, hg_slice(buf, n));
    if (buf != NULL)
        explicit_bzero(buf, cap);
    free(buf);
}

static void build_secret(struct hg_build *b, struct hg_built_secret *s)
{
    const struct hg_node *from = hg_node_get(s->node, "from"), *file = hg_node_get(s->node, "file");
    if (from != NULL && file != NULL)
        HG_ERROR(b, file, "a secret has one source (from stands at line %u)", from->line);
    if (from == NULL && file == NULL && !s->node->broken)
        HG_ERROR(b, s->node, "has no source (expected from = \"$<NAME>\" or file = \"...\")");
    if (from != NULL)
        load_from(b, s, from);
    else if (file != NULL)
        load_file(b, s, file);
    else
        (void)make_slot(b, s, "nothing");
    if (s->missing == NULL || !b->stand_in)
        return;
    if (!s->unusable)
        HG_WARN(b, s->node, "%s", s->missing);
    s->missing = NULL;
    struct hg_secret *value = hg_secret_new(HG_LIT(STAND_IN));
    if (value != NULL)
        hg_secret_slot_set(s->slot, value);
}

bool hg_build_secrets(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(hg_model_root(b->model), "secret");
    size_t n = all != NULL ? all->children : 0;
    b->secret = hg_store_alloc(b, n, sizeof(*b->secret));
    if (b->secret == NULL)
        return false;
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        b->secret[i].node = all->child[i];
        build_secret(b, &b->secret[i]);
        b->secrets = i + 1;
    }
    return !b->no_memory;
}

const struct hg_built_secret *hg_find_secret(const struct hg_build *b, const struct hg_secret_slot *slot)
{
    for (size_t i = 0; i < b->secrets; i++) {
        if (b->secret[i].slot == slot)
            return &b->secret[i];
    }
    HG_ASSERT(false); /* slots come from here only */
    return NULL;
}
