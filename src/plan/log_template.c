/* SPDX-License-Identifier: MIT
 *
 * Texts of log formats: %{...} become pieces, $<...> becomes what it stands for
 * now. No secret comes into a piece, whatever way it takes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log_format.h"
#include "base/text.h"
#include "build.h"

#define PARTS_MAX 64u   /* of one template */
#define SECRET_LEAST 8u /* bytes: a shorter one would be found in any text */

struct reading {
    struct hg_build *b;
    const struct hg_node *node;
    enum hg_event_about about;
    struct hg_log_part part[PARTS_MAX];
    size_t n;
    bool vanished, bad;
};

__attribute__((format(printf, 3, 4))) static void bad(struct reading *r, size_t at, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    if (r->bad)
        return; /* the first is the one to mend */
    r->bad = true;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    HG_ERROR(r->b, r->node, "%s (at offset %zu)", n < 0 ? "no memory" : text, at);
    if (n >= 0)
        free(text);
}

static struct hg_log_part *add_part(struct reading *r, enum hg_log_part_kind kind, size_t at)
{
    if (r->n == PARTS_MAX)
        bad(r, at, "has too many parts (at most %u)", PARTS_MAX);
    if (r->bad)
        return NULL;
    r->part[r->n] = (struct hg_log_part){.kind = kind};
    return &r->part[r->n++];
}

/* User info of URLs is in no line of the log, wherever a URL comes from. */
static struct hg_slice without_user(char *text, size_t n)
{
    size_t kept = 0, host = SIZE_MAX; /* where an authority began, in what is kept */
    for (size_t i = 0; i < n; i++) {
        text[kept++] = text[i];
        if (kept >= 3 && memcmp(text + kept - 3, "://", 3) == 0)
            host = kept;
        else if (host != SIZE_MAX && strchr("/?#\" ", text[i]) != NULL)
            host = SIZE_MAX;
        else if (host != SIZE_MAX && text[i] == '@')
            kept = host;
    }
    return hg_slice(text, kept);
}

/* Whatever way it came here: a variable, a choice, or written down. */
static bool holds_secret(struct reading *r, struct hg_slice text, const char **name)
{
    for (size_t i = 0; i < r->b->secrets; i++) {
        const struct hg_built_secret *built = &r->b->secret[i];
        bool group = built->source != NULL && built->source->kind == HG_SOURCE_ANY; /* its members are here */
        struct hg_secret *s = group ? NULL : hg_secret_slot_take(built->slot);
        if (s == NULL)
            continue;
        struct hg_slice value = hg_secret_bytes(s);
        bool found = value.n >= SECRET_LEAST && memmem(text.p, text.n, value.p, value.n) != NULL;
        hg_secret_release(&s);
        *name = built->node->name;
        if (found)
            return true;
    }
    return false;
}

/* Text between the variables, with its $<...>. */
static void add_literal(struct reading *r, struct hg_slice text, size_t at)
{
    struct hg_template_note note = {0};
    struct hg_template *t = NULL;
    const char *secret;
    if (text.n == 0 || r->bad || r->vanished)
        return;
    switch (hg_template_compile(text, 0, &r->b->resolver, &t, &note)) {
    case HG_TEMPLATE_BAD:
        bad(r, at + note.offset, "%s", note.text);
        return;
    case HG_TEMPLATE_UNSET:
        bad(r, at + note.offset, "%s", hg_unset_sentence(r->b, note.name));
        return;
    case HG_TEMPLATE_VANISH:
        r->vanished = true;
        return;
    case HG_TEMPLATE_OK:
        break;
    }
    struct hg_slice fixed = hg_template_static(t);
    char *copy = (char *)(uintptr_t)hg_store_text(r->b, fixed);
    struct hg_log_part *p = copy != NULL && fixed.n > 0 ? add_part(r, HG_PART_LITERAL, at) : NULL;
    if (p != NULL && holds_secret(r, fixed, &secret))
        bad(r, at, "holds the value of the secret \"%s\", which must not be logged", secret);
    if (p != NULL)
        p->text = without_user(copy, fixed.n);
    hg_template_free(t);
}

static void add_header(struct reading *r, struct hg_slice name, size_t at)
{
    if (!hg_header_name_ok(name)) {
        bad(r, at, "%%{client-header:NAME} needs the name of a header");
    } else if ((hg_field_flags(hg_field_id(name)) & HG_FIELD_C) != 0) {
        bad(r, at, "the header %.*s carries credentials, which must not be logged", HG_FMT(name));
    } else {
        struct hg_log_part *p = add_part(r, HG_PART_HEADER, at);
        if (p != NULL)
            p->text = hg_slice_str(hg_store_text(r->b, name));
    }
}

static void add_set(struct reading *r, struct hg_slice name, size_t at)
{
    struct hg_log_part *p = add_part(r, HG_PART_TRUTH, at);
    const char *z = hg_store_text(r->b, name);
    if (name.n == 0)
        bad(r, at, "%%{set:NAME} needs the name of a variable");
    else if (p != NULL && z != NULL)
        p->truth = hg_env_value(r->b, z) != NULL;
}

