/* SPDX-License-Identifier: MIT
 *
 * Values of keys that may be one or many.
 */
#include <stdio.h>

#include "base/check.h"
#include "build.h"
#include "config/schema.h"

void hg_get_texts(struct hg_build *b, const struct hg_node *n, struct hg_texts *out)
{
    bool one = n != NULL && n->type != HG_NODE_LIST;
    size_t count = n == NULL ? 0 : one ? 1 : n->children;
    *out = (struct hg_texts){0};
    out->v = hg_store_alloc(b, count + 1, sizeof(*out->v));
    for (size_t i = 0; out->v != NULL && i < count; i++) {
        struct hg_slice text;
        char name[HG_NAME_TEXT];
        enum hg_get r = hg_get_text(b, one ? n : n->child[i], &text, name);
        if (r == HG_GET_OK)
            out->v[out->n++] = text.p;
        else if (r == HG_GET_UNSET && out->unset == NULL)
            out->unset = hg_store_text(b, hg_slice_str(name));
    }
}

/* False: said, or no memory. */
static bool number_of(struct hg_build *b, const struct hg_node *n, unsigned *out)
{
    struct hg_slice text;
    char name[HG_NAME_TEXT], why[200];
    uint64_t number = 0;
    if (n->type == HG_NODE_INT) {
        *out = (unsigned)n->integer; /* the schema has checked the range */
        return true;
    }
    enum hg_get r = hg_get_text(b, n, &text, name);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, n, "%s", hg_unset_sentence(b, name));
    if (r != HG_GET_OK)
        return false;
    HG_ASSERT(n->schema != NULL);
    if (!hg_schema_value(n->schema, text, &number, why, sizeof(why))) {
        HG_ERROR(b, n, "%s", why);
        return false;
    }
    *out = (unsigned)number;
    return true;
}

const unsigned *hg_get_numbers(struct hg_build *b, const struct hg_node *n, const unsigned *standard,
                               size_t *count)
{
    bool one = n != NULL && n->type != HG_NODE_LIST;
    size_t most = n == NULL ? 1 : one ? 1 : n->children;
    unsigned *v = hg_store_alloc(b, most, sizeof(*v));
    *count = 0;
    if (v == NULL)
        return NULL;
    if (n == NULL && standard != NULL)
        v[(*count)++] = *standard;
    for (size_t i = 0; n != NULL && i < most; i++) {
        if (number_of(b, one ? n : n->child[i], &v[*count]))
            (*count)++;
    }
    return v;
}
