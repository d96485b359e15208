/* SPDX-License-Identifier: MIT
 *
 * The plan: what runs. Compiled from a checked model, immutable, reference-
 * counted, shared by all threads. Nothing at run time reads config. All
 * pointers inside live as long as the plan; secrets are slots (base/secret.h).
 */
#ifndef HG_PLAN_PLAN_H
#define HG_PLAN_PLAN_H

#include <stdatomic.h>

#include "base/ip.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/diag.h"
#include "config/model.h"
#include "plan/balance.h"
#include "plan/errors.h"
#include "rules/choice.h"
#include "rules/condition.h"
#include "rules/limit.h"
#include "rules/map.h"

struct hg_guard;

struct hg_timeouts { /* milliseconds */
    uint64_t connect, tunnel, tls, request_head, request_body, response_head, idle, keep_alive, drain;
};

struct hg_global {
    unsigned threads;  /* 1 to 64; default: the CPUs we may use */
    const char *user;  /* name or NULL */
    const char *group; /* name or NULL */
    enum hg_log_level log_level;
    struct hg_log_use log; /* of the process' own events, and of frontends that say nothing */
    struct hg_log_target log_target;
    struct {
        const char *to; /* a file's name, or NULL: none */
        unsigned mode;  /* of a file that is made */
        uint64_t queue; /* bytes of lines that may wait */
    } usage_log;
    uint64_t drain;         /* grace at SIGTERM, ms */
    const char *ready_file; /* or NULL */
    const char *control;    /* path of the unix socket for commands, or NULL */
    unsigned control_mode;  /* its permission bits, default 0600 */
};

enum hg_bind_kind { HG_BIND_TCP, HG_BIND_UNIX };

struct hg_networks {
    const struct hg_cidr *net;
    size_t n;
    bool unix_sockets; /* "unix" was among them */
};

struct hg_bind_tls {
    const char *cert, *key; /* PEM files; cert NULL: plain */
    const char *client_ca;  /* or NULL */
};

struct hg_bind {
    enum hg_bind_kind kind;
    const char *text; /* as resolved, for logs */
    const char *host; /* TCP: IP literal, "*" or "::" for any */
    uint16_t port;    /* TCP: 0 means any free one */
    const char *path; /* UNIX */
    unsigned mode;    /* UNIX: permission bits, default 0600 */
    struct hg_bind_tls tls;
    bool proxy_protocol;        /* whoever is in trusted sends a header of the PROXY protocol first */
    struct hg_networks trusted; /* empty: everybody */
    const char *file;
    unsigned line;
};

/* Where a declared secret gets its value. */
enum hg_source_kind {
    HG_SOURCE_ENV,  /* `from`: read when the plan is built */
    HG_SOURCE_FILE, /* watched */
    HG_SOURCE_EXEC, /* a command that is run again and again */
    HG_SOURCE_ANY,  /* others: its slot is a group */
};

struct hg_source {
    enum hg_source_kind kind;
    const char *name; /* of the secret */
    struct hg_secret_slot *slot;
    const char *path;        /* FILE */
    const char *const *argv; /* EXEC: NULL at the end; without a slash the program is looked for in PATH */
    const char *const *env;  /* EXEC: NULL at the end; "NAME" is passed on, "NAME=value" is set */
    uint64_t ttl, timeout;   /* EXEC: ms; how long a value holds, how long a run may take */
    const char *field;       /* of JSON, names joined by dots; NULL: the whole text */
    const char *expires;     /* EXEC: field of JSON that says how long this value holds; NULL: ttl alone */
    const struct hg_pattern *validate; /* NULL: any */
    const char *const *prefix;         /* taken off the front */
    size_t prefixes;
    const struct hg_source *const *member; /* ANY */
    size_t members;
    uint64_t cool_down;           /* ANY: ms at rest after one of these */
    const unsigned *cool_down_on; /* statuses */
    size_t cool_down_ons;
    bool resend;     /* ANY: the request goes out once more with another member */
    bool usable;     /* false: a variable in path or argv is unset; there is nothing to read */
    bool read;       /* it had a value when the plan was built */
    const char *key; /* sources of two plans with the same text are the same and keep value and timer */
    const char *file;
    unsigned line;
};

/* What a source gave. */
struct hg_source_value {
    struct hg_secret *secret; /* the receiver's; NULL: there is none, and why says why not */
    const char *why;          /* a sentence part without the value */
    bool empty;               /* why: there was nothing, which is no mistake of the text */
    uint64_t holds;           /* ms, 0: not said */
};
/* raw: the bytes of a file, a variable or a command's output. wall: now, microseconds since 1970. False
 * without memory. */
bool hg_source_read(const struct hg_source *s, struct hg_slice raw, uint64_t wall,
                    struct hg_source_value *out);

struct hg_placeholder {
    struct hg_slice text;
    const char *secret; /* whose it is */
};

struct hg_missing {
    const char *what; /* NULL: configured. Else what is missing, e.g. "environment variable OPENAI_API_KEY is
                         not set" */
    unsigned status;  /* default 503 */
    struct hg_slice body; /* .p NULL: the default JSON error */
};

struct hg_client_tls {
    const char *ca;         /* PEM file that replaces the system's CAs, or NULL */
    const char *extra_ca;   /* NODE_EXTRA_CA_CERTS, adds; or NULL */
    const char *sni;        /* name sent and verified instead of the server's host, or NULL */
    const char *cert, *key; /* client certificate, or NULL */
    bool verify;
};

struct hg_proxy {
    const char *name; /* of its backend block */
    const char *host;
    uint16_t port;
    struct hg_secret *authorization; /* value of Proxy-Authorization from the URL's user info, or NULL */
    struct hg_connect_header {
        struct hg_slice name;
        struct hg_template *value;
    } * headers;
    size_t n_headers;
};

