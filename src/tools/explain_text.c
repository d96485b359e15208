/* SPDX-License-Identifier: MIT
 *
 * An explanation for people.
 */
#include <stdio.h>

#include "explain.h"

static const char *or_empty(const char *s)
{
    return s != NULL ? s : "";
}

static bool put_frontend(const struct hg_explained *x, struct hg_buf *out)
{
    const struct hg_frontend *f = x->trial.route.frontend;
    bool ok = hg_buf_printf(out, "frontend %s (%s:%u)\n", f->name, f->file, f->line);

    for (size_t i = 0; i < f->binds; i++)
        ok = ok &&
             hg_buf_printf(out, "  bind %s%s\n", f->bind[i].text, f->bind[i].tls.cert != NULL ? ", TLS" : "");
    if (f->log.off)
        ok = ok && hg_buf_printf(out, "  log off\n");
    else if (f->log.format != NULL)
        ok = ok && hg_buf_printf(out, "  log format %s\n", f->log.format->name);
    return ok && hg_buf_printf(out, "  client %.*s\n", HG_FMT(x->trial.route.vars.client_ip));
}

/* Which entry of each choice won, and why. */
static bool put_choices(const struct hg_explained *x, struct hg_buf *out)
{
    const struct hg_plan *p = x->trial.route.frontend->plan;
    bool ok = p->choices == 0 || hg_buf_printf(out, "\nchoices\n");

    for (size_t i = 0; i < p->choices && ok; i++) {
        const struct hg_choice *c = &p->choice[i];
        const char *value = hg_choice_shown(c);

        ok = hg_buf_printf(out, "  %s (%s)%s%s\n", c->name, c->where, value[0] != '\0' ? ": " : "", value);
        for (size_t k = 0; k < c->entries && ok; k++)
            if (c->entry[k].why != NULL)
                ok = hg_buf_printf(out, "    entry %zu (%s) %s: %s\n", k + 1, c->entry[k].where,
                                   k == c->won ? "won" : "lost", c->entry[k].why);
        if (c->won == c->entries)
            ok = ok && hg_buf_printf(out, "    no entry won: it is not set\n");
    }
    return ok;
}

/* The steps of one stage, those of rules in rules further in. */
static bool put_steps(struct hg_explained *x, enum hg_trial_stage stage, struct hg_buf *out)
{
    bool ok = hg_buf_printf(out, "\n%s\n", hg_explain_list(x, stage)), any = false;

    for (size_t i = 0; i < x->steps && ok; i++) {
        const struct hg_step *s = &x->step[i];

        if (s->stage != stage)
            continue;
        any = true;
        ok = hg_buf_printf(out, "  %*s%-9s  %s  %s%s%s\n", (int)(2 * s->depth), "", s->what, s->where,
                           s->action, s->why[0] != '\0' ? ": " : "", s->why);
    }
    return ok && (any || hg_buf_printf(out, "  (none)\n"));
}

static bool put_backend(struct hg_explained *x, struct hg_buf *out)
{
    const struct hg_backend *b = x->trial.route.backend;
    bool ok = hg_buf_printf(out, "\nbackend %s (%s:%u)\n", b->name, b->file, b->line);
    char origin[320];

    for (size_t i = 0; i < b->servers && ok; i++) {
        const struct hg_server *s = &b->server[i];

        hg_trial_origin(s, origin, sizeof(origin));
        ok = hg_buf_printf(out, "  server %s%.*s%s%s\n", origin, HG_FMT(s->base), s->backup ? ", backup" : "",
                           s->disabled ? ", disabled" : "");
    }
    if (b->proxy != NULL)
        ok = ok && hg_buf_printf(out, "  via %s (%s)\n", b->proxy->name, hg_explain_proxy(x, b->proxy));
    else
        ok = ok && hg_buf_printf(out, "  via direct\n");
    if (x->trial.route.server != NULL && x->trial.route.server->tls)
        ok = ok && hg_buf_printf(out, "  TLS %s\n", hg_explain_tls(x, b));
    return ok;
}

static bool put_fields(struct hg_explained *x, const struct hg_headers *h, struct hg_buf *out)
{
    bool ok = true;

    for (size_t i = 0; i < h->n && ok; i++)
        ok = hg_buf_printf(out, "  %.*s: %s\n", HG_FMT(h->v[i].name), hg_explain_shown(x, h->v[i].value));
    return ok;
}

static bool put_answer(struct hg_explained *x, struct hg_buf *out)
{
    const struct hg_answer *a = &x->trial.answer;
    const char *where = or_empty(a->where);
    bool ok = hg_buf_printf(out, "\nanswer %u %s%s%s%s\n", a->status, hg_trial_word(a),
                            where[0] != '\0' ? " (" : "", where, where[0] != '\0' ? ")" : "");

    ok = ok && put_fields(x, &a->headers, out);
    return ok && (a->body.n == 0 || hg_buf_printf(out, "\n  %s\n", hg_explain_shown(x, a->body)));
}

/* The head, line by line, as it is on the wire but for the secrets. */
static bool put_head(struct hg_explained *x, struct hg_buf *out)
{
    struct hg_slice text = hg_buf_data(&x->trial.head);
    bool ok = hg_buf_printf(out, "\nleaves\n");

    while (text.n > 2 && ok) {
        ptrdiff_t at = hg_slice_find(text, '\r');
        struct hg_slice line = at < 0 ? text : hg_slice(text.p, (size_t)at);

        ok = hg_buf_printf(out, "  %s\n", hg_explain_shown(x, line));
        text = hg_slice_from(text, line.n + 2);
    }
    return ok;
}

/* Only where there are taps. */
static bool put_usage(struct hg_explained *x, struct hg_buf *out)
{
    for (size_t i = 0; i < x->steps; i++)
        if (x->step[i].stage == HG_TRIAL_RETURNING)
            return put_steps(x, HG_TRIAL_RETURNING, out);
    return true;
}

bool hg_explain_text(struct hg_explained *x, struct hg_buf *out)
{
    bool ok = put_frontend(x, out) && put_choices(x, out) && put_steps(x, HG_TRIAL_ENTERING, out);

    if (x->trial.route.backend != NULL)
        ok = ok && put_backend(x, out) && put_steps(x, HG_TRIAL_LEAVING, out);
    return ok && (x->end == HG_TRIAL_ANSWERED ? put_answer(x, out) : put_head(x, out) && put_usage(x, out));
}
