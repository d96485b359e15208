/* SPDX-License-Identifier: MIT
 *
 * Writer for one flat or nested JSON object in a fixed buffer: log lines and
 * error bodies. It never fails half-way: what does not fit is left out and the
 * object is still closed properly. Reading it: base/pick.h.
 */
#ifndef HG_BASE_JSON_H
#define HG_BASE_JSON_H

#include "base/slice.h"

struct hg_json {
    char *out;
    size_t cap, len;
    unsigned depth;   /* open objects */
    uint64_t lists;   /* bit n: what is open at depth n is a list */
    unsigned skipped; /* objects inside them that did not fit: their fields are left out */
    bool need_comma;
    bool truncated; /* something did not fit */
};

/* Everywhere, key is NULL for an element of a list. Opens the outermost object. cap must be at least 64. */
void hg_json_begin(struct hg_json *j, char *out, size_t cap);

/* Strings are escaped; bytes that are not valid UTF-8 become U+FFFD. */
void hg_json_str(struct hg_json *j, const char *key, struct hg_slice value);
/* As hg_json_str, for what a peer sent: control characters are removed and it is cut to
 * HG_JSON_PEER_MAX bytes. */
#define HG_JSON_PEER_MAX 200
void hg_json_peer(struct hg_json *j, const char *key, struct hg_slice value);
/* What hg_json_peer makes of a value: without control characters, into out, at most cap bytes and never in
 * the middle of a character. Returns how many. */
size_t hg_json_clean(struct hg_slice value, char *out, size_t cap);
/* Length of the well-formed UTF-8 sequence (RFC 3629) at p, or 0. */
size_t hg_json_utf8(const char *p, size_t n);
void hg_json_u64(struct hg_json *j, const char *key, uint64_t value);
void hg_json_i64(struct hg_json *j, const char *key, int64_t value);
void hg_json_bool(struct hg_json *j, const char *key, bool value);
void hg_json_null(struct hg_json *j, const char *key);
/* Microseconds written as milliseconds with three decimals, e.g. 1.250. */
void hg_json_ms(struct hg_json *j, const char *key, uint64_t us);
/* Millionths as short as they can be written: 1234, 0.1. */
void hg_json_millionths(struct hg_json *j, const char *key, uint64_t n);
/* At most 60 deep. */
void hg_json_open(struct hg_json *j, const char *key);
void hg_json_open_list(struct hg_json *j, const char *key);
void hg_json_close(struct hg_json *j);

/* Closes all that is open and returns the text (in the caller's buffer, NUL-terminated). */
struct hg_slice hg_json_end(struct hg_json *j);

#endif
