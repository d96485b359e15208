/* SPDX-License-Identifier: MIT
 *
 * Watching files by the folders that their names stand in: an atomic rename
 * makes another file, so a watch on the file itself would go blind.
 */
#include "sources/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"

#define FOLDER_EVENTS                                                                                    \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | \
     IN_MOVE_SELF | IN_ONLYDIR)

struct folder {
    struct hg_list node;
    int wd; /* -1: the kernel has dropped it */
    unsigned users;
};

/* A name on the way to the file, in the folder where it stands. */
struct hop {
    struct folder *folder; /* NULL: cannot be watched */
    char *name;
};

/* What tells one state of a file from another without reading it. */
struct identity {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime, ctime;
};

struct hg_watch {
    struct hg_list node;
    struct hg_watcher *watcher;
    char *path;
    struct hop hop[HG_LIMIT_LINKS + 1];
    size_t hops;
    struct identity seen;    /* when `changed` was called last */
    struct identity pending; /* at the last look, when it differed */
    bool dirty;
    void (*changed)(void *ctx);
    void *ctx;
};

struct hg_watcher {
    struct hg_loop *loop;
    int fd; /* -1: no inotify */
    struct hg_io io;
    struct hg_timer poll;
    struct hg_list watches, folders;
    bool telling;
};

static struct identity look(const char *path)
{
    struct identity id = {0};
    struct stat st;

