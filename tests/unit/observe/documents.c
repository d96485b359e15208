/* SPDX-License-Identifier: MIT
 *
 * Documents from facts: figures of several threads, names that need escaping,
 * which format the client gets, and a document that is too large.
 */
#include "observe/document.h"

#include <stdio.h>

#include "plan/fixture.h"
#include "support/unit.h"
#include "write.h"

struct scene {
    struct hg_plan *plan;
    struct hg_traffics traffic;
    struct hg_stats *stats;
    struct hg_arena arena;
    struct hg_request request;
    struct hg_facts facts;
};

static const char two[] =
    "global: { threads = 3; };\n"
    "frontend: { openai: { bind = \"127.0.0.1:10000\"; backend = \"b\"; };\n"
    "  gemini: { bind = \"127.0.0.1:10003\"; backend = \"b\";\n"
    "    request = ( { set-header = [ \"X-K\", \"$<GEMINI_KEY>\" ]; } ); }; };\n"
    "backend: { b: { via = \"direct\"; server = ( { url = \"http://a:1\"; name = \"one\"; },\n"
    "  { url = \"http://b:1\"; disabled = true; } ); }; };";

static bool scene_open(struct scene *s, const char *text)
{
    struct fixture_env e = {{NULL}};
    struct hg_diag *d = hg_diag_new();
    *s = (struct scene){.plan = fixture_plan(text, &e, false, d)};
    if (s->plan == NULL)
        hg_diag_print(d, stderr);
    hg_diag_free(d);
    hg_arena_init(&s->arena, 65536);
    hg_headers_init(&s->request.headers, &s->arena);
    if (s->plan == NULL || !hg_traffics_init(&s->traffic, s->plan, NULL))
        return false;
    s->stats = hg_stats_new(s->plan->global.threads, 1000000);
    s->facts = (struct hg_facts){.plan = s->plan,
                                 .frontend = &s->plan->frontend[0],
                                 .request = &s->request,
                                 .wall = 61 * UINT64_C(1000000),
                                 .stats = s->stats,
                                 .traffic = &s->traffic};
    return s->stats != NULL;
}

static void scene_close(struct scene *s)
{
    hg_traffics_free(&s->traffic);
    hg_stats_free(s->stats);
    hg_arena_reset(&s->arena);
    hg_plan_unref(&s->plan);
}

static void exchange(struct scene *s, size_t frontend, size_t thread, enum hg_method m, unsigned status,
                     enum hg_close why, uint64_t us)
{
    const struct hg_access a = {.status = status,
                                .close = why,
                                .bytes_in = 3,
                                .bytes_out = 5,
                                .total_us = us,
                                .first_byte_us = us / 2};
    hg_traffic_begin(s->traffic.frontend[frontend], thread);
    hg_traffic_end(s->traffic.frontend[frontend], thread, m, &a);
}

/* The document as text that lives until the next call. */
static const char *made(struct scene *s, const struct hg_serve *what, unsigned status, const char *type)
{
    static char text[400000];
    struct hg_document d;
    text[0] = '\0';
    if (!HG_CHECK(hg_document_make(what, &s->facts, &d)))
        return text;
    HG_CHECK_U64(d.status, status);
    HG_CHECK(strncmp(d.content_type, type, strlen(type)) == 0);
    (void)snprintf(text, sizeof(text), "%.*s", HG_FMT(hg_buf_data(&d.body)));
    hg_buf_free(&d.body);
    return text;
}

static bool has(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        return true;
    fprintf(stderr, "not there: %s\n", part);
    return false;
}

