/* SPDX-License-Identifier: MIT
 *
 * Strings with $<...> (resolved when the plan is built) and %{...} or $1..$9
 * (per request), compiled once to segments and expanded in one pass; what is
 * put in is never scanned again. $$ and %% are the characters.
 *
 *   $<NAME> $<NAME:-default> $<NAME?> $<secret:x> $<host:NAME> $<base64:...> $<uuid> $<int:NAME:-600>
 *   $<choose:x> $<choose:x:-default> $<choose:x?> (rules/choice.h; unset: note.name is "choose:x")
 *   $<json:NAME> is none of a template's: whoever builds a plan puts a list in its place
 *   $<map:x> (rules/map.h; where a secret may stand and a request is there)
 *   %{request-id} %{client-ip} %{method} %{path} %{host} %{frontend} %{server-host} %{time} %{header:NAME}
 *   %{client-header:NAME} (as it arrived) %{peer-uid} %{peer-gid} (of a client on a unix socket, else empty)
 *   %{headers} (respond bodies only: the request's head as it stands, a line each, the request line first)
 *   %{error-type} %{error-message} (answers to failures only)
 *   %{limit} %{limit-name} %{limit-window} %{limit-remaining} %{limit-reset} %{retry-after} (answers of a
 *   rate-limit only)
 *   %{guard-name} %{guard-count} %{guard-max} %{guard-model} %{guard-reason} %{guard-message} (answers of
 *   guards only)
 *
 * The value of a plain variable with a CR, LF or NUL inside is BAD. host and %{host} are without port; an
 * IPv6 address keeps its brackets.
 */
#ifndef HG_RULES_TEMPLATE_H
#define HG_RULES_TEMPLATE_H

#include "base/arena.h"
#include "base/secret.h"
#include "http/head.h"
#include "rules/pattern.h"

struct hg_client;
struct hg_condition;
struct hg_choice;
struct hg_map;
struct hg_map_taken;
struct hg_limit_vars;

enum hg_declared { HG_DECLARED_SECRET, HG_DECLARED_ACL, HG_DECLARED_CHOICE, HG_DECLARED_MAP };

/* Where $<...> gets its values. */
struct hg_resolver {
    void *ctx;
    /* The variable's value (empty counts as unset), valid while the plan is built; false: unset. */
    bool (*env)(void *ctx, struct hg_slice name, struct hg_slice *value);
    /* The declared secret's slot, or NULL: not declared. */
    struct hg_secret_slot *(*secret)(void *ctx, struct hg_slice name);
    const char *uuid; /* once per process */
    /* The following may be NULL. The declared acl, choice or map (each lives as long as what is built with
     * it), or NULL: not declared. */
    const struct hg_condition *(*acl)(void *ctx, struct hg_slice name);
    const struct hg_choice *(*choice)(void *ctx, struct hg_slice name);
    const struct hg_map *(*map)(void *ctx, struct hg_slice name);
    /* The declared name most like this one, or NULL. */
    const char *(*nearest)(void *ctx, enum hg_declared what, struct hg_slice name);
    /* The variable has a value, but not what $<host:NAME> or $<int:NAME> asks for, and a default (or nothing)
     * stands in for it. */
    void (*unusable)(void *ctx, struct hg_slice name, const char *wanted);
};

/* For what is put into a text of that kind: inside a JSON string, or HTML text and attributes. */
enum hg_escape { HG_ESCAPE_NONE, HG_ESCAPE_JSON, HG_ESCAPE_HTML };

/* What a guard says of itself. */
struct hg_guard_words {
    struct hg_slice name, count, max, model, reason, message;
};

/* What %{...} gets its values from; slices live as long as the exchange. */
struct hg_vars {
    struct hg_slice request_id, client_ip, frontend, server_host, time;
    const struct hg_request *arrived;          /* client-header:NAME; NULL: request is it */
    const struct hg_client *client;            /* peer-uid, peer-gid; NULL: nothing is known */
    struct hg_scratch *scratch;                /* of patterns in maps; NULL: there are no maps */
    struct hg_map_taken *taken;                /* the last look-up in a map is noted here; may be NULL */
    const struct hg_request *request;          /* method, path, host, header:NAME, headers */
    const struct hg_captures *captures;        /* may be NULL */
    struct hg_slice error_type, error_message; /* of the failure that is answered */
    const struct hg_limit_vars *limited;       /* where a rate-limit answers; else NULL */
    const struct hg_guard_words *guard;        /* of the guard that answers */
    enum hg_escape escape;                     /* of what is put in for %{...} */
    struct hg_secret_uses *uses;               /* which secrets were taken is noted here; may be NULL */
};

#define HG_TEMPLATE_VARS 1u     /* %{...} allowed */
#define HG_TEMPLATE_CAPTURES 2u /* $1..$9 allowed */
#define HG_TEMPLATE_SECRETS 4u  /* $<secret:...> allowed */
#define HG_TEMPLATE_HEADERS 8u  /* %{headers} allowed */
#define HG_TEMPLATE_ERRORS 64u  /* %{error-type} and %{error-message} allowed */
#define HG_TEMPLATE_LIMITS 128u /* %{limit} and its neighbours allowed */
#define HG_TEMPLATE_GUARDS 256u /* %{guard-...} allowed */

struct hg_template;

enum hg_template_result {
    HG_TEMPLATE_OK,
    HG_TEMPLATE_UNSET,  /* $<NAME> without a value: note.name */
    HG_TEMPLATE_VANISH, /* $<NAME?> without a value */
    HG_TEMPLATE_BAD,    /* note.text says what and note.offset where */
};

struct hg_template_note {
    char text[320];
    bool said; /* BAD: because of a mistake that was said already */
    char name[128];
    size_t offset;
};

enum hg_template_result hg_template_compile(struct hg_slice text, unsigned allow,
                                            const struct hg_resolver *resolver, struct hg_template **out,
                                            struct hg_template_note *note);
void hg_template_free(struct hg_template *t);

/* The text when it needs nothing per request and no secret; .p NULL otherwise. */
struct hg_slice hg_template_static(const struct hg_template *t);

/* The i-th secret slot used (also inside base64, and all that a map can give), or NULL behind the last. */
struct hg_secret_slot *hg_template_secret(const struct hg_template *t, size_t i);

/* The same without those of maps: what every expansion needs. */
struct hg_secret_slot *hg_template_needs(const struct hg_template *t, size_t i);
/* HG_WHEN_BIT of what the keys of its maps look at, as far as it matters. */
unsigned hg_template_asks(const struct hg_template *t);

enum hg_expand {
    HG_EXPAND_OK,
    HG_EXPAND_NO_SECRET,
    HG_EXPAND_NO_MEMORY,
    HG_EXPAND_NO_MATCH, /* no entry of a map matches: vars->taken */
    HG_EXPAND_LIMIT,    /* a pattern in a map reached its limit */
};

/* The host of an authority: without port, an IPv6 address with its brackets. */
struct hg_slice hg_template_host(struct hg_slice authority);

/* Into the arena (or the template's own text when it is static). NO_SECRET: *missing is the slot without a
 * value. */
enum hg_expand hg_template_expand(const struct hg_template *t, const struct hg_vars *vars,
                                  struct hg_arena *arena, struct hg_slice *out,
                                  const struct hg_secret_slot **missing);

#endif
