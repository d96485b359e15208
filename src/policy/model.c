/* SPDX-License-Identifier: MIT
 *
 * The model that a body names. What a body is (its type, its coding) is what its
 * head says: a guess from its bytes would be another reading than the upstream's.
 */
#include "policy/model.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "usage/decode.h"
#include "usage/member.h"

struct hg_model_reader {
    struct hg_member member;
    size_t limit, bytes, decoded;
    const char *why; /* unclear already */
    struct hg_codings codings;
    struct hg_budget budget;
    struct hg_decode *decode; /* NULL: the bytes are as they are */
};

/* The character of n bytes at p, which is well-formed. */
static uint32_t character(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

/* Controls, white space but for ' ', and what has no width or turns the text around: one reader strips it,
 * the next does not, and who reads the log does not see it. */
static bool is_unseen(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},     {0x1680, 0x1680}, {0x180e, 0x180e},
        {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000}, {0xfeff, 0xfeff},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

const char *hg_model_name_problem(struct hg_slice name)
{
    size_t n;

    if (name.n == 0)
        return "is empty";
    if (name.n > HG_LIMIT_MODEL)
        return "is too long for the name of a model";
    for (struct hg_slice rest = name; rest.n > 0; rest = hg_slice_from(rest, n)) {
        n = hg_json_utf8(rest.p, rest.n);
        if (n == 0)
            return "is not UTF-8";
        if (is_unseen(character(rest.p, n)))
            return "has a character that is not seen";
    }
    if (name.p[0] == ' ' || name.p[name.n - 1] == ' ')
        return "has white space at an end";
    return NULL;
}

/* ---- the head ---- */

static bool is_json(struct hg_slice type)
{
    if (hg_slice_ieq(type, HG_LIT("application/json")) || hg_slice_ieq(type, HG_LIT("text/json")))
        return true;
    return type.n > 5 && hg_slice_ieq(hg_slice_from(type, type.n - 5), HG_LIT("+json"));
}

/* "; charset=utf-8", in whatever spelling; another charset is another reading of the bytes. */
static bool is_utf8(struct hg_slice parameters)
{
    while (parameters.n > 0) {
        ptrdiff_t at = hg_slice_find(parameters, ';');
        struct hg_slice one = hg_slice_trim(at < 0 ? parameters : hg_slice(parameters.p, (size_t)at));

        parameters = at < 0 ? hg_slice(NULL, 0) : hg_slice_from(parameters, (size_t)at + 1);
        if (!hg_slice_istarts(one, HG_LIT("charset")))
            continue;
        one = hg_slice_trim(hg_slice_from(one, 7));
        if (!hg_slice_ieq(one, HG_LIT("=utf-8")) && !hg_slice_ieq(one, HG_LIT("=\"utf-8\"")))
            return false;
    }
    return true;
}

static const char *type_problem(struct hg_slice type)
{
    ptrdiff_t at = hg_slice_find(type, ';');
    struct hg_slice name = hg_slice_trim(at < 0 ? type : hg_slice(type.p, (size_t)at));

    if (name.n == 0)
        return "it has no Content-Type";
    if (!is_json(name))
        return "its Content-Type is not JSON";
    if (at >= 0 && !is_utf8(hg_slice_from(type, (size_t)at + 1)))
        return "its charset is not UTF-8";
    return NULL;
}

static const char *head_problem(const struct hg_model_head *head, struct hg_codings *codings)
{
    if (head->twice)
        return "its type or coding is said twice";
    if (!hg_codings_parse(head->content_encoding, codings))
        return "its content coding cannot be read";
    return type_problem(head->content_type);
}

/* Decoded bytes. False: no more are wanted. */
static bool read_text(void *ctx, struct hg_slice text)
{
    struct hg_model_reader *r = ctx;

    r->decoded += text.n;
    if (r->decoded > r->limit)
        r->why = "it is larger than the guard's buffer";
    else if (!hg_member_feed(&r->member, text))
        r->why = "it is not JSON";
    return r->why == NULL;
}

struct hg_model_reader *hg_model_reader_new(const struct hg_model_head *head, size_t limit)
{
    struct hg_model_reader *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->limit = limit;
    r->why = head_problem(head, &r->codings);
    hg_member_init(&r->member, HG_LIT("model"));
    r->budget = (struct hg_budget){.ceiling = HG_LIMIT_TAP_MEMORY, .parent = head->budget};
    if (r->why != NULL || r->codings.n == 0)
        return r;
    r->decode = hg_decode_new(&r->codings, &r->budget, read_text, r);
    if (r->decode != NULL)
        return r;
    free(r);
    return NULL;
}

void hg_model_reader_free(struct hg_model_reader *r)
{
    if (r != NULL)
        hg_decode_free(r->decode);
    free(r);
}

/* ---- the body ---- */

void hg_model_reader_feed(struct hg_model_reader *r, struct hg_slice span)
{
    r->bytes += span.n;
    if (r->why != NULL)
        return;
    if (r->bytes > r->limit)
        r->why = "it is larger than the guard's buffer";
    else if (r->decode == NULL)
        (void)read_text(r, span);
    else if (hg_decode_feed(r->decode, span) != HG_DECODE_FINE && r->why == NULL)
        r->why = "its content coding cannot be undone";
}

bool hg_model_reader_hopeless(const struct hg_model_reader *r)
{
    return r->why != NULL;
}

/* The member, when the text is sound. */
static const char *member_problem(const struct hg_member *m)
{
    if (!m->object)
        return "it is not an object";
    if (m->escaped_name)
        return "its member model is written with an escape";
    if (m->alike > 0)
        return "it has a member like model in other letters";
    if (m->times > 1)
        return "it has more than one member model";
    if (m->times == 1 && m->kind != HG_JSCAN_STRING)
        return "its member model is not a string";
    if (m->times == 1 && (m->cut || m->lone))
        return "its member model is no usable text";
    if (m->times == 1 && hg_model_name_problem(hg_slice(m->value, m->n)) != NULL)
        return "its member model is no name of a model";
    return NULL;
}

void hg_model_reader_end(struct hg_model_reader *r, bool whole, struct hg_model_reading *out)
{
    *out = (struct hg_model_reading){.found = HG_MODEL_UNCLEAR};
    if (r->bytes == 0 && whole) {
        out->found = HG_MODEL_NONE;
        out->why = "it is empty";
        return;
    }
    if (r->why == NULL && !whole)
        r->why = "it is larger than the guard's buffer";
    if (r->why == NULL && r->decode != NULL && !hg_decode_whole(r->decode))
        r->why = "its content coding cannot be undone";
    if (r->why == NULL && !hg_member_end(&r->member))
        r->why = "it is not JSON";
    if (r->why == NULL)
        r->why = member_problem(&r->member);
    out->why = r->why;
    if (r->why != NULL)
        return;
    out->model = hg_member_string(&r->member);
    out->found = out->model.p != NULL ? HG_MODEL_FOUND : HG_MODEL_NONE;
    out->why = "it has no member model";
}
