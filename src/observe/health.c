/* SPDX-License-Identifier: MIT
 *
 * Health: is what must be there to serve requests there? Upstreams are not part
 * of the answer: a gateway that is restarted because an API is down helps
 * nobody. What is missing is told by the names of variables and secrets.
 */
#include "write.h"

static const char *state_of(const struct hg_facts *f, bool configured)
{
    return f->draining ? "draining" : configured ? "healthy" : "not_configured";
}

static const char *or_standard(const char *text, const char *standard)
{
    return text != NULL ? text : standard;
}

struct servers {
    uint64_t up, down;
};

static void count_servers(const struct hg_facts *f, const struct hg_backend *b, struct servers *n)
{
    for (size_t i = 0; i < b->servers; i++) {
        struct hg_server_facts s;

        hg_facts_server(f, &b->server[i], &s);
        if (s.state[0] == 'u')
            n->up++;
        else
            n->down++;
    }
}

static void put_servers(struct hg_json *j, struct servers n)
{
    hg_json_open(j, "servers");
    hg_json_u64(j, "up", n.up);
    hg_json_u64(j, "down", n.down);
    hg_json_close(j);
}

/* The fields of one frontend; true: it is configured. */
static bool put_frontend(const struct hg_facts *f, const struct hg_frontend *one, struct hg_json *j)
{
    struct servers n = {0};
    const struct hg_backend *b;

    for (size_t i = 0; (b = hg_facts_backend(one, i)) != NULL; i++)
        count_servers(f, b, &n);
    hg_json_bool(j, "configured", hg_facts_configured(one));
    if (!hg_facts_configured(one))
        hg_json_str(j, "missing", hg_slice_str(one->missing.what));
    put_servers(j, n);
    return hg_facts_configured(one);
}

static bool any_configured(const struct hg_serve *s, const struct hg_facts *f)
{
    const struct hg_frontend *one;
    bool any = false;

    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++)
        any = any || hg_facts_configured(one);
    return any;
}

static unsigned standard_process(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const char *state = state_of(f, any_configured(s, f));
    const struct hg_frontend *one;

    hg_json_str(j, "status", hg_slice_str(state));
    hg_json_str(j, "service", hg_slice_str(or_standard(s->service, "hdrgate")));
    hg_json_open(j, "frontends");
    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++) {
        hg_json_open(j, one->name);
        (void)put_frontend(f, one, j);
        hg_json_close(j);
    }
    hg_json_close(j);
    return state[0] == 'h' ? 200 : 503;
}

static unsigned standard_frontend(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const char *state = state_of(f, hg_facts_configured(f->frontend));

    hg_json_str(j, "status", hg_slice_str(state));
    hg_json_str(j, "service", hg_slice_str(or_standard(s->service, "hdrgate")));
    hg_json_str(j, "frontend", hg_slice_str(f->frontend->name));
    (void)put_frontend(f, f->frontend, j);
    return state[0] == 'h' ? 200 : 503;
}

static void put_summary(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    uint64_t requests = 0, errors = 0, active = 0, timed = 0, sum_us = 0;
    const struct hg_frontend *one;

    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++) {
        struct hg_traffic_numbers n;

        hg_facts_traffic(f, one, &n);
        requests += hg_traffic_answered(&n);
        errors += hg_traffic_errors(&n);
        active += n.active;
        timed += hg_histogram_count(&n.duration);
        sum_us += n.duration.sum_us;
    }
    hg_json_open(j, "metrics_summary");
    hg_json_u64(j, "total_requests", requests);
    hg_json_u64(j, "total_errors", errors);
    hg_json_u64(j, "active_requests", active);
    hg_json_u64(j, "avg_latency_ms", timed > 0 ? (sum_us / timed + 500) / 1000 : 0);
    hg_json_close(j);
}

/* A frontend whose limits have counted nothing yet is absent. */
static void put_limits(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const struct hg_frontend *one;
    struct hg_limit_facts l;

    hg_json_open(j, "rate_limits");
    for (size_t i = 0; f->limit != NULL && (one = hg_facts_frontend(f, s, i)) != NULL; i++) {
        if (!f->limit(f->ctx, one, 0, &l))
            continue;
        hg_json_open(j, one->name);
        hg_json_bool(j, "enabled", true);
        for (size_t k = 0; f->limit(f->ctx, one, k, &l); k++) {
            hg_json_open(j, l.name);
            hg_json_u64(j, "limit", l.limit);
            hg_json_u64(j, "remaining", l.remaining);
            hg_json_u64(j, "reset", l.reset);
            hg_json_close(j);
        }
        hg_json_close(j);
    }
    hg_json_close(j);
}

/* AWF's own is healthy with no key at all. We fetch no models and validate no keys: both are over at once. */
static unsigned awf_process(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const struct hg_frontend *one;

    hg_json_str(j, "status", hg_slice_str(state_of(f, true)));
    hg_json_str(j, "service", hg_slice_str(or_standard(s->service, "hdrgate")));
    hg_json_str(j, "squid_proxy", hg_slice_str(or_standard(s->proxy, "not configured")));
    hg_json_open(j, "providers");
    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++)
        hg_json_bool(j, one->name, hg_facts_configured(one));
    hg_json_close(j);
    hg_json_open(j, "key_validation");
    hg_json_bool(j, "complete", true);
    hg_json_open(j, "results");
    hg_json_close(j);
    hg_json_close(j);
    hg_json_bool(j, "models_fetch_complete", true);
    put_summary(s, f, j);
    put_limits(s, f, j);
    return f->draining ? 503 : 200;
}

static unsigned awf_frontend(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    bool configured = hg_facts_configured(f->frontend);
    const char *state = state_of(f, configured);

    hg_json_str(j, "status", hg_slice_str(state));
    hg_json_str(j, "service", hg_slice_str(or_standard(s->service, f->frontend->name)));
    if (!configured)
        hg_json_str(j, "error", hg_slice_str(or_standard(s->error, f->frontend->missing.what)));
    return state[0] == 'h' ? 200 : 503;
}

unsigned hg_health_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    if (s->form == HG_SERVE_AWF)
        return s->process ? awf_process(s, f, j) : awf_frontend(s, f, j);
    return s->process ? standard_process(s, f, j) : standard_frontend(s, f, j);
}
