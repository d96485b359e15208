/* SPDX-License-Identifier: MIT
 *
 * The model of a body: what every reader would read alike is a model, and
 * nothing else is. Each row is fed whole and byte by byte.
 */
#include "policy/model.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "support/unit.h"

#define LIMIT 4096u

struct row {
    const char *body, *model, *why; /* model NULL: none, or unclear if why begins with '!' */
};

static const struct row rows[] = {
    {"{\"model\":\"gpt-4o\"}", "gpt-4o", NULL},
    {" \r\n\t{ \"messages\" : [ { \"model\" : \"inner\" } ] , \"model\" : \"gpt-4o\" } \n", "gpt-4o", NULL},
    {"{\"model\":\"gpt\\u002d4\"}", "gpt-4", NULL}, /* a value may be escaped: there is one way to read it */
    {"{\"a\":1}", NULL, "it has no member model"},
    {"{}", NULL, "it has no member model"},
    {"", NULL, "it is empty"},
    /* two readings */
    {"{\"model\":\"a\",\"model\":\"b\"}", NULL, "!it has more than one member model"},
    {"{\"model\":\"a\",\"model\":\"a\"}", NULL, "!it has more than one member model"},
    {"{\"model\":\"a\",\"mod\\u0065l\":\"b\"}", NULL, "!its member model is written with an escape"},
    {"{\"\\u006dodel\":\"b\"}", NULL, "!its member model is written with an escape"},
    {"{\"Model\":\"b\"}", NULL, "!it has a member like model in other letters"},
    {"{\"model\":\"a\",\"MODEL\":\"b\"}", NULL, "!it has a member like model in other letters"},
    {"{\"model\":null}", NULL, "!its member model is not a string"},
    {"{\"model\":1}", NULL, "!its member model is not a string"},
    {"{\"model\":[\"a\"]}", NULL, "!its member model is not a string"},
    {"{\"model\":{\"model\":\"a\"}}", NULL, "!its member model is not a string"},
    {"{\"model\":\"\"}", NULL, "!its member model is no name of a model"},
    {"{\"model\":\" a\"}", NULL, "!its member model is no name of a model"},
    {"{\"model\":\"a \"}", NULL, "!its member model is no name of a model"},
    {"{\"model\":\"a\\u0000-preview\"}", NULL, "!its member model is no name of a model"},
    {"{\"model\":\"a\\n\"}", NULL, "!its member model is no name of a model"},
    {"{\"model\":\"\\ud800\"}", NULL, "!its member model is no usable text"},
    /* no JSON, or more than one */
    {"{\"model\":\"a\"}{\"model\":\"b\"}", NULL, "!it is not JSON"},
    {"{\"model\":\"a\"} x", NULL, "!it is not JSON"},
    {"{\"model\":\"a\"", NULL, "!it is not JSON"},
    {"{\"model\":\"a\",}", NULL, "!it is not JSON"},
    {"{'model':'a'}", NULL, "!it is not JSON"},
    {"{\"model\":\"a\"/**/}", NULL, "!it is not JSON"},
    {"{model:\"a\"}", NULL, "!it is not JSON"},
    {"\xef\xbb\xbf{\"model\":\"a\"}", NULL, "!it is not JSON"},
    {"{\"model\":\"a\xff\"}", NULL, "!it is not JSON"},
    {"{\"model\":\"a\nb\"}", NULL, "!it is not JSON"},
    {"[{\"model\":\"a\"}]", NULL, "!it is not an object"},
    {"\"model\"", NULL, "!it is not an object"},
    {"   ", NULL, "!it is not JSON"},
};

static const struct hg_model_head json = {.content_type = HG_LIT_INIT("application/json")};

static void check_row(const struct row *row, struct hg_slice body, size_t step)
{
    struct hg_model_reader *r = hg_model_reader_new(&json, LIMIT);
    struct hg_model_reading out;
    bool unclear = row->why != NULL && row->why[0] == '!';

    HG_NEED(r != NULL);
    for (size_t at = 0; at < body.n; at += step)
        hg_model_reader_feed(r, hg_slice(body.p + at, body.n - at < step ? body.n - at : step));
    hg_model_reader_end(r, true, &out);
    if (row->model != NULL) {
        HG_CHECK(out.found == HG_MODEL_FOUND);
        HG_CHECK_SLICE(out.model, row->model);
    } else {
        HG_CHECK(out.found == (unclear ? HG_MODEL_UNCLEAR : HG_MODEL_NONE));
        HG_CHECK_STR(out.why, row->why + unclear);
    }
    hg_model_reader_free(r);
}

