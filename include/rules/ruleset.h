/* SPDX-License-Identifier: MIT
 *
 * A ruleset is an immutable list of actions, run in the order written, on one
 * message of one direction. It is built from strings, knows nothing of config,
 * sockets or clocks, and is shared by all threads.
 */
#ifndef HG_RULES_RULESET_H
#define HG_RULES_RULESET_H

#include "base/limits.h"
#include "rules/client.h"
#include "rules/limit.h"
#include "rules/origin.h"
#include "rules/serve.h"
#include "rules/template.h"

/* An action that must not run twice for a request: only in lists of frontends. */
#define HG_ACTION_ONCE 4

/* kind, name in the config, directions (1 request, 2 response) and HG_ACTION_ONCE. Each has a row of the same
 * name in three more tables: how it is written (plan/lists.c), how it is built (build.c) and how it runs
 * (run.c). */
#define HG_ACTIONS(X)                               \
    X(USE, "use", 3)                                \
    X(DROP_HEADER, "drop-header", 3)                \
    X(KEEP_HEADER, "keep-header", 3)                \
    X(DROP_HEADER_VALUE, "drop-header-value", 3)    \
    X(SET_HEADER, "set-header", 3)                  \
    X(ADD_HEADER, "add-header", 3)                  \
    X(DEFAULT_HEADER, "default-header", 3)          \
    X(REPLACE_HEADER, "replace-header", 3)          \
    X(ADD_TO_LIST, "add-to-list", 3)                \
    X(DROP_FROM_LIST, "drop-from-list", 3)          \
    X(DROP_QUERY, "drop-query", 1)                  \
    X(SET_QUERY, "set-query", 1)                    \
    X(SET_PATH, "set-path", 1)                      \
    X(REPLACE_PATH, "replace-path", 1)              \
    X(BASE_PATH, "base-path", 1)                    \
    X(SET_HOST, "set-host", 1)                      \
    X(DENY, "deny", 1)                              \
    X(RESPOND, "respond", 1)                        \
    X(REDIRECT, "redirect", 1)                      \
    X(RATE_LIMIT, "rate-limit", 1 | HG_ACTION_ONCE) \
    X(SERVE, "serve", 1 | HG_ACTION_ONCE)           \
    X(GUARD, "guard", 1 | HG_ACTION_ONCE)           \
    X(SET_STATUS, "set-status", 2)                  \
    X(MAP_ORIGIN, "map-origin", 2)                  \
    X(USAGE, "usage", 2)                            \
    X(LOG, "log", 3)

enum hg_action_kind {
#define X(id, name, directions) HG_ACTION_##id,
    HG_ACTIONS(X)
#undef X
        HG_ACTION_KINDS
};

/* As the config says it. */
const char *hg_action_name(enum hg_action_kind kind);
/* HG_ACTION_ONCE */
bool hg_action_once(enum hg_action_kind kind);

enum hg_direction { HG_REQUEST_RULES = 1, HG_RESPONSE_RULES = 2 };

struct hg_ruleset;
struct hg_usage; /* what a usage action names; it is only passed on (plan/usage.h) */

struct hg_pair {
    struct hg_slice name, value;
};

/* What a condition looks at: id, key in the config. In response rules HEADER is a header of the response;
 * METHOD, PATH, HOST and QUERY are the request's as it left. */
#define HG_WHEN_PARTS(X)                                                                       \
    X(METHOD, "method")               /* pattern */                                            \
    X(PATH, "path")                   /* pattern */                                            \
    X(HOST, "host")                   /* pattern */                                            \
    X(HEADER, "header")               /* name, pattern */                                      \
    X(QUERY, "query")                 /* name, pattern */                                      \
    X(CLIENT_HEADER, "client-header") /* name, pattern: as it arrived */                       \
    X(CLIENT_PATH, "client-path")     /* pattern: as it arrived */                             \
    X(CLIENT_IP, "client-ip")         /* address, network or "unix" */                         \
    X(PEER_UID, "peer-uid")           /* "1000" or "1000-1999" */                              \
    X(PEER_GID, "peer-gid")           /* the same */                                           \
    X(SERVER_HOST, "server-host")     /* pattern */                                            \
    X(FRONTEND, "frontend")           /* pattern */                                            \
    X(ENV, "env")                     /* name, pattern: decided when it is built; "": unset */ \
    X(STATUS, "status")               /* "401", "2xx" or "500-599"; response rules only */

