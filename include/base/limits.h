/* SPDX-License-Identifier: MIT
 *
 * Every ceiling in one place. A name that ends in _DEFAULT is what a config may
 * change; the others are fixed. Sizes are bytes, times milliseconds.
 */
#ifndef HG_BASE_LIMITS_H
#define HG_BASE_LIMITS_H

/* Heads */
#define HG_LIMIT_HEAD_DEFAULT (64u * 1024u)
#define HG_LIMIT_HEAD_MAX (1024u * 1024u)
#define HG_LIMIT_HEADERS 256u         /* fields in one head, as it arrives */
#define HG_LIMIT_HEADER_LIST 512u     /* with what rules and we add to them */
#define HG_LIMIT_TRAILER (8u * 1024u) /* a trailer section */
#define HG_LIMIT_CHUNK_EXT 1024u      /* chunk-size line with its extensions */
#define HG_LIMIT_INTERIM 16u          /* 1xx answers before a final one */
#define HG_LIMIT_REQUEST_ID 128u

/* Bodies and buffers */
#define HG_LIMIT_BODY_DEFAULT (10u * 1024u * 1024u)
#define HG_LIMIT_IO_CHUNK (16u * 1024u)     /* read at once: one TLS record */
#define HG_LIMIT_RELAY_BUFFER (64u * 1024u) /* waiting for a slow reader, each direction */
#define HG_LIMIT_TURN (256u * 1024u)        /* moved for one exchange before others get their turn */
#define HG_LIMIT_TURN_REQUESTS 16u          /* of a client that pipelines, before others get their turn */
#define HG_LIMIT_RETRY_DEFAULT (256u * 1024u)
#define HG_LIMIT_RETRY_TOTAL (64u * 1024u * 1024u) /* kept by all exchanges of a thread */
#define HG_LIMIT_ARENA (2u * 1024u * 1024u)
#define HG_LIMIT_LOG_BUFFER (1024u * 1024u)
#define HG_LIMIT_ECHO (64u * 1024u)            /* a respond action's body */
#define HG_LIMIT_TALLIES 256u                  /* names of limits that a frontend counts refusals by */
#define HG_LIMIT_DOCUMENT (4u * 1024u * 1024u) /* of the action serve */

/* Usage */
#define HG_LIMIT_USAGE_QUEUE_DEFAULT (1024u * 1024u) /* lines of the usage log that wait for a slow disk */
#define HG_LIMIT_USAGE_QUEUE_MAX (256u * 1024u * 1024u)
#define HG_LIMIT_USAGE_MEMORY \
    (64u * 1024u * 1024u)         /* of all taps of a thread; over it answers are not measured */
#define HG_TIME_USAGE_WAIT 3u     /* the last bytes of an answer wait so long for its line in the usage log */
#define HG_TIME_USAGE_AGAIN 500u  /* after a write that failed */
#define HG_TIME_USAGE_LOOK 100u   /* whether a pipe takes more */
#define HG_TIME_USAGE_FLUSH 1000u /* for the lines that wait at the end of the process */

/* Rules */
#define HG_LIMIT_PATTERN_MATCH 100000u /* PCRE2 match limit */
#define HG_LIMIT_PATTERN_DEPTH 1000u
#define HG_LIMIT_PATTERN_HEAP_KIB 1024u
#define HG_LIMIT_USE_DEPTH 16u /* rules that use rules */
#define HG_LIMIT_MAP_FILE (16u * 1024u * 1024u)
#define HG_LIMIT_MAP_ENTRIES 200000u
#define HG_LIMIT_MAP_PATTERNS 1000u    /* of a map: those that are tried one after the other */
#define HG_LIMIT_JSON (256u * 1024u)   /* in $<json:...> */
#define HG_LIMIT_CHOSEN (256u * 1024u) /* values of choices read for one string, also inside each other */
#define HG_LIMIT_RULE_LOG 1024u        /* bytes that a log action says */
#define HG_LIMIT_MAPPED (256u * 1024)  /* of a header field, after map-origin */
#define HG_LIMIT_TERMS 64u             /* acls in one if or unless */

