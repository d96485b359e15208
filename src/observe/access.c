/* SPDX-License-Identifier: MIT
 *
 * Writes the access log's lines.
 */
#include "observe/access.h"

#include "base/check.h"
#include "observe/usage.h"

static const struct {
    const char *word;
    enum hg_log_level level;
} closes[] = {
#define X(id, word, severity) {word, (enum hg_log_level)(HG_LOG_INFO + (severity))},
    HG_CLOSES(X)
#undef X
};

const char *hg_close_word(enum hg_close c)
{
    HG_ASSERT((size_t)c < sizeof(closes) / sizeof(closes[0]));
    return closes[c].word;
}

bool hg_close_is_failure(enum hg_close c)
{
    switch (c) {
    case HG_CLOSE_OK:
    case HG_CLOSE_REFUSED:
    case HG_CLOSE_DENIED:
    case HG_CLOSE_NOT_CONFIGURED:
    case HG_CLOSE_TUNNEL_CLOSED:
        return false;
    default:
        return true;
    }
}

static void optional(struct hg_event *e, enum hg_event_value id, struct hg_slice text)
{
    if (text.n > 0)
        hg_event_text(e, id, text);
}

static void optional_number(struct hg_event *e, enum hg_event_value id, uint64_t n)
{
    if (n > 0)
        hg_event_number(e, id, n);
}

static struct hg_slice header(const void *ctx, struct hg_slice name)
{
    const struct hg_access *a = ctx;
    const struct hg_header *h = a->headers != NULL ? hg_headers_find(a->headers, name) : NULL;

    return h != NULL ? h->value : hg_slice(NULL, 0);
}

static void owner_values(struct hg_event *e, const struct hg_access *a)
{
    hg_event_text(e, HG_EV_REQUEST_ID, a->request_id);
    hg_event_text(e, HG_EV_FRONTEND, a->frontend);
    optional(e, HG_EV_BACKEND, a->backend);
    e->ctx = a;
    e->header = header;
}

static void request_values(struct hg_event *e, const struct hg_access *a)
{
    optional(e, HG_EV_SERVER, a->server);
    hg_event_text(e, HG_EV_METHOD, a->method);
    hg_event_text(e, HG_EV_PATH, a->path);
    if (a->has_query)
        hg_event_truth(e, HG_EV_QUERY, true);
    if (a->method.n > 0)
        hg_event_word(e, HG_EV_PROTOCOL, a->minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
}

static const char *failure_of(const struct hg_access *a)
{
    if (a->error_detail != NULL && a->error_detail[0] != '\0')
        return a->error_detail;
    if (a->error != NULL)
        return a->error;
    return hg_close_is_failure(a->close) ? hg_close_word(a->close) : NULL;
}

static void outcome_values(struct hg_event *e, const struct hg_access *a)
{
    hg_event_number(e, HG_EV_STATUS, a->status);
    hg_event_word(e, HG_EV_CLOSE, hg_close_word(a->close));
    hg_event_word(e, HG_EV_ERROR, a->error);
    hg_event_word(e, HG_EV_ERROR_DETAIL, a->error_detail);
    hg_event_word(e, HG_EV_FAILURE, failure_of(a));
    hg_event_word(e, HG_EV_RULE, a->where);
    hg_event_number(e, HG_EV_BYTES_IN, a->bytes_in);
    hg_event_number(e, HG_EV_BYTES_OUT, a->bytes_out);
    optional_number(e, HG_EV_QUEUE_MS, a->queue_us);
    hg_event_number(e, HG_EV_CONNECT_MS, a->connect_us);
    hg_event_number(e, HG_EV_FIRST_BYTE_MS, a->first_byte_us);
    hg_event_number(e, HG_EV_TOTAL_MS, a->total_us);
}

static void upstream_values(struct hg_event *e, const struct hg_access *a)
{
    hg_event_word(e, HG_EV_CONNECTION, a->connection);
    hg_event_word(e, HG_EV_TLS, a->tls);
    optional(e, HG_EV_UPSTREAM, a->upstream);
    optional(e, HG_EV_UPSTREAM_REQUEST_ID, a->upstream_request_id);
    optional_number(e, HG_EV_RETRIES, a->retries);
    if (a->upgraded)
        hg_event_truth(e, HG_EV_UPGRADED, true);
    hg_event_text(e, HG_EV_CLIENT, a->client);
    optional(e, HG_EV_HOP, a->hop);
}

static enum hg_event_id end_event(const struct hg_access *a)
{
    if (a->upgraded)
        return HG_EVENT_UPGRADE_COMPLETE;
    if (a->wants_upgrade)
        return HG_EVENT_UPGRADE_ERROR;
    return hg_close_is_failure(a->close) ? HG_EVENT_REQUEST_ERROR : HG_EVENT_REQUEST_COMPLETE;
}

void hg_access_log(struct hg_log *log, const struct hg_log_use *use, const struct hg_access *a)
{
    enum hg_event_id id = end_event(a);
    char word[HG_USAGE_WORD];
    struct hg_event e;

    HG_ASSERT((size_t)a->close < sizeof(closes) / sizeof(closes[0]));
    if (!hg_log_wants(log, use, id, closes[a->close].level))
        return;
    hg_event_begin(&e, id, closes[a->close].level);
    owner_values(&e, a);
    request_values(&e, a);
    outcome_values(&e, a);
    upstream_values(&e, a);
    if (a->usage != NULL)
        hg_usage_access_values(&e, a->usage, word);
    hg_log_put(log, use, &e);
}

bool hg_access_event(const struct hg_log *log, const struct hg_log_use *use, const struct hg_access *a,
                     enum hg_event_id id, enum hg_log_level level, struct hg_event *e)
{
    if (!hg_log_wants(log, use, id, level))
        return false;
    hg_event_begin(e, id, level);
    owner_values(e, a);
    e->aside = true;
    request_values(e, a);
    upstream_values(e, a);
    e->aside = false;
    return true;
}
