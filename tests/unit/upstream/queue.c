/* SPDX-License-Identifier: MIT
 *
 * The queue: who came first goes first, nobody overtakes, whoever leaves takes
 * nothing along; with many threads no place is lost and none is given twice.
 */
#include <sched.h>

#include "world.h"

#define TWO "{ url = \"http://a.test\"; limit = 1; }, { url = \"http://b.test\"; limit = 1; }"

struct waiter {
    struct hg_loop *loop;
    const struct hg_server *server;
    struct hg_wait *wait;
    unsigned turn;
};

static atomic_uint turns;

static void granted(void *ctx, const struct hg_server *server)
{
    struct waiter *w = ctx;
    w->server = server;
    w->wait = NULL;
    w->turn = ++turns;
    hg_loop_stop(w->loop);
}

static enum hg_pick come(struct hg_generation *g, struct hg_loop *loop, struct waiter *w)
{
    const struct hg_pick_for f = {
        .generation = g, .backend = backend_of(g), .loop = loop, .granted = granted, .ctx = w};
    *w = (struct waiter){.loop = loop};
    return hg_balance_pick(&f, &w->server, &w->wait);
}

HG_TEST(first_come_first_served)
{
    struct hg_generation *g = generation_of(TWO, "queue: { size = 3; };", NULL);
    struct hg_loop *loop = hg_loop_new();
    struct waiter w[6], late;
    HG_NEED(g != NULL && loop != NULL);
    turns = 0;
    for (int i = 0; i < 5; i++)
        HG_CHECK_U64(come(g, loop, &w[i]), i < 2 ? HG_PICK_SERVER : HG_PICK_WAIT);
    HG_CHECK_U64(come(g, loop, &w[5]), HG_PICK_FULL);
    HG_CHECK_U64(hg_backend_waiting(g, backend_of(g)), 3);
    hg_balance_cancel(&w[3].wait);
    HG_CHECK(w[3].wait == NULL);
    hg_balance_release(g, w[1].server, 1);
    /* A place is free, but it is promised. */
    HG_CHECK_U64(come(g, loop, &late), HG_PICK_WAIT);
    hg_loop_run(loop);
    HG_CHECK(w[2].turn == 1 && w[2].server == w[1].server);
    hg_balance_release(g, w[0].server, 1);
    hg_balance_release(g, w[2].server, 1);
    hg_loop_run(loop);
    HG_CHECK(w[4].turn == 2 && late.turn == 3);
    hg_balance_release(g, w[4].server, 1);
    hg_balance_release(g, late.server, 1);
    HG_CHECK_U64(hg_backend_waiting(g, backend_of(g)), 0);
    hg_generation_unref(&g);
    hg_loop_free(loop);
}

HG_TEST(a_place_that_came_too_late_goes_to_the_next)
{
    struct hg_generation *g = generation_of("{ url = \"http://a.test\"; limit = 1; }", "", NULL);
    struct hg_loop *loop = hg_loop_new();
    struct waiter w[3];
    HG_NEED(g != NULL && loop != NULL);
    for (int i = 0; i < 3; i++)
        HG_CHECK_U64(come(g, loop, &w[i]), i < 1 ? HG_PICK_SERVER : HG_PICK_WAIT);
    hg_balance_release(g, w[0].server, 1);
    hg_balance_cancel(&w[1].wait); /* its grant is under way */
    hg_loop_run(loop);
    HG_CHECK(w[1].server == NULL && w[2].server != NULL);
    hg_balance_release(g, w[2].server, 1);
    HG_CHECK_U64(atomic_load(&hg_state_of(g, backend_of(g)->server)->active), 0);
    hg_generation_unref(&g);
    hg_loop_free(loop);
}

HG_TEST(who_waits_gets_a_server_that_is_enabled)
{
    struct hg_generation *g = generation_of(
        "{ url = \"http://a.test\"; limit = 1; }, { url = \"http://b.test\"; disabled = true; }", "", NULL);
    struct hg_loop *loop = hg_loop_new();
    struct waiter w[2];
    char err[100];
    HG_NEED(g != NULL && loop != NULL);
    HG_CHECK_U64(come(g, loop, &w[0]), HG_PICK_SERVER);
    HG_CHECK_U64(come(g, loop, &w[1]), HG_PICK_WAIT);
    HG_CHECK(hg_server_set_admin(g, "b", "b.test", HG_ADMIN_READY, 1, err, sizeof(err)));
    hg_loop_run(loop);
    HG_CHECK(w[1].server == &backend_of(g)->server[1]);
    hg_generation_unref(&g);
    hg_loop_free(loop);
}

/* ---- threads ---- */

#define ROUNDS 2000

struct crowd {
    struct hg_generation *g;
    atomic_int inside, most;
};

static void *member(void *arg)
{
    struct crowd *c = arg;
    struct hg_loop *loop = hg_loop_new();
    struct waiter w;
    for (int i = 0; loop != NULL && i < ROUNDS; i++) {
        enum hg_pick r = come(c->g, loop, &w);
        if (r == HG_PICK_WAIT && i % 7 == 0) {
            hg_balance_cancel(&w.wait);
            continue;
        }
        if (r == HG_PICK_WAIT)
            hg_loop_run(loop);
        int now = atomic_fetch_add(&c->inside, 1) + 1, most = atomic_load(&c->most);
        while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
            continue;
        sched_yield();
        atomic_fetch_sub(&c->inside, 1);
        hg_balance_release(c->g, w.server, 1);
    }
    /* What was cancelled in flight arrives here. */
    hg_loop_stop(loop);
    hg_loop_run(loop);
    hg_loop_free(loop);
    return NULL;
}

HG_TEST(many_threads_lose_no_place)
{
    struct crowd c = {.g = generation_of(TWO, "", NULL)};
    pthread_t t[6];
    HG_NEED(c.g != NULL);
    for (size_t i = 0; i < 6; i++)
        HG_NEED(pthread_create(&t[i], NULL, member, &c) == 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(t[i], NULL);
    HG_CHECK(atomic_load(&c.most) <= 2);
    for (size_t i = 0; i < 2; i++)
        HG_CHECK_U64(atomic_load(&hg_state_of(c.g, &backend_of(c.g)->server[i])->active), 0);
    HG_CHECK_U64(hg_backend_waiting(c.g, backend_of(c.g)), 0);
    hg_generation_unref(&c.g);
}
