/* SPDX-License-Identifier: MIT
 *
 * The table of all keys. A new key of the language is a row here first.
 */
#include "config/schema.h"

#include "base/limits.h"

#define ONE HG_FORM_ONE
#define LIST HG_FORM_LIST
#define GROUP HG_FORM_GROUP
#define GROUPS HG_FORM_GROUPS
#define NAMED HG_FORM_NAMED
#define PAIR HG_FORM_PAIR
#define PAIRS HG_FORM_PAIRS
#define TRIPLE HG_FORM_TRIPLE
#define MAP HG_FORM_PAIR_MAP
#define NAMED_LISTS HG_FORM_NAMED_LISTS
#define ANY (ONE | LIST | GROUP | GROUPS | NAMED | PAIR | PAIRS | MAP)

#define YEAR (365ull * 24u * 3600u * 1000u)

/* scope, key, kind, forms, sub, least, most, flags, words, standard, about */
#define KEY(s, k, kind, forms, sub, about)                                                 \
    {                                                                                      \
        HG_SCOPE_##s, k, HG_KIND_##kind, forms, HG_SCOPE_##sub, 0, 0, 0, NULL, NULL, about \
    }
/* A group that is there with its standards when nobody writes it. */
#define SETTINGS(s, k, sub, about)                                                                           \
    {                                                                                                        \
        HG_SCOPE_##s, k, HG_KIND_NOTHING, GROUP, HG_SCOPE_##sub, 0, 0, HG_SCHEMA_SETTINGS, NULL, NULL, about \
    }
/* Used up when the files were read. */
#define READING(s, k, kind, forms, sub, about)                                                             \
    {                                                                                                      \
        HG_SCOPE_##s, k, HG_KIND_##kind, forms, HG_SCOPE_##sub, 0, 0, HG_SCHEMA_READING, NULL, NULL, about \
    }
#define RANGE(s, k, kind, least, most, standard, about)                                            \
    {                                                                                              \
        HG_SCOPE_##s, k, HG_KIND_##kind, ONE, HG_SCOPE_NONE, least, most, 0, NULL, standard, about \
    }
#define WORDS(s, k, words, standard, about)                                                \
    {                                                                                      \
        HG_SCOPE_##s, k, HG_KIND_WORD, ONE, HG_SCOPE_NONE, 0, 0, 0, words, standard, about \
    }
#define TRUTH(s, k, standard, about)                                                      \
    {                                                                                     \
        HG_SCOPE_##s, k, HG_KIND_BOOL, ONE, HG_SCOPE_NONE, 0, 0, 0, NULL, standard, about \
    }
#define ACTION(s, k, kind, forms, sub, about)                                                             \
    {                                                                                                     \
        HG_SCOPE_##s, k, HG_KIND_##kind, forms, HG_SCOPE_##sub, 0, 0, HG_SCHEMA_ACTION, NULL, NULL, about \
    }
/* On headers of one name, or on names: `aliases` may stand beside it. */
#define NAMES(s, k, kind, forms, about)                                                                    \
    {                                                                                                      \
        HG_SCOPE_##s, k, HG_KIND_##kind, forms, HG_SCOPE_NONE, 0, 0, HG_SCHEMA_ACTION | HG_SCHEMA_ALIASES, \
            NULL, NULL, about                                                                              \
    }
#define LATER(s, k)                                                                                   \
    {                                                                                                 \
        HG_SCOPE_##s, k, HG_KIND_NOTHING, ANY, HG_SCOPE_NONE, 0, 0, HG_SCHEMA_LATER, NULL, NULL, NULL \
    }
#define LATER_ACTION(s, k)                                                                              \
    {                                                                                                   \
        HG_SCOPE_##s, k, HG_KIND_NOTHING, ANY, HG_SCOPE_NONE, 0, 0, HG_SCHEMA_LATER | HG_SCHEMA_ACTION, \
            NULL, NULL, NULL                                                                            \
    }

