/* SPDX-License-Identifier: MIT
 *
 * The variables that are read once. Everything is in place: no allocation, because malloc itself may ask for
 * a variable while it starts.
 */
#ifndef HG_ONE_SHOT_TOKEN_LIST_H
#define HG_ONE_SHOT_TOKEN_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

/* What AWF sets, and what counts when AWF_ONE_SHOT_TOKENS is not set or names nothing. */
#define HG_TOKEN_STANDARD                                                                                    \
    "COPILOT_GITHUB_TOKEN,GITHUB_TOKEN,GH_TOKEN,GITHUB_API_TOKEN,GITHUB_PAT,GH_ACCESS_TOKEN,OPENAI_API_KEY," \
    "OPENAI_KEY,ANTHROPIC_API_KEY,CLAUDE_API_KEY,CODEX_API_KEY,COPILOT_API_KEY,COPILOT_PROVIDER_API_KEY"

enum hg_token_state {
    HG_TOKEN_UNTOUCHED, /* as exec left it */
    HG_TOKEN_TAKEN,     /* its value is ours */
    HG_TOKEN_OWN        /* the program set or removed it itself: it is read like any other */
};

struct hg_token {
    const char *name;  /* in the list's text, not terminated */
    size_t length;     /* of the name */
    const char *value; /* what was taken; for the whole life of the process, since callers keep it */
    enum hg_token_state state;
};

struct hg_token_list {
    struct hg_token token[HG_ONE_SHOT_NAMES];
    size_t count;
    bool cut; /* there were more or longer names than fit */
    char text[HG_ONE_SHOT_TEXT];
};

/* Names separated by commas, blanks around them do not count, nor does what can be no name. `text` may be
 * NULL. The list has a copy. */
void hg_token_list_read(struct hg_token_list *list, const char *text);

/* NULL for every other variable. */
struct hg_token *hg_token_list_find(struct hg_token_list *list, const char *name, size_t length);

#endif
