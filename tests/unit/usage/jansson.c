/* SPDX-License-Identifier: MIT
 *
 * The scanner against jansson: what one takes for JSON the other does too, and
 * both read the same in it. Texts are made at random, some are then spoilt.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "case.h"
#include "support/unit.h"
#include "usage/json.h"

#define ROOM (64u * 1024u)
#define ROUNDS 20000u

struct text {
    char *p;
    size_t n;
};

static void put(struct text *t, struct hg_slice s)
{
    HG_ASSERT(t->n + s.n <= ROOM);
    memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
}

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % sides;
}

static void put_one(struct text *t, uint64_t *seed, const char *const *of, uint32_t n)
{
    put(t, hg_slice_str(of[dice(seed, n)]));
}

/* ---- random JSON ---- */

static void put_space(struct text *t, uint64_t *seed)
{
    static const char *const spaces[] = {"", "", "", " ", "\n", "\t\r\n  "};

    put_one(t, seed, spaces, 6);
}

static void put_string(struct text *t, uint64_t *seed)
{
    static const char *const pieces[] = {"a",
                                         "model",
                                         "12345678",
                                         "a longer piece of plain text",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\u00e9",
                                         "\\ud83d\\ude80",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xf0\x9f\x9a\x80",
                                         "{",
                                         "]",
                                         ":"};

    put(t, HG_LIT("\""));
    for (uint32_t n = dice(seed, 6); n > 0; n--)
        put_one(t, seed, pieces, 16);
    put(t, HG_LIT("\""));
}

static void put_value(struct text *t, uint64_t *seed, unsigned depth)
{
    static const char *const scalars[] = {"true", "false", "null",    "0",      "-0",   "17",
                                          "-3",   "0.5",   "-1.25e2", "3E+002", "1e-5", "1234567890123"};
    uint32_t kind = dice(seed, depth > 0 ? 5 : 2), n = dice(seed, 4);
    bool object = kind == 4;

    put_space(t, seed);
    if (kind == 0) {
        put_string(t, seed);
    } else if (kind <= 2) {
        put_one(t, seed, scalars, 12);
    } else {
        put(t, object ? HG_LIT("{") : HG_LIT("["));
        for (uint32_t i = 0; i < n; i++) {
            if (i > 0)
                put(t, HG_LIT(","));
            put_space(t, seed);
            if (object) {
                put_string(t, seed);
                put_space(t, seed);
                put(t, HG_LIT(":"));
            }
            put_value(t, seed, depth - 1);
        }
        put(t, object ? HG_LIT("}") : HG_LIT("]"));
    }
    put_space(t, seed);
}

/* One byte is changed, removed or doubled. */
static void spoil(struct text *t, uint64_t *seed)
{
    static const char bytes[] = "{}[],:\"\\u0e+-.tn \x01\x80\xc3\xff";
    size_t at = dice(seed, (uint32_t)t->n);

    switch (dice(seed, 3)) {
    case 0:
        t->p[at] = bytes[dice(seed, sizeof(bytes) - 1)];
        break;
    case 1:
        memmove(t->p + at, t->p + at + 1, t->n - at - 1);
        t->n--;
        break;
    default:
        memmove(t->p + at + 1, t->p + at, t->n - at);
        t->n++;
        break;
    }
}

/* ---- what each reads ---- */

static void tell(struct text *t, char kind, struct hg_slice s)
{
    put(t, hg_slice(&kind, 1));
    put(t, s);
    put(t, HG_LIT(";"));
}

static bool on_member(void *ctx, unsigned depth, const struct hg_jscan_text *name)
{
    (void)depth;
    tell(ctx, name != NULL ? 'm' : 'e', name != NULL ? name->bytes : HG_LIT(""));
    return true;
}

static bool on_value(void *ctx, unsigned depth, enum hg_jscan_kind kind, const struct hg_jscan_text *text)
{
    char number[64];

    (void)depth;
    if (kind == HG_JSCAN_NUMBER) {
        HG_ASSERT(text->bytes.n < sizeof(number));
        memcpy(number, text->bytes.p, text->bytes.n);
        number[text->bytes.n] = '\0';
        (void)snprintf(number, sizeof(number), "%.17g", strtod(number, NULL));
        tell(ctx, 'n', hg_slice_str(strcmp(number, "-0") == 0 ? "0" : number));
        return true;
    }
    tell(ctx, "{[s?tf0"[kind], text != NULL ? text->bytes : HG_LIT(""));
    return true;
}

