/* SPDX-License-Identifier: MIT
 *
 * How rows of the table of keys are written, for schema.c alone.
 */
#ifndef HG_CONFIG_SCHEMA_ROWS_H
#define HG_CONFIG_SCHEMA_ROWS_H

#include "config/schema.h"

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

#define COUNT_MOST 1000000000000ull
#define BESIDE(s, k, kind, forms, least, most, words, standard, about)                               \
    {                                                                                                \
        HG_SCOPE_##s, k, HG_KIND_##kind, forms, HG_SCOPE_NONE, least, most, HG_SCHEMA_BESIDE, words, \
            standard, about                                                                          \
    }

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

#endif