    if (stat(path, &st) == 0)
        id = (struct identity){st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
    return id;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same(const struct identity *a, const struct identity *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && same_time(a->mtime, b->mtime) &&
           same_time(a->ctime, b->ctime);
}

/* ---- folders ---- */

static struct folder *folder_get(struct hg_watcher *w, const char *path)
{
    struct folder *f;
    int wd = w->fd >= 0 ? inotify_add_watch(w->fd, path, FOLDER_EVENTS) : -1;

    if (wd < 0)
        return NULL;
    for (struct hg_list *n = w->folders.next; n != &w->folders; n = n->next) {
        f = HG_CONTAINER_OF(n, struct folder, node);
        if (f->wd == wd) {
            f->users++;
            return f;
        }
    }
    f = calloc(1, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->wd = wd;
    f->users = 1;
    hg_list_init(&f->node);
    hg_list_push_back(&w->folders, &f->node);
    return f;
}

static void folder_put(struct hg_watcher *w, struct folder *f)
{
    if (f == NULL)
        return;
    HG_ASSERT(f->users > 0);
    if (--f->users > 0)
        return;
    if (f->wd >= 0)
        (void)inotify_rm_watch(w->fd, f->wd);
    hg_list_remove(&f->node);
    free(f);
}

/* ---- the way to a file ---- */

static void forget_hops(struct hg_watch *watch)
{
    while (watch->hops > 0) {
        struct hop *h = &watch->hop[--watch->hops];

        folder_put(watch->watcher, h->folder);
        free(h->name);
    }
}

static void add_hop(struct hg_watch *watch, const char *folder, const char *name)
{
    struct hop *h = &watch->hop[watch->hops];

    HG_ASSERT(watch->hops <= HG_LIMIT_LINKS);
    h->name = strdup(name);
    if (h->name == NULL)
        return; /* the look every few seconds remains */
    h->folder = folder_get(watch->watcher, folder[0] != '\0' ? folder : "/");
    watch->hops++;
}

/* The path that is still to go, and the folder (without links in it) where we stand; "" is the root. */
struct way {
    char rest[PATH_MAX], at[PATH_MAX];
};

static bool set_text(char out[PATH_MAX], const char *a, const char *between, const char *b)
{
    char text[PATH_MAX];
    int n = snprintf(text, sizeof(text), "%s%s%s", a, between, b);

    if (n < 0 || (size_t)n >= sizeof(text))
        return false;
    memcpy(out, text, (size_t)n + 1);
    return true;
}

/* The next name of the way into name; false at its end. */
static bool next_name(struct way *y, char name[NAME_MAX + 1])
{
    char *from = y->rest + strspn(y->rest, "/");
    size_t n = strcspn(from, "/");

    if (n == 0 || n > NAME_MAX)
        return false;
    memcpy(name, from, n);
    name[n] = '\0';
    memmove(y->rest, from + n, strlen(from + n) + 1);
    return true;
}

/* One name further; false when there is nothing behind it. */
static bool walk_name(struct hg_watch *watch, struct way *y, const char *name)
{
    char path[PATH_MAX], target[PATH_MAX];
    bool last = y->rest[strspn(y->rest, "/")] == '\0';
    struct stat st;
    ssize_t n;

    if (!set_text(path, y->at, "/", name))
        return false;
    if (lstat(path, &st) != 0) {
        add_hop(watch, y->at, name); /* here it would appear */
        return false;
    }
    if (!S_ISLNK(st.st_mode)) {
        if (last)
            add_hop(watch, y->at, name);
        return !last && set_text(y->at, path, "", "");
    }
    add_hop(watch, y->at, name);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    if (target[0] == '/')
        y->at[0] = '\0';
    return set_text(y->rest, target, "/", y->rest);
}

static void find_hops(struct hg_watch *watch)
{
    struct way y = {.rest = ""};
    char name[NAME_MAX + 1];

    forget_hops(watch);
    if (!set_text(y.rest, watch->path, "", ""))
        return;
    if (watch->path[0] != '/' && getcwd(y.at, sizeof(y.at)) == NULL)
        return;
    if (strcmp(y.at, "/") == 0)
        y.at[0] = '\0';
    while (watch->hops < HG_LIMIT_LINKS && next_name(&y, name))
        if (!walk_name(watch, &y, name))
            return;
}

/* ---- events ---- */

static void tell(struct hg_watcher *w)
{
    w->telling = true;
    for (struct hg_list *n = w->watches.next; n != &w->watches; n = n->next) {
        struct hg_watch *watch = HG_CONTAINER_OF(n, struct hg_watch, node);

        if (!watch->dirty)
            continue;
        watch->dirty = false;
        /* First the way, then the file: what changes in between is told again. */
        find_hops(watch);
        watch->seen = watch->pending = look(watch->path);
        watch->changed(watch->ctx);
    }
    w->telling = false;
}

/* A file that was just created is about to be written: its closing comes. Links are whole at once. */
static bool is_new_file(const struct hg_watch *watch, uint32_t mask)
{
    struct stat st;

    return (mask & IN_CREATE) && !(mask & IN_ISDIR) && stat(watch->path, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_nlink == 1 && lstat(watch->path, &st) == 0 && S_ISREG(st.st_mode);
}

static void mark(struct hg_watch *watch, const struct inotify_event *e)
{
    for (size_t i = 0; i < watch->hops; i++) {
        const struct hop *h = &watch->hop[i];

        if (h->folder == NULL || h->folder->wd != e->wd)
            continue;
        if ((e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) ||
            (e->len > 0 && strcmp(e->name, h->name) == 0 && !is_new_file(watch, e->mask)))
            watch->dirty = true;
    }
}

static void take_event(struct hg_watcher *w, const struct inotify_event *e)
{
    for (struct hg_list *n = w->watches.next; n != &w->watches; n = n->next) {
        struct hg_watch *watch = HG_CONTAINER_OF(n, struct hg_watch, node);

        if (e->mask & IN_Q_OVERFLOW)
            watch->dirty = true;
        else
            mark(watch, e);
    }
    if (!(e->mask & IN_IGNORED))
        return;
    for (struct hg_list *n = w->folders.next; n != &w->folders; n = n->next) {
        struct folder *f = HG_CONTAINER_OF(n, struct folder, node);

        if (f->wd == e->wd)
            f->wd = -1;
    }
}

static void readable(struct hg_io *io, unsigned events)
{
    struct hg_watcher *w = HG_CONTAINER_OF(io, struct hg_watcher, io);
    char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n;

    (void)events;
    while ((n = read(w->fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
        for (char *p = buf; n > 0 && p < buf + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)p;

            take_event(w, e);
            p += sizeof(*e) + e->len;
        }
    }
    tell(w);
}

/* A change counts when the next look finds it again: then nobody is in the middle of writing. */
static void poll_all(struct hg_timer *t)
{
    struct hg_watcher *w = HG_CONTAINER_OF(t, struct hg_watcher, poll);

    for (struct hg_list *n = w->watches.next; n != &w->watches; n = n->next) {
        struct hg_watch *watch = HG_CONTAINER_OF(n, struct hg_watch, node);
        struct identity now = look(watch->path);

        if (!same(&now, &watch->seen) && same(&now, &watch->pending))
            watch->dirty = true;
        watch->pending = now;
    }
    tell(w);
    hg_timer_set(&w->poll, HG_TIME_WATCH_POLL);
}

struct hg_watcher *hg_watcher_new(struct hg_loop *loop)
{
    struct hg_watcher *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->loop = loop;
    hg_list_init(&w->watches);
    hg_list_init(&w->folders);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd >= 0) {
        hg_io_init(&w->io, loop, w->fd, readable);
        hg_io_want(&w->io, HG_IO_READ);
    }
    hg_timer_init(&w->poll, loop, poll_all);
    return w;
}

void hg_watcher_free(struct hg_watcher *w)
{
    if (w == NULL)
        return;
    HG_ASSERT(hg_list_empty(&w->watches) && hg_list_empty(&w->folders));
    hg_timer_stop(&w->poll);
    if (w->fd >= 0) {
        hg_io_stop(&w->io);
        (void)close(w->fd);
    }
    free(w);
}

struct hg_watch *hg_watch_add(struct hg_watcher *w, const char *path, void (*changed)(void *ctx), void *ctx)
{
    struct hg_watch *watch = calloc(1, sizeof(*watch));

    HG_ASSERT(!w->telling && path != NULL && changed != NULL);
    if (watch == NULL)
        return NULL;
    watch->watcher = w;
    watch->changed = changed;
    watch->ctx = ctx;
    watch->path = strdup(path);
    if (watch->path == NULL) {
        free(watch);
        return NULL;
    }
    hg_list_init(&watch->node);
    hg_list_push_back(&w->watches, &watch->node);
    find_hops(watch);
    watch->seen = watch->pending = look(path);
    if (w->poll.due == 0)
        hg_timer_set(&w->poll, HG_TIME_WATCH_POLL);
    return watch;
}

void hg_watch_remove(struct hg_watch *watch)
{
    if (watch == NULL)
        return;
    HG_ASSERT(!watch->watcher->telling);
    forget_hops(watch);
    hg_list_remove(&watch->node);
    if (hg_list_empty(&watch->watcher->watches))
        hg_timer_clear(&watch->watcher->poll);
    free(watch->path);
    free(watch);
}
