/* SPDX-License-Identifier: MIT
 *
 * Metrics of frontends, backends, servers and secrets. Labels come from the
 * configuration and from closed lists, never from clients.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "write.h"

#define LABELS 1200 /* two names of blocks and a word */

static const char *frontend_label(const struct hg_page *p, size_t i, char *out)
{
    char name[512];

    (void)snprintf(out, LABELS, "frontend=\"%s\"", hg_page_escape(p->frontend[i]->name, name, sizeof(name)));
    return out;
}

/* `frontend="x",NAME="VALUE"` */
static const char *labels_with(const struct hg_page *p, size_t i, const char *name, const char *value,
                               char *out)
{
    char first[LABELS];

    frontend_label(p, i, first);
    (void)snprintf(out, LABELS, "%.600s,%s=\"%s\"", first, name, value);
    return out;
}

static void put_requests(struct hg_page *p)
{
    static const char *const codes[HG_TRAFFIC_CODES] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    char first[LABELS], labels[LABELS];

    hg_page_family(p, "frontend_requests_total", "counter",
                   "Requests that have ended, by method and by the class of the status that the client got");
    for (size_t i = 0; i < p->frontends; i++)
        for (size_t m = 0; m < HG_TRAFFIC_METHOD_COUNT; m++)
            for (size_t c = 0; c < HG_TRAFFIC_CODES; c++) {
                if (p->traffic[i].requests[m][c] == 0)
                    continue;
                labels_with(p, i, "method", hg_traffic_method(m), first);
                (void)snprintf(labels, sizeof(labels), "%.1000s,code=\"%s\"", first, codes[c]);
                hg_page_sample(p, "frontend_requests_total", labels, p->traffic[i].requests[m][c]);
            }
}

static void put_closes(struct hg_page *p)
{
    char labels[LABELS];

    hg_page_family(p, "frontend_closes_total", "counter",
                   "Requests that have ended, by why, in the words of the log");
    for (size_t i = 0; i < p->frontends; i++)
        for (size_t c = 0; c < HG_CLOSE_COUNT; c++)
            hg_page_sample(p, "frontend_closes_total",
                           labels_with(p, i, "close", hg_close_word((enum hg_close)c), labels),
                           p->traffic[i].closes[c]);
}

static void put_tokens(struct hg_page *p)
{
    char labels[LABELS];

    hg_page_family(p, "frontend_tokens_total", "counter", "Tokens that answers have told of, by kind");
    for (size_t i = 0; i < p->frontends; i++)
        for (size_t k = 0; k < HG_TOKENS_COUNT; k++)
            hg_page_sample(p, "frontend_tokens_total",
                           labels_with(p, i, "kind", hg_tokens_word((enum hg_tokens)k), labels),
                           p->traffic[i].tokens[k]);
}

static void put_served(struct hg_page *p)
{
    char labels[LABELS];

    hg_page_family(p, "frontend_served_total", "counter",
                   "Documents of the gateway itself that were asked for; no other metric of the frontend "
                   "counts these requests");
    for (size_t i = 0; i < p->frontends; i++)
        for (size_t k = 0; k < HG_SERVE_WHATS; k++)
            hg_page_sample(p, "frontend_served_total",
                           labels_with(p, i, "document", hg_serve_word((enum hg_serve_what)k), labels),
                           p->traffic[i].served[k]);
}

static void put_refusals(struct hg_page *p, enum hg_refuser by, const char *name, const char *label,
                         const char *help)
{
    char labels[LABELS], value[300];

    hg_page_family(p, name, "counter", help);
    for (size_t i = 0; i < p->frontends; i++) {
        const struct hg_tallies *t = hg_facts_refusals(p->facts, p->frontend[i], by);
        const struct hg_tally *one = NULL;

        while (t != NULL && (one = hg_tally_next(t, one)) != NULL) {
            hg_page_escape(hg_tally_name(one), value, sizeof(value));
            hg_page_sample(p, name, labels_with(p, i, label, value, labels), hg_tally_count(one));
        }
    }
}

