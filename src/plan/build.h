/* SPDX-License-Identifier: MIT
 *
 * Private to the plan room: what the steps of building share.
 */
#ifndef HG_PLAN_BUILD_H
#define HG_PLAN_BUILD_H

#include "base/arena.h"
#include "base/limits.h"
#include "plan/guard.h"
#include "plan/plan.h"
#include "rules/choice.h"
#include "rules/condition.h"
#include "rules/map.h"

#define HG_NAME_TEXT 128 /* a variable's name in a note */

struct hg_plan_store {
    struct hg_arena arena; /* strings and arrays */
    struct hg_owned {
        void *what;
        void (*release)(void *what);
    } * owned;
    size_t n, cap;
};

struct hg_built_secret {
    const struct hg_node *node;
    struct hg_secret_slot *slot;
    struct hg_source *source;
    const char *missing; /* sentence, or NULL: it has a value, or may get one while we run */
    bool unusable;       /* it had one that cannot be sent */
    bool in_order;       /* any: balance = "first" */
};

struct hg_built_choice {
    const struct hg_node *node;
    enum { HG_CHOICE_NEW, HG_CHOICE_DECIDING, HG_CHOICE_DECIDED } state;
    const struct hg_built_choice *outer; /* that is being decided */
};

struct hg_built_map {
    const struct hg_node *node;
    struct hg_map *map;
};

/* %{configured:NAME} in a log format. */
struct hg_built_question {
    const struct hg_node *node;
    const char *frontend;
    size_t offset;
    size_t place;             /* of the part in its template */
    struct hg_log_part *part; /* which gets the answer */
    struct hg_built_question *before;
};

struct hg_built_proxy {
    const struct hg_node *node;
    struct hg_proxy *proxy; /* NULL: direct, or missing */
    bool direct;
    const char *missing; /* sentence, or NULL */
};

/* A compiled list of actions. */
struct hg_built_list {
    struct hg_ruleset *rules;
    const char *missing; /* what every request of it would need: sentence, or NULL */
    bool path_condition;
};

struct hg_built_backend {
    const struct hg_node *node;
    const char *missing;
    struct hg_built_list request, response;
};

struct hg_built_acl {
    const char *name;
    const struct hg_condition *condition;
};

struct hg_build {
    const struct hg_model *model;
    const struct hg_node *root; /* the model's, with lists in the place of $<json:...> */
    const struct hg_environment *env;
    bool stand_in;
    bool want_variables;
    struct hg_diag *d;
    struct hg_plan *plan;
    struct hg_plan_store *store;
    struct hg_resolver resolver;
    char uuid[40];
    struct hg_built_secret *secret;
    size_t secrets;
    struct hg_built_acl *acl;
    size_t acls;
    struct hg_built_choice *choice; /* beside plan->choice */
    const struct hg_built_choice *deciding;
    struct hg_secret_slot *any_slot; /* stands for every declared secret while choices are decided */
    struct hg_built_map *map;
    size_t maps;
    struct hg_built_question *question; /* the last one */
    struct hg_built_proxy *proxy;
    size_t proxies;
    struct hg_built_backend *backend; /* beside plan->backend */
    const char
        *used;      /* "a.cfg:5, b.cfg:9": the uses whose parameters are in what is being compiled, or NULL */
    bool no_server; /* the list that is being compiled runs before a server is chosen */
    const struct hg_node *block; /* the frontend or backend whose list it is; NULL: a rule by itself */
    bool no_memory;
};

/* store.c */
struct hg_plan *hg_store_new_plan(void);
/* The plan releases it; without memory it is released at once, and false. */
bool hg_store_own(struct hg_build *b, void *what, void (*release)(void *what));
/* Zeroed memory that lives as long as the plan; NULL: no memory (noted). */
void *hg_store_alloc(struct hg_build *b, size_t n, size_t size);
const char *hg_store_text(struct hg_build *b, struct hg_slice s);
const char *hg_store_printf(struct hg_build *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* expand.c */
void hg_build_say(struct hg_build *b, enum hg_severity severity, const struct hg_node *n, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));
#define HG_ERROR(b, n, ...) hg_build_say((b), HG_SEVERITY_ERROR, (n), __VA_ARGS__)
#define HG_WARN(b, n, ...) hg_build_say((b), HG_SEVERITY_WARNING, (n), __VA_ARGS__)

