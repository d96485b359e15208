/* SPDX-License-Identifier: MIT
 *
 * Log formats: which event is written, what a line holds, and that no value can
 * break one.
 */
#include "base/log_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/pick.h"
#include "support/unit.h"

#define VALUE(name)                               \
    {                                             \
        .kind = HG_PART_VALUE, .id = HG_EV_##name \
    }
#define WORDS(s)                                        \
    {                                                   \
        .kind = HG_PART_LITERAL, .text = HG_LIT_INIT(s) \
    }

static const struct hg_log_part path_part[] = {VALUE(PATH)}, status_part[] = {VALUE(STATUS)},
                                ms_part[] = {VALUE(TOTAL_MS)}, query_part[] = {VALUE(QUERY)},
                                model_part[] = {VALUE(MODEL)}, level_part[] = {VALUE(LEVEL)},
                                text_part[] = {WORDS("fixed \"text\"")},
                                mixed_part[] = {VALUE(METHOD), WORDS(" "), VALUE(MODEL)},
                                header_part[] = {{.kind = HG_PART_HEADER, .text = HG_LIT_INIT("x-a")}},
                                truth_part[] = {{.kind = HG_PART_TRUTH, .truth = true}};

static const struct hg_log_field fields[] = {
    {.key = "level", .value = {level_part, 1}},
    {.key = "path", .value = {path_part, 1}},
    {.object = {"http"}, .depth = 1, .key = "status", .value = {status_part, 1}},
    {.object = {"http", "more"}, .depth = 2, .shared = 1, .key = "ms", .value = {ms_part, 1}},
    {.object = {"http", "other"}, .depth = 2, .shared = 1, .key = "ms", .value = {ms_part, 1}},
    {.object = {"http"}, .depth = 1, .shared = 1, .key = "model", .value = {model_part, 1}},
    {.key = "query", .value = {query_part, 1}},
    {.key = "text", .value = {text_part, 1}},
    {.key = "mixed", .value = {mixed_part, 3}},
    {.key = "header", .value = {header_part, 1}},
    {.key = "set", .value = {truth_part, 1}},
};

static const struct hg_log_part line_part[] = {
    VALUE(CLIENT), WORDS(" \""), VALUE(METHOD),
    WORDS(" "),    VALUE(PATH),  WORDS("\" "),
    VALUE(STATUS), WORDS(" \""), {.kind = HG_PART_HEADER, .text = HG_LIT_INIT("x-a")},
    WORDS("\"")};

/* The caller frees. */
static struct hg_log_format *format_new(void)
{
    struct hg_log_format *f = calloc(1, sizeof(*f));
    if (f == NULL)
        abort();
    f->name = "shop";
    f->cut = 200;
    f->entry[HG_EVENT_REQUEST_COMPLETE] = (struct hg_log_entry){
        .named = true, .event = "access", .field = fields, .fields = sizeof(fields) / sizeof(fields[0])};
    f->entry[HG_EVENT_REQUEST_START] =
        (struct hg_log_entry){.named = true, .is_line = true, .line = {line_part, 10}};
    return f;
}

static struct hg_slice answer; /* of header() */
static struct hg_slice header(const void *ctx, struct hg_slice name)
{
    HG_CHECK(ctx == NULL && hg_slice_eq(name, HG_LIT("x-a")));
    return answer;
}

static void fill(struct hg_event *e, enum hg_event_id id, struct hg_slice hostile)
{
    hg_event_begin(e, id, HG_LOG_WARN);
    hg_event_text(e, HG_EV_METHOD, hostile);
    hg_event_text(e, HG_EV_PATH, hostile);
    hg_event_number(e, HG_EV_STATUS, 200);
    hg_event_text(e, HG_EV_CLIENT, hostile); /* not cleaned: escaped alone has to do */
    answer = hostile;
    e->header = header;
}

HG_TEST(fields_keep_their_types)
{
    char out[HG_LOG_LINE_MAX];
    struct hg_log_format *f = format_new();
    struct hg_event e;
    fill(&e, HG_EVENT_REQUEST_COMPLETE, HG_LIT("/a"));
    hg_event_number(&e, HG_EV_TOTAL_MS, 12034);
    hg_event_truth(&e, HG_EV_QUERY, true);
    HG_CHECK_SLICE(
        hg_log_write(f, &e, out),
        "{\"level\":\"warn\",\"path\":\"/"
        "a\",\"http\":{\"status\":200,\"more\":{\"ms\":12.034},\"other\":{\"ms\":12.034}},"
        "\"query\":true,\"text\":\"fixed \\\"text\\\"\",\"mixed\":\"/a -\",\"header\":\"/a\",\"set\":"
        "true}");
    free(f);
}

