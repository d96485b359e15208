/* SPDX-License-Identifier: MIT
 *
 * Body coders. The decoder takes a message body off the wire whatever its
 * framing and hands out spans of plain data that point into the input; the
 * encoder frames data for the next hop. Neither holds data back.
 */
#ifndef HG_HTTP_BODY_H
#define HG_HTTP_BODY_H

#include "base/buf.h"
#include "http/framing.h"

enum hg_body_step {
    HG_BODY_MORE, /* all input consumed, the body goes on */
    HG_BODY_DATA, /* *data is the next span; call again with what is behind `consumed` */
    HG_BODY_DONE, /* the body is complete; bytes behind `consumed` belong to the next message */
    HG_BODY_BAD,  /* decoder.error says why; the connection cannot be used on */
};

struct hg_body_decoder {
    enum hg_framing_kind kind;
    uint64_t left;  /* of the body (LENGTH) or of the chunk (CHUNKED) */
    uint64_t total; /* data bytes handed out */
    uint64_t limit; /* most data bytes; UINT64_MAX: none. Above: BODY_TOO_LARGE */
    unsigned char state;
    unsigned line;          /* bytes of the current chunk-size line or trailer section */
    struct hg_buf trailers; /* raw trailer section, under HG_LIMIT_TRAILER */
    enum hg_http_error error;
};

void hg_body_decoder_init(struct hg_body_decoder *d, const struct hg_framing *f, uint64_t limit);
void hg_body_decoder_free(struct hg_body_decoder *d);

/* One step. *consumed is how many bytes of `in` this step used (including those of *data). A span is
 * handed out as soon as its bytes are there. Strict (RFC 9112, 7.1): CRLF only, hex sizes without sign
 * or 0x, at most 16 digits, extensions skipped under HG_LIMIT_CHUNK_EXT and free of controls. */
enum hg_body_step hg_body_decode(struct hg_body_decoder *d, struct hg_slice in, size_t *consumed,
                                 struct hg_slice *data);

/* The peer closed. For CLOSE framing that is the end (DONE); otherwise BAD (truncated), unless done before.
 */
bool hg_body_decoder_eof_is_end(const struct hg_body_decoder *d);
bool hg_body_decoder_done(const struct hg_body_decoder *d);

/* After DONE of a chunked body: its trailer fields (usually none), copied into the arena. BAD_TRAILER for
 * malformed ones and for those with HG_FIELD_T. */
enum hg_http_error hg_body_trailers(const struct hg_body_decoder *d, struct hg_arena *arena,
                                    struct hg_headers *out);

/* Appends data framed for `kind` (CHUNKED: size line, data, CRLF; otherwise as it is). False: the buffer is
 * full; nothing was added. */
bool hg_body_encode(struct hg_buf *out, enum hg_framing_kind kind, struct hg_slice data);
/* Most bytes that the framing of one span adds. */
#define HG_BODY_OVERHEAD 20u
/* The end of a body: for CHUNKED the last chunk with the trailers (may be NULL); otherwise nothing. */
bool hg_body_encode_end(struct hg_buf *out, enum hg_framing_kind kind, const struct hg_headers *trailers);

#endif
