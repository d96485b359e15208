/* SPDX-License-Identifier: MIT
 *
 * One run of a command, private to the sources room: no shell, a process group
 * of its own, a clean environment, no descriptor of ours, bounded output.
 */
#ifndef HG_SOURCES_COMMAND_H
#define HG_SOURCES_COMMAND_H

#include "base/slice.h"
#include "io/loop.h"

struct hg_command;

#define HG_COMMAND_SAID 200u

struct hg_command_result {
    struct hg_slice out;        /* what it wrote; wiped when `done` returns */
    const char *why;            /* NULL: it ended with status 0; else a sentence part */
    char said[HG_COMMAND_SAID]; /* the first line that it wrote to its standard error, printable; "" for none,
                                   or when the output is part of it */
};

struct hg_command_options {
    struct hg_loop *loop;
    const char *const *argv; /* NULL at the end */
    char *const *envp;
    uint64_t timeout;        /* ms; then its process group is killed */
    size_t limit;            /* of its output; more is an error */
    struct hg_list *running; /* it stands in this list until the system has given its process back, which may
                                be later than done */
    void (*done)(void *ctx, const struct hg_command_result *r);
    void *ctx;
};

/* done is called exactly once, later. NULL: *why says why not. */
struct hg_command *hg_command_start(const struct hg_command_options *o, const char **why);
/* Kills it; done is not called any more, and c is the list's. */
void hg_command_cancel(struct hg_command *c);

/* On SIGCHLD: collects those that have ended; their done is called. */
void hg_commands_reap(struct hg_list *running);
/* Kills all and waits for their end, which SIGKILL makes short. No done is called. */
void hg_commands_kill(struct hg_list *running);

#endif
