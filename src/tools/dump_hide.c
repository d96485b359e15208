/* SPDX-License-Identifier: MIT
 *
 * Credentials that somebody wrote into a config in the clear. A dump is passed
 * around; a variable takes their place, named after the block.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"
#include "config/schema.h"
#include "dump.h"

static char letter(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

/* HDRGATE_SQUID_USER for a block named squid. */
static const char *variable_for(const struct hg_node *block, const char *what, char *out, size_t cap)
{
    int n = snprintf(out, cap, "HDRGATE_%s_%s", block->name, what);

    for (int i = 0; i < n && out[i] != '\0'; i++)
        out[i] = letter(out[i]);
    return out;
}

/* "user:password" of a URL, when it stands there in the clear. */
static bool find_user(struct hg_slice text, size_t *begin, size_t *end)
{
    const char *scheme = memmem(text.p, text.n, "://", 3);
    size_t from = scheme != NULL ? (size_t)(scheme - text.p) + 3 : 0;

    *begin = from;
    *end = 0;
    for (size_t i = from; i < text.n && strchr("/?#", text.p[i]) == NULL; i++)
        if (text.p[i] == '@')
            *end = i;
    return *end > from && memmem(text.p + from, *end - from, "$<", 2) == NULL;
}

#define NEST_MAX 32 /* $<A:-$<B:-...>>: more than a template takes */

/* Is there text of its own behind a ":-"? What is only another $<...> is not written in the clear. */
static bool has_literal_default(const char *text)
{
    bool in_default[NEST_MAX] = {false};
    size_t depth = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '$' && p[1] == '<') {
            if (++depth == NEST_MAX)
                return true; /* nothing valid */
            in_default[depth] = false;
            p++;
        } else if (*p == '>' && depth > 0) {
            depth--;
        } else if (depth > 0 && in_default[depth]) {
            return true;
        } else if (depth > 0 && p[0] == ':' && p[1] == '-') {
            in_default[depth] = true;
            p++;
        }
    }
    return false;
}

/* A value of a choice that a secret is made of. block: the choice. */
static bool in_hidden_choice(const struct hg_plan *plan, const struct hg_node *n,
                             const struct hg_node **block)
{
    const struct hg_node *choice = n->parent;

    if (strcmp(n->name, "value") != 0)
        return false;
    if (choice->parent != NULL && choice->parent->type == HG_NODE_LIST)
        choice = choice->parent;
    if (choice->parent == NULL || strcmp(choice->parent->name, "choose") != 0)
        return false;
    *block = choice;
    for (size_t i = 0; i < plan->choices; i++)
        if (plan->choice[i].hidden && strcmp(plan->choice[i].name, choice->name) == 0)
            return true;
    return false;
}

bool hg_dump_is_hidden(const struct hg_plan *plan, const struct hg_node *n)
{
    const struct hg_node *block;

    return n->parent != NULL && in_hidden_choice(plan, n, &block);
}

bool hg_dump_in_place(const struct hg_plan *plan, const struct hg_node *n, bool in_secret, char **text)
{
    struct hg_slice s = hg_slice_str(n->string);
    size_t begin, end;
    const struct hg_node *block = n->parent;
    char name[128];

    *text = NULL;
    if (n->parent == NULL)
        return false;
    if (((in_secret && strcmp(n->name, "from") == 0) || in_hidden_choice(plan, n, &block)) &&
        (strstr(n->string, "$<") == NULL || has_literal_default(n->string))) {
        if (asprintf(text, "$<%s>", variable_for(block, "SECRET", name, sizeof(name))) < 0)
            *text = NULL;
        return true;
    }
    if (n->schema == NULL || n->schema->kind != HG_KIND_URL || !find_user(s, &begin, &end))
        return false;
    if (asprintf(text, "%.*s$<%s>%s", (int)begin, s.p, variable_for(n->parent, "USER", name, sizeof(name)),
                 s.p + end) < 0)
        *text = NULL;
    return true;
}
