/* SPDX-License-Identifier: MIT
 *
 * Conditions at run time. A part that could not be evaluated is neither yes nor
 * no, and neither is what depends on it: the request fails.
 */
#include "condition_parts.h"

#include "base/check.h"
#include "http/target.h"

static enum hg_match ask(struct hg_look *l, const struct hg_part *part, struct hg_slice subject)
{
    struct hg_captures *captures = part == l->capturing ? l->captures : NULL;

    for (size_t i = 0; i < part->n; i++) {
        enum hg_match m = hg_pattern_match(part->test[i].pattern, l->run->scratch, subject, captures);

        if (m == HG_MATCH_ERROR)
            l->fail = HG_RULE_FAIL_PATTERN;
        if (m != HG_MATCH_NO)
            return m;
    }
    return HG_MATCH_NO;
}

static enum hg_match ask_headers(struct hg_look *l, const struct hg_part *part, const struct hg_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        enum hg_match m;

        if (!hg_slice_ieq(h->v[i].name, hg_slice(part->name, part->name_n)))
            continue;
        m = ask(l, part, h->v[i].value);
        if (m != HG_MATCH_NO)
            return m;
    }
    return HG_MATCH_NO;
}

static enum hg_match ask_query(struct hg_look *l, const struct hg_part *part)
{
    struct hg_slice rest = l->run->request->query, name, value, whole;

    while (rest.p != NULL && hg_query_next(&rest, &name, &value, &whole)) {
        enum hg_match m;

        name = hg_query_decode(l->run->arena, name);
        value = hg_query_decode(l->run->arena, value.p != NULL ? value : HG_LIT(""));
        if (name.p == NULL || value.p == NULL) {
            l->fail = HG_RULE_FAIL_MEMORY;
            return HG_MATCH_ERROR;
        }
        if (!hg_slice_ieq(name, hg_slice(part->name, part->name_n)))
            continue;
        m = ask(l, part, value);
        if (m != HG_MATCH_NO)
            return m;
    }
    return HG_MATCH_NO;
}

static enum hg_match ask_address(const struct hg_look *l, const struct hg_part *part)
{
    const struct hg_client *c = l->run->client;

    for (size_t i = 0; c != NULL && i < part->n; i++) {
        const struct hg_test *t = &part->test[i];

        if (t->unix_socket ? !c->has_addr : c->has_addr && hg_cidr_has(&t->cidr, c->addr))
            return HG_MATCH_YES;
    }
    return HG_MATCH_NO;
}

static enum hg_match ask_number(const struct hg_part *part, bool known, uint64_t number)
{
    for (size_t i = 0; known && i < part->n; i++)
        if (number >= part->test[i].least && number <= part->test[i].most)
            return HG_MATCH_YES;
    return HG_MATCH_NO;
}

enum hg_match hg_look_part(struct hg_look *l, const struct hg_part *part)
{
    const struct hg_rules_run *run = l->run;
    const struct hg_request *r = run->request, *arrived = run->arrived != NULL ? run->arrived : r;
    const struct hg_client *c = run->client;

    switch (part->kind) {
    case HG_WHEN_METHOD:
        return ask(l, part, r->method);
    case HG_WHEN_PATH:
        return ask(l, part, r->path);
    case HG_WHEN_HOST:
        return ask(l, part, hg_template_host(r->authority));
    case HG_WHEN_HEADER:
        return ask_headers(l, part, run->response != NULL ? &run->response->headers : &r->headers);
    case HG_WHEN_QUERY:
        return ask_query(l, part);
    case HG_WHEN_CLIENT_HEADER:
        return ask_headers(l, part, &arrived->headers);
    case HG_WHEN_CLIENT_PATH:
        return ask(l, part, arrived->path);
    case HG_WHEN_CLIENT_IP:
        return ask_address(l, part);
    case HG_WHEN_PEER_UID:
        return ask_number(part, c != NULL && c->has_peer, c != NULL ? c->uid : 0);
    case HG_WHEN_PEER_GID:
        return ask_number(part, c != NULL && c->has_peer, c != NULL ? c->gid : 0);
    case HG_WHEN_SERVER_HOST:
        return ask(l, part, run->vars->server_host);
    case HG_WHEN_FRONTEND:
        return ask(l, part, run->vars->frontend);
    case HG_WHEN_ENV:
        return part->env_holds ? HG_MATCH_YES : HG_MATCH_NO;
    case HG_WHEN_STATUS:
        HG_ASSERT(run->response != NULL);
        return ask_number(part, true, run->response->status);
    }
    HG_ASSERT(false);
    return HG_MATCH_ERROR;
}

static enum hg_match ask_parts(struct hg_look *l, const struct hg_parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        enum hg_match m = hg_look_part(l, &parts->v[i]);

        if (m != HG_MATCH_YES)
            return m;
    }
    return HG_MATCH_YES;
}

enum hg_match hg_look_acl(struct hg_look *l, const struct hg_condition *c)
{
    HG_ASSERT(c->acl && c->unset == NULL);
    for (size_t i = 0; i < c->n; i++) {
        enum hg_match m = ask_parts(l, &c->any[i]);

        if (m != HG_MATCH_NO)
            return m;
    }
    return HG_MATCH_NO;
}

/* Alternatives of terms that all hold. */
enum hg_match hg_look_expression(struct hg_look *l, const struct hg_expression *e)
{
    bool holds = false;

    for (size_t i = 0; i < e->n; i++) {
        const struct hg_term *t = &e->v[i];
        enum hg_match m;

        if (t->starts && holds)
            return HG_MATCH_YES;
        if (!t->starts && !holds)
            continue;
        m = hg_look_acl(l, t->acl);
        if (m == HG_MATCH_ERROR)
            return m;
        holds = (m == HG_MATCH_YES) != t->negated;
    }
    return holds ? HG_MATCH_YES : HG_MATCH_NO;
}

enum hg_match hg_condition_holds(const struct hg_condition *c, const struct hg_rules_run *run,
                                 struct hg_captures *captures, enum hg_rule_fail *fail)
{
    struct hg_look l = {.run = run, .captures = captures, .fail = HG_RULE_FAIL_NONE};
    enum hg_match m = HG_MATCH_YES;

    if (captures != NULL)
        memset(captures, 0, sizeof(*captures));
    if (c == NULL)
        return HG_MATCH_YES;
    HG_ASSERT(run->request != NULL && !c->acl);
    l.capturing = c->capturing;
    if (c->n > 0)
        m = ask_parts(&l, &c->any[0]);
    if (m == HG_MATCH_YES && c->if_.n > 0)
        m = hg_look_expression(&l, &c->if_);
    if (m == HG_MATCH_YES && c->unless.n > 0) {
        m = hg_look_expression(&l, &c->unless);
        if (m != HG_MATCH_ERROR)
            m = m == HG_MATCH_YES ? HG_MATCH_NO : HG_MATCH_YES;
    }
    HG_ASSERT((m == HG_MATCH_ERROR) == (l.fail != HG_RULE_FAIL_NONE));
    *fail = l.fail;
    return m;
}
