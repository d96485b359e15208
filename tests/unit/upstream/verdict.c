/* SPDX-License-Identifier: MIT
 *
 * Rise, fall, the time between checks, and how checks and live requests meet.
 */
#include "world.h"

#define ONE "{ url = \"http://a.test\"; }, { url = \"http://b.test\"; }"
#define HEALTH "health: { check = \"tcp\"; interval = \"6s\"; rise = 2; fall = 3; };"

static void check(struct hg_generation *g, bool good, uint64_t at)
{
    hg_verdict(g, backend_of(g)->server, good, good ? "fine" : "gone", at, at, NULL);
}

static bool up(struct hg_generation *g)
{
    return atomic_load(&hg_state_of(g, backend_of(g)->server)->up);
}

static uint64_t period(struct hg_generation *g, uint64_t at)
{
    return hg_verdict_period(g, backend_of(g)->server, at);
}

HG_TEST(rise_and_fall)
{
    struct hg_generation *g = generation_of(ONE, HEALTH, NULL);
    struct hg_server_status status;
    HG_NEED(g != NULL);
    check(g, true, 1);
    HG_CHECK_U64(period(g, 1), 6000);
    check(g, false, 2);
    HG_CHECK(up(g));
    HG_CHECK_U64(period(g, 2), 2000); /* three of them in an interval */
    check(g, true, 3);
    check(g, false, 4);
    check(g, false, 5);
    HG_CHECK(up(g));
    check(g, false, 6);
    HG_CHECK(!up(g));
    HG_CHECK_U64(period(g, 6), 3000); /* two of them: up again within an interval */
    hg_server_get_status(g, backend_of(g)->server, 6, &status);
    HG_CHECK_STR(status.state, "down");
    HG_CHECK_STR(status.reason, "3 bad checks in a row: gone");
    check(g, true, 7);
    check(g, false, 8);
    check(g, true, 9);
    HG_CHECK(!up(g));
    check(g, true, 10);
    HG_CHECK(up(g));
    hg_generation_unref(&g);
}

HG_TEST(the_first_check_decides_alone)
{
    struct hg_generation *g = generation_of(ONE, HEALTH, NULL);
    char err[100];
    HG_NEED(g != NULL);
    check(g, false, 1);
    HG_CHECK(!up(g));
    /* Enabled anew it is taken for up until a check says otherwise. */
    HG_CHECK(hg_server_set_admin(g, "b", "a.test", HG_ADMIN_DISABLED, 2, err, sizeof(err)));
    HG_CHECK(!hg_verdict_wanted(g, backend_of(g)->server));
    check(g, true, 3); /* was under way */
    HG_CHECK(hg_server_set_admin(g, "b", "a.test", HG_ADMIN_READY, 4, err, sizeof(err)));
    HG_CHECK(up(g));
    check(g, false, 5);
    HG_CHECK(!up(g));
    hg_generation_unref(&g);
}

HG_TEST(good_checks_end_a_cool_down_if_they_began_in_it)
{
    struct hg_generation *g = generation_of(ONE, HEALTH, NULL);
    HG_NEED(g != NULL);
    const struct hg_server *s = backend_of(g)->server;
    struct hg_server_state *st = hg_state_of(g, s);
    check(g, true, 1);
    check(g, true, 2);
    for (int i = 0; i < 3; i++)
        hg_balance_failure(g, s, "x", SECOND, NULL);
    HG_CHECK(hg_state_aside(st, SECOND));
    HG_CHECK_U64(period(g, SECOND), 3000);
    hg_verdict(g, s, true, "fine", SECOND - 1, SECOND + 1, NULL);
    check(g, true, SECOND + 2);
    HG_CHECK(hg_state_aside(st, SECOND + 2));
    check(g, true, SECOND + 3);
    HG_CHECK(!hg_state_aside(st, SECOND + 3) && up(g));
    hg_generation_unref(&g);
}
