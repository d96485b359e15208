/* SPDX-License-Identifier: MIT
 *
 * The methods the code knows (RFC 9110, 9.3 and RFC 5789).
 */
#include "http/head.h"

#define METHODS(X) \
    X(GET)         \
    X(HEAD)        \
    X(POST)        \
    X(PUT)         \
    X(DELETE)      \
    X(CONNECT)     \
    X(OPTIONS)     \
    X(TRACE)       \
    X(PATCH)

enum hg_method hg_method_id(struct hg_slice name)
{
#define X(id)                           \
    if (hg_slice_eq(name, HG_LIT(#id))) \
        return HG_METHOD_##id;
    METHODS(X)
#undef X
    return HG_METHOD_OTHER;
}

bool hg_method_idempotent(enum hg_method m)
{
    switch (m) {
    case HG_METHOD_GET:
    case HG_METHOD_HEAD:
    case HG_METHOD_PUT:
    case HG_METHOD_DELETE:
    case HG_METHOD_OPTIONS:
    case HG_METHOD_TRACE:
        return true;
    case HG_METHOD_POST:
    case HG_METHOD_PATCH:
    case HG_METHOD_CONNECT:
    case HG_METHOD_OTHER:
        break;
    }
    return false;
}
