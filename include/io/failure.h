/* SPDX-License-Identifier: MIT
 *
 * Why there is no (more) connection to an upstream: one row of http/failures.h
 * per cause, and the detail that goes with it.
 */
#ifndef HG_IO_FAILURE_H
#define HG_IO_FAILURE_H

#include <stdbool.h>

#include "http/failures.h"

enum hg_failure_kind {
#define X(id, name, status, text) HG_FAILURE_##id,
    HG_FAILURES(X)
#undef X
};

const char *hg_failure_name(enum hg_failure_kind k);
unsigned hg_failure_status(enum hg_failure_kind k);
const char *hg_failure_text(enum hg_failure_kind k);

struct hg_failure {
    enum hg_failure_kind kind;
    char detail[256]; /* printable, without credentials: errno's text, OpenSSL's reason, "HTTP 407",
                         X-Squid-Error */
};

void hg_failure_set(struct hg_failure *f, enum hg_failure_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
