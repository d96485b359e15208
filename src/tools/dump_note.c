/* SPDX-License-Identifier: MIT
 *
 * Comments of a dump: what each $<...> of a line came to. A credential may hide
 * anywhere, so a value is shown only when nothing speaks against it: it is not
 * in a place for credentials, holds no secret of the plan and no user info.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "dump.h"

#define VALUE_MAX 200
#define NOTE_MAX 400

/* Bytes of the $<...> that s begins with; 0: it is not closed. */
static size_t reference_length(struct hg_slice s)
{
    unsigned open = 0;

    for (size_t i = 2; i < s.n; i++) {
        if (s.p[i] == '$' && i + 1 < s.n && (s.p[i + 1] == '$' || s.p[i + 1] == '<')) {
            open += s.p[i + 1] == '<';
            i++;
        } else if (s.p[i] == '>' && open-- == 0) {
            return i + 1;
        }
    }
    return 0;
}

static bool env(void *ctx, struct hg_slice name, struct hg_slice *value)
{
    const struct hg_dump *d = ctx;
    char *z = hg_slice_dup(name);
    const char *found = z != NULL ? d->env->get(d->env->ctx, z) : NULL;

    if (z != NULL && (found == NULL || found[0] == '\0'))
        found = hg_plan_variable(d->plan, z);
    free(z);
    if (found == NULL || found[0] == '\0')
        return false;
    *value = hg_slice_str(found);
    return true;
}

static struct hg_secret_slot *secret(void *ctx, struct hg_slice name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

static const struct hg_source *find_source(const struct hg_plan *plan, struct hg_slice name)
{
    for (size_t i = 0; i < plan->sources; i++)
        if (hg_slice_eq(hg_slice_str(plan->source[i].name), name))
            return &plan->source[i];
    return NULL;
}

/* Length of the value that a source gave when the plan was built. */
static void say_source(const struct hg_source *s, char *out, size_t cap)
{
    struct hg_secret *value = s->read ? hg_secret_slot_take(s->slot) : NULL;

    if (value != NULL)
        snprintf(out, cap, "%s, %zu bytes", hg_secret_slot_source(s->slot), hg_secret_bytes(value).n);
    else if (s->kind == HG_SOURCE_ENV || s->kind == HG_SOURCE_FILE)
        snprintf(out, cap, "%s, no value", hg_secret_slot_source(s->slot));
    else
        snprintf(out, cap, "%s", hg_secret_slot_source(s->slot));
    hg_secret_release(&value);
}

/* Does the value hold one of the plan's secrets? */
static bool holds_secret(const struct hg_plan *plan, struct hg_slice value)
{
    bool found = false;

    for (size_t i = 0; i < plan->sources && !found; i++) {
        const struct hg_source *s = &plan->source[i];
        struct hg_secret *v = s->kind != HG_SOURCE_ANY ? hg_secret_slot_take(s->slot) : NULL;
        struct hg_slice bytes = v != NULL ? hg_secret_bytes(v) : hg_slice(NULL, 0);

        found = bytes.n > 0 && bytes.n <= value.n && memmem(value.p, value.n, bytes.p, bytes.n) != NULL;
        hg_secret_release(&v);
    }
    return found;
}

/* Where what may be shown begins: behind user info. */
static size_t behind_user(struct hg_slice s)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '@')
            return i;
    return 0;
}

static void say_value(const struct hg_dumper *p, struct hg_slice value, bool hidden, char *out, size_t cap)
{
    size_t at = behind_user(value);
    char text[VALUE_MAX];

    if (hidden || holds_secret(p->d->plan, value)) {
        snprintf(out, cap, "%zu bytes", value.n);
        return;
    }
    hg_text_printable(hg_slice_from(value, at), text, sizeof(text));
    snprintf(out, cap, "%s%s", at > 0 ? "(user info)@" : "", value.n == 0 ? "(empty)" : text);
}

/* Compiled by itself, so that one that is unset does not hide the others. */
static bool say_reference(const struct hg_dumper *p, struct hg_slice ref, bool hidden, char *out, size_t cap)
{
    char random[] = "(new in each process)";
    const struct hg_resolver resolver = {
        .ctx = (void *)(uintptr_t)p->d, .env = env, .secret = secret, .uuid = random};
    struct hg_template_note note = {0};
    struct hg_template *t = NULL;
    struct hg_slice value;

    switch (hg_template_compile(ref, 0, &resolver, &t, &note)) {
    case HG_TEMPLATE_OK:
        break;
    case HG_TEMPLATE_UNSET:
    case HG_TEMPLATE_VANISH:
        snprintf(out, cap, "not set");
        return true;
    case HG_TEMPLATE_BAD:
        return false;
    }
    value = hg_template_static(t);
    if (value.p != NULL)
        say_value(p, value, hidden || hg_slice_starts(ref, HG_LIT("$<base64:")), out, cap);
    hg_template_free(t);
    return value.p != NULL;
}

