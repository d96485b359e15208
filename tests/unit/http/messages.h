/* SPDX-License-Identifier: MIT
 *
 * Short cuts of this room's tests: from raw bytes to a verdict, the way a
 * connection does it (scan, parse, framing), at a guard page.
 */
#ifndef HG_TESTS_HTTP_MESSAGES_H
#define HG_TESTS_HTTP_MESSAGES_H

#include "http/framing.h"
#include "support/unit.h"

struct message {
    struct hg_arena arena;
    struct hg_request request;
    struct hg_response response;
    struct hg_framing framing;
};

/* Until message_free. What is wrong with the head, or OK. NO_MEMORY stands for "incomplete". */
enum hg_http_error message_request(struct message *m, struct hg_slice raw);
enum hg_http_error message_response(struct message *m, struct hg_slice raw, enum hg_method method);
void message_free(struct message *m);

#endif
