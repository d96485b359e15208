/* SPDX-License-Identifier: MIT
 *
 * Writes the access log's lines.
 */
#include "observe/access.h"

#include "base/check.h"

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

static void optional(struct hg_json *j, const char *key, const char *text)
{
    if (text != NULL && *text != '\0')
        hg_json_str(j, key, hg_slice_str(text));
}

static void outcome_fields(struct hg_json *j, const struct hg_access *a)
{
    hg_json_u64(j, "status", a->status);
    hg_json_str(j, "close", hg_slice_str(hg_close_word(a->close)));
    optional(j, "error", a->error);
    optional(j, "error_detail", a->error_detail);
    optional(j, "rule", a->where);
    hg_json_u64(j, "bytes_in", a->bytes_in);
    hg_json_u64(j, "bytes_out", a->bytes_out);
    if (a->queue_us != 0)
        hg_json_ms(j, "queue_ms", a->queue_us);
    hg_json_ms(j, "connect_ms", a->connect_us);
    hg_json_ms(j, "first_byte_ms", a->first_byte_us);
    hg_json_ms(j, "total_ms", a->total_us);
}

void hg_access_log(struct hg_log *log, const struct hg_access *a)
{
    char line[HG_LOG_LINE_MAX];
    struct hg_json j;

    HG_ASSERT((size_t)a->close < sizeof(closes) / sizeof(closes[0]));
    if (!hg_log_on(log, closes[a->close].level))
        return;
    hg_log_begin(&j, line, closes[a->close].level, "request_complete");
    hg_json_str(&j, "request_id", a->request_id);
    hg_json_str(&j, "frontend", a->frontend);
    if (a->backend.n != 0)
        hg_json_str(&j, "backend", a->backend);
    if (a->server.n != 0)
        hg_json_str(&j, "server", a->server);
    hg_json_peer(&j, "method", a->method);
    hg_json_peer(&j, "path", a->path);
    if (a->has_query)
        hg_json_bool(&j, "query", true);
    outcome_fields(&j, a);
    optional(&j, "connection", a->connection);
    optional(&j, "tls", a->tls);
    if (a->upstream.n != 0)
        hg_json_str(&j, "upstream", a->upstream);
    if (a->upstream_request_id.n != 0)
        hg_json_peer(&j, "upstream_request_id", a->upstream_request_id);
    if (a->retries != 0)
        hg_json_u64(&j, "retries", a->retries);
    if (a->upgraded)
        hg_json_bool(&j, "upgraded", true);
    hg_json_str(&j, "client", a->client);
    if (a->hop.n != 0)
        hg_json_str(&j, "hop", a->hop);
    hg_log_emit(log, &j);
}
