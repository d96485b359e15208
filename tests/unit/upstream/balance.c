/* SPDX-License-Identifier: MIT
 *
 * Which server is chosen: shares, limits, backups, what was tried, slow start.
 */
#include "world.h"

#define A "{ url = \"http://a.test\"; name = \"a\"; "
#define B "{ url = \"http://b.test\"; name = \"b\"; "
#define C "{ url = \"http://c.test\"; name = \"c\"; "
#define ABC A "}, " B "}, " C "}"

static struct hg_server_state *state(struct hg_generation *g, size_t i)
{
    return hg_state_of(g, &backend_of(g)->server[i]);
}

/* Requests that come and go, n of them; what each server got. */
static void spread(struct hg_generation *g, unsigned n, uint64_t now, unsigned got[3])
{
    memset(got, 0, 3 * sizeof(got[0]));
    for (unsigned i = 0; i < n; i++) {
        int at = choose_at(g, NULL, now);
        HG_NEED(at >= 0 && at < 3);
        got[at]++;
        leave(g, at);
    }
}

HG_TEST(roundrobin_is_exact_by_weight)
{
    static const struct {
        const char *servers;
        unsigned n, got[3];
    } rows[] = {
        {ABC, 9, {3, 3, 3}},
        {A "weight = 5; }, " B "weight = 1; }, " C "weight = 1; }", 7, {5, 1, 1}},
        {A "weight = 5; }, " B "weight = 1; }, " C "weight = 1; }", 700, {500, 100, 100}},
        {A "weight = 3; }, " B "weight = 2; }, " C "weight = 0; }", 50, {30, 20, 0}},
        {A "weight = 256; }, " B "weight = 1; }, " C "weight = 3; }", 260, {256, 1, 3}},
        {A "weight = 1; }, " B "weight = 1; disabled = true; }, " C "weight = 3; }", 40, {10, 0, 30}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_generation *g = generation_of(rows[i].servers, "", NULL);
        unsigned got[3];
        hg_unit_row(rows[i].servers);
        HG_NEED(g != NULL);
        spread(g, rows[i].n, SECOND, got);
        for (size_t k = 0; k < 3; k++)
            HG_CHECK_U64(got[k], rows[i].got[k]);
        hg_generation_unref(&g);
    }
}

HG_TEST(roundrobin_is_smooth)
{
    struct hg_generation *g = generation_of(A "weight = 5; }, " B "}, " C "}", "", NULL);
    static const int order[] = {0, 0, 1, 0, 2, 0, 0};
    HG_NEED(g != NULL);
    for (size_t i = 0; i < 7; i++) {
        int at = choose_at(g, NULL, SECOND);
        HG_CHECK_U64(at, order[i]);
        leave(g, at);
    }
    hg_generation_unref(&g);
}

HG_TEST(leastconn_takes_the_idlest_for_its_weight)
{
    struct hg_generation *g =
        generation_of(A "weight = 2; }, " B "}, " C "}", "balance = \"leastconn\";", NULL);
    HG_NEED(g != NULL);
    /* All stay: after 8 requests the shares are 4, 2, 2. */
    for (int i = 0; i < 8; i++)
        HG_CHECK(choose_at(g, NULL, SECOND) >= 0);
    HG_CHECK_U64(atomic_load(&state(g, 0)->active), 4);
    HG_CHECK_U64(atomic_load(&state(g, 1)->active), 2);
    HG_CHECK_U64(atomic_load(&state(g, 2)->active), 2);
    leave(g, 1);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 1);
    leave(g, 2);
    leave(g, 2);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 2);
    hg_generation_unref(&g);
}

HG_TEST(leastconn_goes_round_among_equals)
{
    struct hg_generation *g = generation_of(ABC, "balance = \"leastconn\";", NULL);
    unsigned got[3];
    HG_NEED(g != NULL);
    spread(g, 30, SECOND, got);
    HG_CHECK(got[0] == 10 && got[1] == 10 && got[2] == 10);
    hg_generation_unref(&g);
}

HG_TEST(first_fills_one_and_comes_back_to_it)
{
    struct hg_generation *g = generation_of(A "limit = 2; }, " B "}, " C "}", "balance = \"first\";", NULL);
    HG_NEED(g != NULL);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 0);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 0);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 1);
    leave(g, 0);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 0);
    atomic_store(&state(g, 0)->up, false);
    leave(g, 0);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 1);
    atomic_store(&state(g, 0)->up, true);
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 0);
    hg_generation_unref(&g);
}

