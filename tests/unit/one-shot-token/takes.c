/* SPDX-License-Identifier: MIT
 *
 * One token and one environment: what is read, what stays behind.
 */
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "take.h"

/* As exec leaves it: strings one behind the other, the name of the executable above them. */
struct world {
    char bytes[256];
    char *vector[16];
    size_t used, count;
    struct hg_token_area area;
    struct hg_token token;
};

static void put(struct world *w, const char *string)
{
    size_t n = strlen(string) + 1;
    w->vector[w->count++] = memcpy(w->bytes + w->used, string, n);
    w->used += n;
}

static void set_up(struct world *w, const char *const *strings)
{
    memset(w, 0, sizeof *w);
    memcpy(w->bytes, "TOKEN=argument", 15);
    w->used = 15;
    for (; *strings != NULL; strings++)
        put(w, *strings);
    memcpy(w->bytes + w->used, "TOKEN=/a/program", 17);
    w->area = hg_token_area(w->vector, w->bytes + w->used);
    w->token = (struct hg_token){.name = "TOKEN,", .length = 5};
}

static bool in_bytes(const struct world *w, const char *what)
{
    return memmem(w->bytes, sizeof w->bytes, what, strlen(what)) != NULL;
}

static char kept[4][64];
static unsigned keeps;

static char *keep(const char *bytes, size_t n)
{
    return memcpy(kept[keeps++ % 4], bytes, n + 1);
}

static char *keep_fails(const char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    return NULL;
}

static const char *read_token(struct world *w, char **vector)
{
    return hg_token_read(&w->token, vector, &w->area, false, keep);
}

static const char *const usual[] = {"A=1", "TOKEN=hush", "TOKENS=2", "B=TOKEN=3", NULL};

HG_TEST(the_area_is_the_environment_alone)
{
    struct world w;
    set_up(&w, usual);
    HG_CHECK(w.area.low == w.vector[0]);
    HG_CHECK(w.area.high == w.bytes + w.used);

    /* Strings from elsewhere do not stretch it. */
    static char far[] = "FAR=1";
    char *mixed[] = {far, w.vector[2], w.vector[1], NULL};
    struct hg_token_area area = hg_token_area(mixed, w.bytes + w.used);
    HG_CHECK(area.low == w.vector[1]);
    HG_CHECK(area.high == w.vector[2] + strlen(w.vector[2]) + 1);

    char *none[] = {NULL};
    area = hg_token_area(none, w.bytes);
    HG_CHECK(area.low == area.high);
    area = hg_token_area(NULL, w.bytes);
    HG_CHECK(area.low == area.high);
    area = hg_token_area(w.vector, NULL);
    HG_CHECK(area.low == area.high);
}

HG_TEST(the_first_read_takes_it)
{
    struct world w;
    set_up(&w, usual);
    HG_CHECK_STR(read_token(&w, w.vector), "hush");
    HG_CHECK(!in_bytes(&w, "hush"));
    HG_CHECK(in_bytes(&w, "TOKEN=argument") && in_bytes(&w, "TOKEN=/a/program"));
    HG_CHECK_STR(w.vector[0], "A=1");
    HG_CHECK_STR(w.vector[1], "TOKENS=2");
    HG_CHECK_STR(w.vector[2], "B=TOKEN=3");
    HG_CHECK(w.vector[3] == NULL);
    const char *again = read_token(&w, w.vector);
    HG_CHECK_STR(again, "hush");
    HG_CHECK(again == w.token.value);
}

HG_TEST(strictly_it_is_given_once)
{
    struct world w;
    set_up(&w, usual);
    HG_CHECK_STR(hg_token_read(&w.token, w.vector, &w.area, true, keep), "hush");
    HG_CHECK(hg_token_read(&w.token, w.vector, &w.area, true, keep) == NULL);
    HG_CHECK(!in_bytes(&w, "hush"));
    static char own[] = "TOKEN=own";
    w.vector[3] = own;
    HG_CHECK_STR(hg_token_read(&w.token, w.vector, &w.area, true, keep), "own");
    HG_CHECK_STR(hg_token_read(&w.token, w.vector, &w.area, true, keep), "own");
}

