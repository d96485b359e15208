/* SPDX-License-Identifier: MIT
 *
 * Documents about what runs (the action serve): gathers the facts and answers.
 * Nothing here waits for another thread: figures are read as they stand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"
#include "observe/document.h"

static void server_facts(void *ctx, const struct hg_server *s, struct hg_server_facts *out)
{
    const struct hg_exchange *x = ctx;
    struct hg_server_status st;

    hg_server_get_figures(x->session->generation, s, hg_loop_now(x->session->relay->loop), &st);
    *out = (struct hg_server_facts){
        .state = st.state, .active = st.active, .requests = st.requests, .failures = st.failures};
}

static size_t waiting(void *ctx, const struct hg_backend *b)
{
    const struct hg_exchange *x = ctx;

    return hg_backend_waiting(x->session->generation, b);
}

/* The first port it listens on; a generation that is not in force any more has those of its binds. */
static uint16_t port_of(void *ctx, const struct hg_frontend *f)
{
    const struct hg_exchange *x = ctx;
    const struct hg_entries *all = x->session->relay->entries;

    for (size_t i = 0; i < all->n; i++)
        if (all->entry[i].port != 0 && strcmp(all->entry[i].frontend->name, f->name) == 0)
            return all->entry[i].port;
    for (size_t i = 0; i < f->binds; i++)
        if (f->bind[i].kind == HG_BIND_TCP)
            return f->bind[i].port;
    return 0;
}

/* Those that count the frontend as one: a limit without a key has the frontend's name for it. */
static bool limit_facts(void *ctx, const struct hg_frontend *f, size_t i, struct hg_limit_facts *out)
{
    const struct hg_exchange *x = ctx;
    const struct hg_generation *g = x->session->generation;
    const struct hg_loop *loop = x->session->relay->loop;
    const struct hg_slice key = hg_slice_str(f->name);

    for (size_t k = 0; k < g->plan->limits; k++) {
        const struct hg_rate_limit *l = g->plan->limit[k];
        struct hg_refusal r;

        if (l->measure != HG_MEASURE_REQUESTS ||
            !hg_series_look(hg_policy_series(g->policy, l->index), &l->rate, key, hg_loop_now(loop), &r) ||
            i-- > 0)
            continue;
        *out = (struct hg_limit_facts){.name = l->name, .limit = l->rate.amount, .remaining = r.room};
        if (r.room == 0)
            out->reset = (hg_loop_wall(loop) + r.wait + 999999) / 1000000;
        return true;
    }
    return false;
}

static void read_memory(struct hg_facts *f)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    long page = sysconf(_SC_PAGESIZE);
    char line[128], *end;

    if (statm == NULL)
        return;
    if (page > 0 && fgets(line, sizeof(line), statm) != NULL) { /* "SIZE RESIDENT ...", in pages */
        f->process.virtual = strtoull(line, &end, 10) * (uint64_t)page;
        f->process.resident = strtoull(end, NULL, 10) * (uint64_t)page;
    }
    (void)fclose(statm);
}

static uint64_t microseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

static void read_process(struct hg_facts *f)
{
    struct rusage used;
    struct rlimit files;

    if (getrusage(RUSAGE_SELF, &used) == 0)
        f->process.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        f->process.descriptors_max = files.rlim_cur;
    read_memory(f);
}

static bool reply(struct hg_exchange *x, const struct hg_document *d)
{
    struct hg_slice body = hg_buf_data(&d->body);
    struct hg_headers headers;

    hg_headers_init(&headers, &x->arena);
    if (!hg_headers_add(&headers, HG_LIT("Content-Type"), hg_slice_str(d->content_type)) ||
        !hg_headers_add(&headers, HG_LIT("Cache-Control"), HG_LIT("no-store")))
        return false;
    /* It may be larger than what otherwise waits to be written; nothing else is behind the answers before. */
    hg_buf_limit(&x->session->out, HG_SESSION_OUT + body.n);
    hg_reply_send(x, d->status, &headers, body, HG_CLOSE_OK);
    return true;
}

void hg_exchange_serve(struct hg_exchange *x, const struct hg_serve *what)
{
    struct hg_session *s = x->session;
    struct hg_relay *r = s->relay;
    struct hg_document d;
    struct hg_facts f = {
        .plan = s->generation->plan,
        .frontend = s->frontend,
        .request = &x->route.arrived,
        .draining = r->draining,
        .wall = hg_loop_wall(r->loop),
        .stats = r->stats,
        .traffic = &s->generation->traffic,
        .guard = s->generation->guard,
        .log = r->log,
        .ctx = x,
        .server = server_facts,
        .waiting = waiting,
        .port = port_of,
        .limit = limit_facts,
    };
    bool ok;

    /* Whoever looks at the traffic is no part of it. */
    hg_traffic_served(x->traffic, r->thread, what->what);
    x->traffic = NULL;
    if (what->what == HG_SERVE_METRICS)
        read_process(&f);
    ok = hg_document_make(what, &f, &d) && reply(x, &d);
    hg_buf_free(&d.body);
    if (!ok)
        hg_reply_error(x, 500, "no_memory", HG_CLOSE_RULE_FAILED, "a ceiling on memory was reached");
}
