/* SPDX-License-Identifier: MIT
 *
 * The grammar of libconfig 1.5, token by token. Later versions accept more and
 * say other things in other places; what passes here is read alike by all.
 */
#ifndef HG_CONFIG_SYNTAX_H
#define HG_CONFIG_SYNTAX_H

#include "base/slice.h"

#define HG_SYNTAX_DEPTH 32u

enum hg_token {
    HG_TOKEN_NAME,
    HG_TOKEN_BOOL,
    HG_TOKEN_STRING,
    HG_TOKEN_INT,
    HG_TOKEN_FLOAT,
    HG_TOKEN_ASSIGN, /* = or : */
    HG_TOKEN_COMMA,
    HG_TOKEN_SEMICOLON,
    HG_TOKEN_OPEN,  /* text: the bracket */
    HG_TOKEN_CLOSE, /* text: the bracket */
};

enum hg_syntax_state {
    HG_SYNTAX_NAME,   /* of a group: a setting's name, or the end */
    HG_SYNTAX_ASSIGN, /* behind a name */
    HG_SYNTAX_VALUE,  /* behind = */
    HG_SYNTAX_DONE,   /* of a group: behind a value; the semicolon may be left out */
    HG_SYNTAX_FIRST,  /* of a list: the first element, or the end */
    HG_SYNTAX_NEXT,   /* of a list: behind a comma */
    HG_SYNTAX_AFTER,  /* of a list: behind an element */
};

struct hg_syntax {
    size_t depth;
    struct hg_syntax_level {
        char open; /* { ( [, or 0: the file itself */
        unsigned line;
        enum hg_syntax_state state;
        enum hg_token element; /* of [ ]: what the first one is */
        bool any;              /* of [ ]: it has one */
        struct hg_slice name;  /* the last, for messages; part of the text that is read */
    } level[HG_SYNTAX_DEPTH + 1];
    char problem[200];
};

void hg_syntax_begin(struct hg_syntax *s);
/* False: the text is not well-formed, s->problem says what was expected. */
bool hg_syntax_token(struct hg_syntax *s, enum hg_token token, struct hg_slice text, unsigned line);
/* At the end of the text; *line: where what has no end begins. */
bool hg_syntax_end(struct hg_syntax *s, unsigned *line);

/* Whether the tokens of the level are settings of a group. */
bool hg_syntax_in_group(const struct hg_syntax *s);

#endif
