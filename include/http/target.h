/* SPDX-License-Identifier: MIT
 *
 * Request targets: query parameters and path segments, forwarded byte for byte.
 */
#ifndef HG_HTTP_TARGET_H
#define HG_HTTP_TARGET_H

#include "base/arena.h"
#include "base/slice.h"

/* Next "name=value" part of a query off *rest, '&'-separated; raw name and value (value.p NULL without '=').
 * Empty parts are handed out too, so that the parts joined by '&' are the query again. False at the end,
 * which is rest->p NULL (not rest->n 0). *whole is the part as written. */
bool hg_query_next(struct hg_slice *rest, struct hg_slice *name, struct hg_slice *value,
                   struct hg_slice *whole);

/* Percent-decoded (and '+' as space) copy in the arena; bad escapes are kept as they are. .p NULL: arena
 * full. */
struct hg_slice hg_query_decode(struct hg_arena *arena, struct hg_slice raw);

/* Percent-encoded copy of a name or value: all but unreserved characters (RFC 3986, 2.3). .p NULL: arena
 * full.
 */
struct hg_slice hg_query_encode(struct hg_arena *arena, struct hg_slice plain);

/* Can it be sent as a path: begins with one '/' and has neither '?' nor '#', nor anything else that a request
 * target cannot have? */
bool hg_path_ok(struct hg_slice path);

/* base (begins with '/', does not end with it; may be empty) in front of path, unless it is below it already.
 * Only what begins with '/' gets it (not "*"). *added: whether it was put in front. .p NULL: arena full. */
struct hg_slice hg_path_join(struct hg_arena *arena, struct hg_slice base, struct hg_slice path, bool *added);

struct hg_request;
/* The same for a request's path; notes it in base. False: arena full. */
bool hg_request_add_base(struct hg_request *r, struct hg_slice base, struct hg_arena *arena, bool *added);

/* Is path base itself, or below it? */
bool hg_path_below(struct hg_slice path, struct hg_slice base);

/* uri-host [ ":" port ] as a Host field may carry it (RFC 9110, 7.2). */
bool hg_authority_ok(struct hg_slice s);

/* How many of what hg_path_is_ambiguous looks for are in it. */
size_t hg_path_ambiguities(struct hg_slice path);

/* Does the path have a dot segment (literal or percent-encoded, RFC 3986, 5.2.4), a backslash (also encoded),
 * or an encoded NUL or other control? Used for frontends with a path condition or path = "strict". */
bool hg_path_is_ambiguous(struct hg_slice path);

#endif
