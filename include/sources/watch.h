/* SPDX-License-Identifier: MIT
 *
 * Files that are watched: replaced by a rename, written in place, or behind a
 * symlink that is swapped (Kubernetes' ..data, releases by link). Every folder
 * in which a name on the way to the file stands is watched with inotify; files
 * are also looked at every few seconds, for file systems that say nothing.
 */
#ifndef HG_SOURCES_WATCH_H
#define HG_SOURCES_WATCH_H

#include "io/loop.h"

struct hg_watcher;
struct hg_watch;

/* NULL without memory. Without inotify it only looks every few seconds. */
struct hg_watcher *hg_watcher_new(struct hg_loop *loop);
/* Its watches must have been removed. */
void hg_watcher_free(struct hg_watcher *w);

/* changed is called in the loop when the path may lead to other bytes than before (also: to none), never
 * while a file is open for writing. It must not add or remove watches. NULL without memory. */
struct hg_watch *hg_watch_add(struct hg_watcher *w, const char *path, void (*changed)(void *ctx), void *ctx);
/* NULL is fine. */
void hg_watch_remove(struct hg_watch *watch);

#endif
