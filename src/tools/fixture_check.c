/* SPDX-License-Identifier: MIT
 *
 * Holds what came out of a trial against what a fixture expects, and writes the
 * difference the way diff does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "tools/fixture.h"

/* A message as it is compared. */
struct seen {
    bool there;
    bool leaving;
    char first[32];        /* of an answer: the status */
    struct hg_slice where; /* of a request: METHOD URL */
    struct hg_headers fields;
    struct hg_slice body;  /* of an answer of ours */
    const char *word;      /* the same: its kind */
    const char *rule;      /* the same: file:line, or NULL */
    struct hg_slice usage; /* of an answer of the server: what its tap says */
};

struct check {
    const struct hg_fixture *f;
    struct hg_trial trial;
    struct seen leaving, client;
    struct hg_buf *out;
    bool failed;
};

/* ---- what there is ---- */

static struct hg_slice take_line(struct hg_slice *text)
{
    ptrdiff_t at = hg_slice_find(*text, '\r');
    struct hg_slice line = at < 0 ? *text : hg_slice(text->p, (size_t)at);

    *text = hg_slice_from(*text, line.n + 2);
    return line;
}

/* From the bytes themselves, so that framing and Host are what they are on the wire. */
static bool see_leaving(struct check *c)
{
    struct seen *s = &c->leaving;
    struct hg_slice text = hg_buf_data(&c->trial.head), line = take_line(&text);
    ptrdiff_t at = hg_slice_find(line, ' ');
    char origin[320];

    HG_ASSERT(at > 0 && line.n > (size_t)at + 10);
    hg_trial_origin(c->trial.route.server, origin, sizeof(origin));
    s->there = s->leaving = true;
    s->where = hg_arena_printf(&c->trial.arena, "%.*s %s%.*s", (int)at, line.p, origin,
                               (int)(line.n - (size_t)at - 10), line.p + at + 1);
    hg_headers_init(&s->fields, &c->trial.arena);
    while (text.n > 2) {
        line = take_line(&text);
        at = hg_slice_find(line, ':');
        HG_ASSERT(at > 0);
        if (!hg_headers_add(&s->fields, hg_slice(line.p, (size_t)at),
                            hg_slice_trim(hg_slice_from(line, (size_t)at + 1))))
            return false;
    }
    return s->where.p != NULL;
}

static void see_answer(struct check *c)
{
    const struct hg_answer *a = &c->trial.answer;
    struct seen *s = &c->client;

    s->there = true;
    s->word = hg_trial_word(a);
    s->rule = a->where != NULL && a->where[0] != '\0' ? a->where : NULL;
    snprintf(s->first, sizeof(s->first), "%u", a->status);
    s->fields = a->headers;
    s->body = a->body;
}

static bool try(struct check *c)
{
    const struct hg_fixture *f = c->f;
    struct hg_trial *t = &c->trial;

    switch (hg_trial_run(t, &f->ask, NULL)) {
    case HG_TRIAL_UNDECIDED:
        c->failed = true;
        return hg_buf_printf(c->out, "  %s\n", t->problem);
    case HG_TRIAL_ANSWERED:
        see_answer(c);
        return true;
    case HG_TRIAL_PASSED:
        break;
    }
    if (!see_leaving(c))
        return false;
    if (!f->answers)
        return true;
    if (hg_trial_return(t, f->status, f->answer.v, f->answer.n) != HG_TRIAL_PASSED) {
        see_answer(c);
        return true;
    }
    c->client.there = true;
    snprintf(c->client.first, sizeof(c->client.first), "%u", t->response.status);
    c->client.fields = t->response.headers;
    c->client.usage = hg_trial_usage(t, f->body);
    return c->client.usage.p != NULL;
}

/* ---- the comparison ---- */

static bool is_named(const struct hg_fixture *f, bool leaving, struct hg_slice name)
{
    for (size_t i = 0; i < f->expects; i++) {
        const struct hg_expect *e = &f->expect[i];

        if (e->leaving == leaving && (e->kind == HG_EXPECT_FIELD || e->kind == HG_EXPECT_MATCH) &&
            hg_slice_ieq(e->name, name))
            return true;
    }
    return false;
}

/* Does the field at i break the expectation? */
static bool breaks(struct check *c, const struct hg_expect *e, const struct seen *s, size_t i)
{
    const struct hg_header *h = &s->fields.v[i];

    if (e->kind == HG_EXPECT_ABSENT)
        return hg_pattern_match(e->pattern, c->trial.scratch, h->name, NULL) != HG_MATCH_NO;
    HG_ASSERT(e->kind == HG_EXPECT_ONLY);
    return !is_named(c->f, e->leaving, h->name) && h->id != HG_FIELD_HOST && h->id != HG_FIELD_X_REQUEST_ID &&
           h->id != HG_FIELD_CONTENT_LENGTH;
}

