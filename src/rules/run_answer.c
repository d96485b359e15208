/* SPDX-License-Identifier: MIT
 *
 * Actions that answer a request, say that they would, or only speak.
 */
#include "base/check.h"
#include "base/limits.h"
#include "http/target.h"
#include "run.h"
#include "segment.h"

static enum hg_verdict answer_headers(struct hg_runner *r, const struct hg_action *a)
{
    for (size_t i = 0; i < a->headers; i++) {
        struct hg_slice value;
        enum hg_verdict v = hg_run_value(r, a, a->header[i].value, a->header[i].name, &value);

        if (v != HG_VERDICT_PASS)
            return v;
        if (!hg_headers_add(&r->out->headers, hg_slice_str(a->header[i].name), value))
            return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    }
    return HG_VERDICT_PASS;
}

static enum hg_verdict observe(struct hg_runner *r, const struct hg_action *a)
{
    const struct hg_rule_hooks *hooks = r->run->hooks;

    r->observed = true;
    hg_run_note(r, "would have answered with status %u", a->status);
    if (hooks != NULL && hooks->observed != NULL)
        hooks->observed(hooks->ctx, a->where, hg_action_name(a->kind), a->status);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_own_answer(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_outcome *out = r->out;
    enum hg_verdict v = answer_headers(r, a);

    HG_ASSERT(a->status >= 200 && a->status <= 599);
    out->where = a->where;
    out->status = a->status;
    out->body = hg_slice(NULL, 0);
    if (v != HG_VERDICT_PASS)
        return v;
    if (a->body == NULL)
        return HG_VERDICT_REPLY;
    v = hg_run_expand(r, a, a->body, &out->body);
    if (v != HG_VERDICT_PASS)
        return v;
    if (hg_template_shows(a->body, &r->vars))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_SHOWS, "body");
    if (out->body.n > HG_LIMIT_ECHO)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    return HG_VERDICT_REPLY;
}

enum hg_verdict hg_run_answer(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_outcome *out = r->out;
    enum hg_verdict v;

    if (a->observe)
        return observe(r, a);
    hg_run_note(r, "status %u", a->status);
    v = hg_run_own_answer(r, a);
    out->denied = a->kind == HG_ACTION_DENY;
    if (v == HG_VERDICT_REPLY && !out->denied && out->body.p == NULL)
        out->body = HG_LIT("");
    return v;
}

/* A path, or a URL whose host is the one that is written, or the one that the client asked for. */
static bool leads_well(const struct hg_runner *r, const struct hg_action *a, struct hg_slice to)
{
    const struct hg_request *q = r->run->arrived != NULL ? r->run->arrived : r->run->request;
    struct hg_slice authority;
    bool tls;

    for (size_t i = 0; i < to.n; i++)
        if ((unsigned char)to.p[i] <= ' ' || (unsigned char)to.p[i] >= 127 || to.p[i] == '\\')
            return false;
    if (a->origin_n > 0)
        return to.n == a->origin_n || (to.n > a->origin_n && strchr("/?#", to.p[a->origin_n]) != NULL);
    if (to.n > 0 && to.p[0] == '/')
        return to.n == 1 || to.p[1] != '/';
    return hg_url_origin(to, &tls, &authority) > 0 && hg_authority_ok(authority) &&
           hg_slice_ieq(hg_template_host(authority), hg_template_host(q->authority));
}

enum hg_verdict hg_run_redirect(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_slice to;
    enum hg_verdict v;

    if (a->observe)
        return observe(r, a);
    v = hg_run_value(r, a, a->value, "Location", &to);
    if (v != HG_VERDICT_PASS)
        return v;
    if (!leads_well(r, a, to))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_LOCATION, "");
    if (!hg_headers_add(&r->out->headers, HG_LIT("Location"), to))
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    hg_run_note(r, "status %u, Location: %.*s", a->status, HG_FMT(to));
    r->out->where = a->where;
    r->out->status = a->status;
    r->out->body = HG_LIT("");
    return HG_VERDICT_REPLY;
}

