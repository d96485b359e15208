/* SPDX-License-Identifier: MIT
 *
 * Private to the server room. The service is the process as the main thread
 * sees it; nothing here is for other threads.
 *
 *   server.c     up and down, signals, drain    bindings.c   the listeners of a generation
 *   reload.c     from one plan to the next      listener.c   one listener; unix.c: unix sockets
 *   retired.c    the plans before               ready.c      the ready file
 *   worker.c     a thread; accept.c: its sockets
 *   privilege.c  what we give up; reread.c      notify.c     the service manager; watchdog.c
 *   control.c    the socket for commands        commands.c   the commands; status.c: one of them
 *   credentials.c, rotate.c  secrets and certificates that change
 *   guard_files.c  what guards have counted, over a restart
 */
#ifndef HG_SERVER_INTERNAL_H
#define HG_SERVER_INTERNAL_H

#include "base/buf.h"
#include "io/dial.h"
#include "observe/usage_log.h"
#include "server/server.h"
#include "server/worker.h"
#include "upstream/health.h"

struct hg_service;

/* Somebody who asked for a reload. */
struct hg_waiter {
    struct hg_list node;
    /* Once. text: what there is to say, whole lines; valid during the call. */
    void (*done)(struct hg_waiter *w, bool ok, struct hg_slice text);
};

/* One per worker: what it says to the main thread. */
struct hg_ack {
    struct hg_post post;
    struct hg_service *service;
};

struct hg_reload {
    bool under_way, again; /* again: another was asked for meanwhile */
    size_t pending;        /* workers that have not changed over */
    struct hg_generation *generation;
    struct hg_bindings *bindings;
    struct hg_retired *retiring;   /* a place for the generation that goes */
    struct hg_list waiting, later; /* for this one, for the next */
    struct hg_buf report;
    struct hg_list retired; /* generations that exchanges still use */
    struct hg_timer look;   /* whether they still do */
    uint64_t look_ms;
    uint64_t ended; /* the last one: wall clock, microseconds; 0: none yet */
    bool succeeded;
    size_t failures;
};

struct hg_service {
    const struct hg_server_options *o;
    struct hg_generation *generation; /* in force */
    uint64_t number;                  /* of it, from 1 */
    struct hg_bindings *bindings;
    uint64_t listener_ids;
    struct hg_loop *loop;
    struct hg_worker **worker;
    struct hg_ack *ack, *ended; /* one per worker each */
    size_t workers, running;
    struct hg_timer grace;
    struct hg_dns *dns; /* of the health checks */
    struct hg_health_checks *health;
    struct hg_sources *sources;
    struct hg_rotation *rotation;
    struct hg_stats *stats;
    struct hg_usage_log *usage_log;
    struct hg_reload reload;
    struct hg_control *control;   /* NULL: none */
    struct hg_watchdog *watchdog; /* NULL: none */
    struct hg_guard_files *guard_files;
    struct {
        char *user, *group, *control;
        unsigned control_mode;
    } fixed;          /* settings of the start that a reload does not change */
    uint64_t started; /* wall clock, microseconds */
    bool draining, cutting;
    char err[1024];
};

/* server.c */
/* No new connections; ends when what runs has ended, or when global.drain is over. */
/* cause: for the log, what asked for it. */
void hg_service_drain(struct hg_service *s, const char *cause);
/* Opens the logs anew where the plan in force has them. False with a sentence in s->err: that one goes on
 * where it was. */
bool hg_service_reopen_log(struct hg_service *s);
void hg_service_counts(const struct hg_service *s, struct hg_counts *sum);

/* reload.c */
void hg_reload_init(struct hg_service *s);
/* Reads the config anew and changes over. w: who waits for the end, or NULL. Asked for while one is under way
 * it begins when that has ended, once for all who ask: each gets what the files held after it asked. */
void hg_reload_ask(struct hg_service *s, struct hg_waiter *w);
/* The waiter is not interested any more. */
void hg_reload_forget(struct hg_waiter *w);
/* retired.c: generations before the present one that exchanges still use */
void hg_retired_init(struct hg_service *s);
/* A place for one; NULL without memory. */
struct hg_retired *hg_retired_new(void);
/* Takes the reference over; uses the place reload.retiring. */
void hg_retired_add(struct hg_service *s, struct hg_generation *g);
size_t hg_retired_count(const struct hg_service *s);
/* The threads have ended. */
void hg_retired_free(struct hg_service *s);

