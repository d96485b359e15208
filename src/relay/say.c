/* SPDX-License-Identifier: MIT
 *
 * What an exchange says for the log, in its middle and at its end. Whether and
 * how that is written is for its frontend to say.
 */
#include "internal.h"

/* Who asks what of whom, as far as it is known. */
static const struct hg_access *describe(struct hg_exchange *x)
{
    struct hg_access *a = &x->access;

    a->request_id = x->route.vars.request_id;
    a->frontend = x->route.vars.frontend;
    a->method = x->log_method;
    a->path = x->log_path;
    a->minor = x->req.minor;
    a->has_query = x->req.query.p != NULL;
    a->client = x->client.ip;
    a->hop = hg_slice_eq(a->client, x->session->peer.ip) ? hg_slice(NULL, 0) : x->session->peer.ip;
    a->wants_upgrade = x->hop.upgrade_websocket;
    /* The rules change what they are given; what arrived is kept beside it. */
    a->headers = x->route.arrived.method.p != NULL ? &x->route.arrived.headers : &x->req.headers;
    if (x->route.backend != NULL)
        a->backend = hg_slice_str(x->route.backend->name);
    if (x->server != NULL) {
        a->server = hg_slice_str(x->server->name);
        a->upstream = hg_slice_str(x->server->host_field);
    }
    return a;
}

bool hg_say_begin(struct hg_exchange *x, enum hg_event_id id, enum hg_log_level level, struct hg_event *e)
{
    return hg_access_event(x->session->relay->log, &x->session->frontend->log, describe(x), id, level, e);
}

void hg_say_end(struct hg_exchange *x, struct hg_event *e)
{
    hg_log_put(x->session->relay->log, &x->session->frontend->log, e);
}

void hg_say_start(struct hg_exchange *x)
{
    enum hg_event_id id = x->hop.upgrade_websocket ? HG_EVENT_UPGRADE_START : HG_EVENT_REQUEST_START;
    struct hg_event e;

    if (x->start_said)
        return;
    x->start_said = true;
    if (!hg_say_begin(x, id, HG_LOG_INFO, &e))
        return;
    hg_event_show(&e, HG_EV_METHOD);
    hg_event_show(&e, HG_EV_PATH);
    hg_event_show(&e, HG_EV_UPSTREAM);
    hg_say_end(x, &e);
}

void hg_say_refused(struct hg_exchange *x)
{
    struct hg_event e;

    if (x->resp.status != 401 && x->resp.status != 403)
        return;
    if (!hg_say_begin(x, HG_EVENT_UPSTREAM_REFUSED, HG_LOG_WARN, &e))
        return;
    hg_event_number(&e, HG_EV_STATUS, x->resp.status);
    hg_event_show(&e, HG_EV_METHOD);
    hg_event_show(&e, HG_EV_PATH);
    hg_event_show(&e, HG_EV_UPSTREAM);
    hg_say_end(x, &e);
}

void hg_say_over(struct hg_exchange *x, enum hg_close why)
{
    struct hg_relay *r = x->session->relay;
    struct hg_access *a = &x->access;

    /* Some bytes and the end fall into one turn; the clock of the turn's begin would hide that. */
    hg_loop_refresh(r->loop);
    (void)describe(x);
    a->close = why;
    a->bytes_in = x->req_body.total;
    a->total_us = hg_loop_now(r->loop) - x->began;
    a->first_byte_us = x->first_byte != 0 ? x->first_byte - x->began : 0;
    a->upgraded = x->upgraded;
    if (a->connection == NULL)
        a->connection = "none";
    HG_COUNT_ADD(r->counters, bytes_in_total, a->bytes_in);
    HG_COUNT_ADD(r->counters, bytes_out_total, a->bytes_out);
    if (x->traffic != NULL)
        hg_traffic_end(x->traffic, r->thread, hg_method_id(x->log_method), a);
    x->traffic = NULL;
    hg_access_log(r->log, &x->session->frontend->log, a);
}
