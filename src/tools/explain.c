/* SPDX-License-Identifier: MIT
 *
 * Explaining a request: a trial with listeners. What they hear is gathered, and
 * written out once all is known.
 */
#include "tools/explain.h"

#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "explain.h"

static const char *keep(struct hg_explained *x, const char *text)
{
    struct hg_slice z = hg_arena_join(&x->trial.arena, hg_slice_str(text), hg_slice("", 1));

    x->no_memory = x->no_memory || z.p == NULL;
    return z.p != NULL ? z.p : "";
}

static void add_step(struct hg_explained *x, const struct hg_step *step)
{
    if (x->steps == x->cap) {
        size_t cap = x->cap == 0 ? 16 : x->cap * 2;
        struct hg_step *grown = hg_arena_alloc(&x->trial.arena, cap * sizeof(*grown));

        if (grown == NULL) {
            x->no_memory = true;
            return;
        }
        if (x->steps > 0)
            memcpy(grown, x->step, x->steps * sizeof(*grown));
        x->step = grown;
        x->cap = cap;
    }
    x->step[x->steps++] = *step;
}

static const char *word_for(enum hg_considered what)
{
    switch (what) {
    case HG_CONSIDERED_APPLIED:
        return "applied";
    case HG_CONSIDERED_NOT_MET:
        return "not met";
    case HG_CONSIDERED_NO_EFFECT:
        return "no effect";
    case HG_CONSIDERED_DECIDED:
        return "decided";
    case HG_CONSIDERED_OBSERVED:
        return "observed";
    case HG_CONSIDERED_FAILED:
        return "failed";
    }
    return "";
}

static void considered(void *ctx, const char *where, unsigned depth, const char *action,
                       enum hg_considered what, const char *why)
{
    struct hg_explained *x = ctx;

    if (x->trial.stage == HG_TRIAL_RETURNING && strcmp(action, "usage") != 0)
        return; /* of an answer that is only assumed */
    add_step(x, &(struct hg_step){.stage = x->trial.stage,
                                  .where = keep(x, where),
                                  .action = keep(x, action),
                                  .what = word_for(what),
                                  .why = hg_explain_shown(x, hg_slice_str(why)),
                                  .depth = depth});
}

const char *hg_explain_shown(struct hg_explained *x, struct hg_slice text)
{
    struct hg_slice shown = hg_mask_show(&x->mask, text, &x->trial.arena);

    if (shown.p != NULL)
        shown = hg_arena_join(&x->trial.arena, shown, hg_slice("", 1));
    else if (text.p == NULL)
        return "";
    x->no_memory = x->no_memory || shown.p == NULL;
    return shown.p != NULL ? shown.p : "";
}

static const char *finish(struct hg_explained *x, struct hg_slice s)
{
    struct hg_slice z = s.p != NULL ? hg_arena_join(&x->trial.arena, s, hg_slice("", 1)) : s;

    x->no_memory = x->no_memory || z.p == NULL;
    return z.p != NULL ? z.p : "";
}

const char *hg_explain_tls(struct hg_explained *x, const struct hg_backend *b)
{
    const struct hg_client_tls *t = &b->tls;
    const char *ca = t->ca != NULL ? t->ca : "the system's CAs";

    if (!t->verify)
        return finish(x, hg_arena_printf(&x->trial.arena, "not verified, name %s",
                                         t->sni != NULL ? t->sni : x->trial.route.server->host));
    return finish(
        x, hg_arena_printf(&x->trial.arena, "verified against %s%s%s, name %s%s%s", ca,
                           t->extra_ca != NULL ? " and " : "", t->extra_ca != NULL ? t->extra_ca : "",
                           t->sni != NULL ? t->sni : x->trial.route.server->host,
                           t->cert != NULL ? ", client certificate " : "", t->cert != NULL ? t->cert : ""));
}

const char *hg_explain_proxy(struct hg_explained *x, const struct hg_proxy *p)
{
    struct hg_arena *a = &x->trial.arena;
    struct hg_slice s = hg_arena_printf(a, "%s:%u", p->host, p->port);

    if (p->authorization != NULL && s.p != NULL)
        s = hg_arena_join(a, s,
                          hg_arena_printf(a, ", Proxy-Authorization from its URL (%zu bytes)",
                                          hg_secret_bytes(p->authorization).n));
    for (size_t i = 0; i < p->n_headers && s.p != NULL; i++)
        s = hg_arena_join(a, s, hg_arena_printf(a, ", %.*s", HG_FMT(p->headers[i].name)));
    return finish(x, s);
}

const char *hg_explain_list(struct hg_explained *x, enum hg_trial_stage stage)
{
    const struct hg_route *r = &x->trial.route;

    if (stage == HG_TRIAL_ENTERING)
        return finish(x, hg_arena_printf(&x->trial.arena, "request rules of frontend %s", r->frontend->name));
    if (stage == HG_TRIAL_RETURNING)
        return "usage of an answer with status 200 and JSON";
    HG_ASSERT(r->backend != NULL);
    return finish(x, hg_arena_printf(&x->trial.arena, "request rules of backend %s", r->backend->name));
}

/* Which tap would read along, if the answer were what taps are for. */
static void ask_for_tap(struct hg_explained *x)
{
    static const struct hg_pair fields[] = {{HG_LIT_INIT("Content-Type"), HG_LIT_INIT("application/json")}};
    struct hg_answer kept = x->trial.answer;

    (void)hg_trial_return(&x->trial, 200, fields, 1);
    x->trial.answer = kept;
}

enum hg_trial_end hg_explain(const struct hg_plan *plan, const struct hg_trial_ask *ask, bool json,
                             struct hg_buf *out, char *problem, size_t cap)
{
    struct hg_explained x = {.end = HG_TRIAL_UNDECIDED};
    const struct hg_rule_hooks hooks = {.ctx = &x, .considered = considered};
    bool ok = hg_trial_init(&x.trial, plan) && hg_mask_init(&x.mask, plan);

    snprintf(problem, cap, "no memory");
    if (ok) {
        x.end = hg_trial_run(&x.trial, ask, &hooks);
        if (x.end == HG_TRIAL_PASSED)
            ask_for_tap(&x);
        if (x.end == HG_TRIAL_UNDECIDED)
            snprintf(problem, cap, "%s", x.trial.problem);
        else if (!(json ? hg_explain_json(&x, out) : hg_explain_text(&x, out)) || x.no_memory)
            x.end = HG_TRIAL_UNDECIDED;
    }
    hg_trial_free(&x.trial);
    hg_mask_free(&x.mask);
    return x.end;
}
