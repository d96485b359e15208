/* SPDX-License-Identifier: MIT
 *
 * Where figures that are known late go to whoever counts them.
 */
#include "internal.h"

#include "observe/traffic.h"

#define SAME(id) _Static_assert((int)HG_TAP_##id == (int)HG_TOKENS_##id, #id)
SAME(INPUT);
SAME(OUTPUT);
SAME(CACHE_READ);
SAME(CACHE_WRITE);
SAME(REASONING);
_Static_assert((int)HG_TAP_INPUT == (int)HG_TOKEN_INPUT && (int)HG_TAP_OUTPUT == (int)HG_TOKEN_OUTPUT &&
                   (int)HG_TAP_CACHE_READ == (int)HG_TOKEN_CACHE_READ &&
                   (int)HG_TAP_CACHE_WRITE == (int)HG_TOKEN_CACHE_WRITE &&
                   (int)HG_TAP_REASONING == (int)HG_TOKEN_REASONING &&
                   (int)HG_TAP_COUNTS == (int)HG_TOKEN_KIND_COUNT,
               "guards");

/* Figures are an upstream's word: all that they may do is fill a limit up. */
static uint64_t told(const struct hg_exchange *x)
{
    uint64_t sum;
    bool over = __builtin_add_overflow(x->usage.told[HG_TAP_INPUT], x->usage.told[HG_TAP_OUTPUT], &sum);

    return over ? UINT64_MAX : sum;
}

/* Is this what it came to? Of an answer that broke off only the least is known, so that what is left of its
 * estimate stays: a client that leaves before the last figures would pay for the first ones only. A WebSocket
 * always ends so: behind its last figures something may have been under way. */
static bool final(const struct hg_exchange *x, const struct hg_usage_more *more)
{
    return more->last && !x->upgraded && hg_usage_partial(more->record) == NULL;
}

void hg_exchange_usage_settled(struct hg_exchange *x, const struct hg_usage_more *more)
{
    HG_ASSERT(x->magic == HG_EXCHANGE_MAGIC && more->record != NULL);
    for (int i = 0; i < HG_TAP_COUNTS && x->traffic != NULL; i++)
        if (more->tokens[i] != 0)
            hg_traffic_tokens(x->traffic, x->session->relay->thread, (enum hg_tokens)i, more->tokens[i]);
    /* What was estimated stays when no figure came. */
    if (hg_usage_counted(&more->record->found) || !more->last)
        hg_limits_tokens(x, told(x), final(x, more));
    if (hg_usage_counted(&more->record->found) || !more->last)
        hg_guards_tokens(&x->guards, x->session->relay->scratch, more->tokens, more->model, final(x, more));
    /* An answer that is under way is not cut; behind each message of a WebSocket the next one is another. */
    if (x->upgraded && !more->last && x->cut == NULL)
        x->cut = hg_guards_over(&x->guards);
}
