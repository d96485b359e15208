/* SPDX-License-Identifier: MIT
 *
 * Private to the sources room.
 *
 *   sources.c  which sources are at work     value.c  what one gave, and when it runs out
 *   exec.c     runs of commands              ask.c    asking from other threads
 */
#ifndef HG_SOURCES_INTERNAL_H
#define HG_SOURCES_INTERNAL_H

#include "base/check.h"
#include "base/limits.h"
#include "command.h"
#include "sources/sources.h"

#define HG_SOURCES_MAGIC 0x73726373u

struct hg_live {
    struct hg_list node;
    struct hg_sources *sources;
    const struct hg_source *spec; /* of the plan that is loaded */
    struct hg_secret_slot **slot; /* of this plan and of older ones that are still in use */
    size_t slots;
    struct hg_secret *value; /* what they hold; NULL: nothing */
    bool in_plan;            /* while a plan is loaded: it has this one */
    bool bad;                /* the last reading gave nothing, and that was said */
    char bad_why[128];       /* what was said */
    struct hg_list asks;     /* who waits for the run */
    /* FILE */
    struct hg_watch *watch;
    /* EXEC */
    struct hg_command *command;
    struct hg_timer next, end; /* the next run; the end of the value */
    unsigned failures;         /* in a row */
    uint64_t hold_until;       /* who asks before that gets no run of his own */
    bool asked;                /* the run was asked for: that it gives the same is worth remembering */
    bool first_done;
};

struct hg_sources {
    uint32_t magic;
    struct hg_sources_options o;
    struct hg_watcher *watcher;
    struct hg_plan *plan; /* loaded */
    struct hg_list live;
    struct hg_list running; /* commands */
    bool child_signal, stopped, loading;
    bool settled; /* it was said */
};

/* value.c */
/* raw: what a source gave; NULL: nothing, and why says why not. True: the value is a new one. */
bool hg_live_take(struct hg_live *l, const struct hg_slice *raw, const char *why, const char *said);
bool hg_live_read_file(struct hg_live *l);
void hg_live_drop_value(struct hg_live *l);
bool hg_live_add_slot(struct hg_live *l, struct hg_secret_slot *slot);

/* exec.c */
void hg_live_run(struct hg_live *l);
void hg_live_stop_command(struct hg_live *l);
void hg_live_set_life(struct hg_live *l, uint64_t holds);
void hg_sources_check_settled(struct hg_sources *s);

/* ask.c */
void hg_live_answer(struct hg_live *l);

#endif
