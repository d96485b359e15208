/* SPDX-License-Identifier: MIT
 *
 * What a plan says about spreading requests over a backend's servers: which one
 * is taken, when one counts as dead, how many requests it may have, what is
 * tried again. Times are milliseconds.
 */
#ifndef HG_PLAN_BALANCE_H
#define HG_PLAN_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hg_balance_how { /* in the order of the schema's words */
                      HG_BALANCE_ROUNDROBIN,
                      HG_BALANCE_LEASTCONN,
                      HG_BALANCE_FIRST,
};

enum hg_health_how {
    HG_HEALTH_OFF,
    HG_HEALTH_TCP, /* a connection (through a proxy: CONNECT) */
    HG_HEALTH_TLS, /* and a handshake with a certificate that verifies */
    HG_HEALTH_HTTP /* and an answer with one of these statuses */
};

#define HG_STATUS_RANGES 16u
struct hg_statuses {
    struct hg_status_range {
        uint16_t from, to;
    } range[HG_STATUS_RANGES];
    size_t n;
};

static inline bool hg_status_in(const struct hg_statuses *s, unsigned status)
{
    for (size_t i = 0; i < s->n; i++)
        if (status >= s->range[i].from && status <= s->range[i].to)
            return true;
    return false;
}

struct hg_health {
    enum hg_health_how how;
    const char *method, *path;
    const char *host; /* of Host; NULL: the server's */
    struct hg_statuses status;
    uint64_t interval, timeout;
    unsigned rise, fall; /* results in a row that bring a server up or down */
    struct {
        unsigned errors;           /* in a row, of live requests, that put a server aside; 0: never */
        uint64_t cooldown;         /* for so long */
        struct hg_statuses status; /* answers that are errors */
    } passive;
};

#define HG_RETRY_CONNECT 1u /* no connection, so nothing was sent */
#define HG_RETRY_EMPTY 2u   /* the connection ended before a byte of an answer */
#define HG_RETRY_TIMEOUT 4u /* timeout.response-head is over */
#define HG_RETRY_JUNK 8u    /* the answer is not HTTP */

struct hg_retry {
    size_t buffer;     /* bytes of a request that are kept; 0: never sent again */
    unsigned attempts; /* servers asked for one request, at most */
    unsigned on;       /* HG_RETRY_* */
    struct hg_statuses status;
    bool non_idempotent; /* also requests that a server may have acted on */
    unsigned budget;     /* retries for 100 requests */
    unsigned reserve;    /* retries that are there from the start */
};

struct hg_queue {
    size_t size; /* requests that wait for a server; 0: none may */
    uint64_t timeout;
};

#endif