enum hg_when_kind {
#define X(id, key) HG_WHEN_##id,
    HG_WHEN_PARTS(X)
#undef X
};
#define HG_WHEN_BIT(kind) (1u << (kind))

/* Holds when one of `any` does; of several headers or parameters of the name one is enough. */
struct hg_when_part {
    enum hg_when_kind kind;
    struct hg_slice name; /* HEADER, QUERY, CLIENT_HEADER, ENV */
    const struct hg_slice *any;
    size_t n;
};

/* All that are given must hold. Texts are pattern texts; .p NULL: not given. When exactly one pattern that
 * has to match is a regex with groups, $1..$9 in the values of the action are what it captured. */
struct hg_when {
    struct hg_slice method, path, host; /* path: as received, without query; host: without port */
    const struct hg_pair *header;       /* name exact, value pattern */
    size_t headers;
    const struct hg_pair *query; /* name decoded, exact, caseless; value pattern, decoded */
    size_t queries;
    const struct hg_when_part *part; /* the general form, beside those above */
    size_t parts;
};

/* Guards (plan/guard.h) that a request met, in order, each once. What they say is asked later, when the
 * request is about to be dispatched. */
struct hg_guard;
struct hg_guard_mark {
    const struct hg_guard *guard;
    const char *where; /* file:line of the action */
    bool observe;
};
struct hg_guard_marks {
    struct hg_guard_mark *v; /* room for cap, the owner's: for each guard of the plan */
    size_t n, cap;
};

struct hg_action_spec {
    enum hg_action_kind kind;
    const char *where;    /* "file:line", copied */
    struct hg_slice name; /* of a header or parameter, or pattern of drop-*, or the base path; $<...> is
                             expanded (quoted in patterns) */
    const struct hg_slice *names; /* KEEP_HEADER: patterns */
    size_t n_names;
    struct hg_slice pattern; /* of a value: DROP_HEADER_VALUE, REPLACE_HEADER, DROP_FROM_LIST; REPLACE_PATH */
    struct hg_slice value; /* template: of a header, a list member, a path, a URL, a line of the log, the key
                              of a RATE_LIMIT (.p NULL: one for the frontend) */
    const struct hg_rate_limit *limit; /* RATE_LIMIT: lives as long as the ruleset */
    bool aliases;                      /* '_' counts as '-' in names of headers */
    bool observe; /* DENY, RESPOND, REDIRECT, RATE_LIMIT: only say what would have been answered */
    const struct hg_when *when;   /* NULL: always */
    struct hg_slice if_, unless;  /* names of acls, see rules/condition.h; .p NULL: not given */
    bool no_server;               /* the server is not chosen yet: a condition on it is BAD */
    struct hg_ruleset *child;     /* USE: taken over when the result is OK */
    const struct hg_usage *usage; /* USAGE: must outlive the ruleset; its name is in name */
    const struct hg_guard *guard; /* GUARD: lives as long as the ruleset */
    bool asks_path;               /* GUARD: it looks at the path */
    unsigned status;              /* DENY, RESPOND, REDIRECT, RATE_LIMIT: 0 is the action's own; SET_STATUS */
    /* DENY, RESPOND and RATE_LIMIT */
    struct hg_slice body;         /* template; .p NULL: none (of a refusal: the default JSON) */
    const struct hg_pair *header; /* of the answer; values are templates */
    size_t headers;
    const struct hg_serve *serve; /* SERVE: must live as long as the ruleset */
};