HG_TEST(a_name_that_stands_there_twice)
{
    static const char *const strings[] = {"TOKEN=one-hush", "A=1", "TOKEN=two-hush", "TOKEN=", NULL};
    struct world w;
    set_up(&w, strings);
    HG_CHECK_STR(read_token(&w, w.vector), "one-hush");
    HG_CHECK(!in_bytes(&w, "hush"));
    HG_CHECK_STR(w.vector[0], "A=1");
    HG_CHECK(w.vector[1] == NULL);
}

HG_TEST(an_empty_value_is_one)
{
    static const char *const strings[] = {"TOKEN=", NULL};
    struct world w;
    set_up(&w, strings);
    HG_CHECK_STR(read_token(&w, w.vector), "");
    HG_CHECK(w.vector[0] == NULL);
    HG_CHECK_STR(read_token(&w, w.vector), "");
}

HG_TEST(one_that_is_not_there)
{
    static const char *const strings[] = {"TOKENS=1", "TOKE=2", NULL};
    struct world w;
    set_up(&w, strings);
    HG_CHECK(read_token(&w, w.vector) == NULL);
    HG_CHECK(read_token(&w, NULL) == NULL);
    HG_CHECK_STR(w.vector[1], "TOKE=2");
}

HG_TEST(copies_in_a_vector_of_the_program_go_too)
{
    struct world w;
    set_up(&w, usual);
    static char copy[] = "TOKEN=hush", other[] = "A=1";
    char *vector[] = {other, copy, NULL};
    HG_CHECK_STR(read_token(&w, vector), "hush");
    HG_CHECK(vector[1] == NULL);
    HG_CHECK(!in_bytes(&w, "hush"));
    /* Not ours to write to. */
    HG_CHECK_STR(copy, "TOKEN=hush");

    char *later[] = {copy, other, NULL};
    HG_CHECK_STR(read_token(&w, later), "hush");
    HG_CHECK(later[0] == other && later[1] == NULL);
    HG_CHECK_STR(read_token(&w, NULL), "hush");
}

HG_TEST(a_value_of_the_program_is_left_alone)
{
    struct world w;
    set_up(&w, usual);
    static char own[] = "TOKEN=other";
    char *vector[] = {own, NULL};
    HG_CHECK_STR(read_token(&w, vector), "other");
    HG_CHECK(vector[0] == own);
    HG_CHECK(in_bytes(&w, "hush"));

    w.token.state = HG_TOKEN_OWN;
    static char same[] = "TOKEN=hush";
    char *again[] = {same, NULL};
    HG_CHECK_STR(read_token(&w, again), "hush");
    HG_CHECK(again[0] == same);
    again[0] = NULL;
    HG_CHECK(read_token(&w, again) == NULL);
}

HG_TEST(without_memory_it_stays_where_it_is)
{
    struct world w;
    set_up(&w, usual);
    HG_CHECK(hg_token_read(&w.token, w.vector, &w.area, false, keep_fails) == w.vector[1] + 6);
    HG_CHECK_STR(w.vector[1], "TOKEN=hush");
    HG_CHECK_STR(read_token(&w, w.vector), "hush");
    HG_CHECK_STR(w.vector[1], "TOKENS=2");
}

/* Programs write their title over the environment; what they leave there may have no end. */
HG_TEST(an_area_that_was_written_over)
{
    struct world w;
    set_up(&w, usual);
    static char copy[] = "TOKEN=hush";
    char *vector[] = {copy, NULL};
    memset(w.area.low, 'x', (size_t)(w.area.high - w.area.low));
    HG_CHECK_STR(read_token(&w, vector), "hush");
    HG_CHECK(vector[0] == copy);
    memcpy(w.area.high - 6, "TOKEN=", 6);
    w.area.low = w.area.high - 6;
    HG_CHECK_STR(read_token(&w, vector), "hush");
}
