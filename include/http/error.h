/* SPDX-License-Identifier: MIT
 *
 * What can be wrong with an HTTP/1 message: number, name for logs and JSON,
 * status we answer with (when the message is a request), sentence.
 */
#ifndef HG_HTTP_ERROR_H
#define HG_HTTP_ERROR_H

#define HG_HTTP_ERRORS(X)                                                                                  \
    X(OK, "ok", 200, "no error")                                                                           \
    X(BAD_REQUEST_LINE, "bad_request_line", 400, "the request line is not METHOD SP target SP HTTP/1.x")   \
    X(BAD_METHOD, "bad_method", 400, "the method has a character that is not allowed in a token")          \
    X(METHOD_REFUSED, "method_refused", 405, "this method is not forwarded here")                          \
    X(BAD_TARGET, "bad_target", 400, "the request target is malformed")                                    \
    X(TARGET_MISMATCH, "target_mismatch", 400, "the absolute target's authority differs from Host")        \
    X(TARGET_SLASHES, "target_slashes", 400, "the target must not begin with //")                          \
    X(BAD_VERSION, "bad_version", 505, "only HTTP/1.0 and HTTP/1.1 are spoken here")                       \
    X(BAD_STATUS_LINE, "bad_status_line", 502, "the status line is malformed")                             \
    X(BARE_CR, "bare_cr", 400, "a CR without LF")                                                          \
    X(BARE_LF, "bare_lf", 400, "a LF without CR")                                                          \
    X(CONTROL, "control_character", 400, "a control character in the head")                                \
    X(OBS_FOLD, "obs_fold", 400, "a header line begins with white space (obsolete line folding)")          \
    X(BAD_NAME, "bad_header_name", 400, "a header name is empty or has a character that is not allowed")   \
    X(SPACE_COLON, "space_before_colon", 400, "white space between a header name and its colon")           \
    X(NO_COLON, "no_colon", 400, "a header line without a colon")                                          \
    X(HEAD_TOO_LARGE, "head_too_large", 431, "the head is larger than limit.head")                         \
    X(TOO_MANY_HEADERS, "too_many_headers", 431, "the head has too many header fields")                    \
    X(NO_HOST, "no_host", 400, "an HTTP/1.1 request without Host")                                         \
    X(DUPLICATE_HOST, "duplicate_host", 400, "more than one Host field")                                   \
    X(BAD_HOST, "bad_host", 400, "the Host field is not a host with an optional port")                     \
    X(DUPLICATE_LENGTH, "duplicate_length", 400, "more than one Content-Length")                           \
    X(BAD_LENGTH, "bad_length", 400, "Content-Length is not a decimal number")                             \
    X(TWO_FRAMINGS, "two_framings", 400, "both Content-Length and Transfer-Encoding")                      \
    X(BAD_CODING, "bad_transfer_coding", 400, "the only transfer coding understood here is chunked, once") \
    X(CODING_VERSION, "coding_in_http10", 400, "Transfer-Encoding in an HTTP/1.0 message")                 \
    X(BODY_TOO_LARGE, "body_too_large", 413, "the body is larger than limit.body")                         \
    X(BAD_CHUNK, "bad_chunk", 400, "the chunked body is malformed")                                        \
    X(BAD_TRAILER, "bad_trailer", 400, "a trailer field that is malformed or not allowed in a trailer")    \
    X(BAD_EXPECT, "bad_expect", 417, "the only expectation understood here is 100-continue")               \
    X(BAD_CONNECTION, "bad_connection", 400, "Connection names a header that cannot be hop-by-hop")        \
    X(NO_MEMORY, "no_memory", 500, "a ceiling on memory was reached")

enum hg_http_error {
#define X(id, name, status, text) HG_HTTP_##id,
    HG_HTTP_ERRORS(X)
#undef X
};

const char *hg_http_error_name(enum hg_http_error e);
unsigned hg_http_error_status(enum hg_http_error e);
const char *hg_http_error_text(enum hg_http_error e);
/* The same of an answer's head: limit.head, which the other names, bounds the heads of clients. */
const char *hg_http_answer_error_text(enum hg_http_error e);

/* Reason phrase of a status (RFC 9110, 15), "Unknown" for others. */
const char *hg_http_reason(unsigned status);

#endif
