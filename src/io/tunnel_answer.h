/* SPDX-License-Identifier: MIT
 *
 * What a proxy's answer to CONNECT means. Pure: bytes in, a verdict out.
 */
#ifndef HG_IO_TUNNEL_ANSWER_H
#define HG_IO_TUNNEL_ANSWER_H

#include "http/head.h"
#include "io/failure.h"

struct hg_tunnel_answer {
    struct hg_head_scan scan;
    unsigned interim; /* 1xx answers so far */
};

enum hg_tunnel_verdict {
    HG_TUNNEL_MORE,   /* bytes are missing */
    HG_TUNNEL_OPEN,   /* the tunnel stands, and nothing came behind the head */
    HG_TUNNEL_REFUSED /* *f says why; nothing of the page that may follow is shown to anyone */
};

void hg_tunnel_answer_init(struct hg_tunnel_answer *a);

/* data: all that came, without what was *used by earlier calls (whole interim heads). */
enum hg_tunnel_verdict hg_tunnel_answer_feed(struct hg_tunnel_answer *a, struct hg_slice data, size_t *used,
                                             struct hg_failure *f);

#endif
