/* SPDX-License-Identifier: MIT
 *
 * AWF_ONE_SHOT_TOKENS. It is asked for every variable that a program reads, so a name is looked at by its
 * length first.
 */
#include "list.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void add(struct hg_token_list *list, const char *name, size_t length)
{
    while (length > 0 && blank(name[0])) {
        name++;
        length--;
    }
    while (length > 0 && blank(name[length - 1]))
        length--;
    if (length == 0 || memchr(name, '=', length) != NULL)
        return;
    if (list->count == HG_ONE_SHOT_NAMES) {
        list->cut = true;
        return;
    }
    list->token[list->count++] = (struct hg_token){.name = name, .length = length};
}

/* The names in the list's own text. The last one of a text that was cut is half a name. */
static void split(struct hg_token_list *list)
{
    const char *at = list->text;
    for (;;) {
        size_t length = strcspn(at, ",");
        bool last = at[length] == '\0';
        if (!last || !list->cut)
            add(list, at, length);
        if (last)
            return;
        at += length + 1;
    }
}

static void read_text(struct hg_token_list *list, const char *text)
{
    size_t length = strlen(text);
    list->cut = length >= sizeof list->text;
    if (list->cut)
        length = sizeof list->text - 1;
    memcpy(list->text, text, length);
    list->text[length] = '\0';
    list->count = 0;
    split(list);
}

void hg_token_list_read(struct hg_token_list *list, const char *text)
{
    read_text(list, text != NULL ? text : "");
    if (list->count == 0 && !list->cut)
        read_text(list, HG_TOKEN_STANDARD);
}

struct hg_token *hg_token_list_find(struct hg_token_list *list, const char *name, size_t length)
{
    for (size_t i = 0; i < list->count; i++) {
        struct hg_token *token = &list->token[i];
        if (token->length == length && memcmp(token->name, name, length) == 0)
            return token;
    }
    return NULL;
}
