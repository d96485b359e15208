/* SPDX-License-Identifier: MIT
 *
 * Counts of guards in files, so that a restart does not begin anew. The main
 * thread writes what has changed, once a second and at the end: a new file beside
 * the old one, which its rename replaces, so that there is always a whole one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "internal.h"

struct hg_guard_files {
    struct hg_service *service;
    struct hg_timer timer;
    struct file {
        size_t n;
        char text[HG_GUARD_TEXT]; /* as it was written last */
        bool said;                /* that it cannot be written */
    } file[HG_LIMIT_GUARDS];      /* by hg_guard.index, of the generation in force */
};

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, text, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text += put;
        n -= (size_t)put;
    }
    return true;
}

/* On the disk before it takes the old one's place: after a loss of power one of both is there, whole. */
static bool replace(const char *path, const char *text, size_t n)
{
    char beside[4096 + 8];
    int fd, length = snprintf(beside, sizeof(beside), "%s.new", path);
    bool ok;

    if (length < 0 || (size_t)length >= sizeof(beside)) {
        errno = ENAMETOOLONG;
        return false;
    }
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    ok = write_all(fd, text, n) && fdatasync(fd) == 0;
    if (close(fd) != 0 || !ok || rename(beside, path) != 0) {
        int why = errno;

        unlink(beside);
        errno = why;
        return false;
    }
    return true;
}

static void write_one(struct hg_service *s, const struct hg_guard *g, const struct hg_guard_state *state,
                      struct file *f)
{
    char text[HG_GUARD_TEXT];
    size_t n = hg_guard_text(state, text);

    HG_ASSERT(g->file != NULL);
    if (n == f->n && memcmp(text, f->text, n) == 0)
        return;
    if (replace(g->file, text, n)) {
        memcpy(f->text, text, n);
        f->n = n;
        f->said = false;
        return;
    }
    HG_COUNT_ADD(hg_stats_counters(s->stats, s->workers), guard_file_failures_total, 1);
    if (!f->said)
        hg_log_event(s->o->log, HG_LOG_WARN, HG_EVENT_GUARD_FILE,
                     "guard %s: %s cannot be written: %s; the count is kept in memory only", g->name, g->file,
                     strerror(errno));
    f->said = true;
}

void hg_guard_files_write(struct hg_guard_files *w)
{
    const struct hg_generation *g;

    if (w == NULL)
        return;
    g = w->service->generation;
    for (size_t i = 0; i < g->plan->guards; i++)
        if (g->plan->guard[i].file != NULL)
            write_one(w->service, &g->plan->guard[i], g->guard[i], &w->file[i]);
}

static void due(struct hg_timer *t)
{
    struct hg_guard_files *w = HG_CONTAINER_OF(t, struct hg_guard_files, timer);

    hg_guard_files_write(w);
    hg_timer_set(t, HG_TIME_GUARD_FILE);
}

void hg_guard_files_use(struct hg_guard_files *w)
{
    const struct hg_plan *p = w->service->generation->plan;
    bool any = false;

    for (size_t i = 0; i < p->guards; i++)
        any = any || p->guard[i].file != NULL;
    memset(w->file, 0, sizeof(w->file));
    hg_timer_clear(&w->timer);
    if (!any)
        return;
    hg_guard_files_write(w);
    hg_timer_set(&w->timer, HG_TIME_GUARD_FILE);
}

struct hg_guard_files *hg_guard_files_new(struct hg_service *s)
{
    struct hg_guard_files *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->service = s;
    hg_timer_init(&w->timer, s->loop, due);
    return w;
}

void hg_guard_files_free(struct hg_guard_files *w)
{
    if (w == NULL)
        return;
    hg_timer_stop(&w->timer);
    free(w);
}
