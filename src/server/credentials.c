/* SPDX-License-Identifier: MIT
 *
 * What rotates under the running process: the sources of secrets and the files
 * of certificates, of the generation in force.
 */
#include <stdio.h>

#include "internal.h"
#include "rotate.h"

bool hg_credentials_start(struct hg_service *s)
{
    struct hg_counters *counters = hg_stats_counters(s->stats, s->workers);
    const struct hg_sources_options so = {.loop = s->loop, .log = s->o->log, .counters = counters};

    s->sources = hg_sources_new(&so);
    s->rotation = s->sources != NULL
                      ? hg_rotation_new(s->loop, hg_sources_watcher(s->sources), s->o->log, counters)
                      : NULL;
    if (s->rotation != NULL && hg_rotation_use(s->rotation, s->generation) &&
        hg_sources_load(s->sources, s->generation->plan))
        return true;
    snprintf(s->err, sizeof(s->err), "the sources of secrets cannot start: out of memory or descriptors");
    return false;
}

void hg_credentials_load(struct hg_service *s, struct hg_plan *plan)
{
    if (!hg_sources_load(s->sources, plan))
        hg_log_event(s->o->log, HG_LOG_ERROR, HG_EVENT_SECRETS_OFF,
                     "no memory for the sources of secrets: some of them keep the values they have");
}

void hg_credentials_watch(struct hg_service *s)
{
    if (!hg_rotation_use(s->rotation, s->generation))
        hg_log_event(s->o->log, HG_LOG_ERROR, HG_EVENT_SECRETS_OFF,
                     "no memory to watch certificates: those that change are taken at the next reload");
}

void hg_credentials_stop(struct hg_service *s)
{
    if (s->sources != NULL)
        hg_sources_stop(s->sources);
}

void hg_credentials_free(struct hg_service *s)
{
    hg_rotation_free(s->rotation);
    hg_sources_free(s->sources);
}
