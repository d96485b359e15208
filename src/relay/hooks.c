/* SPDX-License-Identifier: MIT
 *
 * What rules say while they run, for the log: the log action, and answers that
 * were not given because they are only observed.
 */
#include "internal.h"

/* False: nobody would read it. */
static bool begin(const struct hg_exchange *x, struct hg_json *j, char *line, enum hg_log_level level,
                  const char *event, const char *where)
{
    if (!hg_log_on(x->session->relay->log, level))
        return false;
    hg_log_begin(j, line, level, event);
    hg_json_str(j, "request_id", x->route.vars.request_id);
    hg_json_str(j, "frontend", hg_slice_str(x->session->frontend->name));
    if (x->route.backend != NULL)
        hg_json_str(j, "backend", hg_slice_str(x->route.backend->name));
    hg_json_str(j, "where", hg_slice_str(where));
    return true;
}

static void logged(void *ctx, const char *where, struct hg_slice text)
{
    const struct hg_exchange *x = ctx;
    char line[HG_LOG_LINE_MAX];
    struct hg_json j;

    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC && text.n <= HG_LIMIT_RULE_LOG);
    if (!begin(x, &j, line, HG_LOG_INFO, "rule_log", where))
        return;
    hg_json_str(&j, "text", text);
    hg_log_emit(x->session->relay->log, &j);
}

static void observed(void *ctx, const char *where, const char *action, unsigned status)
{
    const struct hg_exchange *x = ctx;
    char line[HG_LOG_LINE_MAX];
    struct hg_json j;

    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC);
    if (!begin(x, &j, line, HG_LOG_WARN, "would_deny", where))
        return;
    hg_json_str(&j, "action", hg_slice_str(action));
    hg_json_u64(&j, "status", status);
    hg_json_peer(&j, "method", x->log_method);
    hg_json_peer(&j, "path", x->log_path);
    hg_log_emit(x->session->relay->log, &j);
}

void hg_hooks_set(struct hg_exchange *x)
{
    x->hooks = (struct hg_rule_hooks){.ctx = x, .log = logged, .observed = observed};
    x->route.hooks = &x->hooks;
}