static void add_configured(struct reading *r, struct hg_slice name, size_t at)
{
    struct hg_log_part *p = add_part(r, HG_PART_TRUTH, at);
    struct hg_built_question *q = hg_store_alloc(r->b, 1, sizeof(*q));
    if (p == NULL || q == NULL)
        return;
    *q = (struct hg_built_question){.node = r->node,
                                    .frontend = hg_store_text(r->b, name),
                                    .offset = at,
                                    .place = r->n - 1,
                                    .before = r->b->question};
    r->b->question = q;
}

static const char *nearest_value(struct hg_slice name)
{
    static const char *const more[] = {"client-header:NAME", "configured:NAME", "set:NAME"};
    const char *names[HG_EV_COUNT + 3];
    for (size_t i = 0; i < HG_EV_COUNT; i++)
        names[i] = hg_value_row((enum hg_event_value)i)->name;
    memcpy(names + HG_EV_COUNT, more, sizeof(more));
    return hg_text_nearest(name, names, HG_EV_COUNT + 3);
}

static void unknown_value(struct reading *r, struct hg_slice name, size_t at)
{
    const char *near = hg_slice_starts(name, HG_LIT("header:")) ? "client-header:NAME" : nearest_value(name);
    char word[64];
    hg_text_printable(name, word, sizeof(word));
    bad(r, at, "%%{%s} is not known in a log format%s%s%s", word, near != NULL ? ", did you mean %{" : "",
        near != NULL ? near : "", near != NULL ? "}?" : "");
}

static void add_value(struct reading *r, struct hg_slice name, size_t at)
{
    enum hg_event_value id = hg_value_find(name);
    if (id == HG_EV_COUNT) {
        unknown_value(r, name, at);
        return;
    }
    if ((hg_value_row(id)->about & r->about) == 0) {
        bad(r, at, "%%{%s} never has a value in this event, which is about %s", hg_value_row(id)->name,
            r->about == HG_ABOUT_REQUEST ? "a request" : "the process");
        return;
    }
    struct hg_log_part *p = add_part(r, HG_PART_VALUE, at);
    if (p != NULL)
        p->id = id;
}

/* At a "%{"; returns its length. */
static size_t add_variable(struct reading *r, struct hg_slice text, size_t at)
{
    ptrdiff_t end = hg_slice_find(text, '}');
    if (end < 0) {
        bad(r, at, "%%{ is not closed by }");
        return text.n;
    }
    struct hg_slice name = hg_slice(text.p + 2, (size_t)end - 2);
    if (hg_slice_starts(name, HG_LIT("client-header:")))
        add_header(r, hg_slice_from(name, 14), at);
    else if (hg_slice_starts(name, HG_LIT("set:")))
        add_set(r, hg_slice_from(name, 4), at);
    else if (hg_slice_starts(name, HG_LIT("configured:")))
        add_configured(r, hg_slice_from(name, 11), at);
    else
        add_value(r, name, at);
    return (size_t)end + 1;
}

static void read_parts(struct reading *r, struct hg_slice text)
{
    size_t begin = 0, i = 0;
    while (i < text.n && !r->bad && !r->vanished) {
        bool two = i + 1 < text.n && text.p[i] == '%';
        if (two && text.p[i + 1] == '{') {
            add_literal(r, hg_slice(text.p + begin, i - begin), begin);
            i += add_variable(r, hg_slice_from(text, i), i);
            begin = i;
        } else {
            i += two && text.p[i + 1] == '%' ? 2 : 1;
        }
    }
    add_literal(r, hg_slice_from(text, begin), begin);
}

bool hg_build_log_template(struct hg_build *b, const struct hg_node *n, enum hg_event_id id,
                           struct hg_log_template *out)
{
    struct reading r = {.b = b, .node = n, .about = HG_ABOUT_ANY};
    struct hg_built_question *before = b->question;
    HG_ASSERT(n->type == HG_NODE_STRING);
    if (id < HG_EVENT_COUNT)
        r.about = hg_event_row(id)->about;
    read_parts(&r, hg_slice_str(n->string));
    struct hg_log_part *kept = hg_store_alloc(b, r.n, sizeof(*kept));
    if (kept == NULL)
        return false;
    memcpy(kept, r.part, r.n * sizeof(*kept));
    for (struct hg_built_question *q = b->question; q != before; q = q->before)
        q->part = &kept[q->place];
    *out = (struct hg_log_template){kept, r.n};
    return !r.bad && !r.vanished;
}

void hg_finish_log_templates(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "frontend");
    for (const struct hg_built_question *q = b->question; q != NULL; q = q->before) {
        const struct hg_frontend *found = NULL;
        for (size_t i = 0; i < b->plan->frontends; i++)
            if (strcmp(b->plan->frontend[i].name, q->frontend) == 0)
                found = &b->plan->frontend[i];
        if (found != NULL)
            q->part->truth = found->missing.what == NULL;
        else if (all == NULL || !all->broken)
            HG_ERROR(b, q->node, "%%{configured:%s}: there is no such frontend%s (at offset %zu)",
                     q->frontend, hg_near_name(b, all, q->frontend), q->offset);
    }
}