HG_TEST(what_has_no_value_is_left_out_or_null)
{
    char out[HG_LOG_LINE_MAX];
    struct hg_log_format *f = format_new();
    struct hg_event e;
    hg_event_begin(&e, HG_EVENT_REQUEST_COMPLETE, HG_LOG_INFO);
    HG_CHECK_SLICE(hg_log_write(f, &e, out),
                   "{\"level\":\"info\",\"text\":\"fixed \\\"text\\\"\",\"set\":true}");
    f->absent_null = true;
    HG_CHECK_SLICE(
        hg_log_write(f, &e, out),
        "{\"level\":\"info\",\"path\":null,\"http\":{\"status\":null,\"more\":{\"ms\":null},\"other\":{"
        "\"ms\":null},\"model\":"
        "null},\"query\":null,\"text\":\"fixed \\\"text\\\"\",\"mixed\":null,\"header\":null,\"set\":"
        "true}");
    hg_event_begin(&e, HG_EVENT_REQUEST_START, HG_LOG_INFO);
    HG_CHECK_SLICE(hg_log_write(f, &e, out), "- \"- -\" - \"-\"");
    free(f);
}

HG_TEST(an_event_without_a_name_of_its_own_has_another_or_none)
{
    struct hg_log_format *f = format_new();
    const struct hg_log_use ours = {0}, use = {.format = f};
    HG_CHECK(hg_log_stands_for(&ours, HG_EVENT_REQUEST_START) == HG_EVENT_NOTHING);
    HG_CHECK(hg_log_stands_for(&ours, HG_EVENT_UPGRADE_START) == HG_EVENT_NOTHING);
    HG_CHECK(hg_log_stands_for(&ours, HG_EVENT_UPGRADE_ERROR) == HG_EVENT_REQUEST_COMPLETE);
    HG_CHECK(hg_log_stands_for(&use, HG_EVENT_UPGRADE_START) == HG_EVENT_REQUEST_START);
    HG_CHECK(hg_log_stands_for(&use, HG_EVENT_STARTUP) == HG_EVENT_STARTUP);
    f->entry[HG_EVENT_REQUEST_ERROR].named = true;
    HG_CHECK(hg_log_stands_for(&use, HG_EVENT_UPGRADE_ERROR) == HG_EVENT_REQUEST_ERROR);
    free(f);
}

HG_TEST(others_off_and_levels)
{
    int fds[2];
    char out[HG_LOG_LINE_MAX];
    struct hg_log_format *f = format_new();
    HG_NEED(pipe(fds) == 0);
    struct hg_log *log = hg_log_new(fds[1], HG_LOG_INFO);
    struct hg_log_use use = {.format = f, .least = HG_LOG_WARN};
    struct hg_event e;
    HG_CHECK(!hg_log_wants(log, &use, HG_EVENT_REQUEST_COMPLETE, HG_LOG_INFO));
    HG_CHECK(hg_log_wants(log, &use, HG_EVENT_REQUEST_COMPLETE, HG_LOG_WARN));
    f->entry[HG_EVENT_REQUEST_COMPLETE].has_level = true; /* debug, whatever it was */
    HG_CHECK(!hg_log_wants(log, &use, HG_EVENT_REQUEST_COMPLETE, HG_LOG_ERROR));
    use.off = true;
    HG_CHECK(!hg_log_wants(log, &use, HG_EVENT_RULE_LOG, HG_LOG_ERROR));
    hg_event_begin(&e, HG_EVENT_RULE_LOG, HG_LOG_ERROR);
    HG_CHECK(hg_log_write(f, &e, out).p != NULL);
    f->others_off = true;
    HG_CHECK(hg_log_write(f, &e, out).p == NULL);
    f->entry[HG_EVENT_RULE_LOG] = (struct hg_log_entry){.named = true, .event = "rule"};
    struct hg_slice line = hg_log_write(f, &e, out);
    HG_CHECK(line.n > 0 && strstr(line.p, "\"level\":\"error\",\"event\":\"rule\"}") != NULL);
    hg_log_free(log, 0);
    close(fds[0]);
    close(fds[1]);
    free(f);
}

/* ---- hostile values ---- */

