/* SPDX-License-Identifier: MIT
 *
 * A byte stream: a connected socket, plain or with TLS on it (also inside a
 * CONNECT tunnel, which is nothing any more once it stands). Non-blocking.
 * Those above see only read, write and one recomputed interest; that TLS may
 * need to write in order to read stays in here.
 */
#ifndef HG_IO_STREAM_H
#define HG_IO_STREAM_H

#include <sys/types.h>

#include "io/failure.h"
#include "io/loop.h"
#include "io/tls.h"

#define HG_STREAM_EOF 0 /* the peer ended cleanly (FIN; with TLS: close_notify) */
#define HG_STREAM_AGAIN (-1)
#define HG_STREAM_ERROR (-2) /* hg_stream_error says why; also TLS without close_notify (truncation) */

struct hg_stream;

/* Takes the connected descriptor over (also on failure). tls NULL: plain; else a server context, and the
 * handshake happens inside the first reads and writes. TCP_NODELAY is set where it applies. NULL: no memory.
 */
struct hg_stream *hg_stream_accepted(struct hg_loop *loop, int fd, struct hg_tls *tls);

/* Stops watching and closes; sends close_notify if that can be done at once. Sets *s to NULL. Never call it
 * while the stream's own ready callback could still touch it: the owner defers. */
void hg_stream_close(struct hg_stream **s);
/* Closes with RST, so that the peer cannot take what it has for complete. */
void hg_stream_abort(struct hg_stream **s);

/* ready(ctx, events) is called when the wanted events may succeed. */
void hg_stream_on_ready(struct hg_stream *s, void (*ready)(void *ctx, unsigned events), void *ctx);

/* Bytes (> 0) or one of the results above. A read or write of n = 0 is not allowed. Fewer bytes written than
 * asked means that the next write would be AGAIN. Behind a short or AGAIN write, the next one begins with the
 * very bytes that were not taken and is not shorter (TLS has sealed a record of them already). ERROR stays
 * ERROR; but when a write failed, what the peer said before it left (an early answer) can still be read. */
ssize_t hg_stream_read(struct hg_stream *s, char *p, size_t n);
ssize_t hg_stream_write(struct hg_stream *s, const char *p, size_t n);

/* Data waits inside TLS: a read would succeed although the socket may never become readable again. */
bool hg_stream_pending(const struct hg_stream *s);

/* Interest from now on (HG_IO_READ, HG_IO_WRITE): called once at the end of a turn. When READ is wanted and
 * data is pending, ready is called in the next turn. */
void hg_stream_want(struct hg_stream *s, unsigned events);
/* READ is wanted: ready is called with it in the next turn, whether there is something to read or not. */
void hg_stream_again(struct hg_stream *s);

/* Half-close after all writes were taken: FIN, with TLS close_notify first. */
void hg_stream_shutdown(struct hg_stream *s);

/* An idle connection that should have nothing to say: true when it is still open and silent (TLS session
 * tickets are consumed). */
bool hg_stream_idle_ok(struct hg_stream *s);

/* Of the last HG_STREAM_ERROR: printable, e.g. "Connection reset by peer". */
const char *hg_stream_error(const struct hg_stream *s);

int hg_stream_fd(const struct hg_stream *s);
/* "TLSv1.3", or NULL when plain or before the handshake. */
const char *hg_stream_tls_version(const struct hg_stream *s);
bool hg_stream_tls_resumed(const struct hg_stream *s);
/* TLS server side: the handshake is over (true for plain). */
bool hg_stream_established(const struct hg_stream *s);

#endif
