/* SPDX-License-Identifier: MIT
 *
 * What is running, for people and for programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "internal.h"
#include "plan/guard.h"
#include "upstream/balance.h"

static const char *reload_result(const struct hg_service *s)
{
    return s->reload.ended == 0 ? "none yet" : s->reload.succeeded ? "ok" : "failed";
}

static void when(uint64_t us, char out[HG_TEXT_TIME_LEN])
{
    hg_text_time(us, out);
}

static void text_server(struct hg_service *s, const struct hg_server *server, struct hg_buf *out)
{
    struct hg_server_status st;

    hg_server_get_status(s->generation, server, hg_loop_now(s->loop), &st);
    (void)hg_buf_printf(out, "  %s/%s %s %s%s, weight %u, %u under way", st.backend, st.server, st.address,
                        st.state, st.backup ? " (backup)" : "", st.weight, st.active);
    if (st.limit != 0)
        (void)hg_buf_printf(out, " of %u", st.limit);
    (void)hg_buf_printf(out, ", %llu requests, %llu failures%s%s\n", (unsigned long long)st.requests,
                        (unsigned long long)st.failures, st.reason[0] != '\0' ? ": " : "", st.reason);
}

static void guard_number(const struct hg_guard *g, uint64_t n, char out[HG_TEXT_DECIMAL_LEN])
{
    if (g->kind == HG_GUARD_TOKENS)
        hg_text_put_decimal(n, out);
    else
        snprintf(out, HG_TEXT_DECIMAL_LEN, "%llu", (unsigned long long)n);
}

static void text_guard(const struct hg_service *s, const struct hg_guard *g, struct hg_buf *out)
{
    char count[HG_TEXT_DECIMAL_LEN], reserved[HG_TEXT_DECIMAL_LEN], limit[HG_TEXT_DECIMAL_LEN];
    struct hg_guard_reading r;

    hg_guard_read(s->generation->guard[g->index], &r);
    guard_number(g, r.count, count);
    guard_number(g, r.reserved, reserved);
    guard_number(g, g->limit, limit);
    if (g->kind == HG_GUARD_MODELS)
        (void)hg_buf_printf(out, "  %s models%s, %llu refused\n", g->name, g->off ? " off" : "",
                            (unsigned long long)r.denied);
    else
        (void)hg_buf_printf(out, "  %s %s %s of %s%s, %s reserved, %llu refused\n", g->name,
                            hg_guard_kind_name(g->kind), count, limit, g->off ? " (off)" : "", reserved,
                            (unsigned long long)r.denied);
}

void hg_status_text(struct hg_service *s, struct hg_buf *out)
{
    const struct hg_plan *p = s->generation->plan;
    char start[HG_TEXT_TIME_LEN], last[HG_TEXT_TIME_LEN];
    struct hg_counts sum;

    when(s->started, start);
    when(s->reload.ended, last);
    (void)hg_buf_printf(out, "hdrgate " HG_VERSION ", process %ld, %zu threads, since %s%s\n", (long)getpid(),
                        s->workers, start, s->draining ? ", draining" : "");
    (void)hg_buf_printf(out, "generation %llu, %zu before it still in use\n", (unsigned long long)s->number,
                        hg_retired_count(s));
    (void)hg_buf_printf(out, "last reload: %s%s%s, %zu failed so far\n", reload_result(s),
                        s->reload.ended != 0 ? " at " : "", s->reload.ended != 0 ? last : "",
                        s->reload.failures);
    (void)hg_buf_printf(out, "log level: %s, %llu lines lost\n", hg_log_level_name(hg_log_level(s->o->log)),
                        (unsigned long long)hg_log_dropped(s->o->log));
    (void)hg_buf_printf(out, "listeners:\n");
    for (size_t i = 0; i < s->bindings->entries.n; i++)
        (void)hg_buf_printf(out, "  %s %s\n", s->bindings->entries.entry[i].frontend->name,
                            s->bindings->listener[i]->address);
    (void)hg_buf_printf(out, "servers:\n");
    for (size_t i = 0; i < p->backends; i++)
        for (size_t k = 0; k < p->backend[i].servers; k++)
            text_server(s, &p->backend[i].server[k], out);
    if (p->guards > 0)
        (void)hg_buf_printf(out, "guards:\n");
    for (size_t i = 0; i < p->guards; i++)
        text_guard(s, &p->guard[i], out);
    (void)hg_buf_printf(out, "counters:\n");
    hg_service_counts(s, &sum);
#define X(name, gauge, help) (void)hg_buf_printf(out, "  " #name " %llu\n", (unsigned long long)sum.name);
    HG_COUNTERS(X)
#undef X
}

/* The object, and what stands behind it. */
static void add(struct hg_buf *out, struct hg_json *j, const char *behind)
{
    (void)hg_buf_append(out, hg_json_end(j));
    (void)hg_buf_append(out, hg_slice_str(behind));
}

