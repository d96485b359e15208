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
    const struct hg_captures *captured; /* inside the value of a choice: what $1 stands for there */
    size_t chosen;                      /* bytes of choices' values so far */
    enum hg_template_result result;
};

/* Notes the first mistake. */
void hg_compile_bad(struct hg_compiler *c, size_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL without memory, which is noted. */
struct hg_segment *hg_compile_add(struct hg_compiler *c, struct hg_template *t, enum hg_segment_kind kind);
void hg_compile_literal(struct hg_compiler *c, struct hg_template *t, struct hg_slice text);

/* Without CR, LF and NUL. */
bool hg_compile_clean(struct hg_slice value);

/* Adds the segments of text; base is its offset in the whole. */
void hg_compile_text(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t base);

/* text begins with a "$<...>": adds what it stands for and returns its length. at is its offset in the whole.
 */
size_t hg_compile_reference(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t at);

/* One $<...>, taken apart. */
struct hg_reference {
    struct hg_slice function; /* .n 0: none */
    struct hg_slice name;     /* of the variable; for secret and base64 all that is behind the colon */
    size_t name_at;           /* offset of name in the whole text */
    struct hg_slice standby;  /* behind ":-"; .p NULL: none */
    size_t standby_at;
    bool vanish; /* '?' */
    size_t at;   /* offset of the $< */
};

/* One segment without value: an action with a $<NAME?> vanishes whatever else is unset. */
void hg_reference_unset(struct hg_compiler *c, struct hg_slice name, size_t offset, bool vanish);
/* Moves the segments of from behind those of t. */
void hg_reference_splice(struct hg_compiler *c, struct hg_template *t, struct hg_template *from);
/* Compiles the default; into t when it is used. */
void hg_reference_standby(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r,
                          bool used);

/* declared.c */
void hg_declared_secret(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r);
void hg_declared_choice(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r);
void hg_declared_map(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r);

/* Length of what is inside the $<...> that text begins with, or -1 when it is not closed. */
ptrdiff_t hg_compile_inner(struct hg_slice text);

#endif
