/* SPDX-License-Identifier: MIT
 *
 * One request against a plan: the frontend's rules, the backend, the backend's
 * rules, the head that leaves; and the rules on the way back. No socket and no
 * clock: what the relay does for real clients, `hdrgate explain` and `hdrgate
 * test` do without a network.
 */
#ifndef HG_ROUTE_ROUTE_H
#define HG_ROUTE_ROUTE_H

#include "base/buf.h"
#include "http/framing.h"
#include "plan/usage.h"
#include "route/answer.h"

struct hg_route {
    /* The caller's; all of it lives as long as the exchange. */
    const struct hg_frontend *frontend;
    const struct hg_client *client;
    const struct hg_rule_hooks *hooks; /* NULL: nobody listens */
    const struct hg_limiter *limiter;  /* NULL: nothing is counted */
    struct hg_arena *arena;
    struct hg_scratch *scratch;
    struct hg_request *request; /* the frontend's rules change it */
    const struct hg_framing *framing;
    const struct hg_hop *hop;
    struct hg_vars vars; /* request_id, client_ip, frontend, time and request are set before hg_route_enter */

    /* What is found. */
    struct hg_request arrived; /* before any rule */
    const struct hg_backend *backend;
    struct hg_guard_marks marks;    /* guards that the frontend's rules have met */
    size_t entered;                 /* secrets noted in vars.uses by the frontend's rules */
    const struct hg_server *server; /* the one that hg_route_leave was called for last */
    struct hg_request leaving;      /* as it goes to that server */
    const struct hg_usage *usage;   /* hg_route_return: the tap for this answer; NULL: none */
    struct hg_tap_head tap_head;    /* for it: what the upstream said of the body */
};

/* What rules and conditions run with, on this message. */
struct hg_rules_run hg_route_run(struct hg_route *r, struct hg_request *request);

/* The answer to a failure: what `errors` of the backend (once there is one), the frontend or its defaults say
 * of it, else the standard JSON. type: of http/failures.h and its neighbours; message: printable, without
 * credentials. The values in it are those of the request as the client sent it. */
void hg_route_error(const struct hg_route *r, struct hg_answer *a, enum hg_answer_kind kind, unsigned status,
                    const char *type, const char *message);

/* The answer of a guard: its page, whose body is there, with what it says of itself. */
void hg_route_page(const struct hg_route *r, struct hg_answer *a, enum hg_answer_kind kind,
                   const struct hg_error_page *page, const struct hg_guard_words *words);

enum hg_route_step {
    HG_ROUTE_GO,
    HG_ROUTE_ANSWER, /* nothing may leave: the client gets *a */
};

/* Puts the client's X-Request-ID into vars if it is one to repeat (letters, digits, "._-", at most
 * HG_LIMIT_REQUEST_ID); else keeps what the caller has put there; else a new UUID. */
void hg_route_request_id(struct hg_route *r);

/* A whole request head, which lives in the arena, into *r->request: everything that it alone decides, before
 * any rule. Fills what r->framing and r->hop point to, vars.request_id and vars.client_ip; *client (r->client
 * points to it) is the other end of the connection, and then who asks through its trusted hops. Also after an
 * error the request holds what could be read, for the log. */
enum hg_http_error hg_route_receive(struct hg_route *r, struct hg_slice head, struct hg_client *client,
                                    struct hg_framing *f, struct hg_hop *hop);

/* The frontend's rules and the choice of the backend. Where the frontend is not configured only serve runs.
 */
enum hg_route_step hg_route_enter(struct hg_route *r, struct hg_answer *a);

/* The backend's rules for this server of it, and the head into out, which is empty. May be called again for
 * another server or with a newer credential: it begins from what hg_route_enter left. */
enum hg_route_step hg_route_leave(struct hg_route *r, const struct hg_server *server, struct hg_buf *out,
                                  struct hg_answer *a);

/* Puts "***" in the place of credentials of this request that fields of an answer repeat, as they are or
 * percent-encoded; those of fewer than HG_LIMIT_SECRET_MIRRORED bytes could be anything, and stay. False: no
 * memory, and the fields must not be passed on. */
bool hg_route_hide(const struct hg_route *r, struct hg_headers *h);

/* That, and the backend's and the frontend's rules on an answer of the upstream. */
enum hg_route_step hg_route_return(struct hg_route *r, struct hg_response *response, struct hg_answer *a);

/* Lets no name into a trailer section that a rule drops or sets; request: of a request's trailers. */
bool hg_route_trailer_ok(const struct hg_route *r, bool request, struct hg_slice name);

#endif
