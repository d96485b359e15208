/* SPDX-License-Identifier: MIT
 *
 * Log formats, from nodes to what base/log_format.h writes with: names of
 * events and values become numbers, texts become pieces. A mistake in a format
 * would be lines that nobody can use, so all of it is found here.
 */
#include "base/log_format.h"

#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"

#define CUT_STANDARD 200u
#define PARTS_MAX 64u /* of one template */
#define STANDARD "standard"

/* ---- fields ---- */

struct fields {
    struct hg_build *b;
    enum hg_event_id id;
    struct hg_log_field v[HG_LIMIT_LOG_FIELDS];
    size_t n;
};

/* "a.b.c" taken apart. */
static bool split_name(struct hg_build *b, const struct hg_node *n, struct hg_log_field *f)
{
    struct hg_slice rest = hg_slice_str(n->string);
    for (;;) {
        ptrdiff_t dot = hg_slice_find(rest, '.');
        struct hg_slice word = dot < 0 ? rest : hg_slice(rest.p, (size_t)dot);
        if (word.n == 0) {
            HG_ERROR(b, n, "is not the name of a field");
            return false;
        }
        if (dot < 0) {
            f->key = hg_store_text(b, word);
            return f->key != NULL;
        }
        if (f->depth == HG_LIMIT_LOG_DEPTH) {
            HG_ERROR(b, n, "is too deep (at most %u objects in each other)", HG_LIMIT_LOG_DEPTH);
            return false;
        }
        f->object[f->depth] = hg_store_text(b, word);
        if (f->object[f->depth++] == NULL)
            return false;
        rest = hg_slice_from(rest, (size_t)dot + 1);
    }
}

static unsigned shared(const struct hg_log_field *a, const struct hg_log_field *f)
{
    unsigned n = 0;
    while (n < a->depth && n < f->depth && strcmp(a->object[n], f->object[n]) == 0)
        n++;
    return n;
}

/* The step of a name at depth i: an object, or the field itself. */
static const char *step(const struct hg_log_field *f, unsigned i)
{
    return i < f->depth ? f->object[i] : f->key;
}

/* A name twice, one that is a field and an object, or an object that was left and is opened again. */
static bool fits(const struct fields *s, const struct hg_node *n, const struct hg_log_field *f)
{
    unsigned with_last = s->n > 0 ? shared(&s->v[s->n - 1], f) : 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct hg_log_field *a = &s->v[i];
        unsigned same = shared(a, f);
        if (strcmp(step(a, same), step(f, same)) == 0) {
            HG_ERROR(s->b, n,
                     same == a->depth && same == f->depth ? "there is a field of this name already"
                                                          : "is a field and an object");
            return false;
        }
        if (same > with_last) {
            HG_ERROR(s->b, n, "the fields of an object stand one after the other (put it to those of \"%s\")",
                     f->object[with_last]);
            return false;
        }
    }
    return true;
}

static void add_field(struct fields *s, const struct hg_node *pair)
{
    struct hg_log_field f = {0};
    if (s->n == HG_LIMIT_LOG_FIELDS) {
        HG_ERROR(s->b, pair, "is one field too many (at most %u)", HG_LIMIT_LOG_FIELDS);
        return;
    }
    if (!split_name(s->b, pair->child[0], &f) || !fits(s, pair->child[0], &f))
        return;
    if (!hg_build_log_template(s->b, pair->child[1], s->id, &f.value))
        return;
    f.shared = s->n > 0 ? shared(&s->v[s->n - 1], &f) : 0;
    s->v[s->n++] = f;
}

static void add_fields(struct fields *s, const struct hg_node *n)
{
    if (n == NULL)
        return;
    if (n->children == 2 && n->child[0]->type == HG_NODE_STRING) {
        add_field(s, n);
        return;
    }
    for (size_t i = 0; i < n->children; i++)
        add_field(s, n->child[i]);
}

static const struct hg_log_part standard_part[] = {{.kind = HG_PART_VALUE, .id = HG_EV_TIME},
                                                   {.kind = HG_PART_VALUE, .id = HG_EV_LEVEL},
                                                   {.kind = HG_PART_VALUE, .id = HG_EV_EVENT}};

static void add_standard(struct fields *s)
{
    for (size_t i = 0; i < 3; i++)
        s->v[s->n++] = (struct hg_log_field){.key = hg_value_row(standard_part[i].id)->field,
                                             .value = {&standard_part[i], 1}};
}

static void build_fields(struct hg_build *b, const struct fields *common, const struct hg_node *field,
                         enum hg_event_id id, struct hg_log_entry *out)
{
    struct fields s = *common;
    s.id = id;
    add_fields(&s, field);
    struct hg_log_field *kept = hg_store_alloc(b, s.n, sizeof(*kept));
    if (kept == NULL)
        return;
    memcpy(kept, s.v, s.n * sizeof(*kept));
    out->field = kept;
    out->fields = s.n;
}

/* ---- events ---- */

static void build_line(struct hg_build *b, const struct hg_node *line, enum hg_event_id id,
                       struct hg_log_entry *out)
{
    out->is_line = true;
    if (hg_build_log_template(b, line, id, &out->line) && strpbrk(line->string, "\r\n") != NULL)
        HG_ERROR(b, line, "has a line break in it");
}