/* offset: of the number in struct hg_traffic_numbers. */
static void put_number(struct hg_page *p, const char *name, const char *type, const char *help, size_t offset)
{
    char labels[LABELS];

    hg_page_family(p, name, type, help);
    for (size_t i = 0; i < p->frontends; i++)
        hg_page_sample(p, name, frontend_label(p, i, labels),
                       *(const uint64_t *)(const void *)((const char *)&p->traffic[i] + offset));
}

/* Bounds in seconds as Prometheus writes numbers: 0.005, 1, 2.5. */
static void bound(uint32_t ms, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%u.%03u", ms / 1000, ms % 1000);

    HG_ASSERT(n > 0 && (size_t)n < cap);
    while (out[n - 1] == '0')
        out[--n] = '\0';
    if (out[n - 1] == '.')
        out[n - 1] = '\0';
}

static void put_histogram(struct hg_page *p, size_t i, const char *name, const struct hg_histogram *h)
{
    char part[128], labels[LABELS], le[16];

    (void)snprintf(part, sizeof(part), "%s_bucket", name);
    for (size_t k = 0; k < HG_BUCKET_COUNT; k++) {
        bound(hg_time_bucket[k].ms, le, sizeof(le));
        hg_page_sample(p, part, labels_with(p, i, "le", le, labels), hg_histogram_upto(h, k));
    }
    hg_page_sample(p, part, labels_with(p, i, "le", "+Inf", labels), hg_histogram_count(h));
    (void)snprintf(part, sizeof(part), "%s_sum", name);
    hg_page_millionths(p, part, frontend_label(p, i, labels), h->sum_us);
    (void)snprintf(part, sizeof(part), "%s_count", name);
    hg_page_sample(p, part, labels, hg_histogram_count(h));
}

static void put_times(struct hg_page *p)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } times[] = {
        {"frontend_request_duration_seconds",
         "From the first byte of a request to the last of its answer; not of requests that a check refused",
         offsetof(struct hg_traffic_numbers, duration)},
        {"frontend_first_byte_seconds", "From the first byte of a request to the first of its answer",
         offsetof(struct hg_traffic_numbers, first_byte)},
        {"frontend_connect_seconds", "Until a new connection to the upstream was ready for the request",
         offsetof(struct hg_traffic_numbers, connect)},
        {"frontend_queue_seconds", "Time that requests waited for a server, of those that had to",
         offsetof(struct hg_traffic_numbers, queue)},
    };

    for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
        hg_page_family(p, times[t].name, "histogram", times[t].help);
        for (size_t i = 0; i < p->frontends; i++)
            put_histogram(p, i, times[t].name,
                          (const void *)((const char *)&p->traffic[i] + times[t].offset));
    }
}

void hg_page_frontends(struct hg_page *p)
{
    char labels[LABELS];

    hg_page_family(p, "frontend_configured", "gauge", "1 when all that the frontend needs is there");
    for (size_t i = 0; i < p->frontends; i++)
        hg_page_sample(p, "frontend_configured", frontend_label(p, i, labels),
                       hg_facts_configured(p->frontend[i]) ? 1 : 0);
    put_number(p, "frontend_active_requests", "gauge",
               "Requests under way now, without those for documents of the gateway itself",
               offsetof(struct hg_traffic_numbers, active));
    put_requests(p);
    put_closes(p);
    put_number(p, "frontend_received_bytes_total", "counter", "Bytes of request bodies received",
               offsetof(struct hg_traffic_numbers, bytes_in));
    put_number(p, "frontend_sent_bytes_total", "counter", "Bytes of answer bodies sent",
               offsetof(struct hg_traffic_numbers, bytes_out));
    put_tokens(p);
    put_served(p);
    put_refusals(p, HG_REFUSER_LIMIT, "frontend_rate_limited_total", "limit",
                 "Requests that a rate limit refused, by its name");
    put_refusals(p, HG_REFUSER_GUARD, "frontend_guarded_total", "guard",
                 "Requests that a guard refused, by its name");
    put_times(p);
}

/* ---- servers ---- */