static void json_server(struct hg_service *s, const struct hg_server *server, struct hg_buf *out, bool first)
{
    struct hg_server_status st;
    char room[4096];
    struct hg_json j;

    hg_server_get_status(s->generation, server, hg_loop_now(s->loop), &st);
    hg_json_begin(&j, room, sizeof(room));
    hg_json_str(&j, "backend", hg_slice_str(st.backend));
    hg_json_str(&j, "server", hg_slice_str(st.server));
    hg_json_str(&j, "address", hg_slice_str(st.address));
    hg_json_str(&j, "state", hg_slice_str(st.state));
    hg_json_str(&j, "reason", hg_slice_str(st.reason));
    hg_json_bool(&j, "backup", st.backup);
    hg_json_bool(&j, "checked", st.checked);
    hg_json_u64(&j, "weight", st.weight);
    hg_json_u64(&j, "active", st.active);
    hg_json_u64(&j, "limit", st.limit);
    hg_json_u64(&j, "requests", st.requests);
    hg_json_u64(&j, "failures", st.failures);
    (void)hg_buf_append(out, first ? HG_LIT("") : HG_LIT(","));
    add(out, &j, "");
}

static void json_listener(const struct hg_service *s, size_t i, struct hg_buf *out)
{
    char room[1024];
    struct hg_json j;

    hg_json_begin(&j, room, sizeof(room));
    hg_json_str(&j, "frontend", hg_slice_str(s->bindings->entries.entry[i].frontend->name));
    hg_json_str(&j, "address", hg_slice_str(s->bindings->listener[i]->address));
    (void)hg_buf_append(out, i == 0 ? HG_LIT("") : HG_LIT(","));
    add(out, &j, "");
}

static void json_guard(const struct hg_service *s, const struct hg_guard *g, struct hg_buf *out)
{
    char room[1024], number[HG_TEXT_DECIMAL_LEN];
    struct hg_guard_reading r;
    struct hg_json j;

    hg_guard_read(s->generation->guard[g->index], &r);
    hg_json_begin(&j, room, sizeof(room));
    hg_json_str(&j, "guard", hg_slice_str(g->name));
    hg_json_str(&j, "kind", hg_slice_str(hg_guard_kind_name(g->kind)));
    hg_json_bool(&j, "off", g->off);
    if (g->kind != HG_GUARD_MODELS) {
        guard_number(g, r.count, number);
        hg_json_str(&j, "count", hg_slice_str(number));
        guard_number(g, r.reserved, number);
        hg_json_str(&j, "reserved", hg_slice_str(number));
        guard_number(g, g->limit, number);
        hg_json_str(&j, "max", hg_slice_str(number));
    }
    hg_json_u64(&j, "refused", r.denied);
    (void)hg_buf_append(out, g->index == 0 ? HG_LIT("") : HG_LIT(","));
    add(out, &j, "");
}

static void json_process(struct hg_service *s, struct hg_json *j)
{
    char start[HG_TEXT_TIME_LEN], last[HG_TEXT_TIME_LEN];
    struct hg_counts sum;

    when(s->started, start);
    when(s->reload.ended, last);
    hg_json_bool(j, "ok", true);
    hg_json_str(j, "version", HG_LIT(HG_VERSION));
    hg_json_u64(j, "pid", (uint64_t)getpid());
    hg_json_u64(j, "threads", s->workers);
    hg_json_str(j, "since", hg_slice_str(start));
    hg_json_bool(j, "draining", s->draining);
    hg_json_u64(j, "generation", s->number);
    hg_json_u64(j, "older_generations", hg_retired_count(s));
    hg_json_str(j, "last_reload", hg_slice_str(reload_result(s)));
    if (s->reload.ended != 0)
        hg_json_str(j, "last_reload_at", hg_slice_str(last));
    hg_json_u64(j, "reload_failures", s->reload.failures);
    hg_json_str(j, "log_level", hg_slice_str(hg_log_level_name(hg_log_level(s->o->log))));
    hg_json_u64(j, "log_lines_lost", hg_log_dropped(s->o->log));
    hg_service_counts(s, &sum);
    hg_json_open(j, "counters");
    hg_counts_json(&sum, j);
    hg_json_close(j);
}

void hg_status_json(struct hg_service *s, struct hg_buf *out)
{
    const struct hg_plan *p = s->generation->plan;
    char room[8192];
    struct hg_json j;
    struct hg_slice head;
    bool first = true;

    hg_json_begin(&j, room, sizeof(room));
    json_process(s, &j);
    head = hg_json_end(&j);
    /* The writer knows no lists: they go in front of the last brace. */
    (void)hg_buf_append(out, hg_slice(head.p, head.n - 1));
    (void)hg_buf_append(out, HG_LIT(",\"listeners\":["));
    for (size_t i = 0; i < s->bindings->entries.n; i++)
        json_listener(s, i, out);
    (void)hg_buf_append(out, HG_LIT("],\"servers\":["));
    for (size_t i = 0; i < p->backends; i++)
        for (size_t k = 0; k < p->backend[i].servers; k++, first = false)
            json_server(s, &p->backend[i].server[k], out, first);
    (void)hg_buf_append(out, HG_LIT("],\"guards\":["));
    for (size_t i = 0; i < p->guards; i++)
        json_guard(s, &p->guard[i], out);
    (void)hg_buf_append(out, HG_LIT("]}\n"));
}
