/* SPDX-License-Identifier: MIT
 *
 * Metrics of guards. What they count differs, and so do the names: a sum over all
 * samples of a family says something. A guard that is off has none.
 */
#include <stdio.h>

#include "write.h"

static uint64_t counted(const struct hg_guard *g, const struct hg_guard_reading *r)
{
    (void)g;
    return r->count;
}

static uint64_t reserved(const struct hg_guard *g, const struct hg_guard_reading *r)
{
    (void)g;
    return r->reserved;
}

static uint64_t limit(const struct hg_guard *g, const struct hg_guard_reading *r)
{
    (void)r;
    return g->limit;
}

static uint64_t refused(const struct hg_guard *g, const struct hg_guard_reading *r)
{
    (void)g;
    return r->denied;
}

/* KIND_COUNT: of every kind. */
static const struct family {
    enum hg_guard_kind kind;
    uint64_t (*value)(const struct hg_guard *g, const struct hg_guard_reading *r);
    const char *name, *type, *help;
} families[] = {
    {HG_GUARD_RUNS, counted, "guard_runs_total", "counter", "Runs that the guard has counted"},
    {HG_GUARD_RUNS, reserved, "guard_runs_reserved", "gauge",
     "Runs of requests under way, which count if their answers do"},
    {HG_GUARD_RUNS, limit, "guard_runs_limit", "gauge", "Runs that the guard allows in all"},
    {HG_GUARD_ANSWERS, counted, "guard_answers_total", "counter",
     "Answers of those statuses that the guard counts"},
    {HG_GUARD_ANSWERS, limit, "guard_answers_limit", "gauge", "Such answers that the guard allows in all"},
    {HG_GUARD_TOKENS, counted, "guard_tokens_total", "counter",
     "Tokens that the guard has counted, with their weights"},
    {HG_GUARD_TOKENS, reserved, "guard_tokens_reserved", "gauge",
     "Tokens that are estimated for requests under way"},
    {HG_GUARD_TOKENS, limit, "guard_tokens_limit", "gauge", "Tokens that the guard allows in all"},
    {HG_GUARD_KIND_COUNT, refused, "guard_refusals_total", "counter",
     "Requests that the guard refused, or would have if it did not only observe"},
};

static void put_sample(struct hg_page *p, const struct family *f, const struct hg_guard *g)
{
    struct hg_guard_reading now;
    char name[512], labels[600];

    hg_facts_guard(p->facts, g, &now);
    (void)snprintf(labels, sizeof(labels), "guard=\"%s\"", hg_page_escape(g->name, name, sizeof(name)));
    if (f->kind == HG_GUARD_TOKENS)
        hg_page_millionths(p, f->name, labels, f->value(g, &now));
    else
        hg_page_sample(p, f->name, labels, f->value(g, &now));
}

void hg_page_guards(struct hg_page *p)
{
    const struct hg_plan *plan = p->facts->plan;

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const struct family *f = &families[i];

        hg_page_family(p, f->name, f->type, f->help);
        for (size_t k = 0; k < plan->guards; k++)
            if (!plan->guard[k].off && (f->kind == HG_GUARD_KIND_COUNT || f->kind == plan->guard[k].kind))
                put_sample(p, f, &plan->guard[k]);
    }
}
