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

/* Percent-encoded copy of a parameter's name or value: all but unreserved characters (RFC 3986, 2.3). .p
 * NULL: arena full. */
struct hg_slice hg_query_encode(struct hg_arena *arena, struct hg_slice plain);

/* uri-host [ ":" port ], as a Host field may carry it (RFC 9110, 7.2). */
bool hg_authority_ok(struct hg_slice s);

/* The length of "http://authority" or "https://authority" at the front (RFC 3986, 3), 0: it begins otherwise.
 * The authority is not checked, and may be empty. */
size_t hg_url_origin(struct hg_slice url, bool *tls, struct hg_slice *authority);

/* May a rule make this path? One '/' at the front, visible ASCII without '?', '#' and backslash, and no dot
 * segments in any spelling. */
bool hg_path_ok(struct hg_slice path);

/* Takes the '/' at the end off. True: it is empty or a path that is ok. */
bool hg_base_path_ok(struct hg_slice *base);

/* Is path base itself or below it? */
bool hg_path_below(struct hg_slice path, struct hg_slice base);

/* base (ok, without '/' at its end) in front of path, unless path is below it already or is no path ("*").
 * .p NULL: arena full. */
struct hg_slice hg_path_join(struct hg_arena *arena, struct hg_slice base, struct hg_slice path);

/* Does the path have a dot segment (literal or percent-encoded, RFC 3986, 5.2.4), a backslash (also encoded),
 * or an encoded NUL or other control? Used for frontends with a path condition or path = "strict". */
bool hg_path_is_ambiguous(struct hg_slice path);

#endif
