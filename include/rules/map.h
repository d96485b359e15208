/* SPDX-License-Identifier: MIT
 *
 * map: what a request brings (the key) picks the name of a declared secret or
 * backend. A closed table: whoever matches no entry is refused. The first entry
 * in the order written counts. Entries with an exact text are found by a binary
 * search however many there are; patterns are tried one after the other, only
 * those that stand before the exact entry that was found.
 *
 * Built in steps, then immutable and shared by all threads.
 */
#ifndef HG_RULES_MAP_H
#define HG_RULES_MAP_H

#include "rules/ruleset.h"

struct hg_map;

enum hg_map_to { HG_MAP_TO_SECRET, HG_MAP_TO_BACKEND }; /* in the order of the schema's words */

/* name is copied. NULL: no memory. */
struct hg_map *hg_map_new(const char *name, enum hg_map_to to);
void hg_map_free(struct hg_map *m);

const char *hg_map_name(const struct hg_map *m);
enum hg_map_to hg_map_to(const struct hg_map *m);

/* %{...} and $<...>, no secret. */
enum hg_template_result hg_map_set_key(struct hg_map *m, struct hg_slice text,
                                       const struct hg_resolver *resolver, struct hg_template_note *note);

/* target: a struct hg_secret_slot, or what the caller understands; file: kept by the caller. With a resolver
 * $<...> in the pattern is expanded; NULL: the text is the pattern. */
enum hg_append hg_map_add(struct hg_map *m, struct hg_slice pattern, const struct hg_resolver *resolver,
                          const void *target, const char *file, unsigned line, struct hg_rule_note *note);

/* Once, after the last entry. False: no memory. double_ (may be NULL) is called for each entry that an
 * earlier one with the same text hides. */
bool hg_map_seal(struct hg_map *m,
                 void (*double_)(void *ctx, const char *file, unsigned line, unsigned first), void *ctx);

/* It has a mistake, which was said: nothing can be built with it. */
void hg_map_break(struct hg_map *m);
bool hg_map_broken(const struct hg_map *m);

/* HG_WHEN_BIT of what its key looks at, as far as it matters. */
unsigned hg_map_asks(const struct hg_map *m);
/* The i-th of the different secrets it can give, NULL behind the last. */
struct hg_secret_slot *hg_map_secret(const struct hg_map *m, size_t i);
/* The i-th entry's target, NULL behind the last. */
const void *hg_map_target(const struct hg_map *m, size_t i);

/* What a look-up found. */
struct hg_map_taken {
    const struct hg_map *map;
    const void *target; /* NULL: no entry matches */
    const char *file;
    unsigned line;
    struct hg_slice key; /* in the arena; of the request: not for logs */
    bool hidden;         /* the key holds a header that carries credentials: not to be shown at all */
};

enum hg_map_found { HG_MAP_FOUND, HG_MAP_NONE, HG_MAP_LIMIT /* of a pattern */, HG_MAP_NO_MEMORY };

/* vars->scratch must be set. */
enum hg_map_found hg_map_find(const struct hg_map *m, const struct hg_vars *vars, struct hg_arena *arena,
                              struct hg_map_taken *out);

/* "tenants: key "acme" is key-a (t.map:3)", for explain. target: the name of taken->target. */
void hg_map_say(const struct hg_map_taken *taken, const char *target, char *out, size_t cap);

#endif