/* Usage: what is read along */
#define HG_LIMIT_JSON_DEPTH 512u
#define HG_LIMIT_PATH_PARTS 16u                     /* of one path into a document */
#define HG_LIMIT_PATH_NAME 128u                     /* bytes of one part */
#define HG_LIMIT_TAP_PATHS 64u                      /* of one tap */
#define HG_LIMIT_TAP_MODEL 128u                     /* a model's name */
#define HG_LIMIT_TAP_DEFAULT (256u * 1024u * 1024u) /* read of one answer, after decoding */
#define HG_LIMIT_TAP_MEMORY (20u * 1024u * 1024u)   /* held by one tap: the windows of its decoders */
#define HG_LIMIT_TAP_FREE (1024u * 1024u)           /* made by decoders whatever the input; */
#define HG_LIMIT_TAP_RATIO 100u                     /* more: so many times the input */
#define HG_LIMIT_ZSTD_WINDOW_BITS 23                /* RFC 9659 */

/* Policy */
#define HG_LIMIT_COUNTED_NAME 64u     /* bytes of a limit's name */
#define HG_LIMIT_HOLDS 16u            /* limits and guards that one request can meet */
#define HG_LIMIT_TABLE_DEFAULT 10000u /* keys in a table: about 600 bytes each, whatever clients send */
#define HG_LIMIT_TABLE_MAX 100000u
#define HG_LIMIT_RATE_MAX (1000u * 1000u * 1000u) /* requests, tokens, burst */
#define HG_LIMIT_RATE_BYTES_MAX (1024ull * 1024u * 1024u * 1024u * 1024u)
#define HG_LIMIT_TOKENS_DEFAULT 1000u /* reserved until an answer says how many it was */

/* Log */
#define HG_LIMIT_LOG_VALUE 1024u /* a value that a peer sent, in a log format */
#define HG_LIMIT_LOG_FIELDS 128u /* of one event in a log format */
#define HG_LIMIT_LOG_DEPTH 4u    /* objects in objects */

/* Guards */
#define HG_LIMIT_GUARDS 32u /* of a config */
#define HG_LIMIT_GUARD_BUFFER_DEFAULT (1024u * 1024u)
#define HG_LIMIT_GUARD_BUFFER_MAX (64u * 1024u * 1024u)
#define HG_LIMIT_HELD_TOTAL (64u * 1024u * 1024u) /* bodies held by all exchanges of a thread */
#define HG_TIME_GUARD_FILE 1000u                  /* between two looks at what has to be written */
#define HG_LIMIT_MODEL 256u                       /* bytes of a model's name */
#define HG_LIMIT_MODELS 8u                        /* places where a guard looks for it */

/* Config */
#define HG_LIMIT_CONFIG_FILE (4u * 1024u * 1024u)
#define HG_LIMIT_INCLUDE_DEPTH 16u
#define HG_LIMIT_FROM_DEPTH 16u /* copies of copies */
#define HG_LIMIT_DIAGNOSTICS 1000u
#define HG_LIMIT_SECRET (64u * 1024u)
#define HG_LIMIT_SECRET_MIRRORED 8u /* bytes of the shortest that is looked for in answers */
#define HG_LIMIT_ENV_FILE (1024u * 1024u)
#define HG_LIMIT_LINKS 40u                            /* symlinks followed to a watched file */
#define HG_LIMIT_CONFIG_MEMORY (256u * 1024u * 1024u) /* all nodes of all files */
#define HG_LIMIT_PLAN_MEMORY (256u * 1024u * 1024u)   /* strings and arrays of one plan */

#define HG_LIMIT_EXPLAIN (8u * 1024u * 1024u)   /* an explanation */
#define HG_LIMIT_FIXTURES (64u * 1024u * 1024u) /* what is kept of one file of fixtures */

