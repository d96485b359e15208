/* SPDX-License-Identifier: MIT
 *
 * What concerns the whole process.
 */
#include <sched.h>
#include <string.h>

#include <syslog.h>

#include "build.h"

/* The schema's words are in the order of syslog's numbers, which jump from 11 (ftp) to 16 (local0). */
#define FIRST_LOCAL 12u
#define GAP 4u

static unsigned usable_cpus(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

static void build_control(struct hg_build *b, const struct hg_node *global)
{
    const struct hg_node *node = hg_node_get(global, "control");
    const struct hg_node *group = node != NULL && node->type == HG_NODE_GROUP ? node : NULL;
    const struct hg_node *where = group != NULL ? hg_node_get(group, "to") : node;
    const char *text = group != NULL ? hg_get_string(b, group, "to", NULL) : NULL;
    uint64_t mode = 0600;

    if (node == NULL)
        return;
    if (group == NULL)
        text = hg_get_string(b, global, "control", NULL);
    else if (where == NULL && !group->broken)
        HG_ERROR(b, group, "has no address (expected to = \"unix:/path\")");
    hg_get_number(b, group, "mode", &mode);
    b->plan->global.control_mode = (unsigned)mode;
    if (text == NULL)
        return;
    if (strncmp(text, "unix:/", 6) != 0 || text[6] == '\0')
        HG_ERROR(b, where, "is a unix socket with an absolute path (expected \"unix:/path\")");
    else if (strlen(text + 5) > 107)
        HG_ERROR(b, where, "the path of a unix socket has at most 107 bytes");
    else
        b->plan->global.control = text + 5;
}

static void build_usage_log(struct hg_build *b, const struct hg_node *global)
{
    const struct hg_node *node = hg_node_get(global, "usage-log");
    const struct hg_node *group = node != NULL && node->type == HG_NODE_GROUP ? node : NULL;
    struct hg_global *g = &b->plan->global;
    uint64_t mode = 0644;

    g->usage_log.queue = HG_LIMIT_USAGE_QUEUE_DEFAULT;
    if (group != NULL && hg_node_get(group, "to") == NULL && !group->broken)
        HG_ERROR(b, group, "has no file (expected to = \"/path\")");
    hg_get_number(b, group, "mode", &mode);
    hg_get_number(b, group, "queue", &g->usage_log.queue);
    g->usage_log.mode = (unsigned)mode;
    g->usage_log.to =
        group != NULL ? hg_get_string(b, group, "to", NULL) : hg_get_string(b, global, "usage-log", NULL);
}

void hg_build_global(struct hg_build *b)
{
    const struct hg_node *node = hg_node_get(b->root, "global");
    const struct hg_node *log = hg_node_get(node, "log");
    struct hg_global *g = &b->plan->global;
    uint64_t threads = usable_cpus(), level = HG_LOG_INFO, facility = LOG_DAEMON >> 3;
    hg_get_number(b, node, "threads", &threads);
    hg_get_number(b, log, "level", &level);
    g->drain = HG_TIME_DRAIN_DEFAULT;
    hg_get_number(b, node, "drain", &g->drain);
    g->threads = (unsigned)threads;
    g->log_level = (enum hg_log_level)level;
    hg_build_log_use(b, log, &g->log);
    g->user = hg_get_string(b, node, "user", NULL);
    g->group = hg_get_string(b, node, "group", NULL);
    g->log_target.to = hg_get_string(b, log, "to", NULL);
    if (g->log_target.to == NULL)
        g->log_target.to = "stdout";
    hg_get_number(b, log, "facility", &facility);
    g->log_target.facility = (unsigned)(facility < FIRST_LOCAL ? facility : facility + GAP);
    g->ready_file = hg_get_string(b, node, "ready-file", NULL);
    build_control(b, node);
    build_usage_log(b, node);
}