HG_TEST(backups_come_after_all_others)
{
    struct hg_generation *g = generation_of(A "backup = true; }, " B "}, " C "limit = 1; }", "", NULL);
    char err[200];
    HG_NEED(g != NULL);
    unsigned got[3];
    spread(g, 10, SECOND, got);
    HG_CHECK(got[0] == 0 && got[1] == 5 && got[2] == 5);
    HG_CHECK(hg_server_set_admin(g, "b", "b", HG_ADMIN_DRAIN, SECOND, err, sizeof(err)));
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 2);
    /* Full is not down: it is waited for, and the backup stays a backup. */
    HG_CHECK(choose_at(g, NULL, SECOND) == -1);
    HG_CHECK(hg_server_set_admin(g, "b", "c", HG_ADMIN_DISABLED, SECOND, err, sizeof(err)));
    HG_CHECK_U64(choose_at(g, NULL, SECOND), 0);
    HG_CHECK(hg_server_set_admin(g, "b", "a", HG_ADMIN_DISABLED, SECOND, err, sizeof(err)));
    HG_CHECK(choose_at(g, NULL, SECOND) == -2);
    HG_CHECK(!hg_server_set_admin(g, "b", "x", HG_ADMIN_READY, SECOND, err, sizeof(err)));
    HG_CHECK_STR(err, "backend b has no server x (its first is a)");
    HG_CHECK(!hg_server_set_admin(g, "y", "x", HG_ADMIN_READY, SECOND, err, sizeof(err)));
    hg_generation_unref(&g);
}

HG_TEST(what_was_tried_comes_last)
{
    struct hg_generation *g = generation_of(A "}, " B "}, " C "backup = true; }", "", NULL);
    struct hg_tried tried = {0};
    HG_NEED(g != NULL);
    const struct hg_server *s = backend_of(g)->server;
    hg_tried_add(&tried, &s[0]);
    for (int i = 0; i < 4; i++)
        HG_CHECK_U64(choose_at(g, &tried, SECOND), 1);
    HG_CHECK(hg_balance_has_other(g, backend_of(g), &tried, SECOND));
    hg_tried_add(&tried, &s[1]);
    HG_CHECK_U64(choose_at(g, &tried, SECOND), 2);
    hg_tried_add(&tried, &s[2]);
    HG_CHECK(!hg_balance_has_other(g, backend_of(g), &tried, SECOND));
    HG_CHECK(choose_at(g, &tried, SECOND) < 2); /* again, and no backup */
    hg_generation_unref(&g);
}

HG_TEST(failures_in_a_row_put_a_server_aside_and_it_comes_back)
{
    struct hg_generation *g =
        generation_of(A "}, " B "}", "health: { passive: { errors = 3; cool-down = \"10s\"; }; };", NULL);
    HG_NEED(g != NULL);
    const struct hg_server *s = backend_of(g)->server;
    struct hg_server_status status;
    for (int i = 0; i < 2; i++)
        hg_balance_failure(g, &s[0], "x", SECOND, NULL);
    hg_balance_success(g, &s[0], SECOND, NULL);
    for (int i = 0; i < 2; i++)
        hg_balance_failure(g, &s[0], "x", SECOND, NULL);
    HG_CHECK(!hg_state_aside(state(g, 0), SECOND));
    hg_balance_failure(g, &s[0], "broke off", SECOND, NULL);
    HG_CHECK(hg_state_aside(state(g, 0), SECOND));
    hg_server_get_status(g, &s[0], SECOND, &status);
    HG_CHECK_STR(status.state, "cooling");
    HG_CHECK_STR(status.reason, "3 failed requests in a row, the last: broke off");
    HG_CHECK_U64(status.failures, 5);
    for (int i = 0; i < 3; i++)
        HG_CHECK_U64(choose_at(g, NULL, 2 * SECOND), 1);
    /* Aside is not down: with nothing else it is asked. */
    atomic_store(&state(g, 1)->up, false);
    HG_CHECK_U64(choose_at(g, NULL, 2 * SECOND), 0);
    atomic_store(&state(g, 1)->up, true);
    HG_CHECK(!hg_state_aside(state(g, 0), 11 * SECOND));
    /* On probation: one more failure is enough, one success ends it. */
    hg_balance_failure(g, &s[0], "x", 12 * SECOND, NULL);
    HG_CHECK(hg_state_aside(state(g, 0), 12 * SECOND));
    hg_balance_success(g, &s[0], 23 * SECOND, NULL);
    hg_balance_failure(g, &s[0], "x", 24 * SECOND, NULL);
    HG_CHECK(!hg_state_aside(state(g, 0), 24 * SECOND));
    hg_generation_unref(&g);
}