/* The one of a counter that is incremented nowhere else would be easy to forget. */
HG_TEST(every_counter_has_a_metric_with_its_value)
{
    const struct hg_serve metrics = {.what = HG_SERVE_METRICS};
    struct scene s;
    HG_NEED(scene_open(&s, two));
    uint64_t n = 100;
#define X(name, gauge, help)                                 \
    HG_COUNT_SET(hg_stats_counters(s.stats, 0), name, n);    \
    HG_COUNT_SET(hg_stats_counters(s.stats, 3), name, 1000); \
    n++;
    HG_COUNTERS(X)
#undef X
    const char *text = made(&s, &metrics, 200, "text/plain; version=0.0.4");
    char line[300];
    n = 1100;
#define X(name, gauge, help)                                                                             \
    (void)snprintf(line, sizeof(line), "# HELP hdrgate_%s %s.\n# TYPE hdrgate_%s %s\nhdrgate_%s %llu\n", \
                   #name, help, #name, (gauge) ? "gauge" : "counter", #name, (unsigned long long)n++);   \
    HG_CHECK(has(text, line));                                                                           \
    HG_CHECK((gauge) || strstr(#name, "_total") != NULL);
    HG_COUNTERS(X)
#undef X
    scene_close(&s);
}

HG_TEST(figures_of_threads_are_summed)
{
    const struct hg_serve metrics = {.what = HG_SERVE_METRICS};
    struct scene s;
    HG_NEED(scene_open(&s, two));
    exchange(&s, 0, 0, HG_METHOD_POST, 200, HG_CLOSE_OK, 4000);
    exchange(&s, 0, 1, HG_METHOD_POST, 201, HG_CLOSE_OK, 6000);
    exchange(&s, 0, 2, HG_METHOD_OTHER, 502, HG_CLOSE_UPSTREAM_FAILED, 11000);
    exchange(&s, 0, 2, HG_METHOD_TRACE, 405, HG_CLOSE_REFUSED, 10);
    exchange(&s, 0, 2, HG_METHOD_GET, 0, HG_CLOSE_SHUTDOWN, 7000);
    hg_traffic_begin(s.traffic.frontend[0], 1);
    hg_traffic_begin(s.traffic.frontend[0], 2);
    hg_traffic_served(s.traffic.frontend[0], 2, HG_SERVE_METRICS);
    hg_traffic_tokens(s.traffic.frontend[0], 0, HG_TOKENS_OUTPUT, 40);
    hg_traffic_tokens(s.traffic.frontend[0], 1, HG_TOKENS_OUTPUT, 2);
    for (int i = 0; i < 3; i++)
        hg_traffic_refused(s.traffic.frontend[0], HG_REFUSER_LIMIT, "rpm");
    hg_traffic_refused(s.traffic.frontend[0], HG_REFUSER_GUARD, "runs");
    const char *text = made(&s, &metrics, 200, "text/plain; version=0.0.4");
    static const char *const lines[] = {
        "hdrgate_frontend_rate_limited_total{frontend=\"openai\",limit=\"rpm\"} 3\n",
        "hdrgate_frontend_guarded_total{frontend=\"openai\",guard=\"runs\"} 1\n",
        "hdrgate_frontend_requests_total{frontend=\"openai\",method=\"POST\",code=\"2xx\"} 2\n",
        "hdrgate_frontend_requests_total{frontend=\"openai\",method=\"OTHER\",code=\"5xx\"} 1\n",
        "hdrgate_frontend_requests_total{frontend=\"openai\",method=\"OTHER\",code=\"4xx\"} 1\n",
        "hdrgate_frontend_requests_total{frontend=\"openai\",method=\"GET\",code=\"none\"} 1\n",
        "hdrgate_frontend_closes_total{frontend=\"openai\",close=\"upstream_failed\"} 1\n",
        "hdrgate_frontend_active_requests{frontend=\"openai\"} 1\n",
        "hdrgate_frontend_served_total{frontend=\"openai\",document=\"metrics\"} 1\n",
        "hdrgate_frontend_tokens_total{frontend=\"openai\",kind=\"output\"} 42\n",
        "hdrgate_frontend_received_bytes_total{frontend=\"openai\"} 15\n",
        "hdrgate_frontend_sent_bytes_total{frontend=\"openai\"} 25\n",
        "hdrgate_frontend_request_duration_seconds_bucket{frontend=\"openai\",le=\"0.001\"} 0\n",
        "hdrgate_frontend_request_duration_seconds_bucket{frontend=\"openai\",le=\"0.005\"} 1\n",
        "hdrgate_frontend_request_duration_seconds_bucket{frontend=\"openai\",le=\"0.01\"} 3\n",
        "hdrgate_frontend_request_duration_seconds_bucket{frontend=\"openai\",le=\"2.5\"} 4\n",
        "hdrgate_frontend_request_duration_seconds_bucket{frontend=\"openai\",le=\"+Inf\"} 4\n",
        "hdrgate_frontend_request_duration_seconds_sum{frontend=\"openai\"} 0.028000\n",
        "hdrgate_frontend_request_duration_seconds_count{frontend=\"openai\"} 4\n",
        "hdrgate_frontend_connect_seconds_count{frontend=\"openai\"} 0\n",
        "hdrgate_frontend_configured{frontend=\"gemini\"} 0\n",
        "hdrgate_server_state{backend=\"b\",server=\"one\",state=\"up\"} 1\n",
        "hdrgate_server_state{backend=\"b\",server=\"b:1\",state=\"disabled\"} 1\n",
        "hdrgate_threads 3\n",
        "process_start_time_seconds 1.000000\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        HG_CHECK(has(text, lines[i]));
    scene_close(&s);
}

HG_TEST(values_of_labels_are_escaped_and_cut)
{
    char out[16];
    HG_CHECK_STR(hg_page_escape("a\"b\\c\nd", out, sizeof(out)), "a\\\"b\\\\c\\nd");
    HG_CHECK_STR(hg_page_escape("0123456789abcdefgh", out, sizeof(out)), "0123456789abc");
    HG_CHECK_STR(hg_page_escape("0123456789ab\"cd", out, sizeof(out)), "0123456789ab\\\"");
}

HG_TEST(awfs_metrics_have_its_names_and_none_of_what_is_empty)
{
    const struct hg_serve metrics = {.what = HG_SERVE_METRICS, .form = HG_SERVE_AWF};
    struct scene s;
    HG_NEED(scene_open(&s, two));
    HG_CHECK_STR(made(&s, &metrics, 200, "application/json"),
                 "{\"counters\":{},\"histograms\":{},\"gauges\":{\"uptime_seconds\":60}}");
    exchange(&s, 0, 0, HG_METHOD_POST, 200, HG_CLOSE_OK, 20000);
    exchange(&s, 0, 1, HG_METHOD_POST, 200, HG_CLOSE_UPSTREAM_RESET, 20000);
    exchange(&s, 0, 1, HG_METHOD_GET, 101, HG_CLOSE_TUNNEL_CLOSED, 20000);
    exchange(&s, 0, 1, HG_METHOD_POST, 413, HG_CLOSE_REFUSED, 20);
    hg_traffic_tokens(s.traffic.frontend[0], 0, HG_TOKENS_INPUT, 7);
    hg_traffic_refused(s.traffic.frontend[0], HG_REFUSER_LIMIT, "bytes_pm");
    HG_CHECK_STR(
        made(&s, &metrics, 200, "application/json"),
        "{\"counters\":{\"requests_total:openai:GET:1xx\":1,\"requests_total:openai:POST:2xx\":1,"
        "\"requests_total:openai:POST:4xx\":1,\"requests_errors_total:openai\":1,\"request_bytes_total:"
        "openai\":12,"
        "\"response_bytes_total:openai\":20,\"input_tokens_total:openai\":7,\"rate_limit_rejected_total:"
        "openai:bytes_pm\":1},\"histograms\":{\"request_"
        "duration_ms\":"
        "{\"openai\":{\"p50\":30,\"p90\":46,\"p99\":50,\"count\":3,\"sum\":60,\"buckets\":{\"10\":0,\"50\":3,"
        "\"100\":3,"
        "\"250\":3,\"500\":3,\"1000\":3,\"2500\":3,\"5000\":3,\"10000\":3,\"30000\":3,\"+Inf\":3}}}},"
        "\"gauges\":{\"active_requests\":{\"openai\":0},\"uptime_seconds\":60}}");
    scene_close(&s);
}

HG_TEST(who_asks_for_text_gets_it)
{
    static const struct {
        const char *accept, *query;
        bool text;
    } cases[] = {
        {NULL, NULL, false},
        {"*/*", NULL, false},
        {"application/json", NULL, false},
        {"text/plain", NULL, true},
        {"text/html, */*", NULL, false},
        {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", NULL,
         true},
        {"application/json, text/plain;q=0.5", NULL, false},
        {"application/json;q=0.2, TEXT/PLAIN; q=0.9", NULL, true},
        {"text/plain;q=0", NULL, false},
        {"*/*", "format=prometheus", true},
        {"*/*", "x=1&format=prometheus", true},
        {"text/plain", "format=json", false},
        {"*/*", "formats=prometheus", false},
    };
    const struct hg_serve awf = {.what = HG_SERVE_METRICS, .form = HG_SERVE_AWF};
    const struct hg_serve standard = {.what = HG_SERVE_METRICS};
    struct scene s;
    HG_NEED(scene_open(&s, two));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        hg_headers_init(&s.request.headers, &s.arena);
        if (cases[i].accept != NULL)
            HG_CHECK(hg_headers_add(&s.request.headers, HG_LIT("accept"), hg_slice_str(cases[i].accept)));
        s.request.query = cases[i].query != NULL ? hg_slice_str(cases[i].query) : hg_slice(NULL, 0);
        (void)made(&s, &awf, 200, cases[i].text ? "text/plain" : "application/json");
        (void)made(&s, &standard, 200, "text/plain");
    }
    scene_close(&s);
}

HG_TEST(health_of_a_process_that_ends)
{
    const struct hg_serve process = {.what = HG_SERVE_HEALTH, .process = true};
    const struct hg_serve frontend = {
        .what = HG_SERVE_HEALTH, .form = HG_SERVE_AWF, .service = "openai-proxy"};
    const char *const only[] = {"gemini"};
    struct hg_serve none = process;
    struct scene s;
    HG_NEED(scene_open(&s, two));
    HG_CHECK_STR(made(&s, &frontend, 200, "application/json"),
                 "{\"status\":\"healthy\",\"service\":\"openai-proxy\"}");
    none.frontend = only;
    none.frontends = 1;
    HG_CHECK_STR(
        made(&s, &none, 503, "application/json"),
        "{\"status\":\"not_configured\",\"service\":\"hdrgate\",\"frontends\":{\"gemini\":{\"configured\":"
        "false,"
        "\"missing\":\"environment variable GEMINI_KEY is not set\",\"servers\":{\"up\":1,\"down\":1}}}}");
    s.facts.draining = true;
    HG_CHECK(has(made(&s, &process, 503, "application/json"), "{\"status\":\"draining\","));
    HG_CHECK(has(made(&s, &frontend, 503, "application/json"), "{\"status\":\"draining\","));
    scene_close(&s);
}

static bool limits_of(void *ctx, const struct hg_frontend *f, size_t i, struct hg_limit_facts *out)
{
    static const struct hg_limit_facts limits[] = {{"rpm", 600, 599, 0}, {"rph", 1000, 0, 1700000000}};
    (void)ctx;
    if (strcmp(f->name, "openai") != 0 || i >= 2)
        return false;
    *out = limits[i];
    return true;
}

HG_TEST(awfs_health_has_the_limits_of_frontends_that_have_counted)
{
    const struct hg_serve health = {.what = HG_SERVE_HEALTH, .form = HG_SERVE_AWF, .process = true};
    struct scene s;
    HG_NEED(scene_open(&s, two));
    HG_CHECK(has(made(&s, &health, 200, "application/json"), "\"rate_limits\":{}}"));
    s.facts.limit = limits_of;
    HG_CHECK(has(made(&s, &health, 200, "application/json"),
                 "\"rate_limits\":{\"openai\":{\"enabled\":true,\"rpm\":{\"limit\":600,\"remaining\":599,"
                 "\"reset\":0},\"rph\":{\"limit\":1000,\"remaining\":0,\"reset\":1700000000}}}}"));
    scene_close(&s);
}

HG_TEST(awfs_health_has_the_rounded_average_over_all_frontends)
{
    const struct hg_serve health = {.what = HG_SERVE_HEALTH, .form = HG_SERVE_AWF, .process = true};
    struct scene s;
    HG_NEED(scene_open(&s, two));
    exchange(&s, 0, 0, HG_METHOD_POST, 200, HG_CLOSE_OK, 10000);
    exchange(&s, 0, 1, HG_METHOD_GET, 500, HG_CLOSE_OK, 20000);
    exchange(&s, 1, 1, HG_METHOD_POST, 200, HG_CLOSE_OK, 14400);
    HG_CHECK(has(made(&s, &health, 200, "application/json"), "\"avg_latency_ms\":15}"));
    scene_close(&s);
}

static const char guarded[] =
    "guard: { many: { max-runs = 100; }; few: { max-runs = 3; }; only: { max-runs = 1; }; none: { max-runs = "
    "0; };\n"
    "  denied: { max-answers = 2; answers = 403; }; tokens: { max-tokens = 1000; }; m: { deny = \"x\"; }; "
    "};\n"
    "rule: { spare: { request = ( { guard = \"only\"; } ); };\n"
    "  used: { request = ( { guard = \"few\"; }, { guard = \"denied\"; } ); }; };\n"
    "frontend: { f: { bind = \"127.0.0.1:1\"; backend = \"b\"; request = ( { guard = \"many\"; }, { use = "
    "\"used\"; },\n"
    "  { guard = \"none\"; }, { guard = \"tokens\"; }, { guard = \"m\"; }, { guard = \"only\"; observe = "
    "true; } ); "
    "}; };\n"
    "backend: { b: { url = \"http://a\"; via = \"direct\"; }; };";

/* With a state for each guard of the plan. */
static bool guards_open(struct scene *s, struct hg_guard_state **states)
{
    if (!scene_open(s, guarded))
        return false;
    for (size_t i = 0; i < s->plan->guards; i++) {
        states[i] = hg_guard_state_new(s->plan->guard[i].name, s->plan->guard[i].kind, 0);
        if (states[i] == NULL)
            return false;
    }
    s->facts.guard = states;
    return true;
}

static void guards_close(struct scene *s, struct hg_guard_state **states)
{
    for (size_t i = 0; i < s->plan->guards; i++)
        hg_guard_state_unref(&states[i]);
    scene_close(s);
}

HG_TEST(guards_have_their_figures_by_what_they_count)
{
    static const char *const lines[] = {
        "hdrgate_guard_runs_total{guard=\"many\"} 0\nhdrgate_guard_runs_total{guard=\"few\"} 1\n"
        "hdrgate_guard_runs_total{guard=\"only\"} 0\n# HELP",
        "hdrgate_guard_runs_reserved{guard=\"few\"} 1\n",
        "hdrgate_guard_runs_limit{guard=\"few\"} 3\n",
        "TYPE hdrgate_guard_answers_total counter\nhdrgate_guard_answers_total{guard=\"denied\"} 1\n# HELP",
        "hdrgate_guard_answers_limit{guard=\"denied\"} 2\n",
        "hdrgate_guard_tokens_total{guard=\"tokens\"} 100.500000\n",
        "hdrgate_guard_tokens_reserved{guard=\"tokens\"} 7.000000\n",
        "hdrgate_guard_tokens_limit{guard=\"tokens\"} 1000.000000\n",
        "hdrgate_guard_refusals_total{guard=\"few\"} 2\n",
        "hdrgate_guard_refusals_total{guard=\"m\"} 0\n",
    };
    const struct hg_serve metrics = {.what = HG_SERVE_METRICS};
    struct hg_guard_state *states[HG_LIMIT_GUARDS] = {NULL};
    struct scene s;
    uint64_t count;
    HG_NEED(guards_open(&s, states));
    hg_guard_settle(states[1], hg_guard_reserve(states[1], 1, 3, &count), 1);
    HG_CHECK_U64(hg_guard_reserve(states[1], 1, 3, &count), 1);
    hg_guard_settle(states[4], 0, 1);
    hg_guard_settle(states[5], 0, 100500000);
    HG_CHECK_U64(hg_guard_reserve(states[5], 7000000, 1000000000, &count), 7000000);
    hg_guard_note_denied(states[1]);
    hg_guard_note_denied(states[1]);
    const char *text = made(&s, &metrics, 200, "text/plain");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        HG_CHECK(has(text, lines[i]));
    HG_CHECK(strstr(text, "\"none\"") == NULL);
    guards_close(&s, states);
}

HG_TEST(reflect_tells_of_the_bound_that_is_nearest_and_refuses)
{
    const struct hg_serve reflect = {.what = HG_SERVE_REFLECT};
    struct hg_guard_state *states[HG_LIMIT_GUARDS] = {NULL};
    struct scene s;
    uint64_t count;
    HG_NEED(scene_open(&s, two));
    HG_CHECK(
        has(made(&s, &reflect, 200, "application/json"),
            "\"runs\":{\"enabled\":false,\"max_runs\":null,\"invocation_count\":0,\"remaining_runs\":null},"
            "\"cache_misses\":{\"enabled\":false,\"max_cache_misses\":null,\"consecutive_cache_misses\":0,"
            "\"remaining_cache_misses\":null},"
            "\"permission_denied\":{\"enabled\":false,\"max_permission_denied\":null,\"denied_count\":0},"
            "\"effective_tokens\":{\"enabled\":false,"));
    scene_close(&s);
    HG_NEED(guards_open(&s, states));
    HG_CHECK(has(made(&s, &reflect, 200, "application/json"),
                 "\"runs\":{\"enabled\":true,\"max_runs\":3,\"invocation_count\":0,\"remaining_runs\":3}"));
    /* What is reserved is used; and the other guard is nearer to its end now. */
    HG_CHECK_U64(hg_guard_reserve(states[1], 1, 3, &count), 1);
    hg_guard_settle(states[0], 0, 99);
    hg_guard_settle(states[4], 0, 3);
    hg_guard_settle(states[5], 0, 100500000);
    HG_CHECK(
        has(made(&s, &reflect, 200, "application/json"),
            "\"runs\":{\"enabled\":true,\"max_runs\":100,\"invocation_count\":99,\"remaining_runs\":1}"));
    HG_CHECK(has(made(&s, &reflect, 200, "application/json"),
                 "\"permission_denied\":{\"enabled\":true,\"max_permission_denied\":2,\"denied_count\":3},"
                 "\"effective_tokens\":{\"enabled\":true,\"max_effective_tokens\":1000,"
                 "\"total_effective_tokens\":100.5,\"remaining_effective_tokens\":899.5}"));
    guards_close(&s, states);
}

HG_TEST(a_document_has_a_ceiling)
{
    const struct hg_serve metrics = {.what = HG_SERVE_METRICS},
                          health = {.what = HG_SERVE_HEALTH, .process = true};
    struct hg_buf text;
    struct hg_document d;
    struct scene s;
    hg_buf_init(&text, 1 << 20, false);
    HG_CHECK(hg_buf_append(
        &text, HG_LIT("backend: { b: { url = \"http://a\"; via = \"direct\"; }; }; frontend: {\n")));
    for (int i = 0; i < 900; i++)
        HG_CHECK(hg_buf_printf(&text, "f%d: { bind = \"unix:/run/x/%d\"; backend = \"b\"; };\n", i, i));
    HG_CHECK(hg_buf_append(&text, hg_slice("};", 3)));
    HG_NEED(scene_open(&s, hg_buf_data(&text).p));
    HG_CHECK(!hg_document_make(&metrics, &s.facts, &d));
    HG_CHECK(hg_buf_len(&d.body) == 0);
    hg_buf_free(&d.body);
    HG_CHECK(has(made(&s, &health, 200, "application/json"), "\"f899\":{\"configured\":true"));
    scene_close(&s);
    hg_buf_free(&text);
}

HG_TEST(figures_outlive_a_reload_by_name)
{
    struct scene s, next;
    struct hg_traffics traffic;
    struct hg_traffic_numbers n = {0};
    HG_NEED(scene_open(&s, two));
    exchange(&s, 1, 2, HG_METHOD_GET, 200, HG_CLOSE_OK, 100);
    HG_NEED(scene_open(
        &next, "global: { threads = 1; }; frontend: { fresh: { bind = \"127.0.0.1:1\"; backend = \"b\"; };"
               "gemini: { bind = \"127.0.0.1:2\"; backend = \"b\"; }; };"
               "backend: { b: { url = \"http://a\"; via = \"direct\"; }; };"));
    HG_NEED(hg_traffics_init(&traffic, next.plan, &s.traffic));
    hg_traffics_free(&s.traffic); /* the generation before goes first */
    hg_traffic_sum(traffic.frontend[1], &n);
    HG_CHECK_U64(n.requests[HG_TRAFFIC_GET][2], 1);
    hg_traffic_begin(traffic.frontend[0], 2); /* as many threads as the first plan had */
    hg_traffic_sum(traffic.frontend[0], &n);
    HG_CHECK_U64(n.active, 1);
    hg_traffics_free(&traffic);
    scene_close(&next);
    scene_close(&s);
}
