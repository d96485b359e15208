/* SPDX-License-Identifier: MIT
 *
 * Answers to failures as the config wants them. What cannot be written that way
 * (no memory, a value with a line break) is answered in the standard way.
 */
#include "base/check.h"
#include "route/route.h"

/* The nearest block that has a page for it. */
static const struct hg_error_page *find_page(const struct hg_route *r, const char *type)
{
    const struct hg_errors *places[] = {
        r->backend != NULL ? &r->backend->errors : NULL,
        r->frontend != NULL ? &r->frontend->errors : NULL,
        r->frontend != NULL ? &r->frontend->standard_errors : NULL,
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct hg_error_page *page = places[i] != NULL ? hg_errors_find(places[i], type) : NULL;

        if (page != NULL)
            return page;
    }
    return NULL;
}

static bool expand(const struct hg_route *r, const struct hg_template *t, const struct hg_vars *vars,
                   struct hg_slice *out)
{
    const struct hg_secret_slot *missing;

    return hg_template_expand(t, vars, r->arena, out, &missing) == HG_EXPAND_OK;
}

/* The page's fields replace those of the standard answer that have their names. */
static bool put_headers(const struct hg_route *r, const struct hg_error_page *page, struct hg_vars *vars,
                        struct hg_headers *headers)
{
    vars->escape = HG_ESCAPE_NONE;
    for (size_t i = 0; i < page->headers; i++)
        (void)hg_headers_remove(headers, page->header[i].name);
    for (size_t i = 0; i < page->headers; i++) {
        struct hg_slice value;

        if (!expand(r, page->header[i].value, vars, &value) || !hg_header_value_ok(value) ||
            !hg_headers_add(headers, page->header[i].name, value))
            return false;
    }
    return true;
}

static bool put_page(const struct hg_route *r, const struct hg_error_page *page, struct hg_vars *vars,
                     struct hg_answer *a)
{
    struct hg_headers headers;
    struct hg_slice body = a->body;

    if (!hg_headers_copy(&headers, &a->headers, r->arena))
        return false;
    vars->escape = page->escape;
    if (page->body != NULL && (!expand(r, page->body, vars, &body) ||
                               !hg_headers_set(&headers, HG_LIT("Content-Type"), page->content_type)))
        return false;
    if (!put_headers(r, page, vars, &headers))
        return false;
    a->headers = headers;
    a->body = body;
    if (page->status != 0)
        a->status = page->status;
    return true;
}

void hg_route_error(const struct hg_route *r, struct hg_answer *a, enum hg_answer_kind kind, unsigned status,
                    const char *type, const char *message)
{
    const struct hg_error_page *page = find_page(r, type);
    struct hg_vars vars = r->vars;

    hg_answer_error(a, kind, r->arena, status, type, message, r->vars.request_id);
    if (page == NULL)
        return;
    /* As it arrived: later versions of it hold credentials. */
    vars.request = r->arrived.method.p != NULL ? &r->arrived : r->request;
    vars.captures = NULL;
    vars.error_type = hg_slice_str(type);
    vars.error_message = hg_slice_str(message);
    HG_ASSERT(vars.request != NULL);
    (void)put_page(r, page, &vars, a);
}

void hg_route_page(const struct hg_route *r, struct hg_answer *a, enum hg_answer_kind kind,
                   const struct hg_error_page *page, const struct hg_guard_words *words)
{
    struct hg_vars vars = r->vars;

    HG_ASSERT(page->body != NULL && page->status >= 400);
    hg_answer_error(a, kind, r->arena, page->status, page->type, "this request is refused by a guard",
                    r->vars.request_id);
    vars.request = &r->arrived;
    vars.captures = NULL;
    vars.guard = words;
    (void)put_page(r, page, &vars, a);
}
