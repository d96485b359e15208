/* SPDX-License-Identifier: MIT
 *
 * A header list: an array of slices in the order of the wire, spelling kept.
 * Dropping and setting edit the array; bytes are never moved. Slices point into
 * the head's copy in the request arena, into the plan, or into the arena.
 */
#ifndef HG_HTTP_HEADER_H
#define HG_HTTP_HEADER_H

#include "base/arena.h"
#include "base/slice.h"

/* Fields that the code itself knows. Flags:
 *   H  hop-by-hop: ends here, never forwarded as received (RFC 9110, 7.6.1)
 *   P  protected: framing or routing; rules may not set or drop it
 *   C  known to carry credentials
 *   T  never allowed in a trailer section (RFC 9110, 6.5.1)
 *   N  may not be nominated by Connection (it would change framing or routing) */
#define HG_FIELD_H 1u
#define HG_FIELD_P 2u
#define HG_FIELD_C 4u
#define HG_FIELD_T 8u
#define HG_FIELD_N 16u

#define HG_FIELDS(X)                                                                                 \
    X(HOST, "Host", HG_FIELD_P | HG_FIELD_T | HG_FIELD_N)                                            \
    X(CONNECTION, "Connection", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T)                                \
    X(CONTENT_LENGTH, "Content-Length", HG_FIELD_P | HG_FIELD_T | HG_FIELD_N)                        \
    X(TRANSFER_ENCODING, "Transfer-Encoding", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T | HG_FIELD_N)     \
    X(UPGRADE, "Upgrade", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T)                                      \
    X(TE, "TE", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T)                                                \
    X(TRAILER, "Trailer", HG_FIELD_P | HG_FIELD_T)                                                   \
    X(KEEP_ALIVE, "Keep-Alive", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T)                                \
    X(PROXY_CONNECTION, "Proxy-Connection", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T)                    \
    X(EXPECT, "Expect", HG_FIELD_H | HG_FIELD_P | HG_FIELD_T)                                        \
    X(PROXY_AUTHORIZATION, "Proxy-Authorization", HG_FIELD_H | HG_FIELD_P | HG_FIELD_C | HG_FIELD_T) \
    X(PROXY_AUTHENTICATE, "Proxy-Authenticate", HG_FIELD_H | HG_FIELD_T)                             \
    X(AUTHORIZATION, "Authorization", HG_FIELD_C | HG_FIELD_T)                                       \
    X(WWW_AUTHENTICATE, "WWW-Authenticate", HG_FIELD_T)                                              \
    X(COOKIE, "Cookie", HG_FIELD_C | HG_FIELD_T)                                                     \
    X(SET_COOKIE, "Set-Cookie", HG_FIELD_C | HG_FIELD_T)                                             \
    X(X_API_KEY, "X-Api-Key", HG_FIELD_C | HG_FIELD_T)                                               \
    X(X_GOOG_API_KEY, "X-Goog-Api-Key", HG_FIELD_C | HG_FIELD_T)                                     \
    X(API_KEY, "Api-Key", HG_FIELD_C | HG_FIELD_T)                                                   \
    X(PRIVATE_TOKEN, "Private-Token", HG_FIELD_C | HG_FIELD_T)                                       \
    X(CONTENT_TYPE, "Content-Type", HG_FIELD_T)                                                      \
    X(CONTENT_ENCODING, "Content-Encoding", HG_FIELD_T)                                              \
    X(CONTENT_RANGE, "Content-Range", HG_FIELD_T)                                                    \
    X(CACHE_CONTROL, "Cache-Control", HG_FIELD_T)                                                    \
    X(DATE, "Date", 0)                                                                               \
    X(SERVER, "Server", 0)                                                                           \
    X(X_REQUEST_ID, "X-Request-ID", 0)                                                               \
    X(SEC_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Protocol", HG_FIELD_T)                                  \
    X(FORWARDED, "Forwarded", HG_FIELD_T)                                                            \
    X(VIA, "Via", HG_FIELD_T)

enum hg_field {
    HG_FIELD_OTHER = 0,
#define X(id, name, flags) HG_FIELD_##id,
    HG_FIELDS(X)
#undef X
        HG_FIELD_COUNT
};

/* Caseless; HG_FIELD_OTHER when unknown. */
enum hg_field hg_field_id(struct hg_slice name);
const char *hg_field_name(enum hg_field id);
unsigned hg_field_flags(enum hg_field id);

struct hg_header {
    struct hg_slice name, value; /* value is trimmed */
    enum hg_field id;            /* of name */
    bool secret;                 /* a rule has put a credential into the value */
};

struct hg_headers {
    struct hg_header *v;
    size_t n, cap;
    struct hg_arena *arena; /* where the array grows */
};

void hg_headers_init(struct hg_headers *h, struct hg_arena *arena);
/* Room for n fields, at most HG_LIMIT_HEADER_LIST, and a few that rules add, in a list that is empty: it
 * grows beyond that, but what it grew out of stays in the arena. False: the arena is full. */
bool hg_headers_reserve(struct hg_headers *h, size_t n);
/* The same fields in an array of their own. False: the arena is full. */
bool hg_headers_copy(struct hg_headers *to, const struct hg_headers *from, struct hg_arena *arena);

/* Appends; the slices must outlive the list. False when the arena or HG_LIMIT_HEADER_LIST is full. */
bool hg_headers_add(struct hg_headers *h, struct hg_slice name, struct hg_slice value);

/* First with that id (not HG_FIELD_OTHER) or name (caseless) at or after index `from`; NULL when none. */
struct hg_header *hg_headers_find_id(const struct hg_headers *h, enum hg_field id, size_t from);
struct hg_header *hg_headers_find(const struct hg_headers *h, struct hg_slice name);

/* The values of all fields of that name, joined by commas; .p NULL: there is none, or the arena is full. */
struct hg_slice hg_headers_joined(const struct hg_headers *h, struct hg_slice name, struct hg_arena *arena);

size_t hg_headers_count_id(const struct hg_headers *h, enum hg_field id);

/* Order of the rest is kept. Each returns how many were removed. */
size_t hg_headers_remove_id(struct hg_headers *h, enum hg_field id);
size_t hg_headers_remove(struct hg_headers *h, struct hg_slice name);
void hg_headers_remove_at(struct hg_headers *h, size_t i);

/* Replaces the first of that name in place and removes the others; appends when there is none. */
bool hg_headers_set(struct hg_headers *h, struct hg_slice name, struct hg_slice value);

/* RFC 9110, 5.6.2 token: non-empty. */
bool hg_header_name_ok(struct hg_slice name);
/* Field value without CR, LF, NUL and other controls (HTAB is allowed). */
bool hg_header_value_ok(struct hg_slice value);

/* Does a comma-separated list field (all its occurrences) contain the token, caselessly? */
bool hg_headers_has_token(const struct hg_headers *h, enum hg_field id, struct hg_slice token);

#endif
