/* SPDX-License-Identifier: MIT
 *
 * Private to the relay room. A session is a client connection; an exchange is
 * one request and its answer on it. Work happens in turns: an event sets a
 * flag, the turn moves bytes until nothing moves, and then, in one place,
 * interest and deadline are computed anew from the state.
 *
 *   session.c   life of a client connection     turn.c      the turn, interest, deadlines
 *   exchange.c  life of an exchange             request.c   client -> upstream
 *   route.c     rules, backend                  response.c  upstream -> client
 *   dispatch.c  which server, sending again     reply.c     answers of our own
 *   credential.c  secrets that are missing or refused
 *   guard.c     guards, and a body that is held for them
 *   upstream.c  links                           preface.c   PROXY protocol, before a session
 *   switch.c    sessions and a new generation  serve.c    documents about what runs
 *   limit.c     rate limits
 *   usage.c     taps, and waiting for the usage log          settle.c   who is told what was used
 */
#ifndef HG_RELAY_INTERNAL_H
#define HG_RELAY_INTERNAL_H

#include "base/limits.h"
#include "base/text.h"
#include "http/body.h"
#include "http/target.h"
#include "http/write.h"
#include "observe/access.h"
#include "observe/usage.h"
#include "relay/relay.h"
#include "route/client.h"
#include "route/guard.h"
#include "route/route.h"
#include "upstream/balance.h"

#define HG_SESSION_MAGIC 0x73657373u
#define HG_EXCHANGE_MAGIC 0x65786368u

/* What may wait to be written to a client. */
#define HG_SESSION_OUT (2 * HG_LIMIT_RELAY_BUFFER + 2 * HG_LIMIT_HEAD_MAX)

enum hg_session_state {
    HG_SESSION_HEAD,     /* waiting for a request head, or reading it */
    HG_SESSION_EXCHANGE, /* an exchange is under way */
    HG_SESSION_CUT,      /* the answer broke off: what is there is written, then the connection goes */
    HG_SESSION_LINGER,   /* answered for the last time: reading on so that the client can read */
    HG_SESSION_DEAD,     /* freed at the end of the turn */
};

struct hg_relay {
    struct hg_loop *loop;
    struct hg_dns *dns;
    struct hg_log *log;
    struct hg_stats *stats;
    size_t thread;                  /* of the stats */
    struct hg_counters *counters;   /* ours */
    struct hg_sources *sources;     /* may be NULL */
    size_t asks;                    /* questions to them that have not come home */
    struct hg_usage_log *usage_log; /* may be NULL */
    struct hg_usage_waiter usage_waiter;
    struct hg_post usage_post;  /* lines were written */
    atomic_bool usage_posted;   /* it is under way */
    struct hg_list usage_waits; /* exchanges whose last bytes wait for their line */
    struct hg_timer usage_timer;
    struct hg_budget usage_budget; /* of their decoders */
    size_t usage_bytes;            /* of all taps */
    struct hg_pool *pool;
    struct hg_scratch *scratch;
    const struct hg_entries *entries; /* in force; NULL before the first switch */
    struct hg_list sessions;
    struct hg_list prefaces; /* connections that have not said yet for whom they are */
    size_t count;
    struct hg_timer leave; /* when the first session that has to leave must be gone */
    size_t retry_kept, retry_total;
    size_t held; /* bytes of bodies that guards want to see */
    bool draining;
    uint64_t date_second;
    char date[HG_TEXT_HTTP_DATE_LEN]; /* of that second */
};