/* The text of the variable, of "NAME", "NAME?" or "NAME:-[...]". */
static bool say_json(const struct hg_dumper *p, struct hg_slice inner, bool hidden, char *out, size_t cap)
{
    struct hg_slice value;
    size_t n = 0;

    while (n < inner.n && inner.p[n] != '?' && inner.p[n] != ':')
        n++;
    inner.n = n;
    if (env((void *)(uintptr_t)p->d, inner, &value))
        say_value(p, value, hidden, out, cap);
    else
        snprintf(out, cap, "not set");
    return true;
}

/* Of "x", "x?" or "x:-default". */
static const struct hg_choice *find_choice(const struct hg_plan *plan, struct hg_slice inner)
{
    size_t n = 0;

    while (n < inner.n && inner.p[n] != '?' && inner.p[n] != ':')
        n++;
    inner.n = n;
    for (size_t i = 0; i < plan->choices; i++)
        if (hg_slice_eq(hg_slice_str(plan->choice[i].name), inner))
            return &plan->choice[i];
    return NULL;
}

/* A value that was not given away when the plan was built stays out. */
static bool say_choice(const struct hg_choice *c, bool hidden, char *out, size_t cap)
{
    const struct hg_choice_entry *e = c != NULL && c->won < c->entries ? &c->entry[c->won] : NULL;
    char text[VALUE_MAX], why[VALUE_MAX];

    if (c == NULL)
        return false;
    if (e == NULL) {
        snprintf(out, cap, "no entry applies");
        return true;
    }
    hg_text_printable(hg_slice_str(hidden ? "" : hg_choice_shown(c)), text, sizeof(text));
    hg_text_printable(hg_slice_str(e->why), why, sizeof(why));
    snprintf(out, cap, "%.120s%sentry %zu (%.190s)", text, text[0] != '\0' ? ", " : "", c->won + 1, why);
    return true;
}

static bool say(const struct hg_dumper *p, struct hg_slice ref, bool hidden, char *out, size_t cap)
{
    struct hg_slice inner = hg_slice(ref.p + 2, ref.n - 3);
    const struct hg_source *s;

    if (hg_slice_starts(inner, HG_LIT("json:")))
        return say_json(p, hg_slice_from(inner, 5), hidden, out, cap);
    if (hg_slice_starts(inner, HG_LIT("choose:")))
        return say_choice(find_choice(p->d->plan, hg_slice_from(inner, 7)), hidden, out, cap);
    if (!hg_slice_starts(inner, HG_LIT("secret:")))
        return say_reference(p, ref, hidden, out, cap);
    s = find_source(p->d->plan, hg_slice_from(inner, 7));
    if (s != NULL && s->slot != NULL)
        say_source(s, out, cap);
    return s != NULL && s->slot != NULL;
}

static bool noted(const struct hg_dumper *p, struct hg_slice ref)
{
    struct hg_slice all = hg_buf_data(&p->notes);

    return all.p != NULL && ref.n <= all.n && memmem(all.p, all.n, ref.p, ref.n) != NULL;
}

void hg_dump_note(struct hg_dumper *p, struct hg_slice text, bool hidden)
{
    char shown[NOTE_MAX], name[NOTE_MAX];

    for (size_t i = 0; i + 1 < text.n; i++) {
        size_t n;

        if (text.p[i] != '$')
            continue;
        n = text.p[i + 1] == '<' ? reference_length(hg_slice_from(text, i)) : 0;
        if (n > 0) {
            struct hg_slice ref = hg_slice(text.p + i, n);

            hg_text_printable(ref, name, sizeof(name));
            if (!noted(p, ref) && say(p, ref, hidden, shown, sizeof(shown)))
                p->failed = p->failed || !hg_buf_printf(&p->notes, "%s%s: %s",
                                                        hg_buf_len(&p->notes) > 0 ? ", " : "", name, shown);
        }
        i += n > 0 ? n - 1 : 1;
    }
}