enum hg_get {
    HG_GET_OK,
    HG_GET_ABSENT, /* not written, or vanished */
    HG_GET_UNSET,  /* a variable has no value: its name is in `name`, nothing was said */
    HG_GET_BAD,    /* said */
};
/* The text of a node (NULL: absent) with $<...> expanded. */
enum hg_get hg_get_text(struct hg_build *b, const struct hg_node *n, struct hg_slice *out,
                        char name[HG_NAME_TEXT]);
enum hg_get hg_get_text_with(struct hg_build *b, const struct hg_resolver *resolver, const struct hg_node *n,
                             struct hg_slice *out, char name[HG_NAME_TEXT]);
/* The texts of a string or a list of strings; one that vanishes is left out. */
struct hg_texts {
    const char **v; /* NULL at the end */
    size_t n;
    const char *unset; /* a variable without a value, the first; nothing was said */
};
/* Overwrites an expanded text that held a secret. */
void hg_wipe_text(struct hg_slice text);
/* The same for a key of a group, where an unset variable is an error; NULL: absent or bad (*bad is set). */
const char *hg_get_string(struct hg_build *b, const struct hg_node *group, const char *key, bool *bad);
/* Leaves *value alone when absent or bad. */
void hg_get_number(struct hg_build *b, const struct hg_node *group, const char *key, uint64_t *value);
void hg_get_bool(struct hg_build *b, const struct hg_node *group, const char *key, bool *value);
/* A file that must be readable at start. */
const char *hg_get_path(struct hg_build *b, const struct hg_node *group, const char *key, bool *bad);
void hg_get_timeouts(struct hg_build *b, const struct hg_node *group, struct hg_timeouts *t);
const char *hg_env_value(const struct hg_build *b, const char *name); /* NULL: unset or empty */
/* " [did you mean x?]" with the nearest name of the blocks, or "". */
const char *hg_near_name(struct hg_build *b, const struct hg_node *all, const char *name);
const char *hg_unset_sentence(struct hg_build *b, const char *name);

void hg_get_texts(struct hg_build *b, const struct hg_node *n, struct hg_texts *out);
/* Numbers, one or a list; the standard (NULL: none) when n is NULL. */
const unsigned *hg_get_numbers(struct hg_build *b, const struct hg_node *n, const unsigned *standard,
                               size_t *count);

/* source.c: path, command and settings of a source, without its value */
void hg_build_source(struct hg_build *b, struct hg_built_secret *s);
/* secrets.c */
bool hg_build_secrets(struct hg_build *b);
const struct hg_built_secret *hg_find_secret(const struct hg_build *b, const struct hg_secret_slot *slot);

/* env_file.c */
/* Reads the files that the config names and then `more`; what stands last counts. */
void hg_build_env_files(struct hg_build *b, const char *const *more, size_t n);

/* global.c */
void hg_build_global(struct hg_build *b);

/* log_template.c */
/* For this event, HG_EVENT_NOTHING: for any. False: it vanishes, or something was said. */
bool hg_build_log_template(struct hg_build *b, const struct hg_node *n, enum hg_event_id id,
                           struct hg_log_template *out);
/* When the frontends are known: %{configured:NAME}. */
void hg_finish_log_templates(struct hg_build *b);

/* log_format.c */
bool hg_build_log_formats(struct hg_build *b);
/* A group `log` (NULL: none is written): takes from it what it says. */
void hg_build_log_use(struct hg_build *b, const struct hg_node *log, struct hg_log_use *use);

/* plan.c */
struct hg_timeouts hg_timeouts_standard(void);