struct hg_session {
    uint32_t magic;
    enum hg_session_state state;
    struct hg_relay *relay;
    struct hg_list node;
    struct hg_generation *generation;
    const struct hg_frontend *frontend;
    size_t bind; /* index into frontend->bind */
    uint64_t listener;
    uint64_t leave_at; /* its listener is gone: ends after this exchange, and by then; 0: stays */
    struct hg_stream *client;
    struct hg_exchange *exchange; /* in HG_SESSION_EXCHANGE only */
    struct hg_buf in, out;        /* from and to the client */
    struct hg_head_scan scan;
    struct hg_timer timer;
    struct hg_timer probe; /* runs while an exchange is under way and nothing is read from the client */
    struct hg_deferred death;
    uint64_t head_since; /* when the first byte of this head came; 0: none yet */
    uint64_t lingered, linger_since;
    /* What the deadline is for, and since when: it starts anew when that changes, or when bytes that it waits
     * for have moved. Bytes that nobody asked for yet (pipelined ones) prolong nothing. */
    int phase;
    uint64_t phase_since;
    unsigned moved, phase_moved;
    size_t budget; /* bytes that this turn may still read, both sides together; see hg_session_spend */
    unsigned requests;
    bool can_read, can_write; /* until the stream says AGAIN */
    bool client_eof;
    size_t held;       /* bytes at the end of out that wait for a line of the usage log */
    bool keep;         /* another request may follow */
    bool shut;         /* our side is half-closed */
    bool abort_at_end; /* RST, so that an answer delimited by the close is not taken for whole */
    bool in_turn;
    struct hg_client peer; /* who is at the other end, or, by the PROXY protocol, behind it */
    char client_text[HG_IP_TEXT_LEN];
};

/* Why a source is asked */
enum hg_ask_for {
    HG_ASK_ENTER,   /* the frontend's rules lack a secret */
    HG_ASK_LEAVE,   /* the backend's */
    HG_ASK_REFUSED, /* the upstream did not like one: its answer is held in resp */
};

struct hg_exchange {
    uint32_t magic;
    struct hg_session *session;
    struct hg_arena arena;

    struct hg_request req;
    struct hg_framing req_framing;
    struct hg_hop hop;
    struct hg_body_decoder req_body;
    struct hg_route route;
    struct hg_rule_hooks hooks;           /* of route */
    struct hg_limiter limiter;            /* of route */
    struct hg_holds holds;                /* of limits */
    struct hg_client client;              /* the session's peer, or who is behind its trusted hops */
    struct hg_slice log_method, log_path; /* as received */

    /* which server */
    const struct hg_server *server; /* the one asked last */
    bool reserved;                  /* it counts this exchange */
    struct hg_wait *wait;           /* in the queue */
    uint64_t wait_since;
    struct hg_tried tried;     /* those that failed */
    struct hg_failure failure; /* of the last one */
    unsigned attempts;         /* servers asked */
    unsigned retry_after;      /* seconds, for an error answer; 0: none */

    /* credentials */
    struct hg_secret_uses uses; /* those of the head as it was written last */
    struct hg_source_ask *ask;  /* under way */
    enum hg_ask_for ask_for;
    struct hg_secret_slot *asked_for; /* the last one that was missing */
    size_t asked;                     /* of uses, after a refusal */
    unsigned resends;                 /* with another member of a group */
    bool refreshed;                   /* after a status of refresh-on */

    /* guards */
    struct hg_guard_holds guards;
    const struct hg_guard_hold *cut; /* the connection ends between two frames because of it */
    bool holding;                    /* the body is held until they have seen it */
    struct hg_model_reader *reader;
    struct hg_buf held;  /* without framing */
    size_t held_charged; /* of relay.held */
    unsigned up_status;  /* of the upstream's final answer, or 101; 0: there is none yet */

    /* to the upstream; [head, head + sent) was written and is kept while it may be sent again */
    struct hg_buf up_out;
    size_t head_len; /* of that the head; 0: not written yet */
    size_t sent, charged;
    enum hg_framing_kind up_framing;
    bool keep;
    bool body_open; /* the client's body is read (with Expect: once there is somewhere to send it) */
    bool req_done;  /* read to its end */
    bool discard;   /* read on, but nobody wants it any more */

    struct hg_dialing *dialing;
    struct hg_link *link;
    bool reused, up_can_read, up_can_write, up_eof, up_error, up_broken, up_shut;
    unsigned interims;
    bool wrote;     /* a byte of this attempt was taken by the link */
    bool wrote_any; /* or of an earlier one */