static bool contains(struct hg_slice s, struct hg_slice part)
{
    return s.n >= part.n && memmem(s.p, s.n, part.p, part.n) != NULL;
}

static bool holds_text(const struct seen *s, struct hg_slice text)
{
    if (contains(s->where, text) || contains(s->body, text))
        return true;
    for (size_t i = 0; i < s->fields.n; i++)
        if (contains(s->fields.v[i].name, text) || contains(s->fields.v[i].value, text))
            return true;
    return false;
}

/* How many fields of the name come before this expectation among those of the name: they are held against
 * each other in order. */
static size_t place_of(const struct hg_fixture *f, const struct hg_expect *e, size_t *all)
{
    size_t n = 0, place = 0;

    for (size_t i = 0; i < f->expects; i++) {
        const struct hg_expect *o = &f->expect[i];

        if (o->leaving != e->leaving || (o->kind != HG_EXPECT_FIELD && o->kind != HG_EXPECT_MATCH) ||
            !hg_slice_ieq(o->name, e->name))
            continue;
        if (o == e)
            place = n;
        n++;
    }
    *all = n;
    return place;
}

static const struct hg_header *nth(const struct seen *s, struct hg_slice name, size_t place)
{
    for (size_t i = 0; i < s->fields.n; i++)
        if (hg_slice_ieq(s->fields.v[i].name, name) && place-- == 0)
            return &s->fields.v[i];
    return NULL;
}

static bool field_holds(struct check *c, const struct hg_expect *e, const struct seen *s)
{
    size_t all;
    const struct hg_header *h = nth(s, e->name, place_of(c->f, e, &all));

    if (h == NULL || nth(s, e->name, all) != NULL)
        return false;
    if (e->kind == HG_EXPECT_FIELD)
        return hg_slice_eq(h->value, e->value);
    return hg_pattern_match(e->pattern, c->trial.scratch, h->value, NULL) == HG_MATCH_YES;
}

static struct hg_slice via_of(const struct check *c)
{
    const struct hg_proxy *p = c->trial.route.backend->proxy;

    return p != NULL ? hg_slice_str(p->name) : HG_LIT("direct");
}

static bool target_holds(const struct hg_expect *e, const struct seen *s)
{
    return s->where.n == e->name.n + 1 + e->value.n && hg_slice_starts(s->where, e->name) &&
           hg_slice_eq(hg_slice_from(s->where, e->name.n + 1), e->value);
}

static bool holds(struct check *c, const struct hg_expect *e, const struct seen *s)
{
    if (!s->there)
        return false;
    switch (e->kind) {
    case HG_EXPECT_TARGET:
        return target_holds(e, s);
    case HG_EXPECT_STATUS:
        return strtoul(s->first, NULL, 10) == e->status &&
               (e->value.p == NULL || hg_slice_eq(e->value, hg_slice_str(s->word)));
    case HG_EXPECT_FIELD:
    case HG_EXPECT_MATCH:
        return field_holds(c, e, s);
    case HG_EXPECT_TEXT:
        return holds_text(s, e->value);
    case HG_EXPECT_NO_TEXT:
        return !holds_text(s, e->value);
    case HG_EXPECT_BACKEND:
        return hg_slice_eq(e->value, hg_slice_str(c->trial.route.backend->name));
    case HG_EXPECT_VIA:
        return hg_slice_eq(e->value, via_of(c));
    case HG_EXPECT_USAGE:
        return hg_slice_eq(e->value, s->usage);
    case HG_EXPECT_ABSENT:
    case HG_EXPECT_ONLY:
        break;
    }
    for (size_t i = 0; i < s->fields.n; i++)
        if (breaks(c, e, s, i))
            return false;
    return true;
}

/* ---- the difference ---- */

static const char *mark(const struct hg_expect *e)
{
    return e->leaving ? ">>" : "<";
}

static void say_field(struct check *c, const struct hg_expect *e, const struct hg_header *h)
{
    (void)hg_buf_printf(c->out, "+ %s %.*s: %.*s\n", mark(e), HG_FMT(h->name), HG_FMT(h->value));
}

