/* SPDX-License-Identifier: MIT
 *
 * What a template is made of, for the two files that build and expand it, and
 * the expansion of $<...> in places that are not templates.
 */
#ifndef HG_RULES_SEGMENT_H
#define HG_RULES_SEGMENT_H

#include "rules/template.h"

/* name in %{...} */
#define HG_TEMPLATE_VARIABLES(X)          \
    X(REQUEST_ID, "request-id")           \
    X(CLIENT_IP, "client-ip")             \
    X(PEER_UID, "peer-uid")               \
    X(PEER_GID, "peer-gid")               \
    X(METHOD, "method")                   \
    X(PATH, "path")                       \
    X(HOST, "host")                       \
    X(FRONTEND, "frontend")               \
    X(SERVER_HOST, "server-host")         \
    X(TIME, "time")                       \
    X(HEADERS, "headers")                 \
    X(ERROR_TYPE, "error-type")           \
    X(ERROR_MESSAGE, "error-message")     \
    X(LIMIT, "limit")                     \
    X(LIMIT_NAME, "limit-name")           \
    X(LIMIT_WINDOW, "limit-window")       \
    X(LIMIT_REMAINING, "limit-remaining") \
    X(LIMIT_RESET, "limit-reset")         \
    X(RETRY_AFTER, "retry-after")         \
    X(GUARD_NAME, "guard-name")           \
    X(GUARD_COUNT, "guard-count")         \
    X(GUARD_MAX, "guard-max")             \
    X(GUARD_MODEL, "guard-model")         \
    X(GUARD_REASON, "guard-reason")       \
    X(GUARD_MESSAGE, "guard-message")

enum hg_segment_kind {
#define X(id, name) HG_SEGMENT_##id,
    HG_TEMPLATE_VARIABLES(X)
#undef X
        HG_SEGMENT_LITERAL,
    HG_SEGMENT_HEADER, /* text: the name */
    HG_SEGMENT_CLIENT_HEADER,
    HG_SEGMENT_CAPTURE, /* capture: 1 to 9 */
    HG_SEGMENT_SECRET,
    HG_SEGMENT_MAP,
    HG_SEGMENT_BASE64, /* of sub */
};

struct hg_segment {
    enum hg_segment_kind kind;
    char *text; /* LITERAL and HEADER; owned */
    size_t n;
    unsigned capture;
    struct hg_secret_slot *slot;
    const struct hg_map *map;
    struct hg_template *sub; /* owned */
};

struct hg_template {
    struct hg_segment *v;
    size_t n, cap;
    bool env;        /* a plain variable's value is in it */
    bool echo;       /* %{headers} */
    bool path;       /* %{path} */
    bool credential; /* a header that carries credentials */
};

struct hg_template *hg_template_new(void);

/* As hg_template_compile with nothing per request allowed, to a malloc'd string of *n bytes. */
enum hg_template_result hg_template_string(struct hg_slice text, const struct hg_resolver *resolver,
                                           char **out, size_t *n, struct hg_template_note *note);

/* Pattern text: only $<...> is expanded, and quoted so that it matches itself. */
enum hg_template_result hg_template_pattern(struct hg_slice text, const struct hg_resolver *resolver,
                                            char **out, size_t *n, struct hg_template_note *note);

/* escape.c: a copy in the arena (or s itself when nothing has to change). False: the arena is full. */
bool hg_escape_text(enum hg_escape escape, struct hg_slice s, struct hg_arena *arena, struct hg_slice *out);

/* Would what it gives hold a credential: a secret's own, or one that rules have put into the request? */
bool hg_template_shows(const struct hg_template *t, const struct hg_vars *vars);

/* The highest $1..$9 used, 0: none. */
unsigned hg_template_captures(const struct hg_template *t);
bool hg_template_uses_env(const struct hg_template *t);
bool hg_template_echoes(const struct hg_template *t);

#endif
