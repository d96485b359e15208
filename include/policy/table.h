/* SPDX-License-Identifier: MIT
 *
 * Tables of windows: one window a limit and key, never more than `size` in a
 * table. Every function may be called by any thread: a table has a mutex, held
 * for a look-up and some additions.
 *
 * A series is one limit in a table. Limits of two plans with the same name and
 * period in the same table are the same series, so that a reload forgets nothing;
 * its windows go when no plan names it any more.
 */
#ifndef HG_POLICY_TABLE_H
#define HG_POLICY_TABLE_H

#include "base/slice.h"
#include "policy/hold.h"

struct hg_table;
struct hg_series;

/* name is copied. evict: a new key in a full table takes the place of the one used longest ago; else it is
 * refused, unless a window is empty. NULL: no memory, or no randomness. */
struct hg_table *hg_table_new(const char *name, size_t size, bool evict);
struct hg_table *hg_table_ref(struct hg_table *t);
void hg_table_unref(struct hg_table **t);
/* After a reload. What is above a smaller size goes by and by. */
void hg_table_set(struct hg_table *t, size_t size, bool evict);
const char *hg_table_name(const struct hg_table *t);
/* Windows in it now. */
size_t hg_table_used(struct hg_table *t);

/* Finds or makes it; hg_series_release for each call. NULL: no memory. The table must outlive it. */
struct hg_series *hg_table_series(struct hg_table *t, const char *name, uint64_t period);
void hg_series_release(struct hg_series **s);

enum hg_take {
    HG_TAKE_OK,
    HG_TAKE_OVER, /* there is no room in the window */
    HG_TAKE_FULL, /* the table has no place for this key */
};

struct hg_take_ask {
    struct hg_series *series;
    struct hg_rate rate; /* its period is the series' */
    struct hg_slice key;
    enum hg_measure measure;
    uint64_t n;    /* taken */
    uint64_t need; /* room that must be there, at least n */
    uint64_t now;
};

struct hg_refusal {
    uint64_t room; /* what could be taken now */
    uint64_t wait; /* microseconds until it would pass if nobody else came; UINT64_MAX: it never would */
};

/* How the window of this key stands: room, and how long until one more would pass (0: now). False: nobody has
 * asked for the key lately. */
bool hg_series_look(struct hg_series *s, const struct hg_rate *rate, struct hg_slice key, uint64_t now,
                    struct hg_refusal *out);

/* OK: *hold holds it, and is valid as long as the table. Else nothing was taken, and *why says how long. */
enum hg_take hg_series_take(const struct hg_take_ask *ask, struct hg_hold *hold, struct hg_refusal *why);

#endif
