/* SPDX-License-Identifier: MIT
 *
 * The table of answers.
 */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/unit.h"

#define CHAT                                                         \
    "input = usage.prompt_tokens; output = usage.completion_tokens;" \
    "cache-read = usage.prompt_tokens_details.cached_tokens;"        \
    "reasoning = usage.completion_tokens_details.reasoning_tokens; model = model"
#define RESPONSES                                                        \
    "sum; input = response.usage.input_tokens usage.input_tokens;"       \
    "output = response.usage.output_tokens usage.output_tokens;"         \
    "cache-read = response.usage.input_tokens_details.cached_tokens "    \
    "usage.input_tokens_details.cached_tokens;"                          \
    "reasoning = response.usage.output_tokens_details.reasoning_tokens " \
    "usage.output_tokens_details.reasoning_tokens; model = response.model model"
#define ANTHROPIC                                                                                \
    "input = usage.input_tokens message.usage.input_tokens;"                                     \
    "output = usage.output_tokens message.usage.output_tokens;"                                  \
    "cache-read = usage.cache_read_input_tokens message.usage.cache_read_input_tokens;"          \
    "cache-write = usage.cache_creation_input_tokens message.usage.cache_creation_input_tokens;" \
    "model = message.model model"
#define GEMINI                                                                                    \
    "input = usageMetadata.promptTokenCount *.usageMetadata.promptTokenCount;"                    \
    "output = usageMetadata.candidatesTokenCount *.usageMetadata.candidatesTokenCount;"           \
    "cache-read = usageMetadata.cachedContentTokenCount *.usageMetadata.cachedContentTokenCount;" \
    "reasoning = usageMetadata.thoughtsTokenCount *.usageMetadata.thoughtsTokenCount;"            \
    "model = modelVersion *.modelVersion"

#define BIT(field) (1u << (field))
#define COMMON (BIT(HG_TAP_INPUT) | BIT(HG_TAP_OUTPUT) | BIT(HG_TAP_CACHE_READ))
#define THINKS (COMMON | BIT(HG_TAP_REASONING))
#define WRITES (COMMON | BIT(HG_TAP_CACHE_WRITE))

static const char json[] = "application/json", sse[] = "text/event-stream; charset=utf-8";

const struct usage_case usage_cases[] = {
    {"openai-chat.json", json, CHAT, {2061, 319, 1920, 0, 192}, THINKS, "gpt-5.1-2025-11-13"},
    {"openai-chat.sse", sse, CHAT, {2061, 319, 1920, 0, 192}, THINKS, "gpt-5.1-2025-11-13"},
    {"openai-responses.json", json, RESPONSES, {1187, 423, 1024, 0, 384}, THINKS, "gpt-5.1-codex"},
    {"openai-responses.sse", sse, RESPONSES, {1187, 423, 1024, 0, 384}, THINKS, "gpt-5.1-codex"},
    {"openai-responses.ws", NULL, RESPONSES, {1187, 423, 1024, 0, 384}, THINKS, "gpt-5.1-codex"},
    {"anthropic.json", json, ANTHROPIC, {2095, 503, 18144, 248, 0}, WRITES, "claude-sonnet-4-5-20250929"},
    {"anthropic.sse", sse, ANTHROPIC, {2095, 503, 18144, 248, 0}, WRITES, "claude-sonnet-4-5-20250929"},
    {"gemini.json", json, GEMINI, {1544, 389, 1024, 0, 844}, THINKS, "gemini-2.5-flash"},
    {"gemini.sse", sse, GEMINI, {1544, 389, 1024, 0, 844}, THINKS, "gemini-2.5-flash"},
    {"gemini-array.json", json, GEMINI, {1544, 389, 1024, 0, 844}, THINKS, "gemini-2.5-flash"},
    {"vertex.json", json, GEMINI, {1544, 389, 1024, 0, 844}, THINKS, "gemini-2.5-flash"},
    {"vertex.sse", sse, GEMINI, {1544, 389, 1024, 0, 844}, THINKS, "gemini-2.5-flash"},
};
const size_t usage_cases_n = sizeof(usage_cases) / sizeof(*usage_cases);

#define FILE_MAX_BYTES (64u * 1024u)

struct hg_slice usage_read(const char *file)
{
    static const char source[] = __FILE__;
    char path[1024];
    FILE *f;
    char *out = malloc(FILE_MAX_BYTES);
    size_t n;

    (void)snprintf(path, sizeof(path), "%.*s/data/%s", (int)(strrchr(source, '/') - source), source, file);
    f = fopen(path, "rb");
    if (!HG_CHECK(out != NULL && f != NULL)) {
        free(out);
        return hg_slice(NULL, 0);
    }
    n = fread(out, 1, FILE_MAX_BYTES, f);
    HG_CHECK(n > 0 && n < FILE_MAX_BYTES);
    (void)fclose(f);
    return hg_slice(out, n);
}

static void add_field(struct hg_tap_rules *rules, struct hg_slice name, struct hg_slice paths)
{
    enum hg_tap_field field = HG_TAP_INPUT;
    size_t offset;

    while (field < HG_TAP_FIELDS && !hg_slice_eq(name, hg_slice_str(hg_tap_field_name(field))))
        field++;
    HG_NEED(field < HG_TAP_FIELDS);
    while (paths.n > 0) {
        ptrdiff_t space = hg_slice_find(paths, ' ');
        size_t n = space < 0 ? paths.n : (size_t)space;
        const char *why = hg_tap_rules_add(rules, field, hg_slice(paths.p, n), &offset);
        HG_CHECK_STR(why != NULL ? why : "fine", "fine");
        paths = hg_slice_from(paths, n + 1);
    }
}

struct hg_tap_rules *usage_rules(const char *text)
{
    struct hg_slice rest = hg_slice_str(text);
    struct hg_tap_rules *rules = hg_tap_rules_new(hg_slice_starts(rest, HG_LIT("sum;")));

    while (HG_CHECK(rules != NULL) && rest.n > 0) {
        ptrdiff_t semicolon = hg_slice_find(rest, ';');
        struct hg_slice part = hg_slice(rest.p, semicolon < 0 ? rest.n : (size_t)semicolon);
        ptrdiff_t equals = hg_slice_find(part, '=');
        if (equals > 0)
            add_field(rules, hg_slice_trim(hg_slice(part.p, (size_t)equals)),
                      hg_slice_trim(hg_slice_from(part, (size_t)equals + 1)));
        rest = hg_slice_from(rest, part.n + 1);
    }
    return rules;
}

void usage_check(const struct usage_case *c, const struct hg_tap *tap)
{
    struct hg_tap_usage usage;

    hg_tap_usage(tap, &usage);
    HG_CHECK_STR(hg_tap_why_word(usage.why), "");
    HG_CHECK_U64(usage.state, HG_TAP_MEASURED);
    HG_CHECK_U64(usage.found, c->found | BIT(HG_TAP_MODEL));
    for (unsigned i = 0; i < HG_TAP_COUNTS; i++)
        HG_CHECK_U64(usage.tokens[i], c->tokens[i]);
    HG_CHECK_SLICE(usage.model, c->model);
    HG_CHECK_U64(usage.bad, 0);
}
