/* SPDX-License-Identifier: MIT
 *
 * Small languages that people write in configuration: durations, sizes,
 * host:port pairs; and "did you mean".
 */
#ifndef HG_BASE_TEXT_H
#define HG_BASE_TEXT_H

#include "base/slice.h"

/* "500ms" "30s" "10m" "2h" "1d", and "0"; a bare number other than 0 is refused
 * (its unit is a guess). Milliseconds; false when malformed or above 100 years. */
bool hg_text_duration(struct hg_slice s, uint64_t *ms);

/* "4096" "64k" "10M" "1G" (powers of 1024; a trailing B or iB is allowed; caseless). */
bool hg_text_size(struct hg_slice s, uint64_t *bytes);

/* "4", "0.1", "2.5": digits, and up to six behind a point. In millionths; false: malformed, or over
 * 1000000000. */
bool hg_text_decimal(struct hg_slice s, uint64_t *millionths);

/* A number of millionths as short as it can be written: "1234", "0.1"; and with two digits behind the point,
 * rounded: "1234.00". */
#define HG_TEXT_DECIMAL_LEN 32
void hg_text_put_decimal(uint64_t millionths, char out[HG_TEXT_DECIMAL_LEN]);
void hg_text_put_fixed(uint64_t millionths, char out[HG_TEXT_DECIMAL_LEN]);

/* Splits "host:port", "[v6]:port", "host", "[v6]"; *port is 0 when absent.
 * Brackets are removed from *host. False for bad syntax or a port over 65535 or 0. */
bool hg_text_host_port(struct hg_slice s, struct hg_slice *host, uint16_t *port);

/* Is this an IPv4 or IPv6 literal (no brackets)? */
bool hg_text_is_ip(struct hg_slice host);

/* A DNS name as a URL may carry it: LDH labels and '_', 1 to 253 bytes, optional last dot. */
bool hg_text_is_hostname(struct hg_slice host);

/* Damerau-Levenshtein, for "did you mean": the best of names[0..n) within a distance
 * that makes sense for the length, or NULL. */
const char *hg_text_nearest(struct hg_slice word, const char *const *names, size_t n);

/* Copies s to out (cap bytes, always NUL-terminated) with control characters, quotes
 * left out and non-ASCII bytes as '?', cut to fit: for sentences that quote input. */
void hg_text_printable(struct hg_slice s, char *out, size_t cap);

/* RFC 3339 UTC with milliseconds, e.g. 2026-04-12T10:00:00.000Z, of a time in
 * microseconds since 1970. out holds 25 bytes. */
#define HG_TEXT_TIME_LEN 25
void hg_text_time(uint64_t unix_us, char out[HG_TEXT_TIME_LEN]);

/* The same time as HTTP's Date wants it (IMF-fixdate, RFC 9110, 5.6.7). out holds 30 bytes. */
#define HG_TEXT_HTTP_DATE_LEN 30
void hg_text_http_date(uint64_t unix_us, char out[HG_TEXT_HTTP_DATE_LEN]);

/* Random UUID v4 text; 37 bytes with the NUL. False when the system has no randomness. */
#define HG_TEXT_UUID_LEN 37
bool hg_text_uuid(char out[HG_TEXT_UUID_LEN]);

/* Base64 (RFC 4648, 4) of n bytes into out, which holds HG_BASE64_LEN(n)+1 bytes. */
#define HG_BASE64_LEN(n) (((n) + 2) / 3 * 4)
size_t hg_text_base64(struct hg_slice in, char *out);

/* SHA-256 in lower-case hex: to compare and key things without keeping them. */
#define HG_TEXT_DIGEST_LEN 65
void hg_text_digest(struct hg_slice in, char out[HG_TEXT_DIGEST_LEN]);

#endif