static bool is_alone(struct hg_build *b, const struct hg_node *n)
{
    const struct hg_node *field = hg_node_get(n, "field"), *line = hg_node_get(n, "line");
    const struct hg_node *event = hg_node_get(n, "event");
    bool off = false;
    hg_get_bool(b, n, "off", &off);
    if (field != NULL && line != NULL)
        HG_ERROR(b, line, "an event has fields or a line, not both");
    else if (off && (field != NULL || line != NULL || event != NULL))
        HG_ERROR(b, n, "is off, so it has no event, field or line");
    else
        return true;
    return false;
}

static void build_event(struct hg_build *b, const struct hg_node *n, const struct fields *common,
                        enum hg_event_id id, struct hg_log_entry *out)
{
    const struct hg_node *field = hg_node_get(n, "field"), *line = hg_node_get(n, "line");
    uint64_t level = 0;
    out->named = true;
    if (!is_alone(b, n))
        return;
    hg_get_bool(b, n, "off", &out->off);
    hg_get_number(b, n, "level", &level);
    out->has_level = hg_node_get(n, "level") != NULL;
    out->level = (enum hg_log_level)level;
    out->event = hg_get_string(b, n, "event", NULL);
    if (line != NULL)
        build_line(b, line, id, out);
    else if (field != NULL)
        build_fields(b, common, field, id, out);
}

static void unknown_event(struct hg_build *b, const struct hg_node *n)
{
    char written[HG_EVENT_COUNT][48];
    const char *names[HG_EVENT_COUNT];
    for (size_t i = 0; i < HG_EVENT_COUNT; i++) {
        (void)snprintf(written[i], sizeof(written[i]), "%s", hg_event_row((enum hg_event_id)i)->name);
        for (char *p = strchr(written[i], '_'); p != NULL; p = strchr(p, '_'))
            *p = '-';
        names[i] = written[i];
    }
    const char *near = hg_text_nearest(hg_slice_str(n->name), names, HG_EVENT_COUNT);
    if (near != NULL)
        HG_ERROR(b, n, "there is no event of this name [did you mean %s?]", near);
    else
        HG_ERROR(b, n, "there is no event of this name (the log's field event has them, here with - for _)");
}

static void build_events(struct hg_build *b, const struct hg_node *node, struct hg_log_format *f)
{
    const struct hg_node *events = hg_node_get(node, "events"), *first = hg_node_get(node, "common");
    struct fields common = {.b = b, .id = HG_EVENT_NOTHING};
    if (first != NULL)
        add_fields(&common, first);
    else
        add_standard(&common);
    for (size_t i = 0; events != NULL && i < events->children; i++) {
        const struct hg_node *n = events->child[i];
        enum hg_event_id id =
            strchr(n->name, '_') == NULL ? hg_event_find(hg_slice_str(n->name)) : HG_EVENT_NOTHING;
        if (id == HG_EVENT_NOTHING)
            unknown_event(b, n);
        else
            build_event(b, n, &common, id, &f->entry[id]);
    }
}

static void build_format(struct hg_build *b, const struct hg_node *node, struct hg_log_format *f)
{
    uint64_t cut = CUT_STANDARD, others = 0, absent = 0;
    f->name = hg_store_text(b, hg_slice_str(node->name));
    if (strcmp(node->name, STANDARD) == 0)
        HG_ERROR(b, node, "\"%s\" is the name of our own lines", STANDARD);
    hg_get_number(b, node, "cut", &cut);
    hg_get_number(b, node, "others", &others);
    hg_get_number(b, node, "absent", &absent);
    f->cut = (size_t)cut;
    f->others_off = others != 0;
    f->absent_null = absent != 0;
    build_events(b, node, f);
    if (hg_node_get(node, "events") == NULL && !node->broken)
        HG_ERROR(b, node, "names no event (expected events: { request-complete: { ... }; })");
}

bool hg_build_log_formats(struct hg_build *b)
{
    const struct hg_node *all = hg_node_get(b->root, "log-format");
    size_t n = all != NULL ? all->children : 0;
    b->plan->log_format = hg_store_alloc(b, n, sizeof(*b->plan->log_format));
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        build_format(b, all->child[i], &b->plan->log_format[i]);
        b->plan->log_formats = i + 1;
    }
    return !b->no_memory;
}

/* ---- who uses them ---- */

static void find_format(struct hg_build *b, const struct hg_node *log, struct hg_log_use *use)
{
    const struct hg_node *all = hg_node_get(b->root, "log-format");
    const char *name = hg_get_string(b, log, "format", NULL);
    if (name == NULL)
        return;
    use->format = NULL;
    for (size_t i = 0; i < b->plan->log_formats; i++)
        if (strcmp(b->plan->log_format[i].name, name) == 0)
            use->format = &b->plan->log_format[i];
    if (use->format == NULL && strcmp(name, STANDARD) != 0 && (all == NULL || !all->broken))
        HG_ERROR(b, hg_node_get(log, "format"), "the log format \"%s\" is not declared%s", name,
                 hg_near_name(b, all, name));
}

void hg_build_log_use(struct hg_build *b, const struct hg_node *log, struct hg_log_use *use)
{
    uint64_t least = use->least;
    if (log == NULL)
        return;
    find_format(b, log, use);
    if (log->parent == hg_node_get(b->root, "global"))
        return; /* its level is that of the log itself */
    hg_get_number(b, log, "level", &least);
    use->least = (enum hg_log_level)least;
    hg_get_bool(b, log, "off", &use->off);
}