static void check_json(struct hg_slice line, bool whole)
{
    char value[HG_LOG_LINE_MAX];
    size_t n = 0;
    HG_CHECK(line.n > 0 && line.n < HG_LOG_LINE_MAX && memchr(line.p, '\n', line.n) == NULL);
    HG_CHECK(hg_pick(line, "http.status", value, sizeof(value), &n) == HG_PICK_OTHER);
    HG_CHECK(hg_slice_eq(hg_slice(value, n), HG_LIT("200")));
    HG_CHECK(hg_pick(line, "path", value, sizeof(value), &n) == HG_PICK_STRING);
    for (size_t i = 0; i < n; i++)
        HG_CHECK((unsigned char)value[i] >= 0x20 && value[i] != 0x7f);
    HG_CHECK(!whole || hg_pick(line, "set", value, sizeof(value), &n) == HG_PICK_OTHER);
}

/* All that is not of the format is printable, and its quotes are the only ones. */
static void check_line(struct hg_slice line)
{
    size_t quotes = 0;
    HG_CHECK(line.n > 0 && line.n < HG_LOG_LINE_MAX);
    for (size_t i = 0; i < line.n; i++) {
        HG_CHECK((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7f);
        quotes += line.p[i] == '"';
    }
    HG_CHECK(memmem(line.p, line.n, "\xc2\x85", 2) == NULL); /* NEL ends a line for some */
    HG_CHECK(quotes == 4 || line.n == HG_LOG_LINE_MAX - 1);
}

static void try_value(const struct hg_log_format *f, struct hg_slice hostile)
{
    char out[HG_LOG_LINE_MAX];
    struct hg_event e;
    fill(&e, HG_EVENT_REQUEST_COMPLETE, hostile);
    check_json(hg_log_write(f, &e, out), f->cut <= 200);
    fill(&e, HG_EVENT_REQUEST_START, hostile);
    check_line(hg_log_write(f, &e, out));
}

HG_TEST(no_value_breaks_a_line)
{
    static const char *const texts[] = {"\"",
                                        "\\",
                                        "\"}\n{\"level\":\"error",
                                        "a\r\nb",
                                        "\x1b[31m",
                                        "\x7f",
                                        "\xff\xfe",
                                        "\xc3",
                                        "\xe2\x82",
                                        "\xf0\x9f\x98",
                                        "\xc2\x85",
                                        "%{path}",
                                        "$<X>",
                                        "\xed\xa0\x80",
                                        "\xe2\x80\xa8",
                                        " ",
                                        ""};
    struct hg_log_format *f = format_new();
    for (int wide = 0; wide < 2; wide++) {
        f->cut = wide ? HG_LIMIT_LOG_VALUE : 200;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
            try_value(f, hg_guarded_str(texts[i]));
        try_value(f, hg_guarded(HG_LIT("a\0b")));
        for (unsigned c = 0; c < 256; c++) {
            char one[3] = {'x', (char)c, 'y'};
            hg_guarded_reset();
            try_value(f, hg_guarded(hg_slice(one, 3)));
        }
    }
    free(f);
}

HG_TEST(long_values_are_cut_and_never_in_a_character)
{
    size_t size = 64u << 10, n = 0;
    char *big = malloc(size), out[HG_LOG_LINE_MAX], value[HG_LOG_LINE_MAX];
    struct hg_log_format *f = format_new();
    struct hg_event e;
    HG_NEED(big != NULL);
    for (unsigned c = 0; c < 256; c++) {
        memset(big, (int)c, size);
        try_value(f, hg_slice(big, size));
    }
    for (size_t i = 0; i + 2 < size; i += 3)
        memcpy(big + i, "\xe2\x82\xac", 3);
    fill(&e, HG_EVENT_REQUEST_COMPLETE, hg_slice(big, size));
    HG_CHECK(hg_pick(hg_log_write(f, &e, out), "path", value, sizeof(value), &n) == HG_PICK_STRING);
    HG_CHECK_U64(n, 198);
    free(big);
    free(f);
}

HG_TEST(names_of_events_and_values)
{
    HG_CHECK(hg_event_find(HG_LIT("request-start")) == HG_EVENT_REQUEST_START);
    HG_CHECK(hg_event_find(HG_LIT("request_start")) == HG_EVENT_REQUEST_START);
    HG_CHECK(hg_event_find(HG_LIT("request-star")) == HG_EVENT_NOTHING);
    HG_CHECK(hg_event_find(HG_LIT("")) == HG_EVENT_NOTHING);
    for (size_t i = 0; i < HG_EV_COUNT; i++) /* each name once */
        HG_CHECK_U64(hg_value_find(hg_slice_str(hg_value_row((enum hg_event_value)i)->name)), i);
    HG_CHECK(hg_value_find(HG_LIT("paht")) == HG_EV_COUNT);
}
