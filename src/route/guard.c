/* SPDX-License-Identifier: MIT
 *
 * Asking the guards. One after the other takes its share; when one refuses, the
 * shares of those before it are given back, so that a request that does not leave
 * uses up nothing.
 */
#include "route/guard.h"

#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "guard_model.h"

size_t hg_route_guard_buffer(const struct hg_route *r)
{
    size_t most = 0;

    for (size_t i = 0; i < r->marks.n; i++) {
        const struct hg_guard *g = r->marks.v[i].guard;

        if (g->kind == HG_GUARD_MODELS && !g->off && g->from_body && g->buffer > most)
            most = g->buffer;
    }
    return most;
}

/* ---- the answer ---- */

static struct hg_slice number_text(const struct hg_route *r, const struct hg_guard *g, uint64_t n)
{
    char text[HG_TEXT_DECIMAL_LEN];

    if (g->kind != HG_GUARD_TOKENS)
        return hg_arena_printf(r->arena, "%llu", (unsigned long long)n);
    hg_text_put_decimal(n, text);
    return hg_arena_copy(r->arena, hg_slice_str(text));
}

static struct hg_slice say_count(const struct hg_route *r, const struct hg_guard *g, uint64_t count,
                                 const struct hg_guard_words *w)
{
    char fixed[HG_TEXT_DECIMAL_LEN];

    switch (g->kind) {
    case HG_GUARD_RUNS:
        return hg_arena_printf(r->arena, "Maximum LLM invocations exceeded (%.*s / %.*s).", HG_FMT(w->count),
                               HG_FMT(w->max));
    case HG_GUARD_ANSWERS:
        return hg_arena_printf(
            r->arena,
            "Permission denied limit exceeded (%.*s / %.*s). The run has been stopped due to "
            "repeated permission errors \xe2\x80\x94 check that all API keys and tokens are "
            "correctly configured.",
            HG_FMT(w->count), HG_FMT(w->max));
    default:
        HG_ASSERT(g->kind == HG_GUARD_TOKENS);
        hg_text_put_fixed(count, fixed);
        return hg_arena_printf(r->arena, "Maximum effective tokens exceeded (%s / %.*s).", fixed,
                               HG_FMT(w->max));
    }
}

static struct hg_guard_words words_of_count(const struct hg_route *r, const struct hg_guard *g,
                                            uint64_t count)
{
    struct hg_guard_words w = {.name = hg_slice_str(g->name), .reason = HG_LIT("limit")};

    w.count = number_text(r, g, count);
    w.max = number_text(r, g, g->limit);
    w.message = say_count(r, g, count, &w);
    return w;
}

static struct hg_guard_words words_of_model(const struct hg_route *r, const struct hg_guard *g,
                                            const struct hg_model_judged *j)
{
    struct hg_guard_words w = {.name = hg_slice_str(g->name), .model = j->model};
    int n = j->model.n < HG_LIMIT_MODEL ? (int)j->model.n : (int)HG_LIMIT_MODEL;
    const char *p = j->model.p != NULL ? j->model.p : "";

    w.reason = hg_slice_str(hg_model_verdict_word(j->verdict));
    switch (j->verdict) {
    case HG_MODEL_DYNAMIC:
        w.message = hg_arena_printf(r->arena,
                                    "Model '%.*s' selects a concrete model at runtime, so the configured "
                                    "denylist cannot be proven. Explicitly allow 'auto' to opt in.",
                                    n, p);
        break;
    case HG_MODEL_DISALLOWED:
        w.message = hg_arena_printf(
            r->arena, "Model '%.*s' is not permitted: it is explicitly disallowed by the model policy.", n,
            p);
        break;
    case HG_MODEL_UNKNOWN:
        w.message = hg_arena_printf(r->arena, "The model of this request cannot be told: %s.", j->why);
        break;
    case HG_MODEL_ALLOWED:
    case HG_MODEL_NOT_ALLOWED:
        w.message = hg_arena_printf(
            r->arena, "Model '%.*s' is not permitted: it does not match the allowed models policy.", n, p);
        break;
    }
    return w;
}

static void report(const struct hg_route *r, const struct hg_guard_mark *m, enum hg_considered what,
                   const struct hg_guard_words *w)
{
    char why[400];

    if (r->hooks == NULL)
        return;
    if (what != HG_CONSIDERED_APPLIED && r->hooks->guard != NULL)
        r->hooks->guard(r->hooks->ctx, m, w, m->guard->answer.status);
    if (r->hooks->considered == NULL)
        return;
    if (what == HG_CONSIDERED_APPLIED)
        snprintf(why, sizeof(why), "%s: %.*s", m->guard->name, HG_FMT(w->message));
    else
        snprintf(why, sizeof(why), "%s: status %u, %.*s", m->guard->name, m->guard->answer.status,
                 HG_FMT(w->message));
    r->hooks->considered(r->hooks->ctx, m->where, 0, "guard", what, why);
}

