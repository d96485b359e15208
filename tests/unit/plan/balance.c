/* SPDX-License-Identifier: MIT
 *
 * What a backend says about its servers, in its own words, by the defaults, and
 * by saying nothing.
 */
#include "base/limits.h"
#include "fixture.h"

#define FRONT "frontend: { f: { bind = \"127.0.0.1:0\"; backend = \"b\"; }; };\n"

static struct hg_plan *good(const char *text)
{
    struct fixture_env e = {{"W", "7", NULL}};
    struct hg_diag *d = hg_diag_new();
    struct hg_plan *p = fixture_plan(text, &e, false, d);
    if (hg_diag_errors(d) > 0)
        hg_diag_print(d, stderr);
    hg_diag_free(d);
    return p;
}

HG_TEST(what_nobody_said)
{
    struct hg_plan *p = good(
        FRONT
        "backend: { b: { via = \"direct\"; server = [ \"https://x.test\", \"http://x.test:81\" ]; }; };");
    HG_NEED(p != NULL);
    const struct hg_backend *b = &p->backend[0];
    HG_NEED(b->servers == 2);
    HG_CHECK_STR(b->server[0].name, "x.test");
    HG_CHECK_STR(b->server[1].name, "x.test:81");
    HG_CHECK(b->server[0].weight == 1 && b->server[0].limit == 0 && !b->server[0].backup && !b->limited);
    HG_CHECK(b->balance == HG_BALANCE_ROUNDROBIN && b->health.how == HG_HEALTH_OFF);
    HG_CHECK(b->health.interval == 5000 && b->health.timeout == 5000);
    HG_CHECK(b->health.rise == 2 && b->health.fall == 3);
    HG_CHECK(b->health.passive.errors == 3 && b->health.passive.cooldown == 10000);
    HG_CHECK(b->health.passive.status.n == 0 && hg_status_in(&b->health.status, 399));
    HG_CHECK(!hg_status_in(&b->health.status, 400) && !hg_status_in(&b->health.status, 199));
    HG_CHECK(b->queue.size == 1024 && b->queue.timeout == 10000);
    HG_CHECK(b->retry.attempts == 3 && b->retry.budget == 20 && b->retry.reserve == 100);
    HG_CHECK(b->retry.buffer == HG_LIMIT_RETRY_DEFAULT && b->retry.status.n == 0 && !b->retry.non_idempotent);
    HG_CHECK_U64(b->retry.on, HG_RETRY_CONNECT | HG_RETRY_EMPTY);
    HG_CHECK_U64(b->pool.idle_unsafe_ms, 3000);
    hg_plan_unref(&p);
}

HG_TEST(what_backend_server_and_defaults_say)
{
    struct hg_plan *p = good(
        "defaults: { via = \"direct\"; health: { check = \"tls\"; interval = \"1s\"; rise = 5; };"
        " queue: { size = 7; timeout = \"2s\"; }; retry: { attempts = 5; on = \"503\"; }; };\n" FRONT
        "backend: { b: { balance = \"leastconn\"; limit = 9; slow-start = \"30s\"; pool: { idle-unsafe = "
        "\"0\"; };"
        " server = ( { url = \"https://x.test\"; name = \"x\"; weight = \"$<W>\"; limit = 2; slow-start = "
        "\"1s\"; },"
        " \"https://y.test\", { url = \"https://z.test\"; backup = true; disabled = true; limit = 0; } );"
        " health: { check = \"http\"; path = \"/h?x=1\"; method = \"HEAD\"; host = \"h.test:1\";"
        " status = [ \"204\", \"3xx\", \"500-501\" ]; fall = 1; passive: { errors = 0; status = \"5xx\"; }; "
        "};"
        " retry: { on = [ \"empty-response\", \"junk-response\", \"response-timeout\", \"429\" ];"
        " non-idempotent = true; budget = 0; reserve = 1; }; }; };");
    HG_NEED(p != NULL);
    const struct hg_backend *b = &p->backend[0];
    HG_NEED(b->servers == 3);
    const struct hg_server *s = b->server;
    HG_CHECK(s[0].weight == 7 && s[0].limit == 2 && s[0].slow_start == 1000 && !s[0].backup);
    HG_CHECK(s[1].weight == 1 && s[1].limit == 9 && s[1].slow_start == 30000);
    HG_CHECK(s[2].limit == 0 && s[2].backup && s[2].disabled);
    HG_CHECK_STR(s[0].name, "x");
    HG_CHECK(b->balance == HG_BALANCE_LEASTCONN && b->limited && b->health.how == HG_HEALTH_HTTP);
    HG_CHECK(b->health.interval == 1000 && b->health.rise == 5 && b->health.fall == 1);
    HG_CHECK_STR(b->health.path, "/h?x=1");
    HG_CHECK_STR(b->health.method, "HEAD");
    HG_CHECK_STR(b->health.host, "h.test:1");
    HG_CHECK(hg_status_in(&b->health.status, 204) && hg_status_in(&b->health.status, 399));
    HG_CHECK(hg_status_in(&b->health.status, 501) && !hg_status_in(&b->health.status, 200));
    HG_CHECK(b->health.passive.errors == 0 && hg_status_in(&b->health.passive.status, 599));
    HG_CHECK(b->queue.size == 7 && b->queue.timeout == 2000);
    HG_CHECK(b->retry.attempts == 5 && b->retry.budget == 0 && b->retry.reserve == 1 &&
             b->retry.non_idempotent);
    HG_CHECK_U64(b->retry.on, HG_RETRY_EMPTY | HG_RETRY_JUNK | HG_RETRY_TIMEOUT);
    /* A list replaces the one of the defaults. */
    HG_CHECK(hg_status_in(&b->retry.status, 429) && !hg_status_in(&b->retry.status, 503));
    HG_CHECK_U64(b->pool.idle_unsafe_ms, 0);
    hg_plan_unref(&p);
}
