/* SPDX-License-Identifier: MIT
 *
 * $<...> that names what the config declares: secrets, choices and maps.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "compile.h"
#include "rules/choice.h"
#include "rules/map.h"

static void not_declared(struct hg_compiler *c, const struct hg_reference *r, enum hg_declared what,
                         const char *word)
{
    const char *near = NULL;
    char name[64];

    hg_text_printable(r->name, name, sizeof(name));
    if (c->resolver->nearest != NULL)
        near = c->resolver->nearest(c->resolver->ctx, what, r->name);
    hg_compile_bad(c, r->at, "the %s \"%s\" is not declared%s%s%s", word, name, near ? " [did you mean " : "",
                   near ? near : "", near ? "?]" : "");
}

void hg_declared_secret(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    struct hg_secret_slot *slot;
    struct hg_segment *s;

    if (!(c->allow & HG_TEMPLATE_SECRETS)) {
        hg_compile_bad(c, r->at, "a secret cannot be used here");
        return;
    }
    slot = c->resolver->secret ? c->resolver->secret(c->resolver->ctx, r->name) : NULL;
    if (slot == NULL) {
        not_declared(c, r, HG_DECLARED_SECRET, "secret");
        return;
    }
    s = hg_compile_add(c, t, HG_SEGMENT_SECRET);
    if (s != NULL)
        s->slot = slot;
}

/* One entry's value by itself. What is wrong with it here is about the choice, not about the text that uses
 * it. */
static enum hg_template_result compile_entry(struct hg_compiler *c, struct hg_template *t,
                                             const struct hg_choice *x, size_t i,
                                             struct hg_template_note *note)
{
    struct hg_compiler inner = *c;

    memset(note, 0, sizeof(*note));
    inner.note = note;
    inner.result = HG_TEMPLATE_OK;
    inner.captured = &x->entry[i].captures;
    inner.chosen += x->entry[i].value.n + 64;
    if (inner.chosen > HG_LIMIT_CHOSEN)
        hg_compile_bad(&inner, 0, "choices of choices put in too much text");
    else
        hg_compile_text(&inner, t, x->entry[i].value, 0);
    c->chosen = inner.chosen;
    return inner.result;
}

static bool is_usable(struct hg_compiler *c, const struct hg_reference *r, const struct hg_choice *x)
{
    if (x == NULL) {
        not_declared(c, r, HG_DECLARED_CHOICE, "choice");
    } else if (x->broken) {
        hg_compile_bad(c, r->at, "the choice \"%s\" has a mistake (%s)", x->name, x->where);
        c->note->said = true;
    }
    return x != NULL && !x->broken;
}

/* All entries are compiled, so that a mistake is found whatever the environment holds. */
void hg_declared_choice(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    const struct hg_choice *x =
        c->resolver->choice != NULL ? c->resolver->choice(c->resolver->ctx, r->name) : NULL;
    struct hg_template_note missing = {0};
    enum hg_template_result won = HG_TEMPLATE_UNSET;

    if (!is_usable(c, r, x))
        return;
    snprintf(missing.name, sizeof(missing.name), "choose:%s", x->name);
    for (size_t i = 0; i < x->entries; i++) {
        struct hg_template *own = hg_template_new();
        struct hg_template_note note = {.said = false};
        enum hg_template_result one = HG_TEMPLATE_BAD;

        if (own != NULL)
            one = compile_entry(c, own, x, i, &note);
        if (one == HG_TEMPLATE_BAD) {
            hg_compile_bad(c, r->at, "the choice \"%s\" (%s): %s", x->name, x->entry[i].where,
                           own != NULL ? note.text : "no memory");
            c->note->said = c->note->said || note.said;
            hg_template_free(own);
            return;
        }
        if (i == x->won && one == HG_TEMPLATE_OK)
            hg_reference_splice(c, t, own);
        else if (i == x->won)
            missing = note;
        won = i == x->won ? one : won;
        hg_template_free(own);
    }
    if (r->standby.p != NULL)
        hg_reference_standby(c, t, r, won != HG_TEMPLATE_OK);
    else if (won != HG_TEMPLATE_OK)
        hg_reference_unset(c, hg_slice_str(missing.name), r->at, r->vanish || won == HG_TEMPLATE_VANISH);
}

/* Why this map cannot stand here; NULL: it can. */
static const char *not_here(const struct hg_compiler *c, const struct hg_map *m)
{
    if (!(c->allow & HG_TEMPLATE_SECRETS))
        return "a map of secrets cannot be used here";
    if (!(c->allow & HG_TEMPLATE_VARS))
        return "a map cannot be used here: its key comes with a request";
    if (hg_map_to(m) != HG_MAP_TO_SECRET)
        return "the map names backends: it stands alone, in backend = \"$<map:NAME>\"";
    return NULL;
}

void hg_declared_map(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    const struct hg_map *m = c->resolver->map != NULL ? c->resolver->map(c->resolver->ctx, r->name) : NULL;
    const char *why = m != NULL ? not_here(c, m) : NULL;
    struct hg_segment *s;

    if (m == NULL) {
        not_declared(c, r, HG_DECLARED_MAP, "map");
    } else if (why != NULL) {
        hg_compile_bad(c, r->at, "%s", why);
    } else if (hg_map_broken(m)) {
        hg_compile_bad(c, r->at, "the map \"%s\" has a mistake", hg_map_name(m));
        c->note->said = true;
    } else {
        s = hg_compile_add(c, t, HG_SEGMENT_MAP);
        if (s != NULL)
            s->map = m;
    }
}
