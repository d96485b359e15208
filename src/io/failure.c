/* SPDX-License-Identifier: MIT
 *
 * The table of upstream failures, and the detail that goes with one.
 */
#include "io/failure.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"

struct row {
    const char *name;
    unsigned status;
    const char *text;
};

static const struct row rows[] = {
#define X(id, name, status, text) {name, status, text},
    HG_FAILURES(X)
#undef X
};

static const struct row *row_of(enum hg_failure_kind k)
{
    HG_ASSERT((size_t)k < sizeof rows / sizeof rows[0]);
    return &rows[k];
}

const char *hg_failure_name(enum hg_failure_kind k)
{
    return row_of(k)->name;
}

unsigned hg_failure_status(enum hg_failure_kind k)
{
    return row_of(k)->status;
}

const char *hg_failure_text(enum hg_failure_kind k)
{
    return row_of(k)->text;
}

void hg_failure_set(struct hg_failure *f, enum hg_failure_kind kind, const char *fmt, ...)
{
    char raw[sizeof f->detail];
    va_list ap;
    int n;

    HG_ASSERT((size_t)kind < sizeof rows / sizeof rows[0]);
    va_start(ap, fmt);
    n = vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    if (n < 0)
        raw[0] = '\0';
    f->kind = kind;
    hg_text_printable(hg_slice_str(raw), f->detail, sizeof f->detail);
}
