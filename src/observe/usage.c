/* SPDX-License-Identifier: MIT
 *
 * The usage of an answer in the words of logs.
 */
#include "observe/usage.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

#define COUNTS ((1u << HG_TAP_COUNTS) - 1)

bool hg_usage_counted(const struct hg_tap_usage *found)
{
    return (found->found & COUNTS) != 0;
}

const char *hg_usage_partial(const struct hg_usage_record *r)
{
    if (!hg_usage_counted(&r->found))
        return NULL;
    if (r->broken != NULL)
        return r->broken;
    return r->found.state == HG_TAP_NOT_MEASURED ? hg_tap_why_word(r->found.why) : NULL;
}

/* The word for the log; word holds HG_USAGE_WORD bytes. */
static struct hg_slice usage_word(const struct hg_usage_record *r, char *word)
{
    const char *why = r->found.state == HG_TAP_NOTHING ? "no_figures" : hg_tap_why_word(r->found.why);

    if (hg_usage_counted(&r->found))
        return hg_slice_str(hg_usage_partial(r) != NULL ? "partial" : "measured");
    snprintf(word, HG_USAGE_WORD, "not_measured:%s", r->broken != NULL ? r->broken : why);
    return hg_slice_str(word);
}

static void put_model(struct hg_json *j, const struct hg_usage_record *r)
{
    hg_json_str(j, "model", r->found.model.n != 0 ? r->found.model : HG_LIT("unknown"));
}

static void put_tokens(struct hg_json *j, const struct hg_usage_record *r)
{
    hg_json_u64(j, "input_tokens", r->found.tokens[HG_TAP_INPUT]);
    hg_json_u64(j, "output_tokens", r->found.tokens[HG_TAP_OUTPUT]);
    hg_json_u64(j, "cache_read_tokens", r->found.tokens[HG_TAP_CACHE_READ]);
    hg_json_u64(j, "cache_write_tokens", r->found.tokens[HG_TAP_CACHE_WRITE]);
}

static void put_transport(struct hg_json *j, const struct hg_usage_record *r)
{
    const char *why = hg_usage_partial(r);

    if (r->websocket)
        hg_json_str(j, "transport", HG_LIT("websocket"));
    if (why == NULL)
        return;
    hg_json_bool(j, "partial", true);
    hg_json_str(j, "partial_reason", hg_slice_str(why));
}

static void token_values(struct hg_event *e, const struct hg_usage_record *r)
{
    static const enum hg_event_value values[HG_TAP_COUNTS] = {
        [HG_TAP_INPUT] = HG_EV_INPUT_TOKENS,           [HG_TAP_OUTPUT] = HG_EV_OUTPUT_TOKENS,
        [HG_TAP_CACHE_READ] = HG_EV_CACHE_READ_TOKENS, [HG_TAP_CACHE_WRITE] = HG_EV_CACHE_WRITE_TOKENS,
        [HG_TAP_REASONING] = HG_EV_REASONING_TOKENS,
    };

    for (int i = 0; i < HG_TAP_COUNTS; i++)
        hg_event_number(e, values[i], r->found.tokens[i]);
}

void hg_usage_access_values(struct hg_event *e, const struct hg_usage_record *r, char word[HG_USAGE_WORD])
{
    hg_event_text(e, HG_EV_USAGE, usage_word(r, word));
    if (r->found.model.n != 0)
        hg_event_text(e, HG_EV_MODEL, r->found.model);
    if (hg_usage_counted(&r->found))
        token_values(e, r);
}

void hg_usage_event_values(struct hg_event *e, const struct hg_usage_record *r)
{
    hg_event_text(e, HG_EV_MODEL, r->found.model.n != 0 ? r->found.model : HG_LIT("unknown"));
    token_values(e, r);
    hg_event_truth(e, HG_EV_STREAMING, r->streaming);
    if (r->websocket)
        hg_event_word(e, HG_EV_TRANSPORT, "websocket");
    if (hg_usage_partial(r) == NULL)
        return;
    hg_event_truth(e, HG_EV_PARTIAL, true);
    hg_event_word(e, HG_EV_PARTIAL_REASON, hg_usage_partial(r));
}

bool hg_usage_has_line(const struct hg_usage_record *r)
{
    return hg_usage_counted(&r->found) && (r->status == 101 || (r->status >= 200 && r->status < 300));
}

struct hg_slice hg_usage_line(const struct hg_usage_record *r, uint64_t wall, char out[HG_USAGE_LINE_MAX + 1])
{
    char when[HG_TEXT_TIME_LEN];
    struct hg_json j;

    HG_ASSERT(hg_usage_has_line(r));
    hg_text_time(wall, when);
    hg_json_begin(&j, out, HG_USAGE_LINE_MAX + 1);
    hg_json_str(&j, "timestamp", hg_slice_str(when));
    hg_json_str(&j, "request_id", r->request_id);
    hg_json_str(&j, "provider", r->provider);
    put_model(&j, r);
    hg_json_peer(&j, "path", r->path);
    hg_json_u64(&j, "status", r->status);
    hg_json_bool(&j, "streaming", r->streaming);
    put_tokens(&j, r);
    hg_json_u64(&j, "duration_ms", (r->duration_us + 500) / 1000);
    hg_json_u64(&j, "response_bytes", r->response_bytes);
    hg_json_u64(&j, "reasoning_tokens", r->found.tokens[HG_TAP_REASONING]);
    if (r->backend.n != 0)
        hg_json_str(&j, "backend", r->backend);
    put_transport(&j, r);
    return hg_json_end(&j);
}
