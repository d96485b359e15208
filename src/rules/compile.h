/* SPDX-License-Identifier: MIT
 *
 * A template while it is built: shared by the file that reads the text and the
 * one that reads what is between $< and >.
 */
#ifndef HG_RULES_COMPILE_H
#define HG_RULES_COMPILE_H

#include "segment.h"

struct hg_compiler {
    const struct hg_resolver *resolver;
    struct hg_template_note *note;
    unsigned allow;
    unsigned depth;
    enum hg_template_result result;
};

/* Notes the first mistake. */
void hg_compile_bad(struct hg_compiler *c, size_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL without memory, which is noted. */
struct hg_segment *hg_compile_add(struct hg_compiler *c, struct hg_template *t, enum hg_segment_kind kind);
void hg_compile_literal(struct hg_compiler *c, struct hg_template *t, struct hg_slice text);

/* Adds the segments of text; base is its offset in the whole. */
void hg_compile_text(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t base);

/* text begins with a "$<...>": adds what it stands for and returns its length. at is its offset in the whole.
 */
size_t hg_compile_reference(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t at);

/* Length of what is inside the $<...> that text begins with, or -1 when it is not closed. */
ptrdiff_t hg_compile_inner(struct hg_slice text);

#endif