/* control.c */
/* The socket for commands. NULL with a sentence in err. */
struct hg_control *hg_control_open(struct hg_service *s, char *err, size_t errlen);
/* Ends what is under way and removes the socket. */
void hg_control_free(struct hg_control *c);

/* commands.c: one command of a client. A command line is words with spaces between; "--json" among them asks
 * for JSON. The answer is a line "ok" or "error", and then what there is to say. */
struct hg_command {
    struct hg_service *service;
    bool json, ok;
    struct hg_buf text; /* the answer behind its first line */
    struct hg_waiter waiter;
    /* Once, maybe before hg_command_run returns. */
    void (*done)(struct hg_command *c);
};
void hg_command_run(struct hg_command *c, char *line);
/* Nobody waits for the answer any more. */
void hg_command_free(struct hg_command *c);

/* status.c */
void hg_status_text(struct hg_service *s, struct hg_buf *out);
void hg_status_json(struct hg_service *s, struct hg_buf *out);

/* bindings.c */
/* Listeners for all binds of the generation: those of `old` (may be NULL) that have the same address, new
 * ones for the others. NULL with a sentence in err, and `old` is as it was. The generation is not taken. */
struct hg_bindings *hg_bindings_open(struct hg_service *s, struct hg_generation *g,
                                     const struct hg_bindings *old, char *err, size_t errlen);
/* Logs who listens where, but for what `before` (may be NULL) said already. */
void hg_bindings_announce(struct hg_log *log, const struct hg_bindings *b, const struct hg_bindings *before);
bool hg_bindings_has(const struct hg_bindings *b, const struct hg_listener *l);
/* Closes the listeners that are not in `keep` (may be NULL) and frees. */
void hg_bindings_free(struct hg_bindings **b, const struct hg_bindings *keep);

/* ready.c: says where we listen, in one atomic step. False with a sentence in err. */
bool hg_ready_write(const char *path, const struct hg_bindings *b, char *err, size_t errlen);

/* privilege.c: what a process that holds keys gives up: core dumps, being traced, gaining privileges, and,
 * when `user` is not NULL, its user and groups. False with a sentence in err. */
bool hg_privilege_drop(const char *user, const char *group, char *err, size_t errlen);

/* notify.c: tells the service manager (sd_notify(3): lines NAME=value). socket NULL: nobody asked. Never
 * blocks; what cannot be sent is lost. */
void hg_notify(const char *socket, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* watchdog.c: tells the service manager, in time, that all threads take their turns; the workers run, and are
 * freed before it. NULL without memory. */
struct hg_watchdog *hg_watchdog_new(struct hg_service *s);
void hg_watchdog_free(struct hg_watchdog *w);

/* guard_files.c: counts of guards that outlive the process. NULL without memory. */
struct hg_guard_files *hg_guard_files_new(struct hg_service *s);
/* The generation in force is another, or the first one. */
void hg_guard_files_use(struct hg_guard_files *w);
/* Writes what has changed. w may be NULL. */
void hg_guard_files_write(struct hg_guard_files *w);
void hg_guard_files_free(struct hg_guard_files *w);

/* unix.c */
/* A listening unix socket. A file that nobody answers on is replaced. -1 with errno. */
int hg_unix_listen(const char *path, unsigned mode, struct hg_unix_file *file);
bool hg_unix_ours(const char *path, const struct hg_unix_file *file);
/* If it is still ours. */
void hg_unix_remove(const char *path, const struct hg_unix_file *file);

/* reread.c: after the change of user: what would have to be read again can be. False with a sentence in err.
 */
bool hg_reread_check(const struct hg_plan *p, char *err, size_t errlen);

/* credentials.c */
/* After the change of user, so that what is read and run is read and run as that user. False with a sentence
 * in s->err. */
bool hg_credentials_start(struct hg_service *s);
/* A plan that comes into force: before the first worker uses it. */
void hg_credentials_load(struct hg_service *s, struct hg_plan *plan);
/* The generation has changed. */
void hg_credentials_watch(struct hg_service *s);
void hg_credentials_stop(struct hg_service *s);
void hg_credentials_free(struct hg_service *s);

#endif
