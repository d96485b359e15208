/* SPDX-License-Identifier: MIT
 *
 * Answers to failures, from nodes to templates. A name that no failure has is a
 * mistake: such an answer would never be given.
 */
#include "plan/errors.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"
#include "http/error.h"
#include "http/failures.h"

static const char *const all_types[] = {
#define X(id, name, status, text) name,
    HG_HTTP_ERRORS(X) HG_FAILURES(X) HG_RULE_FAILS(X)
#undef X
#define X(name) name,
        HG_OWN_FAILURES(X)
#undef X
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_failure(const char *name)
{
    return strcmp(name, "ok") != 0 && strcmp(name, "none") != 0;
}

size_t hg_error_types(const char *types[HG_ERROR_TYPES_MAX])
{
    size_t n = 0, kept = 0;
    _Static_assert(sizeof(all_types) / sizeof(all_types[0]) <= HG_ERROR_TYPES_MAX, "raise the ceiling");
    for (size_t i = 0; i < sizeof(all_types) / sizeof(all_types[0]); i++)
        if (is_failure(all_types[i]))
            types[n++] = all_types[i];
    qsort(types, n, sizeof(types[0]), by_name);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(types[kept - 1], types[i]) != 0)
            types[kept++] = types[i];
    return kept;
}

bool hg_error_type_known(const char *type)
{
    for (size_t i = 0; i < sizeof(all_types) / sizeof(all_types[0]); i++)
        if (is_failure(type) && strcmp(all_types[i], type) == 0)
            return true;
    return false;
}

const struct hg_error_page *hg_errors_find(const struct hg_errors *e, const char *type)
{
    const struct hg_error_page *any = NULL;
    for (size_t i = 0; i < e->n; i++) {
        if (strcmp(e->page[i].type, type) == 0)
            return &e->page[i];
        if (strcmp(e->page[i].type, "any") == 0)
            any = &e->page[i];
    }
    return any;
}

static void release_template(void *what)
{
    hg_template_free(what);
}

/* NULL: absent, or said. */
static const struct hg_template *build_text(struct hg_build *b, const struct hg_node *n, unsigned allow,
                                            bool header)
{
    struct hg_template_note note = {0};
    struct hg_template *t = NULL;
    if (n == NULL)
        return NULL;
    HG_ASSERT(n->type == HG_NODE_STRING);
    enum hg_template_result r = hg_template_compile(hg_slice_str(n->string), allow, &b->resolver, &t, &note);
    if (r == HG_TEMPLATE_BAD)
        HG_ERROR(b, n, "%s (at offset %zu)", note.text, note.offset);
    if (r == HG_TEMPLATE_UNSET)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, note.name));
    if (r != HG_TEMPLATE_OK || !hg_store_own(b, t, release_template))
        return NULL;
    struct hg_slice fixed = hg_template_static(t);
    if (header && fixed.p != NULL && !hg_header_value_ok(fixed))
        HG_ERROR(b, n, "the value has a character that is not allowed in a header");
    return t;
}

static void add_header(struct hg_build *b, const struct hg_node *pair, unsigned allow,
                       struct hg_error_page *page)
{
    struct hg_error_header *h = &page->header[page->headers];
    h->name = hg_slice_str(hg_store_text(b, hg_slice_str(pair->child[0]->string)));
    if (!hg_header_name_ok(h->name)) {
        HG_ERROR(b, pair->child[0], "is not a header name");
        return;
    }
    enum hg_field id = hg_field_id(h->name);
    if (id != HG_FIELD_OTHER && (hg_field_flags(id) & HG_FIELD_P) != 0) {
        HG_ERROR(b, pair->child[0], "is set by the gateway alone (framing and routing)");
        return;
    }
    h->value = build_text(b, pair->child[1], allow, true);
    if (h->value != NULL)
        page->headers++;
}

static void add_headers(struct hg_build *b, const struct hg_node *n, unsigned allow,
                        struct hg_error_page *page)
{
    if (n == NULL)
        return;
    page->header = hg_store_alloc(b, n->children, sizeof(*page->header));
    if (page->header == NULL)
        return;
    if (n->children == 2 && n->child[0]->type == HG_NODE_STRING) {
        add_header(b, n, allow, page);
        return;
    }
    for (size_t i = 0; i < n->children; i++)
        add_header(b, n->child[i], allow, page);
}

