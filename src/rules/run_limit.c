/* SPDX-License-Identifier: MIT
 *
 * Actions that count: what is counted, and what a request is told that must not
 * pass.
 */
#include <inttypes.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "run.h"
#include "segment.h"

const char *hg_measure_name(enum hg_measure m)
{
    static const char *const names[] = {
#define X(id, key, one) key,
        HG_MEASURES(X)
#undef X
    };

    HG_ASSERT((size_t)m < sizeof(names) / sizeof(names[0]));
    return names[m];
}

const char *hg_measure_one(enum hg_measure m)
{
    static const char *const names[] = {
#define X(id, key, one) one,
        HG_MEASURES(X)
#undef X
    };

    HG_ASSERT((size_t)m < sizeof(names) / sizeof(names[0]));
    return names[m];
}

const char *hg_rate_word(uint64_t period)
{
    return period <= 1000000 ? "second" : period <= 60000000 ? "minute" : "hour";
}

static const char *measure_of(const struct hg_rate_limit *l)
{
    return l->rate.amount == 1 ? hg_measure_one(l->measure) : hg_measure_name(l->measure);
}

/* Without a limiter: what would be counted, where, under which key. */
static void explain(struct hg_runner *r, const struct hg_action *a, struct hg_slice key)
{
    const struct hg_rate_limit *l = a->limit;
    bool shows = a->value != NULL && hg_template_shows(a->value, &r->vars);
    char text[160];

    if (!r->listening)
        return;
    hg_text_printable(key, text, sizeof(text));
    if (l->measure == HG_MEASURE_TOKENS)
        hg_run_did(r, "would reserve %" PRIu64 " token%s", l->estimate, l->estimate == 1 ? "" : "s");
    else
        hg_run_did(r, l->measure == HG_MEASURE_BYTES ? "would count the bytes of its body"
                                                     : "would count 1 request");
    if (shows)
        hg_run_did(r, " under a key with a credential");
    else
        hg_run_did(r, " under the key \"%s\"", text);
    if (l->declared != NULL)
        hg_run_did(r, " in table %s", l->declared);
    hg_run_did(r, ": %" PRIu64 " %s per %s", l->rate.amount, measure_of(l), hg_rate_word(l->rate.period));
    if (l->rate.burst > 0)
        hg_run_did(r, ", %" PRIu64 " more at once", l->rate.burst);
}

static struct hg_slice number(const struct hg_runner *r, uint64_t n)
{
    return hg_arena_printf(r->run->arena, "%" PRIu64, n);
}

/* False: the arena is full. */
static bool fill_vars(const struct hg_runner *r, const struct hg_rate_limit *l, const struct hg_limited *why,
                      struct hg_limit_vars *v)
{
    *v = (struct hg_limit_vars){
        .limit = number(r, l->rate.amount),
        .name = hg_slice_str(l->name),
        .window = hg_slice_str(hg_rate_word(l->rate.period)),
        .remaining = number(r, why->remaining),
        .reset = number(r, why->reset),
        .retry_after = number(r, why->retry_after),
    };
    return v->limit.p != NULL && v->remaining.p != NULL && v->reset.p != NULL && v->retry_after.p != NULL;
}

/* The sentence of the standard answer. */
static struct hg_slice message(const struct hg_runner *r, const struct hg_rate_limit *l,
                               const struct hg_limited *why)
{
    unsigned long long after = why->retry_after;
    const char *s = after == 1 ? "" : "s";

    if (why->full)
        return hg_arena_printf(r->run->arena,
                               "Rate limit %s of %.*s counts no more clients now. Retry after %llu second%s.",
                               l->name, HG_FMT(r->vars.frontend), after, s);
    if (after == 0)
        return hg_arena_printf(
            r->run->arena, "This request alone is larger than rate limit %s of %.*s allows: %llu %s per %s.",
            l->name, HG_FMT(r->vars.frontend), (unsigned long long)l->rate.amount, measure_of(l),
            hg_rate_word(l->rate.period));
    return hg_arena_printf(r->run->arena,
                           "Rate limit %s of %.*s exceeded: %llu %s per %s. Retry after %llu second%s.",
                           l->name, HG_FMT(r->vars.frontend), (unsigned long long)l->rate.amount,
                           measure_of(l), hg_rate_word(l->rate.period), after, s);
}

/* What the action writes itself stands instead of ours. */
static bool put_headers(struct hg_runner *r, const struct hg_limit_vars *v, const struct hg_limited *why)
{
    const struct hg_pair own[] = {
        {HG_LIT("Retry-After"), why->retry_after > 0 ? v->retry_after : hg_slice(NULL, 0)},
        {HG_LIT("X-RateLimit-Limit"), v->limit},
        {HG_LIT("X-RateLimit-Remaining"), v->remaining},
        {HG_LIT("X-RateLimit-Reset"), v->reset},
    };
    struct hg_headers *h = &r->out->headers;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i].value.p != NULL && hg_headers_find(h, own[i].name) == NULL &&
            !hg_headers_add(h, own[i].name, own[i].value))
            return false;
    return true;
}

static enum hg_verdict refuse(struct hg_runner *r, const struct hg_action *a, const struct hg_limited *why)
{
    struct hg_outcome *out = r->out;
    struct hg_limit_vars vars;
    enum hg_verdict v;

    if (!fill_vars(r, a->limit, why, &vars))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    r->vars.limited = &vars;
    hg_run_note(r, "status %u", a->status);
    v = hg_run_own_answer(r, a);
    r->vars.limited = NULL;
    if (v != HG_VERDICT_REPLY)
        return v;
    out->limited = true;
    out->message = message(r, a->limit, why);
    if (out->message.p == NULL || !put_headers(r, &vars, why))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    return HG_VERDICT_REPLY;
}

enum hg_verdict hg_run_rate_limit(struct hg_runner *r, const struct hg_action *a)
{
    const struct hg_limiter *limiter = r->run->limiter;
    struct hg_limit_ask ask = {a->limit, r->vars.frontend, a->where, a->status, a->observe};
    struct hg_limited why = {0};
    enum hg_verdict v = HG_VERDICT_PASS;

    HG_ASSERT(a->limit != NULL);
    if (a->value != NULL)
        v = hg_run_expand(r, a, a->value, &ask.key);
    if (v != HG_VERDICT_PASS)
        return v;
    if (limiter == NULL) {
        explain(r, a, ask.key);
        return HG_VERDICT_PASS;
    }
    if (limiter->take(limiter->ctx, &ask, &why))
        return HG_VERDICT_PASS;
    r->observed = a->observe;
    return a->observe ? HG_VERDICT_PASS : refuse(r, a, &why);
}
