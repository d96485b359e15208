/* SPDX-License-Identifier: MIT
 *
 * Values: what a text means for a key, and the sentence about what a key takes.
 * Durations and sizes are strings because libconfig's numbers wrap.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/ip.h"
#include "base/text.h"
#include "config/schema.h"

static const char *kind_text(enum hg_schema_kind kind)
{
    static const char *const text[] = {
#define X(id, expected) expected,
        HG_SCHEMA_KINDS(X)
#undef X
    };
    HG_ASSERT((size_t)kind < sizeof(text) / sizeof(text[0]));
    return text[kind];
}

struct out {
    char *text;
    size_t cap, len;
    bool any;
};

static void put(struct out *o, const char *text)
{
    if (text[0] == '\0')
        return;
    int n = snprintf(o->text + o->len, o->cap - o->len, "%s%s", o->any ? " or " : "", text);
    o->any = true;
    if (n > 0)
        o->len = o->len + (size_t)n < o->cap ? o->len + (size_t)n : o->cap - 1;
}

void hg_schema_expected(const struct hg_schema_key *key, char *out, size_t cap)
{
    HG_ASSERT(key != NULL && cap > 0);
    struct out o = {.text = out, .cap = cap};
    out[0] = '\0';
    if ((key->forms & HG_FORM_ONE) != 0)
        put(&o, kind_text(key->kind));
    if ((key->forms & HG_FORM_LIST) != 0)
        put(&o, "a list of those: [ \"...\", \"...\" ]");
    if ((key->forms & HG_FORM_GROUP) != 0)
        put(&o, "a group { ... }");
    if ((key->forms & HG_FORM_GROUPS) != 0)
        put(&o, "a list of groups ( { ... }, { ... } )");
    if ((key->forms & HG_FORM_NAMED) != 0)
        put(&o, "a group of named groups { name: { ... }; }");
    if ((key->forms & HG_FORM_NAMED_LISTS) != 0)
        put(&o, "a group of named lists { name = ( { ... }, ... ); }");
    if ((key->forms & HG_FORM_PAIR) != 0)
        put(&o, "a pair [ \"name\", \"value\" ]");
    if ((key->forms & HG_FORM_TRIPLE) != 0)
        put(&o, "three strings [ \"name\", \"pattern\", \"value\" ]");
    if ((key->forms & HG_FORM_PAIRS) != 0)
        put(&o, "a list of pairs ( [ \"name\", \"value\" ], ... )");
    if ((key->forms & HG_FORM_PAIR_MAP) != 0)
        put(&o, "a group { name = \"value\"; }");
}

/* The place of text in "a|b|c". */
static bool find_word(const char *words, struct hg_slice text, uint64_t *number)
{
    struct hg_slice rest = hg_slice_str(words);
    for (uint64_t i = 0;; i++) {
        ptrdiff_t bar = hg_slice_find(rest, '|');
        struct hg_slice word = bar < 0 ? rest : hg_slice(rest.p, (size_t)bar);
        if (hg_slice_eq(word, text)) {
            *number = i;
            return true;
        }
        if (bar < 0)
            return false;
        rest = hg_slice_from(rest, (size_t)bar + 1);
    }
}

static bool read_mode(struct hg_slice text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '7')
            return false;
        *number = *number * 8 + (uint64_t)(text.p[i] - '0');
    }
    return text.n >= 3 && text.n <= 4 && *number <= 0777;
}

static bool read_value(const struct hg_schema_key *key, struct hg_slice text, uint64_t *number)
{
    struct hg_cidr net;
    switch (key->kind) {
    case HG_KIND_DURATION:
        return hg_text_duration(text, number);
    case HG_KIND_SIZE_OR_NONE:
        if (hg_slice_eq(text, HG_LIT("none"))) {
            *number = UINT64_MAX;
            return true;
        }
        return hg_text_size(text, number);
    case HG_KIND_SIZE:
        return hg_text_size(text, number);
    case HG_KIND_NUMBER:
        return hg_slice_u64(text, number);
    case HG_KIND_BOOL:
        *number = hg_slice_eq(text, HG_LIT("true"));
        return *number == 1 || hg_slice_eq(text, HG_LIT("false"));
    case HG_KIND_WORD:
        return find_word(key->words, text, number);
    case HG_KIND_MODE:
        return read_mode(text, number);
    case HG_KIND_DECIMAL:
        return hg_text_decimal(text, number);
    case HG_KIND_NETWORK:
        return hg_slice_eq(text, HG_LIT("unix")) || hg_cidr_parse(text, &net) == NULL;
    case HG_KIND_NAME:
    case HG_KIND_GLOB:
    case HG_KIND_PATH:
    case HG_KIND_URL:
    case HG_KIND_ADDRESS:
        return text.n > 0;
    default:
        return true;
    }
}

static void say_range(const struct hg_schema_key *key, char *why, size_t cap)
{
    const char *unit = key->kind == HG_KIND_DURATION ? " ms" : key->kind == HG_KIND_SIZE ? " bytes" : "";
    (void)snprintf(why, cap, "is out of range (expected %" PRIu64 "%s to %" PRIu64 "%s)", key->least, unit,
                   key->most, unit);
}

static void say_words(const struct hg_schema_key *key, char *why, size_t cap)
{
    int n = snprintf(why, cap, "is not one of the words known here (expected ");
    for (const char *p = key->words; *p != '\0' && n > 0 && (size_t)n + 5 < cap; p++) {
        if (*p == '|')
            n += snprintf(why + n, cap - (size_t)n, ", ");
        else
            why[n++] = *p;
    }
    if (n > 0)
        (void)snprintf(why + n, cap - (size_t)n, ")");
}

bool hg_schema_value(const struct hg_schema_key *key, struct hg_slice text, uint64_t *number, char *why,
                     size_t cap)
{
    struct hg_cidr net;

    HG_ASSERT(key != NULL && number != NULL && why != NULL && cap >= 128);
    *number = 0;
    if (!read_value(key, text, number)) {
        if (key->kind == HG_KIND_WORD)
            say_words(key, why, cap);
        else if (key->kind == HG_KIND_NETWORK && text.n != 0)
            (void)snprintf(why, cap, "%s", hg_cidr_parse(text, &net));
        else if (text.n == 0)
            (void)snprintf(why, cap, "is empty (expected %s)", kind_text(key->kind));
        else
            (void)snprintf(why, cap, "is malformed (expected %s)", kind_text(key->kind));
        return false;
    }
    if (key->most > 0 && (*number < key->least || *number > key->most)) {
        say_range(key, why, cap);
        return false;
    }
    return true;
}