    struct hg_buf up_in;
    struct hg_head_scan up_scan;
    struct hg_response resp;
    struct hg_framing resp_framing;
    struct hg_body_decoder resp_body;
    enum hg_framing_kind out_framing;
    bool resp_started; /* a byte of it came */
    bool resp_head;    /* a final head went into session->out, the upstream's or our own */
    bool resp_done;
    bool local; /* the answer is ours */
    bool upgraded;
    bool start_said; /* in the log */

    /* how many tokens the answer took (usage.c) */
    struct {
        const struct hg_usage *of;
        struct hg_tap *tap; /* NULL: none, or it was given up */
        size_t bytes;       /* of the tap */
        bool on;            /* there is something to read, */
        bool read;          /* and it was read */
        uint64_t told[HG_TAP_COUNTS];
        struct hg_usage_record record;
        uint64_t line; /* the last bytes wait for it; 0: they do not */
        uint64_t wait_until;
        struct hg_list node; /* of relay->usage_waits */
    } usage;

    uint64_t began, first_byte;
    struct hg_traffic *traffic; /* counts it; NULL: it was counted */
    struct hg_access access;
    char error_detail[320];
};

/* hooks.c. What rules say for the log. */
void hg_hooks_set(struct hg_exchange *x);

/* say.c */
/* Begins an event about the exchange, with what is known of it; false: nobody wants it. */
bool hg_say_begin(struct hg_exchange *x, enum hg_event_id id, enum hg_log_level level, struct hg_event *e);
void hg_say_end(struct hg_exchange *x, struct hg_event *e);
/* It goes to a server (said once). */
void hg_say_start(struct hg_exchange *x);
/* A final head is in x->resp, as the upstream sent it. */
void hg_say_refused(struct hg_exchange *x);
/* The line of the access log. */
void hg_say_over(struct hg_exchange *x, enum hg_close why);

/* limit.c */
void hg_limits_set(struct hg_exchange *x);
/* The rules are about to run (again): what they took is given back. */
void hg_limits_again(struct hg_exchange *x);
/* The request goes to a server: from here on it counts, whatever becomes of it. */
void hg_limits_leave(struct hg_exchange *x);
/* More of its body has come. */
void hg_limits_body(struct hg_exchange *x);
/* So many tokens up to now; final: and no more. Without a word what was estimated stays. */
void hg_limits_tokens(struct hg_exchange *x, uint64_t n, bool final);
/* An answer of our own is made: a request that did not leave counts no more. */
void hg_limits_answered(struct hg_exchange *x);
void hg_limits_end(struct hg_exchange *x);

/* turn.c */
void hg_session_turn(struct hg_session *s);
/* n bytes of the turn's share were read; a request costs some of it too. */
void hg_session_spend(struct hg_session *s, size_t n);
void hg_session_expired(struct hg_timer *t);
void hg_session_probe(struct hg_timer *t);

/* preface.c */
bool hg_preface_wanted(const struct hg_bind *b, const struct hg_client *client);
/* Reads the PROXY protocol's header and then begins a session. fd is taken over. */
void hg_preface_begin(struct hg_relay *r, const struct hg_entry *e, int fd, const struct hg_client *client);
/* Ends them; at once only when the loop does not run any more. */
void hg_preface_drop_all(struct hg_relay *r);
void hg_preface_free_all(struct hg_relay *r);

/* session.c */
/* e is an entry of g, which a reload may have replaced meanwhile. */
void hg_session_begin(struct hg_relay *r, struct hg_generation *g, const struct hg_entry *e, int fd,
                      const struct hg_client *client);
