/* SPDX-License-Identifier: MIT
 *
 * Values of nodes: $<...> expanded, then read as the schema's row says. What an
 * expanded value was is never part of a sentence.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"
#include "config/schema.h"

void hg_build_say(struct hg_build *b, enum hg_severity severity, const struct hg_node *n, const char *fmt,
                  ...)
{
    char at[256], *text = NULL;
    va_list args;
    hg_node_path(n, at, sizeof(at));
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    hg_diag_add(b->d, severity, n->file, n->line, at, "%s%s%s%s",
                len < 0 ? "no memory to say what is wrong" : text, b->used != NULL ? " (used at " : "",
                b->used != NULL ? b->used : "", b->used != NULL ? ")" : "");
    if (len >= 0)
        free(text);
}

const char *hg_env_value(const struct hg_build *b, const char *name)
{
    const char *value = b->env->get(b->env->ctx, name);
    if (value == NULL || value[0] == '\0')
        value = hg_plan_variable(b->plan, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *hg_near_name(struct hg_build *b, const struct hg_node *all, const char *name)
{
    const char *names[64];
    size_t n = 0;
    HG_ASSERT(name != NULL);
    for (size_t i = 0; all != NULL && i < all->children && n < sizeof(names) / sizeof(names[0]); i++)
        names[n++] = all->child[i]->name;
    const char *near = n > 0 ? hg_text_nearest(hg_slice_str(name), names, n) : NULL;
    const char *text = near != NULL ? hg_store_printf(b, " [did you mean %s?]", near) : NULL;
    return text != NULL ? text : "";
}

const char *hg_unset_sentence(struct hg_build *b, const char *name)
{
    if (strncmp(name, "choose:", 7) == 0)
        return hg_store_printf(b, "no entry of choice %s applies", name + 7);
    return hg_store_printf(b, "environment variable %s is not set", name);
}

enum hg_get hg_get_text(struct hg_build *b, const struct hg_node *n, struct hg_slice *out,
                        char name[HG_NAME_TEXT])
{
    return hg_get_text_with(b, &b->resolver, n, out, name);
}

enum hg_get hg_get_text_with(struct hg_build *b, const struct hg_resolver *resolver, const struct hg_node *n,
                             struct hg_slice *out, char name[HG_NAME_TEXT])
{
    struct hg_template_note note = {0};
    struct hg_template *t = NULL;
    *out = hg_slice(NULL, 0);
    name[0] = '\0';
    if (n == NULL)
        return HG_GET_ABSENT;
    HG_ASSERT(n->type == HG_NODE_STRING);
    enum hg_template_result r = hg_template_compile(hg_slice_str(n->string), 0, resolver, &t, &note);
    if (r == HG_TEMPLATE_BAD) {
        HG_ERROR(b, n, "%s (at offset %zu)", note.text, note.offset);
        return HG_GET_BAD;
    }
    if (r == HG_TEMPLATE_UNSET) {
        (void)snprintf(name, HG_NAME_TEXT, "%s", note.name);
        return HG_GET_UNSET;
    }
    if (r == HG_TEMPLATE_VANISH)
        return HG_GET_ABSENT;
    struct hg_slice text = hg_template_static(t);
    HG_ASSERT(text.p != NULL); /* nothing else was allowed */
    out->p = hg_store_text(b, text);
    out->n = text.n;
    hg_template_free(t);
    return out->p != NULL ? HG_GET_OK : HG_GET_BAD;
}

void hg_wipe_text(struct hg_slice text)
{
    if (text.n > 0)
        explicit_bzero((void *)(uintptr_t)text.p, text.n); /* it is in our own arena */
}

/* The expanded text of a key, checked against its row; HG_GET_BAD and an error when a variable is unset. */
static enum hg_get checked(struct hg_build *b, const struct hg_node *n, struct hg_slice *text,
                           uint64_t *number)
{
    char name[HG_NAME_TEXT], why[200];
    *number = 0;
    enum hg_get r = hg_get_text(b, n, text, name);
    if (r == HG_GET_UNSET) {
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, name));
        return HG_GET_BAD;
    }
    HG_ASSERT(n == NULL || n->schema != NULL);
    if (r == HG_GET_OK && !hg_schema_value(n->schema, *text, number, why, sizeof(why))) {
        HG_ERROR(b, n, "%s", why);
        return HG_GET_BAD;
    }
    return r;
}

const char *hg_get_string(struct hg_build *b, const struct hg_node *group, const char *key, bool *bad)
{
    struct hg_slice text;
    uint64_t number;
    enum hg_get r = checked(b, hg_node_get(group, key), &text, &number);
    if (r == HG_GET_BAD && bad != NULL)
        *bad = true;
    return r == HG_GET_OK ? text.p : NULL;
}

void hg_get_number(struct hg_build *b, const struct hg_node *group, const char *key, uint64_t *value)
{
    const struct hg_node *n = hg_node_get(group, key);
    struct hg_slice text;
    uint64_t number = 0;
    if (n != NULL && n->type == HG_NODE_INT)
        *value = (uint64_t)n->integer; /* the schema has refused negative ones */
    else if (n != NULL && checked(b, n, &text, &number) == HG_GET_OK)
        *value = number;
}

void hg_get_bool(struct hg_build *b, const struct hg_node *group, const char *key, bool *value)
{
    const struct hg_node *n = hg_node_get(group, key);
    uint64_t number = *value;
    if (n != NULL && n->type == HG_NODE_BOOL)
        *value = n->boolean;
    else
        hg_get_number(b, group, key, &number);
    if (n != NULL && n->type != HG_NODE_BOOL)
        *value = number != 0;
}

const char *hg_get_path(struct hg_build *b, const struct hg_node *group, const char *key, bool *bad)
{
    const char *path = hg_get_string(b, group, key, bad);
    if (path == NULL || b->stand_in || access(path, R_OK) == 0)
        return path;
    HG_ERROR(b, hg_node_get(group, key), "the file cannot be read: %s", strerror(errno));
    if (bad != NULL)
        *bad = true;
    return NULL;
}

void hg_get_timeouts(struct hg_build *b, const struct hg_node *group, struct hg_timeouts *t)
{
    if (group == NULL)
        return;
    hg_get_number(b, group, "connect", &t->connect);
    hg_get_number(b, group, "tunnel", &t->tunnel);
    hg_get_number(b, group, "tls", &t->tls);
    hg_get_number(b, group, "request-head", &t->request_head);
    hg_get_number(b, group, "request-body", &t->request_body);
    hg_get_number(b, group, "response-head", &t->response_head);
    hg_get_number(b, group, "idle", &t->idle);
    hg_get_number(b, group, "keep-alive", &t->keep_alive);
    hg_get_number(b, group, "drain", &t->drain);
}