/* url.c; all without the text itself in what they say */
struct hg_url {
    bool tls, has_scheme;
    struct hg_slice user; /* "user:password" as written, .p NULL: none */
    struct hg_slice host; /* without brackets */
    uint16_t port;        /* 0: none written */
    struct hg_slice path; /* as written, not checked; may be empty */
};
const char *hg_url_parse(struct hg_slice text, struct hg_url *url); /* NULL, or what is wrong */
/* "Basic ..." of user info; NULL without memory. */
struct hg_secret *hg_url_basic(struct hg_slice user);

/* bind.c */
void hg_build_binds(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f);
void hg_check_binds(struct hg_build *b);

/* clients.c */
void hg_build_networks(struct hg_build *b, const struct hg_node *group, const char *key,
                       struct hg_networks *out);
void hg_build_proxy_protocol(struct hg_build *b, const struct hg_node *group, struct hg_bind *bind);
void hg_build_hops(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f);

/* Statuses ("401", "2xx", "500-599"), one or a list; leaves *s alone when absent. */
void hg_get_statuses(struct hg_build *b, const struct hg_node *group, const char *key, struct hg_statuses *s);

/* guard.c */
bool hg_build_guards(struct hg_build *b);
/* The guard that an action names; false: said. */
bool hg_read_guard(struct hg_build *b, const struct hg_node *entry, struct hg_action_spec *spec);
/* An entry has been read: in a frontend the guard it names, if any, is in force; a rule by itself asks
 * nobody. */
void hg_note_guard(struct hg_build *b, const struct hg_action_spec *spec);

/* errors.c: status, header and body of a group; allow: HG_TEMPLATE_*. body stays NULL when absent or bad. */
void hg_build_page(struct hg_build *b, const struct hg_node *group, unsigned allow,
                   struct hg_error_page *page);
/* block may be NULL */
void hg_build_errors(struct hg_build *b, const struct hg_node *block, struct hg_errors *out);

/* lists.c */
struct hg_built_list hg_build_list(struct hg_build *b, const struct hg_node *block,
                                   enum hg_direction direction);
/* Warns of what is pointless in lists that a request meets one after the other; returns where every request
 * is answered, or NULL. */
const char *hg_review_lists(struct hg_build *b, const struct hg_ruleset *const *lists, size_t n);

/* serve.c: the node of the action; NULL: said. */
const struct hg_serve *hg_read_serve(struct hg_build *b, const struct hg_node *entry,
                                     const struct hg_node *action);

/* limit.c */
void hg_build_tables(struct hg_build *b);
size_t hg_add_table(struct hg_build *b, const char *name, size_t size, bool evict);
/* The limit that the keys of a rate-limit say, which lives as long as the plan; NULL: it is switched off, or
 * something is wrong, and that was said. */
const struct hg_rate_limit *hg_build_limit(struct hg_build *b, const struct hg_node *n, const char *where);

/* when.c */
/* The keys of a `when` or an acl; NULL: nothing is asked, or something is broken, and that was said. */
const struct hg_when *hg_read_when(struct hg_build *b, const struct hg_node *group);
/* when, if and unless of an entry into spec; false: said. */
bool hg_read_condition(struct hg_build *b, const struct hg_node *entry, struct hg_condition_spec *spec);
/* What is BAD, at the part of the entry that note names. */
void hg_say_condition(struct hg_build *b, const struct hg_node *entry, const struct hg_rule_note *note);
/* Conditions that only a path without dot segments can be held against. */
#define HG_ASKS_PATH (HG_WHEN_BIT(HG_WHEN_PATH) | HG_WHEN_BIT(HG_WHEN_CLIENT_PATH))
bool hg_build_acls(struct hg_build *b);
const struct hg_condition *hg_find_acl(const struct hg_build *b, struct hg_slice name);

