/* SPDX-License-Identifier: MIT
 *
 * Which model a request asks for, read from its body while that passes by. The
 * whole outermost object is read, because readers differ in which of two members
 * they take and in how they compare names: what two upstreams could read
 * differently is unclear here, and never a model.
 */
#ifndef HG_POLICY_MODEL_H
#define HG_POLICY_MODEL_H

#include "base/slice.h"

enum hg_model_found {
    HG_MODEL_FOUND,
    HG_MODEL_NONE,    /* there is surely none: no body, or an object without such a member */
    HG_MODEL_UNSEEN,  /* there is a body that nobody has seen (a trial of a head) */
    HG_MODEL_UNCLEAR, /* it cannot be told, and `why` is a part of a sentence about "it" */
};

struct hg_model_reading {
    enum hg_model_found found;
    struct hg_slice model; /* FOUND */
    const char *why;       /* UNCLEAR and NONE */
};

/* May this be the name of a model: UTF-8 that is neither empty nor longer than HG_LIMIT_MODEL, without
 * characters that are not seen (controls, white space but for ' ', marks of direction), and without spaces at
 * its ends, which some would take off? NULL, or why not. */
const char *hg_model_name_problem(struct hg_slice name);

struct hg_model_reader;
struct hg_budget;

/* What the head says of the body; .p NULL: there is no such field. Of several fields of one name the caller
 * says so: they need not agree. */
struct hg_model_head {
    struct hg_slice content_type, content_encoding;
    bool twice;               /* one of them is there more than once */
    struct hg_budget *budget; /* what decoders of this thread may hold together; NULL: only their own bound */
};

/* limit: most bytes it reads, before and after decoding. NULL without memory. What cannot be read is no
 * failure: such a reader takes what it is fed, and says why it is unclear. */
struct hg_model_reader *hg_model_reader_new(const struct hg_model_head *head, size_t limit);
/* NULL is fine. */
void hg_model_reader_free(struct hg_model_reader *r);

/* The next bytes of the body, without transfer coding. */
void hg_model_reader_feed(struct hg_model_reader *r, struct hg_slice span);
/* Nothing that comes could make it clear any more. */
bool hg_model_reader_hopeless(const struct hg_model_reader *r);
/* whole: the body has ended; otherwise it is larger than what may be held. The reading is valid while r is.
 */
void hg_model_reader_end(struct hg_model_reader *r, bool whole, struct hg_model_reading *out);

#endif
