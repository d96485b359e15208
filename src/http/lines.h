/* SPDX-License-Identifier: MIT
 *
 * Lines of a head and of a trailer section, shared by the parsers of this room.
 */
#ifndef HG_HTTP_LINES_H
#define HG_HTTP_LINES_H

#include "http/error.h"
#include "http/header.h"

/* Takes the next line off *rest, without its CRLF. BARE_LF or BARE_CR when it does not end so. */
enum hg_http_error hg_lines_next(struct hg_slice *rest, struct hg_slice *line);

/* Field lines up to the empty line or the end of *rest, appended to out. */
enum hg_http_error hg_lines_fields(struct hg_slice *rest, struct hg_headers *out);

/* "HTTP/1.x": the minor version (above 1 reads as 1). `malformed` is what a version of another shape is. */
enum hg_http_error hg_lines_version(struct hg_slice s, enum hg_http_error malformed, unsigned *minor);

/* Visible ASCII without '#': what a request target may consist of. */
bool hg_lines_target_ok(struct hg_slice s);

#endif