/* map.c */
bool hg_declare_maps(struct hg_build *b);
/* Those of that kind, when all that they may name is there. */
bool hg_fill_maps(struct hg_build *b, enum hg_map_to to);
/* NULL: not declared. */
const struct hg_map *hg_find_map(const struct hg_build *b, struct hg_slice name);

/* json.c: the list in the place of the string n, "$<json:inner>"; NULL: said. */
struct hg_node *hg_read_json(struct hg_build *b, const struct hg_node *n, struct hg_slice inner);
bool hg_node_push(struct hg_build *b, struct hg_node *list, struct hg_node *child);
/* json_tree.c: lists and maps in the place of $<json:...>; nodes that live as long as the plan, or what was
 * given when there is none in it. */
const struct hg_node *hg_expand_list(struct hg_build *b, const struct hg_node *list);   /* of actions */
const struct hg_node *hg_expand_block(struct hg_build *b, const struct hg_node *block); /* but such lists */
/* hg_model_defaults, expanded. */
const struct hg_node *hg_defaults(struct hg_build *b, const struct hg_node *block);

/* choose.c */
bool hg_declare_choices(struct hg_build *b);
bool hg_build_choices(struct hg_build *b);
/* NULL: not declared. */
struct hg_choice *hg_find_choice(struct hg_build *b, struct hg_slice name);
/* What the choices came to, where it can be shown; when all secrets are there. */
void hg_finish_choices(struct hg_build *b);

/* parameters.c */
/* The list with @{...} filled in from the use's entry, as nodes that live as long as the plan; the list
 * itself when it has none. in_rule without an entry: the rule by itself, which may lack something without a
 * word. NULL: bad, and said. */
const struct hg_node *hg_fill_list(struct hg_build *b, const struct hg_node *list, bool in_rule,
                                   const struct hg_node *entry);
/* Whether the entry's parameters are ones that the rule has. */
bool hg_check_parameters(struct hg_build *b, const struct hg_node *rule, const struct hg_node *entry);
void hg_check_parameter_names(struct hg_build *b, const struct hg_node *rule);
bool hg_asks_for_parameters(const struct hg_node *rule);

void hg_build_rules(struct hg_build *b); /* rules that nothing uses are checked too */

/* proxy.c */
bool hg_build_proxies(struct hg_build *b);
const struct hg_built_proxy *hg_find_proxy(const struct hg_build *b, const char *name);

/* backend.c, key.c */
bool hg_build_backends(struct hg_build *b);
const char *hg_server_key(struct hg_build *b, const struct hg_backend *k, const struct hg_server *s);

/* server.c */
void hg_build_servers(struct hg_build *b, const struct hg_node *node, struct hg_backend *k);

/* balance.c: health, queue, retry and the like of a backend, or of the defaults */
void hg_balance_standard(struct hg_backend *k);
void hg_build_balance(struct hg_build *b, const struct hg_node *group, struct hg_backend *k);
void hg_check_balance(struct hg_build *b, const struct hg_node *node, const struct hg_backend *k);

/* use_backend.c: the backends that a frontend's requests can go to, each once. */
struct hg_behind {
    const struct hg_built_backend **backend;
    size_t n;
    const char *missing; /* what every request needs: sentence, or NULL */
    bool path_condition; /* in a condition of use-backend, or in a list of theirs */
};
struct hg_behind hg_build_behind(struct hg_build *b, const struct hg_node *node, struct hg_frontend *f);
/* At many servers the Host decides who gets a request: none that carries a secret lets its client choose. */
void hg_check_hosts(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                    const struct hg_behind *behind);
void hg_review_behind(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                      const struct hg_behind *behind);
void hg_check_credentials(struct hg_build *b, const struct hg_node *node, const struct hg_frontend *f,
                          const struct hg_behind *behind);

/* usage.c */
bool hg_build_usages(struct hg_build *b);
/* NULL: not declared, and that was said of the action. */
const struct hg_usage *hg_find_usage(struct hg_build *b, const struct hg_node *action, const char *name);

/* frontend.c */
bool hg_build_frontends(struct hg_build *b);

#endif
