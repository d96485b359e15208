/* SPDX-License-Identifier: MIT
 *
 * An explanation for programs.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "explain.h"

static void str(struct hg_json *j, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        hg_json_str(j, key, hg_slice_str(value));
}

static void put_place(struct hg_json *j, const char *name, const char *file, unsigned line)
{
    str(j, "name", name);
    str(j, "file", file);
    hg_json_u64(j, "line", line);
}

static void put_frontend(const struct hg_explained *x, struct hg_json *j)
{
    const struct hg_frontend *f = x->trial.route.frontend;

    hg_json_open(j, "frontend");
    put_place(j, f->name, f->file, f->line);
    hg_json_open_list(j, "bind");
    for (size_t i = 0; i < f->binds; i++)
        str(j, NULL, f->bind[i].text);
    hg_json_close(j);
    if (f->log.off || f->log.format != NULL)
        str(j, "log", f->log.off ? "off" : f->log.format->name);
    hg_json_close(j);
    hg_json_str(j, "client", x->trial.route.vars.client_ip);
}

static void put_entries(const struct hg_choice *c, struct hg_json *j)
{
    hg_json_open_list(j, "entries");
    for (size_t i = 0; i < c->entries && c->entry[i].why != NULL; i++) {
        hg_json_open(j, NULL);
        str(j, "where", c->entry[i].where);
        hg_json_bool(j, "won", i == c->won);
        str(j, "why", c->entry[i].why);
        hg_json_close(j);
    }
    hg_json_close(j);
}

/* entry: the one that won, counted from 1; 0: none. */
static void put_choices(const struct hg_explained *x, struct hg_json *j)
{
    const struct hg_plan *p = x->trial.route.frontend->plan;

    hg_json_open_list(j, "choices");
    for (size_t i = 0; i < p->choices; i++) {
        const struct hg_choice *c = &p->choice[i];

        hg_json_open(j, NULL);
        str(j, "name", c->name);
        str(j, "where", c->where);
        str(j, "value", hg_choice_shown(c));
        hg_json_u64(j, "entry", c->won < c->entries ? c->won + 1 : 0);
        str(j, "why", c->won < c->entries ? c->entry[c->won].why : NULL);
        put_entries(c, j);
        hg_json_close(j);
    }
    hg_json_close(j);
}

static void put_rules(const struct hg_explained *x, struct hg_json *j)
{
    hg_json_open_list(j, "rules");
    for (size_t i = 0; i < x->steps; i++) {
        const struct hg_step *s = &x->step[i];

        hg_json_open(j, NULL);
        str(j, "list",
            s->stage == HG_TRIAL_ENTERING  ? "frontend"
            : s->stage == HG_TRIAL_LEAVING ? "backend"
                                           : "response");
        str(j, "where", s->where);
        hg_json_u64(j, "depth", s->depth);
        str(j, "action", s->action);
        str(j, "result", s->what);
        str(j, "why", s->why);
        hg_json_close(j);
    }
    hg_json_close(j);
}

static void put_servers(const struct hg_backend *b, struct hg_json *j)
{
    hg_json_open_list(j, "servers");
    for (size_t i = 0; i < b->servers; i++) {
        char origin[320];

        hg_trial_origin(&b->server[i], origin, sizeof(origin));
        hg_json_open(j, NULL);
        str(j, "name", b->server[i].name);
        str(j, "base_path", b->server[i].base.p);
        str(j, "url", origin);
        hg_json_bool(j, "backup", b->server[i].backup);
        hg_json_bool(j, "disabled", b->server[i].disabled);
        hg_json_close(j);
    }
    hg_json_close(j);
}

static void put_tls(struct hg_explained *x, const struct hg_backend *b, struct hg_json *j)
{
    hg_json_open(j, "tls");
    hg_json_bool(j, "verify", b->tls.verify);
    str(j, "name", b->tls.sni != NULL ? b->tls.sni : x->trial.route.server->host);
    str(j, "ca", b->tls.ca);
    str(j, "extra_ca", b->tls.extra_ca);
    str(j, "client_certificate", b->tls.cert);
    hg_json_close(j);
}

static void put_backend(struct hg_explained *x, struct hg_json *j)
{
    const struct hg_backend *b = x->trial.route.backend;

    hg_json_open(j, "backend");
    put_place(j, b->name, b->file, b->line);
    put_servers(b, j);
    str(j, "via", b->proxy != NULL ? b->proxy->name : "direct");
    if (b->proxy != NULL)
        str(j, "proxy", hg_explain_proxy(x, b->proxy));
    if (x->trial.route.server != NULL && x->trial.route.server->tls)
        put_tls(x, b, j);
    hg_json_close(j);
}

/* As a list of pairs: a name may come twice. */
static void put_field(struct hg_explained *x, struct hg_json *j, struct hg_slice name, struct hg_slice value)
{
    hg_json_open_list(j, NULL);
    hg_json_str(j, NULL, name);
    hg_json_str(j, NULL, hg_slice_str(hg_explain_shown(x, value)));
    hg_json_close(j);
}

static void put_answer(struct hg_explained *x, struct hg_json *j)
{
    const struct hg_answer *a = &x->trial.answer;

    hg_json_open(j, "answer");
    hg_json_u64(j, "status", a->status);
    str(j, "type", hg_trial_word(a));
    str(j, "where", a->where);
    hg_json_open_list(j, "headers");
    for (size_t i = 0; i < a->headers.n; i++)
        put_field(x, j, a->headers.v[i].name, a->headers.v[i].value);
    hg_json_close(j);
    hg_json_str(j, "body", hg_slice_str(hg_explain_shown(x, a->body)));
    hg_json_close(j);
}

static void put_head(struct hg_explained *x, struct hg_json *j)
{
    struct hg_slice text = hg_buf_data(&x->trial.head);
    ptrdiff_t at = hg_slice_find(text, '\r');
    char origin[320];

    hg_trial_origin(x->trial.route.server, origin, sizeof(origin));
    hg_json_open(j, "leaves");
    str(j, "server", origin);
    hg_json_str(j, "request_line", hg_slice_str(hg_explain_shown(x, hg_slice(text.p, (size_t)at))));
    hg_json_open_list(j, "headers");
    text = hg_slice_from(text, (size_t)at + 2);
    while (text.n > 2 && (at = hg_slice_find(text, '\r')) > 0) {
        struct hg_slice line = hg_slice(text.p, (size_t)at);
        ptrdiff_t colon = hg_slice_find(line, ':');

        if (colon > 0)
            put_field(x, j, hg_slice(line.p, (size_t)colon),
                      hg_slice_trim(hg_slice_from(line, (size_t)colon + 1)));
        text = hg_slice_from(text, line.n + 2);
    }
    hg_json_close(j);
    hg_json_close(j);
}

bool hg_explain_json(struct hg_explained *x, struct hg_buf *out)
{
    char *text = malloc(HG_LIMIT_EXPLAIN);
    struct hg_slice all;
    struct hg_json j;
    bool ok;

    if (text == NULL)
        return false;
    hg_json_begin(&j, text, HG_LIMIT_EXPLAIN);
    put_frontend(x, &j);
    put_choices(x, &j);
    put_rules(x, &j);
    if (x->trial.route.backend != NULL)
        put_backend(x, &j);
    if (x->end == HG_TRIAL_ANSWERED)
        put_answer(x, &j);
    else
        put_head(x, &j);
    all = hg_json_end(&j);
    ok = !j.truncated && hg_buf_append(out, all) && hg_buf_append(out, HG_LIT("\n"));
    free(text);
    return ok;
}
