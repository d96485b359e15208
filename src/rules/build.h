/* SPDX-License-Identifier: MIT
 *
 * One action while it is built, for the files that do it by topic.
 */
#ifndef HG_RULES_BUILD_H
#define HG_RULES_BUILD_H

#include "action.h"
#include "segment.h"

struct hg_builder {
    struct hg_ruleset *rs;
    const struct hg_action_spec *spec;
    const struct hg_resolver *resolver;
    struct hg_rule_note *note;
    struct hg_action *a; /* kind, where, condition, aliases and observe are set */
    unsigned groups;     /* what $1..$9 may be in its values: of the regex that captures */
};

/* BAD with this sentence. */
enum hg_append hg_build_bad(struct hg_rule_note *note, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
enum hg_append hg_build_from(enum hg_template_result r, const char *what, const struct hg_template_note *text,
                             struct hg_rule_note *note);
/* Expands a pattern text. UNSET: note->name. BAD: note->text begins with `what` when that is not NULL. */
enum hg_append hg_build_pattern(struct hg_slice text, unsigned flags, const char *what,
                                const struct hg_resolver *resolver, struct hg_pattern **out,
                                struct hg_rule_note *note);
/* A template of the action; allow: HG_TEMPLATE_*, beside captures. */
enum hg_append hg_build_template(struct hg_builder *b, struct hg_slice text, unsigned allow, const char *what,
                                 struct hg_template **out);
/* The same for a header's value; what is known of it now is checked now. */
enum hg_append hg_build_value(struct hg_builder *b, struct hg_slice text, unsigned allow,
                              struct hg_template **out);
/* %{headers} shows what the rules before it have put in. */
enum hg_append hg_build_echo(struct hg_builder *b, bool echoes);

/* build_header.c. A header's name: $<...> expanded, a token, not protected; malloc'd. */
enum hg_append hg_build_name(struct hg_builder *b, struct hg_slice text, char **out, size_t *n);
enum hg_append hg_build_drop(struct hg_builder *b); /* DROP_HEADER, DROP_QUERY */
enum hg_append hg_build_keep(struct hg_builder *b);
enum hg_append hg_build_set(struct hg_builder *b);      /* SET_HEADER, ADD_HEADER, DEFAULT_HEADER */
enum hg_append hg_build_by_value(struct hg_builder *b); /* DROP_HEADER_VALUE, DROP_FROM_LIST */
enum hg_append hg_build_replace(struct hg_builder *b);
enum hg_append hg_build_add_to_list(struct hg_builder *b);

/* The pattern of a value (or of the path). */
enum hg_append hg_build_value_pattern(struct hg_builder *b, unsigned flags);

/* build_target.c */
enum hg_append hg_build_set_query(struct hg_builder *b);
enum hg_append hg_build_path(struct hg_builder *b); /* SET_PATH, REPLACE_PATH */
enum hg_append hg_build_base_path(struct hg_builder *b);
enum hg_append hg_build_set_host(struct hg_builder *b);
enum hg_append hg_build_redirect(struct hg_builder *b);
enum hg_append hg_build_set_status(struct hg_builder *b);
enum hg_append hg_build_map_origin(struct hg_builder *b);

/* build_answer.c */
enum hg_append hg_build_answer(struct hg_builder *b); /* DENY, RESPOND */
enum hg_append hg_build_serve(struct hg_builder *b);
enum hg_append hg_build_log(struct hg_builder *b);
enum hg_append hg_build_guard(struct hg_builder *b);
/* status (or the standard one), headers and body of the action; allow: HG_TEMPLATE_* in them. */
enum hg_append hg_build_own_answer(struct hg_builder *b, unsigned status, unsigned allow);

/* build_limit.c */
enum hg_append hg_build_rate_limit(struct hg_builder *b);
/* n more actions that a request holds something of. */
enum hg_append hg_build_takes(struct hg_builder *b, unsigned n);
enum hg_append hg_build_usage(struct hg_builder *b);

#endif