static const struct hg_jscan_events events = {.member = on_member, .value = on_value};

static void tell_jansson(struct text *t, json_t *v)
{
    char number[64];
    const char *key;
    json_t *member;

    if (json_is_object(v)) {
        tell(t, '{', HG_LIT(""));
        json_object_foreach(v, key, member)
        {
            tell(t, 'm', hg_slice_str(key));
            tell_jansson(t, member);
        }
    } else if (json_is_array(v)) {
        tell(t, '[', HG_LIT(""));
        for (size_t i = 0; i < json_array_size(v); i++) {
            tell(t, 'e', HG_LIT(""));
            tell_jansson(t, json_array_get(v, i));
        }
    } else if (json_is_string(v)) {
        tell(t, 's', hg_slice(json_string_value(v), json_string_length(v)));
    } else if (json_is_number(v)) {
        (void)snprintf(number, sizeof(number), "%.17g", json_number_value(v));
        tell(t, 'n', hg_slice_str(strcmp(number, "-0") == 0 ? "0" : number));
    } else {
        tell(t, json_is_true(v) ? 't' : json_is_false(v) ? 'f' : '0', HG_LIT(""));
    }
}

static bool scan(struct hg_slice in, size_t cut, struct text *told)
{
    struct hg_jscan s;

    told->n = 0;
    hg_jscan_init(&s, &events, told, false);
    return hg_jscan_feed(&s, hg_slice(in.p, cut)) && hg_jscan_feed(&s, hg_slice_from(in, cut)) &&
           hg_jscan_end(&s);
}

/* jansson refuses what the grammar of RFC 8259 allows: half a surrogate pair, NUL in a name, numbers that a
 * double cannot hold. And members of one name are one for it. */
static bool only_for_jansson(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    return code == json_error_duplicate_key || code == json_error_numeric_overflow ||
           code == json_error_null_character || code == json_error_null_byte_in_key ||
           strstr(error->text, "invalid Unicode") != NULL;
}

static void compare(struct hg_slice in, size_t cut, struct text *ours, struct text *theirs,
                    unsigned agreed[2])
{
    json_error_t error;
    json_t *v = json_loadb(in.p, in.n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    bool sound = scan(in, cut, ours);

    if (v == NULL && only_for_jansson(&error))
        return;
    agreed[sound]++;
    if (!HG_CHECK(sound == (v != NULL)))
        printf("    %.*s\n    %s\n", HG_FMT(in), v != NULL ? "is JSON for jansson" : error.text);
    theirs->n = 0;
    if (v != NULL) {
        tell_jansson(theirs, v);
        HG_CHECK(hg_slice_eq(hg_slice(ours->p, ours->n), hg_slice(theirs->p, theirs->n)));
    }
    json_decref(v);
}

HG_TEST(reads_what_jansson_reads)
{
    struct text doc = {.p = malloc(ROOM)}, ours = {.p = malloc(ROOM)}, theirs = {.p = malloc(ROOM)};
    unsigned agreed[2] = {0, 0};
    uint64_t seed = 20260101;
    unsigned rounds = (unsigned)hg_unit_scaled(ROUNDS);

    HG_NEED(doc.p != NULL && ours.p != NULL && theirs.p != NULL);
    for (unsigned round = 0; round < rounds; round++) {
        struct hg_slice in;
        doc.n = 0;
        put_value(&doc, &seed, 5);
        for (uint32_t n = dice(&seed, 3); n > 0 && doc.n > 1; n--)
            spoil(&doc, &seed);
        in = hg_guarded(hg_slice(doc.p, doc.n));
        compare(in, dice(&seed, (uint32_t)in.n + 1), &ours, &theirs, agreed);
        hg_guarded_reset();
    }
    printf("    %u sound, %u not ...", agreed[1], agreed[0]);
    HG_CHECK(agreed[1] > rounds / 4 && agreed[0] > rounds / 4);
    free(doc.p);
    free(ours.p);
    free(theirs.p);
}