struct hg_rule_note {
    char text[400];  /* BAD: what is wrong; UNSET: empty */
    char name[128];  /* UNSET: the variable */
    char part[32];   /* BAD in a condition: "when.path", "if", "unless"; else empty */
    bool in_value;   /* BAD: in the value, not in the name */
    bool in_pattern; /* BAD: in the pattern of a value */
    bool said;       /* BAD: because of a mistake that was said already */
    size_t offset;
};

enum hg_append {
    HG_APPEND_OK,
    HG_APPEND_VANISHED, /* $<NAME?> unset: left out */
    HG_APPEND_UNSET, /* unconditional and $<NAME> unset, or unset in the condition itself: the caller must not
                        serve. In any case the action is kept and fails the request that meets it; a
                        conditional one gives OK (with note.name) */
    HG_APPEND_BAD,
};

struct hg_ruleset *hg_ruleset_new(enum hg_direction direction);
void hg_ruleset_free(struct hg_ruleset *rs);

enum hg_append hg_ruleset_append(struct hg_ruleset *rs, const struct hg_action_spec *spec,
                                 const struct hg_resolver *resolver, struct hg_rule_note *note);

/* Notes for `check`: patterns that would match a protected header had they been allowed to, and values that
 * put a plain variable into a known credential header. Calls back once per finding. */
void hg_ruleset_warnings(const struct hg_ruleset *rs,
                         void (*warn)(void *ctx, const char *where, const char *text), void *ctx);

/* The lists that one request meets, in order: calls back for an action that always undoes what an earlier one
 * set from a secret, and for the first one that no request reaches. Returns where every request is answered
 * (valid as long as the ruleset), or NULL. */
const char *hg_ruleset_review(const struct hg_ruleset *const *lists, size_t n,
                              void (*warn)(void *ctx, const char *where, const char *text), void *ctx);

/* The i-th secret used by actions that every request reaches / by any action; NULL behind the last. */
struct hg_secret_slot *hg_ruleset_secret(const struct hg_ruleset *rs, size_t i, bool unconditional);

/* HG_WHEN_BIT of all that conditions in it look at. */
unsigned hg_ruleset_asks(const struct hg_ruleset *rs);

bool hg_ruleset_maps_origin(const struct hg_ruleset *rs);
/* There is a usage action in it. */
bool hg_ruleset_taps(const struct hg_ruleset *rs);

/* file:line of the first set-host that the request has a part in; NULL: none. */
const char *hg_ruleset_open_host(const struct hg_ruleset *rs);

/* Does a drop pattern or a set target name this header? For trailers: such a field is refused. */
enum hg_match hg_ruleset_names(const struct hg_ruleset *rs, struct hg_scratch *scratch, struct hg_slice name);

enum hg_verdict {
    HG_VERDICT_PASS,
    HG_VERDICT_REPLY, /* the answer is in outcome */
    HG_VERDICT_FAIL,  /* could not be evaluated: the request must not leave */
};

/* why, name in logs and JSON, status, sentence (%s: outcome.name) */
#define HG_RULE_FAILS(X)                                                                        \
    X(NONE, "none", 200, "")                                                                    \
    X(PATTERN, "rule_pattern_limit", 400, "a pattern reached its match limit")                  \
    X(SECRET, "not_configured", 503, "a credential has no value")                               \
    X(UNSET, "not_configured", 503, "a variable is not set")                                    \
    X(VALUE, "rule_bad_value", 400, "a value has a character that is not allowed in a header")  \
    X(MEMBER, "rule_bad_value", 400, "a value is not one member of a list")                     \
    X(PATH, "rule_bad_path", 400, "a rule would make a path that is not valid")                 \
    X(HOST, "rule_bad_host", 400, "a rule would make a Host that is not valid")                 \
    X(LOCATION, "rule_bad_location", 400, "a redirect would lead to no URL or to another host") \
    X(MAP, "map_no_match", 403, "no entry of the map matches this request")                     \
    X(SHOWS, "rule_shows_credential", 500, "a rule would show the client a credential")         \
    X(MEMORY, "no_memory", 500, "a ceiling on memory was reached")