HG_TEST(slow_start_grows_weight_and_limit)
{
    struct hg_generation *g = generation_of(A "limit = 10; }, " B "}", "slow-start = \"10s\";", NULL);
    unsigned got[3];
    char err[200];
    HG_NEED(g != NULL);
    const struct hg_server *s = backend_of(g)->server;
    HG_CHECK_U64(hg_state_share(&s[0], state(g, 0), 5 * SECOND), 1000); /* not at the start of the process */
    HG_CHECK(hg_server_set_admin(g, "b", "a", HG_ADMIN_DISABLED, SECOND, err, sizeof(err)));
    HG_CHECK(hg_server_set_admin(g, "b", "a", HG_ADMIN_READY, 100 * SECOND, err, sizeof(err)));
    HG_CHECK_U64(hg_state_share(&s[0], state(g, 0), 100 * SECOND), 10);
    HG_CHECK_U64(hg_state_share(&s[0], state(g, 0), 105 * SECOND), 500);
    HG_CHECK_U64(hg_state_share(&s[0], state(g, 0), 110 * SECOND), 1000);
    spread(g, 300, 105 * SECOND, got);
    HG_CHECK(got[0] == 100 && got[1] == 200);
    spread(g, 300, 110 * SECOND, got);
    HG_CHECK(got[0] >= 149 && got[0] <= 151);
    hg_generation_unref(&g);
}

HG_TEST(budget_is_spent_and_comes_back)
{
    struct hg_generation *g = generation_of(A "}, " B "}", "retry: { budget = 20; reserve = 5; };", NULL);
    HG_NEED(g != NULL);
    const struct hg_backend *b = backend_of(g);
    for (int i = 0; i < 5; i++)
        HG_CHECK(hg_balance_withdraw(g, b, SECOND));
    HG_CHECK(!hg_balance_withdraw(g, b, SECOND));
    for (int i = 0; i < 10; i++)
        hg_balance_deposit(g, b);
    HG_CHECK(hg_balance_withdraw(g, b, SECOND));
    HG_CHECK(hg_balance_withdraw(g, b, SECOND));
    HG_CHECK(!hg_balance_withdraw(g, b, SECOND));
    /* The reserve: all of it within ten seconds, and no more than it. */
    HG_CHECK(hg_balance_withdraw(g, b, 3 * SECOND));
    HG_CHECK(!hg_balance_withdraw(g, b, 3 * SECOND));
    for (int i = 0; i < 5; i++)
        HG_CHECK(hg_balance_withdraw(g, b, 100 * SECOND));
    HG_CHECK(!hg_balance_withdraw(g, b, 100 * SECOND));
    hg_generation_unref(&g);
}

HG_TEST(a_reload_forgets_nothing)
{
    struct hg_generation *g = generation_of(A "}, " B "}, " C "}", "", NULL), *next;
    char err[200];
    HG_NEED(g != NULL);
    HG_CHECK(hg_server_set_admin(g, "b", "a", HG_ADMIN_DISABLED, SECOND, err, sizeof(err)));
    atomic_store(&state(g, 1)->up, false);
    atomic_store(&state(g, 2)->up, false);
    HG_CHECK(choose_at(g, NULL, SECOND) == -2);
    /* c has another address now, and b is written first. */
    next = generation_of(B "}, " A "}, { url = \"http://c2.test\"; name = \"c\"; }", "", g);
    HG_NEED(next != NULL);
    HG_CHECK(state(next, 0) == state(g, 1) && state(next, 1) == state(g, 0) && state(next, 2) != state(g, 2));
    HG_CHECK(!atomic_load(&state(next, 0)->up) && atomic_load(&state(next, 2)->up));
    HG_CHECK_U64(choose_at(next, NULL, SECOND), 2);
    HG_CHECK_U64(atomic_load(&state(next, 1)->admin), HG_ADMIN_DISABLED);
    hg_generation_unref(&g);
    /* The file says disabled, then no more: it has the last word when it changes. */
    g = generation_of(A "disabled = true; }, " B "}", "", next);
    HG_NEED(g != NULL);
    hg_generation_unref(&next);
    next = generation_of(A "}, " B "}", "", g);
    HG_NEED(next != NULL);
    HG_CHECK_U64(atomic_load(&state(next, 0)->admin), HG_ADMIN_READY);
    hg_generation_unref(&g);
    hg_generation_unref(&next);
}