/* Upstream */
#define HG_LIMIT_POOL_IDLE_DEFAULT 64u /* idle connections a key and thread */
#define HG_LIMIT_POOL_IDLE_TIME_DEFAULT 90000u
#define HG_LIMIT_POOL_AGE_DEFAULT (3600u * 1000u)
#define HG_LIMIT_POOL_IDLE_UNSAFE_DEFAULT 3000u
#define HG_LIMIT_SERVERS 256u        /* of one backend */
#define HG_LIMIT_QUEUE_DEFAULT 1024u /* requests that wait for a server of a backend */
#define HG_LIMIT_RETRY_ATTEMPTS_DEFAULT 3u
#define HG_LIMIT_RETRY_BUDGET_DEFAULT 20u /* retries for 100 requests */
#define HG_LIMIT_RETRY_RESERVE_DEFAULT 100u
#define HG_LIMIT_RETRY_SAVED 1000u          /* retries that a busy backend may have saved up */
#define HG_LIMIT_ADDRESSES 16u              /* tried for one name */
#define HG_LIMIT_CONNECT_HEAD (16u * 1024u) /* a proxy's answer to CONNECT */

/* Times */
#define HG_TIME_CONNECT_DEFAULT 10000u
#define HG_TIME_TUNNEL_DEFAULT 30000u
#define HG_TIME_TLS_DEFAULT 10000u
#define HG_TIME_REQUEST_HEAD_DEFAULT 60000u
#define HG_TIME_REQUEST_BODY_DEFAULT 300000u /* between two reads */
#define HG_TIME_RESPONSE_HEAD_DEFAULT 1800000u
#define HG_TIME_IDLE_DEFAULT 1800000u
#define HG_TIME_KEEP_ALIVE_DEFAULT 75000u
#define HG_TIME_DRAIN_DEFAULT 30000u
#define HG_TIME_QUEUE_DEFAULT 10000u
#define HG_TIME_HEALTH_INTERVAL_DEFAULT 5000u
#define HG_TIME_HEALTH_TIMEOUT_DEFAULT 5000u
#define HG_TIME_PASSIVE_COOL_DOWN_DEFAULT 10000u
#define HG_TIME_LINGER 5000u                  /* reading on after an answer that ends a connection */
#define HG_TIME_LINGER_MAX 30000u             /* in all */
#define HG_LIMIT_LINGER (64u * 1024u * 1024u) /* and how much */
#define HG_TIME_RETIRED_LOOK 50u       /* whether a generation before a reload is still in use, first */
#define HG_TIME_RETIRED_LOOK_MAX 1000u /* and later */
#define HG_TIME_ACCEPT_PAUSE 250u      /* after running out of descriptors */

/* Sources of secrets */
#define HG_TIME_SOURCE_DEFAULT 10000u               /* a run of a command */
#define HG_TIME_SOURCE_AGAIN 1000u                  /* after a run that failed; doubled each time, */
#define HG_TIME_SOURCE_AGAIN_MAX 60000u             /* up to this */
#define HG_TIME_SOURCE_FRUITLESS 5000u              /* after reading again gave nothing new */
#define HG_TIME_COOL_DOWN_DEFAULT 60000u            /* a secret at rest */
#define HG_TIME_COOL_DOWN_MAX (24u * 3600u * 1000u) /* whatever Retry-After says */
#define HG_TIME_WATCH_POLL 5000u /* files are looked at even when the kernel said nothing */
#define HG_TIME_CERT_SETTLE 50u  /* certificate and key are renamed one after the other */

/* Control */
#define HG_LIMIT_CONTROL_ANSWER (1024u * 1024u)
#define HG_LIMIT_CONTROL_LINE 1024u  /* a command */
#define HG_LIMIT_CONTROL_WORDS 8u    /* in it */
#define HG_LIMIT_CONTROL_CLIENTS 16u /* at a time */
#define HG_TIME_CONTROL 10000u       /* for the command, and for taking the answer */

/* Clients */
#define HG_LIMIT_ACCEPT_BATCH 64u
#define HG_LIMIT_BACKLOG 4096
#define HG_LIMIT_PROXY_HEADER 4096u /* of the PROXY protocol; version 1 has 107 at most */

/* The library for tokens that are read once: what it holds in place */
#define HG_ONE_SHOT_NAMES 64u
#define HG_ONE_SHOT_TEXT 4096u                /* of all names, with the terminator */
#define HG_ONE_SHOT_AREA (8u * 1024u * 1024u) /* more than exec takes for arguments and environment */

#endif
