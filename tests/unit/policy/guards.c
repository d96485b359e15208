/* SPDX-License-Identifier: MIT
 *
 * Counting: however many threads take at once, no more get a share than there is
 * room for; what is given back can be taken again.
 */
#include "policy/guards.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "support/unit.h"

#define THREADS 8
#define TRIES 20000u
#define LIMIT 1000u

struct crowd {
    struct hg_guard_state *state;
    atomic_uint passed, begun;
    bool give_back; /* every second one */
};

static void *take_many(void *arg)
{
    struct crowd *c = arg;
    uint64_t count;

    atomic_fetch_add(&c->begun, 1);
    while (atomic_load(&c->begun) < THREADS)
        ;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t got = hg_guard_reserve(c->state, 1, LIMIT, &count);

        if (got == 0)
            continue;
        if (c->give_back && i % 2 == 0) {
            hg_guard_settle(c->state, got, 0);
            continue;
        }
        hg_guard_settle(c->state, got, 1);
        atomic_fetch_add(&c->passed, 1);
    }
    return NULL;
}

static void run_crowd(struct crowd *c)
{
    pthread_t thread[THREADS];

    c->state = hg_guard_state_new("runs", HG_GUARD_RUNS, 0);
    HG_NEED(c->state != NULL);
    for (size_t i = 0; i < THREADS; i++)
        HG_NEED(pthread_create(&thread[i], NULL, take_many, c) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

HG_TEST(exactly_as_many_as_the_limit_pass_from_any_thread)
{
    struct crowd c = {.give_back = false};
    struct hg_guard_reading r;

    run_crowd(&c);
    hg_guard_read(c.state, &r);
    HG_CHECK_U64(atomic_load(&c.passed), LIMIT);
    HG_CHECK_U64(r.count, LIMIT);
    HG_CHECK_U64(r.reserved, 0);
    hg_guard_state_unref(&c.state);
}

HG_TEST(what_is_given_back_is_taken_by_others_and_never_twice)
{
    struct crowd c = {.give_back = true};
    struct hg_guard_reading r;

    run_crowd(&c);
    hg_guard_read(c.state, &r);
    HG_CHECK_U64(atomic_load(&c.passed), LIMIT);
    HG_CHECK_U64(r.count, LIMIT);
    HG_CHECK_U64(r.reserved, 0);
    hg_guard_state_unref(&c.state);
}

HG_TEST(reserved_counts_until_it_is_settled)
{
    struct hg_guard_state *s = hg_guard_state_new("t", HG_GUARD_TOKENS, 0);
    struct hg_guard_reading r;
    uint64_t count = 0;

    HG_NEED(s != NULL);
    HG_CHECK_U64(hg_guard_reserve(s, 60, 100, &count), 60);
    HG_CHECK_U64(hg_guard_reserve(s, 60, 100, &count), 0);
    HG_CHECK_U64(count, 120); /* what it would come to */
    HG_CHECK_U64(hg_guard_reserve(s, 40, 100, &count), 40);
    HG_CHECK_U64(hg_guard_reserve(s, 1, 100, &count), 0);
    HG_CHECK_U64(count, 100);    /* it is full without this one */
    hg_guard_settle(s, 60, 250); /* the answer was larger */
    hg_guard_read(s, &r);
    HG_CHECK_U64(r.count, 250);
    HG_CHECK_U64(r.reserved, 40);
    HG_CHECK_U64(hg_guard_reserve(s, 1, 100, &count), 0);
    HG_CHECK_U64(count, 290);
    hg_guard_settle(s, 40, 0);
    HG_CHECK(!hg_guard_open(s, 250, &count));
    HG_CHECK(hg_guard_open(s, 251, &count));
    HG_CHECK_U64(count, 250);
    hg_guard_state_unref(&s);
}

HG_TEST(an_amount_over_the_limit_is_the_limit_and_sums_do_not_wrap)
{
    struct hg_guard_state *s = hg_guard_state_new("t", HG_GUARD_TOKENS, 0);
    struct hg_guard_reading r;
    uint64_t count;

    HG_NEED(s != NULL);
    HG_CHECK_U64(hg_guard_reserve(s, 1000, 5, &count), 5);
    hg_guard_settle(s, 5, UINT64_MAX - 2);
    hg_guard_settle(s, 0, UINT64_MAX - 2);
    hg_guard_read(s, &r);
    HG_CHECK_U64(r.count, UINT64_MAX);
    HG_CHECK_U64(hg_guard_reserve(s, 1, UINT64_MAX, &count), 0);
    hg_guard_note_denied(s);
    hg_guard_read(s, &r);
    HG_CHECK_U64(r.denied, 1);
    hg_guard_state_unref(&s);
}

HG_TEST(a_count_survives_its_file)
{
    struct hg_guard_state *s = hg_guard_state_new("runs", HG_GUARD_RUNS, 41);
    char text[HG_GUARD_TEXT];
    uint64_t count = 0;
    size_t n;

    HG_NEED(s != NULL);
    HG_CHECK_U64(hg_guard_reserve(s, 1, 100, &count), 1); /* under way: nobody will settle it after a crash */
    n = hg_guard_text(s, text);
    HG_CHECK_SLICE(hg_slice(text, n), "hdrgate-guard 1 runs max-runs 42\n");
    HG_CHECK(hg_guard_parse(hg_slice(text, n), "runs", HG_GUARD_RUNS, &count) == NULL);
    HG_CHECK_U64(count, 42);
    hg_guard_settle(s, 1, 0);
    hg_guard_state_unref(&s);
}

HG_TEST(a_file_that_is_not_this_guards_is_refused)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "it is empty"},
        {"hdrgate-guard 1 runs max-runs 42", "it is not one whole line"},
        {"hdrgate-guard 1 runs max-runs 42\n\n", "it is not one whole line"},
        {"something 1 runs max-runs 42\n", "it is not a guard's file"},
        {"hdrgate-guard 2 runs max-runs 42\n", "it is of another version"},
        {"hdrgate-guard 1 other max-runs 42\n", "it is the file of a guard with another name"},
        {"hdrgate-guard 1 runs max-tokens 42\n", "it is the file of a guard of another kind"},
        {"hdrgate-guard 1 runs max-runs \n", "its count is not a number"},
        {"hdrgate-guard 1 runs max-runs -1\n", "its count is not a number"},
        {"hdrgate-guard 1 runs max-runs 18446744073709551616\n", "its count is not a number"},
        {"hdrgate-guard 1 runs max-runs 1 2\n", "its count is not a number"},
    };
    uint64_t count;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_slice text = hg_guarded_str(rows[i].text);
        const char *why = hg_guard_parse(text, "runs", HG_GUARD_RUNS, &count);

        HG_CHECK_STR(why != NULL ? why : "taken", rows[i].why);
    }
}
