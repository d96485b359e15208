/* SPDX-License-Identifier: MIT
 *
 * Answers to failures that a config writes itself (`errors`), by the failure's
 * name. In a config a name is written with '-' for '_'.
 */
#ifndef HG_PLAN_ERRORS_H
#define HG_PLAN_ERRORS_H

#include "rules/template.h"

struct hg_error_page {
    const char *type; /* as in the log; "any" */
    unsigned status;  /* 0: the failure's own */
    struct hg_error_header {
        struct hg_slice name;
        const struct hg_template *value;
    } * header;
    size_t headers;
    const struct hg_template *body; /* NULL: the standard JSON */
    struct hg_slice content_type;   /* of body, unless a header says it */
    enum hg_escape escape;          /* as the content type needs it */
};

struct hg_errors {
    const struct hg_error_page *page;
    size_t n;
};

/* Of a text that says nothing of itself: JSON, HTML or plain, by its first character. */
struct hg_slice hg_content_type(struct hg_slice body);

/* The page of this name, else the one for "any", else NULL. */
const struct hg_error_page *hg_errors_find(const struct hg_errors *e, const char *type);

/* All names of failures, sorted, once each. */
#define HG_ERROR_TYPES_MAX 128
size_t hg_error_types(const char *types[HG_ERROR_TYPES_MAX]);
bool hg_error_type_known(const char *type);

#endif