struct hg_server {
    const char *name; /* unique in its backend; the standard is host_field */
    bool tls;
    const char *host; /* name or address literal without brackets */
    uint16_t port;
    struct hg_slice base;   /* in front of each path, without '/' at its end; may be empty */
    const char *host_field; /* value of Host: port only when it is not the scheme's own */
    const char *key; /* what makes two connections interchangeable: proxy and its credentials, host, port,
                        SNI, CA set, verification, client certificate (credentials as a digest) */
    const struct hg_backend *backend;
    size_t index;        /* over all servers of the plan */
    unsigned weight;     /* 0: no new requests */
    bool backup;         /* only when no other server can be had */
    bool disabled;       /* as the config says; the state at run time is upstream/balance.h */
    unsigned limit;      /* requests at once; 0: any number */
    uint64_t slow_start; /* ms until a server that came back gets its whole weight */
};

struct hg_backend {
    const char *name;
    struct hg_server *server;
    size_t servers;
    const struct hg_proxy *proxy; /* NULL: direct */
    struct hg_client_tls tls;
    struct hg_ruleset *request, *response; /* never NULL */
    struct hg_timeouts timeout;
    struct {
        size_t idle_max;
        uint64_t idle_ms, age_ms;
        uint64_t idle_unsafe_ms; /* a request that must not be sent twice takes no link idle for longer */
    } pool;
    const unsigned
        *refresh_on; /* statuses at which the secrets are read again and the request is sent again */
    size_t refresh_ons;
    enum hg_balance_how balance;
    struct hg_health health;
    struct hg_queue queue;
    struct hg_retry retry;
    bool limited;            /* a server has a limit */
    struct hg_errors errors; /* its own */
    const char *missing;     /* what it lacks to serve any request, a sentence; NULL: nothing */
    const char *file;
    unsigned line;
};

struct hg_plan;

/* An entry of use-backend: the first whose condition holds has the request. */
struct hg_use_backend {
    const struct hg_backend *backend; /* NULL: map gives it */
    const struct hg_map *map;
    const struct hg_condition *when; /* NULL: always */
    const char *where;               /* file:line */
};

struct hg_frontend {
    const char *name;
    const struct hg_plan *plan; /* it belongs to */
    struct hg_bind *bind;
    size_t binds;
    struct hg_ruleset *request, *response; /* never NULL */
    struct hg_use_backend *use_backend;    /* asked in order, after the request list */
    size_t use_backends;
    const struct hg_backend *backend; /* when none of them holds; NULL: 404 */
    struct hg_timeouts timeout;
    size_t limit_head;
    uint64_t limit_body; /* UINT64_MAX: none */
    bool path_strict;
    struct hg_networks trusted_hops; /* who may say who the client is, in this header: */
    struct hg_slice client_ip_header;
    struct hg_missing missing;
    struct hg_log_use log;            /* of its requests */
    struct hg_errors errors;          /* its own */
    struct hg_errors standard_errors; /* of the defaults that cover it */
    size_t index;
    const char *file;
    unsigned line;
};

/* Where limits count. Its name tells it from others also in the next plan. */
struct hg_count_table {
    const char *name; /* as declared, or FRONTEND/LIMIT */
    size_t size;
    bool evict;
};

struct hg_plan {
    atomic_uint refs;
    struct hg_global global;
    struct hg_frontend *frontend;
    size_t frontends;
    struct hg_backend *backend; /* those with servers */
    size_t backends;
    size_t servers;           /* over all backends */
    struct hg_source *source; /* of the declared secrets, in the order written */
    size_t sources;
    struct hg_guard *guard; /* plan/guard.h, in the order written */
    size_t guards;
    struct hg_choice *choice; /* in the order written */
    size_t choices;
    struct hg_log_format *log_format; /* in the order written */
    size_t log_formats;
    struct hg_count_table *table;
    size_t tables;
    const struct hg_rate_limit **limit; /* of lists of frontends, in the order found */
    size_t limits;
    struct hg_usage *usage; /* taps, in the order written */
    size_t usages;
    struct hg_placeholder *placeholder; /* none may leave in a head */
    size_t placeholders;
    struct hg_variables *variables; /* private: of env-files; NULL: none */
    struct hg_plan_store *store;    /* private: owns every string, ruleset and slot */
};

/* Where $<NAME> comes from. */
struct hg_environment {
    void *ctx;
    const char *(*get)(void *ctx, const char *name); /* NULL: unset */
};
/* The process environment. */
extern const struct hg_environment hg_environment_process;

struct hg_plan_options {
    bool
        stand_in_secrets; /* check: a secret that is missing is only a warning, and files need not be there */
    bool want_variables; /* explain, test: not so for secrets of the environment: an unset one is missing, and
                            a bad one is no error, as when running */
    bool given_variables;        /* test: the environment given is all there is, env-files are not read */
    const char *const *env_file; /* of the command line, behind those of the config; NULL: none */
    size_t env_files;
};

/* What env-files say about a variable; NULL: nothing. The environment goes before it, unless it is empty
 * there. */
const char *hg_plan_variable(const struct hg_plan *p, const char *name);

/* NULL when d has errors (or without memory). Warnings do not prevent a plan. */
struct hg_plan *hg_plan_build(const struct hg_model *m, const struct hg_environment *env,
                              const struct hg_plan_options *options, struct hg_diag *d);

/* The source of a slot, NULL: not of this plan. */
const struct hg_source *hg_plan_source(const struct hg_plan *p, const struct hg_secret_slot *slot);

struct hg_plan *hg_plan_ref(struct hg_plan *p);
void hg_plan_unref(struct hg_plan **p);

#endif