static const char *server_label(const struct hg_server *s, char *out)
{
    char backend[256], name[256];

    (void)snprintf(out, LABELS, "backend=\"%s\",server=\"%s\"",
                   hg_page_escape(s->backend->name, backend, sizeof(backend)),
                   hg_page_escape(s->name, name, sizeof(name)));
    return out;
}

typedef void each_fn(struct hg_page *p, const struct hg_server *s, const struct hg_server_facts *now);

static void each_server(struct hg_page *p, each_fn *fn)
{
    const struct hg_plan *plan = p->facts->plan;

    for (size_t i = 0; i < plan->backends; i++)
        for (size_t k = 0; k < plan->backend[i].servers; k++) {
            struct hg_server_facts now;

            hg_facts_server(p->facts, &plan->backend[i].server[k], &now);
            fn(p, &plan->backend[i].server[k], &now);
        }
}

static void put_state(struct hg_page *p, const struct hg_server *s, const struct hg_server_facts *now)
{
    static const char *const states[] = {"up", "down", "cooling", "drain", "disabled"};
    char first[LABELS], labels[LABELS];

    server_label(s, first);
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        (void)snprintf(labels, sizeof(labels), "%.1000s,state=\"%s\"", first, states[i]);
        hg_page_sample(p, "server_state", labels, strcmp(now->state, states[i]) == 0 ? 1 : 0);
    }
}

static void put_active(struct hg_page *p, const struct hg_server *s, const struct hg_server_facts *now)
{
    char labels[LABELS];

    hg_page_sample(p, "server_active_requests", server_label(s, labels), now->active);
}

static void put_server_requests(struct hg_page *p, const struct hg_server *s,
                                const struct hg_server_facts *now)
{
    char labels[LABELS];

    hg_page_sample(p, "server_requests_total", server_label(s, labels), now->requests);
}

static void put_failures(struct hg_page *p, const struct hg_server *s, const struct hg_server_facts *now)
{
    char labels[LABELS];

    hg_page_sample(p, "server_failures_total", server_label(s, labels), now->failures);
}

void hg_page_servers(struct hg_page *p)
{
    const struct hg_facts *f = p->facts;
    char labels[LABELS], name[512];

    hg_page_family(p, "backend_queue_waiting", "gauge", "Requests that wait for a server of the backend now");
    for (size_t i = 0; i < f->plan->backends; i++) {
        const struct hg_backend *b = &f->plan->backend[i];

        (void)snprintf(labels, sizeof(labels), "backend=\"%s\"", hg_page_escape(b->name, name, sizeof(name)));
        hg_page_sample(p, "backend_queue_waiting", labels, f->waiting != NULL ? f->waiting(f->ctx, b) : 0);
    }
    hg_page_family(p, "server_state", "gauge", "1 for the state that the server is in, 0 for the others");
    each_server(p, put_state);
    hg_page_family(p, "server_active_requests", "gauge", "Requests that the server has now");
    each_server(p, put_active);
    hg_page_family(p, "server_requests_total", "counter", "Requests that went to the server");
    each_server(p, put_server_requests);
    hg_page_family(p, "server_failures_total", "counter", "Failures of the server that requests met");
    each_server(p, put_failures);
}

/* ---- secrets ---- */

static const char *secret_label(const struct hg_source *s, char *out)
{
    char name[512];

    (void)snprintf(out, LABELS, "secret=\"%s\"", hg_page_escape(s->name, name, sizeof(name)));
    return out;
}

void hg_page_secrets(struct hg_page *p)
{
    const struct hg_plan *plan = p->facts->plan;
    char labels[LABELS];

    hg_page_family(p, "secret_read_timestamp_seconds", "gauge",
                   "When the value that the secret has was read first, seconds since 1970; 0: it has none");
    for (size_t i = 0; i < plan->sources; i++)
        if (plan->source[i].kind != HG_SOURCE_ANY)
            hg_page_millionths(p, "secret_read_timestamp_seconds", secret_label(&plan->source[i], labels),
                               hg_secret_slot_made(plan->source[i].slot));
}
