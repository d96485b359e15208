/* SPDX-License-Identifier: MIT
 *
 * Counts by names: exact when threads meet at the same new name, and bounded.
 */
#include "observe/tally.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "support/unit.h"

#define THREADS 4
#define ROUNDS 2000

static uint64_t count_of(const struct hg_tallies *t, const char *name, size_t *entries)
{
    uint64_t n = 0;
    *entries = 0;
    for (const struct hg_tally *one = NULL; (one = hg_tally_next(t, one)) != NULL;)
        if (strcmp(hg_tally_name(one), name) == 0) {
            n += hg_tally_count(one);
            (*entries)++;
        }
    return n;
}

static void *add_all(void *ctx)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%u", i % 50);
        hg_tally_add(ctx, name);
    }
    return NULL;
}

HG_TEST(threads_that_meet_at_a_name_make_one_entry)
{
    struct hg_tallies t = {0};
    pthread_t thread[THREADS];
    size_t entries;
    HG_CHECK(hg_tally_next(&t, NULL) == NULL);
    for (size_t i = 0; i < THREADS; i++)
        HG_NEED(pthread_create(&thread[i], NULL, add_all, &t) == 0);
    for (size_t i = 0; i < THREADS; i++)
        HG_CHECK(pthread_join(thread[i], NULL) == 0);
    for (unsigned i = 0; i < 50; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%u", i);
        HG_CHECK_U64(count_of(&t, name, &entries), (uint64_t)THREADS * ROUNDS / 50);
        HG_CHECK_U64(entries, 1);
    }
    hg_tallies_free(&t);
    HG_CHECK(hg_tally_next(&t, NULL) == NULL);
}

HG_TEST(names_have_a_ceiling_and_nothing_is_lost)
{
    struct hg_tallies t = {0};
    size_t entries, all = 0;
    for (unsigned i = 0; i < HG_LIMIT_TALLIES + 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%u", i);
        hg_tally_add(&t, name);
    }
    hg_tally_add(&t, "n1");
    HG_CHECK_U64(count_of(&t, "n1", &entries), 2);
    HG_CHECK_U64(count_of(&t, "others", &entries), 10);
    for (const struct hg_tally *one = NULL; (one = hg_tally_next(&t, one)) != NULL;)
        all++;
    HG_CHECK_U64(all, HG_LIMIT_TALLIES + 1);
    hg_tallies_free(&t);
}