/* Ends the session; frees it at the end of the loop's turn. */
void hg_session_die(struct hg_session *s);
/* What comes after an exchange: the next head, or the end. */
void hg_session_next(struct hg_session *s);
/* The next head is held against the limit of the frontend as it is now, and has room for it. */
void hg_session_await_head(struct hg_session *s);
bool hg_session_head_step(struct hg_session *s);
bool hg_session_linger_step(struct hg_session *s);
/* It has to leave, between two exchanges: a request that has arrived already is served, else it ends now. */
void hg_session_last_look(struct hg_session *s);
/* Ends it at once, with what is under way on it. */
void hg_session_cut(struct hg_session *s);

/* switch.c */
/* Between two exchanges: changes over to the entries in force, or has to leave. */
void hg_session_move(struct hg_session *s);
/* No exchange may follow the one under way. */
bool hg_session_last(const struct hg_session *s);
/* The timer hg_relay.leave. */
void hg_relay_leave_expired(struct hg_timer *t);

/* exchange.c */
void hg_exchange_begin(struct hg_session *s, struct hg_slice head);
/* The bytes in front of us are not a head. */
void hg_exchange_begin_bad(struct hg_session *s, enum hg_http_error why);
bool hg_exchange_step(struct hg_exchange *x);
/* Logs, counts and frees; the session goes on or ends by itself. */
void hg_exchange_end(struct hg_exchange *x, enum hg_close why);
/* The client is gone: ends exchange and session. */
void hg_exchange_client_left(struct hg_exchange *x);
/* An answer that has begun cannot be finished. */
void hg_exchange_break_off(struct hg_exchange *x, enum hg_close why, const char *detail);

/* route.c */
void hg_exchange_route(struct hg_exchange *x);
void hg_route_answer(struct hg_exchange *x, const struct hg_answer *a);
/* Lets no name into a trailer section that a rule drops or sets. */
bool hg_route_trailers_ok(const struct hg_exchange *x, const struct hg_headers *trailers);

/* upstream.c */
/* To x->server; fresh: not on an idle link. */
void hg_upstream_connect(struct hg_exchange *x, bool fresh);
bool hg_upstream_write(struct hg_exchange *x);
bool hg_upstream_read(struct hg_exchange *x);
/* Gives the link back if both sides ended cleanly, else ends it. Also ends a dial, a wait for a server, and
 * the reservation of one. */
void hg_upstream_release(struct hg_exchange *x);
bool hg_upstream_wants_read(const struct hg_exchange *x);
/* Room for the next piece of a request. */
size_t hg_upstream_room(struct hg_exchange *x);
void hg_upstream_stop_keeping(struct hg_exchange *x);

/* dispatch.c */
/* Behind the frontend's rules: chooses a server, and sends. */
void hg_dispatch(struct hg_exchange *x);
/* No place in queue.timeout. */
void hg_dispatch_expired(struct hg_exchange *x);
/* The server is of no use for this request, before an answer began (how: one of HG_RETRY_*): sends it again
 * where that is safe, or answers. */
void hg_dispatch_failed(struct hg_exchange *x, unsigned how, const struct hg_failure *f);
/* Counts a failure of the server; why: printable. */
void hg_dispatch_blame(struct hg_exchange *x, const char *why);
/* Its answer is whole. */
void hg_dispatch_succeeded(struct hg_exchange *x);
/* A final head is in x->resp. True: it is forgotten, and the request is on its way again. */
bool hg_dispatch_status(struct hg_exchange *x);
/* Sends the request (x->keep holds) to the same server once more, with a head written anew. */
void hg_dispatch_repeat(struct hg_exchange *x);
/* Could this request not be sent again if it were lost on an idle link? */
bool hg_dispatch_only_once(const struct hg_exchange *x);
/* Leaves the queue and the server. */
void hg_dispatch_release(struct hg_exchange *x);

/* The credential that was missing may be there now: goes on where write_head stopped. */
void hg_dispatch_resume(struct hg_exchange *x);

/* credential.c */
/* a says that a secret has no value: waits for its source if that can help. */
bool hg_credential_wait(struct hg_exchange *x, const struct hg_answer *a, enum hg_ask_for what);
/* A final head is in x->resp. True: the request is on its way again, or the answer is held. */
bool hg_credential_refused(struct hg_exchange *x);
/* Is the request worth keeping for another credential? */
bool hg_credential_may_repeat(const struct hg_exchange *x);
void hg_credential_cancel(struct hg_exchange *x);

