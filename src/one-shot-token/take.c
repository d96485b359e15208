/* SPDX-License-Identifier: MIT
 *
 * How a token leaves an environment. Only strings that exec put there are overwritten: those of putenv may be
 * constants. A value that the program chose itself is not ours to take.
 */
#include "take.h"

#include <string.h>

struct hg_token_area hg_token_area(char *const *vector, char *end)
{
    struct hg_token_area area = {.low = end, .high = end};
    if (vector == NULL || end == NULL)
        return area;
    /* Arguments and environment are at most this long, and nothing else is that near. */
    char *lowest = end - HG_ONE_SHOT_AREA;
    char *last = NULL;
    for (; *vector != NULL; vector++) {
        char *string = *vector;
        if (string < lowest || string >= end)
            continue;
        if (string < area.low)
            area.low = string;
        if (string >= last)
            last = string;
    }
    if (last != NULL)
        area.high = last + strlen(last) + 1;
    return area;
}

static bool names(const char *string, const char *name, size_t length)
{
    return strncmp(string, name, length) == 0 && string[length] == '=';
}

char **hg_token_entry(char **vector, const char *name, size_t length)
{
    if (vector == NULL)
        return NULL;
    for (; *vector != NULL; vector++) {
        if (names(*vector, name, length))
            return vector;
    }
    return NULL;
}

static bool inside(const struct hg_token_area *area, const char *string)
{
    return string >= area->low && string < area->high;
}

/* The next string of the area at or behind `at` that is this variable; NULL at the end. */
static char *in_area(const struct hg_token *token, const struct hg_token_area *area, char *at)
{
    while (at < area->high) {
        size_t room = (size_t)(area->high - at);
        if (room > token->length && names(at, token->name, token->length))
            return at;
        at += strnlen(at, room) + 1;
    }
    return NULL;
}

static void wipe(const struct hg_token *token, const struct hg_token_area *area)
{
    for (char *at = area->low; (at = in_area(token, area, at)) != NULL;)
        explicit_bzero(at, strnlen(at, (size_t)(area->high - at)));
}

/* Moves the rest down by one. Each store is whole: another thread may be reading, as with libc's own
 * unsetenv. */
static void take_out(char **at)
{
    do {
        __atomic_store_n(at, at[1], __ATOMIC_RELEASE);
    } while (*at++ != NULL);
}

static const char *value_of(const struct hg_token *token, const char *string)
{
    return string + token->length + 1;
}

/* The inherited value if `string` is it or a copy of it. */
static const char *inherited(const struct hg_token *token, const struct hg_token_area *area,
                             const char *string)
{
    if (inside(area, string))
        return value_of(token, string);
    const char *known = token->value;
    if (known == NULL) {
        const char *original = in_area(token, area, area->low);
        known = original != NULL ? value_of(token, original) : NULL;
    }
    return known != NULL && strcmp(known, value_of(token, string)) == 0 ? known : NULL;
}

static bool keep_value(struct hg_token *token, const char *value, hg_token_keep_fn *keep)
{
    if (token->value == NULL)
        token->value = keep(value, strlen(value));
    return token->value != NULL;
}

/* What was kept. Reading it strictly is the last time. */
static const char *give(struct hg_token *token, bool strict)
{
    if (strict)
        token->state = HG_TOKEN_OWN;
    return token->value;
}

const char *hg_token_read(struct hg_token *token, char **vector, const struct hg_token_area *area,
                          bool strict, hg_token_keep_fn *keep)
{
    char **at = hg_token_entry(vector, token->name, token->length);
    if (token->state == HG_TOKEN_OWN)
        return at != NULL ? value_of(token, *at) : NULL;
    if (at == NULL)
        return token->state == HG_TOKEN_TAKEN ? give(token, strict) : NULL;
    const char *value = inherited(token, area, *at);
    if (value == NULL)
        return value_of(token, *at);
    if (!keep_value(token, value, keep))
        return value_of(token, *at);
    token->state = HG_TOKEN_TAKEN;
    /* All of them: one name may stand there twice, and the first is what counted. */
    while (at != NULL && inherited(token, area, *at) != NULL) {
        take_out(at);
        at = hg_token_entry(vector, token->name, token->length);
    }
    wipe(token, area);
    return give(token, strict);
}