/* ---- one guard ---- */

struct asking {
    struct hg_route *r;
    struct hg_guard_state *const *state;
    const struct hg_model_reading *body;
    struct hg_guard_holds *holds;
    struct hg_answer *a;
};

/* True: the request goes on. */
static bool refuse(struct asking *x, const struct hg_guard_mark *m, const struct hg_guard_words *w)
{
    struct hg_guard_state *state = x->state != NULL ? x->state[m->guard->index] : NULL;

    if (state != NULL)
        hg_guard_note_denied(state);
    report(x->r, m, m->observe ? HG_CONSIDERED_OBSERVED : HG_CONSIDERED_DECIDED, w);
    if (m->observe)
        return true;
    hg_route_page(x->r, x->a, HG_ANSWER_DENIED, &m->guard->answer, w);
    x->a->where = m->where;
    return false;
}

static void passes(const struct asking *x, const struct hg_guard_mark *m, const char *text)
{
    const struct hg_guard_words w = {.message = hg_slice_str(text)};

    report(x->r, m, HG_CONSIDERED_APPLIED, &w);
}

static bool ask_models(struct asking *x, const struct hg_guard_mark *m)
{
    struct hg_model_judged judged;
    struct hg_guard_words w;
    char text[HG_LIMIT_MODEL + 64];

    hg_guard_judge(x->r, m->guard, x->body, &judged);
    w = words_of_model(x->r, m->guard, &judged);
    if (judged.verdict != HG_MODEL_ALLOWED && (judged.verdict != HG_MODEL_UNKNOWN || !m->guard->unknown_ok))
        return refuse(x, m, &w);
    if (judged.verdict == HG_MODEL_ALLOWED && judged.model.p == NULL)
        snprintf(text, sizeof(text), "the body decides, which is not there");
    else if (judged.verdict == HG_MODEL_ALLOWED)
        snprintf(text, sizeof(text), "model %.*s is allowed", HG_FMT(judged.model));
    else
        snprintf(text, sizeof(text), "the model is not known, which is allowed");
    passes(x, m, text);
    return true;
}

/* Does this request count as a run? ERROR: it cannot be told. */
static enum hg_match counts(const struct asking *x, const struct hg_guard *g)
{
    const struct hg_rules_run run = hg_route_run(x->r, x->r->request);
    enum hg_rule_fail fail;

    return hg_condition_holds(g->count_if, &run, NULL, &fail);
}

/* How much it takes before it leaves; 0: it only has to find the guard open. */
static uint64_t share(const struct hg_guard *g, bool counted)
{
    switch (g->kind) {
    case HG_GUARD_RUNS:
        return counted ? 1 : 0;
    case HG_GUARD_TOKENS:
        return g->estimate;
    default:
        return 0;
    }
}

static bool ask_count(struct asking *x, const struct hg_guard_mark *m)
{
    const struct hg_guard *g = m->guard;
    struct hg_guard_hold hold = {.guard = g, .mark = *m};
    uint64_t amount, count = 0;
    bool open = true;

    /* What cannot be told counts: a pattern at its limit must not be a way round. */
    hold.counts = g->kind == HG_GUARD_RUNS && counts(x, g) != HG_MATCH_NO;
    hold.state = x->state != NULL ? x->state[g->index] : NULL;
    amount = share(g, hold.counts);
    if (hold.state == NULL) {
        passes(x, m, "nothing is counted in a trial");
    } else if (amount > 0) {
        hold.reserved = hg_guard_reserve(hold.state, amount, g->limit, &count);
        open = hold.reserved > 0;
    } else {
        open = hg_guard_open(hold.state, g->limit, &count);
    }
    if (!open) {
        const struct hg_guard_words w = words_of_count(x->r, g, count);

        if (!refuse(x, m, &w))
            return false;
    }
    HG_ASSERT(x->holds->n < x->holds->cap);
    x->holds->v[x->holds->n++] = hold;
    return true;
}

enum hg_route_step hg_route_admit(struct hg_route *r, struct hg_guard_state *const *state,
                                  const struct hg_model_reading *body, struct hg_guard_holds *holds,
                                  struct hg_answer *a)
{
    struct asking x = {r, state, body, holds, a};