static void say_fields(struct check *c, const struct hg_expect *e, const struct seen *s)
{
    bool any = false;

    for (size_t i = 0; i < s->fields.n; i++) {
        const struct hg_header *h = &s->fields.v[i];
        bool say;

        if (e->kind == HG_EXPECT_FIELD || e->kind == HG_EXPECT_MATCH)
            say = hg_slice_ieq(h->name, e->name);
        else if (e->kind == HG_EXPECT_NO_TEXT)
            say = contains(h->name, e->value) || contains(h->value, e->value);
        else
            say = e->kind != HG_EXPECT_TEXT && breaks(c, e, s, i);
        if (say)
            say_field(c, e, h);
        any = any || say;
    }
    if (any)
        return;
    if (e->kind == HG_EXPECT_FIELD || e->kind == HG_EXPECT_MATCH)
        (void)hg_buf_printf(c->out, "+ %s (no %.*s)\n", mark(e), HG_FMT(e->name));
    else if (e->kind == HG_EXPECT_NO_TEXT && s->leaving)
        (void)hg_buf_printf(c->out, "+ >> %.*s\n", HG_FMT(s->where));
    else if (s->body.n > 0)
        (void)hg_buf_printf(c->out, "+ %s body: %.*s\n", mark(e), HG_FMT(s->body));
}

static void say_answer(struct check *c)
{
    const struct seen *s = &c->client;

    (void)hg_buf_printf(c->out, "+ < %s %s%s%s%s\n", s->first, s->word != NULL ? s->word : "",
                        s->rule != NULL ? "  (" : "", s->rule != NULL ? s->rule : "",
                        s->rule != NULL ? ")" : "");
    if (s->word != NULL && c->trial.answer.type != NULL)
        (void)hg_buf_printf(c->out, "  %.*s\n", HG_FMT(s->body));
}

static void say_there(struct check *c, const struct hg_expect *e, const struct seen *s)
{
    switch (e->kind) {
    case HG_EXPECT_TARGET:
        (void)hg_buf_printf(c->out, "+ >> %.*s\n", HG_FMT(s->where));
        break;
    case HG_EXPECT_STATUS:
        say_answer(c);
        break;
    case HG_EXPECT_BACKEND:
        (void)hg_buf_printf(c->out, "+ >> backend %s\n", c->trial.route.backend->name);
        break;
    case HG_EXPECT_VIA:
        (void)hg_buf_printf(c->out, "+ >> via %.*s\n", HG_FMT(via_of(c)));
        break;
    case HG_EXPECT_USAGE:
        (void)hg_buf_printf(c->out, "+ < usage %.*s\n",
                            HG_FMT(s->usage.p != NULL ? s->usage : HG_LIT("none")));
        break;
    case HG_EXPECT_FIELD:
    case HG_EXPECT_MATCH:
    case HG_EXPECT_ABSENT:
    case HG_EXPECT_TEXT:
    case HG_EXPECT_NO_TEXT:
    case HG_EXPECT_ONLY:
        say_fields(c, e, s);
        break;
    }
}

/* It went the other way: said once, behind the first line that shows it. */
static void say_other(struct check *c, const struct hg_expect *e, bool *said)
{
    if (*said)
        return;
    *said = true;
    if (e->leaving && c->client.there)
        say_answer(c);
    else if (!e->leaving && c->leaving.there)
        (void)hg_buf_printf(c->out,
                            "+ >> %.*s\n  (it leaves; an answer of the server would stand behind <<)\n",
                            HG_FMT(c->leaving.where));
}

static void compare(struct check *c)
{
    bool said = false;

    for (size_t i = 0; i < c->f->expects; i++)
        c->failed =
            c->failed || !holds(c, &c->f->expect[i], c->f->expect[i].leaving ? &c->leaving : &c->client);
    for (size_t i = 0; c->failed && i < c->f->expects; i++) {
        const struct hg_expect *e = &c->f->expect[i];
        const struct seen *s = e->leaving ? &c->leaving : &c->client;
        bool ok = holds(c, e, s);

        (void)hg_buf_printf(c->out, "%c %.*s\n", ok ? ' ' : '-', HG_FMT(e->written));
        if (!ok && s->there)
            say_there(c, e, s);
        else if (!ok)
            say_other(c, e, &said);
    }
}

bool hg_fixture_check(const struct hg_fixture *f, const struct hg_plan *plan, struct hg_buf *out)
{
    struct check c = {.f = f, .out = out};
    bool ok = hg_trial_init(&c.trial, plan) && try(&c);

    if (!ok) {
        (void)hg_buf_printf(out, "  no memory\n");
        c.failed = true;
    } else if (!c.failed) {
        compare(&c);
    }
    hg_trial_free(&c.trial);
    return !c.failed;
}
