/* SPDX-License-Identifier: MIT
 *
 * The language as data: every key, where it stands, what it takes. The same
 * table checks a config, gives the ranges the plan uses, and is what the
 * documentation is checked against. Keys of the language that this version
 * does not do yet are in it too, marked so.
 */
#ifndef HG_CONFIG_SCHEMA_H
#define HG_CONFIG_SCHEMA_H

#include <stdint.h>

#include "base/slice.h"

/* id, how the documentation names it */
#define HG_SCHEMA_SCOPES(X)               \
    X(NONE, "")                           \
    X(ROOT, "file")                       \
    X(GLOBAL, "global")                   \
    X(CONTROL, "global.control")          \
    X(LOG, "global.log")                  \
    X(FRONTEND_LOG, "frontend.log")       \
    X(LOG_FORMAT, "log-format")           \
    X(LOG_EVENT, "log-format.events")     \
    X(USAGE_LOG, "global.usage-log")      \
    X(DEFAULTS, "defaults")               \
    X(TIMEOUT, "defaults.timeout")        \
    X(CLIENT_TIMEOUT, "frontend.timeout") \
    X(SERVER_TIMEOUT, "backend.timeout")  \
    X(LIMIT, "limit")                     \
    X(RETRY, "retry")                     \
    X(POOL, "pool")                       \
    X(SECRET, "secret")                   \
    X(CHOOSE, "choose")                   \
    X(USAGE, "usage")                     \
    X(MAP, "map")                         \
    X(TABLE, "table")                     \
    X(RULE, "rule")                       \
    X(FRONTEND, "frontend")               \
    X(USE_BACKEND, "use-backend")         \
    X(BIND, "bind")                       \
    X(BIND_TLS, "bind tls")               \
    X(MISSING, "frontend.missing")        \
    X(BACKEND, "backend")                 \
    X(SERVER, "server")                   \
    X(HEALTH, "health")                   \
    X(PASSIVE, "health.passive")          \
    X(GUARD, "guard")                     \
    X(WEIGHT, "guard.weight")             \
    X(QUEUE, "queue")                     \
    X(CLIENT_TLS, "backend.tls")          \
    X(REQUEST, "request list")            \
    X(RESPONSE, "response list")          \
    X(REPLY, "answer")                    \
    X(RATE_LIMIT, "rate-limit")           \
    X(REDIRECT, "redirect")               \
    X(SERVE, "serve")                     \
    X(ERROR, "errors")                    \
    X(WHEN, "when")

enum hg_schema_scope {
#define X(id, name) HG_SCOPE_##id,
    HG_SCHEMA_SCOPES(X)
#undef X
};

/* What one value is, after $<...> was expanded: id, what the reader is told was expected */
#define HG_SCHEMA_KINDS(X)                                                             \
    X(NOTHING, "")                                                                     \
    X(TEXT, "a string")                                                                \
    X(DURATION, "a duration in quotes, such as \"30s\"")                               \
    X(SIZE, "a size in quotes, such as \"64k\"")                                       \
    X(SIZE_OR_NONE, "a size in quotes, such as \"10M\", or \"none\"")                  \
    X(NUMBER, "a whole number")                                                        \
    X(BOOL, "true or false")                                                           \
    X(WORD, "a word in quotes")                                                        \
    X(MODE, "a file mode in quotes, such as \"0660\"")                                 \
    X(PATTERN, "a pattern in quotes")                                                  \
    X(TEMPLATE, "a string")                                                            \
    X(NAME, "a name in quotes")                                                        \
    X(PATH, "a file name in quotes")                                                   \
    X(URL, "a URL in quotes")                                                          \
    X(ADDRESS, "an address in quotes, such as \"127.0.0.1:8080\"")                     \
    X(NETWORK, "an address or network in quotes, such as \"10.0.0.0/8\", or \"unix\"") \
    X(ID, "a number, or a range in quotes, such as \"1000-1999\"")                     \
    X(STATUS, "a status, such as 401, \"2xx\" or \"500-599\"")                         \
    X(GLOB, "a name in quotes, such as \"gpt-4o\" or \"gpt-4*\"")                      \
    X(DECIMAL, "a number in quotes, such as \"4\" or \"0.1\"")

enum hg_schema_kind {
#define X(id, expected) HG_KIND_##id,
    HG_SCHEMA_KINDS(X)
#undef X
};

/* How it may be written */
#define HG_FORM_ONE 1u        /* one value */
#define HG_FORM_LIST 2u       /* a list of such values */
#define HG_FORM_GROUP 4u      /* { ... } with the keys of `sub` */
#define HG_FORM_GROUPS 8u     /* a list of such groups */
#define HG_FORM_NAMED 16u     /* { name: { ... }; } where each group has the keys of `sub` */
#define HG_FORM_PAIR 32u      /* [ "name", "value" ] */
#define HG_FORM_PAIRS 64u     /* ( [ "name", "value" ], ... ) */
#define HG_FORM_PAIR_MAP 128u /* { name = "value"; } */

#define HG_FORM_TRIPLE 512u /* [ "name", "pattern", "value" ] */

#define HG_FORM_NAMED_LISTS 256u /* { name = ( { ... }, ... ); } where each group has the keys of `sub` */

#define HG_SCHEMA_ACTION 1u /* an entry of a list of actions has exactly one of these */
/* For what shows a config with its standards: */
#define HG_SCHEMA_SETTINGS \
    2u /* a group that changes nothing when it is written empty: it is shown in any case */
#define HG_SCHEMA_READING 4u  /* means something only while files are read: their result is shown instead */
#define HG_SCHEMA_BESIDE 8u   /* allowed only beside another key: its standard is not shown */
#define HG_SCHEMA_ALIASES 16u /* an action that may have `aliases` beside it */
#define HG_SCHEMA_ANSWERS 32u /* an action that may have `observe` beside it */

struct hg_schema_key {
    enum hg_schema_scope scope;
    const char *key;
    enum hg_schema_kind kind;
    unsigned forms;
    enum hg_schema_scope sub;
    uint64_t least, most; /* of NUMBER, DURATION (ms), SIZE (bytes); most 0: any */
    unsigned flags;
    const char *words;    /* WORD: separated by '|'; the value's number is the place in it */
    const char *standard; /* the default as one would write it, or NULL */
    const char *about;
};

const struct hg_schema_key *hg_schema_keys(size_t *n);
const struct hg_schema_key *hg_schema_find(enum hg_schema_scope scope, struct hg_slice key);
/* The row that a parameter of a use has: any key of an entry with `use` that is no key of entries. */
const struct hg_schema_key *hg_schema_parameter(void);
const char *hg_schema_scope_name(enum hg_schema_scope scope);

/* The number that a text stands for (BOOL: 0 or 1; "none": UINT64_MAX; TEXT and the like: 0). False: why says
 * what was expected; it never holds the text itself. */
bool hg_schema_value(const struct hg_schema_key *key, struct hg_slice text, uint64_t *number, char *why,
                     size_t cap);

/* "a string or a list of strings" */
void hg_schema_expected(const struct hg_schema_key *key, char *out, size_t cap);

#endif
