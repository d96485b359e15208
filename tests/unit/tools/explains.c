/* SPDX-License-Identifier: MIT
 *
 * Explanations and dumps: what they show, and that they show no secret.
 */
#include "tools/explain.h"

#include "base/limits.h"
#include "tools.h"
#include "tools/dump.h"

static bool has(const struct hg_buf *b, const char *text)
{
    struct hg_slice s = hg_buf_data(b);

    return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

/* The base64 of x:real-key-4711, and of parts of it at other offsets. */
static bool has_secret(const struct hg_buf *b)
{
    return has(b, "4711") || has(b, "real-key") || has(b, "pw@") || has(b, "eDpyZWFsLWtleS00NzEx") ||
           has(b, "cmVhbC1rZXktNDcxMQ");
}

static enum hg_trial_end explain(const char *frontend, const char *url, bool json, struct hg_buf *out)
{
    struct hg_plan *plan = test_plan(TEST_CONFIG);
    const struct hg_trial_ask ask = {.method = HG_LIT("GET"), .url = hg_slice_str(url), .frontend = frontend};
    enum hg_trial_end end = HG_TRIAL_UNDECIDED;
    char problem[256] = "";

    hg_buf_init(out, HG_LIMIT_EXPLAIN, false);
    if (HG_CHECK(plan != NULL))
        end = hg_explain(plan, &ask, json, out, problem, sizeof(problem));
    hg_plan_unref(&plan);
    return end;
}

HG_TEST(what_leaves)
{
    struct hg_buf out;

    HG_CHECK(explain("f", "/v1", false, &out) == HG_TRIAL_PASSED);
    HG_CHECK(has(&out, "frontend f (test.cfg:2)\n"));
    HG_CHECK(has(&out, "\nbackend b (test.cfg:6)\n  server https://api.example\n  via squid (squid:3128, "));
    HG_CHECK(has(&out, "\n  TLS verified against the system's CAs, name api.example\n"));
    HG_CHECK(has(&out, "\nleaves\n  GET /v1 HTTP/1.1\n  Host: api.example\n"));
    HG_CHECK(has(&out, "\n  Authorization: Bearer <secret k: environment variable KEY, 13 bytes>\n"));
    HG_CHECK(!has_secret(&out));
    hg_buf_free(&out);
}

HG_TEST(secrets_in_base64_and_stand_ins)
{
    struct hg_buf out;

    HG_CHECK(explain("g", "/", false, &out) == HG_TRIAL_PASSED);
    HG_CHECK(
        has(&out, "\n  Authorization: Basic <base64 of x:<secret k: environment variable KEY, 13 bytes>>\n"));
    HG_CHECK(has(&out, "\n  X-File: <secret file: file /no/such/file, not read here>\n"));
    HG_CHECK(!has_secret(&out));
    hg_buf_free(&out);
}

HG_TEST(an_answer)
{
    struct hg_buf out;

    HG_CHECK(explain(NULL, "http://localhost:8080/no", false, &out) == HG_TRIAL_ANSWERED);
    HG_CHECK(has(&out, "\nanswer 403 denied (test.cfg:3)\n"));
    HG_CHECK(!has(&out, "\nleaves"));
    hg_buf_free(&out);
}

HG_TEST(as_json)
{
    struct hg_buf out;

    HG_CHECK(explain("f", "/v1", true, &out) == HG_TRIAL_PASSED);
    HG_CHECK(has(
        &out,
        "{\"frontend\":{\"name\":\"f\",\"file\":\"test.cfg\",\"line\":2,\"bind\":[\"127.0.0.1:8080\"]},"));
    HG_CHECK(has(&out, "[\"Authorization\",\"Bearer <secret k: environment variable KEY, 13 bytes>\"]"));
    HG_CHECK(!has_secret(&out));
    hg_buf_free(&out);
    HG_CHECK(explain("f", "/no", true, &out) == HG_TRIAL_ANSWERED);
    HG_CHECK(has(&out, "\"answer\":{\"status\":403,\"type\":\"denied\",\"where\":\"test.cfg:3\","));
    hg_buf_free(&out);
    HG_CHECK(explain(NULL, "/", true, &out) == HG_TRIAL_UNDECIDED);
    HG_CHECK_U64(hg_buf_len(&out), 0);
    hg_buf_free(&out);
}

/* The dump of a text, and the dump of that. */
static bool dump(const char *text, struct hg_buf *out)
{
    struct hg_model *m = test_model(text);
    struct hg_plan *plan = test_plan(text);
    const struct hg_dump d = {m, plan, &test_environment};
    bool ok = m != NULL && plan != NULL;

    hg_buf_init(out, HG_LIMIT_CONFIG_MEMORY, false);
    ok = ok && hg_dump_write(&d, out) && hg_buf_append(out, hg_slice("", 1));
    hg_plan_unref(&plan);
    hg_model_free(m);
    return ok;
}

HG_TEST(a_dump_of_a_dump_is_the_same)
{
    static const char text[] =
        "defaults: { timeout: { connect = \"1s\"; idle = \"2s\"; }; errors: { denied: { status = 418; }; }; "
        "};\n"
        "frontend: { f: { bind = \"127.0.0.1:1\"; backend = \"b\"; timeout: { idle = \"3s\"; }; }; };\n"
        "rule: { r: { request = ( { set-header = [ \"A\", \"q\\\"b\\\\s\\t$$<x> $<PROXY>\" ]; } ); }; };\n"
        "backend: { b: { server = ( { url = \"https://api.example\"; } ); via = \"direct\";\n"
        "  request = ( { use = \"r\"; when: { header = ( [ \"a\", \"b\" ], [ \"c\", \"*\" ] ); }; } ); }; "
        "};\n";
    struct hg_buf one, two;

    HG_NEED(dump(text, &one));
    HG_NEED(dump(hg_buf_data(&one).p, &two));
    HG_CHECK_STR(hg_buf_data(&two).p, hg_buf_data(&one).p);
    HG_CHECK(has(&one, "connect = \"1s\";"));
    HG_CHECK(has(&one, "idle = \"3s\";") && has(&one, "idle = \"2s\";"));
    HG_CHECK(has(&one, "status = 418;"));
    HG_CHECK(has(&one, "\"q\\\"b\\\\s\\x09$$<x> $<PROXY>\" ]; }  # $<PROXY>: (user info)@squid:3128\n"));
    HG_CHECK(!has(&one, "defaults") && !has(&one, "pw"));
    hg_buf_free(&one);
    hg_buf_free(&two);
}
