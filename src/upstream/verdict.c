/* SPDX-License-Identifier: MIT
 *
 * Rise and fall.
 */
#include "verdict.h"

#include <stdio.h>

static void come_up(struct hg_generation *g, const struct hg_server *s, const char *why, uint64_t now,
                    struct hg_log *log)
{
    struct hg_server_state *st = hg_state_of(g, s);
    char reason[192];

    atomic_store(&st->up_since, now);
    atomic_store(&st->aside_until, 0);
    atomic_store(&st->in_a_row, 0);
    atomic_store(&st->up, true);
    snprintf(reason, sizeof(reason), "%u good checks in a row: %.120s", s->backend->health.rise, why);
    hg_state_tell(g, s, log, true, reason);
    hg_balance_kick(hg_backend_state_of(g, s->backend), now);
}

static void was_good(struct hg_generation *g, const struct hg_server *s, const char *why, uint64_t began,
                     uint64_t now, struct hg_log *log)
{
    const struct hg_health *h = &s->backend->health;
    struct hg_server_state *st = hg_state_of(g, s);
    bool aside = hg_state_aside(st, now);

    /* What was seen before live requests failed says nothing about now. */
    if (aside && began + h->passive.cooldown * 1000 < atomic_load(&st->aside_until))
        st->good = 0;
    else if (st->good < h->rise)
        st->good++;
    st->bad = 0;
    if ((!atomic_load(&st->up) || aside) && st->good >= h->rise)
        come_up(g, s, why, now, log);
}

static void was_bad(struct hg_generation *g, const struct hg_server *s, const char *why, struct hg_log *log)
{
    const struct hg_health *h = &s->backend->health;
    struct hg_server_state *st = hg_state_of(g, s);
    char reason[192];

    st->good = 0;
    if (st->bad < h->fall)
        st->bad++;
    /* Nothing good is known of one that was never seen up: the first bad check is enough. */
    if (!atomic_load(&st->up) || (st->known && st->bad < h->fall))
        return;
    atomic_store(&st->up, false);
    snprintf(reason, sizeof(reason), "%u bad check%s: %.150s", st->bad, st->bad == 1 ? "" : "s in a row",
             why);
    hg_state_tell(g, s, log, false, reason);
}

void hg_verdict(struct hg_generation *g, const struct hg_server *s, bool good, const char *why,
                uint64_t began, uint64_t now_us, struct hg_log *log)
{
    if (!hg_verdict_wanted(g, s))
        return; /* disabled while the check ran */
    if (good)
        was_good(g, s, why, began, now_us, log);
    else
        was_bad(g, s, why, log);
    hg_state_of(g, s)->known = true;
    (void)hg_log_flush(log);
}

uint64_t hg_verdict_period(const struct hg_generation *g, const struct hg_server *s, uint64_t now_us)
{
    const struct hg_health *h = &s->backend->health;
    const struct hg_server_state *st = hg_state_of(g, s);
    uint64_t period = h->interval;

    HG_ASSERT(h->rise > 0 && h->fall > 0);
    if (!atomic_load(&st->up) || hg_state_aside(st, now_us))
        period /= h->rise;
    else if (st->bad != 0)
        period /= h->fall;
    return period != 0 ? period : 1;
}

bool hg_verdict_wanted(const struct hg_generation *g, const struct hg_server *s)
{
    struct hg_server_state *st = hg_state_of(g, s);

    if (atomic_load(&st->admin) != HG_ADMIN_DISABLED)
        return true;
    st->good = st->bad = 0;
    st->known = false;
    return false;
}

void hg_verdict_unchecked(const struct hg_generation *g, const struct hg_server *s)
{
    struct hg_server_state *st = hg_state_of(g, s);

    atomic_store(&st->up, true);
    st->good = st->bad = 0;
    st->known = false;
}