    HG_ASSERT(holds->n == 0);
    *a = (struct hg_answer){0};
    for (size_t i = 0; i < r->marks.n; i++) {
        const struct hg_guard_mark *m = &r->marks.v[i];

        if (m->guard->off)
            passes(&x, m, "it is off");
        else if (!(m->guard->kind == HG_GUARD_MODELS ? ask_models(&x, m) : ask_count(&x, m))) {
            hg_guards_end(holds, HG_GUARDS_FAILED, 0);
            return HG_ROUTE_ANSWER;
        }
    }
    return HG_ROUTE_GO;
}

/* ---- what came of it ---- */

void hg_guards_answered(struct hg_guard_holds *h, unsigned status)
{
    for (size_t i = 0; i < h->n; i++) {
        struct hg_guard_hold *hold = &h->v[i];
        /* A WebSocket is a run, too: 101 is all that is ever said of it. */
        bool in = hg_status_in(&hold->guard->status, status) ||
                  (status == 101 && hold->guard->kind == HG_GUARD_RUNS);

        if (hold->done || hold->guard->kind == HG_GUARD_TOKENS)
            continue;
        hold->done = true;
        if (hold->state == NULL)
            continue;
        if (hold->guard->kind == HG_GUARD_RUNS && hold->counts)
            hg_guard_settle(hold->state, hold->reserved, in ? 1 : 0);
        else if (hold->guard->kind == HG_GUARD_ANSWERS && in)
            hg_guard_settle(hold->state, 0, 1);
    }
}

/* What was reserved is used up first. */
static void spend(struct hg_guard_hold *hold, uint64_t n, bool last)
{
    uint64_t of_reserved = last || n > hold->reserved ? hold->reserved : n;

    hold->done = last;
    hold->spent = hold->spent || n > 0;
    if (hold->state == NULL)
        return;
    hg_guard_settle(hold->state, of_reserved, n);
    hold->reserved -= of_reserved;
}

void hg_guards_tokens(struct hg_guard_holds *h, struct hg_scratch *scratch,
                      const uint64_t tokens[HG_TOKEN_KIND_COUNT], struct hg_slice model, bool last)
{
    for (size_t i = 0; i < h->n; i++) {
        struct hg_guard_hold *hold = &h->v[i];

        if (!hold->done && hold->guard->kind == HG_GUARD_TOKENS)
            spend(hold, hg_guard_weigh(hold->guard, scratch, tokens, model), last);
    }
}

const struct hg_guard_hold *hg_guards_over(const struct hg_guard_holds *h)
{
    uint64_t count;

    for (size_t i = 0; i < h->n; i++) {
        const struct hg_guard_hold *hold = &h->v[i];

        if (hold->guard->kind == HG_GUARD_TOKENS && !hold->mark.observe && hold->state != NULL &&
            !hg_guard_open(hold->state, hold->guard->limit, &count))
            return hold;
    }
    return NULL;
}

void hg_route_guard_cut(const struct hg_route *r, const struct hg_guard_hold *hold)
{
    struct hg_guard_words w;
    uint64_t count;

    (void)hg_guard_open(hold->state, hold->guard->limit, &count);
    w = words_of_count(r, hold->guard, count);
    hg_guard_note_denied(hold->state);
    if (r->hooks != NULL && r->hooks->guard != NULL)
        r->hooks->guard(r->hooks->ctx, &hold->mark, &w, 101);
}

/* What a share comes to about which nothing was said. */
static uint64_t unsaid(const struct hg_guard_hold *hold, enum hg_guards_end how, unsigned status)
{
    if (how == HG_GUARDS_FAILED || hold->guard->kind == HG_GUARD_ANSWERS)
        return 0;
    if (hold->guard->kind == HG_GUARD_RUNS)
        return how == HG_GUARDS_SENT && hold->counts ? 1 : 0;
    if (hold->spent) /* the rest is not known, and stays as it was estimated */
        return hold->reserved;
    return how == HG_GUARDS_SENT || status < 400 ? hold->guard->estimate : 0;
}

void hg_guards_end(struct hg_guard_holds *h, enum hg_guards_end how, unsigned status)
{
    if (how == HG_GUARDS_ANSWERED)
        hg_guards_answered(h, status);
    for (size_t i = 0; i < h->n; i++) {
        struct hg_guard_hold *hold = &h->v[i];

        if (!hold->done && hold->state != NULL)
            hg_guard_settle(hold->state, hold->reserved, unsaid(hold, how, status));
    }
    h->n = 0;
}