static bool contains(struct hg_slice s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.n; i++)
        if (hg_slice_ieq(hg_slice(s.p + i, n), hg_slice_str(word)))
            return true;
    return false;
}

struct hg_slice hg_content_type(struct hg_slice body)
{
    struct hg_slice text = hg_slice_trim(body);
    char first = text.n > 0 ? text.p[0] : '\0';
    return first == '{' || first == '[' ? HG_LIT("application/json")
           : first == '<'               ? HG_LIT("text/html; charset=utf-8")
                                        : HG_LIT("text/plain; charset=utf-8");
}

/* By its header if that is fixed, else by how the body begins. */
static void choose_type(struct hg_error_page *page, struct hg_slice body)
{
    page->content_type = hg_content_type(body);
    struct hg_slice type = page->content_type;
    for (size_t i = 0; i < page->headers; i++)
        if (hg_field_id(page->header[i].name) == HG_FIELD_CONTENT_TYPE &&
            hg_template_static(page->header[i].value).p != NULL)
            type = hg_template_static(page->header[i].value);
    page->escape = contains(type, "json")                            ? HG_ESCAPE_JSON
                   : contains(type, "html") || contains(type, "xml") ? HG_ESCAPE_HTML
                                                                     : HG_ESCAPE_NONE;
}

/* "body-too-large" to "body_too_large". NULL: said. */
static const char *find_type(struct hg_build *b, const struct hg_node *n)
{
    const char *types[HG_ERROR_TYPES_MAX], *written[HG_ERROR_TYPES_MAX];
    char *name = (char *)(uintptr_t)hg_store_text(b, hg_slice_str(n->name));
    size_t count = hg_error_types(types);
    for (size_t i = 0; name != NULL && name[i] != '\0'; i++)
        if (name[i] == '-')
            name[i] = '_';
    if (name == NULL || strcmp(n->name, "any") == 0)
        return name;
    if (hg_error_type_known(name) && strchr(n->name, '_') == NULL)
        return name;
    for (size_t i = 0; i < count; i++) {
        char *w = (char *)(uintptr_t)hg_store_text(b, hg_slice_str(types[i]));
        if (w == NULL)
            return NULL;
        for (size_t k = 0; w[k] != '\0'; k++)
            if (w[k] == '_')
                w[k] = '-';
        written[i] = w;
    }
    written[count] = "any";
    const char *near = hg_text_nearest(hg_slice_str(n->name), written, count + 1);
    if (near != NULL)
        HG_ERROR(b, n, "there is no failure of this name [did you mean %s?]", near);
    else
        HG_ERROR(b, n,
                 "there is no failure of this name (the log's field error has them, here with - for _; "
                 "any: all others)");
    return NULL;
}

void hg_build_page(struct hg_build *b, const struct hg_node *n, unsigned allow, struct hg_error_page *page)
{
    const struct hg_node *body = hg_node_get(n, "body");
    uint64_t status = 0;
    hg_get_number(b, n, "status", &status);
    page->status = (unsigned)status;
    add_headers(b, hg_node_get(n, "header"), allow, page);
    page->body = build_text(b, body, allow, false);
    if (page->body != NULL)
        choose_type(page, hg_slice_str(body->string));
    if (page->body != NULL && (status == 204 || status == 304))
        HG_ERROR(b, body, "an answer with status %llu has no body", (unsigned long long)status);
}

static void build_failure(struct hg_build *b, const struct hg_node *n, struct hg_error_page *page)
{
    page->type = find_type(b, n);
    hg_build_page(b, n, HG_TEMPLATE_VARS | HG_TEMPLATE_ERRORS, page);
    if (n->children == 0 && !n->broken)
        HG_ERROR(b, n, "is empty (expected status, header or body)");
}

void hg_build_errors(struct hg_build *b, const struct hg_node *block, struct hg_errors *out)
{
    const struct hg_node *errors = hg_node_get(block, "errors");
    size_t n = errors != NULL ? errors->children : 0;
    struct hg_error_page *page = hg_store_alloc(b, n, sizeof(*page));
    *out = (struct hg_errors){.page = page};
    for (size_t i = 0; i < n && !b->no_memory; i++) {
        build_failure(b, errors->child[i], &page[out->n]);
        if (page[out->n].type != NULL)
            out->n++;
    }
}
