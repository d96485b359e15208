/* SPDX-License-Identifier: MIT
 *
 * Building the actions that answer a request, and the one that only speaks.
 */
#include <stdlib.h>

#include "base/check.h"
#include "build.h"
#include "http/target.h"

static enum hg_append build_answer_headers(struct hg_builder *b)
{
    const struct hg_action_spec *spec = b->spec;

    if (spec->headers == 0)
        return HG_APPEND_OK;
    b->a->header = calloc(spec->headers, sizeof(*b->a->header));
    if (b->a->header == NULL)
        return hg_build_bad(b->note, "no memory");
    for (size_t i = 0; i < spec->headers; i++) {
        struct hg_answer_header *h = &b->a->header[b->a->headers++];
        enum hg_append r;
        size_t n;

        r = hg_build_name(b, spec->header[i].name, &h->name, &n);
        if (r == HG_APPEND_OK)
            r = hg_build_value(b, spec->header[i].value, HG_TEMPLATE_VARS, &h->value);
        if (r != HG_APPEND_OK)
            return r;
    }
    return HG_APPEND_OK;
}

enum hg_append hg_build_answer(struct hg_builder *b)
{
    bool respond = b->a->kind == HG_ACTION_RESPOND;
    unsigned allow = HG_TEMPLATE_VARS | (respond ? HG_TEMPLATE_HEADERS : 0);
    enum hg_append r;

    b->a->status = b->spec->status != 0 ? b->spec->status : respond ? 200 : 403;
    if (b->a->status < 200 || b->a->status > 599)
        return hg_build_bad(b->note, "the status must be between 200 and 599");
    r = build_answer_headers(b);
    if (r != HG_APPEND_OK || b->spec->body.p == NULL)
        return r;
    if ((b->a->status == 204 || b->a->status == 304) && b->spec->body.n > 0)
        return hg_build_bad(b->note, "an answer with status %u has no body", b->a->status);
    r = hg_build_template(b, b->spec->body, allow, "body", &b->a->body);
    return r == HG_APPEND_OK ? hg_build_echo(b, hg_template_echoes(b->a->body)) : r;
}

/* How much of the literal text in front says which host it leads to: "https://a.test" and "//a.test"; 0: it
 * names none. *valid: it is a host. */
static size_t origin_length(struct hg_slice text, bool *valid)
{
    size_t at = hg_slice_istarts(text, HG_LIT("https://"))  ? 8
                : hg_slice_istarts(text, HG_LIT("http://")) ? 7
                : hg_slice_starts(text, HG_LIT("//"))       ? 2
                                                            : 0;
    size_t end = at;

    *valid = true;
    if (at == 0)
        return 0;
    while (end < text.n && strchr("/?#", text.p[end]) == NULL)
        end++;
    *valid = hg_authority_ok(hg_slice(text.p + at, end - at));
    return end;
}

/* The host is what the config says, or the one that the client has asked. */
static enum hg_append check_location(struct hg_builder *b)
{
    const struct hg_template *t = b->a->value;
    bool literal = t->n > 0 && t->v[0].kind == HG_SEGMENT_LITERAL, valid;
    struct hg_slice text = literal ? hg_slice(t->v[0].text, t->v[0].n) : HG_LIT("");
    size_t origin = origin_length(text, &valid);

    b->note->in_value = true;
    if (!valid)
        return hg_build_bad(b->note,
                            "the URL has no valid host (it must be written here: the request may not "
                            "choose where a redirect leads to)");
    if (t->n == 0 || (literal && origin == 0 && text.p[0] != '/') ||
        (t->n == 1 && literal && !hg_location_ok(text, origin)))
        return hg_build_bad(b->note,
                            "is neither a URL nor a path (expected https://..., http://... or /...)");
    b->a->origin_n = origin;
    b->note->in_value = false;
    return HG_APPEND_OK;
}

enum hg_append hg_build_redirect(struct hg_builder *b)
{
    enum hg_append r;

    b->a->status = b->spec->status != 0 ? b->spec->status : 302;
    if (b->a->status < 301 || (b->a->status > 303 && b->a->status != 307 && b->a->status != 308))
        return hg_build_bad(b->note, "the status must be 301, 302, 303, 307 or 308");
    r = hg_build_template(b, b->spec->value, HG_TEMPLATE_VARS, NULL, &b->a->value);
    return r == HG_APPEND_OK ? check_location(b) : r;
}

/* Where the body ends is settled by the status that came: none that has no body can be set. */
enum hg_append hg_build_set_status(struct hg_builder *b)
{
    unsigned status = b->spec->status;

    if (status < 200 || status > 599)
        return hg_build_bad(b->note, "the status must be between 200 and 599");
    if (status == 204 || status == 205 || status == 304)
        return hg_build_bad(b->note, "a response with status %u has no body, but the one that came may have",
                            status);
    b->a->status = status;
    return HG_APPEND_OK;
}

/* A credential must not get into a log: no secret can be named here. */
enum hg_append hg_build_log(struct hg_builder *b)
{
    struct hg_slice plain;
    enum hg_append r = hg_build_template(b, b->spec->value, HG_TEMPLATE_VARS, NULL, &b->a->value);

    if (r != HG_APPEND_OK)
        return r;
    plain = hg_template_static(b->a->value);
    if (plain.p == NULL || hg_slice_trim(plain).n > 0)
        return HG_APPEND_OK;
    b->note->in_value = true;
    return hg_build_bad(b->note, "the text is empty");
}
