/* SPDX-License-Identifier: MIT
 *
 * HTTP/1 heads (RFC 9112). Reading one is two steps, both pure:
 *
 *  1. hg_head_scan finds the end of the head in a growing buffer, looking at
 *     each byte once, and refuses at the first byte that no valid head has
 *     (bare CR or LF, NUL and other controls, too many bytes), so that a bad
 *     client is answered at once instead of being waited for.
 *  2. hg_request_parse / hg_response_parse take the whole head and make slices.
 */
#ifndef HG_HTTP_HEAD_H
#define HG_HTTP_HEAD_H

#include "http/error.h"
#include "http/header.h"

struct hg_head_scan {
    size_t at;    /* bytes looked at so far */
    size_t limit; /* most bytes in a head */
    unsigned char state;
    bool request; /* a request may be preceded by one empty line (RFC 9112, 2.2) */
};

enum hg_scan { HG_SCAN_MORE, HG_SCAN_DONE, HG_SCAN_BAD };

void hg_head_scan_init(struct hg_head_scan *s, size_t limit, bool request);

/* A byte of the first line was looked at; an empty line before it is nothing yet. */
bool hg_head_scan_begun(const struct hg_head_scan *s);

/* data: all bytes of the head so far (the same start at each call). DONE: *n is the length of
 * the head with its empty line (and a leading empty line). BAD: *why. */
enum hg_scan hg_head_scan(struct hg_head_scan *s, struct hg_slice data, size_t *n, enum hg_http_error *why);

enum hg_method {
    HG_METHOD_OTHER,
    HG_METHOD_GET,
    HG_METHOD_HEAD,
    HG_METHOD_POST,
    HG_METHOD_PUT,
    HG_METHOD_DELETE,
    HG_METHOD_CONNECT,
    HG_METHOD_OPTIONS,
    HG_METHOD_TRACE,
    HG_METHOD_PATCH,
};

enum hg_method hg_method_id(struct hg_slice name); /* case-sensitive, as RFC 9110, 9.1 says */
/* RFC 9110, 9.2.2: repeating it has the same effect. */
bool hg_method_idempotent(enum hg_method m);

struct hg_request {
    struct hg_slice method;
    enum hg_method method_id;
    struct hg_slice target; /* as received */
    struct hg_slice path;   /* begins with '/', or is "*"; byte for byte as received */
    struct hg_slice query;  /* behind the '?'; .p NULL when there is no '?' */
    struct hg_slice
        authority;        /* Host's value (or the absolute target's, which is equal); may be empty in 1.0 */
    unsigned minor;       /* HTTP/1.<minor>; 0 or 1 (a higher minor reads as 1) */
    bool secret;          /* a rule has put a credential into path or query */
    struct hg_slice host; /* the Host that a rule has set instead of the server's; .p NULL: none has */
    struct hg_headers headers;
};

struct hg_response {
    unsigned status; /* 100 to 599 */
    struct hg_slice reason;
    unsigned minor;
    struct hg_headers headers;
};

/* head: exactly what the scan found; it must stay valid as long as the result. Checks everything that
 * RFC 9112 and doc/http-policy.md ask of a head except framing: request line, target form (origin,
 * absolute equal to Host, "*" for OPTIONS only; CONNECT and TRACE are METHOD_REFUSED; leading // refused),
 * names, values, exactly one valid Host in 1.1 (at most one in 1.0). */
enum hg_http_error hg_request_parse(struct hg_request *r, struct hg_slice head, struct hg_arena *arena);
enum hg_http_error hg_response_parse(struct hg_response *r, struct hg_slice head, struct hg_arena *arena);

#endif
