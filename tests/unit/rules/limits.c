/* SPDX-License-Identifier: MIT
 *
 * rate-limit with a limiter that does as it is told: what it is asked, and what
 * the client is told.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fixture.h"

#define MINUTE (60 * UINT64_C(1000000))

static const struct hg_rate_limit rpm = {
    .name = "rpm", .where = "f:1", .measure = HG_MEASURE_REQUESTS, .rate = {2, 0, MINUTE}};

struct told {
    struct hg_limiter limiter;
    struct hg_limited answer;
    bool room;
    unsigned asked;
    char key[64], where[16];
    bool observe;
};

static bool take(void *ctx, const struct hg_limit_ask *ask, struct hg_limited *out)
{
    struct told *t = ctx;

    t->asked++;
    snprintf(t->key, sizeof(t->key), "%.*s", HG_FMT(ask->key));
    snprintf(t->where, sizeof(t->where), "%s", ask->where);
    t->observe = ask->observe;
    *out = t->answer;
    HG_CHECK(ask->limit == &rpm && ask->status == 429);
    return t->room;
}

static void tell(struct fixture *f, struct told *t, bool room)
{
    *t = (struct told){.limiter = {t, take}, .room = room, .answer = {.retry_after = 12, .reset = 1012}};
    f->limiter = &t->limiter;
    f->vars.frontend = HG_LIT("api");
}

static const struct hg_action_spec plain = {.kind = HG_ACTION_RATE_LIMIT, .where = "f:1", .limit = &rpm};

HG_TEST(with_room_nothing_is_said)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct told t;

    tell(f, &t, true);
    HG_CHECK(fixture_append(f, &plain) == HG_APPEND_OK);
    HG_CHECK(fixture_run(f) == HG_VERDICT_PASS);
    HG_CHECK_U64(t.asked, 1);
    HG_CHECK_STR(t.key, "api");
    HG_CHECK_STR(t.where, "f:1");
    fixture_free(f);
}

HG_TEST(a_refusal_has_its_fields_and_a_sentence)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct told t;

    tell(f, &t, false);
    HG_CHECK(fixture_append(f, &plain) == HG_APPEND_OK);
    HG_CHECK(fixture_run(f) == HG_VERDICT_REPLY);
    HG_CHECK(f->out.limited && f->out.body.p == NULL && !f->out.denied);
    HG_CHECK_U64(f->out.status, 429);
    HG_CHECK_SLICE(f->out.message,
                   "Rate limit rpm of api exceeded: 2 requests per minute. Retry after 12 seconds.");
    HG_CHECK_U64(f->out.headers.n, 4);
    HG_CHECK_SLICE(hg_headers_find(&f->out.headers, HG_LIT("Retry-After"))->value, "12");
    HG_CHECK_SLICE(hg_headers_find(&f->out.headers, HG_LIT("X-RateLimit-Limit"))->value, "2");
    HG_CHECK_SLICE(hg_headers_find(&f->out.headers, HG_LIT("X-RateLimit-Remaining"))->value, "0");
    HG_CHECK_SLICE(hg_headers_find(&f->out.headers, HG_LIT("X-RateLimit-Reset"))->value, "1012");
    fixture_free(f);
}

HG_TEST(who_cannot_pass_is_not_told_to_wait)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct told t;

    tell(f, &t, false);
    t.answer = (struct hg_limited){.remaining = 1, .reset = 1000};
    HG_CHECK(fixture_append(f, &plain) == HG_APPEND_OK);
    HG_CHECK(fixture_run(f) == HG_VERDICT_REPLY);
    HG_CHECK(hg_headers_find(&f->out.headers, HG_LIT("Retry-After")) == NULL);
    HG_CHECK_SLICE(f->out.message,
                   "This request alone is larger than rate limit rpm of api allows: 2 requests per minute.");
    fixture_free(f);
}

HG_TEST(its_own_answer_stands_instead)
{
    const struct hg_pair headers[] = {{HG_LIT("Retry-After"), HG_LIT("later")},
                                      {HG_LIT("X-A"), HG_LIT("%{limit-name} %{limit-reset}")}};
    struct hg_action_spec own = plain;
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct told t;

    tell(f, &t, false);
    own.value = HG_LIT("%{method}-%{host}");
    own.header = headers;
    own.headers = 2;
    own.body = HG_LIT("%{limit} %{limit-window} %{limit-remaining} %{retry-after} %{frontend}");
    HG_CHECK(fixture_append(f, &own) == HG_APPEND_OK);
    HG_CHECK(fixture_run(f) == HG_VERDICT_REPLY);
    HG_CHECK_STR(t.key, "GET-api.test");
    HG_CHECK_SLICE(f->out.body, "2 minute 0 12 api");
    HG_CHECK_SLICE(hg_headers_find(&f->out.headers, HG_LIT("Retry-After"))->value, "later");
    HG_CHECK_SLICE(hg_headers_find(&f->out.headers, HG_LIT("X-A"))->value, "rpm 1012");
    fixture_free(f);
}

HG_TEST(observed_it_passes)
{
    struct hg_action_spec seen = plain;
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct told t;

    tell(f, &t, false);
    seen.observe = true;
    HG_CHECK(fixture_append(f, &seen) == HG_APPEND_OK);
    HG_CHECK(fixture_run(f) == HG_VERDICT_PASS);
    HG_CHECK(t.asked == 1 && t.observe);
    fixture_free(f);
}

/* A header into which an earlier rule has put a secret is none of a client's business. */
HG_TEST(an_answer_shows_no_credential)
{
    struct hg_action_spec own = plain;
    struct fixture *f = fixture_new(HG_REQUEST_RULES);
    struct told t;

    tell(f, &t, false);
    fixture_action(f, HG_ACTION_SET_HEADER, "X-Key", "$<secret:key>");
    own.body = HG_LIT("%{header:x-key}");
    HG_CHECK(fixture_append(f, &own) == HG_APPEND_OK);
    HG_CHECK(fixture_run(f) == HG_VERDICT_FAIL);
    HG_CHECK_U64(f->out.fail, HG_RULE_FAIL_SHOWS);
    fixture_free(f);
}

HG_TEST(a_request_meets_only_so_many)
{
    struct fixture *f = fixture_new(HG_REQUEST_RULES);

    for (unsigned i = 0; i < HG_LIMIT_HOLDS; i++)
        HG_CHECK(fixture_append(f, &plain) == HG_APPEND_OK);
    HG_CHECK(fixture_append(f, &plain) == HG_APPEND_BAD);
    HG_CHECK_STR(f->note.text, "a request would meet more than 16 actions that count it");
    fixture_free(f);
}

HG_TEST(only_lists_that_run_once_may_count)
{
    HG_CHECK(hg_action_once(HG_ACTION_RATE_LIMIT) && !hg_action_once(HG_ACTION_DENY));
}