enum hg_rule_fail {
#define X(id, name, status, text) HG_RULE_FAIL_##id,
    HG_RULE_FAILS(X)
#undef X
};
const char *hg_rule_fail_name(enum hg_rule_fail f);
unsigned hg_rule_fail_status(enum hg_rule_fail f);
const char *hg_rule_fail_text(enum hg_rule_fail f);

struct hg_outcome {
    const char *where; /* file:line of the action that decided; valid as long as the ruleset */
    enum hg_rule_fail fail;
    const struct hg_secret_slot *secret; /* FAIL for want of its value; else NULL */
    char name[128];                      /* FAIL: the secret's source or the variable */
    /* REPLY */
    bool denied;             /* by deny, not respond */
    bool limited;            /* by rate-limit */
    struct hg_slice message; /* limited: what the default JSON says */
    unsigned status;
    struct hg_slice body;         /* in the arena; .p NULL for a refusal without body */
    struct hg_headers headers;    /* in the arena */
    const struct hg_serve *serve; /* by serve: this document is the answer, not body and headers */
};

/* What became of an action that a run came to. */
enum hg_considered {
    HG_CONSIDERED_APPLIED,
    HG_CONSIDERED_NOT_MET,   /* its condition does not hold */
    HG_CONSIDERED_NO_EFFECT, /* it applied and found nothing to do */
    HG_CONSIDERED_DECIDED,   /* it answered the request */
    HG_CONSIDERED_OBSERVED,  /* it would have answered, but has observe = true */
    HG_CONSIDERED_FAILED,
};

/* Listeners to a run; each may be NULL. Texts are valid during the call and hold no secret. */
struct hg_rule_hooks {
    void *ctx;
    /* Every action that was come to (explain). depth: of rules in rules, 0: the list itself; action: its name
     * in the config; why: which condition decided, or what was done, in words; may be "". */
    void (*considered)(void *ctx, const char *where, unsigned depth, const char *action,
                       enum hg_considered what, const char *why);
    /* The log action: one line without control characters, at most HG_LIMIT_RULE_LOG bytes. */
    void (*log)(void *ctx, const char *where, struct hg_slice text);
    /* observe = true: what it would have answered. */
    void (*observed)(void *ctx, const char *where, const char *action, unsigned status);
    /* A guard refuses the request, or would with observe = true. */
    void (*guard)(void *ctx, const struct hg_guard_mark *mark, const struct hg_guard_words *words,
                  unsigned status);
};

struct hg_rules_run {
    struct hg_arena *arena;
    struct hg_scratch *scratch;
    struct hg_vars *vars;
    struct hg_request *request;        /* acted on by request rules; read by conditions of both */
    struct hg_response *response;      /* acted on by response rules; NULL for request rules */
    const struct hg_request *arrived;  /* as the client sent it; NULL: request is it */
    const struct hg_client *client;    /* NULL: nothing is known */
    const struct hg_rule_hooks *hooks; /* NULL: nobody listens */
    struct hg_guard_marks *marks;      /* where guards are noted; NULL: nobody will ask them */
    const struct hg_origins *origins;  /* of response rules with map-origin; NULL: it finds nothing to do */
    bool serve_only;                   /* nothing but serve runs, in lists of rules too */
    const struct hg_limiter *limiter;  /* of request rules; NULL: they only say what they would count */
    const struct hg_usage **usage; /* of response rules: NULL, or where the first usage action that applies
                                      puts its own, unless something is there */
};

enum hg_verdict hg_ruleset_run(const struct hg_ruleset *rs, const struct hg_rules_run *run,
                               struct hg_outcome *out);

#endif