HG_TEST(one_reading_or_none)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_slice body = hg_guarded_str(rows[i].body);

        check_row(&rows[i], body, body.n > 0 ? body.n : 1);
        check_row(&rows[i], body, 1);
    }
}

/* UTF-16 has NULs where JSON has none. */
HG_TEST(utf16_is_no_json)
{
    static const char body[] = "{\0\"\0m\0\"\0:\0"
                               "1\0}\0";
    const struct row row = {"", NULL, "!it is not JSON"};

    check_row(&row, hg_guarded(hg_slice(body, sizeof(body) - 1)), 3);
}

HG_TEST(depth_and_size_have_an_end)
{
    const struct row deep = {"", NULL, "!it is not JSON"};
    static char text[3 * HG_LIMIT_JSON_DEPTH + 64];
    struct hg_model_reader *r = hg_model_reader_new(&json, 8);
    struct hg_model_reading out;
    size_t n = (size_t)snprintf(text, sizeof(text), "{\"model\":\"a\",\"x\":");

    memset(text + n, '[', HG_LIMIT_JSON_DEPTH + 1);
    check_row(&deep, hg_guarded(hg_slice(text, n + HG_LIMIT_JSON_DEPTH + 1)), 7);
    HG_NEED(r != NULL);
    hg_model_reader_feed(r, HG_LIT("{\"a\":1,\"model\":\"x\"}"));
    HG_CHECK(hg_model_reader_hopeless(r));
    hg_model_reader_end(r, true, &out);
    HG_CHECK(out.found == HG_MODEL_UNCLEAR);
    HG_CHECK_STR(out.why, "it is larger than the guard's buffer");
    hg_model_reader_free(r);
}

HG_TEST(a_body_that_does_not_end_in_the_buffer_is_unclear)
{
    struct hg_model_reader *r = hg_model_reader_new(&json, LIMIT);
    struct hg_model_reading out;

    HG_NEED(r != NULL);
    hg_model_reader_feed(r, HG_LIT("{\"model\":\"a\"}"));
    hg_model_reader_end(r, false, &out);
    HG_CHECK(out.found == HG_MODEL_UNCLEAR);
    hg_model_reader_free(r);
}

static const char *why_of(const char *type, const char *coding, bool twice)
{
    struct hg_model_head head = {
        .content_type = hg_slice_str(type), .content_encoding = hg_slice_str(coding), .twice = twice};
    struct hg_model_reader *r = hg_model_reader_new(&head, LIMIT);
    struct hg_model_reading out = {0};

    if (r == NULL)
        return "no memory";
    hg_model_reader_feed(r, HG_LIT("{\"model\":\"a\"}"));
    hg_model_reader_end(r, true, &out);
    hg_model_reader_free(r);
    return out.found == HG_MODEL_FOUND ? "" : out.why;
}

HG_TEST(only_what_is_said_to_be_json_is_read)
{
    static const char *const good[] = {"application/json",
                                       "Application/JSON",
                                       "application/json; charset=utf-8",
                                       "application/json;charset=\"UTF-8\"",
                                       "application/json; x=y",
                                       "application/vnd.api+json",
                                       "text/json"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        HG_CHECK_STR(why_of(good[i], NULL, false), "");
    HG_CHECK_STR(why_of(NULL, NULL, false), "it has no Content-Type");
    HG_CHECK_STR(why_of("", NULL, false), "it has no Content-Type");
    HG_CHECK_STR(why_of("text/plain", NULL, false), "its Content-Type is not JSON");
    HG_CHECK_STR(why_of("multipart/form-data; boundary=x", NULL, false), "its Content-Type is not JSON");
    HG_CHECK_STR(why_of("application/jsonx", NULL, false), "its Content-Type is not JSON");
    HG_CHECK_STR(why_of("application/json, text/plain", NULL, false), "its Content-Type is not JSON");
    HG_CHECK_STR(why_of("application/json; charset=utf-16", NULL, false), "its charset is not UTF-8");
    HG_CHECK_STR(why_of("application/json; charset=utf-8; charset=utf-7", NULL, false),
                 "its charset is not UTF-8");
    HG_CHECK_STR(why_of("application/json", "identity", false), "");
    HG_CHECK_STR(why_of("application/json", "x-unknown", false), "its content coding cannot be read");
    HG_CHECK_STR(why_of("application/json", NULL, true), "its type or coding is said twice");
}