static const struct hg_schema_key keys[] = {
    READING(ROOT, "include", PATH, ONE | LIST, NONE, "other files; \"<x.cfg>\" is an installed rule file"),
    KEY(ROOT, "env-file", PATH, ONE | LIST, NONE,
        "files of variables, NAME=value a line; the environment wins; \"-path\" need not be there"),
    SETTINGS(ROOT, "global", GLOBAL, "what concerns the whole process"),
    READING(ROOT, "defaults", NOTHING, GROUP, DEFAULTS, "for the frontends and backends of the same file"),
    KEY(ROOT, "secret", NOTHING, NAMED, SECRET, "credentials, by name"),
    KEY(ROOT, "rule", NOTHING, NAMED, RULE, "lists of actions to use by name"),
    KEY(ROOT, "frontend", NOTHING, NAMED, FRONTEND, "where clients connect"),
    KEY(ROOT, "backend", NOTHING, NAMED, BACKEND, "where requests go"),
    KEY(ROOT, "acl", NOTHING, NAMED | NAMED_LISTS, WHEN,
        "conditions by name, for if and unless; of a list one is enough"),
    KEY(ROOT, "choose", NOTHING, NAMED | NAMED_LISTS, CHOOSE,
        "values by name, for $<choose:name>: the first entry whose env holds"),
    KEY(ROOT, "map", NOTHING, NAMED, MAP,
        "tables by name, for $<map:name>: what a request brings picks a secret or a backend"),
    KEY(ROOT, "log-format", NOTHING, NAMED, LOG_FORMAT,
        "how events are written to the log, by name, for log.format"),

    RANGE(GLOBAL, "threads", NUMBER, 1, 64, NULL, "worker threads; the standard is one a usable CPU"),
    KEY(GLOBAL, "user", TEXT, ONE, NONE, "user to become after the ports are open"),
    KEY(GLOBAL, "group", TEXT, ONE, NONE, "group to become; the standard is the user's"),
    SETTINGS(GLOBAL, "log", LOG, "the log"),
    KEY(GLOBAL, "control", ADDRESS, ONE | GROUP, CONTROL, "the unix socket for commands, such as \"reload\""),
    KEY(CONTROL, "to", ADDRESS, ONE, NONE, "the address, \"unix:/path\""),
    {HG_SCOPE_CONTROL, "mode", HG_KIND_MODE, ONE, HG_SCOPE_NONE, 0, 0, 0, NULL, "0600",
     "permissions of the socket"},
    RANGE(GLOBAL, "drain", DURATION, 0, YEAR, "30s", "how long running exchanges may go on at SIGTERM"),
    KEY(GLOBAL, "ready-file", PATH, ONE, NONE, "file that is written when all binds are open"),
    WORDS(LOG, "level", "debug|info|warn|error", "info", "the least important event that is logged"),
    KEY(LOG, "to", PATH, ONE, NONE, "\"stdout\", \"stderr\", a file name, \"syslog\" or \"syslog:/path\""),
    WORDS(LOG, "facility",
          "kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local0|local1|local2|local3|"
          "local4|"
          "local5|local6|local7",
          "daemon", "syslog: the kind of program that speaks"),
    KEY(LOG, "format", NAME, ONE, NONE,
        "the log-format of the events of the process, and of requests of frontends that name none"),
    KEY(FRONTEND_LOG, "format", NAME, ONE, NONE,
        "the log-format of the events of its requests, or \"standard\""),
    WORDS(FRONTEND_LOG, "level", "debug|info|warn|error", NULL,
          "the least important event of its requests that is logged, beside global.log.level"),
    TRUTH(FRONTEND_LOG, "off", "false", "nothing is logged about its requests"),
    KEY(LOG_FORMAT, "events", NOTHING, NAMED, LOG_EVENT, "what is written of which event, by its name"),
    WORDS(LOG_FORMAT, "others", "standard|off", "standard", "what is written of events that are not named"),
    KEY(LOG_FORMAT, "common", TEMPLATE, PAIR | PAIRS, NONE,
        "the first fields of each event; the standard is timestamp, level and event"),
    WORDS(LOG_FORMAT, "absent", "omit|null", "omit", "a field without a value is left out, or null"),
    RANGE(LOG_FORMAT, "cut", NUMBER, 16, HG_LIMIT_LOG_VALUE, "200", "most bytes of what a client has sent"),
    KEY(LOG_EVENT, "event", TEXT, ONE, NONE, "the name that is written; the standard is its own"),
    WORDS(LOG_EVENT, "level", "debug|info|warn|error", NULL, "its level; the standard is its own"),
    KEY(LOG_EVENT, "field", TEMPLATE, PAIR | PAIRS, NONE, "a JSON line: names of fields, and their values"),
    KEY(LOG_EVENT, "line", TEMPLATE, ONE, NONE, "a line of text instead"),
    TRUTH(LOG_EVENT, "off", "false", "it is not written"),

    KEY(DEFAULTS, "timeout", NOTHING, GROUP, TIMEOUT, "times"),
    KEY(DEFAULTS, "limit", NOTHING, GROUP, LIMIT, "sizes"),
    KEY(DEFAULTS, "via", NAME, ONE, NONE, "the proxy backend that backends use, or \"direct\""),
    KEY(DEFAULTS, "retry", NOTHING, GROUP, RETRY, "sending a request again"),
    KEY(DEFAULTS, "pool", NOTHING, GROUP, POOL, "connections kept to servers"),
    WORDS(DEFAULTS, "path", "any|strict", "any", "strict refuses dot segments and encoded backslashes"),
    READING(DEFAULTS, "from", NAME, ONE, NONE, "named defaults to begin as a copy of"),
    READING(DEFAULTS, "named", NOTHING, NAMED, DEFAULTS,
            "defaults by name, for all files: defaults = \"name\""),
    KEY(DEFAULTS, "errors", NOTHING, NAMED, ERROR, "answers to failures, by their names"),
    KEY(DEFAULTS, "health", NOTHING, GROUP, HEALTH, "when a server counts as dead"),
    KEY(DEFAULTS, "queue", NOTHING, GROUP, QUEUE, "requests that wait for a server"),
    KEY(DEFAULTS, "log", NOTHING, GROUP, FRONTEND_LOG, "the log of requests"),

#define TIME(s, k, standard, about) RANGE(s, k, DURATION, 1, YEAR, standard, about)
#define CLIENT_TIMES(s)                                                         \
    TIME(s, "request-head", "60s", "for a request's head"),                     \
        TIME(s, "request-body", "5m", "between two parts of a request's body"), \
        TIME(s, "keep-alive", "75s", "for the next request on a connection"),   \
        TIME(s, "drain", "30s", "for running exchanges when the frontend closes")
#define SERVER_TIMES(s)                                                                                    \
    TIME(s, "connect", "10s", "for a TCP connection"), TIME(s, "tunnel", "30s", "for the proxy's answer"), \
        TIME(s, "tls", "10s", "for the TLS handshake"),                                                    \
        TIME(s, "response-head", "30m", "for the head of the answer")
#define IDLE_TIME(s) TIME(s, "idle", "30m", "without a byte in either direction")
    CLIENT_TIMES(TIMEOUT),
    SERVER_TIMES(TIMEOUT),
    IDLE_TIME(TIMEOUT),
    CLIENT_TIMES(CLIENT_TIMEOUT),
    IDLE_TIME(CLIENT_TIMEOUT),
    SERVER_TIMES(SERVER_TIMEOUT),
    IDLE_TIME(SERVER_TIMEOUT),

    RANGE(LIMIT, "body", SIZE_OR_NONE, 0, 0, "10M", "most bytes of a request's body"),
    RANGE(LIMIT, "head", SIZE, 1024, HG_LIMIT_HEAD_MAX, "64k", "most bytes of a request's head"),
    RANGE(RETRY, "buffer", SIZE, 0, HG_LIMIT_RETRY_TOTAL, "256k",
          "what is kept of a request to send it again; \"0\": never"),
    RANGE(RETRY, "attempts", NUMBER, 1, 16, "3", "how often a request is tried in all"),
    KEY(RETRY, "on", TEXT, ONE | LIST, NONE,
        "connect-failure, empty-response, response-timeout, junk-response, or statuses; the standard is the "
        "first two; \"none\""),
    TRUTH(RETRY, "non-idempotent", "false", "also send requests again that a server may have acted on"),
    RANGE(RETRY, "budget", NUMBER, 0, 1000, "20", "retries for 100 requests"),
    RANGE(RETRY, "reserve", NUMBER, 0, 100000, "100", "retries that are there before the first request"),
    RANGE(POOL, "idle-max", NUMBER, 0, 65536, "64", "unused connections kept, for each server and thread"),
    TIME(POOL, "idle", "90s", "how long a connection is kept unused"),
    TIME(POOL, "age", "1h", "how old a connection may become"),
    RANGE(POOL, "idle-unsafe", DURATION, 0, YEAR, "3s",
          "a request that must not be sent twice takes no connection unused for longer"),

    KEY(SECRET, "from", TEMPLATE, ONE, NONE, "the value, usually \"$<NAME>\" of the environment"),
    KEY(SECRET, "file", PATH, ONE, NONE, "the file that holds the value"),
    KEY(SECRET, "strip-prefix", TEXT, ONE | LIST, NONE, "taken off the front of the value when it is there"),
    KEY(SECRET, "exec", TEXT, LIST, NONE, "the command, without a shell, whose output is the value"),
    KEY(SECRET, "any", NAME, LIST, NONE, "other secrets, of which each request gets one"),
    KEY(SECRET, "field", TEXT, ONE, NONE, "the source is JSON: the value is this field (a.b.0.c)"),
    KEY(SECRET, "validate", TEXT, ONE, NONE, "regular expression that a value must match to be used"),
    KEY(SECRET, "placeholder", TEXT, ONE | LIST, NONE,
        "what clients are given instead; a request in whose head it would leave is refused"),
    RANGE(SECRET, "ttl", DURATION, 100, YEAR, "1h", "exec: how long a value holds; read again before that"),
    RANGE(SECRET, "timeout", DURATION, 100, 3600u * 1000u, "10s", "exec: how long the command may run"),
    KEY(SECRET, "expires", TEXT, ONE, NONE,
        "exec: field of the JSON output that says when the value runs out: seconds, or a time (RFC 3339)"),
    KEY(SECRET, "env", TEXT, ONE | LIST, NONE,
        "exec: more environment for the command: NAME is passed on, NAME=value is set"),
    RANGE(SECRET, "cool-down", DURATION, 0, 24u * 3600u * 1000u, "60s",
          "any: how long a secret rests after a status of cool-down-on without Retry-After"),
    {HG_SCOPE_SECRET, "cool-down-on", HG_KIND_NUMBER, ONE | LIST, HG_SCOPE_NONE, 400, 599, 0, NULL, "429",
     "any: statuses after which a secret rests"},
    WORDS(SECRET, "balance", "roundrobin|first", "roundrobin",
          "any: in turn, or the first that does not rest"),
    TRUTH(SECRET, "resend", "true", "any: such a request is sent again with another of the secrets"),

    KEY(CHOOSE, "value", TEMPLATE, ONE, NONE, "the value; $1 is what the pattern of env captured"),
    KEY(CHOOSE, "env", PATTERN, PAIR | PAIRS | MAP, NONE,
        "environment variables: name and pattern of the value, all must hold; the pattern \"\" is met by one "
        "that "
        "is not set"),

    KEY(MAP, "key", TEMPLATE, ONE, NONE, "what a request is told by, such as \"%{header:x-tenant}\""),
    WORDS(MAP, "to", "secret|backend", "secret", "what the names are"),
    KEY(MAP, "values", TEMPLATE, PAIR | PAIRS | MAP, NONE,
        "pattern of the key, and name; the first that matches"),
    KEY(MAP, "file", PATH, ONE, NONE,
        "file with a pattern and a name in each line, # begins a comment; read again at a reload"),

    KEY(RULE, "request", NOTHING, GROUPS, REQUEST, "actions on requests, in order"),
    KEY(RULE, "response", NOTHING, GROUPS, RESPONSE, "actions on responses, in order"),

    KEY(FRONTEND, "bind", ADDRESS, ONE | LIST | GROUP | GROUPS, BIND, "addresses to listen on"),
    KEY(FRONTEND, "tls", NOTHING, GROUP, BIND_TLS, "TLS for the TCP binds that have none of their own"),
    KEY(FRONTEND, "request", NOTHING, GROUPS, REQUEST, "actions on requests, in order"),
    KEY(FRONTEND, "response", NOTHING, GROUPS, RESPONSE, "actions on responses, in order"),
    KEY(FRONTEND, "backend", NAME, ONE, NONE, "the backend of what use-backend does not take"),
    SETTINGS(FRONTEND, "timeout", CLIENT_TIMEOUT, "times"),
    SETTINGS(FRONTEND, "limit", LIMIT, "sizes"),
    WORDS(FRONTEND, "path", "any|strict", "any", "strict refuses dot segments and encoded backslashes"),
    SETTINGS(FRONTEND, "missing", MISSING, "the answer when something is not configured"),
    KEY(FRONTEND, "trusted-hops", NETWORK, ONE | LIST, NONE,
        "proxies in front whose client-ip-header is believed; \"unix\": unix sockets"),
    {HG_SCOPE_FRONTEND, "client-ip-header", HG_KIND_TEXT, ONE, HG_SCOPE_NONE, 0, 0, HG_SCHEMA_BESIDE, NULL,
     "x-forwarded-for", "where trusted hops write the client's address"},
    TRUTH(FRONTEND, "shared-credential", "false", "a secret here may go to more than one backend"),
    KEY(FRONTEND, "use-backend", NOTHING, GROUP | GROUPS, USE_BACKEND,
        "backends for some requests: the first entry whose condition holds"),
    READING(FRONTEND, "from", NAME, ONE, NONE, "another frontend to begin as a copy of; bind is not copied"),
    READING(FRONTEND, "defaults", NAME, ONE, NONE, "named defaults instead of those of the file"),
    KEY(FRONTEND, "errors", NOTHING, NAMED, ERROR, "answers to failures, by their names"),
    LATER(FRONTEND, "queue"),
    SETTINGS(FRONTEND, "log", FRONTEND_LOG, "the log of its requests"),

    KEY(USE_BACKEND, "backend", NAME, ONE, NONE, "the backend"),
    KEY(USE_BACKEND, "when", NOTHING, GROUP, WHEN, "only for requests that meet all of this"),
    KEY(USE_BACKEND, "if", TEXT, ONE, NONE, "only when these acls hold: a space is and, || or, ! not"),
    KEY(USE_BACKEND, "unless", TEXT, ONE, NONE, "not when these acls hold"),

    KEY(BIND, "to", ADDRESS, ONE, NONE, "the address"),
    KEY(BIND, "mode", MODE, ONE, NONE, "permissions of a unix socket"),
    KEY(BIND, "tls", NOTHING, GROUP, BIND_TLS, "TLS towards the clients"),
    TRUTH(BIND, "proxy-protocol", "false", "connections begin with a header of the PROXY protocol"),
    KEY(BIND, "trusted", NETWORK, ONE | LIST, NONE,
        "proxy-protocol: only from these addresses, others are clients themselves; the standard is all"),
    KEY(BIND_TLS, "cert", PATH, ONE, NONE, "certificate chain, PEM"),
    KEY(BIND_TLS, "key", PATH, ONE, NONE, "private key, PEM"),
    KEY(BIND_TLS, "client-ca", PATH, ONE, NONE, "CAs of clients' certificates, PEM; they are then required"),
    RANGE(MISSING, "status", NUMBER, 400, 599, "503", "status of the answer"),
    KEY(MISSING, "body", TEXT, ONE, NONE,
        "body of the answer; the standard is JSON that names what is missing"),

    KEY(BACKEND, "server", URL, ONE | LIST | GROUP | GROUPS, SERVER, "the servers"),
    KEY(BACKEND, "url", URL, ONE, NONE, "short for one server"),
    KEY(BACKEND, "proxy", URL, ONE, NONE, "makes it a proxy: http://host:3128, or \"direct\""),
    KEY(BACKEND, "connect-header", TEMPLATE, PAIR | PAIRS, NONE, "header fields for the proxy"),
    KEY(BACKEND, "via", NAME, ONE, NONE, "the proxy backend to go through, or \"direct\""),
    SETTINGS(BACKEND, "tls", CLIENT_TLS, "TLS towards the servers"),
    KEY(BACKEND, "request", NOTHING, GROUPS, REQUEST, "actions on requests, in order"),
    KEY(BACKEND, "response", NOTHING, GROUPS, RESPONSE, "actions on responses, in order"),
    SETTINGS(BACKEND, "timeout", SERVER_TIMEOUT, "times"),
    SETTINGS(BACKEND, "pool", POOL, "connections kept to servers"),
    SETTINGS(BACKEND, "retry", RETRY, "sending a request again"),
    {HG_SCOPE_BACKEND, "refresh-on", HG_KIND_NUMBER, ONE | LIST, HG_SCOPE_NONE, 400, 599, 0, NULL, NULL,
     "statuses after which secrets are read again and the request is sent once more"},
    TRUTH(BACKEND, "plain-ok", "false", "a secret may be sent over http://"),
    READING(BACKEND, "from", NAME, ONE, NONE, "another backend to begin as a copy of"),
    READING(BACKEND, "defaults", NAME, ONE, NONE, "named defaults instead of those of the file"),
    SETTINGS(BACKEND, "health", HEALTH, "when a server counts as dead"),
    WORDS(BACKEND, "balance", "roundrobin|leastconn|first", "roundrobin", "how a server is chosen"),
    RANGE(BACKEND, "limit", NUMBER, 0, 1000000, "0",
          "requests at once for each server without a limit of its own; 0: any number"),
    RANGE(BACKEND, "slow-start", DURATION, 0, YEAR, "0",
          "how long a server that came back grows to its whole weight"),
    KEY(BACKEND, "base-path", TEXT, ONE, NONE,
        "put in front of each path that is not below it; a path in a server's URL goes before it"),
    KEY(BACKEND, "errors", NOTHING, NAMED, ERROR,
        "answers to failures once a request has come to this backend"),
    SETTINGS(BACKEND, "queue", QUEUE, "requests that wait for a server"),
    KEY(SERVER, "url", URL, ONE, NONE,
        "https://host or http://host, with an optional port, and a path to put in front of others"),
    KEY(SERVER, "name", TEXT, ONE, NONE, "its name in logs and commands; the standard is its host and port"),
    RANGE(SERVER, "weight", NUMBER, 0, 256, "1", "its share of the requests; 0: no new ones"),
    TRUTH(SERVER, "backup", "false", "only used when no other server can be had"),
    TRUTH(SERVER, "disabled", "false", "not used until it is enabled"),
    RANGE(SERVER, "limit", NUMBER, 0, 1000000, NULL,
          "requests at once; 0: any number; the standard is the backend's"),
    RANGE(SERVER, "slow-start", DURATION, 0, YEAR, NULL,
          "how long it grows to its whole weight when it came back; the standard is the backend's"),

    WORDS(HEALTH, "check", "off|tcp|tls|http", "off",
          "what is asked of a server, through the proxy if there is one"),
    KEY(HEALTH, "method", TEXT, ONE, NONE, "http: the method; the standard is GET"),
    KEY(HEALTH, "path", TEXT, ONE, NONE, "http: the path, with its query; the standard is /"),
    KEY(HEALTH, "host", TEXT, ONE, NONE, "http: the Host header; the standard is the server's"),
    KEY(HEALTH, "status", TEXT, ONE | LIST, NONE,
        "http: the statuses of a healthy server; the standard is \"200-399\""),
    TIME(HEALTH, "interval", "5s", "between two checks of a server"),
    TIME(HEALTH, "timeout", "5s", "for a whole check"),
    RANGE(HEALTH, "rise", NUMBER, 1, 100, "2", "good checks in a row that bring a server up"),
    RANGE(HEALTH, "fall", NUMBER, 1, 100, "3", "bad checks in a row that bring a server down"),
    SETTINGS(HEALTH, "passive", PASSIVE, "what live requests say about a server"),
    RANGE(PASSIVE, "errors", NUMBER, 0, 1000, "3", "failures in a row that put a server aside; 0: never"),
    TIME(PASSIVE, "cool-down", "10s", "how long it is put aside"),
    KEY(PASSIVE, "status", TEXT, ONE | LIST, NONE,
        "answers that count as failures, such as \"500-599\"; the standard is none"),
    RANGE(QUEUE, "size", NUMBER, 0, 1000000, "1024", "most requests that wait; 0: none may"),
    TIME(QUEUE, "timeout", "10s", "how long a request waits"),
    KEY(CLIENT_TLS, "ca", PATH, ONE, NONE, "CAs instead of the system's, PEM"),
    KEY(CLIENT_TLS, "sni", TEXT, ONE, NONE, "name to send and verify instead of the server's"),
    TRUTH(CLIENT_TLS, "verify", "true", "whether the server's certificate is verified"),
    KEY(CLIENT_TLS, "cert", PATH, ONE, NONE, "client certificate, PEM"),
    KEY(CLIENT_TLS, "key", PATH, ONE, NONE, "its private key, PEM"),

    ACTION(REQUEST, "use", NAME, ONE, NONE, "the actions of a named rule"),
    NAMES(REQUEST, "drop-header", PATTERN, ONE, "removes the headers whose name matches"),
    NAMES(REQUEST, "keep-header", PATTERN, ONE | LIST,
          "removes the headers whose name matches none; never framing, routing or Content-* headers"),
    NAMES(REQUEST, "drop-header-value", PATTERN, PAIR, "removes the headers of a name whose value matches"),
    NAMES(REQUEST, "set-header", TEMPLATE, PAIR, "sets a header, once"),
    ACTION(REQUEST, "add-header", TEMPLATE, PAIR, NONE, "adds a header"),
    NAMES(REQUEST, "default-header", TEMPLATE, PAIR, "sets a header that is absent or empty"),
    NAMES(REQUEST, "replace-header", TEMPLATE, TRIPLE,
          "replaces the values of a header that match: name, pattern, new value, where $1 is what was "
          "captured"),
    ACTION(REQUEST, "add-to-list", TEMPLATE, PAIR, NONE,
           "adds a member to a header with commas, unless one of this name is there"),
    ACTION(REQUEST, "drop-from-list", PATTERN, PAIR, NONE,
           "removes the members that match from a header with commas; parameters behind ; are not looked at"),
    ACTION(REQUEST, "drop-query", PATTERN, ONE, NONE, "removes the query parameters whose name matches"),
    {HG_SCOPE_REQUEST, "deny", HG_KIND_NUMBER, ONE | GROUP, HG_SCOPE_REPLY, 400, 599,
     HG_SCHEMA_ACTION | HG_SCHEMA_ANSWERS, NULL, NULL, "refuses the request: a status, or an answer"},
    {HG_SCOPE_REQUEST, "respond", HG_KIND_NOTHING, GROUP, HG_SCOPE_REPLY, 0, 0,
     HG_SCHEMA_ACTION | HG_SCHEMA_ANSWERS, NULL, NULL, "answers the request"},
    KEY(REQUEST, "when", NOTHING, GROUP, WHEN, "only for requests that meet all of this"),
    TRUTH(REQUEST, "aliases", "false", "_ in a header's name counts as -"),
    ACTION(REQUEST, "set-query", TEMPLATE, PAIR, NONE, "sets a query parameter, once"),
    ACTION(REQUEST, "set-path", TEMPLATE, ONE, NONE, "sets the path; the query stays"),
    ACTION(REQUEST, "replace-path", TEMPLATE, PAIR, NONE,
           "replaces a path that matches: pattern, new path, where $1 is what was captured"),
    ACTION(REQUEST, "base-path", TEXT, ONE, NONE, "puts this in front of a path that is not below it"),
    ACTION(REQUEST, "set-host", TEMPLATE, ONE, NONE,
           "sets the Host that is sent; the server and the name in TLS stay"),
    {HG_SCOPE_REQUEST, "redirect", HG_KIND_TEMPLATE, ONE | GROUP, HG_SCOPE_REDIRECT, 0, 0,
     HG_SCHEMA_ACTION | HG_SCHEMA_ANSWERS, NULL, NULL, "sends the client elsewhere: a URL or a path"},
    LATER_ACTION(REQUEST, "rate-limit"),
    LATER_ACTION(REQUEST, "guard"),
    {HG_SCOPE_REQUEST, "serve", HG_KIND_WORD, ONE | GROUP, HG_SCOPE_SERVE, 0, 0, HG_SCHEMA_ACTION,
     "health|metrics|reflect", NULL,
     "answers GET and HEAD with a document of the gateway itself; only in request lists of frontends"},
    ACTION(REQUEST, "log", TEMPLATE, ONE, NONE, "writes a line to the log"),
    KEY(REQUEST, "if", TEXT, ONE, NONE, "only when these acls hold: a space is and, || or, ! not"),
    KEY(REQUEST, "unless", TEXT, ONE, NONE, "not when these acls hold"),
    TRUTH(REQUEST, "observe", "false", "only log what would have been answered, and go on"),

    ACTION(RESPONSE, "use", NAME, ONE, NONE, "the actions of a named rule"),
    NAMES(RESPONSE, "drop-header", PATTERN, ONE, "removes the headers whose name matches"),
    NAMES(RESPONSE, "keep-header", PATTERN, ONE | LIST,
          "removes the headers whose name matches none; never framing, routing or Content-* headers"),
    NAMES(RESPONSE, "drop-header-value", PATTERN, PAIR, "removes the headers of a name whose value matches"),
    NAMES(RESPONSE, "set-header", TEMPLATE, PAIR, "sets a header, once"),
    ACTION(RESPONSE, "add-header", TEMPLATE, PAIR, NONE, "adds a header"),
    NAMES(RESPONSE, "default-header", TEMPLATE, PAIR, "sets a header that is absent or empty"),
    NAMES(RESPONSE, "replace-header", TEMPLATE, TRIPLE,
          "replaces the values of a header that match: name, pattern, new value, where $1 is what was "
          "captured"),
    ACTION(RESPONSE, "add-to-list", TEMPLATE, PAIR, NONE,
           "adds a member to a header with commas, unless one of this name is there"),
    ACTION(RESPONSE, "drop-from-list", PATTERN, PAIR, NONE,
           "removes the members that match from a header with commas; parameters behind ; are not looked at"),
    KEY(RESPONSE, "when", NOTHING, GROUP, WHEN, "only for answers to requests that meet all of this"),
    TRUTH(RESPONSE, "aliases", "false", "_ in a header's name counts as -"),
    {HG_SCOPE_RESPONSE, "set-status", HG_KIND_NUMBER, ONE, HG_SCOPE_NONE, 200, 599, HG_SCHEMA_ACTION, NULL,
     NULL, "sets the status; answers without a body keep theirs"},
    {HG_SCOPE_RESPONSE, "map-origin", HG_KIND_BOOL, ONE, HG_SCOPE_NONE, 0, 0, HG_SCHEMA_ACTION, NULL, NULL,
     "URLs of the upstream in header fields become the gateway's"},
    ACTION(RESPONSE, "log", TEMPLATE, ONE, NONE, "writes a line to the log"),
    KEY(RESPONSE, "if", TEXT, ONE, NONE, "only when these acls hold: a space is and, || or, ! not"),
    KEY(RESPONSE, "unless", TEXT, ONE, NONE, "not when these acls hold"),

    KEY(REDIRECT, "to", TEMPLATE, ONE, NONE, "https://host/..., http://host/... or /path"),
    RANGE(REDIRECT, "status", NUMBER, 301, 308, "302", "301, 302, 303, 307 or 308"),
    RANGE(REPLY, "status", NUMBER, 200, 599, NULL, "status of the answer; deny: 403, respond: 200"),
    KEY(REPLY, "header", TEMPLATE, PAIR | PAIRS, NONE, "headers of the answer"),
    KEY(REPLY, "body", TEMPLATE, ONE, NONE, "body of the answer"),

    WORDS(SERVE, "what", "health|metrics|reflect", NULL, "the document"),
    WORDS(SERVE, "form", "standard|awf", "standard", "how it is written; awf: as AWF's api-proxy does"),
    WORDS(SERVE, "of", "frontend|process", "frontend", "health: of this frontend, or of the whole process"),
    KEY(SERVE, "service", TEXT, ONE, NONE, "health: the service's name in it; the standard is hdrgate"),
    KEY(SERVE, "proxy", URL, ONE, NONE,
        "health of the process in AWF's form: its squid_proxy; user info of a URL is left out; the standard "
        "is "
        "\"not configured\""),
    KEY(SERVE, "error", TEXT, ONE, NONE,
        "health in AWF's form: its error when not configured; the standard says what is missing"),
    KEY(SERVE, "frontends", NAME, ONE | LIST, NONE, "the frontends that are told of; the standard is all"),
    KEY(SERVE, "base-url", TEXT, ONE, NONE,
        "reflect: in front of the ports; the standard is http:// and the host that was asked"),
    KEY(SERVE, "models-url", TEXT, MAP, NONE, "reflect: where each frontend's models are listed"),

    RANGE(ERROR, "status", NUMBER, 200, 599, NULL, "status of the answer; the standard is the failure's own"),
    KEY(ERROR, "header", TEMPLATE, PAIR | PAIRS, NONE, "headers of the answer"),
    KEY(ERROR, "body", TEMPLATE, ONE, NONE,
        "body of the answer; %{error-type} and %{error-message} say what failed; the standard is JSON"),

    KEY(WHEN, "method", PATTERN, ONE | LIST, NONE, "the method"),
    KEY(WHEN, "path", PATTERN, ONE | LIST, NONE, "the path; makes the frontend's path strict"),
    KEY(WHEN, "host", PATTERN, ONE | LIST, NONE, "the Host header, without port"),
    KEY(WHEN, "header", PATTERN, PAIR | PAIRS | MAP, NONE,
        "headers: name and pattern of the value; in response lists those of the response"),
    KEY(WHEN, "query", PATTERN, PAIR | PAIRS | MAP, NONE, "query parameters: name and pattern of the value"),
    KEY(WHEN, "client-header", PATTERN, PAIR | PAIRS | MAP, NONE, "headers as the client sent them"),
    KEY(WHEN, "client-path", PATTERN, ONE | LIST, NONE,
        "the path as the client sent it; makes the frontend's path strict"),
    KEY(WHEN, "client-ip", NETWORK, ONE | LIST, NONE, "the client's address"),
    KEY(WHEN, "peer-uid", ID, ONE | LIST, NONE, "the user id of a client on a unix socket"),
    KEY(WHEN, "peer-gid", ID, ONE | LIST, NONE, "its group id"),
    KEY(WHEN, "server-host", PATTERN, ONE | LIST, NONE,
        "the host of the server's URL; not in request lists of frontends"),
    KEY(WHEN, "frontend", PATTERN, ONE | LIST, NONE, "the name of the frontend"),
    KEY(WHEN, "env", PATTERN, PAIR | PAIRS | MAP, NONE,
        "environment variables when the config is read; the pattern \"\" is met by one that is not set"),
    KEY(WHEN, "status", STATUS, ONE | LIST, NONE, "the status of the response; in response lists only"),
};

const struct hg_schema_key *hg_schema_keys(size_t *n)
{
    *n = sizeof(keys) / sizeof(keys[0]);
    return keys;
}
