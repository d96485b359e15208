/* SPDX-License-Identifier: MIT
 *
 * Certificates that rotate, private to the server room: the files behind the TLS
 * contexts of a generation are watched, and read again when they change.
 */
#ifndef HG_SERVER_ROTATE_H
#define HG_SERVER_ROTATE_H

#include "base/log.h"
#include "observe/counters.h"
#include "sources/watch.h"
#include "upstream/generation.h"

struct hg_rotation;

/* All in the loop of the watcher. NULL without memory. */
struct hg_rotation *hg_rotation_new(struct hg_loop *loop, struct hg_watcher *watcher, struct hg_log *log,
                                    struct hg_counters *counters);
void hg_rotation_free(struct hg_rotation *r);
/* From now on it is this generation's files (a reference is taken) and no other's. False without memory: some
 * are not watched. */
bool hg_rotation_use(struct hg_rotation *r, struct hg_generation *g);

#endif
