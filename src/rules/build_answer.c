/* SPDX-License-Identifier: MIT
 *
 * Building the actions that answer a request, and those that only speak or look.
 */
#include <stdlib.h>

#include "base/check.h"
#include "build.h"

static enum hg_append build_answer_headers(struct hg_builder *b, unsigned allow)
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
            r = hg_build_value(b, spec->header[i].value, allow, &h->value);
        if (r != HG_APPEND_OK)
            return r;
    }
    return HG_APPEND_OK;
}

enum hg_append hg_build_own_answer(struct hg_builder *b, unsigned status, unsigned allow)
{
    enum hg_append r;

    b->a->status = b->spec->status != 0 ? b->spec->status : status;
    if (b->a->status < 200 || b->a->status > 599)
        return hg_build_bad(b->note, "the status must be between 200 and 599");
    r = build_answer_headers(b, allow & ~HG_TEMPLATE_HEADERS);
    if (r != HG_APPEND_OK || b->spec->body.p == NULL)
        return r;
    if ((b->a->status == 204 || b->a->status == 304) && b->spec->body.n > 0)
        return hg_build_bad(b->note, "an answer with status %u has no body", b->a->status);
    r = hg_build_template(b, b->spec->body, allow, "body", &b->a->body);
    return r == HG_APPEND_OK ? hg_build_echo(b, hg_template_echoes(b->a->body)) : r;
}

enum hg_append hg_build_serve(struct hg_builder *b)
{
    HG_ASSERT(b->spec->serve != NULL);
    b->a->serve = b->spec->serve;
    return HG_APPEND_OK;
}

enum hg_append hg_build_answer(struct hg_builder *b)
{
    if (b->a->kind == HG_ACTION_RESPOND)
        return hg_build_own_answer(b, 200, HG_TEMPLATE_VARS | HG_TEMPLATE_HEADERS);
    return hg_build_own_answer(b, 403, HG_TEMPLATE_VARS);
}

enum hg_append hg_build_guard(struct hg_builder *b)
{
    HG_ASSERT(b->spec->guard != NULL);
    b->a->guard = b->spec->guard;
    b->a->name = hg_slice_dup(b->spec->name);
    if (b->a->name == NULL)
        return hg_build_bad(b->note, "no memory");
    if (b->spec->asks_path)
        b->rs->asks |= HG_WHEN_BIT(HG_WHEN_PATH);
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

enum hg_append hg_build_usage(struct hg_builder *b)
{
    HG_ASSERT(b->spec->usage != NULL);
    b->rs->taps = true;
    b->a->usage = b->spec->usage;
    b->a->name = hg_slice_dup(b->spec->name); /* for people */
    return b->a->name != NULL ? HG_APPEND_OK : hg_build_bad(b->note, "no memory");
}
