/* SPDX-License-Identifier: MIT
 *
 * What rules say while they run, for the log: the log action, and answers that
 * were not given because they are only observed.
 */
#include "internal.h"

static void logged(void *ctx, const char *where, struct hg_slice text)
{
    struct hg_exchange *x = ctx;
    struct hg_event e;

    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC && text.n <= HG_LIMIT_RULE_LOG);
    if (!hg_say_begin(x, HG_EVENT_RULE_LOG, HG_LOG_INFO, &e))
        return;
    hg_event_word(&e, HG_EV_WHERE, where);
    hg_event_text(&e, HG_EV_TEXT, text);
    hg_say_end(x, &e);
}

static void observed(void *ctx, const char *where, const char *action, unsigned status)
{
    struct hg_exchange *x = ctx;
    struct hg_event e;

    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC);
    if (!hg_say_begin(x, HG_EVENT_WOULD_DENY, HG_LOG_WARN, &e))
        return;
    hg_event_word(&e, HG_EV_WHERE, where);
    hg_event_word(&e, HG_EV_ACTION, action);
    hg_event_number(&e, HG_EV_STATUS, status);
    hg_event_show(&e, HG_EV_METHOD);
    hg_event_show(&e, HG_EV_PATH);
    hg_say_end(x, &e);
}

static void guarded(void *ctx, const struct hg_guard_mark *mark, const struct hg_guard_words *words,
                    unsigned status)
{
    struct hg_exchange *x = ctx;
    struct hg_event e;

    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC && x->traffic != NULL);
    if (!mark->observe)
        hg_traffic_refused(x->traffic, HG_REFUSER_GUARD, mark->guard->name);
    if (!hg_say_begin(x, mark->observe ? HG_EVENT_WOULD_DENY : HG_EVENT_GUARD_DENIED, HG_LOG_WARN, &e))
        return;
    hg_event_word(&e, HG_EV_WHERE, mark->where);
    hg_event_word(&e, HG_EV_ACTION, "guard");
    hg_event_text(&e, HG_EV_GUARD, words->name);
    hg_event_word(&e, HG_EV_GUARD_KIND, hg_guard_kind_name(mark->guard->kind));
    hg_event_text(&e, HG_EV_GUARD_REASON, words->reason);
    if (hg_slice_eq(words->reason, hg_slice_str(hg_model_verdict_word(HG_MODEL_UNKNOWN))))
        hg_event_text(&e, HG_EV_ERROR_DETAIL, words->message); /* nobody finds it out later */
    if (words->count.p != NULL) {
        hg_event_text(&e, HG_EV_GUARD_COUNT, words->count);
        hg_event_text(&e, HG_EV_GUARD_MAX, words->max);
    }
    if (words->model.p != NULL)
        hg_event_text(&e, HG_EV_MODEL, words->model);
    hg_event_number(&e, HG_EV_STATUS, status);
    hg_event_show(&e, HG_EV_METHOD);
    hg_event_show(&e, HG_EV_PATH);
    hg_say_end(x, &e);
}

void hg_hooks_set(struct hg_exchange *x)
{
    x->hooks = (struct hg_rule_hooks){.ctx = x, .log = logged, .observed = observed, .guard = guarded};
    x->route.hooks = &x->hooks;
}