/* Whoever has the facts writes it. */
enum hg_verdict hg_run_serve(struct hg_runner *r, const struct hg_action *a)
{
    hg_run_note(r, "%s%s", hg_serve_word(a->serve->what),
                a->serve->form == HG_SERVE_AWF ? ", in AWF's form" : "");
    r->out->where = a->where;
    r->out->serve = a->serve;
    return HG_VERDICT_REPLY;
}

/* What has no body by its status stays so: another one would promise a body that never comes. */
enum hg_verdict hg_run_set_status(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_response *p = r->run->response;

    HG_ASSERT(p != NULL && a->status >= 200);
    if (p->status < 200 || p->status == 204 || p->status == 205 || p->status == 304) {
        hg_run_note(r, "an answer with status %u has no body, and keeps it", p->status);
        return HG_VERDICT_PASS;
    }
    if (p->status == a->status)
        return HG_VERDICT_PASS;
    hg_run_did(r, "status %u instead of %u", a->status, p->status);
    p->status = a->status;
    p->reason = hg_slice("", 0);
    return HG_VERDICT_PASS;
}

/* How many bytes of control character (also the two of UTF-8's C1 ones) are at p. */
static size_t control_len(const unsigned char *p, size_t n)
{
    if (p[0] < 0x20 || p[0] == 0x7f)
        return 1;
    return n >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

/* One line of at most cap bytes; what is longer ends in "...", not within a character. */
static struct hg_slice clean(struct hg_slice s, char *out, size_t cap)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        size_t control = control_len(p + i, s.n - i);

        if (n == cap) {
            for (n = cap - 3; n > 0 && ((unsigned char)out[n] & 0xc0) == 0x80;)
                n--;
            for (size_t dots = 0; dots < 3; dots++)
                out[n++] = '.';
            return hg_slice(out, n);
        }
        out[n++] = control > 0 ? ' ' : s.p[i];
        i += control > 1 ? control - 1 : 0;
    }
    HG_ASSERT(n <= cap);
    return hg_slice(out, n);
}

enum hg_verdict hg_run_log(struct hg_runner *r, const struct hg_action *a)
{
    const struct hg_rule_hooks *hooks = r->run->hooks;
    char line[HG_LIMIT_RULE_LOG];
    struct hg_slice text;
    enum hg_verdict v;

    if (hooks == NULL || (hooks->log == NULL && !r->listening))
        return HG_VERDICT_PASS;
    v = hg_run_expand(r, a, a->value, &text);
    if (v != HG_VERDICT_PASS)
        return v;
    if (hg_template_shows(a->value, &r->vars))
        text = HG_LIT("(not shown: there is a credential in it)");
    text = clean(text, line, sizeof(line));
    hg_run_did(r, "%.*s", HG_FMT(text));
    if (hooks->log != NULL)
        hooks->log(hooks->ctx, a->where, text);
    return HG_VERDICT_PASS;
}

enum hg_verdict hg_run_usage(struct hg_runner *r, const struct hg_action *a)
{
    const struct hg_usage **usage = r->run->usage;

    if (usage == NULL || *usage != NULL) {
        hg_run_note(r, "%s: another tap has this answer already", a->name);
        return HG_VERDICT_PASS;
    }
    *usage = a->usage;
    hg_run_did(r, "tap %s reads along", a->name);
    return HG_VERDICT_PASS;
}

/* Only noted: it decides when the request leaves, so that what comes behind it in the list goes first. */
enum hg_verdict hg_run_guard(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_guard_marks *marks = r->run->marks;

    hg_run_did(r, "%s", a->name);
    if (marks == NULL)
        return HG_VERDICT_PASS;
    for (size_t i = 0; i < marks->n; i++) {
        if (marks->v[i].guard != a->guard)
            continue;
        marks->v[i].observe = marks->v[i].observe && a->observe;
        return HG_VERDICT_PASS;
    }
    HG_ASSERT(marks->n < marks->cap);
    marks->v[marks->n++] = (struct hg_guard_mark){a->guard, a->where, a->observe};
    return HG_VERDICT_PASS;
}
