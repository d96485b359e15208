/* SPDX-License-Identifier: MIT
 *
 * The service manager's watchdog (sd_watchdog_enabled(3)): it hears of us only
 * while this thread and every worker take their turns, so that a process that
 * hangs is started anew.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "internal.h"

/* As often as that in the time we are given: one late answer is no reason to be killed. */
#define TIMES 4u
#define HOUR_MS (3600u * 1000u)

struct question {
    struct hg_post post;
    atomic_bool waits;
};

struct hg_watchdog {
    struct hg_service *service;
    struct hg_timer timer;
    uint64_t every_ms;
    bool said; /* that somebody does not answer */
    size_t n;
    struct question question[]; /* one per worker */
};

static void answer(struct hg_post *p)
{
    atomic_store(&HG_CONTAINER_OF(p, struct question, post)->waits, false);
}

/* The first worker that owes an answer; n: none. */
static size_t silent(struct hg_watchdog *w)
{
    size_t i = 0;

    while (i < w->n && !atomic_load(&w->question[i].waits))
        i++;
    return i;
}

static void ask(struct hg_watchdog *w)
{
    for (size_t i = 0; i < w->n; i++) {
        atomic_store(&w->question[i].waits, true);
        hg_worker_post(w->service->worker[i], &w->question[i].post);
    }
}

static void look(struct hg_timer *t)
{
    struct hg_watchdog *w = HG_CONTAINER_OF(t, struct hg_watchdog, timer);
    struct hg_service *s = w->service;
    size_t i = silent(w);

    hg_timer_set(t, w->every_ms);
    if (i < w->n && !s->draining) {
        if (!w->said)
            hg_log_event(s->o->log, HG_LOG_ERROR, HG_EVENT_WATCHDOG,
                         "worker %zu does not answer; the service manager will end the process", i);
        w->said = true;
        return;
    }
    w->said = false;
    hg_notify(s->o->notify_socket, "WATCHDOG=1");
    /* Workers end while it drains, and answer no more; global.drain ends that. */
    if (!s->draining)
        ask(w);
}

struct hg_watchdog *hg_watchdog_new(struct hg_service *s)
{
    struct hg_watchdog *w = calloc(1, sizeof(*w) + s->workers * sizeof(w->question[0]));

    HG_ASSERT(s->o->watchdog_us > 0 && s->running == s->workers);
    if (w == NULL)
        return NULL;
    w->service = s;
    w->n = s->workers;
    w->every_ms = s->o->watchdog_us / (TIMES * 1000u);
    w->every_ms += w->every_ms == 0;
    w->every_ms = w->every_ms < HOUR_MS ? w->every_ms : HOUR_MS;
    for (size_t i = 0; i < w->n; i++)
        w->question[i].post.run = answer;
    hg_timer_init(&w->timer, s->loop, look);
    hg_timer_set(&w->timer, w->every_ms);
    return w;
}

void hg_watchdog_free(struct hg_watchdog *w)
{
    if (w == NULL)
        return;
    hg_timer_stop(&w->timer);
    free(w);
}
