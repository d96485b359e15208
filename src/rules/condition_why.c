/* SPDX-License-Identifier: MIT
 *
 * Why a condition does not hold, for people. Patterns come from the config and
 * may be shown; what a request or a response brings may be a credential, and is
 * shown only where it cannot be one: method, status, address, user.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "condition_parts.h"

struct words {
    char *out;
    size_t cap, n;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *w, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(w->out + w->n, w->cap - w->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        w->n = w->n + (size_t)n < w->cap ? w->n + (size_t)n : w->cap - 1;
}

static void say_tests(struct words *w, const struct hg_part *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct hg_test *t = &p->test[i];
        char text[80];

        if (i == 3 && p->n > 4) {
            say(w, " or one of %zu more", p->n - i);
            return;
        }
        hg_text_printable(hg_slice_str(t->pattern != NULL ? hg_pattern_text(t->pattern) : t->text), text,
                          sizeof(text));
        say(w, "%s\"%s\"", i > 0 ? " or " : "", text);
    }
}

static bool has_header(const struct hg_headers *h, const struct hg_part *p)
{
    return hg_headers_find(h, hg_slice(p->name, p->name_n)) != NULL;
}

/* Something that cannot be a credential and helps; or nothing. */
static void say_found(struct words *w, const struct hg_rules_run *run, const struct hg_part *p)
{
    const struct hg_client *c = run->client;
    char text[80];

    switch (p->kind) {
    case HG_WHEN_METHOD:
        hg_text_printable(run->request->method, text, sizeof(text));
        say(w, " (it is %s)", text);
        break;
    case HG_WHEN_CLIENT_IP:
        hg_text_printable(c != NULL ? c->ip : HG_LIT("not known"), text, sizeof(text));
        say(w, " (it is %s)", text);
        break;
    case HG_WHEN_PEER_UID:
    case HG_WHEN_PEER_GID:
        if (c != NULL && c->has_peer)
            say(w, " (it is %" PRIu32 ")", p->kind == HG_WHEN_PEER_UID ? c->uid : c->gid);
        else
            say(w, " (it is not known: no unix socket)");
        break;
    case HG_WHEN_STATUS:
        HG_ASSERT(run->response != NULL);
        say(w, " (it is %u)", run->response->status);
        break;
    default:
        break;
    }
}

static void say_part(struct words *w, const struct hg_rules_run *run, const struct hg_part *p)
{
    const struct hg_request *arrived = run->arrived != NULL ? run->arrived : run->request;
    const struct hg_headers *h = run->response != NULL ? &run->response->headers : &run->request->headers;
    bool header = p->kind == HG_WHEN_HEADER || p->kind == HG_WHEN_CLIENT_HEADER;

    say(w, "%s", hg_when_key(p->kind));
    if (p->name != NULL) {
        char name[64];

        hg_text_printable(hg_slice(p->name, p->name_n), name, sizeof(name));
        say(w, " %s", name);
    }
    if (header && !has_header(p->kind == HG_WHEN_HEADER ? h : &arrived->headers, p)) {
        say(w, " is absent");
        return;
    }
    say(w, " does not match ");
    say_tests(w, p);
    say_found(w, run, p);
}

/* The first part of the group that does not hold. */
static void say_parts(struct words *w, struct hg_look *l, const struct hg_parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        enum hg_match m = hg_look_part(l, &parts->v[i]);

        if (m == HG_MATCH_YES)
            continue;
        if (m == HG_MATCH_ERROR)
            say(w, "%s could not be evaluated", hg_when_key(parts->v[i].kind));
        else
            say_part(w, l->run, &parts->v[i]);
        return;
    }
}

/* Each acl of the expression with its own answer. */
static void say_expression(struct words *w, struct hg_look *l, const char *key, const struct hg_expression *e)
{
    say(w, "%s \"%s\": ", key, e->text);
    for (size_t i = 0; i < e->n; i++) {
        const struct hg_term *t = &e->v[i];
        enum hg_match m = hg_look_acl(l, t->acl);

        say(w, "%s%s %s", i > 0 ? ", " : "", t->name, m == HG_MATCH_YES ? "holds" : "does not hold");
        if (m == HG_MATCH_NO && t->acl->n == 1 && !t->negated) {
            say(w, " (");
            say_parts(w, l, &t->acl->any[0]);
            say(w, ")");
        }
    }
}

void hg_condition_why(const struct hg_condition *c, const struct hg_rules_run *run, char *out, size_t cap)
{
    struct hg_look l = {.run = run};
    struct words w = {.out = out, .cap = cap};

    HG_ASSERT(cap > 0);
    out[0] = '\0';
    if (c == NULL)
        return;
    if (c->n > 0)
        say_parts(&w, &l, &c->any[0]);
    if (w.n == 0 && c->if_.n > 0 && hg_look_expression(&l, &c->if_) != HG_MATCH_YES)
        say_expression(&w, &l, "if", &c->if_);
    if (w.n == 0 && c->unless.n > 0 && hg_look_expression(&l, &c->unless) != HG_MATCH_NO)
        say_expression(&w, &l, "unless", &c->unless);
}
