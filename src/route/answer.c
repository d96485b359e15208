/* SPDX-License-Identifier: MIT
 *
 * Error answers: the same JSON for every failure, so that a client's SDK and an
 * operator's log name one thing.
 */
#include "route/answer.h"

#include "base/check.h"
#include "base/json.h"

void hg_answer_error(struct hg_answer *a, enum hg_answer_kind kind, struct hg_arena *arena, unsigned status,
                     const char *type, const char *message, struct hg_slice request_id)
{
    char text[1024];
    struct hg_json j;
    struct hg_slice body;

    HG_ASSERT(type != NULL && message != NULL && status >= 400);
    hg_json_begin(&j, text, sizeof(text));
    hg_json_open(&j, "error");
    hg_json_str(&j, "type", hg_slice_str(type));
    hg_json_str(&j, "message", hg_slice_str(message));
    hg_json_str(&j, "request_id", request_id);
    hg_json_close(&j);
    body = hg_arena_copy(arena, hg_json_end(&j));
    hg_headers_init(&a->headers, arena);
    hg_headers_add(&a->headers, HG_LIT("Content-Type"), HG_LIT("application/json"));
    if (status == 405)
        hg_headers_add(&a->headers, HG_LIT("Allow"), HG_LIT("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    a->kind = kind;
    a->status = status;
    a->type = type;
    a->body = body.p != NULL ? body : HG_LIT("{}");
}
