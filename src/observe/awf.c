/* SPDX-License-Identifier: MIT
 *
 * Metrics in AWF's JSON: its names, its buckets, its percentiles. What its own
 * program counts wrong is right here: a client that leaves takes its request out
 * of active_requests, and bytes are those that passed.
 */
#include <stdio.h>

#include "write.h"

static void counter(struct hg_json *j, uint64_t n, const char *name, const char *provider, const char *a,
                    const char *b)
{
    char key[512];

    if (n == 0)
        return;
    (void)snprintf(key, sizeof(key), "%s:%s%s%s%s%s", name, provider, a != NULL ? ":" : "",
                   a != NULL ? a : "", b != NULL ? ":" : "", b != NULL ? b : "");
    hg_json_u64(j, key, n);
}

/* An answer that the upstream broke off counts as an error only, one of a rate limit only as rejected. */
static void put_requests(const struct hg_traffic_numbers *n, const char *provider, struct hg_json *j)
{
    static const char *const codes[HG_TRAFFIC_CODES] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};

    for (size_t m = 0; m < HG_TRAFFIC_METHOD_COUNT; m++)
        for (size_t c = 1; c < HG_TRAFFIC_CODES; c++)
            counter(j, n->requests[m][c] - n->unanswered[m][c], "requests_total", provider,
                    hg_traffic_method(m), codes[c]);
}

static void put_counters(const struct hg_traffic_numbers *n, const char *provider, struct hg_json *j)
{
    put_requests(n, provider, j);
    counter(j, hg_traffic_errors(n), "requests_errors_total", provider, NULL, NULL);
    counter(j, n->bytes_in, "request_bytes_total", provider, NULL, NULL);
    counter(j, n->bytes_out, "response_bytes_total", provider, NULL, NULL);
    counter(j, n->tokens[HG_TOKENS_INPUT], "input_tokens_total", provider, NULL, NULL);
    counter(j, n->tokens[HG_TOKENS_OUTPUT], "output_tokens_total", provider, NULL, NULL);
}

static void put_limited(const struct hg_facts *f, const struct hg_frontend *one, struct hg_json *j)
{
    const struct hg_tallies *t = hg_facts_refusals(f, one, HG_REFUSER_LIMIT);
    const struct hg_tally *limit = NULL;

    while (t != NULL && (limit = hg_tally_next(t, limit)) != NULL)
        counter(j, hg_tally_count(limit), "rate_limit_rejected_total", one->name, hg_tally_name(limit), NULL);
}

static void put_histogram(const struct hg_histogram *h, const char *provider, struct hg_json *j)
{
    char bound[16];

    hg_json_open(j, provider);
    hg_json_u64(j, "p50", hg_histogram_percentile(h, 50));
    hg_json_u64(j, "p90", hg_histogram_percentile(h, 90));
    hg_json_u64(j, "p99", hg_histogram_percentile(h, 99));
    hg_json_u64(j, "count", hg_histogram_count(h));
    hg_json_u64(j, "sum", (h->sum_us + 500) / 1000);
    hg_json_open(j, "buckets");
    for (size_t i = 0; i < HG_BUCKET_COUNT; i++) {
        if (!hg_time_bucket[i].awf)
            continue;
        (void)snprintf(bound, sizeof(bound), "%u", hg_time_bucket[i].ms);
        hg_json_u64(j, bound, hg_histogram_upto(h, i));
    }
    hg_json_u64(j, "+Inf", hg_histogram_count(h));
    hg_json_close(j);
    hg_json_close(j);
}

/* A family without a value is absent. */
static void put_histograms(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const struct hg_frontend *one;
    bool open = false;

    hg_json_open(j, "histograms");
    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++) {
        struct hg_traffic_numbers n;

        hg_facts_traffic(f, one, &n);
        if (hg_histogram_count(&n.duration) == 0)
            continue;
        if (!open)
            hg_json_open(j, "request_duration_ms");
        open = true;
        put_histogram(&n.duration, one->name, j);
    }
    if (open)
        hg_json_close(j);
    hg_json_close(j);
}

static void put_gauges(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const struct hg_frontend *one;
    uint64_t since = f->stats != NULL ? f->stats->started : f->wall;
    bool open = false;

    hg_json_open(j, "gauges");
    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++) {
        struct hg_traffic_numbers n;

        hg_facts_traffic(f, one, &n);
        if (n.active == 0 && hg_traffic_answered(&n) + hg_traffic_errors(&n) == 0)
            continue;
        if (!open)
            hg_json_open(j, "active_requests");
        open = true;
        hg_json_u64(j, one->name, n.active);
    }
    if (open)
        hg_json_close(j);
    hg_json_u64(j, "uptime_seconds", f->wall > since ? (f->wall - since) / 1000000 : 0);
    hg_json_close(j);
}

void hg_awf_metrics_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j)
{
    const struct hg_frontend *one;

    hg_json_open(j, "counters");
    for (size_t i = 0; (one = hg_facts_frontend(f, s, i)) != NULL; i++) {
        struct hg_traffic_numbers n;

        hg_facts_traffic(f, one, &n);
        put_counters(&n, one->name, j);
        put_limited(f, one, j);
    }
    hg_json_close(j);
    put_histograms(s, f, j);
    put_gauges(s, f, j);
}
