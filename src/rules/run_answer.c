/* SPDX-License-Identifier: MIT
 *
 * Actions that answer a request, or say that they would.
 */
#include "base/check.h"
#include "base/limits.h"
#include "run.h"

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

enum hg_verdict hg_run_answer(struct hg_runner *r, const struct hg_action *a)
{
    struct hg_outcome *out = r->out;
    enum hg_verdict v;

    HG_ASSERT(a->status >= 200 && a->status <= 599);
    if (a->observe)
        return observe(r, a);
    out->where = a->where;
    out->denied = a->kind == HG_ACTION_DENY;
    out->status = a->status;
    hg_run_note(r, "status %u", a->status);
    v = answer_headers(r, a);
    if (v != HG_VERDICT_PASS)
        return v;
    if (a->body == NULL) {
        out->body = out->denied ? hg_slice(NULL, 0) : HG_LIT("");
        return HG_VERDICT_REPLY;
    }
    v = hg_run_expand(r, a, a->body, &out->body);
    if (v != HG_VERDICT_PASS)
        return v;
    if (out->body.n > HG_LIMIT_ECHO)
        return hg_run_fail(r, a->where, HG_RULE_FAIL_MEMORY, "");
    return HG_VERDICT_REPLY;
}
