/* SPDX-License-Identifier: MIT
 *
 * Commands as sources: one run at a time, the next one ahead of the end of the
 * value, after a failure soon and then ever less often; at its end the value is
 * taken back whatever else happens.
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define ENV_MAX 256u
#define LEAD_MAX \
    (300u * 1000u) /* how long before its end a value is read again, at most; else a fifth of its life */

/* What a command gets of our environment. Everything else is asked for with `env`. */
static const char *const passed_on[] = {
    "PATH",           "HOME",
    "USER",           "LOGNAME",
    "SHELL",          "LANG",
    "LC_ALL",         "TZ",
    "TMPDIR",         "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME", "XDG_DATA_HOME",
    "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
    "SSL_CERT_FILE",  "SSL_CERT_DIR",
};

/* HOME, USER and LOGNAME of the user that we became. */
struct identity {
    char home[1024], user[128], logname[128];
    bool known;
};

struct environment {
    char *v[ENV_MAX];
    size_t n;
};

/* Pointers into our own environment, or to texts of the plan: nothing is copied. */
static void set(struct environment *e, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1;

    for (size_t i = 0; i < e->n; i++) {
        if (strncmp(e->v[i], entry, name) == 0) {
            e->v[i] = (char *)(uintptr_t)entry;
            return;
        }
    }
    if (e->n + 1 < ENV_MAX)
        e->v[e->n++] = (char *)(uintptr_t)entry;
}

static void pass_on(struct environment *e, const char *name)
{
    size_t n = strlen(name);

    for (char **p = environ; p != NULL && *p != NULL; p++) {
        if (strncmp(*p, name, n) == 0 && (*p)[n] == '=') {
            set(e, *p);
            return;
        }
    }
}

static void find_identity(const struct hg_global *g, struct identity *id)
{
    struct passwd entry, *pw = NULL;
    char text[4096];

    /* The workers run already: the plain getpwuid is not for us. */
    if (g->user != NULL && getpwuid_r(geteuid(), &entry, text, sizeof(text), &pw) != 0)
        pw = NULL;
    id->known = pw != NULL;
    if (pw == NULL)
        return;
    snprintf(id->home, sizeof(id->home), "HOME=%s", pw->pw_dir);
    snprintf(id->user, sizeof(id->user), "USER=%s", pw->pw_name);
    snprintf(id->logname, sizeof(id->logname), "LOGNAME=%s", pw->pw_name);
}

static void build_environment(const struct hg_live *l, struct environment *e, struct identity *id)
{
    e->n = 0;
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        pass_on(e, passed_on[i]);
    find_identity(&l->sources->plan->global, id);
    if (id->known) {
        set(e, id->home);
        set(e, id->user);
        set(e, id->logname);
    }
    for (size_t i = 0; l->spec->env[i] != NULL; i++) {
        if (strchr(l->spec->env[i], '=') != NULL)
            set(e, l->spec->env[i]);
        else
            pass_on(e, l->spec->env[i]);
    }
    e->v[e->n] = NULL;
}

/* holds: by the value's own word, 0: not said. */
void hg_live_set_life(struct hg_live *l, uint64_t holds)
{
    uint64_t life = holds != 0 && holds < l->spec->ttl ? holds : l->spec->ttl;
    uint64_t lead = life / 5 < LEAD_MAX ? life / 5 : LEAD_MAX;

    hg_timer_set(&l->end, life);
    hg_timer_set(&l->next, life - lead);
}

/* After a failure: soon, then ever less often. */
static void try_later(struct hg_live *l)
{
    uint64_t wait = HG_TIME_SOURCE_AGAIN << (l->failures < 6 ? l->failures : 6);

    if (wait > HG_TIME_SOURCE_AGAIN_MAX)
        wait = HG_TIME_SOURCE_AGAIN_MAX;
    l->failures++;
    l->hold_until = hg_loop_now(l->sources->o.loop) + wait * 1000;
    hg_timer_set(&l->next, wait);
}

void hg_sources_check_settled(struct hg_sources *s)
{
    if (s->settled || s->loading || s->o.settled == NULL)
        return;
    for (struct hg_list *n = s->live.next; n != &s->live; n = n->next) {
        const struct hg_live *l = HG_CONTAINER_OF(n, struct hg_live, node);

        if (l->spec->kind == HG_SOURCE_EXEC && l->spec->usable && !l->first_done)
            return;
    }
    s->settled = true;
    s->o.settled(s->o.ctx);
}

static void ended(struct hg_live *l, const struct hg_slice *out, const char *why, const char *said)
{
    bool fresh = hg_live_take(l, out, why, said);

    l->command = NULL;
    l->first_done = true;
    if (l->bad)
        try_later(l);
    else
        l->failures = 0;
    /* Whoever refuses this value would make us run the command for every request. */
    if (!l->bad)
        l->hold_until =
            l->asked && !fresh ? hg_loop_now(l->sources->o.loop) + HG_TIME_SOURCE_FRUITLESS * 1000u : 0;
    l->asked = false;
    hg_live_answer(l);
    hg_sources_check_settled(l->sources);
}

static void done(void *ctx, const struct hg_command_result *r)
{
    ended(ctx, r->why == NULL ? &r->out : NULL, r->why, r->why != NULL ? r->said : "");
}

void hg_live_run(struct hg_live *l)
{
    struct hg_sources *s = l->sources;
    struct environment env;
    struct identity id;
    struct hg_command_options o = {
        .loop = s->o.loop,
        .argv = l->spec->argv,
        .envp = env.v,
        .timeout = l->spec->timeout,
        .limit = HG_LIMIT_SECRET + 1u,
        .running = &s->running,
        .done = done,
        .ctx = l,
    };
    const char *why;

    HG_ASSERT(l->spec->kind == HG_SOURCE_EXEC && l->command == NULL && l->spec->usable);
    hg_timer_clear(&l->next);
    if (s->stopped)
        return;
    HG_COUNT_ADD(s->o.counters, secret_runs_total, 1);
    build_environment(l, &env, &id);
    l->command = hg_command_start(&o, &why);
    if (l->command == NULL)
        ended(l, NULL, why, "");
}

void hg_live_stop_command(struct hg_live *l)
{
    if (l->command != NULL)
        hg_command_cancel(l->command);
    l->command = NULL;
}