/* guard.c */
/* Behind the frontend's rules: asks the guards, and dispatches the request that passes; now, or when enough
 * of its body is there. */
void hg_guard_begin(struct hg_exchange *x);
/* While the body is held. */
bool hg_guard_pump(struct hg_exchange *x);
/* What was held has left, or never will. */
void hg_guard_release(struct hg_exchange *x);
/* Holds nothing any more. */
void hg_guard_drop(struct hg_exchange *x);
/* The final head of the upstream, or a 101, is in x->resp. */
void hg_guard_answered(struct hg_exchange *x);
/* What becomes of the answer is known: settles what is not settled. What comes after the first call says
 * nothing more. */
void hg_guard_end(struct hg_exchange *x, enum hg_close why);
/* An upgraded connection that has used up its tokens: ends it if it stands between two frames. True: it has
 * ended. */
bool hg_guard_cut(struct hg_exchange *x);

/* request.c */
/* The body's framing is wrong, or it is too large. */
void hg_request_bad(struct hg_exchange *x, enum hg_http_error e);
bool hg_request_pump(struct hg_exchange *x);
void hg_request_open_body(struct hg_exchange *x);

/* response.c */
bool hg_response_pump(struct hg_exchange *x);
/* Passes on the final head in x->resp. */
void hg_response_final(struct hg_exchange *x);

/* serve.c: answers with the document. */
void hg_exchange_serve(struct hg_exchange *x, const struct hg_serve *what);

/* usage.c */
void hg_relay_usage_init(struct hg_relay *r);
void hg_relay_usage_free(struct hg_relay *r);
/* The answer goes to the client; a tap if the rules have named one. body: it has one, or is a WebSocket. */
void hg_exchange_usage_begin(struct hg_exchange *x, bool body);
/* A span of it as it is relayed. */
void hg_exchange_usage_feed(struct hg_exchange *x, struct hg_slice span);
/* It is whole. The last `tail` bytes of session->out may have to wait for a line in the usage log. */
void hg_exchange_usage_whole(struct hg_exchange *x, size_t tail);
/* The exchange ends. If its answer was not whole, that is why. */
void hg_exchange_usage_broken(struct hg_exchange *x, enum hg_close why);
bool hg_exchange_usage_waits(const struct hg_exchange *x);
void hg_exchange_usage_free(struct hg_exchange *x);

/* settle.c: figures of an answer, once when it has ended, and before that as they come where they add up */
struct hg_usage_more {
    uint64_t tokens[HG_TAP_COUNTS];       /* more than was told before */
    struct hg_slice model;                /* the last that was named, or empty */
    bool last;                            /* the answer has ended: nothing more will be told */
    const struct hg_usage_record *record; /* when it is the last: all there is */
};
void hg_exchange_usage_settled(struct hg_exchange *x, const struct hg_usage_more *more);

/* reply.c: each ends the exchange's upstream side and puts a whole answer into session->out */
void hg_reply_http_error(struct hg_exchange *x, enum hg_http_error e, enum hg_close why);
void hg_reply_failure(struct hg_exchange *x, const struct hg_failure *f);
void hg_reply_error(struct hg_exchange *x, unsigned status, const char *type, enum hg_close why,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* headers: of the answer, may be NULL. */
void hg_reply_send(struct hg_exchange *x, unsigned status, const struct hg_headers *headers,
                   struct hg_slice body, enum hg_close why);
/* Adds Date to an answer that has none (RFC 9110, 6.6.1). */
bool hg_reply_date(struct hg_exchange *x, struct hg_headers *headers);
/* X-Request-ID of this exchange and the renamed one of the upstream. */
bool hg_reply_ids(struct hg_exchange *x, struct hg_headers *headers);

#endif
