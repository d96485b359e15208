/* SPDX-License-Identifier: MIT
 *
 * Between json.c (structure) and json_text.c (what stands inside strings and
 * numbers). Each takes bytes from p up to end and returns where it stopped, or
 * NULL when they are wrong: then s->error says why.
 */
#ifndef HG_USAGE_JSON_TEXT_H
#define HG_USAGE_JSON_TEXT_H

#include "usage/json.h"

enum hg_jscan_state {
    JSCAN_VALUE,         /* a value must come */
    JSCAN_FIRST_ELEMENT, /* a value or ] */
    JSCAN_FIRST_MEMBER,  /* a name or } */
    JSCAN_MEMBER,        /* a name */
    JSCAN_COLON,
    JSCAN_AFTER, /* behind a value in an object or array */
    JSCAN_DONE,  /* behind the document */
    JSCAN_STRING,
    JSCAN_ESCAPE, /* behind the backslash */
    JSCAN_HEX,
    JSCAN_UTF8,
    JSCAN_NUMBER,
    JSCAN_LITERAL,
    JSCAN_BAD,
};

const char *hg_jscan_fail(struct hg_jscan *s, const char *p, const char *why);

/* A string, name or number begins; it is kept only when somebody wants it. */
void hg_jscan_text_begin(struct hg_jscan *s, bool keep);

/* In JSCAN_STRING, _ESCAPE, _HEX or _UTF8. *ended: the closing quote was taken. */
const char *hg_jscan_string(struct hg_jscan *s, const char *p, const char *end, bool *ended);

/* The first byte of a number; false: none begins so. */
bool hg_jscan_number_begin(struct hg_jscan *s, char c);
/* *ended: a byte that does not belong to it was met (and not taken). */
const char *hg_jscan_number(struct hg_jscan *s, const char *p, const char *end, bool *ended);
/* Could it end here? */
bool hg_jscan_number_whole(const struct hg_jscan *s);

#endif
