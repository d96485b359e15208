/* SPDX-License-Identifier: MIT
 *
 * What a tap costs for each event that passes, in CPU time, so that it may be
 * asked on a busy machine too. Fails when that is more than 3 microseconds and
 * HDRGATE_TEST_FIGURES is set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "usage/tap.h"

#define MOST_NS 3000u
#define RUNS 7u /* the fastest counts: what others did on the machine is not ours */

static const char chat[] = "data: "
                           "{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion."
                           "chunk\",\"created\":1741570283,"
                           "\"model\":\"gpt-5.1-2025-11-13\",\"service_tier\":\"default\",\"system_"
                           "fingerprint\":\"fp_44709d6fcb\",\"choices\":["
                           "{\"index\":0,\"delta\":{\"content\":\" "
                           "together\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,"
                           "\"obfuscation\":\"6Dgj3Kqw\"}\n\n";
static const char delta[] =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
    "\"type\":\"text_delta\",\"text\":\" together\"}}\n\n";
static const char last[] =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
    "\"stop_sequence\":null},\"usage\":{\"input_tokens\":2095,\"cache_creation_input_tokens\":248,"
    "\"cache_read_input_tokens\":18144,\"output_tokens\":503}}\n\n";

/* As rules/usage has them for both, together: more paths than either needs. */
static const struct {
    enum hg_tap_field field;
    const char *path;
} paths[] = {
    {HG_TAP_INPUT, "usage.prompt_tokens"},
    {HG_TAP_INPUT, "usage.input_tokens"},
    {HG_TAP_INPUT, "message.usage.input_tokens"},
    {HG_TAP_INPUT, "response.usage.input_tokens"},
    {HG_TAP_OUTPUT, "usage.completion_tokens"},
    {HG_TAP_OUTPUT, "usage.output_tokens"},
    {HG_TAP_OUTPUT, "message.usage.output_tokens"},
    {HG_TAP_OUTPUT, "response.usage.output_tokens"},
    {HG_TAP_CACHE_READ, "usage.prompt_tokens_details.cached_tokens"},
    {HG_TAP_CACHE_READ, "usage.cache_read_input_tokens"},
    {HG_TAP_CACHE_READ, "message.usage.cache_read_input_tokens"},
    {HG_TAP_CACHE_WRITE, "usage.cache_creation_input_tokens"},
    {HG_TAP_CACHE_WRITE, "message.usage.cache_creation_input_tokens"},
    {HG_TAP_REASONING, "usage.completion_tokens_details.reasoning_tokens"},
    {HG_TAP_REASONING, "response.usage.output_tokens_details.reasoning_tokens"},
    {HG_TAP_MODEL, "model"},
    {HG_TAP_MODEL, "message.model"},
    {HG_TAP_MODEL, "response.model"},
};

static uint64_t cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Nanoseconds an event; 0: it was not measured as it should. */
static uint64_t one_run(const struct hg_tap_rules *rules, struct hg_slice event, unsigned events)
{
    const struct hg_tap_head head = {.status = 200, .content_type = HG_LIT("text/event-stream")};
    struct hg_tap *tap = hg_tap_new(rules, &head, 0);
    struct hg_tap_usage usage = {0};
    uint64_t begun, took;

    if (tap == NULL)
        return 0;
    begun = cpu_ns();
    for (unsigned i = 0; i < events; i++)
        hg_tap_feed(tap, event);
    took = cpu_ns() - begun;
    hg_tap_end(tap, true);
    hg_tap_usage(tap, &usage);
    hg_tap_free(tap);
    return usage.documents == events && usage.bad == 0 ? took / events : 0;
}

static bool figure(const struct hg_tap_rules *rules, const char *what, struct hg_slice event, unsigned events,
                   bool held)
{
    uint64_t best = UINT64_MAX;

    for (unsigned i = 0; i < RUNS; i++) {
        uint64_t ns = one_run(rules, event, events);
        best = ns < best ? ns : best;
    }
    printf("%s: %zu bytes, %u ns an event\n", what, event.n, (unsigned)best);
    return best > 0 && (!held || best <= MOST_NS);
}

int main(void)
{
    bool held = getenv("HDRGATE_TEST_FIGURES") != NULL, fine = true;
    unsigned events = held ? 100000 : 1000;
    struct hg_tap_rules *rules = hg_tap_rules_new(false);
    size_t offset;

    if (rules == NULL)
        return 1;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        fine = hg_tap_rules_add(rules, paths[i].field, hg_slice_str(paths[i].path), &offset) == NULL && fine;
    fine = figure(rules, "OpenAI chat chunk", HG_LIT(chat), events, held) && fine;
    fine = figure(rules, "Anthropic delta", HG_LIT(delta), events, held) && fine;
    fine = figure(rules, "Anthropic message_delta with usage", HG_LIT(last), events, held) && fine;
    hg_tap_rules_free(rules);
    if (!fine)
        printf("more than %u ns, or not measured\n", MOST_NS);
    return fine ? 0 : 1;
}
